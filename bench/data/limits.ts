import type { Verb } from "../baseline/index.js";
import { perValue } from "../scaling/numbers.js";
import type { Scan } from "../scaling/results.js";
import { SHARES, type Share } from "./kinds.js";
import type { KindResult } from "./results.js";

/** The largest accepted times with this share of the channels, over the time of ordinary data. */
export const LIMITS: Readonly<Record<Share, number>> = { one: 1.5, half: 2.5, "random half": 2.5, all: 4 };

/** Planes of `from` to `to` values may take this many times as long per value as those of the largest size. */
export const PLANE_LIMIT = { times: 2, from: 4, to: 15 } as const;

/** Time over the time of ordinary data, or null if the kind was not timed with this verb. */
export function slowdown({ timings }: KindResult, verb: Verb, share: Share): number | null {
  const times = timings[verb];
  return times ? times[share].median / times.ordinary.median : null;
}

/** The shares of a kind that exceed their limits. */
export function tooSlow(result: KindResult, verb: Verb): { readonly share: Share; readonly times: number }[] {
  return SHARES.flatMap((share) => {
    const times = slowdown(result, verb, share);
    return times !== null && times > LIMITS[share] ? [{ share, times }] : [];
  });
}

/** The time per value for each size of a plane, over that for the largest size. */
export function overLargest({ points }: Scan, verb: Verb): { readonly at: number; readonly times: number }[] {
  const time = ({ timings, values }: Scan["points"][number]) => perValue(timings[verb], values);
  const largest = points.reduce((a, b) => (a.at > b.at ? a : b));
  return points.map((p) => ({ at: p.at, times: time(p) / time(largest) }));
}
