// After the scripts that make the globals tf and batchnormWasmTfjs.
import { exerciseTfjs } from "./tfjs-exercise.mjs";

exerciseTfjs(tf, batchnormWasmTfjs, "cpu").then((line) => console.log(line));
