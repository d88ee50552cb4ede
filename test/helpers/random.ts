import { seeded } from "../../scripts/common/random.js";

/** Reproducible noise: the same seed gives the same values on every engine. */
export interface Random {
  /** In [0, 1), 32 bits. */
  uniform(): number;
  /** Mean 0, standard deviation 1: the sum of twelve uniform values less 6, free of engine-specific functions. */
  normal(): number;
  integer(below: number): number;
  shuffle<T>(values: T[]): T[];
}

export function random(seed: number): Random {
  const { next: uniform } = seeded(seed);
  const integer = (below: number) => Math.floor(uniform() * below);
  return {
    uniform,
    integer,
    normal() {
      let sum = -6;
      for (let i = 0; i < 12; i++) sum += uniform();
      return sum;
    },
    shuffle(values) {
      for (let i = values.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [values[i], values[j]] = [values[j], values[i]];
      }
      return values;
    },
  };
}

/** A seed from a text, so that each case has its own data (FNV-1a). */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

export function fill(length: number, value: (i: number) => number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) out[i] = value(i);
  return out;
}
