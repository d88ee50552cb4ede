// A ResNet block: y = relu(norm(relu(norm(x · a)) · b) + x), where the products are 1x1 convolutions of NHWC images.
// The end of the block, with the residual and its ReLU, is one call in each direction.
import { BatchNorm, loadSync } from "batchnorm-wasm";

const CHANNELS = 8;
const kernels = loadSync();
const wave = (length, phase) => Float32Array.from({ length }, (_, i) => Math.sin(i * i + phase));
const tensor = (values) => kernels.tensor([2, 4, 4, CHANNELS], "NHWC", values);
const [first, last] = [0, 1].map(() => new BatchNorm(kernels, CHANNELS, { activation: "relu" }));
const [a, b] = [1, 2].map((phase) => wave(CHANNELS ** 2, phase));
const [h, n, p, y, dp, dn, dh, dx] = Array.from({ length: 8 }, () => tensor());

/** Adds rows · matrix to out, or rows · transposed matrix. */
function addProduct(out, rows, matrix, transposed = false) {
  for (let i = 0; i < rows.length; i++) {
    const j = i % CHANNELS;
    for (let k = 0; k < CHANNELS; k++)
      out[i] += rows[i - j + k] * matrix[transposed ? j * CHANNELS + k : k * CHANNELS + j];
  }
}

function forward(x) {
  addProduct(h.data.fill(0), x.data, a);
  addProduct(p.data.fill(0), first.forward(h, n).data, b);
  return last.forward(p, { out: y, residual: x });
}

function backward(dy) {
  last.backward(dy, { out: dp, residualGradient: dx }); // dx has a term of the shortcut
  addProduct(dn.data.fill(0), dp.data, b, true);
  addProduct(dx.data, first.backward(dn, dh).dx.data, a, true); // and a term of the block
  return dx;
}

const [x, dy] = [3, 4].map((phase) => tensor(wave(256, phase))); // of the loss sum(y · dy)
const dot = (u, v) => u.data.reduce((sum, value, i) => sum + value * v.data[i], 0);
const lossAt = (step) => dot(forward(tensor(x.data.map((value, i) => value + step * dy.data[i]))), dy);
console.log("by differences:", (lossAt(2 ** -12) - lossAt(-(2 ** -12))) * 2 ** 11);
forward(x);
console.log("by backward:", dot(backward(dy), dy)); // the slope of the loss along dy
