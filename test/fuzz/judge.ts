import { classOf, yardstick } from "../golden/metric.js";
import { type Channel, knownLimits } from "./known-limits.js";

/** What the library promises: errors of at most this much of the size of the summed terms. */
export const goal = 1e-6;

/** The first value that float32 rounds to Infinity lies just below this. */
const infinite = 2 ** 128;

/** A disagreement: what was compared, where, and both values. */
export class Disagreement extends Error {}

export interface Expected {
  readonly values: ArrayLike<number>;
  /** Size of the terms of each value, or of all values. */
  readonly size: ArrayLike<number> | number;
  /** An absolute error that the metric allows beside that. */
  readonly extra?: number;
}

/** Compares and counts. */
export class Judge {
  values = 0;

  /** Compares a tensor's values of one channel. `index` gives a value's place in the tensor, for the message. */
  close(name: string, got: ArrayLike<number>, expected: Expected, channel: Channel, index = (i: number) => i): void {
    const { values, size, extra = 0 } = expected;
    this.values += values.length;
    for (let i = 0; i < values.length; i++) {
      const ref = clamped(values[i]);
      const value = clamped(got[i]);
      // Not a number beside a number gives NaN, which no bound is above.
      const error = Object.is(value, ref) ? 0 : Math.abs(value - ref);
      if (error === 0) continue;
      const terms = typeof size === "number" ? size : size[i];
      // Where NaN or Infinity is among the terms they have no size.
      const unit = yardstick(ref, Number.isFinite(terms) ? terms : 0);
      if (error <= goal * unit + extra) continue;
      if (knownLimits.some((limit) => error <= limit.allowance(channel, name, i, unit) + goal * unit + extra)) continue;
      const relative = Number.isFinite(error) ? `, error ${(error / unit).toExponential(2)}` : "";
      const at = `${name}[${index(i)}] of channel ${channel.number}`;
      throw new Disagreement(`${at}: expected ${values[i]} (${classOf(values[i])}), got ${got[i]}${relative}`);
    }
  }

  /** Compares bits, all NaN being one. */
  same(name: string, got: ArrayLike<number>, expected: ArrayLike<number>): void {
    this.values += expected.length;
    if (got.length !== expected.length) {
      throw new Disagreement(`${name}: expected ${expected.length} values, got ${got.length}`);
    }
    for (let i = 0; i < expected.length; i++) {
      if (!Object.is(got[i], expected[i])) {
        throw new Disagreement(`${name}[${i}]: expected the bits of ${expected[i]}, got ${got[i]}`);
      }
    }
  }

  equal(name: string, got: unknown, expected: unknown): void {
    this.values++;
    if (got !== expected) throw new Disagreement(`${name}: expected ${expected}, got ${got}`);
  }

  /** Runs what has to be refused. */
  refuses(name: string, run: () => unknown): void {
    this.values++;
    try {
      run();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) throw error;
      return;
    }
    throw new Disagreement(`${name}: expected an error, got none`);
  }
}

/** Infinity counts as 2^128: where a result is at the end of float32 an error may tip it either way. */
function clamped(value: number): number {
  return Math.max(-infinite, Math.min(infinite, value));
}
