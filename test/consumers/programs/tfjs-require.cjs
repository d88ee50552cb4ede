const tf = require("@tensorflow/tfjs");
const adapter = require("batchnorm-wasm/tfjs");

import("./tfjs-exercise.mjs")
  .then(({ exerciseTfjs }) => exerciseTfjs(tf, adapter, "cpu"))
  .then((line) => console.log(line));
