import { signal } from "@preact/signals";
import type { Side } from "../pictures/histogram.js";
import { linear } from "../pictures/scale.js";
import { figure } from "../text/numbers.js";
import { text } from "../text/text.js";
import { DEPTH, lengths } from "./network.js";

export type DepthTerm = "lowest" | "highest" | "slope" | "weights";

/** The term that the reader points to. */
export const marked = signal<DepthTerm | "">("");

const ROW = 24;
const TOP = 22;
const LEFT = 64;
/** Powers of ten from which bars begin and at which they end. */
const [LEAST, MOST] = [-10, 2];

const isDim = (layer: number): boolean => {
  if (marked.value === "lowest") return layer !== 1;
  return marked.value === "highest" && layer !== DEPTH;
};

interface RowProps {
  readonly layer: number;
  readonly side: Side;
  /** Returns the end of a bar. */
  readonly end: (length: number) => number;
  readonly length: number | undefined;
  /** The length in the last network of the other kind. */
  readonly before: number | undefined;
}

function LayerRow({ layer, side, end, length, before }: RowProps) {
  const y = TOP + (DEPTH - layer) * ROW;
  const mark = { slope: "φ′", weights: "W", lowest: "", highest: "", "": "" }[marked.value];
  return (
    <g class={isDim(layer) ? "dim" : undefined}>
      <text x={0} y={y + ROW / 2} dy="0.35em">
        {text.value.depth.layer(layer)}
      </text>
      {length !== undefined && (
        <>
          <rect class={`bar ${side}`} x={LEFT} y={y + 4} width={end(length) - LEFT} height={ROW - 8} />
          <text x={end(length) + 6} y={y + ROW / 2} dy="0.35em">
            {figure(length)}
          </text>
        </>
      )}
      {before !== undefined && <rect class="outline" x={LEFT} y={y + 4} width={end(before) - LEFT} height={ROW - 8} />}
      {mark !== "" && (
        <text class="mark" x={LEFT - 8} y={y + ROW} text-anchor="end">
          {mark}
        </text>
      )}
    </g>
  );
}

/** The gradient's length per layer, the lowest layer below, on a logarithmic scale. */
export function LayerBars({ side, width }: { readonly side: Side; readonly width: number }) {
  const t = text.value.depth;
  const shown = lengths[side].value;
  const other = lengths[side === "with" ? "without" : "with"].value;
  const scale = linear(LEAST, MOST, LEFT, width - 80);
  const end = (length: number) => scale(Math.log10(Math.max(length, 10 ** LEAST)));
  const [lowest, highest] = [shown?.[0], shown?.at(-1)].map((length) => (length === undefined ? "–" : figure(length)));
  const bottom = TOP + DEPTH * ROW;
  const lines = Array.from({ length: (MOST - LEAST) / 2 + 1 }, (_, i) => LEAST + 2 * i);
  return (
    <svg width={width} height={bottom + TOP} role="img" aria-label={t.barsLabel(highest, lowest)}>
      <g class="grid">
        {lines.map((power) => (
          <line key={power} x1={scale(power)} x2={scale(power)} y1={TOP} y2={bottom} />
        ))}
      </g>
      <text x={0} y={14}>
        ↓ {t.loss}
      </text>
      {Array.from({ length: DEPTH }, (_, i) => (
        <LayerRow key={i + 1} layer={i + 1} side={side} end={end} length={shown?.[i]} before={other?.[i]} />
      ))}
      <text x={0} y={bottom + TOP - 6}>
        ↑ {t.data}
      </text>
    </svg>
  );
}
