/* global print */

import { exercise } from "./exercise.mjs";
import { BatchNorm, batchStatistics, load, mergeStatistics } from "./node_modules/batchnorm-wasm/dist/index.js";

load()
  .then((kernels) => exercise({ BatchNorm, batchStatistics, load, mergeStatistics }, kernels))
  .then(print);
