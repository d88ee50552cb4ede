import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../scripts/common/command.js";
import type { Json } from "../experiment.js";

/** The stored result of a trial. */
export interface Kept {
  /** A key of the recipe, settings, seed and data. */
  readonly key: string;
  readonly recipe: string;
  readonly settings: Json;
  readonly seed: number;
  readonly seconds: number;
  readonly result: Json;
}

/** A folder of finished trials, a file each, so that an interrupted run loses none of them. */
export class Store {
  readonly #folder: string;

  /** Throws InputError for a folder that cannot be written. `fresh`: forgets what it holds. */
  constructor(folder: string, fresh: boolean) {
    this.#folder = folder;
    try {
      if (fresh) rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, ".writable"), "");
      for (const file of readdirSync(folder)) if (file.startsWith(".")) rmSync(join(folder, file));
    } catch (error) {
      throw new InputError(`--out: ${folder} cannot be written (${(error as NodeJS.ErrnoException).code})`);
    }
  }

  /** null where it was not run, or its file is not whole. */
  get(key: string): Kept | null {
    try {
      return JSON.parse(readFileSync(this.#file(key), "utf8")) as Kept;
    } catch {
      return null;
    }
  }

  put(kept: Kept): void {
    const { key } = kept;
    const unfinished = join(this.#folder, `.${key}`);
    writeFileSync(unfinished, JSON.stringify(kept));
    renameSync(unfinished, this.#file(key)); // a file is whole or is not there
  }

  #file(key: string): string {
    return join(this.#folder, `${key}.json`);
  }
}
