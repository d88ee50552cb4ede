import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright";
import { ENGINES, withBrowser } from "../../scripts/common/browsers.js";
import { runCommand } from "../../scripts/common/command.js";
import { serveSite } from "./serve.js";

/** Makes the pictures of docs/lab.md from the built page. */

const FOLDER = fileURLToPath(new URL("../../docs/lab/", import.meta.url));

/** The height of the window. A longer part is cut. */
const HEIGHT = 1250;

interface Shot {
  readonly name: string;
  readonly width: number;
  readonly colorScheme: "light" | "dark";
  /** The settings in the link, after the version. */
  readonly settings: string;
  /** The id of the part that is shown. */
  readonly part: string;
  /** Trains until the words of this expression are there. */
  readonly until?: (page: Page) => Promise<unknown>;
}

const accuracies =
  "[...document.querySelectorAll('.standings td:nth-child(5)')].map((cell) => parseFloat(cell.textContent))";

/** Until `expression` is true: the page's policy forbids playwright's own waiting. */
async function until(page: Page, expression: string): Promise<void> {
  while (!(await page.evaluate(expression))) await page.waitForTimeout(100);
}

const trained = (goal: number) => async (page: Page) => {
  await page.locator("#race button.main").click();
  await until(page, `(${accuracies})[0] > ${goal}`);
  await page.locator("#race button.main").click();
};

async function deep(page: Page): Promise<void> {
  await page.locator("#depth button.main").click();
  await until(page, "document.querySelectorAll('#depth .bar').length === 10");
  await page.waitForTimeout(2000);
  await page.locator("#depth input[type=checkbox]").check();
  await until(page, "document.querySelectorAll('#depth .outline').length === 10");
  await page.waitForTimeout(2000);
  await page.locator("#depth button.main").click();
}

async function measured(page: Page): Promise<void> {
  await page.locator("#speed button.main").click();
  await page.locator("#speed table").waitFor();
}

const SHOTS: readonly Shot[] = [
  { name: "channel", width: 1000, colorScheme: "light", settings: "lang=en", part: "channel" },
  { name: "channel-dark", width: 1000, colorScheme: "dark", settings: "lang=en&loss=one&sample=3", part: "channel" },
  { name: "channel-phone-chinese", width: 390, colorScheme: "light", settings: "lang=zh", part: "channel" },
  { name: "race", width: 1000, colorScheme: "light", settings: "lang=en", part: "race", until: trained(78) },
  {
    name: "race-phone-dark",
    width: 390,
    colorScheme: "dark",
    settings: "lang=en&network=dense",
    part: "race",
    until: trained(78),
  },
  {
    name: "race-chinese",
    width: 1000,
    colorScheme: "light",
    settings: "lang=zh&network=dense",
    part: "race",
    until: trained(78),
  },
  { name: "depth", width: 1000, colorScheme: "light", settings: "lang=en", part: "depth", until: deep },
  { name: "speed", width: 1000, colorScheme: "light", settings: "lang=en", part: "speed", until: measured },
];

async function take(browser: Browser, url: string, shot: Shot): Promise<void> {
  const { name, width, colorScheme, settings, part } = shot;
  const page = await browser.newPage({ colorScheme, viewport: { width, height: HEIGHT } });
  await page.goto(`${url}#v=1&${settings}`);
  await page.locator(".dots").waitFor();
  await shot.until?.(page);
  await page.waitForTimeout(1000);
  const section = page.locator(`#${part}`);
  await section.evaluate((element) => element.scrollIntoView({ block: "start" }));
  await page.waitForTimeout(500);
  const box = await section.boundingBox();
  if (box === null) throw new Error(`${part} is not drawn`);
  const clip = { x: 0, y: Math.max(0, box.y), width, height: Math.min(box.height, HEIGHT - Math.max(0, box.y)) };
  await page.screenshot({ path: `${FOLDER}${name}.png`, clip });
  await page.close();
  console.log(`docs/lab/${name}.png`);
}

await runCommand(async () => {
  mkdirSync(FOLDER, { recursive: true });
  const site = await serveSite();
  await withBrowser(ENGINES[0], async (browser) => {
    for (const shot of SHOTS) await take(browser, site.url, shot);
  });
  await site.close();
});
