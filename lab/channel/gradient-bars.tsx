import { linear, roundUp, type Scale } from "../pictures/scale.js";
import { figure } from "../text/numbers.js";
import { text } from "../text/text.js";
import { grip } from "./grip.js";
import type { ChannelStep } from "./model.js";
import { chosen, marked } from "./values.js";

const HEIGHT = 150;
const TOP = 30;
const BOTTOM = 22;
const LEFT = 56;
/** Smaller gradients are roundings: y has 24 bits, and eps counts far more. */
const NOTHING = 1e-6;

interface BarProps {
  readonly i: number;
  readonly scale: Scale;
  readonly middle: number;
  readonly width: number;
  readonly value: number;
  /** When a dot was taken hold of. */
  readonly before: number;
}

function Bar({ i, scale, middle, width, value, before }: BarProps) {
  const rect = (to: number) => ({
    x: middle - width / 2,
    width,
    y: Math.min(scale(0), scale(to)),
    height: Math.abs(scale(to) - scale(0)),
  });
  return (
    <g class={i === chosen.value ? "chosen" : undefined}>
      <rect class={value >= 0 ? "bar up" : "bar down"} {...rect(value)} />
      <rect class="outline" {...rect(before)} />
      <text x={middle} y={HEIGHT - 4} text-anchor="middle">
        {i + 1}
      </text>
    </g>
  );
}

/** A bar per sample, with an outline where it stood when a dot was taken hold of. */
export function GradientBars({ step, width }: { readonly step: ChannelStep; readonly width: number }) {
  const t = text.value.channel;
  const before = grip.value?.dx.length === step.dx.length ? grip.value.dx : step.dx;
  const most = Math.max(...step.dx.map(Math.abs), ...before.map(Math.abs));
  const end = roundUp(most, 0.1);
  const scale = linear(-end, end, HEIGHT - BOTTOM, TOP);
  const slot = (width - LEFT) / step.dx.length;
  const dimmed = marked.value === "" || marked.value === "gradient" ? "" : "dim";
  return (
    <svg class={`gradients ${dimmed}`} width={width} height={HEIGHT} role="img" aria-label={t.rowGradient}>
      <text class="row" x={0} y={14}>
        {t.rowGradient}
      </text>
      <g class="axis">
        <line x1={LEFT} x2={width} y1={scale(0)} y2={scale(0)} />
        {[-end, 0, end].map((tick) => (
          <text key={tick} x={LEFT - 8} y={scale(tick)} dy="0.35em" text-anchor="end">
            {figure(tick)}
          </text>
        ))}
      </g>
      {step.dx.map((value, i) => (
        <Bar
          key={`${i + 1}`}
          i={i}
          scale={scale}
          middle={LEFT + slot * (i + 0.5)}
          width={Math.min(36, slot * 0.6)}
          value={value}
          before={before[i]}
        />
      ))}
      {most < NOTHING && (
        <text class="nothing" x={(LEFT + width) / 2} y={scale(0) - 12} text-anchor="middle">
          {t.allZero}
        </text>
      )}
    </svg>
  );
}
