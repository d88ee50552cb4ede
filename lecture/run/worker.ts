import type { MessagePort } from "node:worker_threads";
import { startTfjs } from "../../examples/common/backend.js";
import { experiments } from "../list.js";
import { type ScaleOptions, scaleOf } from "../scale.js";
import { type Data, digest, readData } from "./data.js";
import type { Kept } from "./store.js";
import { Tasks } from "./tasks.js";

/** A task by its name: functions do not pass between threads. */
export interface Order {
  readonly experiment: string;
  readonly key: string;
  readonly scale: ScaleOptions;
  readonly folder: string;
  /** Takes the part that is done. */
  readonly port: MessagePort;
}

/** The result of a task. */
export type Done = Pick<Kept, "result" | "seconds">;

interface Ready {
  readonly data: Data;
  readonly tasks: Tasks;
}

let ready: Promise<Ready> | undefined;

/** Runs one task in a thread of the pool. */
export default async function work(order: Order): Promise<Done> {
  const { experiment: name, key, scale, folder, port } = order;
  ready ??= prepare(folder);
  const { data, tasks } = await ready;
  const experiment = experiments.find((experiment) => experiment.name === name);
  const task = experiment && tasks.of(experiment, scaleOf(scale)).find((task) => task.key === key);
  if (!task) throw new Error(`no task ${key} in experiment ${name}`);
  const began = performance.now();
  let reported = 0;
  const progress = (done: number) => {
    if (performance.now() - reported < 200) return;
    reported = performance.now();
    port.postMessage(done);
  };
  const result = await task.arm.recipe.run(task.arm.settings, { data, seed: task.seed, progress });
  return { result, seconds: (performance.now() - began) / 1000 };
}

async function prepare(folder: string): Promise<Ready> {
  await startTfjs();
  const data = readData(folder);
  return { data, tasks: new Tasks(data, digest(data)) };
}
