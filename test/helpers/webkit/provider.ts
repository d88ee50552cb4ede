import { defineBrowserProvider } from "@vitest/browser";
import type { BrowserProvider, BrowserProviderOption } from "vitest/node";
import { Display, WEBKIT } from "./minibrowser.js";

/** Of a page that is cross-origin isolated: WebKitGTK, unlike Safari, hides SharedArrayBuffer there unless it is told. */
const ISOLATED = { JSC_useSharedArrayBuffer: "1" };

/** Nothing to wait for: the page calls vitest, which says so where it does not. */
const AT_ONCE = /()/;

class WebKitProvider implements BrowserProvider {
  readonly name = WEBKIT.type;
  readonly supportsParallelism = false;
  readonly #isolated: boolean;
  readonly #display = new Display();

  constructor(isolated: boolean) {
    this.#isolated = isolated;
  }

  getCommandsContext(): Record<string, unknown> {
    return {};
  }

  async openPage(_session: string, url: string): Promise<void> {
    await this.#display.open(url, AT_ONCE, this.#isolated ? ISOLATED : {});
  }

  async close(): Promise<void> {
    await this.#display.close();
  }
}

/** For vitest: a page in a window of MiniBrowser. */
export function webkit(isolated: boolean): BrowserProviderOption {
  return defineBrowserProvider({
    name: WEBKIT.type,
    supportedBrowser: [WEBKIT.type],
    providerFactory: () => new WebKitProvider(isolated),
  });
}
