import { figure } from "../text/numbers.js";
import { text } from "../text/text.js";
import type { Histogram as Bins } from "../training/reports.js";
import { barsPath } from "./bars-path.js";

const [WIDTH, HEIGHT] = [96, 36];

export type Side = "with" | "without";

/** Bars from the least value to the greatest, whose numbers stand below. */
export function Histogram({ what, bins, side }: { readonly what: string; readonly bins: Bins; readonly side: Side }) {
  const { from, to, counts } = bins;
  const most = Math.max(1, ...counts);
  const bar = WIDTH / counts.length;
  const label = text.value.race.histogram(what, figure(from), figure(to));
  return (
    <span class="histogram">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <path
          class={`bar ${side}`}
          d={barsPath(
            counts.map((count) => [HEIGHT, HEIGHT - (count / most) * HEIGHT]),
            bar,
          )}
        />
      </svg>
      <small>
        <span>{figure(from)}</span> <span>{figure(to)}</span>
      </small>
    </span>
  );
}
