// The package imported and required in one program, and its other entries: one copy of each class.
import { createRequire } from "node:module";
import { BatchNorm, load, mergeStatistics } from "batchnorm-wasm";
import { batchStatistics, load as fetched } from "batchnorm-wasm/url";
import { exercise } from "./exercise.mjs";

const required = createRequire(import.meta.url)("batchnorm-wasm");
const other = await fetched();
new required.BatchNorm(other, 1).forward(other.tensor([2, 1], "NC", [1, 3]));
exercise({ BatchNorm, batchStatistics, load, mergeStatistics }, required.loadSync()).then((line) => console.log(line));
