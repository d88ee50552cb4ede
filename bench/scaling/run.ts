import { compileMemoryBound } from "../memory-bound/compile.js";
import type { Run } from "../run.js";
import { caches } from "./caches.js";
import { scalingSection } from "./markdown.js";
import type { ScalingResults } from "./results.js";
import { measureScans, SCAN_STEPS } from "./scans.js";
import { measureSizes, sizeSteps } from "./sizes.js";

const FULL = { milliseconds: 500, minimumRounds: 5, maximumRounds: 101 };
const QUICK = { milliseconds: 40, minimumRounds: 3, maximumRounds: 21 };
/** A round has one sample of each of up to 64 shapes. */
const SCAN_FULL = { milliseconds: 3000, minimumRounds: 31, maximumRounds: 101 };
const SCAN_QUICK = { milliseconds: 100, minimumRounds: 3, maximumRounds: 5 };

export const run: Run<ScalingResults, { readonly name: "sizes" | "cliffs" }> = {
  items: [{ name: "sizes" }, { name: "cliffs" }],
  section: scalingSection,
  async measure(parts, { quick, begin, step }) {
    const [sizes, cliffs] = ["sizes", "cliffs"].map((part) => parts.some(({ name }) => name === part));
    begin((sizes ? sizeSteps(quick) : 0) + (cliffs ? SCAN_STEPS : 0));
    const memoryBound = compileMemoryBound();
    return {
      caches: caches(),
      sizes: sizes ? await measureSizes(quick, memoryBound, quick ? QUICK : FULL, step) : [],
      scans: cliffs ? await measureScans(memoryBound, quick ? SCAN_QUICK : SCAN_FULL, step) : [],
    };
  },
};
