import type { Header } from "../../scripts/common/machine.js";
import type { Timing } from "../measure.js";
import type { Backend } from "./backends.js";

/** Times by contender: "tfjs", "ours", and on wasm "kernels". */
export type Timings = Readonly<Record<string, Timing>>;

export interface LayerResult {
  readonly backend: Backend;
  readonly shape: readonly number[];
  readonly step: Timings;
  readonly inference: Timings;
}

/** A layer on wasm in pages of a browser. */
export interface PageResult {
  /** The name of the browser with its version. */
  readonly engine: string;
  readonly shape: readonly number[];
  /** A step with our layer, in a page that is not isolated and in one that is. */
  readonly step: Readonly<Record<"unisolated" | "isolated", Omit<Timing, "callsPerSample">>>;
}

export interface NetworkResult {
  readonly name: string;
  readonly batch: number;
  /**
   * The times of a whole step of training. "none" is the network without batch normalization. "own" has our batch
   * normalization and the backend's own kernels where we replace them; it is null if these are wrong.
   */
  readonly step: Readonly<Record<"tfjs" | "ours" | "none", Timing> & { own: Timing | null }>;
}

export interface ConvolutionResult {
  readonly name: string;
  /** Milliseconds, or null if TensorFlow.js has no such kernel or takes too long. */
  readonly times: Readonly<Record<string, number | null>>;
}

export interface TfjsResults {
  readonly header: Header;
  readonly layers: readonly LayerResult[];
  /** Undefined in results that were stored before pages were measured. */
  readonly pages?: readonly PageResult[];
  readonly networks: readonly NetworkResult[];
  readonly convolutions: readonly ConvolutionResult[];
}
