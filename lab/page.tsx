import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { ChannelPart } from "./channel/channel-part.js";
import { kernels } from "./channel/values.js";
import { Select } from "./controls/controls.js";
import { DepthPart } from "./depth/depth-part.js";
import { QuestionsPart } from "./questions/questions-part.js";
import { RacePart } from "./race/race-part.js";
import { SpeedPart } from "./speed/speed-part.js";
import { goTo } from "./state/link.js";
import { LANGUAGES, PARTS, type Part, state } from "./state/state.js";
import { text } from "./text/text.js";
import { WrongPart } from "./wrong/wrong-part.js";

/** The reason why the library could not be loaded. It is empty if it was loaded, or is still loading. */
export const failure = signal("");

const CONTENTS: Readonly<Record<Part, () => JSX.Element>> = {
  depth: DepthPart,
  channel: ChannelPart,
  race: RacePart,
  wrong: WrongPart,
  speed: SpeedPart,
  questions: QuestionsPart,
};

interface PartLinkProps {
  readonly part: Part;
  readonly class?: string;
  readonly children: string;
}

/** Leads to a part, without a change of the fragment, which holds the settings. */
function PartLink({ part, class: name, children }: PartLinkProps) {
  return (
    <a
      class={name}
      href={`#${part}`}
      onClick={(event) => {
        event.preventDefault();
        goTo(part);
      }}
    >
      {children}
    </a>
  );
}

function Header() {
  const t = text.value.page;
  return (
    <header>
      <PartLink part={PARTS[0]} class="skip">
        {t.skip}
      </PartLink>
      <Select label={t.language} value={state.lang} options={LANGUAGES} name={(name) => t.languages[name]} />
      <h1>{t.title}</h1>
      <p class="lead">{t.lead}</p>
      <Contents />
    </header>
  );
}

/** Says which parts do not work in this browser. */
function Limits() {
  const t = text.value.page;
  if (failure.value !== "") return <p role="alert">{t.failed(failure.value)}</p>;
  if (kernels.value === null) return <p role="status">{t.loading}</p>;
  if (kernels.value.backend === "js") return <p role="alert">{t.noWasm}</p>;
  if (typeof Worker === "undefined") return <p role="alert">{t.noWorkers}</p>;
  return null;
}

function Contents() {
  const t = text.value.page;
  return (
    <nav aria-label={t.parts}>
      <ol>
        {PARTS.map((part) => (
          <li key={part}>
            <PartLink part={part}>{t.names[part]}</PartLink>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Section({ part }: { readonly part: Part }) {
  const Content = CONTENTS[part];
  return (
    <section id={part} aria-labelledby={`${part}-heading`}>
      <h2 id={`${part}-heading`} tabIndex={-1}>
        {text.value.page.names[part]}
      </h2>
      <Content />
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
        {PARTS.map((part) => (
          <Section key={part} part={part} />
        ))}
      </main>
      <footer>
        <p>{t.linkNote}</p>
        <p>{t.data}</p>
      </footer>
    </>
  );
}
