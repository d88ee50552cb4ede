import { effect, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Point } from "../training/curve.js";
import { useWidth } from "./width.js";

const HEIGHT = 220;
/** Between two drawings, in milliseconds. */
const INTERVAL = 500;

export interface Line {
  readonly label: string;
  /** A custom property of the style sheet. */
  readonly color: string;
  readonly dash?: readonly number[];
  readonly points: ReadonlySignal<readonly Point[]>;
}

interface CurvesProps {
  readonly title: string;
  /** The last values, for those who do not see the lines. */
  readonly description: string;
  readonly lines: readonly Line[];
  /** Ends of the upright axis; by default those of the values. */
  readonly range?: readonly [number, number];
}

/** Returns the present color of a custom property of the style sheet, which differs in the light and the dark theme. */
function colorOf(element: HTMLElement, property: string): string {
  element.style.color = `var(${property})`;
  const { color } = getComputedStyle(element);
  element.style.color = "";
  return color;
}

/** The lines over the numbers that any of them has. */
function joined(lines: readonly Line[]): uPlot.AlignedData {
  const tables = lines.map(({ points }): uPlot.AlignedData => {
    const { value } = points;
    return [value.map(({ x }) => x), value.map(({ y }) => y)];
  });
  return uPlot.join(tables);
}

function optionsOf(element: HTMLElement, width: number, { lines, range }: CurvesProps): uPlot.Options {
  const axis = {
    stroke: colorOf(element, "--soft"),
    grid: { stroke: colorOf(element, "--faint"), width: 1 },
    ticks: { stroke: colorOf(element, "--faint"), width: 1 },
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false }, y: range ? { range: [...range] } : {} },
    axes: [axis, { ...axis, size: 48 }],
    series: [
      {},
      ...lines.map(({ label, color, dash }) => ({
        label,
        stroke: colorOf(element, color),
        width: 2,
        dash: dash ? [...dash] : undefined,
        spanGaps: true,
        points: { show: false },
      })),
    ],
  };
}

/** Lines that grow while they are looked at. */
export function Curves(props: CurvesProps) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const place = useRef<HTMLDivElement>(null);
  const names = props.lines.map(({ label }) => label).join();
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    let plot = new uPlot(optionsOf(element, width, props), joined(props.lines), element);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      timer = undefined;
      plot.setData(joined(props.lines));
    };
    const stop = effect(() => {
      for (const { points } of props.lines) points.value;
      timer ??= setTimeout(draw, INTERVAL);
    });
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const recolor = () => {
      plot.destroy();
      plot = new uPlot(optionsOf(element, width, props), joined(props.lines), element);
    };
    scheme.addEventListener("change", recolor);
    return () => {
      stop();
      clearTimeout(timer);
      scheme.removeEventListener("change", recolor);
      plot.destroy();
    };
  }, [width, names]);
  return (
    <figure ref={frame}>
      <figcaption>{props.title}</figcaption>
      <div ref={place} class="curves" role="img" aria-label={props.description} />
      <ul class="legend">
        {props.lines.map(({ label, color, dash }) => (
          <li key={label} style={{ color: `var(${color})` }} class={dash ? "dashed" : undefined}>
            {label}
          </li>
        ))}
      </ul>
    </figure>
  );
}
