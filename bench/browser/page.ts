import { PROBE } from "../fairness.js";
import { timerStep } from "../measure.js";
import { suite } from "../suite/suite.js";
import type { PageResult } from "./results.js";

/** Returns the value of PROBE in a worker, which is a new engine in which no buffer was detached. */
async function freshWorker(): Promise<number> {
  const url = URL.createObjectURL(new Blob([`postMessage((() => {${PROBE}})())`], { type: "text/javascript" }));
  const worker = new Worker(url);
  try {
    return await new Promise<number>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
  } finally {
    worker.terminate();
    URL.revokeObjectURL(url);
  }
}

/** run.ts reads the console for its progress line. */
async function step(what: string): Promise<void> {
  console.log(what);
  await new Promise((out) => setTimeout(out));
}

async function run(names: readonly string[], quick: boolean): Promise<PageResult> {
  if (!crossOriginIsolated) throw new Error("the page is not cross-origin isolated: its timer is too coarse");
  const memoryBound = await (await fetch("/memory-bound.wasm")).arrayBuffer();
  const result = await suite(names, quick, { memoryBound, freshly: freshWorker, step });
  return { ...result, timerStep: timerStep() };
}

Object.assign(globalThis, { run });
