import { ENGINES, type Engine, missing as missingEngine } from "../../scripts/common/browsers.js";
import { missingWebKit, WEBKIT } from "../helpers/webkit/minibrowser.js";
import { ConsumerError } from "./processes.js";
import type { Row } from "./row.js";
import type { Site, Workshop } from "./workshop.js";

const SECONDS = 60;

/** What begins the message that ends a visit: what the programs of programs/ print. */
const OUTCOME = /OUTCOME /;

/** A browser that pages are opened in. */
export interface Visitor {
  readonly name: string;
  /** Why it cannot run here; null where it can. */
  readonly missing: string | null;
  readonly version: (workshop: Workshop) => Promise<string>;
  /** What a page writes to its console until it has said its outcome; an error in the page fails, unless it is meant. */
  readonly visit: (workshop: Workshop, url: string, look: Look) => Promise<string>;
}

/** How a page is looked at. */
interface Look {
  /** Begins the message with the outcome; without it that of programs/. */
  readonly outcome?: RegExp;
  /** Errors that the page provokes. */
  readonly meant?: RegExp;
}

async function visit(workshop: Workshop, engine: Engine, url: string, look: Look): Promise<string> {
  const { outcome = OUTCOME, meant } = look;
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
        if (message.text().search(outcome) === 0) done();
      });
      page.once("crash", () => fail("the page crashed"));
      page.on("pageerror", ({ message }) => {
        said.push(message);
        if (!meant?.test(message)) fail(`the page failed: ${message}`);
      });
      page.goto(url).catch((error) => fail(error.message));
    });
    return said.join("\n");
  } finally {
    clearTimeout(timer);
    await context.close();
  }
}

const driven = (engine: Engine): Visitor => ({
  name: engine.name,
  missing: missingEngine(engine),
  version: async (workshop) => (await workshop.browser(engine)).version(),
  visit: (workshop, url, look) => visit(workshop, engine, url, look),
});

/** What MiniBrowser writes before the text of a message: where it comes from, and its kind. */
const ORIGIN = /^.*?\bCONSOLE (?:\w+ )??(?:LOG|INFO|DEBUG|WARN|ERROR) /gm;
const end = (outcome: RegExp) => new RegExp(`\\bCONSOLE (LOG ${outcome.source}|JS ERROR ).*\\n`);

export const webkit: Visitor = {
  name: WEBKIT.name,
  missing: missingWebKit(),
  version: (workshop) => workshop.display.version(),
  visit: async (workshop, url, { outcome = OUTCOME }) => {
    const window = await workshop.display.open(url, end(outcome));
    await window.stop();
    const said = window.output().replaceAll(ORIGIN, "");
    if (window.found.startsWith("JS ERROR")) throw new ConsumerError("the page failed", said);
    return said;
  },
};

const VISITORS: readonly Visitor[] = [...ENGINES.map(driven), webkit];

/** What a page is, without the browser. */
export interface PageRow extends Pick<Row, "consumer" | "imports" | "does" | "missing">, Look {
  /** The version of the tool that made the page; absent where there is none. */
  readonly tool?: () => string;
  /** Of a site that other rows share too. */
  readonly site?: string;
  /** From the site's address on. */
  readonly path?: string;
  readonly open: (workshop: Workshop) => Promise<Site>;
  /** Gets what the page said, then what the site answered to it. */
  readonly check: (said: string) => void;
}

/** A page in each browser. */
export function inBrowsers(row: PageRow, visitors = VISITORS): Row[] {
  const { consumer, imports, does, missing, tool, path = "", open, outcome, meant, check } = row;
  const { site = `${consumer}: ${imports}` } = row;
  return visitors.map((visitor) => ({
    consumer: `${consumer} in ${visitor.name}`,
    imports,
    does,
    site,
    version: async (workshop) => {
      const browser = await visitor.version(workshop);
      return tool ? `${tool()}, ${browser}` : browser;
    },
    missing: (workshop) =>
      missing?.(workshop) ?? (visitor.missing === null ? null : { reason: visitor.missing, demanded: true }),
    run: async (workshop) => {
      const { url, answers = [] } = await workshop.site(site, () => open(workshop));
      const before = answers.length;
      const said = await visitor.visit(workshop, url + path, { outcome, meant });
      check([said, ...answers.slice(before)].join("\n"));
    },
  }));
}
