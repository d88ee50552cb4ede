import type fc from "fast-check";
import type { FuzzBackend } from "./backends.js";
import type { Judge } from "./judge.js";
import type { Fields } from "./line.js";

/** A kind of cases. */
export interface Kind<Case extends Fields = Fields> {
  readonly name: string;
  readonly defaults: Case;
  readonly arbitrary: fc.Arbitrary<Case>;
  /** Throws where the library is wrong. */
  run(backend: FuzzBackend, fields: Case, judge: Judge): void;
}
