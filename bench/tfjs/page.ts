import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { race } from "../measure.js";
import { contendersOn, WARMUP_MS } from "./layer.js";

setWasmPaths("/wasm/");

let step: (() => void) | null = null;

/** Prepares a layer on wasm. Throws unless the page is cross-origin isolated as the caller expects. */
async function prepare(shape: readonly number[], isolated: boolean): Promise<void> {
  if (crossOriginIsolated !== isolated) throw new Error(`the page's isolation is ${crossOriginIsolated}`);
  step = (await contendersOn("wasm", shape)).ours.step;
  sample(WARMUP_MS);
}

/** Returns the milliseconds of a step with our layer. */
function sample(warmupMs = 0): number {
  if (step === null) throw new Error("the page is not prepared");
  const one = { milliseconds: 0, minimumRounds: 1, maximumRounds: 1, warmupMs };
  return race(new Map([["ours", step]]), one).get("ours")?.median as number;
}

Object.assign(globalThis, { prepare, sample });
