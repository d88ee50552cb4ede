import { Op } from "./ops";
import { Term } from "./terms";
import { Vector } from "./vector";

/** Rows in a group of a map, and in one of a reduction of two inputs. */
export const GROUP: usize = 4;
/** Rows in a group of a reduction of one input. */
export const ROWS_PER_BLOCK_ONE_INPUT: usize = 8;

/**
 * Four columns of a group of rows. A reduction adds the trees of their values to their float32 sums, once for the
 * group.
 */
export class Column {
  /** Two inputs. */
  @inline
  static addFour<T extends Term>(
    block: usize,
    at: usize,
    delta: usize,
    toPassed: usize,
    pitch: usize,
    mean: v128,
    scale: v128,
    limit: v128,
  ): void {
    const term = changetype<T>(0);
    const a0 = v128.load(at);
    const f0 = term.first(a0, v128.load(at + delta), mean, scale, limit);
    if (term.masks() && toPassed) v128.store(at + toPassed, f0);
    at += pitch;
    const a1 = v128.load(at);
    const f1 = term.first(a1, v128.load(at + delta), mean, scale, limit);
    if (term.masks() && toPassed) v128.store(at + toPassed, f1);
    at += pitch;
    const a2 = v128.load(at);
    const f2 = term.first(a2, v128.load(at + delta), mean, scale, limit);
    if (term.masks() && toPassed) v128.store(at + toPassed, f2);
    at += pitch;
    const a3 = v128.load(at);
    const f3 = term.first(a3, v128.load(at + delta), mean, scale, limit);
    if (term.masks() && toPassed) v128.store(at + toPassed, f3);
    Vector.addBlock(block, Vector.sum(f0, f1, f2, f3), Column.seconds<T>(f0, f1, f2, f3, a0, a1, a2, a3, mean));
  }

  /** One input, about the mean. */
  @inline
  static addEight<T extends Term>(block: usize, at: usize, pitch: usize, mean: v128): void {
    const term = changetype<T>(0);
    const f0 = term.first(v128.load(at), mean, mean, mean, mean);
    at += pitch;
    const f1 = term.first(v128.load(at), mean, mean, mean, mean);
    at += pitch;
    const f2 = term.first(v128.load(at), mean, mean, mean, mean);
    at += pitch;
    const f3 = term.first(v128.load(at), mean, mean, mean, mean);
    at += pitch;
    const f4 = term.first(v128.load(at), mean, mean, mean, mean);
    at += pitch;
    const f5 = term.first(v128.load(at), mean, mean, mean, mean);
    at += pitch;
    const f6 = term.first(v128.load(at), mean, mean, mean, mean);
    at += pitch;
    const f7 = term.first(v128.load(at), mean, mean, mean, mean);
    const firsts = f32x4.add(Vector.sum(f0, f1, f2, f3), Vector.sum(f4, f5, f6, f7));
    const upper = Column.seconds<T>(f0, f1, f2, f3, f0, f1, f2, f3, f0);
    Vector.addBlock(block, firsts, f32x4.add(upper, Column.seconds<T>(f4, f5, f6, f7, f4, f5, f6, f7, f0)));
  }

  /** out = op(a, b) for one row of them. */
  @inline
  static map<O extends Op>(
    out: usize,
    toA: usize,
    toB: usize,
    mean: v128,
    scale: v128,
    shift: v128,
    offset: v128,
    slope: v128,
    limit: v128,
    hoisted: v128,
  ): void {
    const op = changetype<O>(0);
    const b = op.readsB() ? v128.load(out + toB) : mean;
    v128.store(out, op.of(v128.load(out + toA), b, mean, scale, shift, offset, slope, limit, hoisted));
  }

  /** The same for eight columns and an op of one input, which needs a vector of zeros besides. */
  @inline
  static mapTwo<O extends Op>(
    out: usize,
    toA: usize,
    mean: v128,
    scale: v128,
    shift: v128,
    mean1: v128,
    scale1: v128,
    shift1: v128,
    zero: v128,
  ): void {
    const op = changetype<O>(0);
    const a = v128.load(out + toA);
    const a1 = v128.load(out + toA, 16);
    v128.store(out, op.of(a, a, mean, scale, shift, zero, zero, zero, zero));
    v128.store(out, op.of(a1, a1, mean1, scale1, shift1, zero, zero, zero, zero), 16);
  }

  @inline
  static seconds<T extends Term>(
    f0: v128,
    f1: v128,
    f2: v128,
    f3: v128,
    a0: v128,
    a1: v128,
    a2: v128,
    a3: v128,
    mean: v128,
  ): v128 {
    const term = changetype<T>(0);
    return f32x4.add(
      term.plusSecond(term.second(f0, a0, mean), f1, a1, mean),
      term.plusSecond(term.second(f2, a2, mean), f3, a3, mean),
    );
  }
}
