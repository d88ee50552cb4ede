/** One float32 per value: `out` is stored, the others are read. */
export const ELEMENTS = ["x", "dy", "residual", "out"] as const;
/** One float64 per channel, read before the loop over the channel's values. */
export const COEFFICIENTS = ["mean", "scale", "shift", "offset", "slope"] as const;
/** One float64 per channel, to which terms are added. */
export const SUMS = ["first", "second"] as const;

export type Element = (typeof ELEMENTS)[number];
export type Coefficient = (typeof COEFFICIENTS)[number];
export type Sum = (typeof SUMS)[number];

/** How the code for one value writes what it uses. A local that it declares ends in `id`: `d${id}`. */
export type Names = Readonly<Record<Element | Coefficient | "id", string>>;
export type Code = (names: Names) => string;

/** What a loop does with each value: it stores a result, or sums terms per channel. All arithmetic is float64. */
export interface Operation {
  readonly elements: readonly Element[];
  readonly coefficients: readonly Coefficient[];
  /** Code for one value. Each step is written for all values of an iteration before the next step follows. */
  readonly steps: readonly Code[];
  /** What is summed, written with the locals of the steps. Empty where a step stores. */
  readonly terms: readonly Code[];
}

/** Where a loop finds what an operation names: `i` is the index of x, `c` the channel. */
export interface Memory {
  /** The first index of x. */
  readonly start: string;
  /** Literals above any `c`, and above the distance of two rows in a group: V8 then knows their ranges. */
  readonly channelMask: string;
  readonly rowMask: string;
  /** Statements before all loops. */
  hoisted(names: readonly (Coefficient | Sum)[]): string;
  /** Statements at the begin of each iteration. */
  indices(elements: readonly Element[]): string;
  element(name: Element, distance: string): string;
  /** What channel `c` + `lane` has. */
  slot(name: Coefficient | Sum, lane: number): string;
}
