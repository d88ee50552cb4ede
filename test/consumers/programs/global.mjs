// After a script that leaves the package's exports on a global, whatever its name.
import { exercise } from "./exercise.mjs";

const found = Object.keys(globalThis).filter((name) => globalThis[name]?.loadSync && globalThis[name].BatchNorm);
if (found.length !== 1) throw new Error(`${found.length} globals with the package's exports: ${found.join()}`);
const { BatchNorm, batchStatistics, load, mergeStatistics } = globalThis[found[0]];
load()
  .then((kernels) => exercise({ BatchNorm, batchStatistics, mergeStatistics }, kernels))
  .then((line) => console.log(line));
