import { signal } from "@preact/signals";
import { Term } from "../controls/term.js";
import { state } from "../state/state.js";
import { text } from "../text/text.js";

export type RaceTerm = "input" | "weights" | "norm" | "activation" | "rate" | "gradient";

/** The term that the reader points to. */
export const marked = signal<RaceTerm | "">("");

/** The class of a picture that shows one of `terms`: it fades while the reader points to others. */
export const dimBut = (...terms: RaceTerm[]): string =>
  marked.value === "" || terms.includes(marked.value) ? "" : "dim";

const NOTE = "race-note";

function Of({ term, children }: { readonly term: RaceTerm; readonly children: string }) {
  return (
    <Term marked={marked} term={term} note={NOTE}>
      {children}
    </Term>
  );
}

/** One hidden layer, with its batch norm where the settings have it. */
function HiddenLayer() {
  const input = <Of term="input">x</Of>;
  const weights = <Of term="weights">W</Of>;
  const norm = <Of term="norm">BN</Of>;
  const activation = <Of term="activation">φ</Of>;
  switch (state.placement.value) {
    case "before":
      return (
        <>
          {activation} ( {norm} ( {weights} {input} ))
        </>
      );
    case "after":
      return (
        <>
          {norm} ( {activation} ( {weights} {input} + <var>b</var> ))
        </>
      );
    case "input":
      return (
        <>
          {activation} ( {weights} {norm} ( {input} ) + <var>b</var> )
        </>
      );
  }
}

/** Shows the formulas of a hidden layer and of a training step. */
export function RaceFormula() {
  const t = text.value.race;
  return (
    <div class="formulas">
      <p class="formula">
        <span class="what">{t.hiddenLayer}</span>
        <var>h</var> = <HiddenLayer />
      </p>
      <p class="formula">
        <span class="what">{t.step}</span>
        <var>W</var> ← <var>W</var> − <Of term="rate">η</Of> · <Of term="gradient">∂L/∂W</Of>
      </p>
      <p id={NOTE} class="note">
        {marked.value === "" ? t.pointHint : t.terms[marked.value]}
      </p>
    </div>
  );
}
