/** One case: extents, inputs and room for every result, all caller-owned. Rows are batch·spatial rows of channels. */
export interface Problem {
  readonly batch: number;
  readonly channels: number;
  readonly spatial: number;
  readonly eps: number;
  readonly momentum: number;
  readonly x: Float32Array;
  readonly dy: Float32Array;
  readonly y: Float32Array;
  readonly dx: Float32Array;
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
  /** Results of the last training forward, which backward reads. */
  readonly mean: Float64Array;
  readonly invstd: Float64Array;
  readonly runningMean: Float64Array;
  readonly runningVar: Float64Array;
  readonly dgamma: Float64Array;
  readonly dbeta: Float64Array;
}

/** "planes" has channels first: batch·channels planes of spatial values. "rows" has channels last. */
export type Shape = "planes" | "rows";

export type Verb = "trainingForward" | "inference" | "backward";

/** One implementation of the three verbs. */
export type Verbs = Readonly<Record<Verb, () => void>>;
