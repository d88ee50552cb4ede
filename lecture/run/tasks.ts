import { createHash } from "node:crypto";
import type { Arm, Experiment, Json, Outcomes, Plan, Scale } from "../experiment.js";
import type { Data } from "./data.js";

/** One arm with one seed. */
export interface Task {
  readonly arm: Arm<Json, Json>;
  readonly seed: number;
  /** The same for the same recipe, settings, seed and data, whichever experiment asks. */
  readonly key: string;
  readonly cost: number;
}

export class Tasks {
  readonly #data: Data;
  readonly #digest: string;

  constructor(data: Data, digest: string) {
    this.#data = data;
    this.#digest = digest;
  }

  /** Returns the tasks of an experiment, in their order. */
  of(experiment: Experiment, scale: Scale): Task[] {
    return Object.values(experiment.plan(scale)).flatMap((arms) =>
      arms.flatMap((arm) => arm.seeds.map((seed) => this.#task(arm, seed))),
    );
  }

  /** The results that `results` holds, as `conclude` takes them. */
  outcomes(plan: Plan, results: ReadonlyMap<string, Json>): Outcomes<Plan> {
    const outcome = (arm: Arm<Json, Json>) => ({
      settings: arm.settings,
      results: arm.seeds.map((seed) => results.get(this.#task(arm, seed).key) as Json),
    });
    return Object.fromEntries(Object.entries(plan).map(([group, arms]) => [group, arms.map(outcome)]));
  }

  #task(arm: Arm<Json, Json>, seed: number): Task {
    const { recipe, settings } = arm;
    const identity = JSON.stringify([recipe.name, sorted(settings), seed, this.#digest]);
    const key = `${recipe.name}-${createHash("sha256").update(identity).digest("hex").slice(0, 16)}`;
    return { arm, seed, key, cost: recipe.cost(settings, this.#data) };
  }
}

/** Sorts the keys of objects, so that equal settings give equal text. */
function sorted(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((item) => sorted(item) ?? null);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
