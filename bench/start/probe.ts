import { BatchNorm, load, loadSync } from "batchnorm-wasm";
import type { Case } from "../cases.js";
import { problem } from "../inputs.js";
import { quartiles } from "../measure.js";

/** The calls that are reported, counted from 1. */
export const CALLS = [1, 2, 10, 100, 1000] as const;

export type How = "load" | "loadSync";

/**
 * The number of calls after those, which are split into groups. A hot call is the median of the groups' means, because
 * most groups meet neither compiler nor garbage collector.
 */
export const HOT_CALLS = 1000;
/** Calls per group. The mean of a group is finer than a step of the timer. */
const GROUP = 50;

export const VERBS = ["forward", "backward"] as const;
export type Verb = (typeof VERBS)[number];

/** Milliseconds of one verb: for each of CALLS, measured once, and for a hot call. */
export interface Calls {
  readonly calls: readonly number[];
  readonly hot: number;
}

export interface Probe extends Readonly<Record<Verb, Calls>> {
  readonly load: number;
}

/** Loads the kernels and trains a layer for more than a thousand steps, in an engine that has not seen either. */
export async function probe(c: Case, how: How): Promise<Probe> {
  const before = performance.now();
  const kernels = how === "load" ? await load() : loadSync();
  const loading = performance.now() - before;

  const p = problem(c, 1);
  const layer = new BatchNorm(kernels, c.channels);
  const [x, dy] = [p.x, p.dy].map((values) => kernels.tensor(c.shape, c.layout, values));
  const [y, dx] = [p.y, p.dx].map(() => kernels.tensor(c.shape, c.layout));
  const last = CALLS[CALLS.length - 1] + HOT_CALLS;
  const times = { forward: new Float64Array(last), backward: new Float64Array(last) };
  for (let call = 0; call < last; call++) {
    const start = performance.now();
    layer.forward(x, y);
    const between = performance.now();
    layer.backward(dy, dx);
    const end = performance.now();
    times.forward[call] = between - start;
    times.backward[call] = end - between;
  }
  const calls = (verb: Verb) => ({
    calls: CALLS.map((call) => times[verb][call - 1]),
    hot: hotCall(times[verb].subarray(-HOT_CALLS)),
  });
  return { load: loading, forward: calls("forward"), backward: calls("backward") };
}

function hotCall(times: Float64Array): number {
  const means: number[] = [];
  for (let k = 0; k < times.length; k += GROUP) {
    means.push(times.subarray(k, k + GROUP).reduce((sum, time) => sum + time, 0) / GROUP);
  }
  return quartiles(means).median;
}
