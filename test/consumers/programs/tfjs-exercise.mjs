/**
 * The steps with the adapter: a training forward of the installed layer, its gradient, its moving statistics, inference,
 * and the functions. The same bits on every backend, as the kernels compute on all.
 */
import { noise, outcome, print } from "./exercise.mjs";

export const SHAPE = [3, 5, 4, 7];
export const AXIS = 1;
export const MOMENTUM = 0.75;

export const inputs = () => {
  const size = SHAPE.reduce((product, extent) => product * extent, 1);
  return { x: noise(size, 1, -1, 7), dy: noise(size, 2, -1, 1) };
};

/** What the steps compute, as typed arrays. */
export async function computeTfjs(tf, adapter, backend) {
  tf.env().set("PROD", true); // no greeting
  await tf.setBackend(backend);
  const uninstall = await adapter.install(tf);
  const [x, dy] = Object.values(inputs()).map((values) => tf.tensor(values, SHAPE));
  const layer = tf.layers.batchNormalization({ axis: AXIS, momentum: MOMENTUM });

  const result = { y: layer.apply(x, { training: true }) };
  // Clones: the gradient below moves the statistics once more.
  [, , result["moving mean"], result["moving variance"]] = layer.getWeights().map((weight) => tf.clone(weight));
  result.inference = layer.apply(x);
  result.dx = tf.grad((x) => tf.sum(tf.mul(layer.apply(x, { training: true }), dy)))(x);
  const { mean, variance } = adapter.batchNormTraining(x, null, null, { axis: AXIS });
  Object.assign(result, { mean, variance });
  for (const name of Object.keys(result)) result[name] = await result[name].data();
  uninstall();
  return result;
}

export async function exerciseTfjs(tf, adapter, backend) {
  const result = await computeTfjs(tf, adapter, backend);
  return outcome("tfjs", Object.fromEntries(Object.keys(result).map((name) => [name, print(result[name])])));
}
