import { instantiateKernels } from "batchnorm-wasm";
import { PAGE, reserve } from "../arena.js";
import { CASES, type Case, image } from "../cases.js";
import { parameterBytes, scratchBytes } from "../kernels.js";
import type { Run } from "../run.js";
import { reluSection } from "./markdown.js";
import { measureRelu, STEPS } from "./measure.js";
import type { ReluResults } from "./results.js";

const FULL = { milliseconds: 800, minimumRounds: 31, maximumRounds: 201 };
const QUICK = { milliseconds: 100, minimumRounds: 7, maximumRounds: 31 };

/** Bytes of x. Below this range the call takes most of the time; above it the caches no longer hold the data. */
const [SMALLEST, LARGEST] = [16 * 1024, 8 * 1024 * 1024];

const layouts = ["NCHW", "NHWC"] as const;
const RELU_CASES: readonly Case[] = [
  ...CASES.filter(({ bytes }) => bytes >= SMALLEST && bytes <= LARGEST),
  ...layouts.map((layout) => image(layout, [1, 16, 16, 16], "16 KB, one image")),
  ...layouts.map((layout) => image(layout, [4, 32, 14, 14], "98 KB")),
];

export const run: Run<ReluResults, Case> = {
  items: RELU_CASES,
  section: reluSection,
  async measure(cases, { quick, begin, step }) {
    begin(cases.length * STEPS);
    const need = cases.map((c) => 4 * c.bytes + parameterBytes(c.channels) + scratchBytes([c]));
    const memory = reserve(Math.max(...need) + PAGE);
    const exports = instantiateKernels(memory);
    const results: ReluResults["cases"][number][] = [];
    for (const c of cases) results.push(await measureRelu(c, exports, memory, quick ? QUICK : FULL, step));
    return { cases: results };
  },
};
