import { setTimeout } from "node:timers/promises";
import { instantiateKernels, type Kernels, load } from "batchnorm-wasm";
import { SingleBar } from "cli-progress";
import { agree, checkBaseline } from "./agreement.js";
import { naivePlanes, naiveRows, type Verb } from "./baseline/index.js";
import type { Case } from "./cases.js";
import type { Name } from "./contender.js";
import { problem } from "./data.js";
import { javascriptSlowdown } from "./fairness.js";
import { fastest } from "./fastest.js";
import { instantiateFloor } from "./floor/index.js";
import { javascript } from "./javascript.js";
import { memoryFor, rawKernels } from "./kernels.js";
import { layers } from "./layer.js";
import { machine } from "./machine.js";
import { type RaceOptions, race } from "./measure.js";
import { type Options, parse, UsageError } from "./options.js";
import { reference } from "./reference.js";
import { report } from "./report.js";
import { type CaseResult, TITLES, type Timings, VERBS } from "./results.js";

interface Engines {
  readonly kernels: Kernels;
  readonly raw: (c: Case, p: ReturnType<typeof problem>) => ReturnType<typeof rawKernels>;
}

async function engines(cases: readonly Case[]): Promise<Engines> {
  const memory = memoryFor(cases);
  const exports = instantiateKernels(memory);
  const floor = instantiateFloor(memory);
  // A memory that grows would slow pure JavaScript down, see fairness.ts: twice what is needed, since gaps may be left.
  const kernels = await load({ initialBytes: 2 * memory.buffer.byteLength });
  return { kernels, raw: (c, p) => rawKernels(exports, floor, memory, c, p) };
}

/** Shows what comes next; waits until the progress line is out. */
type Step = (what: string) => Promise<void>;

/** Check every contender on one case, then time them verb by verb. */
async function measure(c: Case, seed: number, { kernels, raw }: Engines, options: RaceOptions, step: Step) {
  const reserved = kernels.memory.buffer.byteLength;
  await step("data, agreement, variants");
  const p = problem(c, seed);
  const expected = reference(c, p);
  const naive = c.loop === "planes" ? naivePlanes(p) : naiveRows(p);
  const best = fastest(c.loop, p, options.milliseconds / 8);
  const direct = raw(c, p);
  const wrapped = layers(kernels, c, p);
  const contenders = [
    javascript("naive JS", p, naive),
    javascript("fastest JS", p, best.verbs),
    direct.kernels,
    ...wrapped.contenders,
  ];
  for (const contender of contenders) agree(c.name, c, contender, expected);

  const timings: Partial<Record<Verb, Timings>> = {};
  for (const verb of VERBS) {
    await step(TITLES[verb].toLowerCase());
    for (const { verbs } of contenders) verbs.trainingForward();
    const runs = new Map<Name, () => void>(contenders.map(({ name, verbs }) => [name, verbs[verb]]));
    runs.set("floor", direct.floor[verb]);
    timings[verb] = Object.fromEntries(race(runs, options)) as Timings;
  }
  wrapped.dispose();
  if (kernels.memory.buffer.byteLength !== reserved) throw new Error("the library's memory grew during the benchmark");
  return { ...c, fastestJs: best.names, timings: timings as CaseResult["timings"] };
}

async function measureAll(cases: readonly Case[], quick: boolean): Promise<CaseResult[]> {
  const options = quick
    ? { milliseconds: 160, minimumRounds: 5, maximumRounds: 61 }
    : { milliseconds: 1250, minimumRounds: 13, maximumRounds: 201 };
  const format = "{bar} {value}/{total} {what} | {duration_formatted}";
  const bar = new SingleBar({ format, noTTYOutput: true, notTTYSchedule: 5000, hideCursor: true });
  bar.start(cases.length * (1 + VERBS.length), 0, { what: "pure JavaScript variants" });
  try {
    await setTimeout();
    checkBaseline();
    const prepared = await engines(cases);
    const measured: CaseResult[] = [];
    let done = 0;
    for (const [k, c] of cases.entries()) {
      measured.push(
        await measure(c, k + 1, prepared, options, async (what) => {
          bar.update(done++, { what: `${c.name}, ${what}` });
          await setTimeout();
        }),
      );
    }
    bar.update(done, { what: "done" });
    return measured;
  } finally {
    bar.stop();
  }
}

async function main({ cases, quick, out, full }: Options): Promise<void> {
  const began = performance.now();
  const measured = await measureAll(cases, quick);
  const slowdown = javascriptSlowdown();
  const seconds = Math.round((performance.now() - began) / 1000);
  const header = { ...machine(), quick, seconds, javascriptSlowdown: slowdown };
  await report({ header, cases: measured }, { out, full });
}

try {
  await main(parse(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
