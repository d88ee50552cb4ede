import { exercise } from "./exercise.mjs";
import { BatchNorm, batchStatistics, load, mergeStatistics } from "./node_modules/batchnorm-wasm/dist/index.js";

try {
  new Function("");
  console.log("the policy is not in force");
} catch {
  console.log("the policy is in force");
}
load()
  .then((kernels) => exercise({ BatchNorm, batchStatistics, load, mergeStatistics }, kernels))
  .then((line) => console.log(line));
