import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright";
import { type Engine, withBrowser } from "../../scripts/common/browsers.js";
import { bundle } from "../browser/bundle.js";
import { type Server, serve } from "../browser/server.js";
import { quartiles, type RaceOptions } from "../measure.js";
import type { PageResult } from "./results.js";

const BINARIES = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm", "tfjs-backend-wasm-threaded-simd.wasm"];

/**
 * Times a layer's step on the wasm backend in two pages of a browser, whose samples alternate. In the isolated page
 * TensorFlow.js has threads, and its heap is shared memory. `binaries` is the directory of the backend's binaries.
 */
export async function measurePages(
  engine: Engine,
  shape: readonly number[],
  options: RaceOptions,
  binaries: string,
): Promise<PageResult> {
  const script = await bundle("tfjs/page.ts");
  const files = Object.fromEntries(BINARIES.map((name) => [`/wasm/${name}`, readFileSync(join(binaries, name))]));
  const servers = [await serve(script, { files, isolated: false }), await serve(script, { files })];
  try {
    return await withBrowser(engine, async (browser) => {
      const [unisolated, isolated] = await measure(browser, servers, shape, options);
      return {
        engine: `${engine.name} ${browser.version()}`,
        shape,
        step: { unisolated: quartiles(unisolated), isolated: quartiles(isolated) },
      };
    });
  } finally {
    for (const server of servers) server.close();
  }
}

/** Takes samples in a page of each server. The second server isolates its pages. */
async function measure(
  browser: Browser,
  servers: readonly Server[],
  shape: readonly number[],
  { milliseconds, minimumRounds, maximumRounds }: RaceOptions,
): Promise<number[][]> {
  const pages: Page[] = [];
  for (const [i, { url }] of servers.entries()) {
    const page = await browser.newPage();
    await page.goto(url);
    await page.evaluate(`prepare(${JSON.stringify(shape)}, ${i === 1})`);
    pages.push(page);
  }
  const samples: number[][] = pages.map(() => []);
  const start = performance.now();
  for (let round = 0; round < maximumRounds; round++) {
    if (round >= minimumRounds && performance.now() - start > milliseconds) break;
    for (const [i, page] of pages.entries()) {
      await page.bringToFront(); // browsers give pages in the background less processor time
      samples[i].push(await page.evaluate("sample()"));
    }
  }
  return samples;
}
