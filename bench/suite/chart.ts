import type { TopLevelSpec } from "vega-lite";
import type { Name } from "../contender.js";
import { over } from "../report/numbers.js";
import { subtitle } from "../report/section.js";
import { TITLES, VERBS } from "../verbs.js";
import type { SuiteResults } from "./results.js";
import { LOOPS } from "./summary.js";

const COLORS = {
  "fastest JS": "#b4b4b4",
  layer: "#4a98c9",
  kernels: "#134b7c",
} as const satisfies Partial<Record<Name, string>>;

const TICKS = [0.5, 1, 2, 4, 8, 16, 32, 64, 128];

const ROWS = Object.keys(COLORS) as (keyof typeof COLORS)[];

/** Bars of time over the memory bound, one column per verb, on a logarithmic axis that begins below 1. */
export function suiteChart({ header, cases }: SuiteResults): TopLevelSpec {
  const values = VERBS.flatMap((verb) =>
    cases.flatMap((c) =>
      ROWS.map((row) => ({
        verb: TITLES[verb],
        loop: LOOPS[c.loop],
        case: c.name,
        row,
        over: over(c, verb, row, "memory bound"),
      })),
    ),
  );
  const most = Math.max(...values.map((value) => value.over));
  return {
    data: { values },
    title: {
      text: "Batch norm: time over the memory bound (1 = only reading and writing)",
      subtitle: subtitle("shorter is better", header),
    },
    facet: {
      column: { field: "verb", type: "nominal", sort: VERBS.map((verb) => TITLES[verb]), title: null },
      row: { field: "loop", type: "nominal", sort: Object.values(LOOPS), title: null },
    },
    resolve: { scale: { y: "independent" } },
    align: { row: "each", column: "all" },
    spec: {
      width: 260,
      height: { step: 8, for: "offset" },
      layer: [
        {
          mark: { type: "bar", clip: true },
          encoding: {
            x: {
              field: "over",
              type: "quantitative",
              scale: { type: "log", domain: [0.5, Math.max(8, most * 1.05)], nice: false },
              axis: { values: TICKS, format: "~g", labelOverlap: false, title: "time over the memory bound" },
            },
            x2: { datum: 0.5 },
            y: { field: "case", type: "nominal", sort: null, title: null, scale: { paddingInner: 0.25 } },
            yOffset: { field: "row", type: "nominal", sort: ROWS },
            color: {
              field: "row",
              type: "nominal",
              sort: ROWS,
              scale: { domain: ROWS, range: ROWS.map((row) => COLORS[row]) },
              legend: { title: null, orient: "top", symbolType: "square" },
            },
          },
        },
        {
          data: { values: [{ bound: 1 }] },
          mark: { type: "rule", color: "#c0392b" },
          encoding: { x: { field: "bound", type: "quantitative" } },
        },
      ],
    },
  };
}
