import { Slider } from "../controls/controls.js";
import { state } from "../state/state.js";
import { text } from "../text/text.js";

const SAMPLES = 6;
const CHANNELS = 3;
const SIDE = 3;
const range = (length: number) => Array.from({ length }, (_, i) => i);

/** A row per sample, a column per feature: the chosen column is the channel. */
function Dense({ channel }: { readonly channel: number }) {
  const cell = 22;
  return (
    <svg
      class="layout"
      viewBox={`0 0 ${CHANNELS * cell} ${SAMPLES * cell}`}
      width={CHANNELS * cell}
      role="img"
      aria-label={text.value.channel.denseLabel(channel)}
    >
      {range(SAMPLES).flatMap((row) =>
        range(CHANNELS).map((column) => (
          <rect
            key={`${row} ${column}`}
            class={column + 1 === channel ? "in" : "out"}
            x={column * cell + 1}
            y={row * cell + 1}
            width={cell - 2}
            height={cell - 2}
          />
        )),
      )}
    </svg>
  );
}

/** A row per sample, a map per channel: the chosen map of every sample is the channel. */
function Convolution({ channel }: { readonly channel: number }) {
  const [cell, gap] = [7, 6];
  const map = SIDE * cell;
  const place = (i: number) => i * (map + gap);
  return (
    <svg
      class="layout"
      viewBox={`0 0 ${place(CHANNELS) - gap} ${place(SAMPLES) - gap}`}
      width={place(CHANNELS) - gap}
      role="img"
      aria-label={text.value.channel.convolutionLabel(channel)}
    >
      {range(SAMPLES).flatMap((row) =>
        range(CHANNELS).flatMap((column) =>
          range(SIDE * SIDE).map((position) => (
            <rect
              key={`${row} ${column} ${position}`}
              class={column + 1 === channel ? "in" : "out"}
              x={place(column) + (position % SIDE) * cell + 0.5}
              y={place(row) + Math.floor(position / SIDE) * cell + 0.5}
              width={cell - 1}
              height={cell - 1}
            />
          )),
        ),
      )}
    </svg>
  );
}

/** Which values share a mean: behind a dense layer and behind a convolution. */
export function Layouts() {
  const t = text.value.channel;
  const channel = state.channel.value;
  return (
    <section class="layouts" aria-labelledby="layouts">
      <h3 id="layouts">{t.layouts}</h3>
      <p>{t.layoutsLead}</p>
      <Slider label={t.channelOf} value={state.channel} least={1} most={CHANNELS} step={1} />
      <div class="side-by-side">
        <figure>
          <figcaption>
            {t.dense} · {t.denseCount(SAMPLES)}
          </figcaption>
          <Dense channel={channel} />
        </figure>
        <figure>
          <figcaption>
            {t.convolution} · {t.convolutionCount(SAMPLES * SIDE * SIDE)}
          </figcaption>
          <Convolution channel={channel} />
        </figure>
      </div>
    </section>
  );
}
