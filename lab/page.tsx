import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { ChannelPart } from "./channel/channel-part.js";
import { kernels } from "./channel/values.js";
import { Select } from "./controls/controls.js";
import { DepthPart } from "./depth/depth-part.js";
import { RacePart } from "./race/race-part.js";
import { LANGUAGES, type Part, state, writeLink } from "./state/state.js";
import { text } from "./text/text.js";

/** Why the library could not be loaded; empty where it was, or still may be. */
export const failure = signal("");

const SHOWN: readonly Part[] = ["depth", "channel", "race"];

function Header() {
  const t = text.value.page;
  return (
    <header>
      <a class="skip" href={writeLink({ at: SHOWN[0], lang: state.lang.value })}>
        {t.skip}
      </a>
      <Select label={t.language} value={state.lang} options={LANGUAGES} name={(name) => t.languages[name]} />
      <h1>{t.title}</h1>
      <p class="lead">{t.lead}</p>
    </header>
  );
}

/** What does not work here, in words. */
function Limits() {
  const t = text.value.page;
  if (failure.value !== "") return <p role="alert">{t.failed(failure.value)}</p>;
  if (kernels.value === null) return <p role="status">{t.loading}</p>;
  if (kernels.value.backend === "js") return <p role="alert">{t.noWasm}</p>;
  if (typeof Worker === "undefined") return <p role="alert">{t.noWorkers}</p>;
  return null;
}

function Section({ part, children }: { readonly part: Part; readonly children: ComponentChildren }) {
  return (
    <section id={part} aria-labelledby={`${part}-heading`}>
      <h2 id={`${part}-heading`} tabIndex={-1}>
        {text.value.page.names[part]}
      </h2>
      {children}
    </section>
  );
}

export function Page() {
  const t = text.value.page;
  return (
    <>
      <Header />
      <main>
        <Limits />
        <Section part="depth">
          <DepthPart />
        </Section>
        <Section part="channel">
          <ChannelPart />
        </Section>
        <Section part="race">
          <RacePart />
        </Section>
      </main>
      <footer>
        <p>{t.linkNote}</p>
        <p>{t.data}</p>
      </footer>
    </>
  );
}
