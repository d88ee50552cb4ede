import type { Settings } from "./settings.js";

/** Equal bins from the least value to the greatest. */
export interface Histogram {
  readonly from: number;
  readonly to: number;
  readonly counts: readonly number[];
}

export interface LayerLook {
  /** The inputs of the layer's weights. */
  readonly inputs: Histogram;
  /** Values of the gradient of its weights, and their length as one vector. */
  readonly gradients: Histogram;
  readonly length: number;
}

export interface Channels {
  readonly gamma: readonly number[];
  readonly beta: readonly number[];
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

/** A network as it stands. */
export interface Look {
  readonly step: number;
  readonly layers: readonly LayerLook[];
  /** The channels of each hidden layer's batch norm, or null without one. */
  readonly norms: readonly (Channels | null)[];
  /** The class of each test image that is shown, and its probability. */
  readonly predictions: readonly { readonly label: number; readonly probability: number }[];
}

export interface Progress {
  readonly step: number;
  readonly epoch: number;
  /** Mean over the steps since the last report. */
  readonly loss: number;
  readonly imagesPerSecond: number;
}

export interface Measured {
  readonly step: number;
  readonly epoch: number;
  /** The accuracy on the test images, by running statistics. */
  readonly accuracy: number;
  /** The accuracy by precise statistics, or null if these were not requested. */
  readonly precise: number | null;
}

/** A test image as it is shown. */
export interface Sample {
  readonly pixels: Uint8Array;
  readonly label: number;
}

/** A message of the page to a worker. Settings have a number, with which the worker acknowledges them. */
export type Order =
  | { readonly kind: "start"; readonly images: string; readonly settings: Settings }
  | { readonly kind: "settings"; readonly id: number; readonly settings: Settings }
  | { readonly kind: "run" | "pause" | "step" | "reset" | "rest" };

/** A message of a worker to the page. */
export type Report =
  | { readonly kind: "ready"; readonly samples: readonly Sample[] }
  | { readonly kind: "failed"; readonly message: string }
  /** The settings take effect after this step. */
  | { readonly kind: "applied"; readonly id: number; readonly step: number }
  /** A new network stands at step 0. */
  | { readonly kind: "begun" }
  | ({ readonly kind: "progress" } & Progress)
  | ({ readonly kind: "measured" } & Measured)
  /** The loss is no number any more, and training has ended. */
  | { readonly kind: "diverged"; readonly step: number }
  | ({ readonly kind: "look" } & Look);
