import { describe, expect, it } from "vitest";
import { caseOf } from "../helpers/cases.js";
import { expectBits, expectClose, type Want } from "../helpers/compare.js";
import { instances, verbs } from "../helpers/contract.js";
import { expectation, type Problem, problemOf } from "../helpers/problem.js";
import { aligned, type Floats, type Placement, type RawCall, RawMemory, rawCall } from "../helpers/raw.js";
import { axes } from "../helpers/reference.js";

/** Raw kernels touch nothing but their outputs and scratch, wherever the arrays lie, and give the same bits there. */

const upTo17 = Array.from({ length: 17 }, (_, i) => i + 1);
const shapes = [
  ...upTo17.map((spatial) => `NCL 2x3x${spatial}`),
  ...upTo17.map((channels) => `NCL 3x${channels}x5`),
  ...[31, 33, 49, 63, 64, 65, 127, 129, 196].map((spatial) => `NCL 3x2x${spatial}`),
  ...upTo17.map((channels) => `NC 5x${channels}`),
  ...upTo17.flatMap((rows) => [2, 3, 5, 33].map((channels) => `NC ${rows}x${channels}`)),
  ...[31, 32, 33, 65, 129].flatMap((rows) => [1, 4, 7, 12].map((channels) => `NC ${rows}x${channels}`)),
  // Rows folded as far as they ever are: the scratch is used to its end.
  ...[1, 2, 3].flatMap((spatial) => [5, 7, 9, 12, 21, 22, 23].map((channels) => `NCL 33x${channels}x${spatial}`)),
  ...[1, 3, 5, 22].map((channels) => `NCL 519x${channels}x3`),
  "NC 17x130",
  "NC 3x257",
  "NCL 1x1x1009",
  "NC 1009x1",
];
const raw = new RawMemory();

const options = ["eval relu gamma beta", "eval relu"];
/** With and without an activation: dy is 0 where relu's answer is open. */
const problems = shapes.map((shape, i) => problemOf(caseOf(`${shape} ${options[i % 2]}`)));

const placements: Record<string, Placement> = {
  "4 bytes past": { offset: () => 4 },
  "8 bytes past": { offset: () => 8 },
  "12 bytes past": { offset: () => 12 },
  "all different": { offset: (i) => (4 * i + 4) % 16 },
  "on another sentinel": { offset: () => 0, sentinel: 0x3f },
};

describe.each(instances)("$name", ({ verb, activation }) => {
  const { inputs, outputs, inPlace, absent = [] } = verbs[verb];
  /** Computed by the first test that asks, so that what a kernel throws is that test's failure. */
  let memo: { p: Problem; call: RawCall; want: Floats[] }[] | undefined;
  function calls() {
    memo ??= problems.map((p) => {
      const call = rawCall(p, verb, activation);
      return { p, call, want: raw.run(call) };
    });
    return memo;
  }

  /** The batch's own statistics, which an input gradient takes, instead of given ones. */
  function trainingCalls() {
    const several = problems.filter(({ shape, layout }) => axes(shape, layout).count > 1);
    return several.map(({ line }) => {
      const p = problemOf(caseOf(line.replace("eval", "train")));
      return { p, want: raw.run(rawCall(p, verb, activation)) };
    });
  }

  function expectSame(placement: Placement, some = calls()): void {
    for (const { p, call, want } of some) {
      const got = raw.run(call, placement);
      for (const [i, name] of outputs.entries()) expectBits(p.line, name, got[i], want[i]);
    }
  }

  it("agrees with the reference", () => {
    for (const { p, want } of verb === "inputGradient" ? trainingCalls() : calls()) {
      const ref = expectation({ ...p, relu: activation === "Relu" });
      for (const [i, name] of outputs.entries()) {
        expectClose(`${verb}${activation} ${p.line}`, name, want[i], ref[name as keyof typeof ref] as Want);
      }
    }
  });

  it.each(Object.entries(placements))("addresses %s", (_, placement) => expectSame(placement));

  it.each([...inputs, ...outputs].filter((name) => !absent.includes(name)))("%s at the end of memory", (last) => {
    const present = calls().filter(({ call }) => outputs.includes(last) || call.arrays[last] !== null);
    expect(present.length).toBeGreaterThan(problems.length / 3);
    expectSame({ ...aligned, last }, present);
  });

  if (inPlace) {
    it(`in place of ${inPlace}`, () => {
      expectSame({ ...aligned, inPlace: true });
      expectSame({ offset: () => 4, inPlace: true, last: inPlace });
    });
  }
});

describe("per channel", () => {
  const { kernels, bytes } = raw;
  const guard = 64;
  const arrays = 5;

  /** Float64 (or float32) arrays in memory with guards between them; f writes to those listed, and to no other byte. */
  function watched(
    offset: number,
    values: (Float64Array | Float32Array)[],
    writes: number[],
    f: (at: number[]) => void,
  ) {
    bytes.fill(0xff);
    const stride = 17 * 8 + guard;
    const at = values.map((_, i) => Math.ceil((guard + i * stride) / 16) * 16 + offset);
    values.forEach((array, i) => {
      bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at[i]);
    });
    const before = bytes.slice(0, at[0] + (arrays + 1) * stride);
    f(at);
    const own = (byte: number) => writes.some((i) => byte >= at[i] && byte < at[i] + values[i].byteLength);
    before.forEach((value, i) => {
      if (value !== bytes[i] && !own(i)) throw new Error(`byte ${i} was overwritten`);
    });
    return writes.map((i) => raw.read(at[i], values[i].slice() as Float64Array<ArrayBuffer>));
  }

  const row = (channels: number, value: (c: number) => number) =>
    Float64Array.from({ length: channels }, (_, c) => value(c));

  describe.each([0, 4, 8, 12])("%s bytes past", (offset) => {
    it.each(upTo17)("%s channels", (channels) => {
      const variance = row(channels, (c) => (c % 4 === 3 ? 0 : 2.5 * c + 0.1));
      const empty = row(channels, () => Number.NaN);
      for (const eps of [0, 1e-5]) {
        const [got] = watched(offset, [empty, variance], [0], (at) => kernels.invstd(at[0], at[1], channels, eps));
        expectBits(
          "invstd",
          "invstd",
          got,
          variance.map((v) => (v + eps === 0 ? 0 : 1 / Math.sqrt(v + eps))),
        );
      }

      const [mean, old, oldVariance] = [
        row(channels, (c) => c - 1.7),
        row(channels, (c) => 3 - c),
        row(channels, (c) => c + 0.3),
      ];
      for (const [momentum, correction] of [
        [0.1, 17 / 16],
        [1, 1],
        [0, 2],
        [0.37, 1],
      ]) {
        const updated = watched(offset, [old, oldVariance, mean, variance], [0, 1], (at) =>
          kernels.updateRunning(at[0], at[1], at[2], at[3], channels, momentum, correction),
        );
        // Written either way, (1 - f)a + fb or a + f(b - a), it is at most four roundings of terms no larger than |a| + |b|.
        const check = (got: ArrayLike<number>, a: Float64Array, b: Float64Array) => {
          for (let c = 0; c < channels; c++) {
            const bound = 4 * 2 ** -53 * (Math.abs(a[c]) + Math.abs(b[c]));
            expect(Math.abs(got[c] - ((1 - momentum) * a[c] + momentum * b[c])), `channel ${c}`).toBeLessThanOrEqual(
              bound,
            );
          }
        };
        check(updated[0], old, mean);
        check(
          updated[1],
          oldVariance,
          variance.map((v) => correction * v),
        );
      }

      const wide = row(channels, (c) => (c - 5) / 3);
      const [narrow] = watched(offset, [new Float32Array(channels), wide], [0], (at) =>
        kernels.toFloat32(at[0], at[1], channels),
      );
      expectBits("toFloat32", "out", narrow, Float32Array.from(wide));
    });
  });
});
