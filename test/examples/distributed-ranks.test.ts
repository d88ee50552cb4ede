import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ENGINES, missing, runRanks } from "../../examples/distributed/launch.js";
import { caseOf } from "../helpers/cases.js";
import { expectBits, expectClose, expectWithin } from "../helpers/compare.js";
import { goal } from "../helpers/metric.js";
import { expectation, problemOf } from "../helpers/problem.js";
import { updateRunning } from "../helpers/reference.js";
import { CASE, SHARDS } from "./rank-cases.js";

/** The layer on two ranks, which are processes. */

const folder = mkdtempSync(join(tmpdir(), "batchnorm-wasm-ranks-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What is said where rank 1 fails. */
const said = {
  mpi: {
    // What mpirun adds depends on how fast it ends the others.
    throw: /rank 1: the disk is full\n/,
    kill: /process rank 1 [\s\S]*exited on signal 9/,
    hang: /rank 0: no sums within 5 s: another rank hangs, and MPI cannot say which\n/,
    differ: /rank [01]: "numFeatures" expected the same on all 2 ranks, here [34]\n/,
  },
  redis: {
    throw: /^rank 1: the disk is full\nrank 1 ended with code 1: the others are ended\n$/,
    kill: /^rank 1 ended with signal SIGKILL: the others are ended\n$/,
    hang: /^rank 0: no sums within 5 s: nothing came from rank 1\nrank 0 ended with code 1: the others are ended\n$/,
    differ: /rank [01]: "numFeatures" expected the same on all 2 ranks, here [34]\n/,
  },
};

describe.each(ENGINES)("two ranks over %s", (engine) => {
  const reason = missing(engine);
  if (reason !== null) console.error(`${reason}. Its tests are skipped.`);
  const it = test.skipIf(reason !== null);
  const run = (mode: string) => {
    return runRanks(engine, 2, new URL("rank.ts", import.meta.url), [engine, mode, join(folder, engine + mode)]);
  };

  it("equal one process with the whole batch, with the same bits on each", async () => {
    expect(await run("step")).toEqual({ code: 0, stderr: "" });
    const results = [0, 1].map((rank) => JSON.parse(readFileSync(join(folder, `${engine}step${rank}`), "utf8")));
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

  it.each(["throw", "kill", "hang", "differ"] as const)("end where one of them fails (%s)", async (mode) => {
    const { code, stderr } = await run(mode);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(said[engine][mode]);
  });
});
