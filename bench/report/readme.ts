import { readFile, writeFile } from "node:fs/promises";
import type { SuiteResults } from "../suite/results.js";
import { weakest } from "../suite/summary.js";
import { VERBS } from "../verbs.js";
import { over, ratio, size, table, timed } from "./numbers.js";
import { environment } from "./section.js";

const START = "<!-- bench:start -->";
const END = "<!-- bench:end -->";
const README = new URL("../../README.md", import.meta.url);

function block({ header, cases, small }: SuiteResults): string {
  const rows = cases.map((c) => [
    c.name,
    size(c.bytes),
    ...VERBS.flatMap((verb) => [
      timed(c.timings[verb].layer),
      `${ratio(over(c, verb, "fastest JS", "layer"))}x`,
      ratio(over(c, verb, "layer", "floor")),
    ]),
  ]);
  const columns = ["forward", "inference", "backward"].flatMap((verb) => [`${verb}, ms`, "vs JS", "vs floor"]);
  return [
    START,
    "",
    table(["case", "size of x", ...columns], rows),
    "",
    "Layer with `out` given, forward and backward in training. _vs JS_: times faster than the fastest of several pure",
    "JavaScript versions. _vs floor_: time over what reading and writing the tensors alone takes. ±: half the distance of",
    "the quartiles.",
    `${environment(header)} All rows, browsers, whole networks, scaling and the first call: [bench/results.md](bench/results.md).`,
    "",
    "![time over what the memory allows, by case](bench/results/suite-over-floor.svg)",
    "",
    weakest([...cases, ...small]),
    "",
    END,
  ].join("\n");
}

/** Replace what stands between the markers of the README; says what it did. */
export async function updateReadme(results: SuiteResults): Promise<string> {
  const text = await readFile(README, "utf8").catch(() => null);
  if (text === null) return "README.md does not exist: its table was not written";
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start < 0 || end < start) return `README.md has no ${START} ... ${END}: its table was not written`;
  await writeFile(README, text.slice(0, start) + block(results) + text.slice(end + END.length));
  return "README.md: table updated";
}
