import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { race } from "../measure.js";
import { contendersOn, WARMUP_MS } from "./layer.js";

setWasmPaths("/wasm/");

let step: (() => void) | null = null;

/** A layer on wasm, in a page that is cross-origin isolated or not, as it is meant to be. */
async function prepare(shape: readonly number[], isolated: boolean): Promise<void> {
  if (crossOriginIsolated !== isolated) throw new Error(`the page's isolation is ${crossOriginIsolated}`);
  step = (await contendersOn("wasm", shape)).ours.step;
  sample(WARMUP_MS);
}

/** Milliseconds of a step with ours. */
function sample(warmupMs = 0): number {
  if (step === null) throw new Error("the page is not prepared");
  const one = { milliseconds: 0, minimumRounds: 1, maximumRounds: 1, warmupMs };
  return race(new Map([["ours", step]]), one).get("ours")?.median as number;
}

Object.assign(globalThis, { prepare, sample });
