import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endAll, run, type Server, serve } from "../../consumers/processes.js";

/**
 * WebKit, the engine of Safari, as Debian has it: its MiniBrowser, a browser of one window, on a display that nobody sees.
 * Nothing drives it: a page says what it has to say in its console, which MiniBrowser writes to its output.
 */

const MACHINES: Readonly<Record<string, string>> = { arm64: "aarch64", x64: "x86_64" };

const MINIBROWSER =
  process.env.MINIBROWSER || `/usr/lib/${MACHINES[process.arch]}-linux-gnu/webkit2gtk-4.1/MiniBrowser`;
const XVFB = process.env.XVFB || "/usr/bin/Xvfb";

export const WEBKIT = {
  name: "WebKit",
  type: "webkit",
  /** How a system without it gets it. */
  advice: "apt-get install libwebkit2gtk-4.1-0 xvfb, or MINIBROWSER=PATH and XVFB=PATH",
} as const;

/** Why WebKit cannot run here; null where it can. */
export function missingWebKit(): string | null {
  const lacking = [MINIBROWSER, XVFB].find((file) => !existsSync(file));
  return lacking === undefined ? null : `WebKit is left out: there is no ${lacking}`;
}

/** Above what a display or a window takes to appear on a busy machine, which is less than a second otherwise. */
const SECONDS = 60;

/** A display with the windows on it, until `close` or the end of this process. */
export class Display {
  readonly #directory = mkdtempSync(join(tmpdir(), "batchnorm-wasm-webkit-"));
  readonly #windows: Server[] = [];
  readonly #server: Promise<Server>;
  #version: Promise<string> | undefined;

  constructor() {
    // The server chooses a number that is free, and writes it to file 1.
    const args = ["-displayfd", "1", "-screen", "0", "1200x900x24", "-nolisten", "tcp"];
    this.#server = serve({ command: XVFB, args, cwd: this.#directory, seconds: SECONDS }, /^(\d+)$/m);
    process.once("exit", this.#leave);
  }

  async #command(args: readonly string[], options: Readonly<Record<string, string>> = {}) {
    const environment = { DISPLAY: `:${(await this.#server).found}`, GSETTINGS_BACKEND: "memory", ...options };
    // Cookies and caches of its own for each window.
    const cwd = mkdtempSync(join(this.#directory, "window-"));
    return { command: MINIBROWSER, args, cwd, environment, seconds: SECONDS };
  }

  /** A window at `url`, once `ready` is in its output. `environment`: of the engine, such as its options. */
  async open(url: string, ready: RegExp, environment?: Readonly<Record<string, string>>): Promise<Server> {
    const args = ["--enable-write-console-messages-to-stdout=true", url];
    const window = await serve(await this.#command(args, environment), ready);
    this.#windows.push(window);
    return window;
  }

  /** Such as "2.50.6". */
  version(): Promise<string> {
    this.#version ??= this.#command(["--version"])
      .then(run)
      .then((said) => /\d+(\.\d+)+/.exec(said)?.[0] ?? said);
    return this.#version;
  }

  readonly #leave = () => {
    endAll();
    this.#remove();
  };

  #remove(): void {
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async close(): Promise<void> {
    for (const window of this.#windows) await window.stop();
    const server = await this.#server.catch(() => null); // `open` has told
    await server?.stop();
    process.off("exit", this.#leave);
    this.#remove();
  }
}
