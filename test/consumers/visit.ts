import { existsSync } from "node:fs";
import { ENGINES, type Engine } from "../../bench/browser/browsers.js";
import { ConsumerError } from "./processes.js";
import type { Missing, Row } from "./row.js";
import type { Site, Workshop } from "./workshop.js";

const SECONDS = 60;

/** What a page writes to its console until it has said its outcome; an error in the page fails, unless it is meant. */
async function visit(workshop: Workshop, engine: Engine, url: string, meant?: RegExp): Promise<string> {
  const browser = await workshop.browser(engine);
  const context = await browser.newContext();
  const said: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    const page = await context.newPage();
    await new Promise<void>((done, failed) => {
      const fail = (message: string) => failed(new ConsumerError(message, said.join("\n")));
      timer = setTimeout(() => fail(`no outcome within ${SECONDS} s`), 1000 * SECONDS);
      page.on("console", (message) => {
        said.push(message.text());
        if (message.text().startsWith("OUTCOME ")) done();
      });
      page.once("crash", () => fail("the page crashed"));
      page.on("pageerror", ({ message }) => {
        said.push(message);
        if (!meant?.test(message)) fail(`the page failed: ${message}`);
      });
      page.on("response", (response) => {
        const line = `${response.status()} ${new URL(response.url()).pathname}`;
        if (response.status() >= 400 || line.endsWith(".wasm")) said.push(line);
      });
      page.goto(url).catch((error) => fail(error.message));
    });
    return said.join("\n");
  } finally {
    clearTimeout(timer);
    await context.close();
  }
}

export function missingBrowser({ name, executable }: Engine): Missing | null {
  return existsSync(executable) ? null : { reason: `there is no ${name}`, demanded: true };
}

/** What a page is, without the browser. */
export interface PageRow extends Pick<Row, "consumer" | "imports" | "does" | "missing"> {
  /** The version of the tool that made the page; absent where there is none. */
  readonly tool?: () => string;
  /** Of a site that other rows share too. */
  readonly site?: string;
  /** From the site's address on. */
  readonly path?: string;
  readonly open: (workshop: Workshop) => Promise<Site>;
  /** Errors that the page provokes. */
  readonly meant?: RegExp;
  readonly check: (said: string) => void;
}

/** A page in each browser. */
export function inBrowsers(row: PageRow): Row[] {
  const { consumer, imports, does, missing, tool, path = "", open, meant, check } = row;
  const { site = `${consumer}: ${imports}` } = row;
  return ENGINES.map((engine) => ({
    consumer: `${consumer} in ${engine.name}`,
    imports,
    does,
    site,
    version: async (workshop) => {
      const browser = (await workshop.browser(engine)).version();
      return tool ? `${tool()}, ${browser}` : browser;
    },
    missing: (workshop) => missing?.(workshop) ?? missingBrowser(engine),
    run: async (workshop) => {
      const { url } = await workshop.site(site, () => open(workshop));
      check(await visit(workshop, engine, url + path, meant));
    },
  }));
}
