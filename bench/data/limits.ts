import type { Verb } from "../baseline/index.js";
import { perValue } from "../scaling/numbers.js";
import type { Scan } from "../scaling/results.js";
import { SHARES, type Share } from "./kinds.js";
import type { KindResult } from "./results.js";

/** The most that a share of the channels may cost: time over that of ordinary data. */
export const LIMITS: Readonly<Record<Share, number>> = { one: 1.5, half: 2.5, "random half": 2.5, all: 4 };

/** Planes of `from` to `to` values may take this many times as long per value as those of the largest size. */
export const PLANE_LIMIT = { times: 2, from: 4, to: 15 } as const;

/** Time over that of ordinary data, where the kind was timed with that verb. */
export function slowdown({ timings }: KindResult, verb: Verb, share: Share): number | null {
  const times = timings[verb];
  return times ? times[share].median / times.ordinary.median : null;
}

/** What of a kind exceeds its limit. */
export function tooSlow(result: KindResult, verb: Verb): { readonly share: Share; readonly times: number }[] {
  return SHARES.flatMap((share) => {
    const times = slowdown(result, verb, share);
    return times !== null && times > LIMITS[share] ? [{ share, times }] : [];
  });
}

/** Of each size of a plane the time per value over that of the largest size. */
export function overLargest({ points }: Scan, verb: Verb): { readonly at: number; readonly times: number }[] {
  const time = ({ timings, values }: Scan["points"][number]) => perValue(timings[verb], values);
  const largest = points.reduce((a, b) => (a.at > b.at ? a : b));
  return points.map((p) => ({ at: p.at, times: time(p) / time(largest) }));
}
