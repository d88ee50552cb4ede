import { describe, expect, it } from "vitest";
import { instantiateKernels, type KernelExports, loadSync } from "../../src/index.js";
import { base64 as plain } from "../../src/module.js";
import { base64 as fused } from "../../src/relaxed-module.js";
import { caseOf } from "../helpers/cases.js";
import { expectBits } from "../helpers/compare.js";
import { instances, type Name, verbs } from "../helpers/contract.js";
import { problemOf } from "../helpers/problem.js";
import { type Floats, type RawCall, rawCall, shapeOf } from "../helpers/raw.js";

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

const bytes = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

describe.each([
  ["release", plain],
  ["relaxed", fused],
])("at the end of the address space, the binary %s", (_, base64) => {
  /** Never touched but at both ends, so that the machine need not have it. */
  function largest(): { kernels: KernelExports; memory: WebAssembly.Memory } {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: PAGE });
    const kernels = instantiateKernels(memory, new WebAssembly.Module(bytes(base64)));
    memory.grow(PAGE - 16);
    return { kernels, memory };
  }
  const { kernels, memory } = largest();

  /** Runs a call with one array at the end of memory, and gives its outputs. */
  function run(call: RawCall, last?: Name): Floats[] {
    const { outputs, inputs, count, kernel: name = call.verb } = verbs[call.verb];
    let end = 64;
    const reserve = (bytes: number) => {
      const address = end;
      end += Math.ceil(bytes / 16) * 16;
      return address;
    };
    const at = new Map<Name, number>();
    for (const each of [...outputs, ...inputs]) {
      const like = shapeOf(call, each);
      const address = each === last ? END - like.byteLength : reserve(like.byteLength);
      at.set(each, call.arrays[each] || outputs.includes(each) ? address : 0);
      const values = outputs.includes(each) ? null : call.arrays[each];
      const bytes = values && new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      if (bytes) new Uint8Array(memory.buffer, address, bytes.length).set(bytes);
    }
    const scratch = reserve(kernels.scratchBytes(call.channels));
    expect(end).toBeLessThan(16 * PAGE);
    const kernel = kernels[(name + call.loop + call.activation) as keyof KernelExports] as (...args: number[]) => void;
    kernel(
      ...[...outputs, ...inputs].map((each) => at.get(each) as number),
      scratch,
      ...call.extents,
      ...(count ? [call.count] : []),
    );
    return outputs.map((each) => {
      const like = shapeOf(call, each);
      const address = at.get(each) as number;
      const copy = memory.buffer.slice(address, address + like.byteLength);
      return like instanceof Float32Array ? new Float32Array(copy) : new Float64Array(copy);
    });
  }

  it.each(instances)("$name gives the bits that it gives elsewhere", ({ verb, activation }) => {
    const { inputs, outputs } = verbs[verb];
    for (const shape of shapes) {
      const call = rawCall(problemOf(caseOf(`${shape} eval relu gamma beta`)), verb, activation);
      const want = run(call);
      for (const last of [...inputs, ...outputs].filter((name) => outputs.includes(name) || call.arrays[name])) {
        const got = run(call, last);
        for (const [i, name] of outputs.entries()) expectBits(`${shape}, ${last} last`, name, got[i], want[i]);
      }
    }
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
