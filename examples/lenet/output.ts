import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { InputError } from "../common/errors.js";

/** Makes the folder of `file`. Throws InputError where nothing could be written later, after the training. */
export function prepareOutput(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const exists = statSync(file, { throwIfNoEntry: false });
    accessSync(exists?.isFile() ? file : dirname(file), constants.W_OK);
    if (!exists || exists.isFile()) {
      return;
    }
  } catch (error) {
    throw new InputError(`--out ${file}: cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
  throw new InputError(`--out ${file}: not a file`);
}
