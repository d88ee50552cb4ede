import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CopyingHost } from "../../src/tfjs/copying-host.js";
import { extentsOf } from "../../src/tfjs/extents.js";
import type { Host } from "../../src/tfjs/host.js";
import { currentHost, hostOf, releaseHosts } from "../../src/tfjs/hosts.js";
import { batchNormTraining } from "../../src/tfjs/index.js";
import { BatchNormalization } from "../../src/tfjs/layers.js";
import { trainingBackward, trainingForward } from "../../src/tfjs/training.js";
import { memoryOf } from "../../src/tfjs/zero-copy-host.js";
import { expectClose, expectWithin } from "../helpers/compare.js";
import { expectation } from "../helpers/problem.js";
import {
  composedLimit,
  hosts,
  read,
  tensorsOf,
  tf,
  tfjsProblem,
  useHost,
  type WasmModule,
  wasmMemory,
  wasmModule,
} from "./backends.js";

// A backend that the kernels do not reach: the cpu's under another name.
tf.registerBackend("other", tf.findBackendFactory("cpu"));
tf.copyRegisteredKernels("cpu", "other");

beforeEach(async () => {
  await tf.setBackend("other"); // starts it
  await useHost("zero-copy");
  tf.engine().startScope();
});
afterEach(() => tf.engine().endScope());

describe("the wasm backend's memory", () => {
  const backend = () => tf.backend() as unknown as Record<string, unknown> & { wasm: WasmModule };
  const without = (name: keyof WasmModule) => ({ ...wasmModule(), [name]: undefined });
  const another = new WebAssembly.Memory({ initial: 1 });

  /** A backend like the real one, but for some fields. */
  const like = (fields: Record<string, unknown>) => {
    const { dataIdMap, makeOutput, disposeData, wasm } = backend();
    return { dataIdMap, makeOutput, disposeData, wasm, ...fields };
  };

  it("is found where it is in reach", () => {
    expect(memoryOf(backend())).toBe(wasmMemory());
    expect(memoryOf(like({}))).toBe(wasmMemory());
  });

  it("is found under whatever name the build exports it", () => {
    const { memory, ...asm } = wasmModule().asm;
    expect(memoryOf(like({ wasm: { ...wasmModule(), asm: { ...asm, q: memory } } }))).toBe(memory);
  });

  /** As in the threaded build: the memory is no export, and HEAPU8 may be older than its last growth. */
  const threaded = (heap: Uint8Array, loadWasmModuleToWorker: unknown) => {
    const _malloc = () => heap.length / 2;
    return like({ wasm: { asm: {}, HEAPU8: heap, _malloc, _free() {}, PThread: { loadWasmModuleToWorker } } });
  };
  const sending = (wasmMemory: unknown) => (worker: Worker) => worker.postMessage({ cmd: "load", wasmMemory });

  it("is found in what new threads are sent, also after it has grown", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
    const heap = new Uint8Array(memory.buffer);
    expect(memoryOf(threaded(heap, sending(memory)))).toBe(memory);
    memory.grow(1);
    expect(heap.buffer.byteLength).toBeLessThan(memory.buffer.byteLength);
    expect(memoryOf(threaded(heap, sending(memory)))).toBe(memory);
  });

  it.each<[string, unknown]>([
    ["another one", sending(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }))],
    ["none", sending(undefined)],
    ["nothing", () => {}],
    ["an error", () => expect.unreachable()],
    ["not sent by a function", undefined],
  ])("is left alone where new threads are sent %s", (_, load) => {
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    expect(memoryOf(threaded(new Uint8Array(buffer), load))).toBeNull();
  });

  it.each([
    ["hidden", () => like({ wasm: { ...wasmModule(), asm: {} } })],
    ["not the one of HEAPU8", () => like({ wasm: { ...wasmModule(), asm: { memory: another } } })],
    ["full", () => like({ wasm: { ...wasmModule(), asm: { memory: another }, _malloc: () => 0 } })],
    ["without asm", () => like({ wasm: without("asm") })],
    ["without HEAPU8", () => like({ wasm: without("HEAPU8") })],
    ["without _malloc", () => like({ wasm: without("_malloc") })],
    ["without _free", () => like({ wasm: without("_free") })],
    ["without dataIdMap", () => like({ dataIdMap: undefined })],
    ["without makeOutput", () => like({ makeOutput: undefined })],
    ["without disposeData", () => like({ disposeData: undefined })],
    ["of a backend that was disposed", () => like({ wasm: null })],
  ])("is left alone where it is %s", (_, fake) => {
    expect(memoryOf(fake())).toBeNull();
  });
});

describe("copies", () => {
  it("are none on wasm: nothing is read, and only outputs are made", () => {
    const p = tfjsProblem([8, 4, 4, 3], 3);
    const { x, dy, gamma, beta } = tensorsOf(p);
    const backend = tf.backend();
    const [readSync, write] = [vi.spyOn(backend, "readSync"), vi.spyOn(backend, "write")];
    const extents = extentsOf(p.own, 3, 4);
    const host = hostOf(backend) as Host;
    const { y, statistics } = trainingForward(host, x, gamma, beta, extents, p.eps);
    const gradients = trainingBackward(host, dy, [x, gamma, beta], statistics, extents);
    expect(readSync).not.toHaveBeenCalled();
    expect(write.mock.calls.map(([values]) => values)).toEqual([null, null, null, null]); // y, dx, dgamma, dbeta
    for (const spy of [readSync, write]) spy.mockRestore();
    for (const info of [y, ...gradients]) tf.engine().makeTensorFromTensorInfo(info as tf.TensorInfo);
  });

  it("are none on wasm in a layer's step either, its moving statistics included", () => {
    const layer = new BatchNormalization();
    layer.build([8, 3]);
    const [x, dy] = [tf.randomNormal([8, 3]), tf.ones([8, 3])];
    const backend = tf.backend();
    const [readSync, write] = [vi.spyOn(backend, "readSync"), vi.spyOn(backend, "write")];
    tf.grad((x) => layer.apply(x, { training: true }) as tf.Tensor)(x, dy);
    expect(readSync).not.toHaveBeenCalled();
    // y, the moving mean and variance, dx, dgamma, dbeta.
    expect(write.mock.calls.map(([values]) => values)).toEqual(Array(6).fill(null));
    for (const spy of [readSync, write]) spy.mockRestore();
    tf.dispose(layer.getWeights());
  });

  it("are one in and one out on cpu", async () => {
    await useHost("cpu");
    const x = tf.ones([4, 3]);
    const values = read(x);
    const { readSync, write } = countCopies(x);
    expect(readSync.map(({ value }) => value === values)).toEqual([true]); // the tensor's own array
    expect(write).toBe(1);
  });

  it("are one in and one out beside the wasm backend's memory: no array in between", async () => {
    await useHost("copying");
    const { readSync, write } = countCopies(tf.ones([4, 3]));
    expect(readSync).toEqual([]);
    expect(write).toBe(1);
  });

  function countCopies(x: tf.Tensor) {
    const backend = tf.backend();
    const [readSync, write] = [vi.spyOn(backend, "readSync"), vi.spyOn(backend, "write")];
    const { y } = trainingForward(hostOf(backend) as Host, x, null, null, extentsOf(x.shape, 1, 2), 1e-3);
    const counts = { readSync: readSync.mock.results, write: write.mock.calls.length };
    for (const spy of [readSync, write]) spy.mockRestore();
    tf.engine().makeTensorFromTensorInfo(y);
    return counts;
  }
});

describe.each(hosts)("a host: %s", (name) => {
  beforeEach(() => useHost(name));

  it("is what the backend allows", () => {
    expect(currentHost() instanceof CopyingHost).toBe(name !== "zero-copy");
  });

  it("gives the same bits as the others", async () => {
    const p = tfjsProblem([5, 3, 4, 2], 1);
    const bits = () => {
      const { x, dy, gamma, beta } = tensorsOf(p);
      const train = (x: tf.Tensor) => batchNormTraining(x, gamma, beta, { axis: 1 }).y;
      return [read(train(x)), read(tf.grad(train)(x, dy))].map((values) => [...values]);
    };
    const here = bits();
    await useHost("zero-copy");
    expect(here).toEqual(bits());
  });

  it("takes scratch for more channels, and then for fewer", () => {
    for (const channels of [3, 700, 5, 2000, 1]) {
      const p = tfjsProblem([4, channels], 1);
      const { x, gamma, beta } = tensorsOf(p);
      expectClose(p.line, "y", read(batchNormTraining(x, gamma, beta).y), expectation(p).y);
    }
  });

  it("works on after its scratch was given back", () => {
    const p = tfjsProblem([4, 3], 1);
    const { x, gamma, beta } = tensorsOf(p);
    const host = currentHost();
    releaseHosts();
    expect(currentHost()).not.toBe(host);
    expectClose(p.line, "y", read(batchNormTraining(x, gamma, beta).y), expectation(p).y);
  });

  it("takes tensors that another backend holds", async () => {
    const p = tfjsProblem([4, 3, 5], 1);
    const other = name === "cpu" ? "wasm" : "cpu";
    await tf.setBackend(other);
    const { x, dy, gamma, beta } = tensorsOf(p);
    await tf.setBackend(name === "cpu" ? "cpu" : "wasm");
    const train = (x: tf.Tensor) => batchNormTraining(x, gamma, beta, { axis: 1 }).y;
    const want = expectation(p);
    expectClose(p.line, "y", read(train(x)), want.y);
    expectClose(p.line, "dx", read(tf.grad(train)(x, dy)), want.dx);
  });

  it.each([
    ["that the kernels reach", name === "cpu" ? "wasm" : "cpu"],
    ["that they do not reach", "other"],
  ])("leaves the backward pass to another backend, %s", async (_, other) => {
    const p = tfjsProblem([4, 3, 5], 1);
    const { x, dy, gamma, beta } = tensorsOf(p);
    const loss = (x: tf.Tensor) => {
      const { y } = batchNormTraining(x, gamma, beta, { axis: 1 });
      // Both backends are ready: the change takes place at once.
      tf.setBackend(other);
      return y;
    };
    const { dx, dxTerms } = expectation(p);
    const got = read(tf.grad(loss)(x, dy));
    if (other === "other") expectWithin(p.line, "dx", got, dx.ref, (i) => composedLimit(p) * dxTerms(i));
    else expectClose(p.line, "dx", got, dx);
  });
});

describe("the wasm backend", () => {
  it("may grow between forward and backward", () => {
    const p = tfjsProblem([8, 5], 1);
    const { x, dy, gamma, beta } = tensorsOf(p);
    const dx = tf.grad((x) => {
      const { y } = batchNormTraining(x, gamma, beta);
      const bytes = wasmMemory().buffer.byteLength;
      tf.keep(tf.zeros([bytes / 4])).dispose();
      expect(wasmMemory().buffer.byteLength).toBeGreaterThan(bytes);
      return y;
    })(x, dy);
    expectClose(p.line, "dx", read(dx), expectation(p).dx);
  });

  it("has a new host after it was removed and registered again", async () => {
    const start = tf.findBackendFactory("wasm");
    const before = currentHost();
    tf.removeBackend("wasm");
    tf.registerBackend("wasm", start);
    await tf.setBackend("wasm");
    expect(currentHost()).not.toBe(before);
    const p = tfjsProblem([4, 3], 1);
    const { x, gamma, beta } = tensorsOf(p);
    expectClose(p.line, "y", read(batchNormTraining(x, gamma, beta).y), expectation(p).y);
  });

  it("that refuses memory gives an error, not a result at address 0, and no tensor", () => {
    const x = tf.ones([4, 3]);
    const module = wasmModule();
    const { _malloc } = module;
    currentHost();
    for (const allowed of [0, 1]) {
      releaseHosts();
      let calls = 0;
      const before = tf.memory().numTensors;
      module._malloc = (bytes) => (calls++ < allowed ? _malloc(bytes) : 0);
      try {
        expect(() => batchNormTraining(x)).toThrow(/^out of memory: the wasm backend refused \d+ bytes$/);
      } finally {
        module._malloc = _malloc;
      }
      expect(tf.memory().numTensors).toBe(before);
    }
    expect(read(batchNormTraining(x).y)).toEqual(new Float32Array(12));
  });
});
