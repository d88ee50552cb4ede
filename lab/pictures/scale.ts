/** Maps numbers from [from, to] to pixels from [start, end], and what lies beyond to the ends. */
export interface Scale {
  (value: number): number;
  invert(pixel: number): number;
  /** Tells whether a value lies within the scale. */
  holds(value: number): boolean;
}

export function linear(from: number, to: number, start: number, end: number): Scale {
  const clamped = (value: number) => Math.min(to, Math.max(from, value));
  const scale = (value: number) => start + ((clamped(value) - from) / (to - from)) * (end - start);
  return Object.assign(scale, {
    invert: (pixel: number) => clamped(from + ((pixel - start) / (end - start)) * (to - from)),
    holds: (value: number) => value >= from && value <= to,
  });
}

/** A round number that is at least `value` and at least `least`: 1, 2 or 5 times a power of ten. */
export function roundUp(value: number, least: number): number {
  if (!(value > least)) return least;
  if (!Number.isFinite(value)) return Number.MAX_VALUE;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((factor) => factor * power >= value) ?? 10);
}
