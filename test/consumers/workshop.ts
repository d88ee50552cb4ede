import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright";
import { type Engine, withBrowser } from "../../scripts/common/browsers.js";
import { Display } from "../helpers/webkit/minibrowser.js";
import { run } from "./processes.js";

export interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

export interface Site {
  readonly url: string;
  /** What it has answered, such as "200 /index.html"; absent where it does not tell. */
  readonly answers?: readonly string[];
  close(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAMS = fileURLToPath(new URL("programs/", import.meta.url));

/** Where the rows work: the packed tarball, throwaway projects with it, the browsers and the site that is open. */
export class Workshop {
  readonly tarball: string;
  readonly manifest: Manifest;
  readonly #directory = mkdtempSync(join(tmpdir(), "batchnorm-wasm-consumers-"));
  readonly #browsers = new Map<string, Promise<Browser>>();
  /** Of the browsers that were launched. */
  readonly #endings: (() => Promise<void>)[] = [];
  #site: { readonly name: string; readonly opened: Promise<Site> } | null = null;
  #display: Display | null = null;
  #projects = 0;

  /** `tarball`: one that is there already; without it what `npm pack` makes of the build. */
  constructor(tarball?: string) {
    try {
      this.tarball = tarball === undefined ? this.#pack() : resolve(tarball);
      this.#unpack(this.#directory);
      this.manifest = JSON.parse(readFileSync(this.packaged("package.json"), "utf8"));
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  #pack(): string {
    const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", this.#directory];
    const [{ filename }] = JSON.parse(execFileSync("npm", args, { cwd: ROOT, encoding: "utf8" }));
    return join(this.#directory, filename);
  }

  #unpack(directory: string): void {
    const installed = join(directory, "node_modules", "batchnorm-wasm");
    mkdirSync(installed, { recursive: true });
    execFileSync("tar", ["-xzf", this.tarball, "-C", installed, "--strip-components=1"]);
  }

  /** A file of the unpacked tarball. */
  packaged(path: string): string {
    return join(this.#directory, "node_modules", "batchnorm-wasm", path);
  }

  /**
   * A new project with the package installed. `programs`: those of programs/ that it gets. `files`: others, by name and
   * text. `links`: what else is installed, by name and place.
   */
  project(
    programs: readonly string[],
    files: Readonly<Record<string, string>> = {},
    links: Readonly<Record<string, string>> = {},
  ): string {
    this.#projects++;
    const directory = join(this.#directory, `project-${this.#projects}`);
    this.#unpack(directory);
    for (const program of programs) cpSync(join(PROGRAMS, program), join(directory, basename(program)));
    for (const [name, text] of Object.entries({ "package.json": '{ "private": true }\n', ...files })) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    for (const [name, place] of Object.entries(links)) {
      if (!existsSync(place)) throw new Error(`${name} is not installed`);
      const link = join(directory, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(place, link);
    }
    return directory;
  }

  /** The output of a program of programs/, with the package and what else is linked installed beside it. */
  async execute(
    command: string,
    args: readonly string[],
    programs: readonly string[],
    links?: Readonly<Record<string, string>>,
  ): Promise<string> {
    return run({ command, args, cwd: this.project(programs, {}, links), seconds: 60 });
  }

  /** The site of this name, made for the first row that asks. */
  site(name: string, open: () => Promise<Site>): Promise<Site> {
    if (this.#site?.name !== name) this.#site = { name, opened: open() };
    return this.#site.opened;
  }

  /** Closes the site that is open unless it has this name. */
  async leave(name?: string): Promise<void> {
    if (this.#site === null || this.#site.name === name) return;
    const { opened } = this.#site;
    this.#site = null;
    const site = await opened.catch(() => null); // its rows have told
    await site?.close();
  }

  /** One browser for all rows; each row has a context of its own. */
  browser(engine: Engine): Promise<Browser> {
    const launched = this.#browsers.get(engine.name) ?? this.#launch(engine);
    this.#browsers.set(engine.name, launched);
    return launched;
  }

  #launch(engine: Engine): Promise<Browser> {
    return new Promise((launched, failed) => {
      const used = withBrowser(engine, (browser) => {
        launched(browser);
        return new Promise<void>((done) => {
          this.#endings.push(async () => {
            done();
            await used;
          });
        });
      });
      used.catch(failed);
    });
  }

  /** One display for all windows of WebKit. */
  get display(): Display {
    this.#display ??= new Display();
    return this.#display;
  }

  async close(): Promise<void> {
    try {
      await this.leave();
      await this.#display?.close();
      for (const end of this.#endings) await end();
    } finally {
      this.remove();
    }
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
