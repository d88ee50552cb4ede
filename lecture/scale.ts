import type { Scale } from "./experiment.js";

/** The options of the command line that determine the amount of work. */
export interface ScaleOptions {
  readonly quick: boolean;
  /** Seeds of every arm; null: as many as the experiment says. */
  readonly seeds: number | null;
}

export function scaleOf({ quick, seeds }: ScaleOptions): Scale {
  return {
    quick,
    full: (value, quickValue) => (quick ? quickValue : value),
    seeds: (full, quickCount) => Array.from({ length: seeds ?? (quick ? quickCount : full) }, (_, i) => i + 1),
  };
}
