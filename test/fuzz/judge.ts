import { classOf, yardstick } from "../helpers/metric.js";
import { type Allowance, allowanceOf, type Channel } from "./known-limits.js";

/** What the library promises: errors of at most this much of the size of the summed terms. */
export const goal = 1e-6;

/** The first value that float32 rounds to Infinity lies just below this. */
const infinite = 2 ** 128;

/** A disagreement: what was compared, where, and both values. */
export class Disagreement extends Error {}

export type Floats = Float32Array | Float64Array;

function bytesOf({ buffer, byteOffset, byteLength }: Floats): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export interface Expected {
  readonly values: ArrayLike<number>;
  /** Size of the terms of each value, or of all values. */
  readonly size: ArrayLike<number> | number;
  /** An absolute error that the metric allows beside that. */
  readonly extra?: number;
  /** Whether value i may be NaN or either infinity where it is expected to be one of them. */
  readonly undecided?: (i: number) => boolean;
  /** Whether the result is float64. */
  readonly double?: boolean;
}

/** Compares and counts. */
export class Judge {
  values = 0;

  /** Compares a tensor's values of one channel. `index` gives a value's place in the tensor, for the message. */
  close(name: string, got: ArrayLike<number>, expected: Expected, channel: Channel, index = (i: number) => i): void {
    const { values, size, extra = 0, double = false, undecided } = expected;
    this.values += values.length;
    let known: Allowance | undefined;
    for (let i = 0; i < values.length; i++) {
      const ref = double ? values[i] : clamped(values[i]);
      const value = double ? got[i] : clamped(got[i]);
      if (value === ref || Object.is(value, ref)) continue;
      if (!Number.isFinite(values[i]) && !Number.isFinite(got[i]) && undecided?.(i)) continue;
      // NaN beside a number is an error beyond every size.
      const error = Number.isNaN(value - ref) ? Infinity : Math.abs(value - ref);
      const terms = typeof size === "number" ? size : size[i];
      // Where NaN or Infinity is among the terms they have no size.
      const unit = yardstick(Number.isFinite(ref) ? ref : 0, Number.isFinite(terms) ? terms : 0);
      if (error <= goal * unit + extra) continue;
      known ??= allowanceOf(channel);
      if (error <= goal * unit + extra + known(name, i, unit)) continue;
      const relative = Number.isFinite(error) ? `, error ${(error / unit).toExponential(2)}` : "";
      const at = `${name}[${index(i)}] of channel ${channel.number}`;
      throw new Disagreement(`${at}: expected ${values[i]} (${classOf(values[i])}), got ${got[i]}${relative}`);
    }
  }

  /** Compares bits, all NaN being one. */
  same(name: string, got: Floats, expected: Floats): void {
    this.values += expected.length;
    if (got.length !== expected.length) {
      throw new Disagreement(`${name}: expected ${expected.length} values, got ${got.length}`);
    }
    if (Buffer.compare(bytesOf(got), bytesOf(expected)) === 0) return;
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
