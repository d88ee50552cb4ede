import { setTimeout } from "node:timers/promises";
import type { Verb } from "../baseline/index.js";
import { quartiles, type Timing } from "../measure.js";
import type { ContenderProcess } from "./contender-process.js";
import type { Elapsed } from "./protocol.js";
import type { Absent } from "./results.js";

export interface Entrant {
  readonly name: string;
  readonly threads: number;
  readonly process: ContenderProcess;
  /** Milliseconds of an earlier timed call, or null. A very slow call is not repeated. */
  readonly known: number | null;
}

export interface RaceOptions {
  /** Milliseconds for the samples of one verb of one entrant. */
  readonly milliseconds: number;
  readonly maximumSamples: number;
}

const SAMPLE_MS = 0.2;
const WARMUP_MS = 20;
const MINIMUM_SAMPLES = 3;
/** A call of this length fills the caches many times, so one sample without an untimed call before it is enough. */
const SLOW_MS = 250;
/** A call of this length is not repeated if an earlier one was timed. */
const VERY_SLOW_MS = 1000;
/** Pause after a sample with several threads, because idle threads spin for some milliseconds. */
const SETTLE_MS = 10;

interface Runner extends Entrant {
  readonly calls: number;
  readonly planned: number;
  readonly slow: boolean;
  readonly samples: number[];
}

/** Both are milliseconds per call. `spent` includes the part that was subtracted. */
async function run({ process }: Entrant, verb: Verb, calls: number): Promise<{ time: number; spent: number }> {
  const { ns, spent } = await process.ask<Elapsed>(`run ${verb} ${calls}`);
  return { time: ns / 1e6 / calls, spent: (spent ?? ns) / 1e6 / calls };
}

/** Warms up, then computes how many calls fill a sample and how many samples fill the time. */
async function calibrate(entrant: Entrant, verb: Verb, options: RaceOptions): Promise<Runner> {
  if (entrant.known !== null && entrant.known > VERY_SLOW_MS) {
    return { ...entrant, calls: 1, planned: 1, slow: true, samples: [entrant.known] };
  }
  let shortest = { time: Number.POSITIVE_INFINITY, spent: Number.POSITIVE_INFINITY };
  let [calls, total] = [1, 0];
  do {
    const sample = await run(entrant, verb, calls);
    if (sample.spent < shortest.spent) shortest = sample;
    total += calls * sample.spent;
    if (calls * sample.spent < SAMPLE_MS) calls *= 2;
  } while (total < WARMUP_MS);
  const perSample = Math.ceil(SAMPLE_MS / shortest.spent);
  const slow = shortest.spent > SLOW_MS;
  const affordable = Math.floor(options.milliseconds / ((perSample + 1) * shortest.spent));
  const planned = slow ? 1 : Math.min(Math.max(affordable, MINIMUM_SAMPLES), options.maximumSamples);
  return { ...entrant, calls: perSample, planned, slow, samples: slow ? [shortest.time] : [] };
}

/**
 * Times a verb of all entrants in rounds. Every round takes one sample of each entrant in turn and begins with another
 * one each time. An entrant that has time for fewer samples takes part in evenly spread rounds.
 */
export async function race(
  entrants: readonly Entrant[],
  verb: Verb,
  options: RaceOptions,
): Promise<Map<string, Timing | Absent>> {
  const results = new Map<string, Timing | Absent>();
  const guarded = async <Value>(name: string, action: () => Promise<Value>): Promise<Value | null> => {
    try {
      return await action();
    } catch (error) {
      results.set(name, { absent: (error as Error).message });
      return null;
    }
  };
  const runners: Runner[] = [];
  for (const entrant of entrants) {
    const runner = await guarded(entrant.name, () => calibrate(entrant, verb, options));
    if (runner) runners.push(runner);
  }
  const rounds = Math.max(...runners.map(({ planned }) => planned));
  for (let round = 0; round < rounds; round++) {
    for (let k = 0; k < runners.length; k++) {
      const runner = runners[(k + round) % runners.length];
      const { name, planned, slow, calls, samples, threads, process } = runner;
      const due = Math.floor(((round + 1) * planned) / rounds) > Math.floor((round * planned) / rounds);
      if (!due || slow || results.has(name)) continue;
      await guarded(name, async () => {
        await process.ask(`warm ${verb}`);
        samples.push((await run(runner, verb, calls)).time);
      });
      if (threads > 1) await setTimeout(SETTLE_MS);
    }
  }
  for (const { name, samples, calls } of runners) {
    if (!results.has(name)) results.set(name, { ...quartiles(samples), callsPerSample: calls });
  }
  return results;
}
