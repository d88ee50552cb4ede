import { available, evaluate, withBrowser } from "../../scripts/common/browsers.js";
import { CASES, type Case, SMALL_CASES } from "../cases.js";
import { compileMemoryBound } from "../memory-bound/compile.js";
import type { Run } from "../run.js";
import { steps } from "../suite/suite.js";
import { bundle } from "./bundle.js";
import { browserSection } from "./markdown.js";
import type { BrowserResult, BrowserResults, PageResult } from "./results.js";
import { serve } from "./server.js";

export const run: Run<BrowserResults, Case> = {
  items: [...CASES, ...SMALL_CASES],
  section: browserSection,
  async measure(cases, { quick, begin, step }) {
    const names = cases.map(({ name }) => name);
    const { engines, missing } = available();
    if (engines.length === 0) throw new Error("there is no browser to measure");
    begin(engines.length * steps(names));
    const server = await serve(await bundle("browser/page.ts"), {
      files: { "/memory-bound.wasm": compileMemoryBound() },
    });
    const browsers: BrowserResult[] = [];
    try {
      for (const each of engines) {
        await withBrowser(each, async (browser) => {
          const engine = `${each.name} ${browser.version()}`;
          const call = `run(${JSON.stringify(names)}, ${quick})`;
          const result = await evaluate<PageResult>(browser, server.url, call, (line) => step(`${engine}: ${line}`));
          browsers.push({ engine, ...result });
        });
      }
    } finally {
      server.close();
    }
    return { browsers, missing };
  },
  engine: ({ browsers }) => browsers.map(({ engine }) => engine).join(", "),
};
