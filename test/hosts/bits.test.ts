import { describe, expect, inject, it } from "vitest";
import { loadSync } from "../../src/index.js";
import { golden } from "../golden/read.js";
import { type Bits, bitsOf, firstDifference, hash } from "../helpers/bits.js";
import { cases } from "../helpers/cases.js";

/** The same bits in every engine: each project against Node.js, which vitest itself runs in. */

const want = inject("bits");

describe("bits of every case", () => {
  it("are known of Node.js", () => {
    const steps = golden.cases.flatMap((each) => each.steps);
    expect(Object.keys(want)).toHaveLength(cases.length + steps.length);
  });

  it("are those of Node.js", () => {
    expect(firstDifference(bitsOf(loadSync()), want)).toBeNull();
  });
});

describe("the comparison", () => {
  const line = cases[0].line;
  const changed = (tensors: Record<string, number>): Bits => ({ ...want, [line]: { ...want[line], ...tensors } });

  it("names case and tensor", () => {
    const other = changed({ dx: want[line].dx + 1 });
    expect(firstDifference(other, want)).toBe(
      `${line}: bits of dx expected hash ${want[line].dx}, got ${want[line].dx + 1}`,
    );
  });

  it("misses no tensor", () => {
    const { y, ...rest } = want[line];
    expect(firstDifference({ ...want, [line]: rest }, want)).toMatch(`${line}: bits of y expected hash ${y}, got`);
  });

  it.each([Float32Array, Float64Array])("tells any bit of %o apart, the sign of zero too", (Floats) => {
    const seen = new Set<number>();
    const zero = new Floats(3);
    for (let bit = 0; bit < 8 * zero.byteLength; bit++) {
      const values = zero.slice();
      new Uint8Array(values.buffer)[bit >> 3] ^= 1 << (bit & 7);
      seen.add(hash(values));
    }
    expect(seen.size).toBe(8 * zero.byteLength);
    expect(seen).not.toContain(hash(zero));
    expect(hash(new Floats([-0, -0]))).not.toBe(hash(new Floats([0, 0])));
  });

  it("takes every NaN for the same, and for no other value", () => {
    const nan = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer);
    expect(new Set([0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff].map((bits) => hash(nan(bits)))).size).toBe(1);
    expect(hash(nan(0x7f800000))).not.toBe(hash(nan(0x7fc00000)));
  });
});
