import type { Verb } from "../baseline/index.js";
import { digits, type Quartiles, ratio, size, spread, table } from "../report/numbers.js";
import { paragraphs, point, type Section } from "../report/section.js";
import { TITLES, VERBS } from "../verbs.js";
import { scansChart, sizesChart } from "./chart.js";
import { perValue, relative, STEEP } from "./numbers.js";
import type { ScalingResults, Scan, SizePoint } from "./results.js";

const LOOPS = ["planes", "rows"] as const;
/** Below this size of x the call counts for more than the memory. */
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
      return [`${loop}, ${TITLES[verb].toLowerCase()}: ${ratio(overBound(worst, verb))} at ${size(worst.bytes)}`];
    }),
  );
  return `- Furthest from the memory bound at ${size(FROM)} or more: ${found.join(", ")}.`;
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
        `${title}, above ${STEEP} times their neighbours`,
        found,
        `${title}: none above ${STEEP} times its neighbours.`,
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
    `Kernels and memory bound, 64 channels, time for one value of x. Beyond 1 MB the batch grows. A call touches two tensors of ` +
      `x's size forward and in inference, three backward. ${cachesInWords(results)}`,
    sizes.length > 0 ? furthest(results) : null,
    ...LOOPS.flatMap((loop) => {
      const points = sizes.filter((p) => p.loop === loop);
      return points.length > 0 ? [`### Size of x, ${loop}, ns a value`, sizesTable(points)] : [];
    }),
    ...(scans.length > 0
      ? [
          "### Cliffs",
          "Shapes with 2 MB of x, of which one extent is varied: time for one value, and that time over the median of up to " +
            "four neighbours, two on each side.",
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
