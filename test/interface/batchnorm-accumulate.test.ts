import { describe, expect, it } from "vitest";
import type { BatchNorm, Tensor } from "../../src/index.js";
import { kernels } from "../helpers/backend.js";
import { caseOf } from "../helpers/cases.js";
import { expectWithin } from "../helpers/compare.js";
import { residualOf, scope } from "../helpers/harness.js";
import { goal, u } from "../helpers/metric.js";
import { expectation, type Problem, problemOf } from "../helpers/problem.js";
import { layerWith, noise, shape } from "../helpers/small-layer.js";

/** Gradients that add up over several calls of backward: the option `accumulate`. */

const lines = [
  "NCHW 3x5x7x17 train gamma beta",
  "NHWC 3x7x17x5 train relu gamma beta",
  "NCL 3x5x17 eval relu gamma beta residual",
  "NC 17x13 train gamma beta residual",
  "NC 257x13 eval gamma",
];
const MICRO_BATCHES = 4;

/** Gives a layer the parameters and the running statistics of a problem. */
function prepare(layer: BatchNorm, { gamma, beta, frozen }: Problem): void {
  if (gamma) layer.gamma?.data.set(gamma);
  if (beta) layer.beta?.data.set(beta);
  if (frozen) layer.runningMean?.set(frozen.mean);
  if (frozen) layer.runningVar?.set(frozen.variance);
}

it.each(lines)("the gradients of several micro-batches add up: %s", (line) => {
  const c = caseOf(line);
  const problems = Array.from({ length: MICRO_BATCHES }, (_, i) => problemOf({ ...c, line: `${line}, part ${i}` }));
  const wants = problems.map((p) => expectation(p));
  scope((s) => {
    const layer = s.layer(problems[0], c.mode);
    const out = s.tensor(problems[0]);
    const results = problems.map((p) => {
      prepare(layer, p);
      s.own(layer.forward(s.tensor(p, p.x), residualOf(s, p)));
      return layer.backward(s.tensor(p, p.dy), { out, accumulate: true });
    });
    for (const name of ["dgamma", "dbeta"] as const) {
      const got = results[0][name];
      if (got === null) continue;
      const sum = (of: "ref" | "scale") =>
        Array.from(got.data, (_, i) => wants.reduce((total, want) => total + want[name][of][i], 0));
      const scale = sum("scale");
      // Each part errs by the goal, and each addition by u of a sum that the scales bound.
      expectWithin(line, name, got.data, sum("ref"), (i) => (goal + MICRO_BATCHES * u * (1 + goal)) * scale[i]);
    }
  });
});

/** dgamma and dbeta after a backward, copied, and dx. */
function gradients(layer: BatchNorm, dy: Tensor, accumulate?: boolean): Float32Array[] {
  const { dx, dgamma, dbeta } = layer.backward(dy, { accumulate });
  return [dgamma, dbeta, dx].map((tensor) => tensor?.data.slice() ?? new Float32Array());
}

const each = (["train", "eval"] as const).flatMap((mode) =>
  (["none", "relu"] as const).map((activation) => ({ mode, activation })),
);

describe("backward with accumulate", () => {
  it.each(each)("first in a new layer is as without ($mode, $activation)", ({ mode, activation }) => {
    const [plain, adding] = [layerWith({ activation })[mode](), layerWith({ activation })[mode]()];
    for (const layer of [plain, adding]) layer.forward(noise(1));
    expect(gradients(adding, noise(2), true)).toEqual(gradients(plain, noise(2)));
  });

  it.each(each)("gives dx and the residual's gradient of its dy alone ($mode, $activation)", ({ mode, activation }) => {
    const layer = layerWith({ activation })[mode]();
    layer.forward(noise(1), { residual: noise(2) });
    const [residualGradient, out] = [kernels.tensor(shape, "NCL"), kernels.tensor(shape, "NCL")];
    layer.backward(noise(3), { out, residualGradient });
    const expected = [out.data.slice(), residualGradient.data.slice()];
    for (let i = 0; i < 2; i++) layer.backward(noise(3), { out, residualGradient, accumulate: true });
    expect([out.data, residualGradient.data]).toEqual(expected);
  });

  it("adds to what is there, exactly where nothing is rounded", () => {
    const layer = layerWith();
    layer.forward(noise(1));
    const dy = kernels.tensor(
      shape,
      "NCL",
      Array.from({ length: 60 }, (_, i) => i),
    );
    const { dbeta } = layer.backward(dy);
    // The sum of 15 n + 5 c + k over n < 4 and k < 5 is 490 + 100 c.
    const once = [490, 590, 690];
    expect([...(dbeta?.data ?? [])]).toEqual(once);
    dbeta?.data.set([1, 2, -3]);
    for (let times = 1; times <= 3; times++) {
      layer.backward(dy, { accumulate: true });
      expect([...(dbeta?.data ?? [])]).toEqual([1, 2, -3].map((value, c) => value + times * once[c]));
    }
    layer.backward(dy, { accumulate: false });
    expect([...(dbeta?.data ?? [])]).toEqual(once);
  });

  it("goes without gamma, without beta and without both", () => {
    for (const options of [{ gamma: false }, { beta: false }, { gamma: false, beta: false }]) {
      const layer = layerWith(options);
      for (const mode of ["train", "eval"] as const) {
        layer[mode]().forward(noise(1));
        const once = gradients(layer, noise(2));
        const twice = gradients(layer, noise(2), true);
        // Twice the float32 value is exact. The sum has the float64 value instead, so the two differ by one float32 at most.
        twice.slice(0, 2).forEach((values, k) => {
          expectWithin(
            "twice",
            "gradient",
            values,
            once[k].map((v) => 2 * v),
            (i) => 2 ** -23 * Math.abs(values[i]),
          );
        });
        expect(twice[2]).toEqual(once[2]);
      }
    }
  });

  it("of no values adds nothing, of NaN gives NaN in that channel", () => {
    const layer = layerWith();
    layer.forward(noise(1));
    const before = gradients(layer, noise(2));
    const empty = () => kernels.tensor([0, 3, 5], "NCL");
    layer.forward(empty());
    expect(gradients(layer, empty(), true).slice(0, 2)).toEqual(before.slice(0, 2));
    layer.forward(noise(1));
    const dy = noise(2);
    dy.data[0] = Number.NaN;
    const [dgamma, dbeta] = gradients(layer, dy, true);
    for (const values of [dgamma, dbeta]) expect([...values].map(Number.isNaN)).toEqual([true, false, false]);
  });

  it("adds after the memory has grown", () => {
    const [still, grown] = [layerWith(), layerWith()].map((layer) => {
      layer.forward(noise(1));
      layer.backward(noise(2));
      return layer;
    });
    const large = kernels.tensor([kernels.memory.buffer.byteLength / 4 + 1, 1], "NC");
    const got = gradients(grown, noise(3), true);
    large.dispose();
    expect(got).toEqual(gradients(still, noise(3), true));
  });

  it("adds nothing where the call is refused", () => {
    const layer = layerWith();
    layer.forward(noise(1));
    const { dgamma, dbeta } = layer.backward(noise(2));
    const before = [dgamma, dbeta].map((tensor) => tensor?.data.slice());
    expect(() => layer.backward(kernels.tensor([4, 3, 6], "NCL"), { accumulate: true })).toThrow(RangeError);
    expect(() => layer.backward(noise(3), { accumulate: 1 as unknown as boolean })).toThrow(TypeError);
    expect([dgamma?.data, dbeta?.data]).toEqual(before);
  });
});
