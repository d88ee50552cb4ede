/** The metric of README.md: classes, and errors relative to the size of the terms before they cancel. */

/** The smallest normal float32: a smaller value counts against this. */
const smallestNormal = 2 ** -126;

export type ValueClass = "NaN" | "Infinity" | "-Infinity" | "finite";

export function classOf(value: number): ValueClass {
  const single = Math.fround(value);
  if (Number.isFinite(single)) return "finite";
  return String(single) as ValueClass;
}

/** What an error is measured against. */
export function yardstick(ref: number, scale: number): number {
  return Math.max(Math.abs(ref), scale, smallestNormal);
}

/** The channel of each element of a tensor in `layout`, or of a per-channel tensor. */
export function channelOf(layout: string, shape: readonly number[]): (index: number) => number {
  if (layout.endsWith("C")) {
    const channels = shape[shape.length - 1];
    return (index) => index % channels;
  }
  const spatial = shape.slice(2).reduce((product, extent) => product * extent, 1);
  return (index) => Math.floor(index / spatial) % shape[1];
}

export interface Worst {
  /** Largest relative error over finite values. */
  maxRel: number;
  /** Values of another class than the reference. */
  classMismatch: number;
}

export function worstOf(
  got: ArrayLike<number>,
  ref: ArrayLike<number>,
  scale: ArrayLike<number>,
  channel: (index: number) => number,
): Worst {
  const worst = { maxRel: 0, classMismatch: 0 };
  for (let i = 0; i < ref.length; i++) {
    const expected = classOf(ref[i]);
    if (classOf(got[i]) !== expected) worst.classMismatch++;
    else if (expected === "finite") {
      const error = Math.abs(got[i] - ref[i]) / yardstick(ref[i], scale[channel(i)]);
      worst.maxRel = Math.max(worst.maxRel, error);
    }
  }
  return worst;
}
