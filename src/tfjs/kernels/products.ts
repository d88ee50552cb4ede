import type { TensorInfo } from "@tensorflow/tfjs-core";
import { reshaped, type Scope } from "./scope.js";

/**
 * The number of terms that one product sums in float32. 8,192 terms are as fast as any other number. Their packed right
 * side of 64 columns fits into 2 MB of cache. The blocks are added in float64, so this also bounds the rounding error
 * of long sums.
 */
export const blockTerms = 8192;

/** The largest number of values on the left side of one product, 16 MiB. */
const blockValues = 2 ** 22;

/** Returns how many of `count` steps, of `terms` each, fit in a block with `rows` rows on the left; at least one. */
export function stepsOfBlock(rows: number, terms: number): number {
  return Math.max(1, Math.min(Math.floor(blockTerms / terms), Math.floor(blockValues / (rows * terms))));
}

/** `count` steps in blocks of at most `size`. */
export function blocksOf(count: number, size: number, block: (from: number, before: number) => Block): Block[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => block(i * size, Math.min(count, (i + 1) * size)));
}

/** One block of the terms of a sum of products. */
export interface Block {
  terms: number;
  /** Writes left[row, term], `rows` x `terms`, to the heap from index `to` on. */
  left(heap: Float32Array, to: number): void;
  /** Writes right[term, column], `terms` x `columns`, to the heap from index `to` on. */
  right(heap: Float32Array, to: number): void;
}

/**
 * sum over blocks of left · right, `rows` x `columns`, by the product of XNNPACK.
 *
 * The right side is always a new tensor. The backend finds its packed copy by the tensor's data alone, so data that a
 * program also multiplies in another shape would give the wrong copy.
 */
export function sumOfProducts(scope: Scope, rows: number, columns: number, blocks: Block[]): TensorInfo {
  if (blocks.length === 1) {
    return product(scope, rows, columns, blocks[0]);
  }
  const sum = new Float64Array(rows * columns);
  for (const block of blocks) {
    const part = product(scope, rows, columns, block);
    add(sum, scope.view(part));
    scope.free(part);
  }
  const result = scope.make([rows, columns]);
  scope.view(result).set(sum);
  return result;
}

function product(scope: Scope, rows: number, columns: number, { terms, left, right }: Block): TensorInfo {
  const a = scope.make([1, rows, terms]);
  const b = scope.make([1, terms, columns]);
  const { buffer, byteOffset } = scope.view(a);
  const heap = new Float32Array(buffer);
  left(heap, byteOffset / 4);
  right(heap, scope.view(b).byteOffset / 4);
  const result = scope.run("BatchMatMul", { a, b }, { transposeA: false, transposeB: false });
  scope.free(a, b);
  return result;
}

function add(sum: Float64Array, part: Float32Array): void {
  for (let i = 0; i < sum.length; i++) {
    sum[i] += part[i];
  }
}

/** A matrix, or its transpose, in memory. */
export interface Factor {
  tensor: TensorInfo;
  transposed: boolean;
}

/**
 * a · b, `rows` x `terms` times `terms` x `columns`. Packing the right side takes 10 ns per value, more than anything
 * else, so the factor with fewer values goes there. If that is a, the result is the transpose of bᵀ · aᵀ.
 */
export function multiply(scope: Scope, a: Factor, b: Factor, rows: number, terms: number, columns: number): TensorInfo {
  if (rows < columns) {
    const swapped = inBlocks(scope, matrix(scope, b, columns, terms, true), matrix(scope, a, terms, rows, true));
    return scope.run("Transpose", { x: swapped }, { perm: [1, 0] });
  }
  return inBlocks(scope, matrix(scope, a, rows, terms, false), matrix(scope, b, terms, columns, false));
}

/**
 * Returns the factor, or with `transpose` its transpose, as rows x columns. It is a copy only if memory has the other
 * order.
 */
function matrix(scope: Scope, factor: Factor, rows: number, columns: number, transpose: boolean): TensorInfo {
  if (factor.transposed === transpose) return reshaped(factor.tensor, [rows, columns]);
  return scope.run("Transpose", { x: reshaped(factor.tensor, [columns, rows]) }, { perm: [1, 0] });
}

function inBlocks(scope: Scope, left: TensorInfo, right: TensorInfo): TensorInfo {
  const [rows, terms] = left.shape;
  const [, columns] = right.shape;
  const blocks = blocksOf(
    terms,
    stepsOfBlock(rows, 1),
    (from, before): Block => ({
      terms: before - from,
      left: (heap, to) => {
        const start = scope.view(left).byteOffset / 4;
        for (let row = 0; row < rows; row++) {
          heap.copyWithin(to + row * (before - from), start + row * terms + from, start + row * terms + before);
        }
      },
      right: (heap, to) => {
        const start = scope.view(right).byteOffset / 4;
        heap.copyWithin(to, start + from * columns, start + before * columns);
      },
    }),
  );
  return reshaped(sumOfProducts(scope, rows, columns, blocks), [rows, columns]);
}
