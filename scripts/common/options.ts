import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { InputError } from "./command.js";

/** The values of `options` in a command's arguments. Throws InputError for anything else among them. */
export function parseArguments<T extends NonNullable<ParseArgsConfig["options"]>>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    const [sentence] = (error as Error).message.split(/\.\s|\n/);
    throw new InputError(`${sentence.replace(/\.$/, "")} (--help lists the options)`);
  }
}

export function path(name: string, text: string): string {
  if (text === "") {
    throw new InputError(`${name} expected a path, got ""`);
  }
  return text;
}

export function integer(name: string, text: string | undefined, fallback: number, least: number, most: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (text?.trim() === "" || !Number.isInteger(value) || value < least || value > most) {
    throw new InputError(`${name} expected an integer from ${least} to ${most}, got "${text}"`);
  }
  return value;
}

export function rate(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0) {
    throw new InputError(`${name} expected a number > 0, got "${text}"`);
  }
  return value;
}

/** Those whose name matches `pattern`, a regular expression; all where there is none. Throws InputError for one that matches nothing. */
export function matching<Item>(
  name: string,
  pattern: string | undefined,
  items: readonly Item[],
  nameOf: (item: Item) => string,
): Item[] {
  const chosen = items.filter((item) => regular(name, pattern ?? "").test(nameOf(item)));
  if (chosen.length > 0) return chosen;
  throw new InputError(`${name} ${pattern} matches nothing; there are\n  ${items.map(nameOf).join("\n  ")}`);
}

function regular(name: string, pattern: string): RegExp {
  try {
    return new RegExp(pattern, "i");
  } catch {
    throw new InputError(`${name} expected a regular expression, got "${pattern}"`);
  }
}

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
