/**
 * Convolutions and poolings over up to three axes, and their gradients, by index arithmetic in float64, channels last. Slow
 * and plain on purpose. It imports nothing, so that it can disagree with the library and with TensorFlow.js.
 */

export type Rounding = "floor" | "round" | "ceil" | undefined;
export type Pad = "same" | "valid" | number | [number, number][];
type Values = ArrayLike<number>;

/** One axis: `count` windows of `size` values, `dilation` apart, begin `stride` apart, the first at -before. */
export interface Axis {
  extent: number;
  count: number;
  size: number;
  stride: number;
  dilation: number;
  before: number;
}

export interface Windows {
  batch: number;
  axes: [Axis, Axis, Axis];
}

/** The same for all values along an axis: an axis that is not there. */
export const noAxis: Axis = { extent: 1, count: 1, size: 1, stride: 1, dilation: 1, before: 0 };

const round = (value: number, rounding: Rounding) => Math[rounding ?? "trunc"](value);

/**
 * The two axes of an operation over height and width. TensorFlow.js takes the filter's height and the stride along it for
 * both axes where the padding is a number.
 */
export function twoAxes(
  extents: readonly [number, number],
  sizes: readonly [number, number],
  strides: readonly [number, number],
  pad: Pad,
  rounding: Rounding = undefined,
  dilation = 1,
): [Axis, Axis, Axis] {
  const spans = sizes.map((size) => (size - 1) * dilation + 1);
  const axis = (i: 0 | 1): Axis => {
    const [extent, span, stride] = [extents[i], spans[i], strides[i]];
    const base = { extent, size: sizes[i], stride, dilation };
    if (pad === "valid") return { ...base, before: 0, count: Math.ceil((extent - span + 1) / stride) };
    if (pad === "same") {
      const count = Math.ceil(extent / stride);
      return { ...base, count, before: Math.floor(Math.max(0, (count - 1) * stride + span - extent) / 2) };
    }
    if (typeof pad === "number") {
      return { ...base, before: pad, count: round((extent - spans[0] + 2 * pad) / strides[0] + 1, rounding) };
    }
    const [before, after] = pad[i + 1];
    return { ...base, before, count: round((extent - span + before + after) / stride + 1, rounding) };
  };
  return [noAxis, axis(0), axis(1)];
}

/** The three axes of an operation over depth, height and width; with "same" x may be unused at its beginning too. */
export function threeAxes(
  extents: readonly number[],
  sizes: readonly number[],
  strides: readonly number[],
  pad: "same" | "valid" | number,
  rounding: Rounding = undefined,
): [Axis, Axis, Axis] {
  return [0, 1, 2].map((i): Axis => {
    const [extent, size, stride] = [extents[i], sizes[i], strides[i]];
    const base = { extent, size, stride, dilation: 1 };
    if (pad === "same") {
      const count = Math.ceil(extent / stride);
      return { ...base, count, before: Math.floor(((count - 1) * stride + size - extent) / 2) };
    }
    const before = pad === "valid" ? 0 : pad;
    return { ...base, before, count: round((extent - size + 2 * before) / stride + 1, rounding) };
  }) as [Axis, Axis, Axis];
}

/** Calls `visit` for each position of y with the position, tap and place of each of its values in x, in order. */
function eachWindow(w: Windows, visit: (y: number, taps: { x: number; tap: number }[]) => void): void {
  const [d, h, v] = w.axes;
  let y = 0;
  for (let n = 0; n < w.batch; n++) {
    for (let p = 0; p < d.count; p++) {
      for (let q = 0; q < h.count; q++) {
        for (let r = 0; r < v.count; r++, y++) {
          const taps: { x: number; tap: number }[] = [];
          for (let i = 0; i < d.size; i++) {
            for (let j = 0; j < h.size; j++) {
              for (let k = 0; k < v.size; k++) {
                const at = [p, q, r].map((position, axis) => {
                  const { stride, dilation, before } = w.axes[axis];
                  return position * stride + [i, j, k][axis] * dilation - before;
                });
                if (at.some((value, axis) => value < 0 || value >= w.axes[axis].extent)) continue;
                const x = ((n * d.extent + at[0]) * h.extent + at[1]) * v.extent + at[2];
                taps.push({ x, tap: (i * h.size + j) * v.size + k });
              }
            }
          }
          visit(y, taps);
        }
      }
    }
  }
}

export const positions = (w: Windows): number => w.axes.reduce((product, { count }) => product * count, w.batch);

/** Channels of x and y; depthwise: y has `filter` channels for each of x's, else filter = y. */
export interface Channels {
  x: number;
  y: number;
  depthwise?: boolean;
}

/** Calls `visit` with the indices of each product x·filter that y is a sum of. */
function eachProduct(w: Windows, c: Channels, visit: (x: number, filter: number, y: number) => void): void {
  const perInput = c.depthwise ? c.y / c.x : c.y;
  eachWindow(w, (y, taps) => {
    for (const { x, tap } of taps) {
      for (let i = 0; i < c.x; i++) {
        for (let o = 0; o < perInput; o++) {
          visit(x * c.x + i, (tap * c.x + i) * perInput + o, y * c.y + (c.depthwise ? i * perInput + o : o));
        }
      }
    }
  });
}

export function convolve(w: Windows, c: Channels, x: Values, filter: Values): Float64Array {
  const y = new Float64Array(positions(w) * c.y);
  eachProduct(w, c, (atX, atFilter, atY) => {
    y[atY] += x[atX] * filter[atFilter];
  });
  return y;
}

export function convolutionGradients(w: Windows, c: Channels, x: Values, filter: Values, dy: Values) {
  const dx = new Float64Array(x.length);
  const dFilter = new Float64Array(filter.length);
  eachProduct(w, c, (atX, atFilter, atY) => {
    dx[atX] += filter[atFilter] * dy[atY];
    dFilter[atFilter] += x[atX] * dy[atY];
  });
  return { dx, dFilter };
}

/** The maximum of each window, its gradient to the first of equal values; -Infinity and none where a window is empty. */
export function maxPool(w: Windows, channels: number, x: Values, dy: Values) {
  const y = new Float64Array(positions(w) * channels).fill(Number.NEGATIVE_INFINITY);
  const dx = new Float64Array(x.length);
  eachWindow(w, (position, taps) => {
    for (let c = 0; c < channels; c++) {
      const values = taps.map(({ x: at }) => x[at * channels + c]);
      if (values.length === 0) continue;
      const largest = Math.max(...values);
      y[position * channels + c] = largest;
      dx[taps[values.indexOf(largest)].x * channels + c] += dy[position * channels + c];
    }
  });
  return { y, dx };
}

/** The mean of what of each window lies in x, NaN where it is empty. */
export function avgPool(w: Windows, channels: number, x: Values, dy: Values) {
  const y = new Float64Array(positions(w) * channels);
  const dx = new Float64Array(x.length);
  eachWindow(w, (position, taps) => {
    for (let c = 0; c < channels; c++) {
      const at = position * channels + c;
      y[at] = taps.reduce((sum, { x: value }) => sum + x[value * channels + c], 0) / taps.length;
      for (const { x: value } of taps) dx[value * channels + c] += dy[at] / taps.length;
    }
  });
  return { y, dx };
}
