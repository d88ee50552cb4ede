import { existsSync } from "node:fs";
import { type Browser, chromium, firefox, type LaunchOptions, type Page } from "playwright";

/** A browser of the system, for the benchmarks and the tests. */
export interface Engine {
  readonly name: string;
  readonly type: "chromium" | "firefox";
  readonly executable: string;
  /** How a system without it gets it. */
  readonly advice: string;
  /** For playwright, beside the executable. */
  readonly options: LaunchOptions;
}

const TYPES = { chromium, firefox };

export const ENGINES: readonly Engine[] = [
  {
    name: "Chromium",
    type: "chromium",
    executable: process.env.CHROMIUM || "/usr/bin/chromium",
    advice: "apt-get install chromium, or CHROMIUM=PATH",
    // No sandbox: it refuses to run as root. The others keep the browser from talking to anyone meanwhile.
    options: {
      args: [
        "--no-sandbox",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
  {
    name: "Firefox",
    type: "firefox",
    executable: process.env.FIREFOX || "/usr/bin/firefox-esr",
    advice: "apt-get install firefox-esr, or FIREFOX=PATH",
    // An unpatched Firefox, over WebDriver BiDi.
    options: { channel: "moz-firefox" },
  },
];

/** Why a browser cannot run here; null where it can. */
export function missing({ name, executable }: Engine): string | null {
  return existsSync(executable) ? null : `${name} is left out: there is no ${executable}`;
}

/** The browsers that are there, and why others are not, which it says. */
export function available(): { readonly engines: readonly Engine[]; readonly missing: readonly string[] } {
  const reasons = ENGINES.map(missing).filter((reason) => reason !== null);
  for (const reason of reasons) console.log(reason);
  return { engines: ENGINES.filter((engine) => missing(engine) === null), missing: reasons };
}

/** What playwright launches an engine with. */
export function launchOptions({ executable, options }: Engine): LaunchOptions {
  return { ...options, executablePath: executable };
}

/** A browser for the time of `use`, ended whatever happens. */
export async function withBrowser<T>(engine: Engine, use: (browser: Browser) => Promise<T>): Promise<T> {
  const browser = await TYPES[engine.type].launch(launchOptions(engine));
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}

/**
 * A page of its own context, and with it a renderer that has done nothing yet, in which `call` (an expression with the
 * functions that the page's script put on globalThis) is evaluated. `said` hears what the page writes to its console.
 */
export async function evaluate<T>(
  browser: Browser,
  url: string,
  call: string,
  said?: (line: string) => void,
): Promise<T> {
  const context = await browser.newContext();
  try {
    const page: Page = await context.newPage();
    if (said) page.on("console", (message) => said(message.text()));
    const crashed = new Promise<never>((_, reject) => {
      page.once("crash", () => reject(new Error("the page crashed")));
      page.once("pageerror", reject);
    });
    await page.goto(url);
    return await Promise.race([page.evaluate<T>(call), crashed]);
  } finally {
    await context.close();
  }
}
