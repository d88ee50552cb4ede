import { figure } from "../text/numbers.js";
import { text } from "../text/text.js";
import { barsPath } from "./bars-path.js";
import { linear } from "./scale.js";

const [WIDTH, HEIGHT] = [240, 70];

/** A bar per channel, from 0. */
export function ChannelBars({ what, values }: { readonly what: string; readonly values: readonly number[] }) {
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const scale = linear(least, most > least ? most : least + 1, HEIGHT, 0);
  const bar = WIDTH / values.length;
  const ends = [Math.min(...values), Math.max(...values)].map(figure);
  return (
    <figure class="channel-bars">
      <figcaption>
        {what} <small>{ends.join(" … ")}</small>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={text.value.race.bars(what, String(values.length), ends[0], ends[1])}
      >
        <path
          class="bar with"
          d={barsPath(
            values.map((value) => [scale(0), scale(value)]),
            bar,
            bar * 0.85,
          )}
        />
      </svg>
    </figure>
  );
}
