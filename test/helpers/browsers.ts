/** The browsers that vitest's projects run in. */
import { playwright } from "@vitest/browser-playwright";
import type { BrowserConfigOptions, BrowserProviderOption } from "vitest/node";
import { ENGINES, type Engine, launchOptions, missing } from "../../scripts/common/browsers.js";
import { missingWebKit, WEBKIT } from "./webkit/minibrowser.js";
import { webkit } from "./webkit/provider.js";

export interface Host {
  readonly type: "chromium" | "firefox" | "webkit";
  /** How a system without it gets it. */
  readonly advice: string;
  /** Why it cannot run here; null where it can. */
  readonly missing: string | null;
  readonly provider: (isolated: boolean, args: readonly string[]) => BrowserProviderOption;
}

function driven(engine: Engine): Host {
  const options = launchOptions(engine);
  return {
    ...engine,
    missing: missing(engine),
    provider: (_, args) => playwright({ launchOptions: { ...options, args: [...(options.args ?? []), ...args] } }),
  };
}

const hosts: readonly Host[] = [...ENGINES.map(driven), { ...WEBKIT, missing: missingWebKit(), provider: webkit }];

/** Says which browser is not there; with REQUIRE_BROWSERS=1, as in CI, that is an error. */
function isInstalled({ missing: reason, advice }: Host): boolean {
  if (reason === null) return true;
  if (process.env.REQUIRE_BROWSERS === "1") throw new Error(`${reason}, and REQUIRE_BROWSERS is 1 (${advice})`);
  console.error(`${reason}. Its projects are skipped (${advice}).`);
  return false;
}

export const installed = (): Host[] => hosts.filter(isInstalled);

/** Pages of a project. `args`: of the browser's command line. */
export function pages(host: Host, name: string, isolated: boolean, args: readonly string[] = []): BrowserConfigOptions {
  return {
    enabled: true,
    headless: true,
    screenshotFailures: false,
    provider: host.provider(isolated, args),
    instances: [{ browser: host.type, name }],
  };
}
