import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import type * as Adapter from "../../src/tfjs/index.js";
import { expectClose } from "../helpers/compare.js";
import { expectation } from "../helpers/problem.js";
import { hosts, read, tensorsOf, tf, tfjsProblem, tfl, useHost } from "./backends.js";

/** Engines and policies that compile later, not at once, or not at all. */

const { layers } = tfl;
let warn: MockInstance<typeof console.warn>;
let adapter: typeof Adapter;

beforeEach(async () => {
  await useHost("cpu");
  tf.engine().startScope();
  warn = vi.spyOn(console, "warn").mockReturnValue();
  // As it is when it has just been imported.
  vi.resetModules();
  adapter = await import("../../src/tfjs/index.js");
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  adapter.uninstall();
  tf.engine().endScope();
});

const p = tfjsProblem([4, 3, 5], 1);

/** A step of a layer, and tf.batchNorm, against the reference. */
function expectRight(): void {
  const { x, dy, gamma, beta } = tensorsOf(p);
  const want = expectation(p);
  const layer = layers.batchNormalization({ axis: 1, epsilon: p.eps });
  layer.build([4, 3, 5]);
  layer.setWeights([gamma, beta, tf.zeros([3]), tf.ones([3])] as tf.Tensor[]);
  const train = (x: tf.Tensor) => layer.apply(x, { training: true }) as tf.Tensor;
  expectClose(p.line, "y", read(train(x)), want.y);
  expectClose(p.line, "dx", read(tf.grad(train)(x, dy)), want.dx);
  expectFunctionsRight();
}

function expectFunctionsRight(): void {
  const { x, dy, gamma, beta } = tensorsOf(p);
  const want = expectation(p);
  const train = (x: tf.Tensor) => adapter.batchNormTraining(x, gamma, beta, { axis: 1, eps: p.eps }).y;
  expectClose(p.line, "y", read(train(x)), want.y);
  expectClose(p.line, "dx", read(tf.grad(train)(x, dy)), want.dx);
  const y = tf.batchNorm(
    tf.tensor2d([1, 2, 3, 4], [2, 2]),
    tf.tensor1d([1, 2]),
    tf.tensor1d([1, 4]),
    undefined,
    undefined,
    0,
  );
  expect([...read(y)]).toEqual([0, 0, 2, 1]);
}

const refusedMemory = Object.create(WebAssembly, {
  Memory: {
    value: class {
      constructor() {
        throw new RangeError("WebAssembly.Memory(): could not allocate memory");
      }
    },
  },
});
const refusedBytes = Object.create(WebAssembly, {
  compile: { value: () => Promise.reject(new WebAssembly.CompileError("refused")) },
  Module: {
    value: class {
      constructor() {
        throw new WebAssembly.CompileError("refused");
      }
    },
  },
});
const noSimd = Object.create(WebAssembly, { validate: { value: () => false } });

describe.each<[what: string, WebAssembly: unknown, cause: string]>([
  ["no WebAssembly", undefined, "this engine has no WebAssembly"],
  ["no SIMD", noSimd, "this engine has no WebAssembly SIMD"],
  [
    "a policy against WebAssembly",
    refusedBytes,
    "WebAssembly was refused by the page's content security policy or by the host",
  ],
  [
    "no room for a WebAssembly memory",
    refusedMemory,
    "the host refused a WebAssembly memory of 65536 bytes, for which engines reserve several GiB of addresses",
  ],
])("on cpu, with %s", (_, WebAssembly, cause) => {
  beforeEach(() => vi.stubGlobal("WebAssembly", WebAssembly));

  it("install has kernels in JavaScript compute, and says so once", async () => {
    await adapter.install(tf, { layers });
    expectRight();
    await adapter.install(tf, { layers });
    expect(adapter.status(tf).cpu).toEqual({
      how: "copies",
      reason: `the kernels run in JavaScript, because ${cause}`,
    });
    expect(warn.mock.calls).toEqual([
      [`batchnorm-wasm: batch normalization is computed in JavaScript, several times slower, because ${cause}.`],
    ]);
  });

  it("without installing, operations compute, and say so once; install then brings the kernels in JavaScript", async () => {
    expectFunctionsRight();
    expectFunctionsRight();
    expect(warn.mock.calls).toEqual([
      [
        "batchnorm-wasm: batch normalization is computed in operations of TensorFlow.js, because " +
          `${cause}; call \`await install(tf)\`, which makes it faster.`,
      ],
    ]);
    await adapter.install(tf, { layers });
    expectRight();
    expect(adapter.status(tf).cpu.how).toBe("copies");
    adapter.uninstall();
    expectFunctionsRight(); // by the kernels in JavaScript, which are there now
  });

  it("operations compute where the kernels in JavaScript cannot be imported either", async () => {
    vi.doMock("../../src/fallback/fallback-kernels.js", () => {
      throw new Error("there is no such file");
    });
    try {
      await adapter.install(tf, { layers });
    } finally {
      vi.doUnmock("../../src/fallback/fallback-kernels.js");
    }
    expectFunctionsRight();
    const reason = `${cause}; the kernels in JavaScript could not be imported`;
    expect(adapter.status(tf).cpu).toEqual({ how: "operations", reason });
    expect(warn.mock.calls).toEqual([
      [`batchnorm-wasm: batch normalization is computed in operations of TensorFlow.js, because ${reason}.`],
    ]);
  });
});

it("on the wasm backend without SIMD, kernels in JavaScript compute beside its memory", async () => {
  await useHost("zero-copy");
  vi.stubGlobal("WebAssembly", noSimd);
  await adapter.install(tf, { layers });
  expectRight();
  expect(adapter.status(tf).wasm.how).toBe("copies");
  expect(warn).toHaveBeenCalledOnce();
});

/** As browsers before 2023 on a page's main thread. */
function refuseAtOnce(): void {
  for (const what of ["Module", "Instance"] as const) {
    vi.spyOn(WebAssembly, what).mockImplementation(
      class {
        constructor() {
          throw new RangeError(`WebAssembly.${what} is disallowed on the main thread`);
        }
      } as never,
    );
  }
}

it("a backend that starts after install computes by operations, and by the kernels once they are compiled", async () => {
  await useHost("cpu");
  refuseAtOnce();
  await adapter.install(tf, { layers });
  const factory = tf.findBackendFactory("cpu");
  tf.removeBackend("cpu");
  tf.registerBackend("cpu", factory);
  await tf.setBackend("cpu");
  expectRight();
  expect(adapter.status(tf).cpu.how).toBe("operations");
  expect(warn.mock.calls.flat().join()).toContain("the kernels follow as soon as they are compiled");
  await vi.waitFor(() => expect(adapter.status(tf).cpu.how).toBe("copies"));
  expectRight();
});

describe.each(hosts)("where compiling at once is refused, as on a page's main thread before 2023, on %s", (name) => {
  beforeEach(async () => {
    await useHost(name);
    refuseAtOnce();
  });

  it("install has the kernels compute all the same", async () => {
    const refused = [WebAssembly.Module, WebAssembly.Instance];
    await adapter.install(tf, { layers });
    expectRight();
    for (const spy of refused) expect(spy).not.toHaveBeenCalled();
    expect(adapter.status(tf)[tf.getBackend()].how).toBe(name === "zero-copy" ? "zero copy" : "copies");
    expect(warn).not.toHaveBeenCalled();
  });

  it("without installing, operations compute", () => {
    expectFunctionsRight();
    expect(warn.mock.calls).toEqual([
      [
        "batchnorm-wasm: batch normalization is computed in operations of TensorFlow.js, because WebAssembly.Module is " +
          "disallowed on the main thread; call `await install(tf)`, which makes it faster.",
      ],
    ]);
  });
});
