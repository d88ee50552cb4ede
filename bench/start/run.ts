import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { available, evaluate, withBrowser } from "../../scripts/common/browsers.js";
import { NODE } from "../../scripts/common/machine.js";
import { bundle } from "../browser/bundle.js";
import { serve } from "../browser/server.js";
import type { Case } from "../cases.js";
import { timerStep } from "../measure.js";
import type { Run } from "../run.js";
import { collect, type Fresh, START_CASES } from "./collect.js";
import { startSection } from "./markdown.js";
import type { Probe } from "./probe.js";
import type { StartEngine, StartResults } from "./results.js";

const REPETITIONS = { full: 10, quick: 4 } as const;

/** The child is one file of plain JavaScript, so that a process compiles only this file and the library. */
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

export const run: Run<StartResults, Case> = {
  items: START_CASES,
  section: startSection,
  async measure(cases, { quick, begin, step }) {
    const { engines: browsers, missing } = available();
    const repetitions = quick ? REPETITIONS.quick : REPETITIONS.full;
    begin((1 + browsers.length) * cases.length);
    const engines: StartEngine[] = [];
    const server = await serve(await bundle("start/page.ts"));
    const measureIn = async (engine: string, fresh: Fresh, timerStep: () => number | Promise<number>) => {
      const collected = await collect(cases, repetitions, fresh, (what) => step(`${engine}: ${what}`));
      engines.push({ engine, timerStep: await timerStep(), ...collected });
    };
    try {
      await measureIn(NODE, await freshProcesses(), timerStep);
      for (const each of browsers) {
        await withBrowser(each, async (browser) => {
          const inPage = <T>(call: string) => evaluate<T>(browser, server.url, call);
          const fresh: Fresh = (...question) => inPage(`probe(...${JSON.stringify(question)})`);
          await measureIn(`${each.name} ${browser.version()}`, fresh, () => inPage("timerStep()"));
        });
      }
    } finally {
      server.close();
    }
    return { repetitions, engines, missing };
  },
  engine: ({ engines }) => engines.map(({ engine }) => engine).join("; "),
};
