import type { Header } from "../../scripts/common/machine.js";
import type { Verb } from "../baseline/index.js";
import type { Extents } from "../inputs.js";
import type { Timing } from "../measure.js";
import type { Cache } from "./caches.js";

export interface SizePoint extends Extents {
  readonly bytes: number;
  readonly values: number;
  readonly timings: Readonly<Record<Verb, Readonly<Record<"kernels" | "memory bound", Timing>>>>;
}

export interface CliffPoint extends Extents {
  /** The extent that is varied. */
  readonly at: number;
  readonly values: number;
  readonly timings: Readonly<Record<Verb, Timing>>;
}

/** Shapes that have the same size of x and differ in one extent. */
export interface Scan {
  readonly name: string;
  readonly symbol: string;
  readonly points: readonly CliffPoint[];
}

export interface ScalingResults {
  readonly header: Header;
  readonly caches: readonly Cache[];
  readonly sizes: readonly SizePoint[];
  readonly scans: readonly Scan[];
}
