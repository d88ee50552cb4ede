import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Served, serveSite } from "../../lab/command/serve.js";
import { ENGINES, missing, withBrowser } from "../../scripts/common/browsers.js";

/** The built page in browsers that a program drives: real keys, and what axe finds. */

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let site: Served;
beforeAll(async () => {
  site = await serveSite();
});
afterAll(() => site.close());

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe finds that is serious or worse. */
async function serious(page: Page): Promise<string[]> {
  // What is out of view is not drawn, and axe would pass over it.
  await page.evaluate(
    "document.querySelectorAll('main > section').forEach(({ style }) => { style.contentVisibility = 'visible' })",
  );
  // Through the debugger: the page's policy would refuse a script of another source.
  await page.evaluate(axe);
  const found: Violation[] = await page.evaluate("axe.run().then(({ violations }) => violations)");
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

const engines = ENGINES.filter((engine) => missing(engine) === null);

// What axe finds does not depend on the engine.
describe.each(engines.slice(0, 1))("the page in $name", (engine) => {
  it.each([
    ["light", "en", 1280],
    ["dark", "zh", 390],
  ] as const)("has nothing serious for axe, %s, %s", async (colorScheme, language, width) => {
    await withBrowser(engine, async (browser) => {
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
      const said: string[] = [];
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", ({ message }) => said.push(message));
      await page.goto(`${site.url}#v=1&lang=${language}&network=dense`);
      await page.locator("#depth button.main").click();
      await page.waitForSelector("#depth .bar");
      await page.locator("#race button.main").click();
      await page.waitForSelector("#race .histogram");
      await page.waitForSelector("#race .channel-bars");
      await page.locator("#race button.main").click();
      expect(await serious(page)).toEqual([]);
      // Nothing reaches over the side of a phone.
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      expect(said).toEqual([]);
    });
  });
});

describe.each(engines.slice(0, 1))("what works where $name refuses", (engine) => {
  it.each([
    ["WebAssembly", "This browser refuses WebAssembly"],
    ["Worker", "This browser refuses workers"],
  ])("%s: the page says so, and one channel works", async (name, words) => {
    await withBrowser(engine, async (browser) => {
      const page = await browser.newPage();
      await page.addInitScript(`delete globalThis.${name}`);
      await page.goto(`${site.url}#v=1&lang=en`);
      await page.locator(".dots").waitFor();
      expect(await page.locator("[role=alert]").textContent()).toContain(words);
      await page.locator(".handle").nth(2).press("PageUp");
      await page.getByText("Sample 3 moved from −0.40 to 0.60").waitFor();
      expect(await page.locator("#race button.main").isDisabled()).toBe(true);
      expect(await page.locator("#speed button.main").isDisabled()).toBe(true);
    });
  });
});

describe.each(engines)("the page in $name", (engine) => {
  it("is used by the keyboard alone", async () => {
    await withBrowser(engine, async (browser) => {
      const page = await browser.newPage();
      await page.goto(`${site.url}#v=1&lang=en`);
      await page.waitForSelector(".dots");
      const focused = () =>
        page.evaluate(
          "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent",
        ) as Promise<string>;
      // Not the page's own waiting, which its policy refuses.
      const until = (expression: string) =>
        vi.waitUntil(() => page.evaluate(expression), { timeout: 30_000, interval: 50 });
      const tabTo = async (name: string) => {
        const met: string[] = [];
        for (let i = 0; i < 120; i++) {
          const now = await focused();
          if (now.startsWith(name)) return;
          met.push(now.slice(0, 20));
          await page.keyboard.press("Tab");
        }
        throw new Error(`no Tab leads to "${name}", but to ${met.join(" | ")}`);
      };
      await tabTo("Skip to the first part");
      await page.keyboard.press("Enter");
      expect(await focused()).toBe("The problem");
      await tabTo("Sample 3");
      for (let i = 0; i < 4; i++) await page.keyboard.press("ArrowRight");
      await until(
        `document.querySelector('#channel .remark').textContent.includes('Sample 3 moved from −0.40 to 0.00')`,
      );
      await tabTo("A batch of one");
      await page.keyboard.press("Enter");
      await until(`document.querySelectorAll('.handle').length === 1`);
      await tabTo("One step");
      await page.keyboard.press("Enter");
      await until(`document.querySelector('.standings tbody td').textContent === '1'`);
      await tabTo("Show it: Can batch norm come after");
      await page.keyboard.press("Enter");
      await until(`document.activeElement.textContent === 'The race'`);
    });
  });
});
