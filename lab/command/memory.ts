import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright";
import { ENGINES, withBrowser } from "../../scripts/common/browsers.js";
import { runCommand } from "../../scripts/common/command.js";
import { integer, parseArguments } from "../../scripts/common/options.js";
import { serveSite } from "./serve.js";
import { startRace } from "./trained.js";

/**
 * Memory of the page's process while both networks train: the page, its workers, and the memories of WebAssembly. Fails where
 * it grows. Needs /proc, that is Linux.
 */

const WARM_UP = 60;
const INTERVAL = 15;
/** A leak of one image per step, 3 kB, would be 30 times as much in five minutes of 300 steps a second. */
const MOST_GROWTH = 10_000_000;

/** Returns the memory of the pages' processes, after a garbage collection. */
async function bytes(browser: Browser, page: Page): Promise<number> {
  const own = await page.context().newCDPSession(page);
  await own.send("HeapProfiler.collectGarbage");
  await own.detach();
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const resident = (id: number) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1]);
  const pages = processInfo.filter(({ type }) => type === "renderer");
  return pages.reduce((sum, { id }) => sum + 1024 * resident(id), 0);
}

await runCommand(async () => {
  const given = parseArguments(process.argv.slice(2), { seconds: { type: "string" } });
  const seconds = integer("--seconds", given.seconds, 300, 60, 3600);
  const site = await serveSite();
  await withBrowser(ENGINES[0], async (browser) => {
    const page = await browser.newPage();
    await startRace(page, site.url);
    await page.waitForTimeout(1000 * WARM_UP);
    const readings: number[] = [];
    for (let passed = 0; passed < seconds; passed += INTERVAL) {
      await page.waitForTimeout(1000 * INTERVAL);
      readings.push(await bytes(browser, page));
      const step = await page.locator(".standings tbody td").first().textContent();
      console.log(`${passed + INTERVAL} s: step ${step}, ${((readings.at(-1) ?? 0) / 1e6).toFixed(1)} MB`);
    }
    // Garbage of the workers comes and goes: what stays is the least.
    const half = Math.floor(readings.length / 2);
    const growth = Math.min(...readings.slice(half)) - Math.min(...readings.slice(0, half));
    console.log(`least of the second half above least of the first: ${(growth / 1e6).toFixed(1)} MB`);
    if (growth > MOST_GROWTH) throw new Error(`that is more than ${MOST_GROWTH / 1e6} MB`);
  });
  await site.close();
});
