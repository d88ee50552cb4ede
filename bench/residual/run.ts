import { loadSync } from "batchnorm-wasm";
import { CASES, type Case, image } from "../cases.js";
import { compileMemoryBound } from "../memory-bound/compile.js";
import { instantiateMemoryBound } from "../memory-bound/index.js";
import type { Run } from "../run.js";
import { residualSection } from "./markdown.js";
import { measureResidual, STEPS, TENSORS } from "./measure.js";
import type { ResidualResults } from "./results.js";

const FULL = { milliseconds: 1500, minimumRounds: 31, maximumRounds: 301 };
const QUICK = { milliseconds: 200, minimumRounds: 7, maximumRounds: 61 };
/** Bytes for parameters, scratch and the gaps between tensors. */
const ROOM = 2 ** 21;

const RESIDUAL_CASES: readonly Case[] = [
  image("NHWC", [8, 64, 56, 56], "ResNet-50, first stage (conv2), batch 8"),
  ...CASES.filter(({ name }) => name === "NCHW 32x256x14x14"),
  image("NHWC", [1, 2048, 7, 7], "ResNet-50, end of the fourth stage (conv5), one image"),
];

export const run: Run<ResidualResults, Case> = {
  items: RESIDUAL_CASES,
  section: residualSection,
  async measure(cases, { quick, begin, step }) {
    begin(cases.length * STEPS);
    const kernels = loadSync({ initialBytes: TENSORS * Math.max(...cases.map(({ bytes }) => bytes)) + ROOM });
    const reserved = kernels.memory.buffer.byteLength;
    const memoryBound = instantiateMemoryBound(kernels.memory as WebAssembly.Memory, compileMemoryBound());
    const results: ResidualResults["cases"][number][] = [];
    for (const c of cases) results.push(await measureResidual(c, kernels, memoryBound, quick ? QUICK : FULL, step));
    if (kernels.memory.buffer.byteLength !== reserved) throw new Error("the memory grew during the benchmark");
    return { cases: results };
  },
};
