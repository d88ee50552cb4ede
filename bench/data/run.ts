import { instantiateKernels } from "batchnorm-wasm";
import { PAGE, reserve } from "../arena.js";
import { CASES, dense } from "../cases.js";
import { parameterBytes, scratchBytes } from "../kernels.js";
import { compileMemoryBound } from "../memory-bound/compile.js";
import type { Run } from "../run.js";
import { type Plan, STEPS_PER_SCAN, scan } from "../scaling/scans.js";
import { KINDS } from "./kinds.js";
import { dataSection } from "./markdown.js";
import { measureKind, PLACES, type Slow } from "./measure.js";
import { PLANES } from "./planes.js";
import type { DataResults } from "./results.js";

const FULL = { milliseconds: 500, minimumRounds: 31, maximumRounds: 101 };
const QUICK = { milliseconds: 60, minimumRounds: 5, maximumRounds: 31 };
/** A round has one sample of each of 15 shapes. */
const PLANES_FULL = { milliseconds: 1000, minimumRounds: 31, maximumRounds: 101 };
const PLANES_QUICK = { milliseconds: 100, minimumRounds: 5, maximumRounds: 31 };

const SLOW_CASES = [
  ...CASES.filter(({ name }) => name.endsWith(" 32x256x14x14")),
  dense(256, 512, "perceptron, hidden layer of 512, batch 256"),
];

type Part = { readonly name: string } & ({ readonly slow: Slow } | { readonly planes: Plan });

const PARTS: readonly Part[] = [
  ...SLOW_CASES.flatMap((c) =>
    [false, true].flatMap((relu) =>
      KINDS.map((kind) => ({
        name: `${c.name}, ${kind.name}${relu ? ", relu" : ""}`,
        slow: { case: c, kind, relu },
      })),
    ),
  ),
  ...PLANES.map((planes) => ({ name: planes.name, planes })),
];

export const run: Run<DataResults, Part> = {
  items: PARTS,
  section: dataSection,
  async measure(parts, { quick, begin, step }) {
    const slow = parts.flatMap((part) => ("slow" in part ? [part.slow] : []));
    const plans = parts.flatMap((part) => ("planes" in part ? [part.planes] : []));
    begin(slow.reduce((all, { kind }) => all + 1 + kind.verbs.length, 0) + plans.length * STEPS_PER_SCAN);
    const need = slow.map(({ case: c }) => PLACES * (4 * c.bytes + parameterBytes(c.channels) + scratchBytes([c])));
    const memory = reserve(Math.max(0, ...need) + PAGE);
    const exports = instantiateKernels(memory);
    const kinds: DataResults["kinds"][number][] = [];
    for (const each of slow) kinds.push(await measureKind(each, exports, memory, quick ? QUICK : FULL, step));
    const scans: DataResults["scans"][number][] = [];
    const memoryBound = compileMemoryBound();
    for (const plan of plans) scans.push(await scan(plan, memoryBound, quick ? PLANES_QUICK : PLANES_FULL, step));
    return { kinds, scans };
  },
};
