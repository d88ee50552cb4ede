import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { install, status, uninstall } from "../../src/tfjs/index.js";
import { choices } from "../../src/tfjs/installation.js";
import { BatchNormalization } from "../../src/tfjs/layers.js";
import { expectClose } from "../helpers/compare.js";
import { expectation } from "../helpers/problem.js";
import { expectRefused, type Refused } from "../helpers/refused.js";
import { backends, gradientsFor, read, tensorsOf, tf, tfjsProblem, tfl, useHost } from "./backends.js";

const prototype = Object.getPrototypeOf(tfl.layers.batchNormalization({ name: "any" }));
/** Gradients of convolutions that the wasm backend lacks. */
const missing = [
  "Conv2DBackpropFilter",
  "DepthwiseConv2dNativeBackpropFilter",
  "DepthwiseConv2dNativeBackpropInput",
] as const;
/** Everything that install may replace or add. */
const state = () => [
  ...[...backends, "other"].map((backend) => tf.getKernel("FusedBatchNorm", backend)),
  tf.getGradient("FusedBatchNorm"),
  prototype.call,
  ...missing.map((kernel) => tf.getKernel(kernel, "wasm")),
];
const installed = () => install(tf, { layers: tfl.layers });

// A backend that the kernels do not reach: the cpu's under another name.
tf.registerBackend("other", tf.findBackendFactory("cpu"));
tf.copyRegisteredKernels("cpu", "other");

beforeAll(() => tf.setBackend("cpu"));

describe("install", () => {
  const original = state();
  const log = (["log", "info", "warn", "error", "debug"] as const).map((name) => vi.spyOn(console, name));

  beforeEach(async () => {
    await tf.setBackend("cpu");
    for (const spy of log) spy.mockClear();
    tf.engine().startScope();
  });
  afterEach(() => {
    tf.engine().endScope();
    uninstall();
    expect(state()).toEqual(original);
    for (const spy of log) expect(spy).not.toHaveBeenCalled();
  });

  it("replaces the kernels of all backends, the gradient and the layers' call, and uninstall puts all back", async () => {
    const before = state();
    const back = await installed();
    expect(state().filter((value, i) => value === before[i])).toEqual([]);
    back();
    expect(state()).toEqual(before);
    back();
    expect(state()).toEqual(before);
  });

  it("replaces the kernels that are wrong or missing on wasm, once", async () => {
    const names = [...missing, "Conv2DBackpropInput", "MaxPoolGrad"];
    const kernels = () => names.map((kernel) => tf.getKernel(kernel, "wasm"));
    const before = kernels();
    await installed();
    const added = kernels();
    expect(added).not.toContain(undefined);
    expect(added.some((kernel, i) => kernel === before[i])).toBe(false);
    await installed();
    expect(kernels()).toEqual(added);
    uninstall();
    expect(kernels()).toEqual(before);
  });

  it("called twice, and twice at once, does nothing the second time", async () => {
    await Promise.all([installed(), installed()]);
    const once = state();
    await installed();
    expect(state().every((value, i) => value === once[i])).toBe(true);
  });

  it("is undone when the last of its calls is, each of which counts once", async () => {
    const [first, second] = [await installed(), await installed()];
    first();
    first();
    expect(prototype.call).not.toBe(original[4]);
    second();
    expect(state()).toEqual(original);
  });

  it("does nothing where uninstall came while it waited, and the call after that counts", async () => {
    const waiting = installed();
    uninstall();
    const again = installed();
    (await waiting)();
    const back = await again;
    expect(prototype.call).not.toBe(original[4]);
    back();
    expect(prototype.call).toBe(original[4]);
  });

  it("is one for two copies of the module", async () => {
    vi.resetModules();
    const copy = await import("../../src/tfjs/index.js");
    expect(copy.install).not.toBe(install);
    const back = await install(tf, { layers: tfl.layers, singleValue: "refuse" });
    const once = state();
    const copysBack = await copy.install(tf, { layers: tfl.layers });
    expect(state().every((value, i) => value === once[i])).toBe(true);
    copysBack();
    expect(state().every((value, i) => value === once[i])).toBe(true);
    const layer = tfl.layers.batchNormalization();
    expect(() => layer.apply(tf.ones([1, 2]), { training: true })).toThrow(RangeError); // still "refuse"
    back();
    expect(state()).toEqual(original);
  });

  it("takes a call's options back with the call", async () => {
    expect(choices()).toEqual({ singleValue: "refuse", frozen: "training" });
    const back = await install(tf, { layers: tfl.layers });
    const strict = await install(tf, { layers: tfl.layers, singleValue: "refuse", frozen: "inference" });
    const last = await install(tf, { layers: tfl.layers, frozen: "training" });
    expect(choices()).toEqual({ singleValue: "refuse", frozen: "training" });
    last();
    expect(choices()).toEqual({ singleValue: "refuse", frozen: "inference" });
    strict();
    expect(choices()).toEqual({ singleValue: "pass", frozen: "training" });
    back();
    expect(choices()).toEqual({ singleValue: "refuse", frozen: "training" });
  });

  it("finds the layers by their class name where tf has no namespace layers, ours registered in its place or not", async () => {
    await install(tf);
    expect(prototype.call).not.toBe(original[4]);
    uninstall();
    expect(prototype.call).toBe(original[4]);
    const map = tf.serialization.SerializationMap.getMap().classNameMap;
    const entry = map.BatchNormalization;
    tf.serialization.registerClass(BatchNormalization);
    await install(tf);
    map.BatchNormalization = entry;
    expect(prototype.call).not.toBe(original[4]);
  });

  it("does without layers", async () => {
    const map = tf.serialization.SerializationMap.getMap().classNameMap;
    const { BatchNormalization: entry, ...rest } = map;
    tf.serialization.SerializationMap.getMap().classNameMap = rest;
    await install(tf);
    tf.serialization.SerializationMap.getMap().classNameMap = map;
    expect(prototype.call).toBe(original[4]);
    expect(tf.getKernel("FusedBatchNorm", "cpu")).not.toBe(original[0]);
    await installed(); // what was missing before
    expect(prototype.call).not.toBe(original[4]);
    expect(entry).toBeDefined();
  });

  it("takes none of the numbers that layers are named by", async () => {
    const number = () => Number(/\d+$/.exec(tfl.layers.batchNormalization().name)?.[0]);
    const first = number();
    await installed();
    expect(number()).toBe(first + 1);
  });

  it("replaces what was registered in between when called again, and leaves in place what others put there", async () => {
    await installed();
    const [cpu, , , gradient] = original as [tf.KernelConfig, tf.KernelConfig, tf.KernelConfig, tf.GradConfig];
    tf.unregisterKernel("FusedBatchNorm", "cpu");
    tf.registerKernel(cpu);
    tf.registerGradient(gradient);
    await installed();
    expect(tf.getKernel("FusedBatchNorm", "cpu")).not.toBe(cpu);
    expect(tf.getGradient("FusedBatchNorm")).not.toBe(gradient);
    const mine = { ...cpu };
    tf.unregisterKernel("FusedBatchNorm", "cpu");
    tf.registerKernel(mine);
    uninstall();
    expect(tf.getKernel("FusedBatchNorm", "cpu")).toBe(mine);
    tf.unregisterKernel("FusedBatchNorm", "cpu");
    tf.registerKernel(cpu);
  });

  it("leaves kernels that were registered later their own gradient", async () => {
    const [cpu] = original as [tf.KernelConfig];
    const p = tfjsProblem([4, 3], 1, { mode: "eval" });
    const { x, dy, gamma, beta, mean, variance } = tensorsOf(p);
    const scale = () =>
      gradientsFor([x, gamma], dy, (x, scale) =>
        tf.batchNorm(
          x as tf.Tensor,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          beta as tf.Tensor1D,
          scale as tf.Tensor1D,
        ),
      ).map((gradient) => [...read(gradient as tf.Tensor)]);
    const theirs = scale();
    await installed();
    tf.grad((x) => tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D))(x); // ours, with three inputs
    tf.unregisterKernel("FusedBatchNorm", "cpu");
    tf.registerKernel(cpu);
    expect(scale()).toEqual(theirs);
  });

  it("waits for a backend that is not ready", async () => {
    const start = tf.findBackendFactory("wasm");
    tf.removeBackend("wasm");
    let ready = false;
    tf.registerBackend("wasm", async () => {
      const backend = await start();
      await new Promise((resolve) => setTimeout(resolve, 20));
      ready = true;
      return backend;
    });
    const setting = tf.setBackend("wasm");
    expect(ready).toBe(false);
    await installed();
    expect(ready).toBe(true);
    await setting;
    const p = tfjsProblem([4, 3, 5], 1);
    const layer = tfl.layers.batchNormalization({ axis: 1 });
    const want = expectation({ ...p, gamma: null, beta: null });
    expectClose(p.line, "y", read(layer.apply(tensorsOf(p).x, { training: true }) as tf.Tensor), want.y);
  });

  it("says of layers that came later that they are not covered, until it is called again", async () => {
    await install(tf, { layers: tfl.layers });
    expect(status(tf).cpu.reason).not.toContain("layers");
    prototype.call = original[4] as typeof prototype.call; // as a class that was imported since
    expect(status(tf).cpu.reason).toContain("layers are not covered, install(tf) can be called again");
    await install(tf, { layers: tfl.layers });
    expect(status(tf).cpu.reason).not.toContain("layers");
  });

  it("has a status for each backend that is registered", async () => {
    const own = (reason: string) => ({ how: "tfjs", reason });
    const before = status(tf);
    expect(Object.keys(before)).toEqual(Object.keys(tf.engine().registryFactory));
    for (const each of Object.values(before)) expect(each).toEqual(own("install(tf) has not been called"));
    await installed();
    expect(status(tf)).toMatchObject({
      cpu: {
        how: "copies",
        reason: "the tensors of the backend are arrays of JavaScript, outside of the kernels' memory",
      },
      other: { how: "operations", reason: "the kernels reach the backends cpu and wasm only" },
    });
    tf.registerBackend("late", tf.findBackendFactory("cpu"));
    expect(status(tf).late).toEqual(own("the backend has no kernel of batch normalization"));
    tf.copyRegisteredKernels("other", "late");
    expect(status(tf).late).toEqual(own("the backend was imported after install(tf), which can be called again"));
    const ours = tf.getKernel("FusedBatchNorm", "cpu") as tf.KernelConfig;
    tf.unregisterKernel("FusedBatchNorm", "cpu");
    tf.registerKernel({ ...ours });
    expect(status(tf).cpu).toEqual(own("another kernel was registered in place of this package's"));
    tf.unregisterKernel("FusedBatchNorm", "cpu");
    tf.registerKernel(ours);
    tf.removeBackend("late");
    tf.unregisterKernel("FusedBatchNorm", "late");
  });

  it("has a status for wasm before and after it was started, and where its memory is hidden", async () => {
    await useHost("zero-copy");
    await installed();
    expect(status(tf).wasm).toEqual({ how: "zero copy", reason: "the kernels work in the memory of the backend" });
    const start = tf.findBackendFactory("wasm");
    await tf.setBackend("cpu");
    tf.removeBackend("wasm");
    tf.registerBackend("wasm", start);
    expect(status(tf).wasm).toEqual({ how: "not started", reason: "the backend has not been started" });
    await useHost("copying");
    expect(status(tf).wasm).toEqual({
      how: "copies",
      reason: "the memory of the backend is out of reach: this build of TensorFlow.js hides it",
    });
  });

  it("refuses wrong arguments, naming them", async () => {
    const call = (...args: unknown[]) => (install as (...args: unknown[]) => Promise<unknown>)(...args);
    const refused: [unknown[], new (...args: never[]) => Error, string][] = [
      [[undefined], TypeError, '"tf" expected the namespace of TensorFlow.js, got undefined'],
      [[{}], TypeError, '"tf" expected the namespace of TensorFlow.js, got Object'],
      [[tf, null], TypeError, '"options" expected an object, got null'],
      [[tf, { layers: {} }], TypeError, '"layers" expected the namespace tf.layers, got Object'],
      [[tf, { layer: tfl.layers }], RangeError, '"options" has no "layer"; did you mean "layers"?'],
      [
        [tf, { axis: 1 }],
        RangeError,
        '"options" has no "axis"; it has "layers", "converter", "singleValue", "frozen", "allReduce"',
      ],
      [[tf, { singleValue: true }], TypeError, '"singleValue" expected "refuse" or "pass", got boolean'],
      [[tf, { frozen: "keras" }], RangeError, '"frozen" expected "training" or "inference", got "keras"'],
      [
        [tf, { converter: {} }],
        TypeError,
        '"converter" expected the namespace of @tensorflow/tfjs-converter, got Object',
      ],
    ];
    expect(() => status({} as never)).toThrow('"tf" expected the namespace of TensorFlow.js, got Object');
    for (const [args, type, message] of refused) {
      const thrown = await call(...args).catch((error: unknown) => error);
      expectRefused([message, () => throwIt(thrown), type, message] satisfies Refused);
    }
  });
});

function throwIt(error: unknown): never {
  throw error;
}
