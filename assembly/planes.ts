import { MEAN, OFFSET, SCALE, Scratch, SHIFT, SLOPE } from "./coefficients";
import { Op, Term } from "./operations";
import { Vector } from "./vector";

/**
 * Loops over channels-first memory: batch x channels planes of `spatial` values, 4 or more, in address order (channel by
 * channel across the samples takes 1.7 times as long once the data exceeds the cache). `a` and `b` are two inputs of the
 * same extents; for an operation that reads only `a` they are the same.
 */

/** Bytes summed in float32 before the carry to f64, at most. Of x a lane adds 16 values or trees of them. */
const BLOCK: usize = 1024;

/** Adds the sums of the term's two values over channel c to its first and second sum. */
export function reduce<T extends Term>(
  sums: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): void {
  const term = changetype<T>(0);
  const delta = b - a;
  const seconds = Scratch.seconds(sums, channels);
  for (; batch; batch--) {
    for (let c: usize = 0; c < channels; c++) {
      const k = coefficients + (c << 2);
      const k0 = Scratch.splat(term.slots(), MEAN, k, channels);
      const k1 = Scratch.splat(term.slots(), SCALE, k, channels);
      const k2 = Scratch.splat(term.slots(), SHIFT, k, channels);
      const end = a + (spatial << 2);
      const turnsEnd = a + ((spatial & (term.unroll() * -4)) << 2);
      const block: usize = term.readsB() ? BLOCK : (BLOCK / 4) * <usize>term.unroll();
      if (term.skips(load<f32>(k))) {
        a = end;
        continue;
      }
      const zero = Vector.zero(v128.load32_splat(a));
      do {
        let s = zero;
        let q = zero;
        // Trees: an addition to a sum waits for the one before it only once a turn.
        for (const stop = a + min(turnsEnd - a, block); a < stop; a += term.unroll() * 16) {
          const r = a + delta;
          const a0 = v128.load(a);
          const f0 = term.first(a0, term.readsB() ? v128.load(r) : zero, k0, k1, k2);
          let f = f0;
          let g = term.second(f0, a0, k0);
          if (term.unroll() > 1) {
            const a1 = v128.load(a, 16);
            const f1 = term.first(a1, term.readsB() ? v128.load(r, 16) : zero, k0, k1, k2);
            f = f32x4.add(f, f1);
            g = term.plusSecond(g, f1, a1, k0);
          }
          if (term.unroll() > 2) {
            const a2 = v128.load(a, 32);
            const a3 = v128.load(a, 48);
            const f2 = term.first(a2, zero, k0, k1, k2);
            const f3 = term.first(a3, zero, k0, k1, k2);
            f = f32x4.add(f, f32x4.add(f2, f3));
            g = f32x4.add(g, term.plusSecond(term.second(f2, a2, k0), f3, a3, k0));
          }
          s = f32x4.add(s, f);
          q = f32x4.add(q, g);
        }
        if (a == turnsEnd) {
          // Whole vectors, the last of which ends with the plane, masked where it overlaps.
          while (a != end) {
            const at = min(a, end - 16);
            const mask = Vector.lastLanes((end - a) >> 2);
            const a0 = v128.load(at);
            const f0 = v128.and(term.first(a0, term.readsB() ? v128.load(at + delta) : zero, k0, k1, k2), mask);
            s = f32x4.add(s, f0);
            q = f32x4.add(q, v128.and(term.second(f0, a0, k0), mask));
            a = at + 16;
          }
        }
        Vector.addSum(sums + (c << 3), Vector.widen(s));
        Vector.addSum(seconds + (c << 3), Vector.widen(q));
      } while (a < end);
      a = end;
    }
  }
}

/** out = op(a, b), value by value; out may be a or b. */
export function map<O extends Op>(
  out: usize,
  a: usize,
  b: usize,
  coefficients: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): void {
  const op = changetype<O>(0);
  const toA = a - out;
  const toB = b - out;
  for (; batch; batch--) {
    for (let c: usize = 0; c < channels; c++) {
      const k = coefficients + (c << 2);
      const k0 = Scratch.splat(op.slots(), MEAN, k, channels);
      const k1 = Scratch.splat(op.slots(), SCALE, k, channels);
      const k2 = Scratch.splat(op.slots(), SHIFT, k, channels);
      const k3 = Scratch.splat(op.slots(), OFFSET, k, channels);
      const k4 = Scratch.splat(op.slots(), SLOPE, k, channels);
      const end = out + (spatial << 2);
      // The last four values, read before the first store: in place, the loops overwrite up to three of them.
      const last = end - 16;
      const lastA = v128.load(last + toA);
      const lastB = op.readsB() ? v128.load(last + toB) : k0;
      if (op.unroll() > 1) {
        for (const turnsEnd = out + ((spatial & ~7) << 2); out < turnsEnd; out += 32) {
          const p = out + toA;
          const r = out + toB;
          const a0 = v128.load(p);
          const a1 = v128.load(p, 16);
          const b0 = op.readsB() ? v128.load(r) : k0;
          const b1 = op.readsB() ? v128.load(r, 16) : k0;
          v128.store(out, op.of(a0, b0, k0, k1, k2, k3, k4));
          v128.store(out, op.of(a1, b1, k0, k1, k2, k3, k4), 16);
        }
      }
      for (; out < last; out += 16) {
        const b0 = op.readsB() ? v128.load(out + toB) : k0;
        v128.store(out, op.of(v128.load(out + toA), b0, k0, k1, k2, k3, k4));
      }
      v128.store(last, op.of(lastA, lastB, k0, k1, k2, k3, k4));
      out = end;
    }
  }
}
