import { mean, median, sampleStandardDeviation, sum } from "simple-statistics";

/** Writes numbers for tables and sentences, and summaries over seeds. */

/** Mean and spread over seeds; a value that is null, of a run that diverged, makes both NaN. */
export interface Summary {
  readonly mean: number;
  /** Sample standard deviation; 0 for one value. */
  readonly deviation: number;
  readonly count: number;
}

export function summarize(values: readonly (number | null)[]): Summary {
  const numbers = values.map((value) => value ?? Number.NaN);
  return {
    mean: mean(numbers),
    deviation: numbers.length > 1 ? sampleStandardDeviation(numbers) : 0,
    count: numbers.length,
  };
}

export { mean, median, sum };

/** 0.8123 as "81.2 %". */
export function percent(value: number | null, digits = 1): string {
  return value === null || Number.isNaN(value) ? "-" : `${(100 * value).toFixed(digits)} %`;
}

/** "81.2 ± 0.4 %": mean and standard deviation over seeds. */
export function percents(values: readonly (number | null)[], digits = 1): string {
  const { mean, deviation, count } = summarize(values);
  if (Number.isNaN(mean)) return "-";
  const spread = count > 1 ? ` ± ${(100 * deviation).toFixed(digits)}` : "";
  return `${(100 * mean).toFixed(digits)}${spread} %`;
}

/** Three significant digits, with an exponent where it is shorter. */
export function figure(value: number | null, digits = 3): string {
  if (value === null || Number.isNaN(value)) return "-";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(digits - 1).replace("e+", "e");
  return size >= 10 ** digits ? value.toFixed(0) : value.toPrecision(digits);
}

/** "0.123 ± 0.004": mean and standard deviation over seeds. */
export function figures(values: readonly (number | null)[], digits = 3): string {
  const { mean, deviation, count } = summarize(values);
  if (Number.isNaN(mean)) return "-";
  return count > 1 ? `${figure(mean, digits)} ± ${figure(deviation, 2)}` : figure(mean, digits);
}
