import { paragraphs, type Section } from "../report/section.js";
import { TITLES, VERBS } from "../verbs.js";
import { PEERS } from "./peers.js";
import { WRONG } from "./ratios.js";
import type { PeersResults } from "./results.js";
import { errorTable, forms, losses, notes, peersSummary, reasons, times, wrong } from "./tables.js";

/** Leaves out the stored results of former peers. */
function current({ header, cases }: PeersResults): PeersResults {
  const compared = new Set(PEERS.map(({ name }) => name));
  return { header, cases: cases.map((c) => ({ ...c, peers: c.peers.filter(({ name }) => compared.has(name)) })) };
}

function markdown(stored: PeersResults): string {
  const results = current(stored);
  return paragraphs(
    "### Summary",
    "The means are geometric means of the peer's time over ours, over the cases where the peer's result is right. Above 1 ours is faster.",
    peersSummary(results),
    "#### Where we lose",
    losses(results),
    ...VERBS.flatMap((verb) => [
      `### ${TITLES[verb]}`,
      "The times are medians in milliseconds. The peer's time over ours is in brackets.",
      times(results, verb),
    ]),
    "### Errors",
    "Each value is the largest difference from the float64 reference over all cases, relative to the root mean square of the expected values.",
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
