/**
 * Writes one value of the page to the link and reads it. A wrong text gives the initial value, and a number is clamped.
 */
export interface Field<T> {
  readonly initial: T;
  read(text: string): T;
  write(value: T): string;
}

const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));

function finite(text: string): number | null {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** A number from `least` to `most`, rounded to the given number of decimals. */
export function number(initial: number, least: number, most: number, decimals = 0): Field<number> {
  const round = (value: number) => Number(clamp(value, least, most).toFixed(decimals));
  return {
    initial,
    read(text) {
      const value = finite(text);
      return value === null ? initial : round(value);
    },
    write: (value) => String(round(value)),
  };
}

/** The element of `values` that is nearest to the given number. */
export function level(initial: number, values: readonly number[]): Field<number> {
  return {
    initial,
    read(text) {
      const given = finite(text);
      if (given === null) return initial;
      const value = clamp(given, Math.min(...values), Math.max(...values));
      return values.reduce((best, each) => (Math.abs(each - value) < Math.abs(best - value) ? each : best));
    },
    write: String,
  };
}

export function choice<T extends string>(initial: T, options: readonly T[]): Field<T> {
  return {
    initial,
    read: (text) => options.find((option) => option === text) ?? initial,
    write: (value) => value,
  };
}

export function flag(initial: boolean): Field<boolean> {
  return {
    initial,
    read: (text) => (text === "1" ? true : text === "0" ? false : initial),
    write: (value) => (value ? "1" : "0"),
  };
}

/** Numbers with commas between them, as many as `initial` has. Missing ones have their initial values. */
export function numbers(
  initial: readonly number[],
  least: number,
  most: number,
  decimals: number,
): Field<readonly number[]> {
  return {
    initial,
    read(text) {
      const parts = text.split(",");
      return initial.map((value, i) => number(value, least, most, decimals).read(parts[i] ?? ""));
    },
    write: (values) => values.map((value) => String(Number(value.toFixed(decimals)))).join(","),
  };
}
