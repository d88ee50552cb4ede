import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Name } from "../contender.js";
import { type Results, TITLES, VERBS } from "../results.js";
import { over } from "./numbers.js";

const COLORS = {
  "fastest JS": "#b4b4b4",
  "layer with copies": "#a6cde6",
  layer: "#4a98c9",
  kernels: "#134b7c",
} as const satisfies Partial<Record<Name, string>>;

const TICKS = [0.5, 1, 2, 4, 8, 16, 32, 64, 128];

const ROWS = Object.keys(COLORS) as (keyof typeof COLORS)[];

/** Bars of time over the floor, one column a verb, on a logarithmic axis that begins below the floor. */
export async function chart({ header, cases }: Results): Promise<string> {
  const values = VERBS.flatMap((verb) =>
    cases.flatMap((c) =>
      ROWS.map((row) => ({ verb: TITLES[verb], case: c.name, row, over: over(c, verb, row, "floor") })),
    ),
  );
  const most = Math.max(...values.map((value) => value.over));
  const spec: TopLevelSpec = {
    data: { values },
    title: {
      text: "Batch norm: time over what the memory allows (1 = reading and writing alone)",
      subtitle: `shorter is better · ${header.machine} · ${header.engine} · ${header.date}`,
      anchor: "start",
      offset: 12,
    },
    facet: { column: { field: "verb", type: "nominal", sort: VERBS.map((verb) => TITLES[verb]), title: null } },
    spec: {
      width: 260,
      height: { step: 7, for: "offset" },
      layer: [
        {
          mark: { type: "bar", clip: true },
          encoding: {
            x: {
              field: "over",
              type: "quantitative",
              scale: { type: "log", domain: [0.5, Math.max(8, most * 1.05)], nice: false },
              axis: { values: TICKS, format: "~g", labelOverlap: false, title: "time over floor" },
            },
            x2: { datum: 0.5 },
            y: { field: "case", type: "nominal", sort: null, title: null, scale: { paddingInner: 0.25 } },
            yOffset: { field: "row", type: "nominal", sort: ROWS },
            color: {
              field: "row",
              type: "nominal",
              sort: ROWS,
              scale: { domain: ROWS, range: ROWS.map((row) => COLORS[row]) },
              legend: { title: null, orient: "top", labelFontSize: 12, labelLimit: 0, symbolType: "square" },
            },
          },
        },
        {
          data: { values: [{ floor: 1 }] },
          mark: { type: "rule", color: "#c0392b" },
          encoding: { x: { field: "floor", type: "quantitative" } },
        },
      ],
    },
    config: {
      font: "sans-serif",
      background: "#ffffff",
      axis: { labelFontSize: 11, titleFontSize: 11, titleFontWeight: "normal", labelLimit: 200 },
      header: { labelFontSize: 13, labelFontWeight: "bold" },
      title: { fontSize: 15, subtitleFontSize: 11, subtitleColor: "#555555" },
    },
  };
  return new View(parse(compile(spec).spec), { renderer: "none" }).toSVG();
}
