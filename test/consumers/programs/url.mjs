import * as core from "batchnorm-wasm";
import * as url from "batchnorm-wasm/url";
import { exercise } from "./exercise.mjs";

// The entry's own exports where it has them: its kernels belong to its classes.
const { BatchNorm, batchStatistics, load, mergeStatistics } = { ...core, ...url };
if (!Object.hasOwn(url, "load")) throw new Error(`batchnorm-wasm/url has no load, only ${Object.keys(url).join()}`);
load()
  .then((kernels) => exercise({ BatchNorm, batchStatistics, mergeStatistics }, kernels))
  .then((line) => console.log(line));
