import { replaceMarked } from "../../scripts/common/markdown.js";
import { over, ratio, size, table, timed } from "../report/numbers.js";
import { environment } from "../report/section.js";
import { VERBS } from "../verbs.js";
import type { SuiteResults } from "./results.js";
import { weakest } from "./summary.js";

/** Writes the table and the chart of the README. */
export function documentSuite({ header, cases, small }: SuiteResults): void {
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
  const content = [
    "",
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
    "",
  ].join("\n");
  replaceMarked(new URL("../../README.md", import.meta.url), "bench", content);
}
