import type { TargetedPointerEvent } from "preact";
import { linear, roundUp, type Scale } from "../pictures/scale.js";
import { state, X_END } from "../state/state.js";
import { decimal } from "../text/numbers.js";
import { text } from "../text/text.js";
import { grip, takeHold } from "./grip.js";
import { type ChannelStep, target } from "./model.js";
import { batch, chosen, marked, moveSample, type Term } from "./values.js";

const RADIUS = 11;
const MARGIN = 24;
const ROW = { x: 78, y: 190 };

const dim = (...terms: Term[]) => (marked.value === "" || terms.includes(marked.value) ? undefined : "dim");
/** Dots that are near each other stand at different heights. */
const height = (row: number, i: number) => row + [0, -16, 16][i % 3];

function Ticks({ scale, row, end }: { readonly scale: Scale; readonly row: number; readonly end: number }) {
  const ticks = [-1, -0.5, 0, 0.5, 1].map((part) => part * end);
  return (
    <g class="axis">
      <line x1={scale(-end)} x2={scale(end)} y1={row} y2={row} />
      {ticks.map((tick) => (
        <text key={tick} x={scale(tick)} y={row + 44} text-anchor="middle">
          {decimal(tick, Number.isInteger(tick) ? 0 : 1)}
        </text>
      ))}
    </g>
  );
}

/** Mean as a line, two standard deviations as a band. */
function Spread(props: { scale: Scale; row: number; mean: number; variance: number; class: string }) {
  const { scale, row, mean, variance } = props;
  const deviation = Math.sqrt(variance);
  const [from, to] = [scale(mean - deviation), scale(mean + deviation)];
  return (
    <g class={props.class}>
      <rect class={dim("variance", "eps")} x={from} y={row - 30} width={Math.max(1, to - from)} height={60} />
      <line class={dim("mean")} x1={scale(mean)} x2={scale(mean)} y1={row - 34} y2={row + 30} />
    </g>
  );
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowRight: 0.1,
  ArrowUp: 0.1,
  ArrowLeft: -0.1,
  ArrowDown: -0.1,
  PageUp: 1,
  PageDown: -1,
  Home: -2 * X_END,
  End: 2 * X_END,
};

function movedByKey(i: number, key: string): boolean {
  const by = STEPS[key];
  if (by === undefined) return false;
  // Assistive technology may press keys without a focus event.
  if (grip.value?.sample !== i) takeHold(i);
  moveSample(i, batch.value[i] + by);
  return true;
}

/** A value that comes in, to be dragged or moved by keys. */
function Handle({ i, scale, step }: { readonly i: number; readonly scale: Scale; readonly step: ChannelStep }) {
  const t = text.value.channel;
  const x = batch.value[i];
  const place = (event: TargetedPointerEvent<SVGGElement>) => {
    const box = event.currentTarget.ownerSVGElement?.getBoundingClientRect();
    if (box) moveSample(i, scale.invert(event.clientX - box.left));
  };
  return (
    <g
      role="slider"
      tabindex={0}
      class={`handle ${i === chosen.value ? "chosen" : ""} ${dim("x") ?? ""}`}
      transform={`translate(${scale(x)} ${height(ROW.x, i)})`}
      aria-label={t.dot(i + 1)}
      aria-valuemin={-X_END}
      aria-valuemax={X_END}
      aria-valuenow={x}
      aria-valuetext={t.dotValue(decimal(x, 1), decimal(step.y[i]), decimal(step.dx[i], 3))}
      onFocus={() => {
        state.sample.value = i + 1;
        takeHold(i);
      }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        event.currentTarget.focus({ preventScroll: true });
        state.sample.value = i + 1;
        takeHold(i);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) place(event);
      }}
      onKeyDown={(event) => {
        if (movedByKey(i, event.key)) event.preventDefault();
      }}
    >
      <circle class="reach" r={22} />
      <circle r={RADIUS} />
      <text text-anchor="middle" dy="0.35em">
        {i + 1}
      </text>
    </g>
  );
}

function Result({ i, scale, y }: { readonly i: number; readonly scale: Scale; readonly y: number }) {
  return (
    <g
      class={`result ${i === chosen.value ? "chosen" : ""} ${dim("y", "gamma") ?? ""}`}
      transform={`translate(${scale(y)} ${height(ROW.y, i)})`}
    >
      <circle r={RADIUS} />
      <text text-anchor="middle" dy="0.35em">
        {i + 1}
      </text>
    </g>
  );
}

function Targets({ scale, count }: { readonly scale: Scale; readonly count: number }) {
  const places = [...new Set(Array.from({ length: count }, (_, i) => target(i)))];
  return (
    <g class="targets">
      {places.map((place) => (
        <line key={place} x1={scale(place)} x2={scale(place)} y1={ROW.y - 34} y2={ROW.y + 30} />
      ))}
    </g>
  );
}

/** The values of the channel before and after, on a line each. */
export function Dots({ step, width }: { readonly step: ChannelStep; readonly width: number }) {
  const t = text.value.channel;
  const x = linear(-X_END, X_END, MARGIN, width - MARGIN);
  const end = roundUp(Math.max(...step.y.map(Math.abs)), 5);
  const y = linear(-end, end, MARGIN, width - MARGIN);
  const { runningMean, runningVar, beta } = state;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing is no fieldset
    <svg class="dots" width={width} height={246} role="group" aria-label={t.rowX}>
      <text class="row" x={0} y={14}>
        {t.rowX}
      </text>
      <Spread scale={x} row={ROW.x} mean={step.mean} variance={step.variance} class="spread" />
      <Spread scale={x} row={ROW.x} mean={runningMean.value} variance={runningVar.value} class="ghost" />
      <Ticks scale={x} row={ROW.x} end={X_END} />
      <text class="row" x={0} y={148}>
        {t.rowY}
      </text>
      <g class="shift">
        <line class={dim("beta")} x1={y(beta.value)} x2={y(beta.value)} y1={ROW.y - 34} y2={ROW.y + 30} />
      </g>
      {state.loss.value === "target" && <Targets scale={y} count={step.y.length} />}
      <Ticks scale={y} row={ROW.y} end={end} />
      {step.y.map((value, i) => (
        <Result key={`${i + 1}`} i={i} scale={y} y={value} />
      ))}
      {step.y.map((_, i) => (
        <Handle key={`${i + 1}`} i={i} scale={x} step={step} />
      ))}
    </svg>
  );
}
