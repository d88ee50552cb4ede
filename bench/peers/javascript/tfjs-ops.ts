import type { Tensor } from "@tensorflow/tfjs-core";
import type { Problem } from "../../baseline/index.js";
import type { Case } from "../../cases.js";
import { quickest } from "./quickest.js";
import { type JavaScriptPeer, type Prepared, serve, versionOf } from "./serve.js";
import { axes, type Backend, type Core, Kept, tensorflow, tensors, warmUp } from "./tfjs.js";

/** The forms of y = (x - mean) / sqrt(variance + eps) * gamma + beta from given statistics. */
function normalizations(tf: Core, eps: number, perShape: readonly number[], channels: number) {
  type Normalize = (x: Tensor, mean: Tensor, variance: Tensor, beta: Tensor, gamma: Tensor) => Tensor;
  const scale = (variance: Tensor, gamma: Tensor) => tf.mul(tf.rsqrt(tf.add(variance, eps)), gamma);
  const centred: Normalize = (x, mean, variance, beta, gamma) =>
    tf.add(tf.mul(tf.sub(x, mean), scale(variance, gamma)), beta);
  const folded: Normalize = (x, mean, variance, beta, gamma) => {
    const factor = scale(variance, gamma);
    return tf.add(tf.mul(x, factor), tf.sub(beta, tf.mul(mean, factor)));
  };
  // tf.batchNorm takes only channels last, so channels first need two transpositions
  const fused: Normalize = (x, mean, variance, beta, gamma) => {
    if (perShape.length === 1) return tf.batchNorm(x as never, mean, variance, beta, gamma, eps);
    const vectors = [mean, variance, beta, gamma].map((vector) => tf.reshape(vector, [channels]));
    const [m, v, b, g] = vectors;
    return tf.transpose(tf.batchNorm(tf.transpose(x, [0, 2, 3, 1]) as never, m, v, b, g, eps), [0, 3, 1, 2]);
  };
  return { centred, folded, fused };
}

async function prepare(tf: Core, extents: Case, p: Problem): Promise<Prepared> {
  const { reduced, per } = axes(extents);
  const keepDims = per.length > 1;
  const count = p.batch * p.spatial;
  const { x, dy, gamma, beta } = tensors(tf, p, extents.shape, per);
  const vector = (values: Float64Array) => tf.variable(tf.tensor(Float32Array.from(values), per), false);
  const [runningMean, runningVar] = [vector(p.runningMean), vector(p.runningVar)];
  const [batchMean, batchVariance] = [vector(p.mean), vector(p.mean)];
  const kept = new Kept(tf);
  const forms = normalizations(tf, p.eps, per, p.channels);

  const update = (running: typeof runningMean, batch: Tensor, factor: number) =>
    running.assign(tf.add(tf.mul(running, 1 - p.momentum), tf.mul(batch, p.momentum * factor)));
  const training = (form: keyof typeof forms) =>
    kept.work(() => {
      const { mean, variance } = tf.moments(x, reduced, keepDims);
      const y = forms[form](x, mean, variance, beta, gamma);
      update(runningMean, mean, 1);
      update(runningVar, variance, count / (count - 1));
      batchMean.assign(mean as typeof batchMean);
      batchVariance.assign(variance as typeof batchVariance);
      return { y };
    });
  const inference = (form: keyof typeof forms) =>
    kept.work(() => ({ y: forms[form](x, runningMean, runningVar, beta, gamma) }));
  const backward = kept.work(() => {
    const invstd = tf.rsqrt(tf.add(batchVariance, p.eps));
    const xhat = tf.mul(tf.sub(x, batchMean), invstd);
    const dbeta = tf.sum(dy, reduced, keepDims);
    const dgamma = tf.sum(tf.mul(dy, xhat), reduced, keepDims);
    const projection = tf.add(tf.div(dbeta, count), tf.mul(xhat, tf.div(dgamma, count)));
    return { dx: tf.mul(tf.sub(dy, projection), tf.mul(gamma, invstd)), dgamma, dbeta };
  });

  // the cpu backend broadcasts slowly, element by element, so tf.batchNorm is faster in every case
  const slow = tf.getBackend() === "cpu";
  const names = {
    inference: slow ? ["fused"] : ["folded", "fused"],
    training: slow ? ["fused"] : ["centred", "fused"],
  } satisfies Record<string, (keyof typeof forms)[]>;
  const choose = <Name extends keyof typeof forms>(of: readonly Name[], build: (form: Name) => { run(): unknown }) =>
    quickest(Object.fromEntries(of.map((name) => [name, build(name).run])) as Record<Name, () => unknown>);
  const chosen = {
    inference: await choose(names.inference, inference),
    training: await choose(names.training, training),
  };
  // the trials have changed the running statistics
  tf.tidy(() => {
    runningMean.assign(tf.tensor(Float32Array.from(p.runningMean), per) as typeof runningMean);
    runningVar.assign(tf.tensor(Float32Array.from(p.runningVar), per) as typeof runningVar);
  });
  return {
    verbs: {
      inference: inference(chosen.inference),
      trainingForward: training(chosen.training),
      backward,
    },
    firstCallsCount: slow,
    results: () => kept.read({ runningMean, runningVar }),
    form: `inference ${chosen.inference}, training ${chosen.training}`,
    dispose() {
      kept.dispose();
      tf.dispose([x, dy, gamma, beta, runningMean, runningVar, batchMean, batchVariance]);
    },
  };
}

async function start(backend: Backend): Promise<JavaScriptPeer> {
  const tf = await tensorflow(backend);
  const peer: JavaScriptPeer = {
    version: versionOf("@tensorflow/tfjs-core"),
    runningVariance: "unbiased",
    prepare: (extents, p) => prepare(tf, extents, p),
  };
  if (backend === "cpu") await warmUp(peer.prepare);
  return peer;
}

await serve(() => start(process.argv[2] as Backend));
