import type { Shape4 } from "./geometry.js";

/**
 * Writes x, [n, h, w, c] of shape `from`, into `result` of shape `to`, `top` rows and `left` columns from its corner,
 * with zeros around. Values that do not fit are left out.
 */
export function surround(
  result: Float32Array,
  x: Float32Array,
  to: Shape4,
  from: Shape4,
  top: number,
  left: number,
): void {
  const [batch, height, width, channels] = to;
  const [, inHeight, inWidth] = from;
  const [first, end] = [Math.max(0, -left), Math.min(inWidth, width - left)];
  result.fill(0);
  if (end <= first) return;
  for (let n = 0; n < batch; n++) {
    for (let h = Math.max(0, -top); h < Math.min(inHeight, height - top); h++) {
      const at = ((n * height + h + top) * width + first + left) * channels;
      const row = (n * inHeight + h) * inWidth;
      result.set(x.subarray((row + first) * channels, (row + end) * channels), at);
    }
  }
}
