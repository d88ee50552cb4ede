import type { Dataset } from "../examples/common/fashion-mnist.js";
import type { Chart } from "./report/charts.js";
import type { Table } from "./report/table.js";

/** A value that can be stored as JSON. A number that is not finite is stored as null. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** The input of an experiment besides its settings. */
export interface Trial {
  readonly data: { readonly train: Dataset; readonly test: Dataset };
  /** The seed of everything random in the trial. */
  readonly seed: number;
  /** Reports the part that is done, 0 to 1. It may be called often. */
  progress(done: number): void;
}

/** A computation that turns settings and a seed into numbers. The same recipe runs only once with the same settings. */
export interface Recipe<Settings, Result> {
  /** A unique name. Results are stored under it, so change it when the computation changes. */
  readonly name: string;
  /** The approximate time in seconds, for the progress bar. */
  cost(settings: Settings, data: Trial["data"]): number;
  run(settings: Settings, trial: Trial): Result | Promise<Result>;
}

/** A recipe with settings, to be run once with each seed. */
export interface Arm<Settings = Json, Result = Json> {
  readonly recipe: Recipe<Settings, Result>;
  readonly settings: Settings;
  readonly seeds: readonly number[];
}

/** The results of an arm, one per seed, in the order of the seeds. */
export interface Outcome<Settings, Result> {
  readonly settings: Settings;
  readonly results: readonly Result[];
}

/** The amount of work of a run. */
export interface Scale {
  readonly quick: boolean;
  /** The first of them, the second in a quick run. */
  full<T>(value: T, quick: T): T;
  /** So many seeds, from 1; the user may have asked for another number of them. */
  seeds(full: number, quick: number): readonly number[];
}

/** A sentence of the lecture, as it stands there and in English. */
export interface Quotation {
  readonly zh: string;
  readonly en: string;
  /** The part of the notes that it is from, such as "Summary" or "Q&A 12". */
  readonly where: string;
}

export const verdicts = ["holds", "holds with a condition", "does not hold here"] as const;
export type Verdict = (typeof verdicts)[number];

export interface Conclusion {
  readonly verdict: Verdict;
  /** The verdict's reason in one sentence, with the numbers that decide. */
  readonly summary: string;
  /** Paragraphs of Markdown: what else the numbers say. */
  readonly discussion?: readonly string[];
  readonly tables?: readonly Table[];
  readonly charts?: readonly Chart[];
}

/** Groups of arms by name. An arm of any recipe, which `Outcomes` gives back its types. */
// biome-ignore lint/suspicious/noExplicitAny: a recipe takes its settings and gives its results, so neither unknown nor never stands for all
export type Plan = Readonly<Record<string, readonly Arm<any, any>[]>>;

export type Outcomes<P extends Plan> = {
  readonly [Group in keyof P]: P[Group] extends readonly Arm<infer Settings, infer Result>[]
    ? readonly Outcome<Settings, Result>[]
    : never;
};

/** A claim of the lecture, and the experiment that checks it. */
export interface Experiment<P extends Plan = Plan> {
  /** The name for --only and for the files of the charts. */
  readonly name: string;
  /** The question, in English: the heading of its section. */
  readonly title: string;
  readonly lecture: readonly Quotation[];
  /** The exact claim that is tested. */
  readonly claim: string;
  /** The outcome that would refute the claim, stated before anything was run. `conclude` goes by it. */
  readonly refutedBy: string;
  /** The method, in words. */
  readonly method: string;
  plan(scale: Scale): P;
  conclude(outcomes: Outcomes<P>, scale: Scale): Conclusion;
}

/** Gives `conclude` the types of what `plan` runs. */
export function defineExperiment<P extends Plan>(experiment: Experiment<P>): Experiment {
  return experiment as unknown as Experiment;
}

export function arm<Settings, Result>(
  recipe: Recipe<Settings, Result>,
  settings: Settings,
  seeds: readonly number[],
): Arm<Settings, Result> {
  return { recipe, settings, seeds };
}
