import { seeded } from "../../scripts/common/random.js";
import type { Problem, Verb } from "../baseline/index.js";
import type { Extents } from "../inputs.js";
import { forEachElement } from "../reference.js";

/** The changes that a kind makes to a channel of ordinary data. */
export interface Kind {
  readonly name: string;
  /** The verbs that this kind can slow down. */
  readonly verbs: readonly Verb[];
  /** The eps of the layer, which applies to all its channels. */
  readonly eps?: number;
  readonly gamma?: number;
  readonly running?: readonly [mean: number, variance: number];
  /** Makes a value of x from a normally distributed number. `chosen` is true for one value of the channel. */
  x?(normal: number, chosen: boolean): number;
  dy?(normal: number): number;
}

const EVERY = ["trainingForward", "inference", "backward"] as const;

/** Data that occur in training: dead layers, far activations, decayed weights, vanishing gradients and divergence. */
export const KINDS: readonly Kind[] = [
  { name: "dead (all 0)", verbs: EVERY, running: [0, 0], x: () => 0 },
  { name: "constant", verbs: EVERY, running: [0.7, 0], x: () => 0.7 },
  { name: "mean of 3 deviations", verbs: EVERY, running: [3, 1], x: (normal) => 3 + normal },
  { name: "mean of 1000 deviations", verbs: EVERY, running: [1000, 1], x: (normal) => 1000 + normal },
  { name: "deviation 1e-10, eps 0", verbs: EVERY, eps: 0, running: [0, 1e-20], x: (normal) => 1e-10 * normal },
  { name: "deviation 1e10", verbs: EVERY, running: [0, 1e20], x: (normal) => 1e10 * normal },
  { name: "gamma 0", verbs: EVERY, gamma: 0 },
  { name: "gamma 1e-31", verbs: EVERY, gamma: 1e-31 },
  { name: "dy 0", verbs: ["backward"], dy: () => 0 },
  { name: "dy 1e-40", verbs: ["backward"], dy: (normal) => 1e-40 * normal },
  { name: "one infinity", verbs: EVERY, x: (normal, chosen) => (chosen ? Number.POSITIVE_INFINITY : normal) },
  { name: "one NaN", verbs: EVERY, x: (normal, chosen) => (chosen ? Number.NaN : normal) },
  { name: "NaN everywhere", verbs: EVERY, running: [Number.NaN, Number.NaN], x: () => Number.NaN },
];

/** The share of the channels that are of the kind. */
export const SHARES = ["one", "half", "random half", "all"] as const;
export type Share = (typeof SHARES)[number];

/**
 * Says whether each channel is of the kind: one channel in the middle of a vector, every second, about half of them, or
 * all.
 */
export function affected(share: Share, channels: number): boolean[] {
  const { next } = seeded(5);
  const chosen: Readonly<Record<Share, (c: number) => boolean>> = {
    one: (c) => c === Math.floor(channels / 3),
    half: (c) => c % 2 === 1,
    "random half": () => next() < 0.5,
    all: () => true,
  };
  return Array.from({ length: channels }, (_, c) => chosen[share](c));
}

/**
 * Copies `ordinary` and changes the marked channels to the kind. All values that the kind does not name stay the same.
 */
export function withKind(extents: Extents, ordinary: Problem, kind: Kind, marked: readonly boolean[]): Problem {
  const { x, dy, gamma, runningMean, runningVar, eps } = ordinary;
  const changed = { x: x.slice(), dy: dy.slice(), gamma: gamma.slice() };
  const running = { runningMean: runningMean.slice(), runningVar: runningVar.slice() };
  marked.forEach((is, c) => {
    if (!is) return;
    if (kind.gamma !== undefined) changed.gamma[c] = kind.gamma;
    if (kind.running) [running.runningMean[c], running.runningVar[c]] = kind.running;
  });
  const { gaussian } = seeded(11);
  const seen = new Uint32Array(extents.channels);
  const chosen = (extents.batch * extents.spatial) >> 1;
  forEachElement(extents, (i, c) => {
    if (!marked[c]) return;
    if (kind.x) changed.x[i] = kind.x(gaussian(), seen[c]++ === chosen);
    if (kind.dy) changed.dy[i] = kind.dy(gaussian());
  });
  return { ...ordinary, ...changed, ...running, eps: kind.eps ?? eps };
}
