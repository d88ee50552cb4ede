import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ended, missingMpi, mpirun } from "../../examples/distributed/launch.js";
import { caseOf } from "../helpers/cases.js";
import { expectBits, expectClose, expectWithin } from "../helpers/compare.js";
import { goal } from "../helpers/metric.js";
import { expectation, problemOf } from "../helpers/problem.js";
import { updateRunning } from "../helpers/reference.js";
import { CASE, SHARDS } from "./rank-cases.js";

/** The layer on two ranks that Open MPI runs. */

const missing = missingMpi();
if (missing !== null) console.error(`${missing}. The tests over MPI are skipped.`);

const folder = mkdtempSync(join(tmpdir(), "batchnorm-wasm-mpi-"));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (mode: string) => ended(mpirun(2, new URL("rank.ts", import.meta.url), [mode, join(folder, mode)]));

describe.skipIf(missing !== null)("two ranks over MPI", () => {
  it("equal one process with the whole batch, with the same bits on each", async () => {
    expect(await run("step")).toEqual({ code: 0, stderr: "" });
    const results = [0, 1].map((rank) => JSON.parse(readFileSync(join(folder, `step${rank}`), "utf8")));
    const p = problemOf(caseOf(CASE));
    const want = expectation(p);
    const before = { mean: new Float64Array(5), variance: new Float64Array(5).fill(1) };
    const { mean, variance } = updateRunning(before, want.statistics, 0.1, "unbiased");
    for (const [i, counts] of SHARDS.entries()) {
      const line = `${p.line} on ${counts.join(" + ")}`;
      const [first, second] = results.map((of) => of[i] as number[][]);
      expectClose(line, "y", Float32Array.from([...first[0], ...second[0]]), want.y);
      expectClose(line, "dx", Float32Array.from([...first[1], ...second[1]]), want.dx);
      expectClose(line, "dgamma", Float32Array.from(first[2]), want.dgamma);
      expectClose(line, "dbeta", Float32Array.from(first[3]), want.dbeta);
      expectWithin(line, "running mean", first[4], mean, (c) => goal * 0.1 * want.mean.scale[c]);
      expectWithin(line, "running variance", first[5], variance, (c) => goal * variance[c]);
      for (const k of [2, 3, 4, 5]) expectBits(line, `result ${k}`, second[k], first[k]);
    }
  });

  it.each([
    ["throw", /rank 1: the disk is full\n[\s\S]*MPI_ABORT was invoked on rank 1/],
    ["kill", /process rank 1 [\s\S]*exited on signal 9/],
    ["hang", /rank 0: no sums within 3 s: another rank hangs, and MPI cannot say which\n/],
    ["differ", /rank [01]: "numFeatures" expected the same on all 2 ranks, here [34]\n/],
  ])("end where one of them fails (%s)", { timeout: 20_000 }, async (mode, said) => {
    const { code, stderr } = await run(mode);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(said);
  });
});
