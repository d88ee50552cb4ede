import { compileFloor } from "../floor/compile.js";
import { header, NODE } from "../machine.js";
import { choose, command, parse } from "../options.js";
import { progress } from "../progress.js";
import { publish } from "../report/index.js";
import { caches } from "./caches.js";
import { scalingSection } from "./markdown.js";
import type { ScalingResults } from "./results.js";
import { measureScans, SCAN_STEPS } from "./scans.js";
import { measureSizes, sizeSteps } from "./sizes.js";

const FULL = { milliseconds: 500, minimumRounds: 5, maximumRounds: 101 };
const QUICK = { milliseconds: 40, minimumRounds: 3, maximumRounds: 21 };
/** A round holds a sample of each of up to 64 shapes. */
const SCAN_FULL = { milliseconds: 3000, minimumRounds: 31, maximumRounds: 101 };
const SCAN_QUICK = { milliseconds: 100, minimumRounds: 3, maximumRounds: 5 };

await command(async () => {
  const options = parse("bench:scaling", "parts (sizes, cliffs)");
  const { quick } = options;
  const parts = choose([{ name: "sizes" }, { name: "cliffs" }], options).map(({ name }) => name);
  const began = Date.now();
  const wanted = (part: string, steps: number) => (parts.includes(part) ? steps : 0);
  const { step, stop } = progress(wanted("sizes", sizeSteps(quick)) + wanted("cliffs", SCAN_STEPS));
  const results: Pick<ScalingResults, "sizes" | "scans"> = { sizes: [], scans: [] };
  try {
    const floor = compileFloor();
    if (parts.includes("sizes")) {
      Object.assign(results, { sizes: await measureSizes(quick, floor, quick ? QUICK : FULL, step) });
    }
    if (parts.includes("cliffs")) {
      Object.assign(results, { scans: await measureScans(floor, quick ? SCAN_QUICK : SCAN_FULL, step) });
    }
  } finally {
    stop();
  }
  await publish(scalingSection, { header: header(quick, NODE, began), caches: caches(), ...results }, options);
});
