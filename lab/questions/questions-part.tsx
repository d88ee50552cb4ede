import { state, writeLink } from "../state/state.js";
import { text } from "../text/text.js";
import { LINKS, type QuestionName } from "./links.js";

const NAMES = Object.keys(LINKS) as QuestionName[];

/** The lecture's questions, each with a link that sets the page to show the answer. */
export function QuestionsPart() {
  const t = text.value.questions;
  return (
    <>
      <p class="lead">{t.lead}</p>
      <dl class="questions">
        {NAMES.map((name) => (
          <div key={name}>
            <dt>{t.list[name].question}</dt>
            <dd>
              {t.list[name].answer}{" "}
              <a
                href={writeLink({ ...LINKS[name], lang: state.lang.value })}
                aria-label={`${t.show}: ${t.list[name].question}`}
              >
                {t.show}
              </a>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
