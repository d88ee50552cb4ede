import { wrongType } from "./errors.js";

/** Unknown options are refused by name, because an ignored option gives wrong numbers in silence. */

/**
 * Each line has names for the same option, here and in other frameworks, without case and punctuation. `affine` is both
 * a scale and a shift.
 */
const SYNONYMS = [
  "eps epsilon varianceepsilon",
  "momentum decay",
  "gamma scale weight affine elementwiseaffine usescale",
  "beta center bias offset shift affine elementwiseaffine usebias",
  "runningmean movingmean mean",
  "runningvar runningvariance movingvar movingvariance variance var",
  "runningvariance unbiased",
  "activation relu fuserelu",
  "residual skip shortcut",
  "axis axes dim channelaxis",
  "module wasm wasmmodule",
].map((line) => line.split(" "));

/** Names that differ in this many letters are different words. */
const FAR = 3;

/**
 * Checks that options are an object with known names only. An option that is `undefined` counts as absent.
 * @throws TypeError for anything but an object; RangeError for an unknown name, with the name that was meant
 */
export function checkOptions(value: unknown, known: readonly string[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrongType("options", "an object", value);
  // This includes inherited names, because inherited options apply, too.
  for (const name in value) {
    if (known.includes(name) || (value as Record<string, unknown>)[name] === undefined) continue;
    throw new RangeError(`"options" has no "${name}"${hint(name, known)}`);
  }
}

/**
 * The end of a message about an unknown name. It suggests the name that was probably meant, or else lists all names.
 */
export function hint(name: string, known: readonly string[]): string {
  if (name === "allReduce") return '; the layer of "batchnorm-wasm/distributed" has it';
  const likely = meant(name, known);
  if (likely.length > 0) return `; did you mean ${quoted(likely, " and ")}?`;
  return known.length > 0 ? `; it has ${quoted(known, ", ")}` : "";
}

function quoted(names: readonly string[], between: string): string {
  return names.map((name) => `"${name}"`).join(between);
}

/**
 * Returns the known names that differ only in case and punctuation, else those with the same meaning, else those with
 * similar spelling.
 */
function meant(name: string, known: readonly string[]): readonly string[] {
  const simple = simplified(name);
  const same = known.filter((each) => simplified(each) === simple);
  if (same.length > 0) return same;
  const synonyms = SYNONYMS.filter((line) => line.includes(simple)).flat();
  const equal = known.filter((each) => synonyms.includes(simplified(each)));
  if (equal.length > 0) return equal;
  const distances = known.map((each) => distance(simple, simplified(each)));
  const least = Math.min(FAR - 1, ...distances);
  return known.filter((_, i) => distances[i] === least);
}

function simplified(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/**
 * The number of letters to add, drop or replace to get from one word to the other (Levenshtein). For a large distance
 * it may return any number from {@link FAR} on.
 */
function distance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) >= FAR) return FAR;
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, replaced));
    }
    row = next;
  }
  return row[to.length];
}
