import type { Verb } from "../baseline/index.js";
import type { Case } from "../cases.js";

/**
 * Every contender is a process of its own, so that none disturbs another's memory, garbage or compiler. It reads lines
 * on its standard input, and answers each with one line "@ {...}". It sleeps between the lines and ends with the input:
 *
 *   (at the start)                                              Introduction
 *   case DIR LAYOUT BATCH CHANNELS HEIGHT WIDTH EPS MOMENTUM    {}            read the data of a case
 *   check                                                       Checked       run each verb once, write its results
 *   run VERB CALLS                                              Elapsed       CALLS calls, timed together
 *   warm VERB                                                   {}            one untimed call
 *
 * An error is answered with "@ {"error": "..."}". Other output is kept for the report of a failure.
 */
export const ANSWER = "@ ";

export interface Introduction {
  readonly version: string;
  /** The convention of the peer's running variance; "none" if the peer keeps none. */
  readonly runningVariance: "unbiased" | "population" | "none";
}

export interface Checked {
  /** The verbs that the peer lacks or that threw, each with the reason. */
  readonly absent: Partial<Record<Verb, string>>;
  /**
   * The time of each verb, if the first call can be used as a sample, because it neither compiles nor allocates
   * anything.
   */
  readonly ns?: Partial<Record<Verb, number>>;
  /** The choice for this case, for example the fastest of several forms. */
  readonly form?: string;
}

/** `ns` is the time of the verb in nanoseconds. `spent` is the whole time if a part was subtracted. */
export interface Elapsed {
  readonly ns: number;
  readonly spent?: number;
}

/**
 * The order of a check. Inference comes first, because the training step changes the running statistics that it reads.
 */
export const CHECK_ORDER = ["inference", "trainingForward", "backward"] as const satisfies readonly Verb[];

/**
 * The files of a case in its directory. They hold raw little-endian numbers, with the elements in the layout's order.
 */
export const INPUTS = ["x.f32", "dy.f32", "gamma.f32", "beta.f32", "runningMean.f64", "runningVar.f64"] as const;

/** Files that a check writes into the directory's subdirectory `results`. */
export const OUTPUTS = {
  inference: ["inference.f32"],
  trainingForward: ["y.f32", "runningMean.f64", "runningVar.f64"],
  backward: ["dx.f32", "dgamma.f64", "dbeta.f64"],
} as const satisfies Record<Verb, readonly string[]>;

export function caseLine(directory: string, c: Case, eps: number, momentum: number): string {
  const [height, width] = c.layout === "NCHW" ? c.shape.slice(2) : c.layout === "NHWC" ? c.shape.slice(1, 3) : [1, 1];
  return ["case", directory, c.layout, c.batch, c.channels, height, width, eps, momentum].join(" ");
}

/** Parses the words after "case " in such a line. Contenders do not know names and origins. */
export function parseCase(words: readonly string[]) {
  const [directory, layout, ...numbers] = words;
  const [batch, channels, height, width, eps, momentum] = numbers.map(Number);
  const spatial = height * width;
  const shapes = {
    NCHW: [batch, channels, height, width],
    NHWC: [batch, height, width, channels],
    NC: [batch, channels],
  } satisfies Record<Case["layout"], number[]>;
  const extents: Case = {
    ...{ name: "", origin: "", batch, channels, spatial, bytes: 4 * batch * channels * spatial },
    layout: layout as Case["layout"],
    loop: layout === "NCHW" ? "planes" : "rows",
    shape: shapes[layout as Case["layout"]],
  };
  return { directory, extents, eps, momentum };
}
