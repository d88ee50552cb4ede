import { computed } from "@preact/signals";
import { state } from "../state/state.js";
import { channel } from "./channel.js";
import { depth } from "./depth.js";
import { page } from "./page.js";
import { questions } from "./questions.js";
import { race } from "./race.js";
import { speed } from "./speed.js";
import { wrong } from "./wrong.js";

/** All texts of the page, in a section for each part. */
const SECTIONS = { page, depth, channel, race, wrong, speed, questions };

type Sections = typeof SECTIONS;
export type Language = "en" | "zh";
export type Texts = { readonly [K in keyof Sections]: Sections[K]["en"] };

export function textsOf(language: Language): Texts {
  return Object.fromEntries(Object.entries(SECTIONS).map(([name, section]) => [name, section[language]])) as Texts;
}

const TEXTS: Readonly<Record<Language, Texts>> = { en: textsOf("en"), zh: textsOf("zh") };

/** The language that is shown: of the link, else of the browser. */
export const language = computed<Language>(() => {
  const { value } = state.lang;
  if (value !== "auto") return value;
  return navigator.languages
    .find((tag) => /^(en|zh)\b/i.test(tag))
    ?.toLowerCase()
    .startsWith("zh")
    ? "zh"
    : "en";
});

export const text = computed<Texts>(() => TEXTS[language.value]);
