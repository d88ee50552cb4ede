import { filled, replaceMarked } from "../../scripts/common/markdown.js";
import { over, ratio, table, timed } from "../report/numbers.js";
import { environment } from "../report/section.js";
import { VERBS } from "../verbs.js";
import type { SuiteResults } from "./results.js";
import { slowerThanJavaScript } from "./summary.js";

/** The cases that the README shows: large, medium and small tensors in each layout. */
const SHOWN = [
  "NCHW 32x64x56x56",
  "NCHW 64x6x28x28",
  "NCHW 8x512x7x7",
  "NHWC 32x64x56x56",
  "NHWC 64x6x28x28",
  "NC 1024x512",
];

/** Writes the table and the chart of the README. */
export function documentSuite({ header, cases, small }: SuiteResults): void {
  const rows = cases
    .filter(({ name }) => SHOWN.includes(name))
    .map((c) => [
      c.name,
      ...VERBS.flatMap((verb) => [
        timed(c.timings[verb].layer),
        `${ratio(over(c, verb, "fastest JS", "layer"))}x`,
        ratio(over(c, verb, "layer", "memory bound")),
      ]),
    ]);
  const columns = ["forward", "inference", "backward"].flatMap((verb) => [`${verb}, ms`, "vs JS", "vs memory"]);
  const content = [
    table(["case", ...columns], rows),
    filled(
      "The layer with `out` given, forward and backward in training. _vs JS_: times faster than the fastest of several " +
        "pure JavaScript versions. _vs memory_: time over the memory bound, the time to only read and write the tensors. " +
        `±: half the distance of the quartiles. ${environment(header)}`,
    ),
    "![time over the memory bound, by case](bench/results/suite-over-memory-bound.svg)",
    filled(
      `${slowerThanJavaScript([...cases, ...small])} ` +
        "[bench/results.md](bench/results.md) has all cases, browsers, whole networks, scaling and the first call.",
    ),
  ].join("\n\n");
  replaceMarked(new URL("../../README.md", import.meta.url), "bench", `\n${content}\n`);
}
