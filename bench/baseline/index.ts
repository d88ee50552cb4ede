/**
 * Batch norm in pure JavaScript on Float32Array: the variants that are fastest in some case, and the verbs made of
 * them.
 */
import { finishGradient, finishStatistics, inferenceCoefficients, start, type Workspace } from "./channels.js";
import { type Loop, planes, rowGroups, rowTiles } from "./loops.js";
import { affine, deviations, gradientSums, inputGradient } from "./operations.js";
import type { Problem, Shape } from "./problem.js";

export { type Workspace, workspace } from "./channels.js";
export { naivePlanes, naiveRows } from "./naive.js";
export type { Problem, Shape, Verb, Verbs } from "./problem.js";

export interface Variant {
  readonly name: string;
  readonly loop: Loop;
}

export type Pass = "deviations" | "affine" | "gradientSums" | "inputGradient";

const variant = (name: string, loop: Loop): Variant => ({ name, loop });

/** The variants of each pass over the elements. bench/README.md has the times of the variants that were dropped. */
export const VARIANTS: Readonly<Record<Shape, Readonly<Record<Pass, readonly Variant[]>>>> = {
  planes: {
    deviations: [4, 8].map((n) => variant(`${n} values`, planes(deviations, n))),
    affine: [16, 32].map((n) => variant(`${n} values`, planes(affine, n))),
    gradientSums: [variant("8 values", planes(gradientSums, 8))],
    inputGradient: [16, 32].map((n) => variant(`${n} values`, planes(inputGradient, n))),
  },
  rows: {
    deviations: [
      variant("groups of 8 rows", rowGroups(deviations, 8, 8)),
      variant("tiles of 2 columns", rowTiles(deviations, 2, 4)),
      variant("columns", rowTiles(deviations, 1, 8)),
    ],
    affine: [32, 64].map((n) => variant(`tiles of ${n} columns`, rowTiles(affine, n, n))),
    gradientSums: [
      variant("groups of 4 rows", rowGroups(gradientSums, 4, 16)),
      variant("tiles of 4 columns", rowTiles(gradientSums, 4, 4)),
      variant("tiles of 2 columns", rowTiles(gradientSums, 2, 8)),
    ],
    inputGradient: [32, 64].map((n) => variant(`tiles of ${n} columns`, rowTiles(inputGradient, n, n))),
  },
};

export function trainingForward(shape: Shape, p: Problem, w: Workspace, sums: Loop, map: Loop): void {
  const { x, y, batch, channels, spatial } = p;
  start(shape, p, w);
  sums(x, w.pivot, w.sum0, w.sum1, batch, channels, spatial);
  finishStatistics(p, w);
  map(y, x, w.scale, w.shift, batch, channels, spatial);
}

export function inference(p: Problem, w: Workspace, map: Loop): void {
  const { x, y, batch, channels, spatial } = p;
  inferenceCoefficients(p, w);
  map(y, x, w.scale, w.shift, batch, channels, spatial);
}

export function backward(shape: Shape, p: Problem, w: Workspace, sums: Loop, map: Loop): void {
  const { x, dy, dx, batch, channels, spatial } = p;
  start(shape, p, w);
  sums(dy, x, w.sum0, w.sum1, batch, channels, spatial);
  finishGradient(p, w);
  map(dx, dy, x, w.scale, w.slope, w.shift, batch, channels, spatial);
}
