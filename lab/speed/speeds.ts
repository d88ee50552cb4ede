import { signal } from "@preact/signals";
import { play } from "../training/play.js";
import type { Speeds } from "./measure.js";
import type { SpeedReport } from "./worker.js";

export const speeds = signal<Speeds | null>(null);
export const measuring = signal(false);
export const failure = signal("");

/** Measures in a worker, while nothing trains. */
export function measure(): void {
  play([]);
  measuring.value = true;
  failure.value = "";
  const end = (worker: Worker | null, report: SpeedReport) => {
    worker?.terminate();
    measuring.value = false;
    if ("speeds" in report) speeds.value = report.speeds;
    else failure.value = report.failure;
  };
  try {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<SpeedReport>) => end(worker, data);
    worker.onerror = ({ message }) => end(worker, { failure: message || "the worker could not be started" });
    worker.postMessage(new URL("memory-bound.wasm", document.baseURI).href);
  } catch (error) {
    end(null, { failure: (error as Error).message });
  }
}
