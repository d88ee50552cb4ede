import { tf, useBackend } from "./backends.js";
import { installWithOwn } from "./own-kernels.js";
import type { ConvolutionResult } from "./results.js";

/**
 * Times the gradients of convolutions on the wasm backend, together with the kernels that TensorFlow.js has for them
 * and with the forward convolution. The wasm backend has no filter gradient; its 3-D kernel with a depth of 1 replaces
 * it, which is right only at stride 1. For the depthwise gradients the kernels of the cpu backend are used.
 */

type Shape = [number, number, number, number];
interface Convolution {
  name: string;
  x: Shape;
  filter: Shape;
  stride: number;
  pad: "same" | "valid";
  depthwise?: boolean;
}
export interface Contender {
  run: () => tf.Tensor;
  times: number[];
}
export type Role = "forward" | "filter" | "filter, tfjs" | "input" | "input, tfjs";

const cases: Omit<Convolution, "name">[] = [
  { x: [256, 28, 28, 1], filter: [5, 5, 1, 6], stride: 1, pad: "valid" },
  { x: [256, 12, 12, 6], filter: [5, 5, 6, 16], stride: 1, pad: "valid" },
  { x: [32, 32, 32, 16], filter: [3, 3, 16, 16], stride: 1, pad: "same" },
  { x: [32, 32, 32, 16], filter: [3, 3, 16, 32], stride: 2, pad: "same" },
  { x: [32, 16, 16, 64], filter: [3, 3, 64, 64], stride: 1, pad: "same" },
  { x: [32, 56, 56, 64], filter: [3, 3, 64, 64], stride: 1, pad: "same" },
  { x: [32, 28, 28, 32], filter: [1, 1, 32, 64], stride: 1, pad: "same" },
  { x: [32, 32, 32, 32], filter: [3, 3, 32, 1], stride: 1, pad: "same", depthwise: true },
  { x: [32, 32, 32, 32], filter: [3, 3, 32, 1], stride: 2, pad: "same", depthwise: true },
  { x: [32, 56, 56, 96], filter: [3, 3, 96, 1], stride: 1, pad: "same", depthwise: true },
];

export const CONVOLUTIONS: readonly Convolution[] = cases.map((c) => {
  const [i, j, , k] = c.filter;
  const to = c.depthwise ? "depthwise" : `to ${k}`;
  return { name: `${c.x.join("x")} ${to}, ${i}x${j}, ${c.pad}, stride ${c.stride}`, ...c };
});

const rounds = 7;
/** A contender that takes longer than this, in milliseconds, runs once. */
const long = 500;
/**
 * With more multiplications than this the gradients of TensorFlow.js are left out. Each multiplication takes 10 ns to 1
 * µs there.
 */
const most = { conv3D: 2e8, cpu: 1e7 };

const run = (name: string, inputs: tf.NamedTensorMap, attrs: object) =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap) as tf.Tensor;

function contendersOf(c: Convolution, own: Own): Map<Role, Contender> {
  const { x: inputShape, filter: filterShape, stride, pad, depthwise = false } = c;
  const { outShape } = tf.backend_util.computeConv2DInfo(inputShape, filterShape, stride, 1, pad, undefined, depthwise);
  const make = (shape: Shape, seed: number) => tf.randomUniform(shape, -1, 1, "float32", seed);
  const [x, filter, dy] = [make(inputShape, 1), make(filterShape, 2), make(outShape, 3)];
  const attrs = { strides: stride, pad, dataFormat: "NHWC", dilations: 1, inputShape, filterShape };
  const prefix = depthwise ? "DepthwiseConv2dNative" : "Conv2D";
  const roles: [Role, () => tf.Tensor][] = [
    ["forward", () => run(prefix, { x, filter }, attrs)],
    ["filter", () => run(`${prefix}BackpropFilter`, { x, dy }, attrs)],
    ["input", () => run(`${prefix}BackpropInput`, { dy, filter }, attrs)],
  ];
  const products = tf.util.sizeFromShape(outShape.slice(0, 3)) * tf.util.sizeFromShape(filterShape);
  if (depthwise && products < most.cpu) {
    roles.push(["filter, tfjs", () => onCpu(`${prefix}BackpropFilter`, { x, dy }, attrs)]);
    roles.push(["input, tfjs", () => onCpu(`${prefix}BackpropInput`, { dy, filter }, attrs)]);
  }
  if (!depthwise) {
    roles.push(["input, tfjs", () => runOwn(own, `${prefix}BackpropInput`, { dy, filter }, attrs)]);
    if (products < most.conv3D) {
      roles.push(["filter, tfjs", () => filterByConv3D(own, { x, dy }, filterShape, stride, pad)]);
    }
  }
  return new Map(roles.map(([role, f]) => [role, { run: () => tf.tidy(f), times: [] }]));
}

/**
 * Runs the kernel of the cpu backend on copies of the inputs. The measured time includes the copies, which take some
 * milliseconds.
 */
function onCpu(name: string, inputs: tf.NamedTensorMap, attrs: object): tf.Tensor {
  const backend = tf.engine().findBackend("cpu");
  const copies = Object.entries(inputs).map(([key, tensor]) => {
    const { shape, dtype } = tensor;
    return [key, { shape, dtype, dataId: backend.write(tensor.dataSync(), shape, dtype) }];
  });
  const call = { inputs: Object.fromEntries(copies), attrs: attrs as tf.NamedAttrMap, backend };
  const { shape, dataId } = tf.getKernel(name, "cpu").kernelFunc(call) as tf.TensorInfo;
  return tf.tensor(backend.readSync(dataId) as Float32Array, shape);
}

interface Tensors {
  x: tf.Tensor;
  dy: tf.Tensor;
}
export type Own = (name: string) => tf.KernelFunc;

/** Runs the backend's own kernel. */
export function runOwn(own: Own, name: string, inputs: tf.NamedTensorMap, attrs: object): tf.Tensor {
  const call = { inputs, attrs, backend: tf.backend() } as unknown as Parameters<tf.KernelFunc>[0];
  return tf.engine().makeTensorFromTensorInfo(own(name)(call) as tf.TensorInfo);
}

function filterByConv3D(own: Own, tensors: Tensors, [i, j, c, k]: Shape, stride: number, pad: string): tf.Tensor {
  const deep = (t: tf.Tensor) => tf.reshape(t, [t.shape[0], 1, ...t.shape.slice(1)] as never);
  const attrs = { strides: [1, stride, stride], pad, filterShape: [1, i, j, c, k] };
  const inputs = { x: deep(tensors.x), dy: deep(tensors.dy) };
  return tf.reshape(runOwn(own, "Conv3DBackpropFilterV2", inputs, attrs), [i, j, c, k]);
}

/** Reads the values outside of `tf.tidy`, which would search the returned array for tensors, value by value. */
function time({ run: f, times }: Contender): Float32Array {
  const start = performance.now();
  const result = f();
  times.push(performance.now() - start);
  const values = result.dataSync<"float32">();
  result.dispose();
  return values;
}

/** The largest difference of two results, relative to the largest value. */
export function difference(a: Float32Array, b: Float32Array): number {
  const scale = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0) / scale;
}

function check(c: Convolution, results: Map<Role, Float32Array>): void {
  for (const role of ["filter", "input"] as const) {
    const expected = results.get(`${role}, tfjs`);
    const known = expected !== undefined && (c.depthwise || c.stride === 1 || role === "input");
    if (known && !(difference(results.get(role) as Float32Array, expected) < 1e-4)) {
      throw new Error(`the gradient of the ${role} at ${c.x} -> ${c.filter} differs`);
    }
  }
}

/** Times each contender in milliseconds, after `check` has compared the results. */
function raced<Name>(contenders: Map<Name, Contender>, check: (results: Map<Name, Float32Array>) => void) {
  check(new Map([...contenders].map(([role, contender]) => [role, time(contender)])));
  const quick = [...contenders.values()].filter(({ times }) => times[0] < long);
  for (const { times } of quick) {
    times.pop(); // the first run warms up
  }
  for (let round = 0; round < rounds; round++) {
    for (const contender of quick) {
      time(contender);
    }
  }
  return new Map([...contenders].map(([role, { times }]) => [role, median(times)]));
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];

const ROLES: readonly Role[] = ["forward", "filter", "filter, tfjs", "input", "input, tfjs"];

/** Times all roles of one row of the table. */
export async function row<Name extends Role>(
  name: string,
  contendersOf: (own: Own) => Map<Name, Contender>,
  check: (results: Map<Name, Float32Array>) => void,
): Promise<ConvolutionResult> {
  await useBackend("wasm");
  const { own, undo } = installWithOwn();
  tf.engine().startScope();
  const times: Map<Role, number> = raced(contendersOf(own), check);
  tf.engine().endScope();
  undo();
  return { name, times: Object.fromEntries(ROLES.map((role) => [role, times.get(role) ?? null])) };
}

export const measureConvolution = (c: Convolution): Promise<ConvolutionResult> =>
  row(
    c.name,
    (own) => contendersOf(c, own),
    (results) => check(c, results),
  );
