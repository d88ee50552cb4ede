import { Button, Check, Controls, Select, Slider } from "../controls/controls.js";
import { CHANNEL_EPS, FIELDS, LOSSES, MOMENTA, MOST_SAMPLES, set, state } from "../state/state.js";
import { decimal, figure } from "../text/numbers.js";
import { text } from "../text/text.js";
import { grip } from "./grip.js";
import { batch, refusal, sendBatch } from "./values.js";

function forget(): void {
  set({ runningMean: FIELDS.runningMean.initial, runningVar: FIELDS.runningVar.initial });
  refusal.value = "";
}

/** Sets the samples anew; what was compared with before is gone. */
function begin(values: Parameters<typeof set>[0]): void {
  grip.value = null;
  refusal.value = "";
  set(values);
}

function Presets() {
  const t = text.value.channel;
  const { x, n, gamma, beta, eps, loss, sample, predict } = FIELDS;
  const [first] = batch.value;
  return (
    <Controls label={t.presets}>
      <Button onClick={() => begin({ n: 1, sample: 1 })}>{t.one}</Button>
      <Button onClick={() => begin({ n: Math.max(2, state.n.value), x: x.initial.map(() => first) })}>
        {t.constant}
      </Button>
      <Button
        onClick={() =>
          begin({ n: Math.max(3, state.n.value), x: x.initial.map((_, i) => (i === 1 ? 6 : i % 4) - i / 8) })
        }
      >
        {t.outlier}
      </Button>
      <Button
        onClick={() =>
          begin({
            x: x.initial,
            n: n.initial,
            gamma: gamma.initial,
            beta: beta.initial,
            eps: eps.initial,
            loss: loss.initial,
            sample: sample.initial,
            predict: predict.initial,
          })
        }
      >
        {t.reset}
      </Button>
    </Controls>
  );
}

export function Settings() {
  const t = text.value.channel;
  const samples = Array.from({ length: state.n.value }, (_, i) => i + 1);
  return (
    <>
      <Controls label={t.settings}>
        <Slider label={t.n} value={state.n} least={1} most={MOST_SAMPLES} step={1} />
        <Slider label={t.gamma} value={state.gamma} least={-3} most={3} step={0.1} />
        <Slider label={t.beta} value={state.beta} least={-3} most={3} step={0.1} />
        <Select label={t.eps} value={state.eps} options={CHANNEL_EPS} name={figure} />
      </Controls>
      <Controls label={t.lossAndMode}>
        <Select label={t.loss} value={state.loss} options={LOSSES} name={(loss) => t.losses[loss]} />
        <Select label={t.sample} value={state.sample} options={samples} />
        <Check label={t.predict} value={state.predict} />
      </Controls>
      <Presets />
    </>
  );
}

/** The moving averages, and the batch that they follow. */
export function RunningStatistics() {
  const t = text.value.channel;
  const { runningMean, runningVar, momentum } = state;
  return (
    <section aria-labelledby="running">
      <h3 id="running">{t.running}</h3>
      <p>{t.runningLead}</p>
      <Controls label={t.running}>
        <Select label={t.momentum} value={momentum} options={MOMENTA} />
        <Button onClick={sendBatch}>{t.send}</Button>
        <Button
          onClick={() => {
            for (let i = 0; i < 10; i++) sendBatch();
          }}
        >
          {t.sendTen}
        </Button>
        <Button onClick={forget}>{t.forget}</Button>
      </Controls>
      <p role="status">
        {refusal.value === ""
          ? t.runningValues(decimal(runningMean.value, 3), decimal(runningVar.value, 3))
          : t.refused(refusal.value)}
      </p>
      <p class="note">{t.unbiased}</p>
    </section>
  );
}
