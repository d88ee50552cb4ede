import { mean } from "simple-statistics";
import type { TopLevelSpec } from "vega-lite";

export interface Chart {
  /** The end of the file's name, after the experiment's. It is unique within the experiment. */
  readonly name: string;
  /** The text for readers who cannot see the chart. */
  readonly alt: string;
  readonly spec: TopLevelSpec;
}

/** Colours that stay apart for colour-blind eyes; with batch normalization is blue, without is orange, throughout. */
export const palette = ["#0b63b5", "#d1590a", "#1a8a5a", "#8a4fb0", "#7a7a7a", "#c7a008"];

interface Axis {
  readonly title: string;
  readonly scale?: "linear" | "log" | "symlog" | "sqrt";
  /** The ends; where they are left out, those of the values. */
  readonly domain?: readonly [number, number];
  /** A format of d3, such as "%". */
  readonly format?: string;
  /** The values of the ticks. */
  readonly values?: readonly number[];
}

export interface Point {
  readonly x: number;
  readonly y: number | null;
  /** The line that it is on. Lines have their colours in the order of their first points. */
  readonly series: string;
  /** The ends of the spread over seeds. */
  readonly low?: number;
  readonly high?: number;
  /** Which of several charts beside each other, by their titles. */
  readonly panel?: string;
}

/** Mean over seeds, and the ends of their spread. */
export function overSeeds(values: readonly (number | null)[]): Pick<Point, "y" | "low" | "high"> {
  const numbers = values.map((value) => value ?? Number.NaN);
  return { y: mean(numbers), low: Math.min(...numbers), high: Math.max(...numbers) };
}

interface Lines {
  readonly title: string;
  readonly subtitle?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly points: readonly Point[];
  /** Marks the points, where they are few. */
  readonly marks?: boolean;
  /** Tells whether all panels have the same y axis. Default true. */
  readonly sharedY?: boolean;
}

/** Lines over x, with a band where the points have ends of a spread. */
export function lineChart({ title, subtitle, x, y, points, marks = false, sharedY = true }: Lines): TopLevelSpec {
  const series = [...new Set(points.map((point) => point.series))];
  const panels = [...new Set(points.map((point) => point.panel))];
  const values = points.filter((point) => point.y !== null && Number.isFinite(point.y));
  const encodingX = { field: "x", type: "quantitative", title: x.title, scale: scaleOf(x), axis: axisOf(x) } as const;
  const encodingY = { type: "quantitative", title: y.title, scale: scaleOf(y), axis: axisOf(y) } as const;
  const color = colorOf(series);
  const layer = [
    {
      transform: [{ filter: "isValid(datum.low)" }],
      mark: { type: "area", opacity: 0.16 },
      encoding: { x: encodingX, y: { ...encodingY, field: "low" }, y2: { field: "high" }, color },
    },
    {
      mark: { type: "line", point: marks ? { size: 36 } : false, strokeWidth: 1.8 },
      encoding: { x: encodingX, y: { ...encodingY, field: "y" }, color },
    },
  ] as const;
  const width = panels.length === 1 ? 620 : panels.length === 2 ? 300 : 210;
  const frame = { ...common(title, subtitle), data: { values } };
  const spec =
    panels.length === 1
      ? { ...frame, width, height: 280, layer }
      : {
          ...frame,
          facet: { field: "panel", type: "nominal", title: null, sort: panels, header: { labelFontSize: 12 } },
          columns: Math.min(panels.length, 3),
          spec: { width, height: 220, layer },
          resolve: { scale: { y: sharedY ? "shared" : "independent" } },
        };
  return spec as unknown as TopLevelSpec;
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** Its colour, and its place among those with the same label. */
  readonly series?: string;
}

interface Bars {
  readonly title: string;
  readonly subtitle?: string;
  readonly value: Axis;
  readonly bars: readonly Bar[];
}

/**
 * Draws points on horizontal lines, one per label and series, with their spread. Unlike a bar a point needs no zero.
 */
export function dotChart({ title, subtitle, value, bars }: Bars): TopLevelSpec {
  const labels = [...new Set(bars.map(({ label }) => label))];
  const series = [...new Set(bars.map(({ series = "" }) => series))];
  const values = bars.map((bar) => ({ series: "", ...bar })).filter((bar) => Number.isFinite(bar.value));
  const x = { type: "quantitative", title: value.title, scale: scaleOf(value), axis: axisOf(value) } as const;
  const color = colorOf(series);
  const y = {
    field: "label",
    type: "nominal",
    title: null,
    sort: labels,
    axis: { labelLimit: 300, grid: true, labelFontSize: 12 },
  } as const;
  const yOffset = series.length > 1 ? { field: "series", type: "nominal", sort: series } : undefined;
  const spec = {
    ...common(title, subtitle),
    data: { values },
    width: 440,
    height: { step: 26 },
    layer: [
      {
        transform: [{ filter: "isValid(datum.low)" }],
        mark: { type: "rule", strokeWidth: 2, opacity: 0.6 },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y, yOffset, color },
      },
      {
        mark: { type: "point", filled: true, size: 70, opacity: 1 },
        encoding: { x: { ...x, field: "value" }, y, yOffset, color },
      },
    ],
  };
  return spec as unknown as TopLevelSpec;
}

/** Chooses a colour per series. There is a legend only if there are several series. */
function colorOf(series: readonly string[]) {
  return {
    field: "series",
    type: "nominal",
    title: null,
    scale: { domain: series, range: series.map((_, i) => palette[i % palette.length]) },
    legend: series.length > 1 ? undefined : null,
  } as const;
}

function scaleOf({ scale = "linear", domain }: Axis) {
  return { type: scale, domain, zero: scale === "linear" ? false : undefined, nice: domain === undefined };
}

function axisOf({ format, values }: Axis) {
  return { format, values };
}

function common(text: string, subtitle: string | undefined) {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 14,
    title: { text, subtitle, anchor: "start", fontSize: 14 },
    config: {
      legend: {
        orient: "bottom",
        columns: 3,
        labelLimit: 300,
        symbolType: "stroke",
        symbolSize: 300,
        symbolOpacity: 1,
      },
      axis: { gridColor: "#eee" },
      view: { stroke: "#ddd" },
    },
  };
}
