import { digits } from "../report/numbers.js";
import { paragraphs, type Section } from "../report/section.js";
import { engineMarkdown, engineSummary } from "../suite/markdown.js";
import type { BrowserResults } from "./results.js";

function missing({ missing }: BrowserResults): string {
  return missing.map((reason) => `${reason}.`).join(" ");
}

function markdown(results: BrowserResults): string {
  return paragraphs(
    "The same cases and rows in a headless browser's page, cross-origin isolated for the finer timer; a sample lasts at " +
      "least forty of the timer's steps.",
    missing(results),
    ...results.browsers.flatMap((browser) => [
      `### ${browser.engine}`,
      `The timer's step: ${digits(1000 * browser.timerStep)} µs.`,
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
