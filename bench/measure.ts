import { Bench } from "tinybench";

/** Milliseconds per call, over all samples. */
export interface Timing {
  readonly median: number;
  readonly p25: number;
  readonly p75: number;
  readonly min: number;
  readonly samples: number;
  readonly callsPerSample: number;
}

export interface RaceOptions {
  /** Rounds end after this time, within the two limits below. */
  readonly milliseconds: number;
  /** The least and the largest number of rounds. */
  readonly minimumRounds: number;
  readonly maximumRounds: number;
  /** Milliseconds for which each candidate runs before any is timed. Default 20. */
  readonly warmupMs?: number;
}

/** A sample lasts at least this long, so that the timer's error is small even for calls of a few microseconds. */
const SAMPLE_MS = 0.2;
/** A sample also lasts at least this many steps of the timer, of 0.005 to 1 ms in browsers. One step is 2.5 % of it. */
const SAMPLE_STEPS = 40;
const WARMUP_MS = 20;

/** The smallest observed step of the timer, in milliseconds. */
export function timerStep(): number {
  let smallest = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let last = start, now = start; now - start < 10; last = now) {
    now = performance.now();
    if (now > last) smallest = Math.min(smallest, now - last);
  }
  return smallest;
}

/** Warms up, then returns the number of calls that fill a sample. */
function callsPerSample(run: () => void, sampleMs: number, warmupMs: number): number {
  let shortest = Number.POSITIVE_INFINITY;
  const start = performance.now();
  let calls = 1;
  do {
    const before = performance.now();
    for (let k = 0; k < calls; k++) run();
    const elapsed = performance.now() - before;
    if (elapsed > 0) shortest = Math.min(shortest, elapsed / calls);
    if (elapsed < sampleMs) calls *= 2;
  } while (performance.now() - start < warmupMs || shortest === Number.POSITIVE_INFINITY);
  return Math.max(1, Math.ceil(sampleMs / shortest));
}

function quantile(sorted: readonly number[], q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/** Sorts the samples in place. */
export function quartiles(samples: number[]): Omit<Timing, "callsPerSample"> {
  const sorted = samples.sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    p25: quantile(sorted, 0.25),
    p75: quantile(sorted, 0.75),
    min: sorted[0],
    samples: sorted.length,
  };
}

/**
 * Times all candidates in rounds. Each round takes one sample of each and begins with another one each time, so that a
 * machine that slows down slows all of them. Every second round runs backwards. Otherwise a candidate would always
 * run after the same other one, which leaves its own data in the caches. A sample is a loop of calls after one untimed
 * call, which brings the candidate's own data into the caches.
 */
export function race<Name extends string>(
  candidates: ReadonlyMap<Name, () => void>,
  { milliseconds, minimumRounds, maximumRounds, warmupMs = WARMUP_MS }: RaceOptions,
): Map<Name, Timing> {
  const sampleMs = Math.max(SAMPLE_MS, SAMPLE_STEPS * timerStep());
  const tasks = [...candidates].map(([name, run]) => ({
    name,
    run,
    calls: callsPerSample(run, sampleMs, warmupMs),
    samples: [] as number[],
  }));
  const start = performance.now();
  for (let round = 0; round < maximumRounds; round++) {
    if (round >= minimumRounds && performance.now() - start > milliseconds) break;
    const bench = new Bench({ iterations: 1, time: 0, warmup: false, retainSamples: true, throws: true });
    for (let k = 0; k < tasks.length; k++) {
      const place = round % 2 === 0 ? k : tasks.length - 1 - k;
      const { name, run, calls } = tasks[(place + (round >> 1)) % tasks.length];
      const sample = () => {
        for (let call = 0; call < calls; call++) run();
      };
      bench.add(name, sample, { async: false, beforeEach: run });
    }
    bench.runSync();
    for (const task of tasks) {
      const result = bench.getTask(task.name)?.result;
      if (result?.state !== "completed") throw new Error(`${task.name} was not measured`);
      for (const time of result.latency.samples ?? []) task.samples.push(time / task.calls);
    }
  }
  return new Map(tasks.map(({ name, calls, samples }) => [name, { ...quartiles(samples), callsPerSample: calls }]));
}
