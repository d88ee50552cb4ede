import type { Activation, Layout } from "../../src/index.js";
import { activationNames, axes } from "./reference.js";

/** What a suite iterates: a shape in a layout, with one choice of every option. */
export interface Case {
  /** Such as `NHWC 3x5x17x7 train relu gamma beta inplace`. */
  readonly line: string;
  readonly layout: Layout;
  /** In the layout's own order. */
  readonly shape: readonly number[];
  /** `eval` has running statistics, `eval-batch` has none and uses the batch's. */
  readonly mode: Mode;
  readonly activation: Activation;
  readonly gamma: boolean;
  readonly beta: boolean;
  readonly inPlace: boolean;
  readonly residual: boolean;
}

export type Mode = "train" | "eval" | "eval-batch";

/**
 * Batch x channels x spatial extents. Values per plane 1..17 and around 49, 64, 128, 196 and 1000; rows and channels
 * likewise; multiples of 2, 3 and 4 and what is none; several blocks of rows; one sample, one channel, one value.
 */
const shapes: Record<number, string> = {
  2: `1x5 1x33 1x64 2x1 3x2 4x3 5x4 7x5 15x6 16x7 17x9 31x12 32x31 33x63 63x15 64x16 65x17 127x3 129x5 1000x1
    1000x7 1000x31 257x2 513x3 2x120 3x130 5x257 2x1025 17x257 33x120 64x65 16x130 31x6 63x12 127x9 129x31 15x127
    7x49 4x129 9x8 31x4 33x1 47x2 130x6 1025x3 65x33 12x64 6x196`,
  3: `2x3x1 1x5x2 2x7x3 3x2x4 2x31x5 4x3x6 3x33x7 7x5x8 3x17x9 2x6x10 5x9x11 3x1x12 2x7x13 1x12x14 3x2x15 5x3x16
    2x5x17 4x7x31 3x6x33 2x9x49 2x3x63 1x7x64 3x5x65 2x1x127 3x4x129 5x2x196 2x3x1009 1x1x1000 3x120x2 2x130x3
    2x257x5 2x1025x1 1x1025x2 7x31x1 16x5x3 17x3x2 31x2x5 1x1x2 5x12x1 33x1x4 3x65x7 2x16x15 1x64x63 127x3x1
    4x15x12 3x8x21 6x5x25 1x9x1`,
  4: `3x7x5x17 2x3x7x7 2x5x1x1 3x2x1x7 1x3x15x2 2x6x3x5 4x9x2x2 2x12x7x7 1x31x4x3 3x33x1x5 2x1x8x8 5x1x3x2
    2x3x14x14 1x5x16x17 2x7x1x63 3x4x5x13 2x17x8x8 1x2x31x33 7x3x2x3 2x120x3x2 1x130x2x5 2x257x1x3 1x1025x1x2
    16x3x1x2 2x64x7x7 3x15x2x9 2x2x5x3 1x16x9x7 2x65x3x4 4x5x6x1 1x4x1x1`,
  5: `2x3x1x1x5 1x5x2x3x7 3x2x1x4x3 2x7x3x1x1 2x6x2x5x3 1x9x3x3x5 2x12x1x7x7 3x1x2x2x2 1x31x2x3x2 2x33x1x2x3
    4x5x2x1x4 2x17x2x2x4 1x120x1x3x2 2x3x5x13x1 1x2x7x9x11 3x4x1x5x5 5x3x1x1x2 1x257x1x2x2 2x15x3x1x7 1x1x5x8x25
    2x130x1x1x3 7x2x3x1x1`,
};

export const layouts = ["NC", "NCL", "NLC", "NCHW", "NHWC", "NCDHW", "NDHWC"] as const;
export const modes: readonly Mode[] = ["train", "eval", "eval-batch"];

/** [batch, channels, ...spatial] in the layout's order. */
export function shapeIn(layout: string, [batch, channels, ...spatial]: readonly number[]): number[] {
  return layout.endsWith("C") ? [batch, ...spatial, channels] : [batch, channels, ...spatial];
}

/** The line of a case, and the case of a line: `NLC 2x5x3 train` is a case of its own in any suite. */
export function lineOf({
  layout,
  shape,
  mode,
  activation,
  gamma,
  beta,
  inPlace,
  residual,
}: Omit<Case, "line">): string {
  const options = { [activation]: activation !== "none", gamma, beta, inplace: inPlace, residual };
  const words = Object.entries(options).flatMap(([word, on]) => (on ? word : []));
  return [layout, shape.join("x"), mode, ...words].join(" ");
}

export function caseOf(line: string): Case {
  const [layout, shape, mode, ...words] = line.split(" ");
  return {
    line,
    layout: layout as Layout,
    shape: shape.split("x").map(Number),
    mode: mode as Mode,
    activation: (activationNames.find((name) => words.includes(name)) ?? "none") as Activation,
    gamma: words.includes("gamma"),
    beta: words.includes("beta"),
    inPlace: words.includes("inplace"),
    residual: words.includes("residual"),
  };
}

const kinds = activationNames.length;
/** Modes, activations, gamma, beta, in place and residual. */
const combinations = 3 * kinds * 2 ** 4;

/** Combination number n, mixed radix. One value per channel has no batch statistics: only eval takes it. */
function choose(layout: Layout, shape: number[], n: number): Case {
  const single = axes(shape, layout).count < 2;
  const on = (digit: number) => Math.floor(n / (3 * kinds * 2 ** digit)) % 2 === 1;
  const activation = activationNames[Math.floor(n / 3) % kinds] as Activation;
  const options = { activation, gamma: on(0), beta: on(1), inPlace: on(2), residual: on(3) };
  const choice = { layout, shape, mode: single ? "eval" : modes[n % 3], ...options };
  return { line: lineOf(choice), ...choice };
}

/** 7 has no factor in common with the combinations. Every layout meets every pair of options, with up to four activations. */
export const cases: readonly Case[] = layouts.flatMap((layout, l) =>
  shapes[layout.length]
    .trim()
    .split(/\s+/)
    .map((text, i) => choose(layout, shapeIn(layout, text.split("x").map(Number)), (7 * (i + l)) % combinations)),
);
