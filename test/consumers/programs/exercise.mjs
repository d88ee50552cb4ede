/**
 * The steps that every consumer takes: a training forward, a backward, a state dict, an eval forward, merged statistics,
 * growth of the memory, a refusal, the binary with relaxed instructions. It imports nothing and asks nothing of the
 * engine but the language, so that the same file runs everywhere.
 */

/** Channels first and last and no spatial extent; extents that fill no vector, so that the remainders run too. */
export const CASES = [
  { layout: "NCHW", shape: [3, 5, 4, 7] },
  { layout: "NHWC", shape: [3, 4, 7, 6] },
  { layout: "NC", shape: [33, 6] },
];

export const EPS = 1e-3;
export const MOMENTUM = 0.25;

export const channelsOf = ({ layout, shape }) => shape[layout.indexOf("C")];

/** The same values on every engine: 24 bits of a counter through a mixing function (mulberry32), between low and high. */
export function noise(length, seed, low, high) {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return low + (high - low) * (((t ^ (t >>> 14)) >>> 8) / 2 ** 24);
  });
}

export function inputsOf(problem) {
  const size = problem.shape.reduce((product, extent) => product * extent, 1);
  const channels = channelsOf(problem);
  return {
    x: noise(size, 1, -1, 7),
    dy: noise(size, 2, -1, 1),
    gamma: noise(channels, 3, 0.5, 1.5),
    beta: noise(channels, 4, -0.5, 0.5),
  };
}

/** A state dict as it comes back from a file. */
const thawed = (state) =>
  JSON.parse(JSON.stringify(state, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value)));

/** What the steps compute in one case, as copies, and the largest |difference| of a forward with relaxed instructions. */
export function compute({ BatchNorm, batchStatistics, mergeStatistics }, kernels, problem, relaxed) {
  const { layout, shape } = problem;
  const { x: values, dy: gradient, gamma, beta } = inputsOf(problem);
  const options = { eps: EPS, momentum: MOMENTUM, activation: "relu" };
  const own = [];
  const keep = (disposable) => {
    own.push(disposable);
    return disposable;
  };
  const layerOf = (kernels) => {
    const layer = new BatchNorm(kernels, channelsOf(problem), options);
    layer.gamma.data.set(gamma);
    layer.beta.data.set(beta);
    return layer;
  };

  const x = keep(kernels.tensor(shape, layout, values));
  const layer = keep(layerOf(kernels));
  const out = keep(layer.forward(x));
  const y = out.data.slice();
  const { dx, dgamma, dbeta } = layer.backward(keep(kernels.tensor(shape, layout, gradient)));
  const backward = { dx: keep(dx).data.slice(), dgamma: dgamma.data.slice(), dbeta: dbeta.data.slice() };
  const state = thawed(layer.stateDict());

  const restored = keep(new BatchNorm(kernels, channelsOf(problem), options));
  restored.loadStateDict(state);
  const inference = keep(restored.eval().forward(x)).data.slice();
  const parts = [x, out].map((part) => keep(batchStatistics(part)));
  const merged = keep(mergeStatistics(parts)).variance.slice();

  // More than the memory has: it moves, and the views from before are detached.
  const before = x.data;
  const bytes = kernels.memory.buffer.byteLength;
  keep(kernels.tensor([bytes / 4, 1], "NC"));
  const grown = before.length === 0 && kernels.memory.buffer.byteLength > bytes;
  const regrown = keep(restored.forward(x)).data.slice();

  const fused = relaxed ? layerOf(relaxed).forward(relaxed.tensor(shape, layout, values)).data : y;
  const apart = fused.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i])), 0);
  for (const disposable of own) disposable.dispose();
  const running = { runningMean: state.running_mean, runningVar: state.running_var };
  const arrays = { y, ...backward, ...running, inference, merged, regrown };
  return { arrays, grown, batches: state.num_batches_tracked, apart };
}

/** FNV-1a over the bytes. */
function hash(values) {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const digest = bytes.reduce((h, byte) => Math.imul(h ^ byte, 0x01000193), 0x811c9dc5);
  return (digest >>> 0).toString(16).padStart(8, "0");
}

/** All bits in a hash; two values and the mean to read, and to compare where bits may differ. */
export function print(values) {
  const array = Array.isArray(values) ? Float64Array.from(values) : values;
  const mean = Array.from(array).reduce((sum, value) => sum + Math.abs(value), 0) / array.length;
  return `${hash(array)}: ${array[0]}, ${array[1]}, mean |v| ${mean}`;
}

/** A line for the driver, which compares it with the stored numbers. */
export const outcome = (name, result) => `OUTCOME ${JSON.stringify({ [name]: result })}`;

function refusal(kernels) {
  try {
    kernels.tensor([2, 3], "NWHC");
    return "nothing was refused";
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

/** `batchnorm`: the package's exports. With `load` among them the steps run with relaxed instructions too. */
export async function exercise(batchnorm, kernels) {
  const relaxed = batchnorm.load ? await batchnorm.load({ relaxed: true }) : null;
  const result = {};
  for (const problem of CASES) {
    const { arrays, grown, batches, apart } = compute(batchnorm, kernels, problem, relaxed);
    for (const name of Object.keys(arrays)) result[`${problem.layout} ${name}`] = print(arrays[name]);
    result[`${problem.layout} grown`] = grown;
    result[`${problem.layout} batches`] = batches;
    // Either forward is within 1e-6 of the exact y, whose values are below 4.
    if (relaxed) result[`${problem.layout} relaxed agrees`] = apart < 2 * 1e-6 * 4;
  }
  result["bytes held"] = kernels.bytesInUse;
  result.refused = refusal(kernels);
  return outcome("core", result);
}
