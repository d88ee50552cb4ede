import type { Header } from "../../scripts/common/machine.js";
import type { Verb } from "../baseline/index.js";
import type { Case } from "../cases.js";
import type { Timing } from "../measure.js";

export interface Absent {
  readonly absent: string;
}

/**
 * The quantities that are compared with the float64 reference. `inference` and `y` are the outputs of the two forward
 * verbs.
 */
export const QUANTITIES = ["inference", "y", "dx", "dgamma", "dbeta", "runningMean", "runningVar"] as const;
export type Quantity = (typeof QUANTITIES)[number];

/** The largest difference, relative to the root mean square of the expected values; "NaN" if it is not a number. */
export type Errors = Partial<Record<Quantity, number | "NaN">>;

export interface PeerResult {
  readonly name: string;
  readonly version: string;
  readonly threads: number;
  readonly note: string;
  /** The form that the peer chose for this case. */
  readonly form?: string;
  readonly verbs: Readonly<Record<Verb, Timing | Absent>>;
  readonly error: { readonly ordinary: Errors | Absent; readonly mean1000: Errors | Absent };
}

export interface PeersCase extends Case {
  readonly peers: readonly PeerResult[];
}

export interface PeersResults {
  readonly header: Header;
  readonly cases: readonly PeersCase[];
}

export function isAbsent(value: object): value is Absent {
  return "absent" in value;
}
