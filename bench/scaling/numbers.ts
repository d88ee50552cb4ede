import { median } from "simple-statistics";
import type { Verb } from "../baseline/index.js";
import type { Timing } from "../measure.js";
import type { CliffPoint, Scan } from "./results.js";

/** The report names each shape whose time is above this multiple of its neighbours' time. */
export const STEEP = 1.3;
/** The number of neighbours on each side. */
const REACH = 2;

/** Nanoseconds. */
export function perValue({ median }: Pick<Timing, "median">, values: number): number {
  return (1e6 * median) / values;
}

/** The time per value of every shape over the median of its neighbours in the scan. */
export function relative({ points }: Scan, verb: Verb): { readonly at: number; readonly times: number }[] {
  const time = ({ timings, values }: CliffPoint) => perValue(timings[verb], values);
  return points.map((p, k) => {
    const neighbours = points.filter((_, other) => other !== k && Math.abs(other - k) <= REACH);
    return { at: p.at, times: time(p) / median(neighbours.map(time)) };
  });
}
