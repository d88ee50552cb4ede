import { readFileSync } from "node:fs";
import { goal } from "../helpers/metric.js";
import { ConsumerError } from "./processes.js";

export type Outcome = Readonly<Record<string, string | number | boolean>>;
export type Exercise = "core" | "tfjs";

export const STORED = new URL("expected.json", import.meta.url);

const stored = (): Readonly<Record<Exercise, Outcome>> => JSON.parse(readFileSync(STORED, "utf8"));

/** The outcome that a program printed. */
function printed(output: string, exercise: Exercise): Outcome {
  const found = [...output.matchAll(/^OUTCOME (.*)$/gm)].map(([, json]) => JSON.parse(json)[exercise]);
  const outcomes = found.filter((outcome) => outcome !== undefined);
  if (outcomes.length !== 1) throw new ConsumerError(`${outcomes.length} outcomes instead of 1`, output);
  return outcomes[0];
}

function compare(output: string, exercise: Exercise, same: (got: unknown, want: unknown) => boolean, without?: RegExp) {
  const got = printed(output, exercise);
  const want = Object.fromEntries(Object.entries(stored()[exercise]).filter(([name]) => !without?.test(name)));
  const names = [...new Set([...Object.keys(want), ...Object.keys(got)])].filter((name) => !without?.test(name));
  const wrong = names.filter((name) => !same(got[name], want[name]));
  if (wrong.length === 0) return;
  const lines = wrong.map((name) => `${name}: expected ${want[name]}, got ${got[name]}`);
  throw new ConsumerError(`${wrong.length} of ${names.length} numbers are wrong\n${lines.join("\n")}`, output);
}

/** Throws unless the output holds one outcome with the stored numbers, bit for bit, all of them and no other. */
export function expectStored(output: string, exercise: Exercise, without?: RegExp): void {
  compare(output, exercise, (got, want) => got === want, without);
}

/**
 * For another implementation of the kernels: either errs by at most the suites' goal times a scale, of which the largest is
 * that of dbeta and dgamma, a sum of |dy| <= 1 over the 84 values of a channel.
 */
const LIMIT = 2 * goal * 84;

const readable = (value: unknown) =>
  [
    ...String(value)
      .replace(/^\w+: /, "")
      .matchAll(/-?\d[\d.e-]*/g),
  ].map(Number);

/** As {@link expectStored}, but within tolerances in place of the same bits. */
export function expectNear(output: string, exercise: Exercise, without?: RegExp): void {
  const near = (got: unknown, want: unknown) => {
    if (typeof want !== "string" || !/^[0-9a-f]{8}: /.test(want)) return got === want;
    const [a, b] = [readable(got), readable(want)];
    return a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) <= LIMIT);
  };
  compare(output, exercise, near, without);
}
