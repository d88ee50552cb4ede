import type { Problem } from "../../baseline/index.js";
import type { Case } from "../../cases.js";
import { type Prepared, peerPackage, serve, versionOf, type Work } from "./serve.js";

/**
 * The part of @jax-js/jax that is used here. Its functions consume their arguments; `ref` keeps an argument for later.
 */
interface JaxArray {
  readonly ref: JaxArray;
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  dataSync(): Float32Array;
  dispose(): void;
}
type Reduce = (x: JaxArray, axes: readonly number[], options: { keepdims: boolean }) => JaxArray;
type Pure = (...inputs: JaxArray[]) => JaxArray[];
interface Jax {
  init(device: "wasm"): Promise<unknown>;
  defaultDevice(device: "wasm"): unknown;
  jit(f: Pure): Pure & { dispose(): void };
  blockUntilReady(arrays: JaxArray[]): Promise<unknown>;
  readonly numpy: {
    array(values: Float32Array): JaxArray;
    readonly mean: Reduce;
    readonly sum: Reduce;
    square(x: JaxArray): JaxArray;
    sqrt(x: JaxArray): JaxArray;
    reciprocal(x: JaxArray): JaxArray;
  };
}

/** The formulas, each compiled as a whole. Backward takes the mean and invstd that the training forward returned. */
function compile({ numpy: np, jit }: Jax, p: Problem, axes: readonly number[]) {
  const count = p.batch * p.spatial;
  const [old, weight, unbiased] = [1 - p.momentum, p.momentum, count / (count - 1)];
  const keepdims = { keepdims: true };
  const inverse = (variance: JaxArray) => np.reciprocal(np.sqrt(variance.add(p.eps)));
  return {
    inference: jit((x, gamma, beta, runningMean, runningVar) => {
      const scale = gamma.mul(inverse(runningVar));
      return [x.mul(scale.ref).add(beta.sub(runningMean.mul(scale)))];
    }),
    training: jit((x, gamma, beta, runningMean, runningVar) => {
      const mean = np.mean(x.ref, axes, keepdims);
      const centred = x.sub(mean.ref);
      const variance = np.mean(np.square(centred.ref), axes, keepdims);
      const invstd = inverse(variance.ref);
      const y = centred.mul(invstd.ref.mul(gamma)).add(beta);
      const newMean = runningMean.mul(old).add(mean.ref.mul(weight));
      return [y, newMean, runningVar.mul(old).add(variance.mul(weight * unbiased)), mean, invstd];
    }),
    backward: jit((dy, x, gamma, mean, invstd) => {
      const xhat = x.sub(mean).mul(invstd.ref);
      const dbeta = np.sum(dy.ref, axes, keepdims);
      const dgamma = np.sum(dy.ref.mul(xhat.ref), axes, keepdims);
      const projection = dbeta.ref.mul(1 / count).add(xhat.mul(dgamma.ref.mul(1 / count)));
      return [dy.sub(projection).mul(gamma.mul(invstd)), dgamma, dbeta];
    }),
  };
}

function prepare(jax: Jax, extents: Case, p: Problem): Prepared {
  const planes = extents.loop === "planes";
  const shape = planes ? [p.batch, p.channels, p.spatial] : [p.batch * p.spatial, p.channels];
  const per = planes ? [1, p.channels, 1] : [p.channels];
  const functions = compile(jax, p, planes ? [0, 2] : [0]);
  const on = (data: ArrayLike<number>, as: readonly number[]) => jax.numpy.array(Float32Array.from(data)).reshape(as);
  const [x, dy, gamma, beta] = [on(p.x, shape), on(p.dy, shape), on(p.gamma, per), on(p.beta, per)];
  // the state of a training loop: the results of the last call of each function
  let y: JaxArray[] = [];
  let state = [on(p.runningMean, per), on(p.runningVar, per)];
  let saved: JaxArray[] = [];
  let gradients: JaxArray[] = [];
  const free = (arrays: JaxArray[]) => {
    for (const array of arrays) array.dispose();
  };
  const work = (run: () => JaxArray[]): Work => ({ run: () => jax.blockUntilReady(run()) });
  return {
    verbs: {
      inference: work(() => {
        free(y);
        const [mean, variance] = state;
        y = functions.inference(x.ref, gamma.ref, beta.ref, mean.ref, variance.ref);
        return y;
      }),
      trainingForward: work(() => {
        free(y);
        free(saved);
        const [output, mean, variance, ...rest] = functions.training(x.ref, gamma.ref, beta.ref, ...state);
        y = [output];
        state = [mean, variance];
        saved = rest;
        return [...y, ...state, ...saved];
      }),
      backward: work(() => {
        free(gradients);
        const [mean, invstd] = saved;
        gradients = functions.backward(dy.ref, x.ref, gamma.ref, mean.ref, invstd.ref);
        return gradients;
      }),
    },
    results() {
      const read = (array?: JaxArray) => array?.ref.dataSync();
      const [runningMean, runningVar] = state.map(read);
      const [dx, dgamma, dbeta] = gradients.map(read);
      return { y: read(y[0]), runningMean, runningVar, dx, dgamma, dbeta };
    },
    dispose() {
      free([x, dy, gamma, beta, ...y, ...state, ...saved, ...gradients]);
      for (const f of Object.values(functions)) f.dispose();
    },
  };
}

await serve(async () => {
  // jax-js takes its number of threads from navigator.hardwareConcurrency, which Node.js 20 does not have
  Object.defineProperty(globalThis, "navigator", { value: { hardwareConcurrency: 1 }, configurable: true });
  const jax = (await peerPackage("@jax-js/jax")) as Jax;
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return {
    version: versionOf("@jax-js/jax"),
    runningVariance: "unbiased",
    prepare: (extents, p) => prepare(jax, extents, p),
  };
});
