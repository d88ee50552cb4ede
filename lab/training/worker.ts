/// <reference lib="webworker" />
import * as tf from "@tensorflow/tfjs-core";
import { install } from "batchnorm-wasm/tfjs";
import { fetchImages } from "./fetch-images.js";
import type { Images } from "./pack.js";
import type { Order, Report } from "./reports.js";
import { Runner } from "./runner.js";
import type { Settings } from "./settings.js";
import { startTensorFlow } from "./tensorflow.js";
import { shownSamples } from "./trainer.js";

const say = (report: Report) => postMessage(report);

let runner: Runner | null = null;

async function start(url: string, settings: Settings): Promise<void> {
  const loading: Promise<Images> = fetchImages(url);
  await startTensorFlow();
  await install(tf);
  const images = await loading;
  runner = new Runner(images, settings, say);
  say({ kind: "ready", samples: shownSamples(images) });
  runner.begin();
}

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  if (data.kind === "start") {
    start(data.images, data.settings).catch((error: Error) => say({ kind: "failed", message: error.message }));
  } else runner?.obey(data);
});
