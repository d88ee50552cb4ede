import type { Workshop } from "./workshop.js";

/** One way of using the package, and what comes of it. */
export interface Row {
  readonly consumer: string;
  /** How the package comes in. */
  readonly imports: string;
  readonly does: string;
  readonly version: (workshop: Workshop) => string | Promise<string>;
  /** Why it cannot run here. */
  readonly missing?: (workshop: Workshop) => Missing | null;
  /** A page or server that neighbouring rows share: it is closed before a row of another. */
  readonly site?: string;
  /** Throws unless the consumer did what it should. */
  readonly run: (workshop: Workshop) => Promise<void>;
}

export interface Missing {
  readonly reason: string;
  /** Whether `--require` makes it a failure: the machine lacks something, rather than the package. */
  readonly demanded: boolean;
}

export const nameOf = ({ consumer, imports }: Row): string => `${consumer}: ${imports}`;

/** Of a row that takes the core entry through its steps. */
export const STEPS = "forward, backward, state dict, eval, merged statistics, growth, relaxed";
/** Of hosts that compile no bytes. */
export const STEPS_OF_MODULE = STEPS.replace(", relaxed", "");
