import type { Page } from "playwright";

/** Opens the built page at `url` and starts the race, in English, on the dense network. Resolves when both train. */
export async function startRace(page: Page, url: string): Promise<void> {
  await page.goto(`${url}#v=1&lang=en&network=dense`);
  await page.locator("#race button.main").click();
  await page.locator("#race .distributions").waitFor();
}
