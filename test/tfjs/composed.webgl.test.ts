import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { batchNormInference, batchNormTraining, install, uninstall } from "../../src/tfjs/index.js";
import { BatchNormalization } from "../../src/tfjs/layers.js";
import { expectClose, expectWithin } from "../helpers/compare.js";
import { u } from "../helpers/metric.js";
import { expectation } from "../helpers/problem.js";
import { broadcastProblem, expectNormalization, parameterShapes } from "./normalization.js";
import {
  composedLimit,
  gradientsFor,
  read,
  rounded,
  type TfjsProblem,
  tensorsOf,
  tf,
  tfjsProblem,
  tfl,
} from "./problem.js";

/**
 * Batch normalization in operations of TensorFlow.js, for the backends that the kernels do not reach: on webgl in a browser,
 * in Node.js on the cpu's under a name that is not known.
 */
const backend = inject("host") === "node" ? "other" : "webgl";

beforeAll(async () => {
  tf.env().set("PROD", true); // no greeting
  if (backend === "webgl") {
    await import("@tensorflow/tfjs-backend-webgl");
  } else {
    await import("@tensorflow/tfjs-backend-cpu");
    tf.registerBackend("other", tf.findBackendFactory("cpu"));
    tf.copyRegisteredKernels("cpu", "other");
  }
  await tf.setBackend(backend);
});

type Layer = tfl.layers.Layer;
type Args = ConstructorParameters<typeof BatchNormalization>[0];

/** Ranks 2 to 5 with the channels on every axis, and gamma and beta each on or off. */
const shapes = [
  [7, 5],
  [4, 3, 5],
  [2, 3, 5, 4],
  [2, 3, 2, 5, 3],
];
const affines = [
  { gamma: true, beta: true },
  { gamma: false, beta: true },
  { gamma: true, beta: false },
  { gamma: false, beta: false },
];
const problemsFor = (mode: "train" | "eval") =>
  shapes
    .flatMap((shape) => shape.map((_, axis) => [shape, axis] as const))
    .map(([shape, axis], i) => tfjsProblem(shape, axis, { mode, ...affines[i % affines.length] }));

interface Results {
  readonly y: tf.Tensor;
  readonly dx: tf.Tensor;
  readonly dgamma: tf.Tensor | null;
  readonly dbeta: tf.Tensor | null;
}

/** Each within the limit of its terms before they cancel. */
function expectResults(p: TfjsProblem, { y, dx, dgamma, dbeta }: Results): void {
  const want = expectation(p);
  const limit = composedLimit(p);
  expectClose(p.line, "y", read(y), want.y, limit);
  expectWithin(p.line, "dx", read(dx), want.dx.ref, (i) => limit * want.dxTerms(i));
  expect([dgamma !== null, dbeta !== null], p.line).toEqual([p.gamma !== null, p.beta !== null]);
  if (dgamma) {
    const bound = (c: number) => limit * (want.dgamma.scale[c] + want.dbeta.scale[c]);
    expectWithin(p.line, "dgamma", read(dgamma), want.dgamma.ref, bound);
  }
  if (dbeta) expectClose(p.line, "dbeta", read(dbeta), want.dbeta, limit);
}

function resultsOfFunction(p: TfjsProblem): Results {
  const { axis, eps } = p;
  const { x, dy, gamma, beta, mean, variance } = tensorsOf(p);
  const run = (...[x, gamma, beta]: (tf.Tensor | null)[]) =>
    mean && variance
      ? batchNormInference(x as tf.Tensor, mean, variance, gamma, beta, { axis, eps })
      : batchNormTraining(x as tf.Tensor, gamma, beta, { axis, eps }).y;
  const [dx, dgamma, dbeta] = gradientsFor([x, gamma, beta], dy, run);
  return { y: run(x, gamma, beta), dx: dx as tf.Tensor, dgamma, dbeta };
}

function layerOf(p: TfjsProblem, make: (args: Args) => Layer): Layer {
  const layer = make({ axis: p.axis, epsilon: p.eps, scale: p.gamma !== null, center: p.beta !== null });
  layer.build([...p.own]);
  const { gamma, beta, mean, variance } = tensorsOf(p);
  const [movingMean, movingVariance] = layer.getWeights().slice(-2);
  const weights = [gamma, beta, mean ?? movingMean, variance ?? movingVariance];
  layer.setWeights(weights.filter((weight) => weight !== null));
  return layer;
}

function resultsOfLayer(p: TfjsProblem, make: (args: Args) => Layer): Results {
  const layer = layerOf(p, make);
  const { x, dy } = tensorsOf(p);
  const apply = (x: tf.Tensor) => layer.apply(x, { training: p.frozen === null }) as tf.Tensor;
  const gradients = () => tf.variableGrads(() => tf.sum(tf.mul(apply(x), dy))).grads;
  const grads = p.gamma || p.beta ? gradients() : {};
  const own = layer.trainableWeights.map(({ name }) => grads[name]);
  const dgamma = p.gamma ? own[0] : null;
  const dbeta = p.beta ? own[own.length - 1] : null;
  return { y: apply(x), dx: tf.grad(apply)(x, dy), dgamma, dbeta };
}

const makers: [name: string, make: (args?: Args) => Layer][] = [
  ["the class", (args) => new BatchNormalization(args)],
  ["tf.layers.batchNormalization, installed", (args) => tfl.layers.batchNormalization(args)],
];
const problems = (["train", "eval"] as const).flatMap((mode) => problemsFor(mode).map(rounded));
const named = problems.map((p) => [p.line, p] as const);

describe(`operations of TensorFlow.js on ${backend}`, () => {
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  it("is the backend of the test, in float32", () => {
    expect(tf.getBackend()).toBe(backend);
    if (backend === "webgl") expect(tf.env().getBool("WEBGL_RENDER_FLOAT32_ENABLED")).toBe(true);
  });

  it.each(named)("the functions: %s", (_, p) => expectResults(p, resultsOfFunction(p)));

  describe.each(makers)("%s", (name, make) => {
    const isInstalled = name !== "the class";
    beforeAll(async () => {
      if (isInstalled) await install(tf, { layers: tfl.layers });
    });
    afterAll(uninstall);

    it.each(named)("%s", (_, p) => expectResults(p, resultsOfLayer(p, make)));

    it("inference that nothing differentiates is by the backend's own kernel, right for all ranks", async () => {
      const p = rounded(tfjsProblem([2, 3, 2, 5, 3], 4, { mode: "eval" }));
      const layer = layerOf(p, make);
      const { x } = tensorsOf(p);
      const { result, kernelNames } = await tf.profile(() => layer.apply(x) as tf.Tensor);
      expect(kernelNames.filter((name) => name !== "Reshape")).toEqual(["FusedBatchNorm"]);
      expectClose(p.line, "y", read(result as tf.Tensor), expectation(p).y, composedLimit(p));
    });

    it("moves the statistics as TensorFlow.js does, and not by an empty batch", () => {
      const p = tfjsProblem([4, 3, 5], 1, { gamma: false, beta: false });
      const want = expectation(p);
      const layer = make({ axis: 1, momentum: 0.75, scale: false, center: false });
      const { x } = tensorsOf(p);
      layer.apply(x, { training: true });
      const moved = layer.getWeights().map((weight) => [...read(weight)]);
      // From 0 and 1 by a quarter of the way.
      const { mean, variance } = want;
      const quarter = (from: number, to: ArrayLike<number>) =>
        Float64Array.from(to, (value) => 0.75 * from + value / 4);
      const limit = composedLimit(p);
      expectWithin(p.line, "moving mean", moved[0], quarter(0, mean.ref), (c) => limit * mean.scale[c]);
      expectWithin(
        p.line,
        "moving variance",
        moved[1],
        quarter(1, variance.ref),
        (c) => limit * (1 + variance.scale[c]),
      );
      const y = layer.apply(tf.zeros([0, 3, 5]), { training: true }) as tf.Tensor;
      expect(y.shape).toEqual([0, 3, 5]);
      expect(layer.getWeights().map((weight) => [...read(weight)])).toEqual(moved);
    });

    it("takes int32, and leaves no tensor behind", () => {
      const layer = make();
      const x = tf.tensor2d([1, 2, 3, 5, 8, 13], [3, 2], "int32");
      const y = layer.apply(tf.cast(x, "float32"), { training: true }) as tf.Tensor;
      const before = tf.memory().numTensors;
      const same = layer.apply(x, { training: true }) as tf.Tensor;
      expect(tf.memory().numTensors).toBe(before + 1);
      expect([same.dtype, ...read(same)]).toEqual(["float32", ...read(y)]);
    });

    it(`one value per channel: ${isInstalled ? "passes with a warning, y is beta" : "refused"}`, () => {
      const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
      const layer = make({ betaInitializer: "ones" });
      const apply = (x: tf.Tensor) => layer.apply(x, { training: true }) as tf.Tensor;
      const x = tf.tensor2d([[3, -5]]);
      if (isInstalled) {
        expect([...read(apply(x))]).toEqual([1, 1]);
        expect([...read(tf.grad(apply)(x, tf.tensor2d([[2, 4]])))].map(Math.abs)).toEqual([0, 0]);
      } else {
        expect(() => apply(x)).toThrow(RangeError);
      }
      expect(warn).toHaveBeenCalledTimes(isInstalled ? 1 : 0);
      warn.mockRestore();
    });
  });

  describe("tf.batchNorm, installed", () => {
    beforeAll(async () => void (await install(tf, { layers: tfl.layers })));
    afterAll(uninstall);

    const own = parameterShapes.filter(([shape, each]) => {
      const ranks = new Set(each.flatMap((extents) => (extents ? [extents.length] : [])));
      return ranks.size === 1 && shape.length >= Math.max(...ranks);
    });
    it.each(own.map(([shape, each]) => [JSON.stringify([shape, ...each]), shape, each] as const))(
      "x and parameters %s: all five gradients",
      (line, shape, each) => {
        const size = shape.reduce((product, extent) => product * extent, 1);
        expectNormalization(
          line,
          broadcastProblem([...shape], [...each]),
          (x, mean, variance, scale, offset) =>
            tf.batchNorm(
              x as tf.Tensor,
              mean as tf.Tensor,
              variance as tf.Tensor,
              offset ?? undefined,
              scale ?? undefined,
            ),
          // A sum over at most all values, and fewer than 16 other operations, of which two may be off by 5u.
          (size - 1 + 14 + 2 * 5) * u,
        );
      },
    );

    it("of int32 is float32", () => {
      const floats = [tf.tensor2d([1, 2, 3, 5], [2, 2]), tf.tensor1d([2, 1]), tf.tensor1d([1, 3])] as const;
      const [x, mean, variance] = floats.map((tensor) => tf.cast(tensor, "int32"));
      const y = tf.batchNorm(x as tf.Tensor2D, mean as tf.Tensor1D, variance as tf.Tensor1D);
      expect(y.dtype).toBe("float32");
      const ref = Float64Array.from([-1, 1, 1, 4], (value, i) => value / Math.sqrt([1, 3][i % 2] + 1e-3));
      expectWithin("int32", "y", read(y), ref, (i) => 8 * u * Math.abs(ref[i]));
    });

    it("has gradients of gradients: of sum(dx²) for variance", () => {
      const p = rounded(tfjsProblem([6, 3], 1, { mode: "eval" }));
      const { x, mean, variance, gamma, beta } = tensorsOf(p);
      const dxOf = (v: tf.Tensor) =>
        tf.grad((x) =>
          tf.batchNorm(x, mean as tf.Tensor1D, v as tf.Tensor1D, beta as tf.Tensor1D, gamma as tf.Tensor1D),
        );
      const got = read(tf.grad((v: tf.Tensor) => tf.sum(tf.square(dxOf(v)(x))))(variance as tf.Tensor));
      // dx = gamma / sqrt(variance + eps) for each of 6 values: the derivative of 6·gamma² / (variance + eps), here with eps
      // of the call, which is the default.
      const exact = Float64Array.from(
        read(variance as tf.Tensor),
        (v, c) => (-6 * (p.gamma as Float32Array)[c] ** 2) / (v + 1e-3) ** 2,
      );
      expectWithin(p.line, "second", got, exact, (c) => (5 + 14 + 4 * 5) * u * Math.abs(exact[c]));
    });
  });
});
