import type { Verb } from "../baseline/index.js";
import { type Extents, problem } from "../inputs.js";
import { type RaceOptions, race, type Timing } from "../measure.js";
import type { Step } from "../trial.js";
import { TITLES, VERBS } from "../verbs.js";
import { Bed } from "./bed.js";
import type { Scan } from "./results.js";

/** 2 MB of x. */
const VALUES = 2 ** 19;
const CHANNELS = 64;

/** Shapes that are timed together. `at` is the extent in which they differ, and `symbol` is its name. */
export interface Plan {
  readonly name: string;
  readonly symbol: string;
  readonly shapes: readonly (Extents & { readonly at: number })[];
}

const upTo = (last: number) => Array.from({ length: last }, (_, k) => k + 1);
const rows = (count: number, channels: number): Extents => ({ loop: "rows", batch: count, channels, spatial: 1 });
const byChannels = (channels: readonly number[]) =>
  channels.map((at) => ({ at, ...rows(Math.round(VALUES / at), at) }));

const PLANS: readonly Plan[] = [
  { name: "rows, few channels", symbol: "C", shapes: byChannels(upTo(33)) },
  { name: "rows, many channels", symbol: "C", shapes: byChannels([1000, 1008, 1023, 1024, 1025, 2048, 4096]) },
  {
    name: "rows, few rows",
    symbol: "R",
    shapes: upTo(32).map((at) => ({ at, ...rows(at, Math.round(VALUES / at)) })),
  },
  {
    name: "planes, small planes",
    symbol: "S",
    shapes: upTo(64).map((at) => {
      return { at, loop: "planes", batch: Math.round(VALUES / CHANNELS / at), channels: CHANNELS, spatial: at };
    }),
  },
];

/** The number of steps of the scans on the progress line. */
export const STEPS_PER_SCAN = 1 + VERBS.length;
export const SCAN_STEPS = PLANS.length * STEPS_PER_SCAN;

/** Times all shapes of a scan in the same rounds, so that a slower machine slows neighbours alike. */
export async function scan(
  { name, symbol, shapes }: Plan,
  memoryBound: BufferSource,
  options: RaceOptions,
  step: Step,
): Promise<Scan> {
  await step(`${name}, agreement`);
  const size = ({ batch, channels, spatial }: Extents) => batch * channels * spatial;
  const largest = 4 * Math.max(...shapes.map(size));
  const bed = new Bed(Math.ceil(largest / 64) * 64, shapes, memoryBound);
  const placed = shapes.map((shape) => {
    const p = problem(shape, shape.at);
    bed.fill(p, 1);
    const place = bed.place(p, shape.loop, 1);
    // one value per channel has no deviation to compare with
    if (shape.batch * shape.spatial > 1) place.check();
    return place;
  });
  const timings: Partial<Record<Verb, Map<string, Timing>>> = {};
  for (const verb of VERBS) {
    await step(`${name}, ${TITLES[verb].toLowerCase()}`);
    for (const { kernels } of placed) kernels.trainingForward();
    timings[verb] = race(new Map(shapes.map(({ at }, k) => [String(at), placed[k].kernels[verb]])), options);
  }
  const points = shapes.map((shape) => {
    const of = (verb: Verb) => timings[verb]?.get(String(shape.at)) as Timing;
    const times = { trainingForward: of("trainingForward"), inference: of("inference"), backward: of("backward") };
    return { ...shape, values: size(shape), timings: times };
  });
  return { name, symbol, points };
}

export async function measureScans(memoryBound: BufferSource, options: RaceOptions, step: Step): Promise<Scan[]> {
  const scans: Scan[] = [];
  for (const plan of PLANS) scans.push(await scan(plan, memoryBound, options, step));
  return scans;
}
