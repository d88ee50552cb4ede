import { availableParallelism } from "node:os";
import { MessageChannel } from "node:worker_threads";
import { Piscina } from "piscina";
import type { Experiment, Json, Plan } from "../experiment.js";
import { type ScaleOptions, scaleOf } from "../scale.js";
import { type Data, digest } from "./data.js";
import { Progress } from "./progress.js";
import type { Kept, Store } from "./store.js";
import { type Task, Tasks } from "./tasks.js";
import type { Order } from "./worker.js";

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

export interface Failure {
  readonly experiment: Experiment;
  readonly settings: Json;
  readonly seed: number;
  readonly error: Error;
}

interface Job {
  readonly experiment: Experiment;
  readonly task: Task;
}

/** Runs what the store lacks, in threads, and returns what failed. */
export async function run(options: RunOptions): Promise<Failure[]> {
  const { experiments, scale, data, store } = options;
  const tasks = new Tasks(data, digest(data));
  const wanted = new Map(experiments.map((experiment) => [experiment, tasks.of(experiment, scaleOf(scale))]));
  const kept = new Map<string, Kept>();
  const jobs = new Map<string, Job>(); // by key: what two experiments want is run once
  for (const [experiment, list] of wanted) {
    for (const task of list) {
      const found = store.get(task.key);
      if (found) kept.set(task.key, found);
      else if (!jobs.has(task.key)) jobs.set(task.key, { experiment, task });
    }
  }
  const total = [...jobs.values()].reduce((sum, { task }) => sum + task.cost, 0);
  const progress = new Progress(total, jobs.size);
  const concludeFinished = () => {
    for (const [experiment, list] of wanted) {
      const trials = list.map(({ key }) => kept.get(key));
      if (!trials.every((trial) => trial !== undefined)) continue;
      wanted.delete(experiment);
      const results = new Map(list.map(({ key }, i) => [key, trials[i].result]));
      const outcomes = tasks.outcomes(experiment.plan(scaleOf(scale)), results);
      progress.line(options.onExperiment({ experiment, outcomes, trials }));
    }
  };
  concludeFinished();
  if (jobs.size === 0) {
    progress.stop();
    return [];
  }
  const threads = Math.min(options.jobs ?? availableParallelism(), jobs.size);
  const pool = new Piscina({ filename: new URL("thread.mjs", import.meta.url).href, maxThreads: threads });
  const failures: Failure[] = [];
  const runJob = async ({ experiment, task }: Job) => {
    const { key, seed, cost } = task;
    const { recipe, settings } = task.arm;
    const { port1, port2 } = new MessageChannel();
    port1.on("message", (done: number) => progress.update(key, cost * done, experiment.name));
    const order: Order = { experiment: experiment.name, key, scale, folder: options.folder, port: port2 };
    try {
      const done: Pick<Kept, "result" | "seconds"> = await pool.run(order, { transferList: [port2] });
      const trial = { key, recipe: recipe.name, settings, seed, ...done };
      store.put(trial);
      kept.set(key, trial);
      concludeFinished();
    } catch (error) {
      failures.push({ experiment, settings, seed, error: error as Error });
      console.error((error as Error).stack);
    } finally {
      port1.close();
      progress.finish(key, cost, experiment.name);
    }
  };
  try {
    await Promise.all([...jobs.values()].map(runJob));
  } finally {
    progress.stop();
    await pool.destroy();
  }
  return failures;
}
