import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { parseOptions, RUNS } from "../../bench/options.js";
import { render } from "../../bench/report/index.js";
import { InputError } from "../../scripts/common/command.js";
import { jsonLines } from "../../scripts/common/json.js";
import { plainTable, replaceMarked, table } from "../../scripts/common/markdown.js";
import { matching } from "../../scripts/common/options.js";

const bench = fileURLToPath(new URL("../../bench/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("options of the benchmarks", () => {
  it("name a run; without one it is the suite", () => {
    expect(parseOptions([])).toMatchObject({ run: "suite", quick: false, out: "bench", full: true });
    expect(parseOptions(["--quick"])).toMatchObject({ run: "suite", quick: true, out: "out/bench", full: false });
    expect(RUNS.map((name) => parseOptions([name]).run)).toEqual([...RUNS]);
  });

  it("never let a partial run replace a full one", () => {
    expect(parseOptions(["scaling", "--only", "sizes"])).toMatchObject({ out: "out/bench", full: false });
    expect(parseOptions(["peers", "--peers", "oneDNN"])).toMatchObject({ out: "out/bench", full: false });
    expect(parseOptions(["suite", "--out", "elsewhere"])).toMatchObject({ out: "elsewhere", full: false });
  });

  it.each([
    [
      ["all"],
      'expected one of suite, peers, browser, networks, scaling, data, relu, residual, start, tfjs, report, got "all"',
    ],
    [["suite", "--slow"], "Unknown option '--slow' (--help lists the options)"],
    [["suite", "--out", ""], '--out expected a path, got ""'],
    [["tfjs", "--peers", "x"], "--peers is an option of peers, not of tfjs"],
  ])("refuse %j", (args, message) => {
    expect(() => parseOptions(args)).toThrow(InputError);
    expect(() => parseOptions(args)).toThrow(message);
  });

  it("choose what matches", () => {
    const names = (pattern?: string) => matching("--only", pattern, ["NC 4x8", "NHWC 1x2"], (name) => name);
    expect([names(), names("^nc")]).toEqual([["NC 4x8", "NHWC 1x2"], ["NC 4x8"]]);
    expect(() => names("NCL")).toThrow(new InputError("--only NCL matches nothing; there are\n  NC 4x8\n  NHWC 1x2"));
    expect(() => names("(")).toThrow(new InputError('--only expected a regular expression, got "("'));
  });
});

describe("the report of the benchmarks", () => {
  it("is what the stored results give", async () => {
    const results = readdirSync(join(bench, "results"));
    for (const file of results.filter((file) => file.endsWith(".json"))) {
      cpSync(join(bench, "results", file), join(folder, "results", file));
    }
    await render(folder);
    const charts = results.filter((file) => file.endsWith(".svg"));
    expect(charts).toHaveLength(3);
    for (const file of ["results.md", "tfjs.md", ...charts.map((chart) => join("results", chart))]) {
      // Not toBe on the texts: a difference in 180 kB takes vitest minutes to show.
      expect(readFileSync(join(folder, file), "utf8") === readFileSync(join(bench, file), "utf8"), file).toBe(true);
    }
  });

  it("has a line for each case in its results", () => {
    const value = {
      header: { date: "today" },
      none: undefined,
      cases: [{ name: "a", shape: [1, 2], timings: { layer: { median: 1 } } }, { name: "b" }],
      engines: [{ engine: "x", small: [], cases: [{ name: "c" }] }],
      rest: { scans: [{ at: 1 }] },
    };
    const text = jsonLines(value, new Set(["cases", "engines", "small", "scans"]));
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    expect(text.split("\n").map((line) => line.trim())).toEqual([
      "{",
      '"header": {"date":"today"},',
      '"cases": [',
      '{"name":"a","shape":[1,2],"timings":{"layer":{"median":1}}},',
      '{"name":"b"}',
      "],",
      '"engines": [',
      "{",
      '"engine": "x",',
      '"small": [],',
      '"cases": [',
      '{"name":"c"}',
      "]",
      "}",
      "],",
      '"rest": {',
      '"scans": [',
      '{"at":1}',
      "]",
      "}",
      "}",
      "",
    ]);
  });
});

describe("documents", () => {
  it("have aligned and plain tables", () => {
    const rows = [["a", "1.5"]];
    expect(table(["case", "ms"], rows, (k) => k > 0)).toBe("| case |  ms |\n| ---- | --: |\n| a    | 1.5 |");
    expect(plainTable(["case", "ms"], rows)).toBe("| case | ms |\n| --- | --- |\n| a | 1.5 |");
    expect(plainTable(["case", "ms"], rows, true)).toBe("| case | ms |\n| --- | ---: |\n| a | 1.5 |");
  });

  it("change between their markers alone", () => {
    const file = join(folder, "page.md");
    writeFileSync(file, "a <!-- one:start -->old<!-- one:end --> b <!-- two:start --><!-- two:end -->");
    replaceMarked(file, "one", "new");
    expect(readFileSync(file, "utf8")).toBe(
      "a <!-- one:start -->new<!-- one:end --> b <!-- two:start --><!-- two:end -->",
    );
    expect(() => replaceMarked(file, "three", "")).toThrow(
      `${file} has no <!-- three:start --> ... <!-- three:end -->`,
    );
  });
});
