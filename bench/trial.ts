import { agree } from "./agreement.js";
import { Arena } from "./arena.js";
import { naivePlanes, naiveRows, type Verb } from "./baseline/index.js";
import type { Case } from "./cases.js";
import type { Name } from "./contender.js";
import type { Engines } from "./engines.js";
import { fastest } from "./fastest.js";
import { problem } from "./inputs.js";
import { javascript } from "./javascript.js";
import { memoryBoundVerbs, place } from "./kernels.js";
import { layers } from "./layer.js";
import { type RaceOptions, race, type Timing } from "./measure.js";
import { reference } from "./reference.js";
import { TITLES, VERBS } from "./verbs.js";

export type Timings<Row extends Name = Name> = Readonly<Record<Row, Timing>>;

export interface CaseResult<Row extends Name = Name> extends Case {
  /** The pure JavaScript variants that were fastest here. */
  readonly fastestJs: Readonly<Record<Verb, string>>;
  readonly timings: Readonly<Record<Verb, Timings<Row>>>;
}

/** Shows the next step on the progress line; resolves when the line is printed. */
export type Step = (what: string) => Promise<void>;

/** The number of steps of a trial on the progress line. */
export const STEPS_PER_TRIAL = 1 + VERBS.length;

/** Checks every contender among `names` on one case, then times them verb by verb. */
export async function trial<Row extends Name>(
  c: Case,
  seed: number,
  { library, exports, memoryBound, memory }: Engines,
  names: readonly Row[],
  options: RaceOptions,
  step: Step,
): Promise<CaseResult<Row>> {
  const wanted = (name: Name) => (names as readonly Name[]).includes(name);
  const reserved = library.memory.buffer.byteLength;
  await step(`${c.name}, data, agreement, variants`);
  const p = problem(c, seed);
  const expected = reference(c, p);
  const best = fastest(c.loop, p, options.milliseconds / 8);
  const { kernels, addresses } = place(exports, new Arena(memory), c, p);
  const limit = memoryBoundVerbs(memoryBound, addresses, c.bytes);
  const wrapped = layers(library, c, p);
  const contenders = [
    javascript("naive JS", p, (c.loop === "planes" ? naivePlanes : naiveRows)(p)),
    javascript("fastest JS", p, best.verbs),
    kernels,
    ...wrapped.contenders,
  ].filter(({ name }) => wanted(name));
  for (const contender of contenders) agree(c.name, c, contender, expected);

  const timings: Partial<Record<Verb, Timings<Row>>> = {};
  for (const verb of VERBS) {
    await step(`${c.name}, ${TITLES[verb].toLowerCase()}`);
    for (const { verbs } of contenders) verbs.trainingForward();
    const runs = new Map<Name, () => void>(contenders.map(({ name, verbs }) => [name, verbs[verb]]));
    if (wanted("memory bound")) runs.set("memory bound", limit[verb]);
    timings[verb] = Object.fromEntries(race(runs, options)) as Timings<Row>;
  }
  wrapped.dispose();
  if (library.memory.buffer.byteLength !== reserved) throw new Error("the library's memory grew during the benchmark");
  return { ...c, fastestJs: best.names, timings: timings as CaseResult<Row>["timings"] };
}
