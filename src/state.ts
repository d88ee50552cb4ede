import { checkInteger, checkNotNegative, checkPerChannel } from "./arguments.js";
import { unfit, wrongType } from "./errors.js";
import { hint } from "./options.js";
import type { Doubles, FloatTensor } from "./tensor.js";

/**
 * A layer's parameters and running statistics under PyTorch's names; entries that a layer does not have are missing.
 */
export interface StateDict {
  /** gamma, C values. */
  weight?: Float32Array;
  /** beta, C values. */
  bias?: Float32Array;
  running_mean?: Float64Array;
  running_var?: Float64Array;
  num_batches_tracked?: number;
}

/**
 * A state dict of any arrays of numbers, such as JSON gives. Its count may be int64, as checkpoints of PyTorch have it.
 */
export interface StateDictLike {
  readonly weight?: ArrayLike<number>;
  readonly bias?: ArrayLike<number>;
  readonly running_mean?: ArrayLike<number>;
  readonly running_var?: ArrayLike<number>;
  readonly num_batches_tracked?: number | bigint | ArrayLike<number> | ArrayLike<bigint>;
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
  const known = Object.keys(entries).filter((name) => entries[name as Entry] !== null);
  if (entries.running_mean !== null) known.push("num_batches_tracked");
  for (const name of Object.keys(given)) {
    if (known.includes(name) || given[name] === undefined) continue;
    // Checkpoints of whole networks have the layer's name as a prefix: "bn1.weight".
    const meant = hint(name.slice(name.lastIndexOf(".") + 1), known);
    throw unfit("state", "entries of this layer only", `"${name}"${meant}`);
  }
  for (const [name, block] of Object.entries(entries)) {
    if (block === null) continue;
    const entry = given[name];
    if (entry === undefined) throw unfit("state", `an entry "${name}"`, "none");
    const numbers = checkPerChannel(name, entry, channels);
    if (name === "running_var") checkNotNegative(name, numbers);
    values.push([block, numbers]);
  }
  const count = given.num_batches_tracked;
  return { values, count: count === undefined ? undefined : checkTracked(count) };
}

/** A count, or an array of one: a scalar of a checkpoint is often a typed array, and its int64 a bigint. */
function checkTracked(value: unknown): number {
  const name = "num_batches_tracked";
  const isArray = typeof value === "object" && typeof (value as ArrayLike<unknown> | null)?.length === "number";
  const counts = isArray ? Array.from(value as ArrayLike<unknown>) : [value];
  if (counts.length !== 1) throw unfit(name, "one count", `${counts.length}`);
  const [count] = counts;
  const number = typeof count === "bigint" ? Number(count) : count;
  // The layer's count is a number, which cannot hold every integer from 2^53 on.
  const most = Number.MAX_SAFE_INTEGER;
  if (typeof number === "number" && number > most) throw unfit(name, `at most ${most}`, `${count}`);
  return checkInteger(name, number, 0);
}
