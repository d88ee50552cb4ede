import { useId } from "preact/hooks";
import { Button, Check, Controls, Select } from "../controls/controls.js";
import {
  ACTIVATIONS,
  BATCHES,
  EPS,
  FIELDS,
  HIDDEN_LAYERS,
  MOMENTA,
  NETWORKS,
  ORDERS,
  PLACEMENTS,
  RATES,
  state,
} from "../state/state.js";
import { figure } from "../text/numbers.js";
import { text } from "../text/text.js";
import { play } from "../training/play.js";
import { canTrain } from "../training/possible.js";
import { both, running } from "./racers.js";

function Seed() {
  const id = useId();
  return (
    <div class="control">
      <label for={id}>{text.value.race.seed}</label>
      <input
        id={id}
        type="number"
        min={0}
        max={9999}
        value={state.seed.value}
        onChange={({ currentTarget }) => {
          state.seed.value = FIELDS.seed.read(currentTarget.value);
          currentTarget.value = String(state.seed.value);
        }}
      />
    </div>
  );
}

/** A box for each hidden layer. */
function Layers() {
  const t = text.value.race;
  return (
    <fieldset class="boxes">
      <legend>{t.layers}</legend>
      {Array.from({ length: HIDDEN_LAYERS }, (_, i) => (
        <label class="check" key={t.layer(i + 1)}>
          <input
            type="checkbox"
            checked={((state.layers.value >> i) & 1) === 1}
            onChange={() => {
              state.layers.value ^= 1 << i;
            }}
          />
          <span>{t.layer(i + 1)}</span>
        </label>
      ))}
    </fieldset>
  );
}

export function RaceControls() {
  const t = text.value.race;
  return (
    <>
      <Controls label={t.settings}>
        <Select label={t.rate} value={state.rate} options={RATES} />
        <Select label={t.batch} value={state.batch} options={BATCHES} />
        <Select label={t.network} value={state.network} options={NETWORKS} name={(name) => t.networks[name]} />
        <Select label={t.activation} value={state.activation} options={ACTIVATIONS} name={(a) => t.activations[a]} />
        <Select label={t.order} value={state.order} options={ORDERS} name={(order) => t.orders[order]} />
        <Seed />
      </Controls>
      <Controls label={t.structure}>
        <Select label={t.placement} value={state.placement} options={PLACEMENTS} name={(p) => t.placements[p]} />
        <Select label={t.eps} value={state.raceEps} options={EPS} name={figure} />
        <Select label={t.momentum} value={state.raceMomentum} options={MOMENTA} />
        <Check label={t.precise} value={state.precise} />
        <Layers />
      </Controls>
    </>
  );
}

export function RaceButtons() {
  const t = text.value.race;
  const off = !canTrain.value;
  const fresh = both.every(({ phase }) => phase.value === "off");
  return (
    <Controls label={t.training}>
      {running.value ? (
        <Button main onClick={() => both.forEach((racer) => void racer.pause())}>
          {t.pause}
        </Button>
      ) : (
        <Button main disabled={off} onClick={() => play(both)}>
          {fresh ? t.start : t.goOn}
        </Button>
      )}
      <Button disabled={off || running.value} onClick={() => both.forEach((racer) => void racer.step())}>
        {t.step}
      </Button>
      <Button disabled={off || fresh} onClick={() => both.forEach((racer) => void racer.reset())}>
        {t.reset}
      </Button>
      {off && <p class="note">{t.offline}</p>}
    </Controls>
  );
}
