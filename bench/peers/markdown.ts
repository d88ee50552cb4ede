import { paragraphs, type Section } from "../report/section.js";
import { TITLES, VERBS } from "../verbs.js";
import { PEERS } from "./peers.js";
import { WRONG } from "./ratios.js";
import type { PeersResults } from "./results.js";
import { errorTable, forms, losses, notes, peersSummary, reasons, times, wrong } from "./tables.js";

/** Without peers that were measured once and are no longer compared with. */
function current({ header, cases }: PeersResults): PeersResults {
  const compared = new Set(PEERS.map(({ name }) => name));
  return { header, cases: cases.map((c) => ({ ...c, peers: c.peers.filter(({ name }) => compared.has(name)) })) };
}

function markdown(stored: PeersResults): string {
  const results = current(stored);
  return paragraphs(
    "### Summary",
    "Geometric means of the peers' times over ours, over the cases where the peer's result is right: above 1 ours is faster.",
    peersSummary(results),
    "#### Where we lose",
    losses(results),
    ...VERBS.flatMap((verb) => [
      `### ${TITLES[verb]}`,
      "Milliseconds, medians; in brackets the peer's time over ours.",
      times(results, verb),
    ]),
    "### Errors",
    "Largest difference from the float64 reference relative to the root mean square of what is expected, worst over the cases.",
    "#### Data as timed",
    errorTable(results, "ordinary"),
    "#### Data of mean 1000 and deviation 1",
    errorTable(results, "mean1000"),
    `#### Wrong on the data as timed (above ${WRONG})`,
    wrong(results),
    "### Peers",
    notes(results),
    "#### Not measured",
    reasons(results),
    "#### Forms chosen",
    forms(results),
  );
}

export const peersSection: Section<PeersResults> = {
  name: "peers",
  title: "Other libraries",
  markdown,
  summary: peersSummary,
};
