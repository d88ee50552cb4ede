import { backend } from "./backend.js";
import { kinds } from "./batch.js";
import type { Work } from "./phases.js";
import type { Extents, Placed } from "./placed.js";
import { random } from "./random.js";

/** Phases that several workers do in parts, and batches for them. */

/** At least 65,536 values, most by little. */
const several: readonly Extents[] = [
  // Planes: many channels; few channels and a batch; a batch of one; one channel.
  [4, 64, 300],
  [3, 331, 99],
  [16, 3, 1500],
  [40, 5, 401],
  [1, 33, 2100],
  [1, 3, 30000],
  [9, 1, 9001],
  // Narrow planes, whose columns are a multiple of 4 or not.
  [2000, 17, 2],
  [700, 64, 2],
  [1500, 19, 3],
  [400, 64, 3],
  [600, 31, 5],
  [200, 33, 13],
  // Rows: few and wide, many, of every width in vectors.
  [20, 4100, 1],
  [200, 515, 1],
  [70, 1040, 1],
  [301, 256, 1],
  [2048, 64, 1],
  [2500, 33, 1],
  [15003, 6, 1],
  [40001, 3, 1],
  [70001, 1, 1],
];

// JavaScript has one thread for all, so there is one part.
export const shapes = several.filter((_, i) => backend === "wasm" || i % 7 === 0);

/** Far from 0, or a value whose square float32 does not hold: the statistics take another round; and of dy the sums do. */
const degenerate = [
  ...["zero", "100,000 deviations from 0", "with a first value of 1e5", "of deviation 1e25", "of NaN"],
  ...["with an infinity", "ordinary"],
];
const degenerateDy = ["with dy of 3e38", "with a dy of NaN", "with dy of 1e-40", "with gamma 1e-31"];

const all = [...degenerate, ...degenerateDy].map((name) => kinds[name]);
export const batches = {
  ordinary: () => kinds.ordinary,
  degenerate: (c: number) => all[c % all.length],
};

export const partsOf = ({ kernels, extents }: Placed) => kernels.parts(...extents);

/** Ranges that make up all parts: parts 0, W, 2W and so on by the first worker, or a run of neighbours by each. */
function ranges(parts: number, workers: number, runs: boolean) {
  if (!runs) return Array.from({ length: parts }, (_, i) => ({ begin: i, end: i + 1, worker: i % workers }));
  const cut = (worker: number) => Math.floor((worker * parts) / workers);
  return Array.from({ length: workers }, (_, worker) => ({ begin: cut(worker), end: cut(worker + 1), worker }));
}

/** Workers do their ranges in some order, each with a scratch of its own. */
export const work =
  (workers: number, runs: boolean, seed: number) =>
  (placed: Placed): Work => {
    const { shuffle } = random(seed);
    return (kernel, numbers) => {
      for (const { worker, ...range } of shuffle(ranges(partsOf(placed), workers, runs))) {
        placed.call(kernel, { ...numbers, ...range, scratch: placed.scratches[worker] });
      }
    };
  };

export const WORKERS = 7;
export const ways = [
  { workers: 1, runs: false, seed: 1 },
  { workers: 2, runs: false, seed: 2 },
  { workers: 2, runs: true, seed: 3 },
  { workers: 3, runs: false, seed: 4 },
  { workers: WORKERS, runs: true, seed: 5 },
  { workers: WORKERS, runs: false, seed: 6 },
];
