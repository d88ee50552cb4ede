/**
 * The gradients of convolutions by index arithmetic in float64, NHWC. Slow and plain on purpose. It imports nothing, so
 * that it can disagree with the library.
 */

export interface Convolution {
  /** [n, h, w, c] */
  x: [number, number, number, number];
  /** [i, j, c, k], or [i, j, c, m] where `depthwise`: y has channels c·M + m. */
  filter: [number, number, number, number];
  /** [n, p, q, k] */
  y: [number, number, number, number];
  strides: [number, number];
  /** Zeros before the first row and column. */
  before: [number, number];
  depthwise?: boolean;
}

export interface Gradients {
  dx: Float64Array;
  dFilter: Float64Array;
}

/** Zeros before the first row or column of an axis. */
export function paddingBefore(
  pad: "same" | "valid" | number | [number, number][],
  axis: 1 | 2,
  extent: number,
  filter: number,
  stride: number,
): number {
  if (pad === "same") {
    return Math.floor(Math.max(0, (Math.ceil(extent / stride) - 1) * stride + filter - extent) / 2);
  }
  return pad === "valid" ? 0 : typeof pad === "number" ? pad : pad[axis][0];
}

/** Calls `visit` with the indices of each product x·filter that y is a sum of. */
function eachProduct(conv: Convolution, visit: (x: number, filter: number, y: number) => void): void {
  const [batch, inHeight, inWidth, inChannels] = conv.x;
  const [filterHeight, filterWidth, , filterChannels] = conv.filter;
  const [, outHeight, outWidth, outChannels] = conv.y;
  for (let n = 0; n < batch; n++) {
    for (let p = 0; p < outHeight; p++) {
      for (let q = 0; q < outWidth; q++) {
        for (let i = 0; i < filterHeight; i++) {
          for (let j = 0; j < filterWidth; j++) {
            const h = p * conv.strides[0] + i - conv.before[0];
            const w = q * conv.strides[1] + j - conv.before[1];
            if (h < 0 || h >= inHeight || w < 0 || w >= inWidth) {
              continue;
            }
            for (let c = 0; c < inChannels; c++) {
              for (let k = 0; k < filterChannels; k++) {
                const channel = conv.depthwise ? c * filterChannels + k : k;
                visit(
                  ((n * inHeight + h) * inWidth + w) * inChannels + c,
                  ((i * filterWidth + j) * inChannels + c) * filterChannels + k,
                  ((n * outHeight + p) * outWidth + q) * outChannels + channel,
                );
              }
            }
          }
        }
      }
    }
  }
}

export function gradients(conv: Convolution, x: Float32Array, filter: Float32Array, dy: Float32Array): Gradients {
  const dx = new Float64Array(x.length);
  const dFilter = new Float64Array(filter.length);
  eachProduct(conv, (atX, atFilter, atY) => {
    dx[atX] += filter[atFilter] * dy[atY];
    dFilter[atFilter] += x[atX] * dy[atY];
  });
  return { dx, dFilter };
}
