const { BatchNorm, batchStatistics, load, loadSync, mergeStatistics } = require("batchnorm-wasm");

import("./exercise.mjs")
  .then(({ exercise }) => exercise({ BatchNorm, batchStatistics, load, mergeStatistics }, loadSync()))
  .then((line) => console.log(line));
