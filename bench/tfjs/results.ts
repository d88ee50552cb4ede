import type { Header } from "../machine.js";
import type { Timing } from "../measure.js";
import type { Backend } from "./backends.js";

/** By contender: "tfjs", "ours", and on wasm "kernels". */
export type Timings = Readonly<Record<string, Timing>>;

export interface LayerResult {
  readonly backend: Backend;
  readonly shape: readonly number[];
  readonly step: Timings;
  readonly inference: Timings;
}

export interface NetworkResult {
  readonly name: string;
  readonly batch: number;
  /** Of a whole step of training; "none": the network without batch normalization. */
  readonly step: Readonly<Record<"tfjs" | "ours" | "none", Timing>>;
}

export interface ConvolutionResult {
  readonly name: string;
  /** Milliseconds; null where TensorFlow.js has nothing to compare with, or takes too long. */
  readonly times: Readonly<Record<string, number | null>>;
}

export interface TfjsResults {
  readonly header: Header;
  readonly layers: readonly LayerResult[];
  readonly networks: readonly NetworkResult[];
  readonly convolutions: readonly ConvolutionResult[];
}
