import { digits } from "../report/numbers.js";
import { paragraphs, type Section } from "../report/section.js";
import { engineMarkdown, engineSummary } from "../suite/markdown.js";
import type { BrowserResults } from "./results.js";

function missing({ missing }: BrowserResults): string {
  return missing.map((reason) => `${reason}.`).join(" ");
}

function markdown(results: BrowserResults): string {
  return paragraphs(
    "The cases and rows are those of the suite, in a page of a headless browser. The page is cross-origin isolated, because " +
      "the timer is finer there. A sample lasts at least forty steps of the timer.",
    missing(results),
    ...results.browsers.flatMap((browser) => [
      `### ${browser.engine}`,
      `A step of the timer is ${digits(1000 * browser.timerStep)} µs.`,
      engineMarkdown(browser, "####"),
    ]),
  );
}

function summary(results: BrowserResults): string {
  return paragraphs(
    ...results.browsers.map((browser) => paragraphs(`${browser.engine}:`, engineSummary(browser))),
    missing(results),
  );
}

export const browserSection: Section<BrowserResults> = {
  name: "browser",
  title: "Suite in browsers",
  markdown,
  summary,
};
