import { BatchNorm, type Kernels } from "batchnorm-wasm";
import type { Problem, Verbs } from "./baseline/index.js";
import type { Case } from "./cases.js";
import type { Contender } from "./contender.js";

/** Two contenders: the layer with `out` given, and the same layer with copies of the data in and of the result out. */
export function layers(kernels: Kernels, { shape, layout }: Case, p: Problem) {
  const layer = new BatchNorm(kernels, p.channels, { eps: p.eps, momentum: p.momentum });
  const x = kernels.tensor(shape, layout, p.x);
  const dy = kernels.tensor(shape, layout, p.dy);
  const y = kernels.tensor(shape, layout);
  const dx = kernels.tensor(shape, layout);
  layer.gamma?.data.set(p.gamma);
  layer.beta?.data.set(p.beta);
  const state = () => {
    const { runningMean, runningVar } = layer;
    if (!runningMean || !runningVar) throw new Error("the layer keeps no running statistics");
    return { runningMean, runningVar };
  };
  const empty = new Float32Array(0);
  let last: ReturnType<BatchNorm["backward"]> | null = null;
  const gradients = () => ({ dgamma: last?.dgamma?.data ?? empty, dbeta: last?.dbeta?.data ?? empty });

  const direct: Verbs = {
    trainingForward: () => layer.train().forward(x, y),
    inference: () => layer.eval().forward(x, y),
    backward() {
      last = layer.backward(dy, dx);
    },
  };
  const copies = { y: empty, dx: empty, dgamma: empty, dbeta: empty };
  const forward = () => {
    x.data.set(p.x);
    layer.forward(x, y);
    copies.y = y.data.slice();
  };
  const copying: Verbs = {
    trainingForward() {
      layer.train();
      forward();
    },
    inference() {
      layer.eval();
      forward();
    },
    backward() {
      dy.data.set(p.dy);
      last = layer.backward(dy, dx);
      const { dgamma, dbeta } = gradients();
      copies.dx = dx.data.slice();
      copies.dgamma = dgamma.slice();
      copies.dbeta = dbeta.slice();
    },
  };

  const reset: Contender["reset"] = (before) => {
    state().runningMean.set(before.runningMean);
    state().runningVar.set(before.runningVar);
    y.data.fill(Number.NaN);
    dx.data.fill(Number.NaN);
    Object.assign(copies, { y: empty, dx: empty, dgamma: empty, dbeta: empty });
  };
  const contenders: Contender[] = [
    { name: "layer", verbs: direct, reset, results: () => ({ y: y.data, dx: dx.data, ...gradients(), ...state() }) },
    { name: "layer with copies", verbs: copying, reset, results: () => ({ ...copies, ...state() }) },
  ];
  return {
    contenders,
    dispose() {
      for (const tensor of [x, dy, y, dx]) tensor.dispose();
      layer.dispose();
    },
  };
}
