import type { CDPSession, Page } from "playwright";
import { ENGINES, withBrowser } from "../../scripts/common/browsers.js";
import { runCommand } from "../../scripts/common/command.js";
import { integer, parseArguments } from "../../scripts/common/options.js";
import { serveSite } from "./serve.js";
import { startRace } from "./trained.js";

/** Memory of the page and its workers while both networks train. Fails where it grows. */

const WARM_UP = 30;
/** Curves grow until they are full (1,500 points of four lines), which takes less than this. */
const MOST_GROWTH = 8_000_000;

/** The heaps of the page and of each worker after a collection, with what their array buffers hold. */
async function bytes(page: Page, session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize } = (await session.send("Runtime.getHeapUsage")) as {
    usedSize: number;
    backingStorageSize: number;
  };
  let total = usedSize + backingStorageSize;
  for (const worker of page.workers()) {
    total += (await worker.evaluate("globalThis.performance.memory?.usedJSHeapSize ?? 0")) as number;
  }
  return total;
}

await runCommand(async () => {
  const given = parseArguments(process.argv.slice(2), { seconds: { type: "string" } });
  const seconds = integer("--seconds", given.seconds, 300, 10, 3600);
  const site = await serveSite();
  await withBrowser(ENGINES[0], async (browser) => {
    const page = await browser.newPage();
    const session = await page.context().newCDPSession(page);
    await startRace(page, site.url);
    await page.waitForTimeout(1000 * WARM_UP);
    const first = await bytes(page, session);
    console.log(`after ${WARM_UP} s of warming up: ${(first / 1e6).toFixed(1)} MB`);
    let last = first;
    for (let passed = 0; passed < seconds; passed += 30) {
      await page.waitForTimeout(1000 * Math.min(30, seconds - passed));
      last = await bytes(page, session);
      const step = await page.locator(".standings tbody td").first().textContent();
      console.log(`${passed + 30} s: step ${step}, ${(last / 1e6).toFixed(1)} MB`);
    }
    if (last - first > MOST_GROWTH) throw new Error(`memory grew by ${((last - first) / 1e6).toFixed(1)} MB`);
  });
  await site.close();
});
