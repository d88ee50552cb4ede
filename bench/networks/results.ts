import type { Header } from "../../scripts/common/machine.js";
import type { CaseResult } from "../trial.js";
import type { ImageLayout } from "./networks.js";

/** The timed rows: the layer that a user calls, its baseline and its limit. */
export const ROWS = ["fastest JS", "layer", "memory bound"] as const;
export type Row = (typeof ROWS)[number];

export interface NetworkResult {
  readonly name: string;
  readonly batch: number;
  readonly layout: ImageLayout;
  readonly layers: readonly { readonly case: string; readonly times: number }[];
}

export interface NetworksResults {
  readonly header: Header;
  readonly networks: readonly NetworkResult[];
  /** Each distinct shape once; `NetworkResult.layers` refers to them by name. */
  readonly cases: readonly CaseResult<Row>[];
}
