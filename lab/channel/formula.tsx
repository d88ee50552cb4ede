import type { ComponentChildren } from "preact";
import { Term as Mark } from "../controls/term.js";
import { state } from "../state/state.js";
import { decimal, figure } from "../text/numbers.js";
import { text } from "../text/text.js";
import type { ChannelStep } from "./model.js";
import { chosen, marked, type Term } from "./values.js";

/** A term of these formulas. */
function TermButton({ term, children }: { readonly term: Term; readonly children: ComponentChildren }) {
  return (
    <Mark marked={marked} term={term} note="term-note">
      {children}
    </Mark>
  );
}

function Fraction({ over, under }: { readonly over: ComponentChildren; readonly under: ComponentChildren }) {
  return (
    <span class="fraction">
      <span>{over}</span>
      <span class="under">{under}</span>
    </span>
  );
}

const Root = ({ children }: { readonly children: ComponentChildren }) => (
  <span class="root">
    √<span>{children}</span>
  </span>
);

const Deviation = () => (
  <Root>
    <TermButton term="variance">σ²</TermButton> + <TermButton term="eps">ε</TermButton>
  </Root>
);

function note(step: ChannelStep): string {
  const { terms, pointHint } = text.value.channel;
  const sample = String(chosen.value + 1);
  switch (marked.value) {
    case "":
      return pointHint;
    case "mean":
      return terms.mean(decimal(step.mean, 3));
    case "variance":
      return terms.variance(decimal(step.variance, 3));
    case "eps":
      return terms.eps(figure(state.eps.value));
    case "gamma":
      return terms.gamma(decimal(state.gamma.value, 1));
    case "beta":
      return terms.beta(decimal(state.beta.value, 1));
    case "gradient":
      return terms.gradient(step.dx.map((value) => decimal(value, 3)).join(", "));
    default:
      return terms[marked.value](sample);
  }
}

function Forward() {
  return (
    <p class="formula">
      <span class="what">{text.value.channel.formula}</span>
      <TermButton term="y">y</TermButton> = <TermButton term="gamma">γ</TermButton> ·
      <Fraction
        over={
          <>
            <TermButton term="x">x</TermButton> − <TermButton term="mean">μ</TermButton>
          </>
        }
        under={<Deviation />}
      />
      + <TermButton term="beta">β</TermButton>
    </p>
  );
}

const Standardized = () => (
  <Fraction
    over={<var>x − μ</var>}
    under={
      <Root>
        <var>σ² + ε</var>
      </Root>
    }
  />
);

/** In prediction mode the mean and the variance are constants, so the two terms through them are missing. */
function Backward() {
  return (
    <p class="formula">
      <span class="what">{text.value.channel.backward}</span>
      <TermButton term="gradient">∂L/∂x</TermButton> =
      <Fraction over={<TermButton term="gamma">γ</TermButton>} under={<Deviation />} /> ·
      {state.predict.value ? (
        <var>∂L/∂y</var>
      ) : (
        <span>
          ( <var>∂L/∂y</var> − <Fraction over={<var>∂L/∂β</var>} under={<var>n</var>} /> − <Standardized /> ·
          <Fraction over={<var>∂L/∂γ</var>} under={<var>n</var>} /> )
        </span>
      )}
    </p>
  );
}

/** Both formulas; their terms are buttons. */
export function Formula({ step }: { readonly step: ChannelStep }) {
  return (
    <div class="formulas">
      <Forward />
      <Backward />
      <p id="term-note" class="note">
        {note(step)}
      </p>
    </div>
  );
}
