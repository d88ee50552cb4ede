import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { type Arm, arm, type Experiment, type Json, type Recipe } from "../../lecture/experiment.js";
import { experiments } from "../../lecture/list.js";
import { parseOptions } from "../../lecture/options.js";
import { figure, figures, percents } from "../../lecture/report/numbers.js";
import { markdownTable } from "../../lecture/report/table.js";
import { Store } from "../../lecture/run/store.js";
import { Tasks } from "../../lecture/run/tasks.js";
import { scaleOf } from "../../lecture/scale.js";
import { InputError } from "../../scripts/common/command.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const main = join(root, "lecture/main.ts");
const folder = mkdtempSync(join(tmpdir(), "experiments-"));
afterAll(() => rmSync(folder, { recursive: true }));

const images = (count: number) => ({ images: new Uint8Array(784 * count), labels: new Uint8Array(count), count });
const data = { train: images(10_000), test: images(2_000) };
const tasks = new Tasks(data, "digest");
const [quick, full] = [true, false].map((quick) => scaleOf({ quick, seeds: null }));

function command(...args: string[]) {
  return spawnSync(process.execPath, ["--import", "tsx", main, ...args], {
    cwd: root,
    encoding: "utf8",
    timeout: 60_000,
  });
}

describe("the list of experiments", () => {
  it("has names that are unique and fit an option, an anchor and a file", () => {
    const names = experiments.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9-]+$/);
  });

  it.each(experiments.map((experiment) => [experiment.name, experiment] as const))(
    "%s says what would refute it, whom it quotes, and what it runs",
    (_, experiment) => {
      const { lecture, claim, refutedBy, method, title } = experiment;
      for (const text of [claim, refutedBy, method, title]) expect(text.length).toBeGreaterThan(10);
      expect(lecture.length).toBeGreaterThan(0);
      for (const { zh, en, where } of lecture) {
        expect(zh).toMatch(/\p{Script=Han}/u);
        expect(en).not.toMatch(/\p{Script=Han}/u);
        expect(where).not.toBe("");
      }
      for (const scale of [quick, full]) {
        const list = tasks.of(experiment, scale);
        expect(list.length).toBeGreaterThan(0);
        for (const { cost, arm } of list) {
          expect(cost).toBeGreaterThan(0);
          expect(cost).toBeLessThan(1000);
          expect(JSON.parse(JSON.stringify(arm.settings))).toEqual(arm.settings);
        }
      }
    },
  );

  it("takes 8 minutes of one core in a quick run, as estimated, and no recipe's name twice", () => {
    const costs = new Map<string, number>();
    const recipes = new Map<string, Recipe<Json, Json>>();
    for (const experiment of experiments) {
      for (const { key, cost, arm } of tasks.of(experiment, quick)) {
        costs.set(key, cost);
        expect(recipes.get(arm.recipe.name) ?? arm.recipe).toBe(arm.recipe);
        recipes.set(arm.recipe.name, arm.recipe);
      }
    }
    expect([...costs.values()].reduce((sum, cost) => sum + cost, 0)).toBeLessThan(480);
  });
});

describe("tasks", () => {
  const recipe = { name: "recipe", cost: () => 1, run: () => null };
  const experimentOf = (...arms: Arm[]) => ({ plan: () => ({ arms }) }) as unknown as Experiment;
  const key = (settings: Json, seed = 1, of = tasks) =>
    of.of(experimentOf(arm(recipe, settings, [seed])), quick)[0].key;

  it("have the same key for the same settings, in whatever order, and another for anything else", () => {
    const settings = { a: 1, b: { c: [1, 2], d: null } };
    expect(key({ b: { d: null, c: [1, 2] }, a: 1 })).toBe(key(settings));
    const others = [key({ ...settings, a: 2 }), key({ a: 1, b: { c: [2, 1], d: null } }), key(settings, 2)];
    const all = [key(settings), ...others, key(settings, 1, new Tasks(data, "other data"))];
    expect(new Set(all).size).toBe(5);
  });

  it("give the outcomes by group, arm and seed", () => {
    const arms = [arm(recipe, { a: 1 }, [1, 2]), arm(recipe, { a: 2 }, [3])];
    const list = tasks.of(experimentOf(...arms), quick);
    const results = new Map(list.map(({ key }, i) => [key, i]));
    expect(tasks.outcomes({ arms }, results)).toEqual({
      arms: [
        { settings: { a: 1 }, results: [0, 1] },
        { settings: { a: 2 }, results: [2] },
      ],
    });
  });

  it("have as many seeds as the user says", () => {
    expect(scaleOf({ quick: false, seeds: 4 }).seeds(3, 1)).toEqual([1, 2, 3, 4]);
    expect([full, quick].map((scale) => scale.seeds(3, 1))).toEqual([[1, 2, 3], [1]]);
  });
});

describe("the store", () => {
  const kept = { key: "recipe-1", recipe: "recipe", settings: { a: 1 }, seed: 1, seconds: 2, result: [null, 0.5] };

  it("gives back what was put in, to another store of the same folder too", () => {
    const path = join(folder, "store");
    new Store(path, false).put(kept);
    expect(new Store(path, false).get("recipe-1")).toEqual(kept);
    expect(new Store(path, false).get("recipe-2")).toBeNull();
    expect(new Store(path, true).get("recipe-1")).toBeNull();
  });

  it("takes a file that is not whole for none, and forgets what was being written", () => {
    const path = join(folder, "damaged");
    const store = new Store(path, false);
    store.put(kept);
    writeFileSync(join(path, "recipe-1.json"), '{"key": "rec');
    writeFileSync(join(path, ".recipe-2"), "{");
    expect(store.get("recipe-1")).toBeNull();
    new Store(path, false);
    expect(readdirSync(path)).toEqual(["recipe-1.json"]);
  });
});

describe("options of the experiments", () => {
  const names = ["one", "two"];

  it("have defaults", () => {
    const { only, scale, data, report, jobs, fresh } = parseOptions([], names);
    expect({ only, scale, report, jobs, fresh }).toEqual({
      only: [],
      scale: { quick: false, seeds: null },
      report: null,
      jobs: null,
      fresh: false,
    });
    expect(data).toBe(join(root, "examples/data"));
  });

  it("take several names", () => {
    expect(parseOptions(["--only", "one,two"], names).only).toEqual(names);
    expect(parseOptions(["--only", "one", "--only", "two"], names).only).toEqual(names);
  });

  it.each([
    [["--only", "three"], '--only expected one of one, two, got "three"'],
    [["--seeds", "0"], '--seeds expected an integer from 1 to 100, got "0"'],
    [["--jobs", "two"], '--jobs expected an integer from 1 to 256, got "two"'],
    [["--data", ""], '--data expected a path, got ""'],
    [["--slow"], "Unknown option '--slow' (--help lists the options)"],
  ])("refuse %j", (args, message) => {
    expect(() => parseOptions(args, names)).toThrow(new InputError(message));
  });
});

describe("numbers of the report", () => {
  it("have the digits that say something", () => {
    expect([0, 1234.5, 0.012345, 1e-7, 123456, null].map((value) => figure(value))).toEqual([
      "0",
      "1235",
      "0.0123",
      "1.00e-7",
      "1.23e5",
      "-",
    ]);
    expect(percents([0.8, 0.82])).toBe("81.0 ± 1.4 %");
    expect([percents([0.5]), percents([0.5, null]), figures([1, 2])]).toEqual(["50.0 %", "-", "1.50 ± 0.71"]);
  });

  it("stand in aligned tables", () => {
    const table = { head: ["batch", "accuracy"], rows: [["2", "81.0 %"]] };
    expect(markdownTable(table)).toBe("| batch | accuracy |\n| ----- | -------: |\n| 2     |   81.0 % |");
  });
});

describe("the command", () => {
  it("lists the experiments", () => {
    const { status, stdout } = command("--list");
    expect(status).toBe(0);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" ")[0]),
    ).toEqual(experiments.map(({ name }) => name));
  });

  it.each([
    [["--only", "nothing"], /^--only expected one of .*, got "nothing"\n$/],
    [["--data", join(folder, "nowhere")], /train-images-idx3-ubyte\.gz: no such file\n$/],
    [["--report", join(root, "package.json/x.md")], /^--report .*: cannot be written \(\w+\)\n$/],
  ])("refuses %j in one line, with exit code 2", (args, message) => {
    const { status, stdout, stderr } = command(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });

  it("keeps what was finished when it is interrupted", async () => {
    const out = join(folder, "interrupted");
    const args = [main, "--quick", "--only", "learning-rate", "--out", out, "--jobs", "1"];
    const child = spawn(process.execPath, ["--import", "tsx", ...args], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (text) => (stderr += text));
    const finished = () =>
      existsSync(join(out, "trials")) && readdirSync(join(out, "trials")).some((f) => f.endsWith(".json"));
    await vi.waitFor(() => expect(finished()).toBe(true), { timeout: 50_000, interval: 50 });
    child.kill("SIGINT");
    const [status] = await once(child, "exit");
    expect(status).toBe(130);
    expect(stderr).toMatch(/Interrupted\. [1-9]\d* finished trials are kept; the same command goes on from there\.\n$/);
    for (const file of readdirSync(join(out, "trials")))
      expect(JSON.parse(readFileSync(join(out, "trials", file), "utf8"))).toHaveProperty("result");
  });

  it("runs an experiment, keeps its trials, goes on from them, and writes the report", () => {
    const out = join(folder, "out");
    const args = ["--quick", "--only", "one-by-one-convolution", "--out", out, "--jobs", "1"];
    const first = command(...args);
    expect([first.status, first.stdout]).toEqual([0, expect.stringMatching(/^one-by-one-convolution: \w+/)]);
    const trials = join(out, "trials");
    const written = readdirSync(trials).map((file) => [file, statSync(join(trials, file)).mtimeMs] as const);
    expect(written.length).toBeGreaterThan(0);
    const [[damaged], ...whole] = written;
    writeFileSync(join(trials, damaged), "{");
    expect(command(...args).status).toBe(0);
    for (const [file, time] of whole) expect(statSync(join(trials, file)).mtimeMs).toBe(time);
    expect(JSON.parse(readFileSync(join(trials, damaged), "utf8"))).toHaveProperty("result");

    const report = readFileSync(join(out, "results.md"), "utf8");
    for (const [, file] of report.matchAll(/\]\((results\/[^)]+)\)/g))
      expect(statSync(join(out, file)).size).toBeGreaterThan(0);
    const { experiments: sections, trials: kept } = JSON.parse(readFileSync(join(out, "results/results.json"), "utf8"));
    expect(sections.map(({ name }: { name: string }) => name)).toEqual(["one-by-one-convolution"]);
    expect(kept.length).toBe(written.length);
  });
});
