import { existsSync } from "node:fs";
import { type Browser, chromium, firefox, type Page } from "playwright";

export interface Engine {
  readonly name: string;
  readonly executable: string;
  launch(): Promise<Browser>;
}

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FIREFOX = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

/** No sandbox: it refuses to run as root. The others keep the browser from talking to anyone while it is measured. */
const CHROMIUM_ARGUMENTS = [
  "--no-sandbox",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

export const ENGINES: readonly Engine[] = [
  {
    name: "Chromium",
    executable: CHROMIUM,
    launch: () => chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS }),
  },
  {
    // an unpatched Firefox, over WebDriver BiDi
    name: "Firefox",
    executable: FIREFOX,
    launch: () => firefox.launch({ channel: "moz-firefox", executablePath: FIREFOX }),
  },
];

/** Why a browser cannot be measured here; null where it can. */
export function missing({ name, executable }: Engine): string | null {
  return existsSync(executable) ? null : `${name} is not measured: there is no ${executable}`;
}

/** A browser for the time of `use`, ended whatever happens. */
export async function withBrowser<T>(engine: Engine, use: (browser: Browser) => Promise<T>): Promise<T> {
  const browser = await engine.launch();
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
