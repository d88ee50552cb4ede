import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { InputError } from "../../scripts/common/command.js";
import type { Ranks } from "./ranks.js";

/** All numbers of a training: the next step, then every variable, moving statistics included, in the order of their making. */

const variables = () => Object.values(tf.engine().registeredVariables) as tf.Variable[];

function collect(step: number): Float64Array {
  return Float64Array.from([step, ...variables().flatMap((variable) => [...variable.dataSync()])]);
}

/** Returns the step. */
function restore(state: Float64Array): number {
  let from = 1;
  for (const variable of variables()) {
    const values = Float32Array.from(state.subarray(from, from + variable.size));
    from += variable.size;
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
  return state[0];
}

/** Written beside the old one, which it replaces at once: a process that is killed meanwhile leaves the old one. */
export function writeCheckpoint(file: string, step: number): void {
  writeFileSync(`${file}.new`, collect(step));
  renameSync(`${file}.new`, file);
}

/** Reads the checkpoint of rank 0. Throws InputError if there is none, or if it belongs to another network. */
function readCheckpoint(file: string, length: number): Float64Array {
  if (!existsSync(file)) throw new InputError(`--resume: there is no checkpoint ${file}`);
  const state = new Float64Array(Uint8Array.from(readFileSync(file)).buffer);
  if (state.length !== length) throw new InputError(`${file}: expected ${length} numbers, got ${state.length}`);
  return state;
}

/** Gives all ranks the state of rank 0, from a checkpoint if there is a `file`. Returns the next step. */
export function begin({ rank, allReduce }: Ranks, file: string | null): number {
  const own = collect(0);
  // A sum in which all others are 0.
  const state = rank > 0 ? own.fill(0) : file === null ? own : readCheckpoint(file, own.length);
  allReduce(state);
  return restore(state);
}
