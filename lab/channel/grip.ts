import { signal } from "@preact/signals";
import { batch, step } from "./values.js";

/** A sample, with what it and the gradients were when it was taken hold of. */
export interface Grip {
  readonly sample: number;
  readonly x: number;
  readonly dx: readonly number[];
}

export const grip = signal<Grip | null>(null);

export function takeHold(sample: number): void {
  const { value } = step;
  grip.value = value === null ? null : { sample, x: batch.value[sample], dx: value.dx };
}

/** Returns the change of each gradient since then, or null without an earlier one. */
export function changes(dx: readonly number[]): readonly number[] | null {
  const before = grip.value;
  if (before === null || before.dx.length !== dx.length) return null;
  return dx.map((value, i) => value - before.dx[i]);
}
