/// <reference lib="webworker" />
import { startTensorFlow } from "../training/tensorflow.js";
import { measureSpeeds, type Speeds } from "./measure.js";

export type SpeedReport = { readonly speeds: Speeds } | { readonly failure: string };

async function measure(url: string): Promise<Speeds> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  await startTensorFlow();
  return measureSpeeds(await response.arrayBuffer());
}

addEventListener("message", ({ data }: MessageEvent<string>) => {
  const say = (report: SpeedReport) => postMessage(report);
  measure(data).then(
    (speeds) => say({ speeds }),
    (error: Error) => say({ failure: error.message }),
  );
});
