import { InputError } from "../../scripts/common/command.js";

/** A case is a flat record; its line is its kind and the fields that differ from the default, such as `step shape=2x3 x=far`. */
export type Field = string | number | boolean;
export type Fields = Readonly<Record<string, Field>>;

export function lineOf(kind: string, fields: Fields, defaults: Fields): string {
  const given = Object.keys(defaults).filter((key) => fields[key] !== defaults[key]);
  return [kind, ...given.map((key) => `${key}=${fields[key]}`)].join(" ");
}

/** The fields of a line without its kind. Throws an InputError for what is no field of the kind. */
export function fieldsOf<F extends Fields>(words: readonly string[], defaults: F): F {
  const fields: Record<string, Field> = { ...defaults };
  for (const word of words) {
    const [key, text] = word.split("=", 2);
    const like = defaults[key];
    if (like === undefined || text === undefined) {
      throw new InputError(`a case expected fields among ${Object.keys(defaults).join(", ")}, got "${word}"`);
    }
    fields[key] = typeof like === "number" ? Number(text) : typeof like === "boolean" ? text === "true" : text;
  }
  return fields as F;
}
