import type { Verb } from "../baseline/index.js";
import { digits, type Quartiles, ratio, size, spread, table } from "../report/numbers.js";
import { paragraphs, point, type Section } from "../report/section.js";
import { TITLES, VERBS } from "../verbs.js";
import { scansChart, sizesChart } from "./chart.js";
import { perValue, relative, STEEP } from "./numbers.js";
import type { ScalingResults, Scan, SizePoint } from "./results.js";

const LOOPS = ["planes", "rows"] as const;
/** Below this size of x the call takes more time than the memory. */
const FROM = 256 * 1024;

function nanoseconds(timing: Quartiles, values: number): string {
  return `${digits(perValue(timing, values))} ± ${spread(timing)}`;
}

function overBound({ timings }: SizePoint, verb: Verb): number {
  return timings[verb].kernels.median / timings[verb]["memory bound"].median;
}

function extents({ loop, batch, channels, spatial }: SizePoint): string {
  return loop === "planes" ? `${batch} x ${channels} x ${spatial}` : `${batch} x ${channels}`;
}

function sizesTable(points: readonly SizePoint[]): string {
  const columns = VERBS.flatMap((verb) => [
    `${TITLES[verb].toLowerCase()}: kernels`,
    "memory bound",
    "over memory bound",
  ]);
  const rows = points.map((p) => [
    size(p.bytes),
    extents(p),
    ...VERBS.flatMap((verb) => [
      nanoseconds(p.timings[verb].kernels, p.values),
      nanoseconds(p.timings[verb]["memory bound"], p.values),
      ratio(overBound(p, verb)),
    ]),
  ]);
  return table(["size of x", "shape", ...columns], rows);
}

function furthest({ sizes }: ScalingResults): string {
  const found = LOOPS.flatMap((loop) =>
    VERBS.flatMap((verb) => {
      const points = sizes.filter((p) => p.loop === loop && p.bytes >= FROM);
      if (points.length === 0) return [];
      const worst = points.reduce((a, b) => (overBound(a, verb) > overBound(b, verb) ? a : b));
      return [`${TITLES[verb].toLowerCase()} over ${loop} ${ratio(overBound(worst, verb))} (${size(worst.bytes)})`];
    }),
  );
  return `- The largest times over the memory bound at ${size(FROM)} or more: ${found.join(", ")}.`;
}

function cliffs({ scans }: ScalingResults): string {
  return scans
    .map((scan) => {
      const found = VERBS.flatMap((verb) =>
        relative(scan, verb).flatMap(({ at, times }) =>
          times > STEEP ? [`${scan.symbol} = ${at} ${TITLES[verb].toLowerCase()} (${ratio(times)})`] : [],
        ),
      );
      const title = scan.name.charAt(0).toUpperCase() + scan.name.slice(1);
      return point(
        `${title}: these shapes take more than ${STEEP} times the time of their neighbours`,
        found,
        `${title}: no shape takes more than ${STEEP} times the time of its neighbours.`,
      );
    })
    .join("\n");
}

function scanTable(scan: Scan): string {
  const ratios = VERBS.map((verb) => relative(scan, verb));
  const columns = VERBS.flatMap((verb) => [`${TITLES[verb].toLowerCase()}, ns`, "to neighbours"]);
  const rows = scan.points.map((p, k) => [
    `${scan.symbol} = ${p.at}`,
    ...VERBS.flatMap((verb, v) => [nanoseconds(p.timings[verb], p.values), ratio(ratios[v][k].times)]),
  ]);
  return table(["shape", ...columns], rows);
}

function cachesInWords({ caches }: ScalingResults): string {
  if (caches.length === 0) return "";
  return `Data caches: ${caches.map(({ level, bytes }) => `L${level} ${size(bytes)}`).join(", ")}.`;
}

function markdown(results: ScalingResults): string {
  const { sizes, scans } = results;
  return paragraphs(
    `The tables give the time of the kernels and the memory bound per value of x, with 64 channels. Beyond 1 MB the batch ` +
      `grows. A call uses two tensors of x's size in forward and inference, and three in backward. ${cachesInWords(results)}`,
    sizes.length > 0 ? furthest(results) : null,
    ...LOOPS.flatMap((loop) => {
      const points = sizes.filter((p) => p.loop === loop);
      return points.length > 0 ? [`### Size of x, ${loop}, ns per value`, sizesTable(points)] : [];
    }),
    ...(scans.length > 0
      ? [
          "### Cliffs",
          "A cliff is a shape that is much slower than its neighbours. Every shape has 2 MB of x, and one extent varies. The " +
            "tables give the time per value, and that time over the median of at most four neighbours, two on each side.",
          cliffs(results),
        ]
      : []),
    ...scans.flatMap((scan) => [`#### ${scan.name.charAt(0).toUpperCase()}${scan.name.slice(1)}`, scanTable(scan)]),
  );
}

function summary(results: ScalingResults): string {
  return [...(results.sizes.length > 0 ? [furthest(results)] : []), cliffs(results)].join("\n");
}

export const scalingSection: Section<ScalingResults> = {
  name: "scaling",
  title: "Scaling",
  markdown,
  summary,
  charts: (results) => ({
    "scaling-sizes": results.sizes.length > 0 ? sizesChart(results) : null,
    "scaling-cliffs": results.scans.length > 0 ? scansChart(results) : null,
  }),
};
