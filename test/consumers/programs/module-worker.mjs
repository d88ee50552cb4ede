import { exercise } from "./exercise.mjs";
import {
  BatchNorm,
  batchStatistics,
  load,
  loadSync,
  mergeStatistics,
} from "./node_modules/batchnorm-wasm/dist/index.js";

exercise({ BatchNorm, batchStatistics, load, mergeStatistics }, loadSync()).then(
  (line) => postMessage(line),
  (error) => postMessage(String(error)),
);
