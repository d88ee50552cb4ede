import { describe, expect, it } from "vitest";
import { BatchNorm, normalize, type Statistics } from "../../src/index.js";
import { type GoldenCase, type GoldenStep, oneDnnShapes, published, quantities, values } from "../golden/read.js";
import { layerOf, type Outcome, runStep } from "../golden/run.js";
import { kernels } from "../helpers/backend.js";
import { expectClose } from "../helpers/compare.js";
import { classOf } from "../helpers/metric.js";
import { expectation, problemFrom } from "../helpers/problem.js";
import { normal, toChannelsFirst, toChannelsLast } from "../helpers/support.js";

/** Values outside the tolerance that their project publishes them with. */
function judge(step: GoldenStep, outcome: Outcome): string[] {
  const complaints: string[] = [];
  for (const quantity of quantities) {
    const expectation = step.expect?.[quantity];
    if (!expectation) continue;
    const ref = values(expectation.ref);
    const got = outcome.got[quantity] ?? new Float32Array(0);
    if (got.length !== ref.length) complaints.push(`${quantity}: expected ${ref.length} values, got ${got.length}`);
    ref.forEach((value, i) => {
      const limit = expectation.atol + expectation.rtol * Math.abs(value);
      const close =
        classOf(value) === "finite" ? Math.abs(got[i] - value) <= limit : classOf(value) === classOf(got[i]);
      if (!close) complaints.push(`${quantity}[${i}]: expected ${value} within ${limit}, got ${got[i]}`);
    });
  }
  return complaints;
}

function run(golden: GoldenCase): void {
  const layer = layerOf(kernels, golden);
  for (const step of golden.steps) {
    const outcome = runStep(kernels, layer, golden, step);
    if (step.throws) expect(outcome.error).toBeInstanceOf(RangeError);
    else expect(outcome.error).toBeUndefined();
    expect(judge(step, outcome)).toEqual([]);
  }
  layer.dispose();
}

describe("ONNX", () => {
  it.each(published.onnx)("$id", run);
});

describe("TensorFlow.js", () => {
  it.each(published.tfjs)("$id", run);

  const evalCases = published.tfjs.filter(({ steps }) => steps[0].load);
  it.each(evalCases)("$id through normalize", (golden) => {
    const [step] = golden.steps;
    const { runningMean, runningVar } = step.load as NonNullable<GoldenStep["load"]>;
    const statistics: Statistics = {
      count: 1,
      mean: Float64Array.from(values(runningMean)),
      variance: Float64Array.from(values(runningVar)),
    };
    const vector = (ref: GoldenCase["weight"]) => ref && kernels.tensor([golden.numFeatures], "C", values(ref));
    const y = normalize(kernels.tensor(step.shape, golden.layout, values(step.x)), statistics, {
      gamma: vector(golden.weight),
      beta: vector(golden.bias),
      eps: golden.eps,
    });
    const { y: expected } = step.expect ?? {};
    expect(
      judge({ ...step, expect: expected ? { y: expected } : {} }, { got: { y: y.data }, numBatchesTracked: 0 }),
    ).toEqual([]);
  });

  it("the gradients of mean and variance that three cases publish have no counterpart here", () => {
    const withMore = published.tfjs.filter(({ steps }) => steps.some((step) => step.published));
    expect(withMore.flatMap(({ steps }) => steps.flatMap((step) => Object.keys(step.published ?? {})))).toEqual([
      "dmean",
      "dvariance",
      "dmean",
      "dvariance",
      "dmean",
      "dvariance",
    ]);
  });
});

describe("candle, burn, Keras and MLX", () => {
  it.each(published.others)("$id", run);
});

describe("options of other projects", () => {
  it("momentum is 1 − theirs: Keras' 0.99 and ONNX' 0.9 weigh the old value", () => {
    for (const theirs of [0.99, 0.9, 0, 1]) {
      const layer = new BatchNorm(kernels, 1, { momentum: 1 - theirs, runningVariance: "population" });
      layer.forward(kernels.tensor([2, 1], "NC", [2, 6]));
      // Theirs: r = m·r + (1 − m)·v, two products and a sum in float64, and the rounding of 1 − m.
      expect(Math.abs((layer.runningMean?.[0] ?? Number.NaN) - (1 - theirs) * 4)).toBeLessThanOrEqual(4 * 2 ** -53 * 4);
      expect(Math.abs((layer.runningVar?.[0] ?? Number.NaN) - (theirs + (1 - theirs) * 4))).toBeLessThanOrEqual(
        4 * 2 ** -53 * 4,
      );
    }
  });
});

describe("shapes of oneDNN's benchmarks", () => {
  /** Larger activations are left out: the float64 computation would take the suite's whole time. */
  const byteBound = 2 ** 19;
  const bytes = (shape: readonly number[]) => 4 * shape.reduce((product, extent) => product * extent, 1);
  const small = oneDnnShapes.filter(({ shape }) => bytes(shape) <= byteBound);
  const huge = oneDnnShapes.filter(({ shape }) => bytes(shape) > byteBound);

  const noise = { x: normal(byteBound / 4, 1, 0.5, 2), dy: normal(byteBound / 4, 2) };

  it(`are a sample: ${small.length} of ${oneDnnShapes.length} shapes are at most ${byteBound} bytes`, () => {
    expect(small.length).toBe(48);
    expect(huge.length).toBe(99);
    for (const layout of ["NC", "NCL", "NCHW", "NCDHW"])
      expect(small.some((each) => each.layout === layout)).toBe(true);
  });

  it.each(small)("$name $shape: planes and rows agree with float64", ({ shape, layout }) => {
    const [batch, channels, ...axes] = shape;
    const spatial = axes.reduce((product, extent) => product * extent, 1);
    const length = batch * channels * spatial;
    const x = noise.x.subarray(0, length);
    const dy = noise.dy.subarray(0, length);
    const gamma = normal(channels, 3, 1, 0.5);
    const beta = normal(channels, 4);
    // One value per channel cannot be trained on: those shapes run with running statistics.
    const one = { count: 0, mean: new Float64Array(channels), variance: new Float64Array(channels).fill(1) };
    const frozen = batch * spatial > 1 ? null : one;
    const want = expectation(problemFrom("NCL", [batch, channels, spatial], { x, dy, gamma, beta, frozen }));

    const last = layout === "NC" ? "NC" : (`N${layout.slice(2)}C` as "NLC" | "NHWC" | "NDHWC");
    const planes = layout === "NC" ? (["NCL", [batch, channels, 1]] as const) : ([layout, shape] as const);
    for (const [each, extents] of [planes, [last, [batch, ...axes, channels]]] as const) {
      const isRows = each.endsWith("C");
      const layer = new BatchNorm(kernels, channels);
      layer.gamma?.data.set(gamma);
      layer.beta?.data.set(beta);
      if (frozen) layer.eval();
      const make = (data: Float32Array) =>
        kernels.tensor(extents, each, isRows ? toChannelsLast(data, channels, spatial) : data);
      const back = (data: Float32Array) => (isRows ? toChannelsFirst(data, channels, spatial) : data.slice());
      const [xt, dyt] = [make(x), make(dy)];
      const y = layer.forward(xt);
      expectClose(each, "y", back(y.data), want.y);
      const { dx, dgamma, dbeta } = layer.backward(dyt);
      expectClose(each, "dx", back(dx.data), want.dx);
      expectClose(each, "dgamma", dgamma?.data ?? new Float32Array(0), want.dgamma);
      expectClose(each, "dbeta", dbeta?.data ?? new Float32Array(0), want.dbeta);
      for (const tensor of [xt, dyt, y, dx, layer]) tensor.dispose();
    }
  });
});
