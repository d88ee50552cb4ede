/** A seeded generator: the same seed gives the same numbers on every engine. */
export interface Random {
  /** A number in [0, 1), a multiple of 2^-32. */
  next(): number;
  /** `length` numbers in [-bound, bound). */
  uniform(length: number, bound: number): Float32Array;
  /** A number of the standard normal distribution (Box-Muller). */
  gaussian(): number;
  /** `length` numbers of a normal distribution, by default about 0. */
  normal(length: number, deviation: number, mean?: number): Float32Array;
  /** The numbers 0 to length - 1 in random order (Fisher-Yates). */
  permutation(length: number): Uint32Array;
}

/** mulberry32: 32 bits of state, which is plenty for initial weights and shuffling. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  // 1 - next() is in (0, 1], so that its logarithm is finite.
  const gaussian = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    next,
    gaussian,
    uniform(length, bound) {
      return Float32Array.from({ length }, () => (2 * next() - 1) * bound);
    },
    normal(length, deviation, mean = 0) {
      return Float32Array.from({ length }, () => mean + deviation * gaussian());
    },
    permutation(length) {
      const order = Uint32Array.from({ length }, (_, i) => i);
      for (let i = length - 1; i > 0; i--) {
        const j = Math.floor(next() * (i + 1));
        [order[i], order[j]] = [order[j], order[i]];
      }
      return order;
    },
  };
}
