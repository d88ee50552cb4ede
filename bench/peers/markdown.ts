import type { Section } from "../report/section.js";
import { TITLES, VERBS } from "../verbs.js";
import { WRONG } from "./ratios.js";
import type { PeersResults } from "./results.js";
import { errorTable, forms, losses, notes, peersSummary, reasons, times, wrong } from "./tables.js";

function parts(results: PeersResults): string[] {
  const heading = (title: string, below = 0) => `${"#".repeat(3 + below)} ${title}`;
  return [
    heading("Summary"),
    "Geometric means of the peers' times over ours, over the cases where the peer's result is right: above 1 ours is faster.",
    peersSummary(results),
    heading("Where we lose", 1),
    losses(results),
    ...VERBS.flatMap((verb) => [
      heading(TITLES[verb]),
      "Milliseconds, medians; in brackets the peer's time over ours.",
      times(results, verb),
    ]),
    heading("Errors"),
    "Largest difference from the float64 reference relative to the root mean square of what is expected, worst over the cases.",
    heading("Data as timed", 1),
    errorTable(results, "ordinary"),
    heading("Data of mean 1000 and deviation 1", 1),
    errorTable(results, "mean1000"),
    heading(`Wrong on the data as timed (above ${WRONG})`, 1),
    wrong(results),
    heading("Peers"),
    notes(results),
    heading("Not measured", 1),
    reasons(results),
    heading("Forms chosen", 1),
    forms(results),
  ];
}

export const peersSection: Section<PeersResults> = {
  name: "peers",
  title: "Other libraries",
  script: "bench:peers",
  markdown: (results) => parts(results).join("\n\n"),
  summary: peersSummary,
};
