// For hosts that compile no bytes, where load says so unless it may fall back.
import { BatchNorm, batchStatistics, load, mergeStatistics } from "batchnorm-wasm";
import { exercise } from "./exercise.mjs";

load()
  .then(
    () => console.log("WebAssembly is not refused"),
    ({ message }) => console.log(`refused: ${message}`),
  )
  .then(() => load({ fallback: "js" }))
  .then((kernels) => exercise({ BatchNorm, batchStatistics, mergeStatistics }, kernels))
  .then((line) => console.log(line));
