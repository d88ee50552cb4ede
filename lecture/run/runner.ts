import { availableParallelism } from "node:os";
import { MessageChannel } from "node:worker_threads";
import { Piscina } from "piscina";
import type { Experiment, Json, Plan } from "../experiment.js";
import { type ScaleOptions, scaleOf } from "../scale.js";
import { type Data, digest } from "./data.js";
import { WorkProgress } from "./progress.js";
import type { Kept, Store } from "./store.js";
import { type Task, Tasks } from "./tasks.js";
import type { Done, Order } from "./worker.js";

export interface RunOptions {
  readonly experiments: readonly Experiment[];
  readonly scale: ScaleOptions;
  readonly folder: string;
  readonly data: Data;
  readonly store: Store;
  /** Threads; null: as many as the machine runs at once. */
  readonly jobs: number | null;
  /** Everything of one experiment is there. Returns a line to show. */
  readonly onExperiment: (finished: Finished) => string;
}

/** An experiment, what `conclude` takes, and the trials behind it. */
export interface Finished {
  readonly experiment: Experiment;
  readonly outcomes: Parameters<Experiment<Plan>["conclude"]>[0];
  readonly trials: readonly Kept[];
}

/** A trial that threw, or an experiment whose conclusion did; then without settings and seed. */
export interface Failure {
  readonly experiment: Experiment;
  readonly settings?: Json;
  readonly seed?: number;
  readonly error: Error;
}

interface Job {
  readonly experiment: Experiment;
  readonly task: Task;
}

/**
 * Runs the trials that the store lacks, in threads, and returns the failed ones. An interruption prints the number of
 * stored trials, and ends the process.
 */
export async function run(options: RunOptions): Promise<Failure[]> {
  const { experiments, scale, data, store } = options;
  const tasks = new Tasks(data, digest(data));
  const wanted = new Map(experiments.map((experiment) => [experiment, tasks.of(experiment, scaleOf(scale))]));
  const kept = new Map<string, Kept>();
  const failures: Failure[] = [];
  const jobs = missing(wanted, store, kept);
  const progress = new WorkProgress(
    jobs.reduce((sum, { task }) => sum + task.cost, 0),
    jobs.length,
  );
  const concludeFinished = () => {
    for (const [experiment, list] of wanted) {
      const trials = list.map(({ key }) => kept.get(key));
      if (!trials.every((trial) => trial !== undefined)) continue;
      wanted.delete(experiment);
      const results = new Map(trials.map(({ key, result }) => [key, result]));
      try {
        const outcomes = tasks.outcomes(experiment.plan(scaleOf(scale)), results);
        progress.line(options.onExperiment({ experiment, outcomes, trials }));
      } catch (error) {
        failures.push({ experiment, error: error as Error });
      }
    }
  };
  const interrupted = () => {
    progress.stop();
    console.error(`Interrupted. ${kept.size} finished trials are kept; the same command goes on from there.`);
    process.exit(130);
  };
  process.once("SIGINT", interrupted);
  const pool = new Piscina({
    filename: new URL("thread.mjs", import.meta.url).href,
    minThreads: 0,
    maxThreads: options.jobs ?? availableParallelism(),
  });
  const runJob = async ({ experiment, task: { arm, seed, key, cost } }: Job) => {
    const { recipe, settings } = arm;
    const { port1, port2 } = new MessageChannel();
    port1.on("message", (done: number) => progress.update(key, cost * done, experiment.name));
    const order: Order = { experiment: experiment.name, key, scale, folder: options.folder, port: port2 };
    try {
      const done: Done = await pool.run(order, { transferList: [port2] });
      const trial = { key, recipe: recipe.name, settings, seed, ...done };
      store.put(trial);
      kept.set(key, trial);
    } catch (error) {
      failures.push({ experiment, settings, seed, error: error as Error });
    } finally {
      port1.close();
      progress.finish(key, cost, experiment.name);
    }
    concludeFinished();
  };
  try {
    concludeFinished();
    await Promise.all(jobs.map(runJob));
  } finally {
    progress.stop();
    process.removeListener("SIGINT", interrupted);
    await pool.destroy();
  }
  return failures;
}

/** Returns the tasks to run, each key once, because two experiments may need it. Stored trials go into `kept`. */
function missing(wanted: ReadonlyMap<Experiment, readonly Task[]>, store: Store, kept: Map<string, Kept>): Job[] {
  const jobs = new Map<string, Job>();
  for (const [experiment, list] of wanted) {
    for (const task of list) {
      const found = store.get(task.key);
      if (found) kept.set(task.key, found);
      else if (!jobs.has(task.key)) jobs.set(task.key, { experiment, task });
    }
  }
  return [...jobs.values()];
}
