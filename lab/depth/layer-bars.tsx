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
/** Powers of ten from which bars begin and at which they end. */
const [LEAST, MOST] = [-10, 2];

const isDim = (layer: number): boolean => {
  if (marked.value === "lowest") return layer !== 1;
  return marked.value === "highest" && layer !== DEPTH;
};

/** The gradient's length per layer, the lowest layer below, on a logarithmic scale. */
export function LayerBars({ side, width }: { readonly side: Side; readonly width: number }) {
  const t = text.value.depth;
  const shown = lengths[side].value;
  const other = lengths[side === "with" ? "without" : "with"].value;
  const left = 64;
  const scale = linear(LEAST, MOST, left, width - 80);
  const end = (length: number) => scale(Math.log10(Math.max(length, 10 ** LEAST)));
  const [lowest, highest] = [shown?.[0], shown?.at(-1)].map((length) => (length === undefined ? "–" : figure(length)));
  const height = TOP + DEPTH * ROW + TOP;
  const lines = Array.from({ length: (MOST - LEAST) / 2 + 1 }, (_, i) => LEAST + 2 * i);
  return (
    <svg width={width} height={height} role="img" aria-label={t.barsLabel(highest, lowest)}>
      <g class="grid">
        {lines.map((power) => (
          <line key={power} x1={scale(power)} x2={scale(power)} y1={TOP} y2={TOP + DEPTH * ROW} />
        ))}
      </g>
      <text x={0} y={14}>
        ↓ {t.loss}
      </text>
      {Array.from({ length: DEPTH }, (_, row) => {
        const layer = DEPTH - row;
        const [length, before] = [shown?.[layer - 1], other?.[layer - 1]];
        const y = TOP + row * ROW;
        return (
          <g key={layer} class={isDim(layer) ? "dim" : undefined}>
            <text x={0} y={y + ROW / 2} dy="0.35em">
              {t.layer(layer)}
            </text>
            {length !== undefined && (
              <>
                <rect class={`bar ${side}`} x={left} y={y + 4} width={end(length) - left} height={ROW - 8} />
                <text x={end(length) + 6} y={y + ROW / 2} dy="0.35em">
                  {figure(length)}
                </text>
              </>
            )}
            {before !== undefined && (
              <rect class="outline" x={left} y={y + 4} width={end(before) - left} height={ROW - 8} />
            )}
            {(marked.value === "slope" || marked.value === "weights") && (
              <text class="mark" x={left - 8} y={y + ROW} text-anchor="end">
                {marked.value === "slope" ? "φ′" : "W"}
              </text>
            )}
          </g>
        );
      })}
      <text x={0} y={height - 6}>
        ↑ {t.data}
      </text>
    </svg>
  );
}
