import { rounded } from "../training/classifier.js";

/** A type and not an interface, so that it is JSON. */
export type Difference = {
  /** The number of compared values. */
  readonly values: number;
  /** The number of values that differ in any bit. Two NaN count as equal. */
  readonly differing: number;
  /** The largest difference over the largest expected value; null where one is not finite. */
  readonly relative: number | null;
};

export function compare(values: ArrayLike<number>, expected: ArrayLike<number>): Difference {
  if (values.length !== expected.length) throw new Error(`${values.length} values, expected ${expected.length}`);
  let [differing, largest, size] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    if (Object.is(values[i], expected[i])) {
      size = Math.max(size, Math.abs(expected[i]));
      continue;
    }
    differing++;
    largest = Math.max(largest, Math.abs(values[i] - expected[i]));
    size = Math.max(size, Math.abs(expected[i]));
  }
  return { values: values.length, differing, relative: largest === 0 ? 0 : rounded(largest / size) };
}

/** Joins several comparisons: the worst value of each field. */
export function worst(differences: readonly Difference[]): Difference {
  const relatives = differences.map(({ relative }) => relative);
  return {
    values: differences.reduce((sum, { values }) => sum + values, 0),
    differing: differences.reduce((sum, { differing }) => sum + differing, 0),
    relative: relatives.some((value) => value === null) ? null : Math.max(0, ...(relatives as number[])),
  };
}
