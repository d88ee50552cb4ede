import { figure } from "../text/numbers.js";
import { text } from "../text/text.js";
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
        {values.map((value, i) => {
          const key = `${i}`;
          const [top, bottom] = [scale(Math.max(0, value)), scale(Math.min(0, value))];
          return <rect key={key} class="bar with" x={i * bar} y={top} width={bar * 0.85} height={bottom - top} />;
        })}
      </svg>
    </figure>
  );
}
