import { ENGINES, withBrowser } from "../../scripts/common/browsers.js";
import { runCommand } from "../../scripts/common/command.js";
import { serveSite } from "./serve.js";
import { startRace } from "./trained.js";

/**
 * Measures the latency of keys in Chromium, with its processor slowed down four times, while both networks train. Fails
 * if the 95th percentile is above 100 ms.
 */

const THROTTLE = 4;
const KEYS = 120;
const LIMIT = 100;

/** Hears from each key press until the frame after the picture has changed is painted. */
const LISTEN = `
  globalThis.answers = [];
  addEventListener("keydown", ({ timeStamp }) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => answers.push(performance.now() - timeStamp);
      port2.postMessage(null);
    });
  }, { capture: true });
`;

await runCommand(async () => {
  const site = await serveSite();
  await withBrowser(ENGINES[0], async (browser) => {
    const page = await browser.newPage();
    await startRace(page, site.url);
    const session = await page.context().newCDPSession(page);
    await session.send("Emulation.setCPUThrottlingRate", { rate: THROTTLE });
    await page.evaluate(LISTEN);
    await page.locator(".handle").nth(2).focus();
    for (let i = 0; i < KEYS; i++) {
      await page.keyboard.press(i % 20 < 10 ? "ArrowRight" : "ArrowLeft");
      await page.waitForTimeout(100);
    }
    const answers = ((await page.evaluate("answers")) as number[]).sort((a, b) => a - b);
    const at = (part: number) => answers[Math.min(answers.length - 1, Math.floor(part * answers.length))];
    const figures = [0.5, 0.95, 1].map((part) => at(part).toFixed(0));
    console.log(
      `${answers.length} keys: median ${figures[0]} ms, 95th percentile ${figures[1]} ms, longest ${figures[2]} ms`,
    );
    if (answers.length < KEYS) throw new Error(`${KEYS} keys were pressed, ${answers.length} were answered`);
    if (at(0.95) > LIMIT) throw new Error(`the 95th percentile is above ${LIMIT} ms`);
  });
  await site.close();
});
