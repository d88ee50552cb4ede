import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { ENGINES, evaluate, missing, withBrowser } from "../browser/browsers.js";
import { bundle } from "../browser/bundle.js";
import { serve } from "../browser/server.js";
import { header, NODE } from "../machine.js";
import { timerStep } from "../measure.js";
import { choose, command, parse } from "../options.js";
import { progress } from "../progress.js";
import { publish } from "../report/index.js";
import { collect, type Fresh, START_CASES } from "./collect.js";
import { startSection } from "./markdown.js";
import type { Probe } from "./probe.js";
import type { StartEngine } from "./results.js";

const REPETITIONS = { full: 10, quick: 4 } as const;

/** The child is one file of plain JavaScript, so that a process compiles nothing but it and the library. */
async function freshProcesses(): Promise<Fresh> {
  const directory = new URL("../../build/", import.meta.url);
  const child = new URL("start-child.js", directory);
  await mkdir(directory, { recursive: true });
  await writeFile(child, await bundle("start/child.ts"));
  return async (...question) => {
    const { stdout } = await promisify(execFile)(process.execPath, [child.pathname, JSON.stringify(question)]);
    return JSON.parse(stdout) as Probe;
  };
}

await command(async () => {
  const options = parse("bench:start", "cases (NHWC, NC)");
  const cases = choose(START_CASES, options);
  const browsers = ENGINES.filter((engine) => missing(engine) === null);
  const reasons = ENGINES.map(missing).filter((reason) => reason !== null);
  for (const reason of reasons) console.log(reason);
  const repetitions = options.quick ? REPETITIONS.quick : REPETITIONS.full;
  const began = Date.now();
  const { step, stop } = progress((1 + browsers.length) * cases.length);
  const engines: StartEngine[] = [];
  const server = await serve(await bundle("start/page.ts"));
  try {
    const inNode = await collect(cases, repetitions, await freshProcesses(), (what) => step(`Node.js: ${what}`));
    engines.push({ engine: NODE, timerStep: timerStep(), ...inNode });
    for (const each of browsers) {
      await withBrowser(each, async (browser) => {
        const engine = `${each.name} ${browser.version()}`;
        const fresh: Fresh = (...question) => evaluate(browser, server.url, `probe(...${JSON.stringify(question)})`);
        const inPages = await collect(cases, repetitions, fresh, (what) => step(`${engine}: ${what}`));
        engines.push({ engine, timerStep: await evaluate(browser, server.url, "timerStep()"), ...inPages });
      });
    }
  } finally {
    server.close();
    stop();
  }
  const about = header(options.quick, engines.map(({ engine }) => engine).join("; "), began);
  await publish(startSection, { header: about, repetitions, engines, missing: reasons }, options);
});
