import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seeded } from "../../scripts/common/random.js";
import type { Problem } from "../baseline/index.js";
import type { Case } from "../cases.js";
import { problem } from "../inputs.js";
import { forEachElement, reference } from "../reference.js";
import { INPUTS, type Introduction, OUTPUTS } from "./protocol.js";
import type { Errors, Quantity } from "./results.js";

/** The two kinds of data: those of bench/inputs.ts, and x with mean 1000 and deviation 1 in every channel. */
export type Kind = "ordinary" | "mean1000";

export function data(kind: Kind, c: Case, seed: number): Problem {
  const p = problem(c, seed);
  if (kind === "ordinary") return p;
  const normal = seeded(seed + 1000).gaussian;
  // most peers keep running statistics in float32, so these are numbers that float32 holds exactly
  const runningMean = p.runningMean.map((value) => Math.fround(1000 + value));
  return { ...p, x: p.x.map(() => 1000 + normal()), runningMean };
}

export function writeInputs(directory: string, p: Problem): void {
  for (const file of INPUTS) {
    const [name] = file.split(".");
    const { buffer, byteOffset, byteLength } = p[name as keyof Problem] as Float32Array;
    writeFileSync(join(directory, file), new Uint8Array(buffer, byteOffset, byteLength));
  }
}

export function clearResults(directory: string): void {
  rmSync(join(directory, "results"), { recursive: true, force: true });
  mkdirSync(join(directory, "results"));
}

export type Expected = Readonly<Record<Quantity | "populationVar", Float64Array>>;

/** All results that a peer may compute, in float64. */
export function expect(c: Case, p: Problem): Expected {
  const r = reference(c, p);
  const elements = {
    inference: new Float64Array(p.x.length),
    y: new Float64Array(p.x.length),
    dx: new Float64Array(p.x.length),
  };
  for (const name of ["inference", "y", "dx"] as const) {
    const [values, of] = [elements[name], r[name]];
    forEachElement(c, (i, channel) => {
      values[i] = of(i, channel);
    });
  }
  const { dgamma, dbeta, runningMean, runningVar } = r;
  const count = c.batch * c.spatial;
  const kept = (channel: number) => (1 - p.momentum) * p.runningVar[channel];
  const populationVar = runningVar.map((v, channel) => kept(channel) + ((v - kept(channel)) * (count - 1)) / count);
  return { ...elements, dgamma, dbeta, runningMean, runningVar, populationVar };
}

function difference(got: ArrayLike<number>, expected: Float64Array): number | "NaN" {
  let worst = 0;
  let squares = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(got[i] - expected[i]);
    if (!(error <= worst)) worst = error;
    // a NaN stays the largest difference
    if (Number.isNaN(worst)) return "NaN";
    squares += expected[i] * expected[i];
  }
  const relative = worst / Math.sqrt(squares / expected.length);
  return Number.isFinite(relative) ? relative : "NaN";
}

function read(path: string): ArrayLike<number> | null {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch {
    return null;
  }
  const { buffer } = new Uint8Array(bytes);
  return path.endsWith(".f32") ? new Float32Array(buffer) : new Float64Array(buffer);
}

/** Compares the results that a check has written into the directory. Quantities without a file are left out. */
export function errors(directory: string, expected: Expected, variance: Introduction["runningVariance"]): Errors {
  const found: Errors = {};
  for (const file of Object.values(OUTPUTS).flat()) {
    const name = file.split(".")[0] as Quantity;
    const got = read(join(directory, "results", file));
    if (!got) continue;
    found[name] = difference(
      got,
      expected[name === "runningVar" && variance === "population" ? "populationVar" : name],
    );
  }
  return found;
}
