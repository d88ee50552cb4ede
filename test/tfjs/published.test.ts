import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { install, uninstall } from "../../src/tfjs/index.js";
import { type GoldenCase, type GoldenExpectation, type GoldenStep, published, values } from "../golden/read.js";
import { backends, gradientsFor, read, tf, tfl } from "./backends.js";

/** The numbers that the tests of tfjs-core and tfjs-layers publish, through their own functions with ours installed. */

const core = published.tfjs.filter(({ kind }) => kind === "tfjs-core");
const layers = published.tfjs.filter(({ kind }) => kind === "tfjs-layers");

function judge(name: string, got: tf.Tensor, expected: GoldenExpectation): void {
  const ref = values(expected.ref);
  const answer = read(got);
  expect(answer.length, name).toBe(ref.length);
  ref.forEach((value, i) => {
    const limit = expected.atol + expected.rtol * Math.abs(value);
    expect(Math.abs(answer[i] - value), `${name}[${i}]: ${answer[i]}, published ${value}`).toBeLessThanOrEqual(limit);
  });
}

const tensor = (ref: GoldenCase["weight"], shape?: readonly number[]) => {
  const numbers = Float32Array.from(values(ref as NonNullable<typeof ref>));
  return tf.tensor(numbers, shape ? [...shape] : [numbers.length]);
};

/** Of [mean, variance] of a gradient case, which are published without a tolerance of their own. */
function publishedGradient(step: GoldenStep, name: "dmean" | "dvariance"): GoldenExpectation {
  const dx = step.expect?.dx as GoldenExpectation;
  return { ...dx, ref: (step.published as Record<string, GoldenExpectation["ref"]>)[name] };
}

describe.each(backends)("published by TensorFlow.js, on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    await install(tf, { layers: tfl.layers });
  });
  afterAll(uninstall);
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  it("has cases of both packages", () => expect([core.length, layers.length]).toEqual([17, 7]));

  it.each(core)("$id", ({ eps, weight, bias, steps: [step] }) => {
    const { runningMean, runningVar } = step.load as NonNullable<GoldenStep["load"]>;
    const inputs = [tensor(step.x, step.shape), ...[runningMean, runningVar, bias, weight].map((ref) => tensor(ref))];
    const run = (...[x, mean, variance, offset, scale]: (tf.Tensor | null)[]) =>
      tf.batchNorm(
        x as tf.Tensor,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
        eps,
      );
    const { y, dx, dweight, dbias } = step.expect as NonNullable<GoldenStep["expect"]>;
    judge("y", run(...inputs), y as GoldenExpectation);
    if (!step.dy) return;
    const gradients = gradientsFor(inputs, tensor(step.dy, step.shape), run) as tf.Tensor[];
    judge("dx", gradients[0], dx as GoldenExpectation);
    judge("dmean", gradients[1], publishedGradient(step, "dmean"));
    judge("dvariance", gradients[2], publishedGradient(step, "dvariance"));
    judge("doffset", gradients[3], dbias as GoldenExpectation);
    judge("dscale", gradients[4], dweight as GoldenExpectation);
  });

  it.each(layers)("$id", (golden) => {
    const momentum = 1 - (golden.momentum as number);
    const layer = tfl.layers.batchNormalization({ epsilon: golden.eps, momentum });
    layer.build([...golden.steps[0].shape]);
    const parameters = [golden.weight, golden.bias].map((ref) => (ref ? tensor(ref) : null));
    const [gamma, beta, mean, variance] = layer.getWeights();
    layer.setWeights([parameters[0] ?? gamma, parameters[1] ?? beta, mean, variance]);
    for (const step of golden.steps) {
      if (step.load) {
        const [gamma, beta] = layer.getWeights();
        layer.setWeights([gamma, beta, tensor(step.load.runningMean), tensor(step.load.runningVar)]);
      }
      const y = layer.apply(tensor(step.x, step.shape), { training: step.mode === "train" }) as tf.Tensor;
      const { y: output, runningMean, runningVar } = step.expect ?? {};
      const [, , movingMean, movingVariance] = layer.getWeights();
      if (output) judge("y", y, output);
      if (runningMean) judge("movingMean", movingMean, runningMean);
      if (runningVar) judge("movingVariance", movingVariance, runningVar);
    }
  });
});
