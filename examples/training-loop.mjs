// A training loop without a framework. Each step adds up the gradients of four micro-batches. The network multiplies a
// scalar t by w, applies batch norm with ReLU, and multiplies by v. It learns t².
import { BatchNorm, loadSync } from "batchnorm-wasm";

const [ROWS, FEATURES, MICRO_BATCHES, RATE] = [64, 16, 4, 0.05];
const kernels = loadSync();
const layer = new BatchNorm(kernels, FEATURES, { activation: "relu" });
const [x, y, dy, dx] = [0, 1, 2, 3].map(() => kernels.tensor([ROWS, FEATURES], "NC"));
const w = Float32Array.from({ length: FEATURES }, (_, j) => (j % 2 ? 1 : -1));
const v = new Float32Array(FEATURES).fill(0.1);
layer.beta.data.set(w.map((_, j) => 1 - j / 8)); // the places of the kinks
const inputs = Float32Array.from({ length: ROWS * MICRO_BATCHES }, (_, i) => ((i * 0.618034) % 1) * 2 - 1);

const descend = (values, slopes) => values.set(values.map((value, i) => value - RATE * slopes[i]));
for (let step = 0; step <= 300; step++) {
  const [dw, dv] = [w, v].map((values) => new Float32Array(values.length));
  let [loss, gradients] = [0, null];
  for (let part = 0; part < MICRO_BATCHES; part++) {
    const ts = inputs.subarray(part * ROWS, (part + 1) * ROWS);
    x.data.set(x.data.map((_, i) => ts[Math.floor(i / FEATURES)] * w[i % FEATURES]));
    layer.forward(x, y);
    for (let row = 0; row < ROWS; row++) {
      const at = row * FEATURES;
      const error = v.reduce((sum, value, j) => sum + value * y.data[at + j], 0) - ts[row] ** 2;
      loss += error ** 2 / inputs.length;
      for (let j = 0; j < FEATURES; j++) {
        dv[j] += (2 * error * y.data[at + j]) / inputs.length;
        dy.data[at + j] = (2 * error * v[j]) / inputs.length;
      }
    }
    // The first overwrites dgamma and dbeta of the step before, the others add.
    gradients = layer.backward(dy, { out: dx, accumulate: part > 0 });
    for (const [i, value] of dx.data.entries()) dw[i % FEATURES] += value * ts[Math.floor(i / FEATURES)];
  }
  descend(w, dw);
  descend(v, dv);
  descend(layer.gamma.data, gradients.dgamma.data);
  descend(layer.beta.data, gradients.dbeta.data);
  if (step % 100 === 0) console.log(`step ${step}: loss ${loss.toFixed(5)}`);
}
