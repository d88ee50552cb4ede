import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { InputError } from "./errors.js";

/** Makes the folder of `file`, which the option `name` gave. Throws InputError where nothing could be written later, after the training. */
export function prepareOutput(name: string, file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const exists = statSync(file, { throwIfNoEntry: false });
    accessSync(exists?.isFile() ? file : dirname(file), constants.W_OK);
    if (!exists || exists.isFile()) {
      return;
    }
  } catch (error) {
    throw new InputError(`${name} ${file}: cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
  throw new InputError(`${name} ${file}: not a file`);
}
