import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { difference, expectedRange, runOnce } from "../../examples/distributed/demo.js";
import { ENGINES, type Engine, missing } from "../../examples/distributed/launch.js";
import { parseOptions } from "../../examples/distributed/options.js";
import { tableOf } from "../../examples/distributed/study.js";

/** The training of `npm run demo -- --ranks 2`. */

const folder = mkdtempSync(join(tmpdir(), "batchnorm-wasm-demo-"));
afterAll(() => rmSync(folder, { recursive: true }));

const STEPS = 20;

const run = (engine: Engine, ranks: number, name: string, ...more: string[]) => {
  const given = ["--ranks", `${ranks}`, "--engine", engine, "--steps", `${STEPS}`, "--batch", "64", "--every", "5"];
  const args = [...given, "--checkpoint", join(folder, name), ...more];
  return runOnce(parseOptions(args), args);
};

describe("two processes", () => {
  const has = (engine: Engine) => missing(engine) === null;
  const said: string[] = [];
  beforeEach(() => {
    said.length = 0;
    vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(`${text}`) > 0);
    return () => void vi.restoreAllMocks();
  });

  test.skipIf(!ENGINES.some(has))("train as one", async () => {
    const [one] = (await run("mpi", 1, "one")) ?? [];
    expect(one.losses.length).toBe(STEPS);
    for (const engine of ENGINES.filter(has)) {
      const ranks = (await run(engine, 2, engine)) ?? [];
      expect(ranks.length).toBe(2);
      expect(ranks[1].losses).toEqual(ranks[0].losses);
      // Float32 sums in another order: a step differs by a few roundings of 2^-24, and 20 steps of descent enlarge that.
      expect(difference(ranks[0], one, STEPS)).toBeLessThan(1e-5);
    }
  });

  test.skipIf(!has("mpi"))("end when one is killed, and go on from the checkpoint", async () => {
    const whole = await run("mpi", 2, "whole");
    expect(await run("mpi", 2, "killed", "--kill-at", "13")).toBe(null);
    expect(said.join("")).toMatch(/rank 1 .*signal 9/);
    const resumed = await run("mpi", 2, "killed", "--resume");
    expect(resumed?.[1].losses).toEqual(whole?.[0].losses.slice(10));
  });
});

/** The demo's command, without a way to other programs. */
function command(...args: string[]) {
  const main = fileURLToPath(new URL("../../examples/lenet/main.ts", import.meta.url));
  const env = { ...process.env, PATH: folder };
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", main, ...args], { encoding: "utf8", env });
  return { status, stderr };
}

describe("npm run demo -- --ranks", () => {
  test("says what is missing and how to get it", () => {
    const mpi = /^mpirun was not found: install Open MPI \(.*apt-get install openmpi-bin.*\)\n$/;
    expect(command("--ranks", "2")).toEqual({ status: 2, stderr: expect.stringMatching(mpi) });
    const redis = /^redis-server was not found: install Redis \(.*apt-get install redis-server\)\n$/;
    expect(command("--ranks=2", "--engine", "redis")).toEqual({ status: 2, stderr: expect.stringMatching(redis) });
  });

  test("refuses wrong options in a line", () => {
    expect(() => parseOptions(["--ranks", "0"])).toThrow('--ranks expected an integer from 1 to 64, got "0"');
    expect(() => parseOptions(["--engine", "http"])).toThrow('--engine expected mpi or redis, got "http"');
    expect(() => parseOptions(["--ranks", "4", "--batch", "7"])).toThrow("--batch expected an integer from 8");
  });

  test("resumes from what is there only", () => {
    const file = join(folder, "none");
    const { status, stderr } = command("--ranks", "1", "--resume", "--checkpoint", file);
    expect([status, stderr.split("\n")[0], existsSync(file)]).toEqual([
      1,
      `rank 0: --resume: there is no checkpoint ${file}`,
      false,
    ]);
  });
});

describe("the report", () => {
  test("expects further values within Student's range", () => {
    // Mean 2.5, deviation sqrt(5/3), times 5.841·sqrt(5/4).
    const reach = 5.841 * Math.sqrt(5 / 3) * Math.sqrt(5 / 4);
    const [least, most] = expectedRange([1, 2, 3, 4]);
    expect(least).toBeCloseTo(2.5 - reach, 12);
    expect(most).toBeCloseTo(2.5 + reach, 12);
  });

  test("has the means over seeds", () => {
    const points = [0.5, 0.7].map((accuracy, seed) => ({ way: "of all", seed, epoch: 1, loss: 1, accuracy }));
    expect(tableOf(points).split("\n")[2]).toBe("| 1 | of all | 1.000 (1.000 to 1.000) | 60.0 % (50.0 % to 70.0 %) |");
  });
});
