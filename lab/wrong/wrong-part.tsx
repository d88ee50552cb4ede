import { Button } from "../controls/controls.js";
import { both } from "../race/racers.js";
import { goTo } from "../state/link.js";
import { set } from "../state/state.js";
import { text } from "../text/text.js";
import { play } from "../training/play.js";
import { canTrain } from "../training/possible.js";
import { CASES } from "./cases.js";

const NAMES = Object.keys(CASES) as (keyof typeof CASES)[];

function begin(name: keyof typeof CASES): void {
  set(CASES[name]);
  for (const racer of both) racer.reset();
  play(both);
  goTo("race");
}

/** Shows the cases that batch norm handles badly, each as a button that sets the race. */
export function WrongPart() {
  const t = text.value.wrong;
  return (
    <>
      <p class="lead">{t.lead}</p>
      {NAMES.map((name) => (
        <section key={name} aria-labelledby={`case-${name}`}>
          <h3 id={`case-${name}`}>{t.cases[name].title}</h3>
          <p>{t.cases[name].why}</p>
          <p class="remark">
            <strong>{t.look}</strong>
            {t.cases[name].look}
          </p>
          <Button disabled={!canTrain.value} onClick={() => begin(name)}>
            {t.cases[name].button}
          </Button>
        </section>
      ))}
      {!canTrain.value && <p class="note">{text.value.race.offline}</p>}
    </>
  );
}
