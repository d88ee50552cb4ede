import { describe, expect, it } from "vitest";
import { decode } from "../../src/decode.js";
import { instantiateKernels, type KernelExports, loadSync } from "../../src/index.js";
import { encoded as plain } from "../../src/module.js";
import { encoded as fused } from "../../src/relaxed-module.js";
import { caseOf } from "../helpers/cases.js";
import { expectBits } from "../helpers/compare.js";
import type { Name } from "../helpers/contract.js";
import { instanceOf, instances } from "../helpers/instances.js";
import { type Floats, Placed } from "../helpers/placed.js";
import { problemOf } from "../helpers/problem.js";
import { type RawCall, rawCall } from "../helpers/raw.js";

/** Arrays that end where 32-bit addresses do. The JavaScript kernels have a memory of their own, which ends a page before. */

const PAGE = 65536;
/** An array may end here, but not at 2^32, which is 0 to the kernels. */
const END = 2 ** 32 - 4;

const shapes = [
  ...[4, 5, 6, 7, 8, 13, 16, 21, 64, 99, 260, 1030].map((spatial) => `NCL 2x3x${spatial}`),
  ...[1, 2, 3].map((spatial) => `NCL 33x7x${spatial}`),
  ...[1, 3, 4, 5, 64].map((channels) => `NC 37x${channels}`),
  "NC 3x257",
];

describe.each([
  ["release", plain],
  ["relaxed", fused],
])("at the end of the address space, the binary %s", (_, encoded) => {
  /** Never touched but at both ends, so that the machine need not have it. */
  function largest(): { kernels: KernelExports; memory: WebAssembly.Memory } {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: PAGE });
    const kernels = instantiateKernels(memory, new WebAssembly.Module(decode(encoded)));
    memory.grow(PAGE - 16);
    return { kernels, memory };
  }
  const { kernels, memory } = largest();

  /** Runs a call with one array at the end of memory, and gives its outputs. */
  function run({ instance, extents, values, numbers }: RawCall, last?: Name): Partial<Record<Name, Floats>> {
    const { inputs, outputs, updated } = instance;
    const placed = new Placed(kernels, memory, extents, [...outputs, ...inputs], values, { last, end: END });
    expect(placed.used).toBeLessThan(16 * PAGE);
    for (const name of [...inputs, ...updated]) if (values[name]) placed.write(name, values[name]);
    instance.run(placed.call, numbers);
    return Object.fromEntries(outputs.filter((name) => values[name] !== null).map((name) => [name, placed.read(name)]));
  }

  it.each(instances)("$name gives the bits that it gives elsewhere", (instance) => {
    const { inputs, outputs } = instance;
    for (const shape of shapes) {
      const call = rawCall(problemOf(caseOf(`${shape} eval relu gamma beta`)), instance);
      const want = run(call);
      for (const last of [...inputs, ...outputs].filter((name) => call.values[name] !== null)) {
        for (const [name, got] of Object.entries(run(call, last))) {
          expectBits(`${shape}, ${last} last`, name, got, want[name as Name] as Floats);
        }
      }
    }
  });

  it("a single last row is summed again, where the deviation is small beside the mean", () => {
    const call = rawCall(problemOf(caseOf("NC 9x64 eval")), instanceOf("statistics"));
    const values = { ...call.values, x: new Float32Array(9 * 64).fill(1000).fill(1000.5, 8 * 64) };
    const { mean, variance } = run({ ...call, values }, "x");
    expect([...new Set(mean)]).toEqual([1000 + 0.5 / 9]);
    expect([...new Set(variance)]).toEqual([0.25 / 9 - (0.5 / 9) ** 2]);
  });

  it("a memory that reaches it is refused when the kernels are instantiated", () => {
    const most = (PAGE - 1) * PAGE;
    expect(() => instantiateKernels(new WebAssembly.Memory({ initial: PAGE, maximum: PAGE }))).toThrow(
      new RangeError(`"memory" expected at most ${most} bytes, got ${PAGE * PAGE}`),
    );
    expect(() => loadSync({ initialBytes: most + 1 })).toThrow(
      new RangeError(`"initialBytes" expected at most ${most}, got ${most + 1}`),
    );
  });

  it("the library's own memory ends a page before", () => {
    const kernels = loadSync({ initialBytes: (PAGE - 1) * PAGE });
    expect(() => kernels.memory.grow(1)).toThrow(RangeError);
  });
});
