import { BatchNorm, batchStatistics, load, mergeStatistics } from "batchnorm-wasm";
import { exercise } from "./exercise.mjs";

load()
  .then((kernels) => exercise({ BatchNorm, batchStatistics, load, mergeStatistics }, kernels))
  .then((line) => console.log(line));
