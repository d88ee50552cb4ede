import { Button, Check, Controls } from "../controls/controls.js";
import { Term } from "../controls/term.js";
import { useWidth } from "../pictures/width.js";
import { state } from "../state/state.js";
import { decimal, figure, percent } from "../text/numbers.js";
import { text } from "../text/text.js";
import { play } from "../training/play.js";
import { canTrain } from "../training/possible.js";
import { Status } from "../training/status.js";
import { LayerBars, marked } from "./layer-bars.js";
import { deep, lengths } from "./network.js";

function Formula() {
  const t = text.value.depth;
  const note = "depth-note";
  const slope = (
    <Term marked={marked} term="slope" note={note}>
      φ′
    </Term>
  );
  const weights = (
    <Term marked={marked} term="weights" note={note}>
      W
    </Term>
  );
  return (
    <div class="formulas">
      <p class="formula">
        <span class="what">{t.formula}</span>
        <Term marked={marked} term="lowest" note={note}>
          ∂L/∂W₁
        </Term>
        = <var>x</var> · {slope} · {weights} · {slope} · … · {weights} · {slope} ·
        <Term marked={marked} term="highest" note={note}>
          ∂L/∂h₁₀
        </Term>
      </p>
      <p id={note} class="note">
        {marked.value === "" ? t.pointHint : t.terms[marked.value]}
      </p>
    </div>
  );
}

function DepthControls() {
  const t = text.value.race;
  const { phase } = deep;
  const off = !canTrain.value;
  return (
    <Controls label={t.training}>
      {phase.value === "running" ? (
        <Button main onClick={() => deep.pause()}>
          {t.pause}
        </Button>
      ) : (
        <Button main disabled={off} onClick={() => play([deep])}>
          {phase.value === "off" ? t.start : t.goOn}
        </Button>
      )}
      <Button disabled={off || phase.value === "off"} onClick={() => deep.reset()}>
        {t.reset}
      </Button>
      <Check label={text.value.depth.norm} value={state.deepNorm} />
      {off && <p class="note">{t.offline}</p>}
    </Controls>
  );
}

function Numbers() {
  const t = text.value.depth;
  const { progress, measured } = deep;
  const shown = lengths[state.deepNorm.value ? "with" : "without"].value;
  return (
    <p>
      {progress.value &&
        t.numbers(
          String(progress.value.step),
          decimal(progress.value.loss, 3),
          measured.value ? percent(measured.value.accuracy) : "–",
        )}{" "}
      {shown && t.ratio(figure(shown[shown.length - 1] / shown[0]))}
    </p>
  );
}

/** Explains why lower layers learn slowly. */
export function DepthPart() {
  const t = text.value.depth;
  const side = state.deepNorm.value ? "with" : "without";
  const [picture, width] = useWidth<HTMLDivElement>();
  return (
    <>
      <p class="lead">{t.lead}</p>
      <p>{t.todo}</p>
      <Formula />
      <DepthControls />
      <div role="status">
        <Status racer={deep} name={t.network[side]} />
      </div>
      <figure>
        <figcaption>
          {t.bars}, {t.network[side]}
        </figcaption>
        <div class="picture" ref={picture}>
          <LayerBars side={side} width={width} />
        </div>
      </figure>
      <Numbers />
      <p class="note">
        {t.scale} {t.chance}
      </p>
    </>
  );
}
