import type { Header } from "../../scripts/common/machine.js";
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

/** A layer on wasm in pages of a browser. */
export interface PageResult {
  /** With its version. */
  readonly engine: string;
  readonly shape: readonly number[];
  /** A step with ours, in a page that is not isolated and in one that is. */
  readonly step: Readonly<Record<"unisolated" | "isolated", Omit<Timing, "callsPerSample">>>;
}

export interface NetworkResult {
  readonly name: string;
  readonly batch: number;
  /**
   * Of a whole step of training; "none": the network without batch normalization; "own": with our batch normalization, and
   * the backend's own kernels where we replace them, null where these are wrong.
   */
  readonly step: Readonly<Record<"tfjs" | "ours" | "none", Timing> & { own: Timing | null }>;
}

export interface ConvolutionResult {
  readonly name: string;
  /** Milliseconds; null where TensorFlow.js has nothing to compare with, or takes too long. */
  readonly times: Readonly<Record<string, number | null>>;
}

export interface TfjsResults {
  readonly header: Header;
  readonly layers: readonly LayerResult[];
  /** Not in results from before there were any. */
  readonly pages?: readonly PageResult[];
  readonly networks: readonly NetworkResult[];
  readonly convolutions: readonly ConvolutionResult[];
}
