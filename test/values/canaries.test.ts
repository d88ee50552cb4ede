import { describe, expect, it } from "vitest";
import type { Activation } from "../../src/index.js";
import { caseOf } from "../helpers/cases.js";
import { expectBits, expectClose, expectWithin, type Want } from "../helpers/compare.js";
import type { KernelName, Name } from "../helpers/contract.js";
import { type Instance, instanceOf, instances } from "../helpers/instances.js";
import type { Arrays, Floats, Numbers } from "../helpers/placed.js";
import { expectation, type Problem, problemOf } from "../helpers/problem.js";
import { type RawCall, RawMemory, type RawPlacement, rawCall } from "../helpers/raw.js";
import * as reference from "../helpers/reference.js";

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

const placements: Record<string, RawPlacement> = {
  "4 bytes past": { offset: () => 4 },
  "8 bytes past": { offset: () => 8 },
  "12 bytes past": { offset: () => 12 },
  "all different": { offset: (i) => (4 * i + 4) % 16 },
  "on another sentinel": { sentinel: 0x3f },
};

interface Watched {
  readonly p: Problem;
  readonly call: RawCall;
  readonly want: Partial<Record<Name, Floats>>;
}

/**
 * All that may be absent is there, or nothing of it. The problem is one with an activation for all: dy is 0 where its answer is
 * open.
 */
function callsOf(instance: Instance): Watched[] {
  const residual = instance.inputs.includes("residual") ? " residual" : "";
  return shapes.flatMap((shape, i) => {
    const activation = reference.activationNames[instance.activation || 1];
    const options = i % 2 === 0 ? `${activation} gamma beta${residual}` : activation;
    const p = problemOf(caseOf(`${shape} ${instance.own ? "train" : "eval"} ${options}`));
    if (instance.own && reference.axes(p.shape, p.layout).count === 1) return [];
    const call = rawCall(p, instance);
    return { p, call, want: raw.run(call) };
  });
}

function expectSame(calls: readonly Watched[], placement: RawPlacement): void {
  for (const { p, call, want } of calls) {
    const got = raw.run(call, placement);
    for (const name in want) expectBits(p.line, name, got[name as Name] as Floats, want[name as Name] as Floats);
  }
}

const activationOf = ({ activation }: Instance) => reference.activationNames[activation] as Activation;

/** What the reference says about the outputs. */
function wanted(p: Problem, { instance, values, numbers }: RawCall): Partial<Record<Name, Want>> {
  const want = expectation({ ...p, activation: activationOf(instance) });
  const { mean, variance } = want;
  const perChannel = (ref: ArrayLike<number>, scale = ref): Want => ({ ref, scale, channelOf: (c) => c });
  const { momentum, eps } = numbers;
  const { passes } = reference.activations[activationOf(instance)];
  const old = { mean: values.runningMean ?? mean.ref, variance: values.runningVar ?? variance.ref };
  const running = reference.updateRunning(old, want.statistics, momentum, "unbiased");
  const size = Float64Array.from(running.mean, (_, c) => Math.abs(old.mean[c]) + mean.scale[c]);
  return {
    ...want,
    invstd: perChannel(reference.invstd((p.frozen ?? want.statistics).variance, eps)),
    runningMean: perChannel(running.mean, size),
    runningVar: perChannel(running.variance),
    dgammaFloats: want.dgamma,
    dbetaFloats: want.dbeta,
    dz: { ...want.dx, ref: p.dy.map((value, i) => (passes((values.y as Floats)[i]) ? value : 0)) },
  };
}

describe.each(instances)("$name", (instance) => {
  const { inputs, outputs, over } = instance;
  /** Computed by the first test that asks, so that what a kernel throws is that test's failure. */
  let memo: Watched[] | undefined;
  const calls = () => {
    memo ??= callsOf(instance);
    return memo;
  };

  it("agrees with the reference", () => {
    for (const { p, call, want } of calls()) {
      const ref = wanted(p, call);
      for (const [name, got] of Object.entries(want)) {
        expectClose(`${instance.name} ${p.line}`, name, got, ref[name as Name] as Want);
      }
    }
  });

  it.each(Object.entries(placements))("addresses %s", (_, placement) => expectSame(calls(), placement));

  const all = [...inputs, ...outputs, "scratch" as const];
  it.each(all)("%s at the end of memory", (last) => {
    const present = calls().filter(({ call }) => last === "scratch" || call.values[last] !== null);
    expect(present.length).toBeGreaterThan(shapes.length / 3);
    // Half of the shapes for each array, and the other half for the next.
    const half = present.filter((_, i) => Math.floor(i / 2) % 2 === all.indexOf(last) % 2);
    expectSame(half, { last });
  });

  it.each(over.slice(1))(`${over[0]} on %s`, (input) => {
    const present = calls().filter(({ call }) => call.values[input] !== null);
    expect(present.length).toBeGreaterThan(shapes.length / 3);
    expectSame(present, { over: [over[0], input] });
    expectSame(present, { over: [over[0], input], offset: () => 4, last: input });
  });
});

describe("per channel", () => {
  const row = (channels: number, value: (c: number) => number) =>
    Float64Array.from({ length: channels }, (_, c) => value(c));

  describe.each([0, 4, 8, 12])("%s bytes past", (offset) => {
    const run = (kernel: KernelName, values: Arrays, numbers: Numbers, channels: number) =>
      raw.run(
        { instance: instanceOf(kernel), extents: [1, channels, 1], values, numbers },
        { offset: () => offset },
      ) as Record<Name, Floats>;

    it.each(upTo17)("%s channels", (channels) => {
      const variance = row(channels, (c) => (c % 4 === 3 ? 0 : 2.5 * c + 0.1));
      for (const eps of [0, 1e-5]) {
        const expected = variance.map((v) => (v + eps === 0 ? 0 : 1 / Math.sqrt(v + eps)));
        expectBits("invstd", "invstd", run("invstd", { variance }, { eps }, channels).invstd, expected);
      }

      const mean = row(channels, (c) => c - 1.7);
      const running = { runningMean: row(channels, (c) => 3 - c), runningVar: row(channels, (c) => c + 0.3) };
      for (const [momentum, correction] of [
        [0.1, 17 / 16],
        [1, 1],
        [0, 2],
        [0.37, 1],
      ]) {
        const got = run("updateRunning", { ...running, mean, variance }, { momentum, correction }, channels);
        // Written either way, (1 - f)a + fb or a + f(b - a), it is at most four roundings of terms no larger than |a| + |b|.
        const check = (name: "runningMean" | "runningVar", batch: Float64Array) =>
          expectWithin(
            "updateRunning",
            name,
            got[name],
            batch.map((value, c) => (1 - momentum) * running[name][c] + momentum * value),
            (c) => 4 * 2 ** -53 * (Math.abs(running[name][c]) + Math.abs(batch[c])),
          );
        check("runningMean", mean);
        check(
          "runningVar",
          variance.map((v) => correction * v),
        );
      }

      const source = row(channels, (c) => (c - 5) / 3);
      expectBits("toFloat32", "target", run("toFloat32", { source }, {}, channels).target, Float32Array.from(source));
    });
  });
});
