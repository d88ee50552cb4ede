/**
 * The four operations in f64, one channel after the other: for statistics that float32 sums cannot give, and for channels
 * whose standard deviation is so large or small that float32 would overflow or underflow on the way. They are slower by an
 * order of magnitude, and rare. A channel is `batch` planes of `spatial` values; rows are planes of one value. Extents are those
 * of normalize.ts, statistics.ts and gradient.ts.
 */

/** mean and variance of channel `c`. */
export function statisticsFloat64(
  mean: usize,
  variance: usize,
  x: usize,
  c: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
): void {
  const first = x + ((c * spatial) << 2);
  const start = <f64>load<f32>(first);
  // A value of the channel as pivot, if it is finite: a constant channel then has variance 0 exactly.
  const pivot = start - start == 0 ? start : 0;
  let sum: f64 = 0;
  let squares: f64 = 0;
  for (let n: usize = 0; n < batch; n++) {
    const plane = first + ((n * channels * spatial) << 2);
    for (let p = plane, end = plane + (spatial << 2); p < end; p += 4) {
      const d = <f64>load<f32>(p) - pivot;
      sum += d;
      squares += d * d;
    }
  }
  const m = <f64>(batch * spatial);
  const shift = sum / m;
  const found = squares / m - shift * shift;
  store<f64>(mean + (c << 3), pivot + shift);
  // The comparison is false for NaN, which stays.
  store<f64>(variance + (c << 3), found < 0 ? 0 : found);
}

/** y = max((x - mean) * invstd * gamma + beta, floor). */
export function normalizeFloat64(
  y: usize,
  x: usize,
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  floor: f64,
): void {
  const delta = x - y;
  for (let i: usize = 0; i < batch * channels; i++) {
    const c = i % channels;
    const m = mean ? load<f64>(mean + (c << 3)) : 0;
    const scale = load<f64>(invstd + (c << 3)) * floatOr(gamma, c, 1);
    const shift = floatOr(beta, c, 0);
    for (const end = y + (spatial << 2); y < end; y += 4) {
      const value = (<f64>load<f32>(y + delta) - m) * scale + shift;
      store<f32>(y, <f32>(value < floor ? floor : value));
    }
  }
}

/**
 * For the channels in [from, to). Without dx (0): dbeta = sum(dy), dgamma = sum(dy * xhat) are written. With it they are read:
 * dx = gamma * invstd * (dy - dbeta / m - xhat * dgamma / m), or gamma * invstd * dy where dgamma is absent (0).
 */
export function gradientFloat64(
  dx: usize,
  dy: usize,
  x: usize,
  mean: usize,
  invstd: usize,
  gamma: usize,
  beta: usize,
  dgamma: usize,
  dbeta: usize,
  batch: usize,
  channels: usize,
  spatial: usize,
  count: f64,
  relu: bool,
  from: usize,
  to: usize,
): void {
  for (let c = from; c < to; c++) {
    const m = load<f64>(mean + (c << 3));
    const s = load<f64>(invstd + (c << 3));
    const g = floatOr(gamma, c, 1);
    const b = floatOr(beta, c, 0);
    let first = dx && dgamma ? load<f64>(dbeta + (c << 3)) / count : 0;
    let second = dx && dgamma ? load<f64>(dgamma + (c << 3)) / count : 0;
    for (let n: usize = 0; n < batch; n++) {
      const plane = ((n * channels + c) * spatial) << 2;
      for (let p = plane; p < plane + (spatial << 2); p += 4) {
        const xhat = (<f64>load<f32>(x + p) - m) * s;
        const passed = relu && xhat * g + b <= 0 ? 0 : <f64>load<f32>(dy + p);
        if (dx) {
          store<f32>(dx + p, <f32>((second == 0 ? passed - first : passed - first - xhat * second) * g * s));
        } else {
          first += passed;
          second += passed * xhat;
        }
      }
    }
    if (!dx) {
      store<f64>(dbeta + (c << 3), first);
      store<f64>(dgamma + (c << 3), second);
    }
  }
}

/** The float of channel `c`, or `absent` where there is none. */
function floatOr(floats: usize, c: usize, absent: f64): f64 {
  return floats ? <f64>load<f32>(floats + (c << 2)) : absent;
}
