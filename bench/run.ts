import { setTimeout } from "node:timers/promises";
import { header, NODE } from "../scripts/common/machine.js";
import { matching } from "../scripts/common/options.js";
import { Progress } from "../scripts/common/progress.js";
import type { Options } from "./options.js";
import { publish } from "./report/index.js";
import type { Results, Section } from "./report/section.js";
import type { Step } from "./trial.js";

/** The arguments of a run, besides the items that it measures. */
export interface Surroundings extends Pick<Options, "quick" | "peers"> {
  /** Shows a progress line with `steps` steps. */
  begin(steps: number): void;
  readonly step: Step;
}

interface Named {
  readonly name: string;
}

/** One kind of run. */
// biome-ignore lint/suspicious/noExplicitAny: measure takes what items gives, and section what measure gives, so neither unknown nor never stands for all
export interface Run<R extends Results = any, Item extends Named = any> {
  /** The items from which `--only` chooses. */
  readonly items: readonly Item[];
  readonly section: Section<R>;
  measure(items: readonly Item[], surroundings: Surroundings): Promise<Omit<R, "header">>;
  /** The engines of the measurement, if they are not only Node.js. */
  engine?(results: Omit<R, "header">): string;
}

/** Measures the items that the options choose, and publishes the results. */
export async function execute<R extends Results, Item extends Named>(
  { items, section, measure, engine }: Run<R, Item>,
  options: Options,
): Promise<void> {
  const { quick, peers } = options;
  const chosen = matching("--only", options.only, items, ({ name }) => name);
  const began = Date.now();
  let bar: Progress | undefined;
  let done = 0;
  const begin = (steps: number) => {
    bar = new Progress("{bar} {value}/{total} {what} | {duration_formatted}", steps, { what: "beginning" }, 5);
  };
  const step: Step = async (what) => {
    bar?.update(done++, { what });
    await setTimeout(); // lets the line out
  };
  let results: Omit<R, "header">;
  try {
    results = await measure(chosen, { quick, peers, begin, step });
    bar?.update(done, { what: "done" });
  } finally {
    bar?.stop();
  }
  const about = header("bench", quick, engine?.(results) ?? NODE, began);
  await publish(section, { header: about, ...results } as unknown as R, options);
}
