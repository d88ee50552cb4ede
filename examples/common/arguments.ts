import { type ParseArgsConfig, parseArgs } from "node:util";
import { InputError } from "./errors.js";

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
