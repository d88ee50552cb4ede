import type { Verb } from "../baseline/index.js";
import { digits, ratio, table } from "../report/numbers.js";
import { paragraphs, point, type Section } from "../report/section.js";
import { perValue } from "../scaling/numbers.js";
import { TITLES, VERBS } from "../verbs.js";
import { SHARES } from "./kinds.js";
import { LIMITS, overLargest, PLANE_LIMIT, slowdown, tooSlow } from "./limits.js";
import type { DataResults, KindResult } from "./results.js";

/** The contents of the tables: each has the kinds of one case, with or without the activation. */
function groups({ kinds }: DataResults): { readonly title: string; readonly kinds: readonly KindResult[] }[] {
  const title = ({ case: name, relu }: KindResult) => `${name}${relu ? ", fused ReLU" : ""}`;
  const titles = [...new Set(kinds.map(title))];
  return titles.map((each) => ({ title: each, kinds: kinds.filter((kind) => title(kind) === each) }));
}

function kindsTable(kinds: readonly KindResult[]): string {
  const head = VERBS.flatMap((verb) => SHARES.map((share) => `${TITLES[verb].toLowerCase()}: ${share}`));
  const rows = kinds.map((kind) => [
    kind.kind,
    ...VERBS.flatMap((verb) =>
      SHARES.map((share) => {
        const times = slowdown(kind, verb, share);
        return times === null ? "" : ratio(times);
      }),
    ),
  ]);
  return table(["kind", ...head], rows);
}

function slowKinds(title: string, kinds: readonly KindResult[]): string[] {
  const found = kinds.flatMap((kind) => {
    const verbs = VERBS.flatMap((verb) => {
      const shares = tooSlow(kind, verb).map(({ share, times }) => `${share} ${ratio(times)}`);
      return shares.length > 0 ? [`${TITLES[verb].toLowerCase()} (${shares.join(", ")})`] : [];
    });
    return verbs.length > 0 ? [`- ${title}, ${kind.kind}, above the limits: ${verbs.join(", ")}.`] : [];
  });
  return found.length > 0 ? found : [`- ${title}: nothing above the limits.`];
}

function slowPlanes({ scans }: DataResults): string[] {
  const { times: limit, from, to } = PLANE_LIMIT;
  return scans.map((scan) => {
    const found = VERBS.flatMap((verb) =>
      overLargest(scan, verb).flatMap(({ at, times }) =>
        at >= from && at <= to && times > limit ? [`S = ${at} ${TITLES[verb].toLowerCase()} (${ratio(times)})`] : [],
      ),
    );
    const title = `${scan.name.charAt(0).toUpperCase()}${scan.name.slice(1)}`;
    return point(`${title}, above ${limit} times the time of 16 values`, found, `${title}: nothing above the limit.`);
  });
}

function planesTable({ scans }: DataResults, verb: Verb): string {
  const ratios = scans.map((scan) => overLargest(scan, verb));
  const rows = scans[0].points.map(({ at }, k) => [`S = ${at}`, ...ratios.map((each) => ratio(each[k].times))]);
  const largest = scans.map(({ points }) => {
    const { timings, values } = points[points.length - 1];
    return digits(perValue(timings[verb], values));
  });
  const head = scans.map(({ points: [{ batch, channels }] }) => `${batch} x ${channels} x S`);
  return table(["plane", ...head], [...rows, ["ns per value at S = 16", ...largest]]);
}

function verdict(results: DataResults): string {
  return [...groups(results).flatMap(({ title, kinds }) => slowKinds(title, kinds)), ...slowPlanes(results)].join("\n");
}

function markdown(results: DataResults): string {
  const { one, half, all } = LIMITS;
  return paragraphs(
    "Data of one kind are in one channel, in half of the channels (every second, or about half at random), or in all. The " +
      "tables give the kernels' time over their time for ordinary data in the same rounds. Before that, every result was " +
      "compared with float64. " +
      `The limits are ${one} for one channel, ${half} for half of them and ${all} for all. Planes of ${PLANE_LIMIT.from} to ` +
      `${PLANE_LIMIT.to} values may take ${PLANE_LIMIT.times} times as long per value as planes of 16 values.`,
    verdict(results),
    ...groups(results).flatMap(({ title, kinds }) => [`### ${title}`, kindsTable(kinds)]),
    ...(results.scans.length > 0
      ? VERBS.flatMap((verb) => [
          `### Small planes, ${TITLES[verb].toLowerCase()}, time per value over S = 16`,
          planesTable(results, verb),
        ])
      : []),
  );
}

export const dataSection: Section<DataResults> = {
  name: "data",
  title: "Slow data",
  markdown,
  summary: (results) =>
    paragraphs(
      ...groups(results).flatMap(({ title, kinds }) => [`${title}:`, kindsTable(kinds)]),
      ...(results.scans.length > 0
        ? VERBS.flatMap((verb) => [`Small planes, ${TITLES[verb].toLowerCase()}:`, planesTable(results, verb)])
        : []),
      verdict(results),
    ),
};
