import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { installKernels, registerConv2DBackpropFilter, registerConvolutionGradients } from "../../src/tfjs/index.js";
import { startWasm } from "./conv-support.js";

const names = [
  "Conv2DBackpropFilter",
  "DepthwiseConv2dNativeBackpropFilter",
  "DepthwiseConv2dNativeBackpropInput",
  "Conv2DBackpropInput",
];
const kernels = () => names.map((name) => tf.getKernel(name, "wasm"));
const warn = vi.spyOn(console, "warn");

describe("before the backend has started", () => {
  it("registers kernels that run once it has, and prepares the one it replaces", async () => {
    const before = kernels();
    const undo = installKernels(tf);
    await startWasm();
    tf.tidy(() => {
      const inputs = { dy: tf.ones([1, 2, 2, 1]), filter: tf.ones([2, 2, 1, 1]) };
      const attrs = { strides: 1, pad: "valid", dataFormat: "NHWC", inputShape: [1, 3, 3, 1] };
      const dx = tf.engine().runKernel("Conv2DBackpropInput", inputs, attrs) as tf.Tensor;
      expect([...dx.dataSync()]).toEqual([1, 2, 1, 2, 4, 2, 1, 2, 1]);
    });
    undo();
    expect(kernels()).toEqual(before);
  });
});

describe("on a started backend", () => {
  beforeAll(startWasm);
  afterEach(() => expect(warn).not.toHaveBeenCalled());

  it("keeps a kernel until the last call that has it is undone", () => {
    const before = kernels();
    const first = installKernels(tf);
    const ours = kernels();
    const second = installKernels(tf);
    first();
    first();
    expect(kernels()).toEqual(ours);
    second();
    expect(kernels()).toEqual(before);
  });

  it.each([undefined, null, {}, 1])("refuses %s in place of tf", (wrong) => {
    expect(() => installKernels(wrong as never)).toThrow('"tf" expected the namespace of TensorFlow.js');
  });

  it("puts everything back", () => {
    const before = kernels();
    expect(before.slice(0, 3)).toEqual([undefined, undefined, undefined]);
    const undo = installKernels(tf);
    expect(kernels().every((kernel) => kernel?.kernelFunc)).toBe(true);
    expect(kernels()[3]).not.toBe(before[3]);
    undo();
    undo();
    expect(kernels()).toEqual(before);
    expect(kernels()[3]).toBe(before[3]);
  });

  it("has the names of before", () => {
    for (const register of [registerConv2DBackpropFilter, registerConvolutionGradients]) {
      const before = kernels();
      const undo = register(tf);
      expect(kernels().some((kernel, i) => kernel === before[i])).toBe(false);
      undo();
      expect(kernels()).toEqual(before);
    }
  });

  it("leaves kernels of a second copy of the module as they are", () => {
    const undo = installKernels(tf);
    const first = kernels();
    // What another copy marks its kernels by.
    expect(first.every((kernel) => Symbol.for("batchnorm-wasm/tfjs kernel") in (kernel?.kernelFunc ?? {}))).toBe(true);
    installKernels(tf)();
    expect(kernels()).toEqual(first);
    undo();
  });

  it("replaces the gradients of average pooling on cpu, and nothing else there", () => {
    const all = () => tf.getKernelsForBackend("cpu");
    const before = all();
    const undo = installKernels(tf);
    const changed = all().filter((kernel) => !before.includes(kernel));
    expect(changed.map(({ kernelName }) => kernelName).sort()).toEqual(["AvgPool3DGrad", "AvgPoolGrad"]);
    undo();
    expect(new Set(all())).toEqual(new Set(before));
  });

  it("never replaces a kernel of a gradient that the backend lacks", () => {
    const mine = names.slice(0, 3).map((kernelName): tf.KernelConfig => {
      const kernelFunc = () => [];
      return { kernelName, backendName: "wasm", kernelFunc };
    });
    mine.forEach(tf.registerKernel);
    const undo = installKernels(tf);
    expect(kernels().slice(0, 3)).toEqual(mine);
    undo();
    expect(kernels().slice(0, 3)).toEqual(mine);
    for (const name of names.slice(0, 3)) {
      tf.unregisterKernel(name, "wasm");
    }
  });

  it("registers once", () => {
    const before = kernels();
    const undo = installKernels(tf);
    const first = kernels();
    const undoAgain = installKernels(tf);
    expect(kernels()).toEqual(first);
    undoAgain();
    expect(kernels()).toEqual(first);
    undo();
    expect(kernels()).toEqual(before);
  });

  it("leaves a kernel alone that somebody registered since", () => {
    const before = kernels();
    const undo = installKernels(tf);
    const theirs: tf.KernelConfig = { ...before[3], kernelFunc: () => [] };
    tf.unregisterKernel("Conv2DBackpropInput", "wasm");
    tf.registerKernel(theirs);
    undo();
    expect(kernels()[3]).toBe(theirs);
    tf.unregisterKernel("Conv2DBackpropInput", "wasm");
    tf.registerKernel(before[3]);
  });

  it("leaves small convolutions and channels-first data to the kernel that was there", () => {
    const original = tf.getKernel("Conv2DBackpropInput", "wasm");
    const kernelFunc = vi.fn(original.kernelFunc);
    tf.unregisterKernel("Conv2DBackpropInput", "wasm");
    tf.registerKernel({ ...original, kernelFunc });
    const undo = installKernels(tf);
    // Small integers, whose sums are exact in any order.
    const integers = (shape: number[]) =>
      tf.tensor(
        Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => (i * i) % 7),
        shape,
      );
    const run = (dy: tf.Tensor, dataFormat: string) => {
      const attrs = { strides: 1, pad: "same", dataFormat, inputShape: dy.shape };
      return tf.engine().runKernel("Conv2DBackpropInput", { dy, filter: integers([3, 3, 8, 8]) }, attrs) as tf.Tensor;
    };
    tf.tidy(() => {
      run(integers([1, 4, 4, 8]), "NHWC");
      expect(kernelFunc).toHaveBeenCalledTimes(1);
      const dy = integers([8, 16, 16, 8]);
      const nchw = run(tf.transpose(dy, [0, 3, 1, 2]), "NCHW");
      expect(kernelFunc).toHaveBeenCalledTimes(2);
      const nhwc = run(dy, "NHWC");
      expect(kernelFunc).toHaveBeenCalledTimes(2);
      expect(nhwc.dataSync()).toEqual(tf.transpose(nchw, [0, 2, 3, 1]).dataSync());
    });
    undo();
    tf.unregisterKernel("Conv2DBackpropInput", "wasm");
    tf.registerKernel(original);
  });
});
