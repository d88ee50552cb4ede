import { CASES, SMALL_CASES } from "../cases.js";
import { compileFloor } from "../floor/compile.js";
import { header } from "../machine.js";
import { choose, command, parse } from "../options.js";
import { progress } from "../progress.js";
import { publish } from "../report/index.js";
import { steps } from "../suite/suite.js";
import { ENGINES, type Engine, evaluate, missing, withBrowser } from "./browsers.js";
import { bundle } from "./bundle.js";
import { browserSection } from "./markdown.js";
import type { BrowserResult, PageResult } from "./results.js";
import { serve } from "./server.js";

async function measure(engine: Engine, url: string, names: readonly string[], quick: boolean): Promise<BrowserResult> {
  const { step, stop } = progress(steps(names));
  try {
    return await withBrowser(engine, async (browser) => {
      const call = `run(${JSON.stringify(names)}, ${quick})`;
      const title = `${engine.name} ${browser.version()}`;
      const result = await evaluate<PageResult>(browser, url, call, (line) => step(`${title}: ${line}`));
      return { engine: title, ...result };
    });
  } finally {
    stop();
  }
}

await command(async () => {
  const options = parse("bench:browser", 'cases (NHWC, 56x56, "^NC ")');
  const names = choose([...CASES, ...SMALL_CASES], options).map(({ name }) => name);
  const reasons = ENGINES.map(missing).filter((reason) => reason !== null);
  for (const reason of reasons) console.log(reason);
  const server = await serve(await bundle("browser/page.ts"), { files: { "/floor.wasm": compileFloor() } });
  const browsers: BrowserResult[] = [];
  const began = Date.now();
  try {
    for (const engine of ENGINES.filter((engine) => missing(engine) === null)) {
      browsers.push(await measure(engine, server.url, names, options.quick));
    }
  } finally {
    server.close();
  }
  if (browsers.length === 0) throw new Error("there is no browser to measure");
  const about = header(options.quick, browsers.map(({ engine }) => engine).join(", "), began);
  await publish(browserSection, { header: about, browsers, missing: reasons }, options);
});
