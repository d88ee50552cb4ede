import type { TopLevelSpec } from "vega-lite";
import { subtitle } from "../report/section.js";
import { TITLES, VERBS } from "../verbs.js";
import { perValue } from "./numbers.js";
import type { ScalingResults } from "./results.js";

const COLORS = { planes: "#134b7c", rows: "#d9822b" } as const;
type Kind = "kernels" | "memory bound";
const KINDS: Kind[] = ["kernels", "memory bound"];

const VERB_COLUMN = {
  field: "verb",
  type: "nominal",
  sort: VERBS.map((verb) => TITLES[verb]),
  title: null,
} as const;

/** Formats sizes (1024 as 1 KB) in Vega's expression language. */
const SIZE_LABEL =
  "datum.value < 1048576 ? datum.value / 1024 + ' KB' : datum.value < 1073741824 ? datum.value / 1048576 + ' MB' : '1 GB'";

/** Time per value against the size of x. Grey lines mark the sizes at which x alone fills a cache. */
export function sizesChart({ header, caches, sizes }: ScalingResults): TopLevelSpec {
  const values = sizes.flatMap((p) =>
    VERBS.flatMap((verb) =>
      KINDS.map((kind) => ({
        verb: TITLES[verb],
        loop: p.loop,
        kind,
        bytes: p.bytes,
        time: perValue(p.timings[verb][kind], p.values),
      })),
    ),
  );
  const bytes = sizes.map((p) => p.bytes);
  const [least, most] = [Math.min(...bytes), Math.max(...bytes)];
  const ticks = [10, 15, 20, 25, 30].map((exponent) => 2 ** exponent).filter((tick) => tick <= most);
  const x = {
    type: "quantitative" as const,
    scale: { type: "log" as const, base: 2, domain: [least, most], nice: false },
  };
  return {
    data: { values },
    title: {
      text: "Batch norm: time per value against the size of x",
      subtitle: subtitle("kernels and memory bound, 64 channels; grey lines: x fills a cache", header),
    },
    facet: { column: VERB_COLUMN },
    spec: {
      width: 280,
      height: 260,
      layer: [
        {
          data: { values: caches.filter((cache) => cache.bytes > least && cache.bytes < most) },
          mark: { type: "rule", color: "#c8c8c8" },
          encoding: { x: { ...x, field: "bytes" } },
        },
        {
          mark: "line",
          encoding: {
            x: {
              ...x,
              field: "bytes",
              axis: { values: ticks, labelExpr: SIZE_LABEL, title: "size of x", grid: false },
            },
            y: {
              field: "time",
              type: "quantitative",
              scale: { type: "log", base: 2, nice: false },
              axis: { format: "~g", title: "ns per value" },
            },
            color: {
              field: "loop",
              type: "nominal",
              scale: { domain: Object.keys(COLORS), range: Object.values(COLORS) },
              legend: { title: null, orient: "top" },
            },
            strokeDash: {
              field: "kind",
              type: "nominal",
              sort: KINDS,
              scale: {
                domain: KINDS,
                range: [
                  [1, 0],
                  [4, 3],
                ],
              },
              legend: {
                title: null,
                orient: "top",
              },
            },
          },
        },
      ],
    },
  };
}

/** Time per value along each scan. */
export function scansChart({ header, scans }: ScalingResults): TopLevelSpec {
  const values = scans.flatMap(({ name, symbol, points }) =>
    points.flatMap((p) =>
      VERBS.map((verb) => ({
        scan: `${name} (${symbol})`,
        verb: TITLES[verb],
        at: p.at,
        time: perValue(p.timings[verb], p.values),
      })),
    ),
  );
  return {
    data: { values },
    title: {
      text: "Batch norm: time per value at 2 MB, one extent varied",
      subtitle: subtitle("kernels", header),
    },
    facet: {
      field: "scan",
      type: "nominal",
      sort: scans.map(({ name, symbol }) => `${name} (${symbol})`),
      title: null,
    },
    columns: 2,
    resolve: { scale: { x: "independent", y: "independent" } },
    spec: {
      width: 420,
      height: 180,
      mark: { type: "line", point: { size: 18 } },
      encoding: {
        x: {
          field: "at",
          type: "ordinal",
          axis: { title: null, labelAngle: 0, labelOverlap: true },
        },
        y: { field: "time", type: "quantitative", axis: { title: "ns per value" } },
        color: {
          field: "verb",
          type: "nominal",
          sort: VERBS.map((verb) => TITLES[verb]),
          scale: { domain: VERBS.map((verb) => TITLES[verb]), range: ["#134b7c", "#6aa84f", "#d9822b"] },
          legend: { title: null, orient: "top" },
        },
      },
    },
  };
}
