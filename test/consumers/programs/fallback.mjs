import { BatchNorm, batchStatistics, mergeStatistics } from "batchnorm-wasm";
import { loadFallback } from "batchnorm-wasm/fallback";
import { exercise } from "./exercise.mjs";

exercise({ BatchNorm, batchStatistics, mergeStatistics }, loadFallback()).then((line) => console.log(line));
