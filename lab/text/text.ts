import { computed, effect, signal } from "@preact/signals";
import { state } from "../state/state.js";
import type { en } from "./en/index.js";

/** All texts of the page. A text that a language lacks does not compile. */
export type Texts = typeof en;
export type Language = "en" | "zh";

/** A reader loads one language. */
const LOADERS: Readonly<Record<Language, () => Promise<Texts>>> = {
  en: async () => (await import("./en/index.js")).en,
  zh: async () => (await import("./zh/index.js")).zh,
};

const shown = signal<{ readonly language: Language; readonly texts: Texts } | null>(null);

/** The language that is asked for: by the link, else by the browser. */
const asked = computed<Language>(() => {
  const { value } = state.lang;
  if (value !== "auto") return value;
  const tag = navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag));
  return tag?.toLowerCase().startsWith("zh") ? "zh" : "en";
});

/** Loads the texts of the language that is asked for, now and whenever it is another. Resolves when the first are there. */
export function loadTexts(): Promise<void> {
  return new Promise((resolve, reject) => {
    effect(() => {
      const language = asked.value;
      LOADERS[language]().then((texts) => {
        if (language === asked.value) shown.value = { language, texts };
        resolve();
      }, reject);
    });
  });
}

function loaded() {
  if (shown.value === null) throw new Error("no texts have been loaded");
  return shown.value;
}

/** The language that is shown, once its texts are loaded. */
export const language = computed<Language>(() => loaded().language);

export const text = computed<Texts>(() => loaded().texts);
