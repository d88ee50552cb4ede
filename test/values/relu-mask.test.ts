import { describe, expect, it } from "vitest";
import { kernelsIn, memoryOf } from "../helpers/backend.js";
import { arraysOf } from "../helpers/contract.js";
import { floatAt, LAST, stepped } from "../helpers/floats.js";
import { type Extents, type Floats, Placed } from "../helpers/placed.js";
import { fill, random } from "../helpers/random.js";

/**
 * With ReLU, backward passes dy exactly where the y of forward is positive or NaN: dbeta of a dy of ones is their number. The
 * values lie about the place where y becomes positive, at every distance down to neighbouring floats.
 */

interface Channel {
  readonly mean: number;
  readonly deviation: number;
  readonly gamma: number;
  readonly beta: number;
  readonly eps: number;
}

const sizes = [1e-45, 1e-40, 1e-38, 1e-31, 1e-20, 1e-10, 1e-3, 1, 1e3, 1e10, 1e20, 1e31, 1e38];
const gammas = [0, ...sizes, ...sizes.map((size) => -size)];
const betas = [0, -0, 1e-45, -1e-45, 1e-20, -1e-20, 0.3, -0.3, 2, -2, 1e10, -1e10, 3e38, -3e38];
const deviations = [0, 1e-20, 1e-10, 1e-5, 1, 3, 1e5, 1e11, 1e20, 1e30];
const means = [0, 1, -0.1, 1e-10, 1e5, -1e11, 1e30];

/** Every gamma with every beta and deviation; means and eps in turn. */
const channels: readonly Channel[] = gammas.flatMap((gamma, g) =>
  betas.flatMap((beta, b) =>
    deviations.map((deviation, d) => {
      const turn = g + 3 * b + 5 * d;
      return { gamma, beta, deviation, mean: means[turn % means.length], eps: turn % 2 ? 1e-5 : 0 };
    }),
  ),
);
/** Values of a channel. */
const COUNT = 78;
/** All channels; few, beside each other by chance; so few that rows are folded. */
const subsets = [1, 47, 761].map((step) => channels.filter((_, c) => c % step === 0));
const shapes = [1, 2, 3, 13, 26, COUNT].flatMap((spatial) =>
  subsets.map(({ length }): Extents => [COUNT / spatial, length, spatial]),
);
const subsetOf = ([, length]: Extents) => subsets.find((subset) => subset.length === length) as readonly Channel[];

const rootOf = ({ deviation, eps }: Channel) => Math.sqrt(deviation ** 2 + eps);
const invstdOf = (channel: Channel) => (rootOf(channel) === 0 ? 0 : 1 / rootOf(channel));
/** Where y is 0 but for rounding. */
const zeroOf = (channel: Channel) => channel.mean - channel.beta / (channel.gamma * invstdOf(channel));

function place(extents: Extents): Placed {
  const bytes = extents.reduce((product, extent) => product * extent, 32) + 200 * 8 * extents[1];
  const memory = memoryOf({ initial: Math.ceil(bytes / 65536) + 64 });
  const absent = { residual: null, runningMean: null, runningVar: null, dgammaFloats: null, dbetaFloats: null };
  const names = arraysOf("forwardTraining", "backward");
  const placed = new Placed(kernelsIn(memory), memory, extents, names, absent);
  const subset = subsetOf(extents);
  placed.write(
    "mean",
    Float64Array.from(subset, ({ mean }) => mean),
  );
  placed.write("invstd", Float64Array.from(subset, invstdOf));
  placed.write(
    "gamma",
    Float32Array.from(subset, ({ gamma }) => gamma),
  );
  placed.write(
    "beta",
    Float32Array.from(subset, ({ beta }) => beta),
  );
  return placed;
}

const passes = (y: number) => y > 0 || Number.isNaN(y);

/** The float of each channel from which on its y is positive, or positive no more, found by the kernel itself. */
function thresholds(): Float32Array {
  const placed = place([1, channels.length, 1]);
  const positive = (orders: Float64Array) => {
    placed.write("x", Float32Array.from(orders, floatAt));
    placed.call("normalize", { activation: 1 });
    return Array.from(placed.read("y"), passes);
  };
  const low = new Float64Array(channels.length).fill(1 - LAST);
  const high = low.map((order) => -order);
  const atLow = positive(low);
  for (let bit = 0; bit < 33; bit++) {
    const middle = low.map((order, c) => Math.floor((order + high[c]) / 2));
    positive(middle).forEach((is, c) => {
      if (is === atLow[c]) low[c] = middle[c];
      else high[c] = middle[c];
    });
  }
  return Float32Array.from(high, floatAt);
}

/** Values of a channel: neighbours of both zeros, then further away, about the mean, and anywhere. */
function valuesOf(channel: Channel, threshold: number, noise: ReturnType<typeof random>): number[] {
  const window = Array.from({ length: 15 }, (_, i) => i - 7);
  const away = (value: number) => stepped(value, Math.round((noise.uniform() - 0.5) * 2 ** (24 * noise.uniform())));
  const values = [
    ...window.map((steps) => stepped(threshold, steps)),
    ...window.map((steps) => stepped(zeroOf(channel), steps)),
    ...Array.from({ length: 10 }, () => away(threshold)),
    ...[0, -0, channel.mean, 1e-45, -1e-38, 3.4e38, -3.4e38, Infinity, -Infinity, Number.NaN],
  ];
  while (values.length < COUNT - 8) values.push(channel.mean + channel.deviation * noise.normal());
  while (values.length < COUNT) values.push(floatAt(noise.integer(2 * LAST) - LAST));
  return values;
}

/** Values of a tensor, and of each the channel and its number there. */
function tensorOf([batch, length, spatial]: Extents, value: (channel: Channel, k: number) => number) {
  const subset = subsetOf([batch, length, spatial]);
  const channelOf = (i: number) => Math.floor(i / spatial) % length;
  const numberOf = (i: number) => Math.floor(i / (length * spatial)) * spatial + (i % spatial);
  const values = fill(COUNT * length, (i) => value(subset[channelOf(i)], numberOf(i)));
  return { values, channelOf, subset };
}

function expectCounts(placed: Placed, { channelOf, subset }: ReturnType<typeof tensorOf>, y: Floats): void {
  const expected = new Float64Array(subset.length);
  for (let i = 0; i < y.length; i++) if (passes(y[i])) expected[channelOf(i)]++;
  const got = placed.read("dbeta");
  for (const [c, count] of expected.entries()) {
    if (got[c] !== count) expect.fail(`${JSON.stringify(subset[c])}: dbeta expected ${count}, got ${got[c]}`);
  }
}

const ones = new Float32Array(COUNT * channels.length).fill(1);

describe("given statistics", () => {
  const found = thresholds();
  const noise = random(11);
  const values = new Map(channels.map((each, c) => [each, noise.shuffle(valuesOf(each, found[c], noise))]));

  describe.each(shapes)("%s x %s x %s", (...extents) => {
    const placed = place(extents);
    const tensor = tensorOf(extents, (channel, k) => (values.get(channel) as number[])[k]);
    const { values: x, channelOf, subset } = tensor;
    placed.write("x", x);
    const writeOnes = () => placed.write("dy", ones.subarray(0, x.length));
    writeOnes();
    placed.call("normalize", { activation: 1 });
    const y = placed.read("y");

    it("dbeta of ones is the number of y that pass", () => {
      placed.call("gradientSums", { activation: 1 });
      expectCounts(placed, tensor, y);
    });

    /** dx is 0 where y does not pass, and nowhere else where gamma / deviation is a float32. */
    function expectPattern(dx: Floats, isOpen = (_: number) => false): void {
      for (let i = 0; i < dx.length; i++) {
        const channel = subset[channelOf(i)];
        const isZero = !passes(y[i]) || Math.fround(channel.gamma * invstdOf(channel)) === 0;
        if ((dx[i] === 0) === isZero || isOpen(i)) continue;
        expect.fail(`${JSON.stringify(channel)}, x ${x[i]}, y ${y[i]}: got a dx of ${dx[i]}`);
      }
    }

    it.each(["dx", "dy"] as const)("dx, in %s, is 0 where y does not pass, of constant statistics", (name) => {
      placed.call("inputGradient", { activation: 1, count: 0, dgamma: 0, dbeta: 0, dx: placed.address(name) });
      expectPattern(placed.read(name));
      writeOnes();
    });

    it.each(["dx", "dy"] as const)("dx, in %s, is 0 where y does not pass, of sums that are 0", (name) => {
      for (const sum of ["dgamma", "dbeta"] as const) placed.write(sum, new Float64Array(subset.length));
      placed.call("inputGradient", { activation: 1, count: COUNT, dx: placed.address(name) });
      // 0 times an infinite x is NaN.
      expectPattern(placed.read(name), (i) => !Number.isFinite(x[i]));
      writeOnes();
    });
  });
});

describe("statistics of the batch", () => {
  it.each(shapes)("%s x %s x %s: dbeta of ones is the number of y that pass", (...extents) => {
    const placed = place(extents);
    const noise = random(12);
    const tensor = tensorOf(extents, ({ mean, deviation }) => mean + deviation * noise.normal());
    placed.write("x", tensor.values);
    placed.write("dy", ones.subarray(0, tensor.values.length));
    for (const eps of [0, 1e-5]) {
      placed.call("forwardTraining", { activation: 1, eps, momentum: 0.1, correction: 1 });
      placed.call("backward", { activation: 1, count: COUNT });
      expectCounts(placed, tensor, placed.read("y"));
    }
  });
});
