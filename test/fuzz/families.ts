import { type Random, random } from "../helpers/random.js";
import { type Axes, scatter } from "./shapes.js";

/** Families of data: each gives the values of one channel. Values are float32 once they are stored. */
type Family = (values: Float64Array, r: Random) => void;

/** 10 to a power between two. */
const power = (r: Random, least: number, most: number) => 10 ** (least + (most - least) * r.uniform());
const sign = (r: Random) => (r.uniform() < 0.5 ? -1 : 1);
/** Mean 0, standard deviation 1, within ±3. */
const noise = (r: Random) => 2 * (r.uniform() + r.uniform() + r.uniform()) - 3;

function fill(values: Float64Array, value: (i: number) => number): void {
  for (let i = 0; i < values.length; i++) values[i] = value(i);
}

function normal(values: Float64Array, r: Random, mean: number, deviation: number): void {
  for (let i = 0; i < values.length; i++) values[i] = mean + deviation * noise(r);
}

const ordinary: Family = (values, r) => {
  const deviation = power(r, -1, 1);
  normal(values, r, deviation * 2 * noise(r), deviation);
};

/** An ordinary channel with one value replaced. */
const withOne =
  (value: (r: Random) => number): Family =>
  (values, r) => {
    ordinary(values, r);
    if (values.length > 0) values[r.integer(values.length)] = value(r);
  };

/** Two to eight values, evenly spaced or not, of which the first may be much more frequent. */
const few: Family = (values, r) => {
  const step = power(r, -2, 2);
  const first = step * 8 * noise(r);
  const levels = Array.from({ length: 2 + r.integer(7) }, (_, i) => first + step * (r.uniform() < 0.8 ? i : noise(r)));
  const share = r.uniform();
  fill(values, () => levels[r.uniform() < share ? 0 : r.integer(levels.length)]);
};

const huge: Family = (values, r) => {
  const largest = power(r, 30, 38.5);
  const mean = r.uniform() < 0.5 ? 0 : noise(r) / 4;
  fill(values, () => Math.max(-3.4e38, Math.min(3.4e38, largest * (mean + noise(r) / 3))));
};

const common = {
  ordinary,
  zeros: (values) => values.fill(0),
  constant: (values, r) => values.fill(sign(r) * power(r, -30, 30)),
  few,
  sorted(values, r) {
    const [step, from] = [sign(r) * power(r, -4, 2), 100 * noise(r)];
    fill(values, (i) => from + step * i);
  },
  /** All but one equal. */
  equal(values, r) {
    const level = r.uniform() < 0.3 ? 0 : noise(r);
    values.fill(level);
    if (values.length > 0) values[r.integer(values.length)] = level + sign(r) * power(r, -6, 6);
  },
  outlier: withOne((r) => sign(r) * power(r, 3, 8)),
  huge,
  tiny(values, r) {
    const deviation = power(r, -36, -8);
    normal(values, r, r.uniform() < 0.5 ? 0 : deviation * noise(r), deviation);
  },
  denormal: (values, r) => normal(values, r, 0, power(r, -44, -38)),
  /** Magnitudes of all orders. */
  wide: (values, r) => fill(values, () => sign(r) * power(r, -30, 30)),
  nan: withOne(() => Number.NaN),
  infinity: withOne((r) => sign(r) * Infinity),
} satisfies Record<string, Family>;

const inputs: Record<string, Family> = {
  ...common,
  /** Two values, scattered or one after the other, with a mean of 1 to 2.2 deviations: where sums about 0 lose most. */
  mask(values, r) {
    const [step, share] = [power(r, -2, 2), 0.1 + 0.8 * r.uniform()];
    const first = step * (sign(r) * (1 + 1.2 * r.uniform()) * Math.sqrt(share * (1 - share)) - share);
    const scattered = r.uniform() < 0.5;
    fill(values, (i) => first + (scattered ? Number(r.uniform() < share) : Number(i < share * values.length)) * step);
  },
  /** A mean of up to a million deviations. */
  far(values, r) {
    const deviation = power(r, -3, 3);
    normal(values, r, sign(r) * deviation * power(r, 0, 6), deviation);
  },
};

const gradients: Record<string, Family> = {
  ...common,
  onehot(values, r) {
    values.fill(0);
    if (values.length > 0) values[r.integer(values.length)] = noise(r);
  },
  sparse: (values, r) => fill(values, () => (r.uniform() < 0.95 ? 0 : noise(r))),
};

/** Values per channel. "mixed" has a family of its own for each channel. */
const parameters: Record<string, Family> = {
  ones: (values) => values.fill(1),
  zeros: (values) => values.fill(0),
  normal: (values, r) => normal(values, r, 0.5, 0.5),
  negative: (values, r) => fill(values, () => -power(r, -1, 1)),
  denormal: (values) => values.fill(1e-45),
  small: (values) => values.fill(1e-31),
  big: (values, r) => fill(values, () => sign(r) * 1e31),
  mixed: (values, r) => fill(values, () => sign(r) * [0, 1e-45, 1e-31, 1e-10, 1, 1, 1, 1e10, 1e31][r.integer(9)]),
};

/** Running means and variances as a model may have them: [mean, variance]. */
const statistics: Record<string, (r: Random) => [number, number]> = {
  fresh: () => [0, 1],
  near: (r) => [2 * noise(r), power(r, -2, 2)],
  far: (r) => [sign(r) * power(r, 3, 7), power(r, -2, 2)],
  still: (r) => [noise(r), 0],
  narrow: (r) => [noise(r), power(r, -60, -20)],
  broad: (r) => [sign(r) * power(r, 20, 38), power(r, 20, 76)],
  negative: (r) => [noise(r), r.uniform() < 0.3 ? -power(r, -3, 3) : 1],
  nan: (r) => (r.uniform() < 0.3 ? [Number.NaN, Number.NaN] : [noise(r), 1]),
};

export const inputFamilies = Object.keys(inputs);
export const gradientFamilies = Object.keys(gradients);
export const parameterFamilies = Object.keys(parameters);
export const runningFamilies = Object.keys(statistics);

/** Numbers of a channel do not depend on how many channels there are, nor on the layout. */
const seedFor = (seed: number, channel: number, what: number) => (seed + 0x9e3779b1 * (channel + 1) + what) | 0;

function tensor(families: Record<string, Family>, name: string, axes: Axes, seed: number, odd: Odd): Float32Array {
  const values = new Float32Array(axes.length);
  const channel = new Float64Array(axes.count);
  for (let c = 0; c < axes.channels; c++) {
    families[c === odd.channel ? odd.family : name](channel, random(seedFor(seed, c, families === inputs ? 0 : 1)));
    scatter(channel, values, axes, c);
  }
  return values;
}

/** One channel may be of another family. */
export interface Odd {
  readonly channel: number;
  readonly family: string;
}

export const none: Odd = { channel: -1, family: "" };

export function inputOf(family: string, axes: Axes, seed: number, odd = none): Float32Array {
  return tensor(inputs, family, axes, seed, odd);
}

export function gradientOf(family: string, axes: Axes, seed: number): Float32Array {
  return tensor(gradients, family, axes, seed, none);
}

export function parameterOf(family: string, channels: number, seed: number): Float32Array | null {
  if (family === "absent") return null;
  const values = new Float64Array(channels);
  parameters[family](values, random(seed));
  return Float32Array.from(values);
}

export function runningOf(
  family: string,
  channels: number,
  seed: number,
): { mean: Float64Array; variance: Float64Array } {
  const r = random(seed);
  const pairs = Array.from({ length: channels }, () => statistics[family](r));
  return { mean: Float64Array.from(pairs, ([mean]) => mean), variance: Float64Array.from(pairs, ([, v]) => v) };
}
