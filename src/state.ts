import { checkInteger, checkNotNegative, checkPerChannel, wrongType } from "./check.js";
import type { Doubles, FloatTensor } from "./tensor.js";

/** A layer's parameters and running statistics under PyTorch's names; entries that a layer does not have are missing. */
export interface StateDict {
  /** gamma, C values. */
  weight?: Float32Array;
  /** beta, C values. */
  bias?: Float32Array;
  running_mean?: Float64Array;
  running_var?: Float64Array;
  num_batches_tracked?: number;
}

/** A state dict of any arrays of numbers, such as JSON gives. */
export interface StateDictLike {
  readonly weight?: ArrayLike<number>;
  readonly bias?: ArrayLike<number>;
  readonly running_mean?: ArrayLike<number>;
  readonly running_var?: ArrayLike<number>;
  readonly num_batches_tracked?: number;
}

type Entry = Exclude<keyof StateDictLike, "num_batches_tracked">;

/** Copies and checks all of a state dict, before anything is written: its arrays may be views of the layer itself. */
export function checkState(
  state: unknown,
  entries: Record<Entry, FloatTensor | Doubles | null>,
  channels: number,
): { values: [block: FloatTensor | Doubles, values: Float64Array][]; count: number | undefined } {
  if (typeof state !== "object" || state === null) throw wrongType("state", "a state dict", state);
  const given = state as Record<string, unknown>;
  const values: [FloatTensor | Doubles, Float64Array][] = [];
  for (const name of Object.keys(given)) {
    if (
      name === "num_batches_tracked"
        ? entries.running_mean === null
        : !(Object.hasOwn(entries, name) && entries[name as Entry])
    ) {
      throw new RangeError(`"state" expected entries of this layer only, got "${name}"`);
    }
  }
  for (const [name, block] of Object.entries(entries)) {
    if (block === null) continue;
    const entry = given[name];
    if (entry === undefined) throw new RangeError(`"state" expected an entry "${name}", got none`);
    const numbers = checkPerChannel(name, entry, channels);
    if (name === "running_var") checkNotNegative(name, numbers);
    values.push([block, numbers]);
  }
  const count = given.num_batches_tracked;
  return { values, count: count === undefined ? undefined : checkInteger("num_batches_tracked", count, 0) };
}
