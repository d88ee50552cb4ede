import type { Dataset } from "../examples/common/fashion-mnist.js";
import type { Chart } from "./report/charts.js";
import type { Table } from "./report/table.js";

/** What a value must be to be kept as JSON; a number that is not finite is kept as null. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** What an experiment is given besides its settings. */
export interface Trial {
  readonly data: { readonly train: Dataset; readonly test: Dataset };
  /** Of everything random in it. */
  readonly seed: number;
  /** Reports the part that is done, 0 to 1. As often as one likes. */
  progress(done: number): void;
}

/** A computation that turns settings and a seed into numbers. The same recipe with the same settings is run once for all. */
export interface Recipe<Settings, Result> {
  /** Unique, and part of the name under which results are kept: give it another when what it computes changes. */
  readonly name: string;
  /** Seconds that it takes, roughly: what the progress bar goes by. */
  cost(settings: Settings, data: Trial["data"]): number;
  run(settings: Settings, trial: Trial): Result | Promise<Result>;
}

/** A recipe with settings, to be run once with each seed. */
export interface Arm<Settings = Json, Result = Json> {
  readonly recipe: Recipe<Settings, Result>;
  readonly settings: Settings;
  readonly seeds: readonly number[];
}

/** What came of an arm: a result a seed, in the order of the seeds. */
export interface Outcome<Settings, Result> {
  readonly settings: Settings;
  readonly results: readonly Result[];
}

/** How much is to be run. */
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

/** A claim of the lecture and how it is put to the test. */
export interface Experiment<P extends Plan = Plan> {
  /** For --only, and of the files of its charts. */
  readonly name: string;
  /** The question, in English: the heading of its section. */
  readonly title: string;
  readonly lecture: readonly Quotation[];
  /** What is tested, made exact. */
  readonly claim: string;
  /** The outcome that would refute the claim, stated before anything was run. `conclude` goes by it. */
  readonly refutedBy: string;
  /** What is run. */
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
