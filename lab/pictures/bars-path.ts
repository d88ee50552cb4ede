/**
 * Bars side by side as the path of one element, from their two ends: a hundred elements instead would take a slow phone's
 * time whenever the numbers change.
 */
export function barsPath(ends: readonly (readonly [number, number])[], width: number, bar = width): string {
  return ends
    .map(
      ([from, to], i) =>
        `M${(i * width).toFixed(1)} ${from.toFixed(1)}V${to.toFixed(1)}h${bar.toFixed(1)}V${from.toFixed(1)}z`,
    )
    .join("");
}
