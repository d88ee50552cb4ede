import fc from "fast-check";
import { InputError } from "../../scripts/common/command.js";
import type { FuzzBackend } from "./backends.js";
import { Disagreement, Judge } from "./judge.js";
import type { Kind } from "./kinds.js";
import { life } from "./life.js";
import { type Fields, fieldsOf, lineOf } from "./line.js";
import { raw } from "./raw.js";
import { step } from "./step.js";

/** All kinds of cases. */
export const kinds = [step, raw, life] as unknown as readonly Kind[];

export interface Failure {
  /** The case, by which `npm run fuzz -- --case` runs it again. */
  readonly line: string;
  readonly backend: FuzzBackend["name"];
  readonly message: string;
}

export interface Progress {
  cases: number;
  values: number;
}

function runOne(kind: Kind, backend: FuzzBackend, fields: Fields, progress: Progress): void {
  const judge = new Judge();
  progress.cases++;
  try {
    kind.run(backend, fields, judge);
  } finally {
    progress.values += judge.values;
  }
}

function described(error: unknown): string {
  if (error instanceof Disagreement) return error.message;
  if (!(error instanceof Error)) return String(error);
  // Where it came from, without the machinery that called the case.
  const [, ...calls] = error.stack?.split("\n    at ") ?? [];
  const own = calls.filter((call) => !call.includes("node_modules")).map((call) => `\n    at ${call}`);
  return `${error.name}: ${error.message}${own.join("")}`;
}

/** Runs random cases of a kind. The first that fails is made smaller while it fails. */
export function explore(
  kind: Kind,
  backend: FuzzBackend,
  seed: number,
  runs: number,
  progress: Progress,
): Failure | null {
  const property = fc.property(kind.arbitrary, (fields) => runOne(kind, backend, fields, progress));
  const { counterexample, errorInstance } = fc.check(property, { seed, numRuns: runs });
  if (counterexample === null) return null;
  const line = lineOf(kind.name, counterexample[0], kind.defaults);
  return { line, backend: backend.name, message: described(errorInstance) };
}

/** Runs the case of a line. */
export function runLine(line: string, backend: FuzzBackend, progress: Progress): Failure | null {
  const [name, ...words] = line.trim().split(/\s+/);
  const kind = kinds.find((each) => each.name === name);
  if (kind === undefined) {
    throw new InputError(`a case expected to begin with ${kinds.map((each) => each.name).join(", ")}, got "${name}"`);
  }
  const fields = fieldsOf(words, kind.defaults);
  try {
    runOne(kind, backend, fields, progress);
    return null;
  } catch (error) {
    return { line, backend: backend.name, message: described(error) };
  }
}

/** What to type to see a failure again. */
export function command({ line, backend }: Failure): string {
  return `npm run fuzz -- --backend ${backend} --case "${line}"`;
}
