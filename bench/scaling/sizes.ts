import type { Shape, Verb } from "../baseline/index.js";
import { type Extents, problem } from "../inputs.js";
import { type RaceOptions, race } from "../measure.js";
import type { Step } from "../trial.js";
import { TITLES, VERBS } from "../verbs.js";
import { Bed } from "./bed.js";
import type { SizePoint } from "./results.js";

const CHANNELS = 64;
/** Planes grow to 64 x 64 values, then the batch grows. */
const LARGEST_PLANE = 4096;
/** Values per channel in the generated data; larger tensors repeat them. */
const PART = 4096;

export const LOOPS = ["planes", "rows"] as const;
/** Exponents of 2, from 1 KB to 1 GB. With dy and the output that is 3 of the 4 GB that 32-bit addresses reach. */
const SMALLEST = 10;
const LARGEST = 30;
/** 16 MB is larger than the L2 cache, and takes only seconds. */
const LARGEST_QUICK = 24;

function exponents(quick: boolean): number[] {
  const count = (quick ? LARGEST_QUICK : LARGEST) - SMALLEST + 1;
  return Array.from({ length: count }, (_, k) => SMALLEST + k);
}

export function sizeSteps(quick: boolean): number {
  return LOOPS.length * exponents(quick).length * (1 + VERBS.length);
}

/** The extents of the generated part, and how often it is repeated to reach `bytes`. */
function repeated(loop: Shape, bytes: number): { part: Extents; times: number } {
  const count = bytes / 4 / CHANNELS;
  const kept = Math.min(count, PART);
  const spatial = loop === "planes" ? Math.min(kept, LARGEST_PLANE) : 1;
  return { part: { loop, batch: kept / spatial, channels: CHANNELS, spatial }, times: count / kept };
}

/** Times the kernels and the memory bound at every size, for both loops and three verbs. */
export async function measureSizes(
  quick: boolean,
  memoryBound: BufferSource,
  options: RaceOptions,
  step: Step,
): Promise<SizePoint[]> {
  const all = exponents(quick);
  const sizes = LOOPS.flatMap((loop) => all.map((exponent) => ({ exponent, ...repeated(loop, 2 ** exponent) })));
  const shapes = sizes.map(({ part, times }) => ({ ...part, batch: part.batch * times }));
  const bed = new Bed(2 ** all[all.length - 1], shapes, memoryBound);
  const points: SizePoint[] = [];
  for (const [k, { exponent, part, times }] of sizes.entries()) {
    const name = `${part.loop}, 2^${exponent} bytes`;
    await step(`${name}, agreement`);
    const p = problem(part, exponent);
    bed.fill(p, times);
    const placed = bed.place(p, part.loop, times);
    placed.check();
    const timings: Partial<Record<Verb, SizePoint["timings"][Verb]>> = {};
    for (const verb of VERBS) {
      await step(`${name}, ${TITLES[verb].toLowerCase()}`);
      const runs = new Map([
        ["kernels", placed.kernels[verb]],
        ["memory bound", placed.memoryBound[verb]],
      ] as const);
      timings[verb] = Object.fromEntries(race(runs, options)) as unknown as SizePoint["timings"][Verb];
    }
    const bytes = 2 ** exponent;
    points.push({ ...shapes[k], bytes, values: bytes / 4, timings: timings as SizePoint["timings"] });
  }
  return points;
}
