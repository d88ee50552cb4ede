import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { encoded } from "../../build/debug-module.js";
import { decode } from "../../src/decode.js";
import { instantiateKernels, type KernelExports } from "../../src/index.js";

/** The debug binary traps on what the others take unseen, and the trap leads to a line of assembly/. */

const [x, y, mean, variance, invstd, scratch] = [64, 1024, 2048, 3072, 4096, 8192];
const all = 2 ** 31 - 1;
let kernels: KernelExports;

beforeAll(() => {
  kernels = instantiateKernels(new WebAssembly.Memory({ initial: 1 }), new WebAssembly.Module(decode(encoded)));
});

function normalize(to: number, from: number, batch = 4): void {
  kernels.normalize(to, from, 0, mean, invstd, 0, 0, scratch, batch, 3, 5, 0, 0, all);
}

describe("the debug binary", () => {
  it("runs calls that are right", () => {
    expect(() => kernels.statistics(mean, variance, x, scratch, 4, 3, 5)).not.toThrow();
    expect(() => normalize(y, x)).not.toThrow();
    expect(() => normalize(x, x)).not.toThrow();
  });

  it.each([
    ["an extent of 0", () => normalize(y, x, 0)],
    ["extents beyond the memory", () => normalize(y, x, 65_536)],
    ["an address that is no multiple of 4", () => normalize(y, x + 2)],
    ["statistics that end outside of the memory", () => kernels.invstd(65_536 - 16, variance, 3, 0)],
    ["a result that overlaps an input", () => normalize(x + 4, x)],
  ])("traps on %s", (_, call) => {
    expect(call).toThrow(WebAssembly.RuntimeError);
  });

  it("names the line: scripts/trap.mjs", () => {
    let stack = "";
    try {
      normalize(y, x, 0);
    } catch (error) {
      stack = (error as Error).stack ?? "";
    }
    const script = fileURLToPath(new URL("../../scripts/trap.mjs", import.meta.url));
    const trace = execFileSync(process.execPath, [script], { input: stack, encoding: "utf8" });
    expect(trace).toMatch(/at assembly\/normalize\/normalize \(assembly\/check\.ts:\d+\)/);
  });
});
