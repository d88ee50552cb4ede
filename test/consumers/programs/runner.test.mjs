/** For test runners that run each file in a realm of its own, with `test` and `expect` as globals. */
import { writeSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as core from "batchnorm-wasm";
import * as adapter from "batchnorm-wasm/tfjs";
import { exercise } from "./exercise.mjs";
import { exerciseTfjs } from "./tfjs-exercise.mjs";

setWasmPaths(`${process.cwd()}/node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/`);

/** Past the runner's console, which indents. */
const say = (line) => writeSync(1, `\n${line}\n`);

test("the core", async () => say(await exercise(core, core.loadSync())));

test("TensorFlow.js", async () => {
  const [cpu, wasm] = [await exerciseTfjs(tf, adapter, "cpu"), await exerciseTfjs(tf, adapter, "wasm")];
  expect(wasm).toBe(cpu);
  say(cpu);
});
