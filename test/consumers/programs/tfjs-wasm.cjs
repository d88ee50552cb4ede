const tf = require("@tensorflow/tfjs");
const { setWasmPaths } = require("@tensorflow/tfjs-backend-wasm");
const adapter = require("batchnorm-wasm/tfjs");

setWasmPaths(require.resolve("@tensorflow/tfjs-backend-wasm/package.json").replace("package.json", "wasm-out/"));
import("./tfjs-exercise.mjs")
  .then(({ exerciseTfjs }) => exerciseTfjs(tf, adapter, "wasm"))
  .then((line) => console.log(line));
