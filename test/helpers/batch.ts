import { arraysOf, type Name } from "./contract.js";
import type { Way } from "./phases.js";
import type { Arrays, Extents, Floats, Placed } from "./placed.js";
import { fill, random } from "./random.js";

/** Batches in which channels are as a training run may meet them, and what a layer makes of them. */

/** What is not given is ordinary. `k` counts the values of the channel. */
export interface Kind {
  x?(noise: number, k: number): number;
  dy?(noise: number, k: number): number;
  readonly gamma?: number;
}

const tail = (value: number) => (noise: number, k: number) => (k === 1 ? value : noise);

export const kinds: Readonly<Record<string, Kind>> = {
  ordinary: {},
  zero: { x: () => 0 },
  constant: { x: () => 0.1 },
  "zero but for one": { x: (_, k) => (k === 1 ? 3 : 0) },
  "with a first value of 1e5": { x: (noise, k) => (k === 0 ? 1e5 : noise) },
  "3 deviations from 0": { x: (noise) => noise - 3 },
  "100,000 deviations from 0": { x: (noise) => 1e5 + noise },
  "of deviation 1e-10": { x: (noise) => 1e-10 * noise },
  "of deviation 1e-25": { x: (noise) => 1e-25 * noise },
  "of deviation 1e-40": { x: (noise) => 1e-40 * noise },
  "of deviation 1e10": { x: (noise) => 1e10 * noise },
  "of deviation 1e25": { x: (noise) => 1e25 * noise },
  "of deviation 5e37": { x: (noise) => 5e37 * noise },
  "of NaN": { x: () => Number.NaN },
  "with a NaN": { x: tail(Number.NaN) },
  "with an infinity": { x: tail(Infinity) },
  "with two infinities": { x: (noise, k) => (k < 2 ? (k ? Infinity : -Infinity) : noise) },
  "of infinities": { x: () => -Infinity },
  "with gamma 0": { gamma: 0 },
  "with gamma 1e-45": { gamma: 1e-45 },
  "with gamma 1e-31": { gamma: 1e-31 },
  "with gamma 1e35": { gamma: -1e35 },
  "with gamma NaN": { gamma: Number.NaN },
  "with dy 0": { dy: () => 0 },
  "with dy of 1e-40": { dy: (noise) => 1e-40 * noise },
  "with dy of 1e-33": { dy: (noise) => 1e-33 * noise },
  "with dy of 3e38": { dy: (noise) => (noise < 0 ? -3e38 : 3e38) },
  "with dy 3e38": { dy: () => 3e38 },
  "with a dy of NaN": { dy: tail(Number.NaN) },
  "with an infinite dy": { dy: tail(-Infinity) },
  "with infinities in both": { x: tail(Infinity), dy: tail(Infinity) },
};

/** Values of every channel, in the order of the memory. */
function tensor([batch, channels, spatial]: Extents, value: (c: number, k: number, i: number) => number) {
  return fill(batch * channels * spatial, (i) => {
    const n = Math.floor(i / (channels * spatial));
    return value(Math.floor(i / spatial) % channels, n * spatial + (i % spatial), i);
  });
}

/** Numbers of a normal distribution, of which a batch takes as many as it has values, from three places. */
const noise = fill(2 ** 17, random(1).normal);
const noiseAt = (i: number, tensor: number) => noise[(i + 40_009 * tensor) % noise.length];

/** A batch whose channel c is of `kind(c)`. What is ordinary does not depend on the kinds of others. */
export function batchOf(extents: Extents, kind: (c: number) => Kind): Arrays {
  const [, channels] = extents;
  const mean = (c: number) => (c % 7) / 2 - 1;
  const deviation = (c: number) => 0.5 + (c % 5) / 4;
  const kindsOf = Array.from({ length: channels }, (_, c) => kind(c));
  return {
    x: tensor(extents, (c, k, i) => kindsOf[c].x?.(noiseAt(i, 0), k) ?? mean(c) + deviation(c) * noiseAt(i, 0)),
    dy: tensor(extents, (c, k, i) => kindsOf[c].dy?.(noiseAt(i, 1), k) ?? 0.1 * c + noiseAt(i, 1)),
    residual: tensor(extents, (_c, _k, i) => noiseAt(i, 2)),
    gamma: fill(channels, (c) => kindsOf[c].gamma ?? (c % 3 === 1 ? -0.75 : 0.5 + c / channels)),
    beta: fill(channels, (c) => ((c % 4) - 1.5) / 3),
    runningMean: Float64Array.from({ length: channels }, (_, c) => c - 1.7),
    runningVar: Float64Array.from({ length: channels }, (_, c) => 0.3 + c),
  };
}

export interface Choice {
  readonly activation: number;
  readonly eps: number;
  /** y over x, dx over dy. */
  readonly inPlace?: boolean;
  readonly absent?: readonly Name[];
}

/** The arrays of a layer. */
export const layerArrays = arraysOf("forwardTraining", "backward");

/**
 * What a layer makes of a batch: forward in training, with the same statistics in inference, backward through them, and
 * backward with constant ones.
 */
export function layerOf(placed: Placed, batch: Arrays, way: Way, choice: Choice): Record<string, Floats> {
  const { activation, eps, inPlace = false, absent = [] } = choice;
  const [n, , spatial] = placed.extents;
  const count = n * spatial;
  const correction = count / Math.max(count - 1, 1);
  const [y, dx] = inPlace ? (["x", "dy"] as const) : (["y", "dx"] as const);
  const numbers: Record<string, number> = {
    ...{ activation, eps, count, momentum: 0.1, correction, y: placed.address(y), dx: placed.address(dx) },
    ...Object.fromEntries(absent.map((name) => [name, 0])),
  };
  const results: Record<string, Floats> = {};
  const write = (...names: Name[]) => {
    for (const name of names) placed.write(name, batch[name] as Floats);
  };
  const take = (...names: Name[]) => {
    for (const name of names) if (!absent.includes(name)) results[name] = placed.read(name);
  };
  // Nothing of an earlier call is to be taken for a result.
  placed.blank(...layerArrays);
  write("x", "dy", "residual", "gamma", "beta", "runningMean", "runningVar");
  way.forwardTraining(placed, numbers);
  take("mean", "variance", "invstd", "runningMean", "runningVar");
  results.y = placed.read(y);
  placed.blank("y");
  write("x");
  way.forwardInference(placed, numbers);
  results["y in inference"] = placed.read(y);
  write("x");
  way.backward(placed, numbers);
  take("dgamma", "dbeta", "dgammaFloats", "dbetaFloats");
  results.dx = placed.read(dx);
  placed.blank("dx");
  write("dy");
  way.backward(placed, { ...numbers, count: 0 });
  results["dx in inference"] = placed.read(dx);
  return results;
}
