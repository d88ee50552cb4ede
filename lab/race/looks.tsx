import { Select } from "../controls/controls.js";
import { Table } from "../controls/table.js";
import { ChannelBars } from "../pictures/channel-bars.js";
import { Histogram } from "../pictures/histogram.js";
import { Thumbnail } from "../pictures/thumbnail.js";
import { HIDDEN_LAYERS, state } from "../state/state.js";
import { figure, percent } from "../text/numbers.js";
import { text } from "../text/text.js";
import type { LayerLook } from "../training/reports.js";
import { dimBut } from "./formula.js";
import { racers } from "./racers.js";

const SIDES = ["with", "without"] as const;

/** Shows test images with the class that each network predicts. */
export function Images() {
  const t = text.value.race;
  const samples = racers.with.samples.value;
  return (
    <section class={dimBut()} aria-labelledby="images">
      <h3 id="images">{t.images}</h3>
      {samples.length === 0 ? <p class="note">{t.unseen}</p> : <p class="note">{t.imagesNote}</p>}
      <ul class="images">
        {samples.map(({ pixels, label }, i) => (
          <li key={`${i + 1}`}>
            <Thumbnail pixels={pixels} name={t.clothes[label]} />
            {SIDES.map((side) => {
              const prediction = racers[side].look.value?.predictions[i];
              if (prediction === undefined) return null;
              const right = prediction.label === label;
              return (
                <span key={side} class={`guess ${side} ${right ? "right" : ""}`}>
                  {t.clothes[prediction.label]} {percent(prediction.probability, 0)}
                  <span class="hidden">
                    {" "}
                    ({t[side]}, {right ? t.right : t.wrong})
                  </span>
                </span>
              );
            })}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Cell({
  layer,
  side,
  what,
}: {
  layer: LayerLook | undefined;
  side: "with" | "without";
  what: "inputs" | "gradients";
}) {
  const t = text.value.race;
  if (layer === undefined) return <td />;
  const name = what === "inputs" ? t.inputsOf : t.gradientsOf;
  return (
    <td class={what === "inputs" ? dimBut("input", "activation") : dimBut("gradient", "weights")}>
      <Histogram what={`${name}, ${t[side]}`} bins={layer[what]} side={side} />
      {what === "gradients" && <small>{t.length(figure(layer.length))}</small>}
    </td>
  );
}

/** A row per layer: what goes in, and the gradients. */
export function Distributions() {
  const t = text.value.race;
  const looks = { with: racers.with.look.value, without: racers.without.look.value };
  const columns = (["inputsOf", "gradientsOf"] as const).flatMap((what) =>
    SIDES.map((side) => `${t[what]}, ${t[side]}`),
  );
  const count = Math.max(looks.with?.layers.length ?? 0, looks.without?.layers.length ?? 0);
  return (
    <section aria-labelledby="distributions">
      <h3 id="distributions">{t.distributions}</h3>
      <p class="note">{count === 0 ? t.unseen : t.distributionsNote}</p>
      {count > 0 && (
        <Table label={t.distributions} columns={[t.layerColumn, ...columns]} class="distributions">
          {Array.from({ length: count }, (_, i) => (
            <tr key={`${i + 1}`}>
              <th scope="row">{i + 1}</th>
              {(["inputs", "gradients"] as const).flatMap((what) =>
                SIDES.map((side) => (
                  <Cell key={`${what} ${side}`} layer={looks[side]?.layers[i]} side={side} what={what} />
                )),
              )}
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

/** Shows the parameters and the running statistics of one hidden layer's batch norm. */
export function Parameters() {
  const t = text.value.race;
  const look = racers.with.look.value;
  const norm = look?.norms[state.look.value - 1];
  const layers = Array.from({ length: HIDDEN_LAYERS }, (_, i) => i + 1);
  return (
    <section class={dimBut("norm")} aria-labelledby="parameters">
      <h3 id="parameters">{t.parameters}</h3>
      <Select label={t.look} value={state.look} options={layers} />
      {look === null && <p class="note">{t.unseen}</p>}
      {norm === null && <p>{t.noNorm}</p>}
      {norm && (
        <div class="four">
          {(["gamma", "beta", "mean", "variance"] as const).map((name) => (
            <ChannelBars key={name} what={t.names[name]} values={norm[name]} />
          ))}
        </div>
      )}
    </section>
  );
}
