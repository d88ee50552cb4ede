import { Vector } from "../vector";

/**
 * For the nine taps i, j of 0, 1, 2 and all channels k:
 * sums[i, j, k] += sum over p < rows, q < columns of x[p·strideHeight + i, q·strideWidth + j, ⌊k / multiplier⌋] · dy[p, q, k].
 *
 * @param sums f64, `tap` bytes from one tap to the next, `tapRow` from one row of taps to the next
 * @param x f32 [.., .., channels / multiplier], `xRow` bytes from one row to the next, zeros around it included
 * @param dy f32 [rows, columns, channels]
 *
 * A row's terms are summed in float32, the rows in float64. Nine taps at once: a value of dy is read once for nine products,
 * which wait for none of each other.
 */
export function addTaps(
  sums: usize,
  tap: usize,
  tapRow: usize,
  x: usize,
  xRow: usize,
  dy: usize,
  rows: usize,
  columns: usize,
  channels: usize,
  multiplier: usize,
  strideHeight: usize,
  strideWidth: usize,
): void {
  const pixel = (channels / multiplier) << 2;
  const step = strideWidth * pixel;
  const dyPixel = channels << 2;
  const vectors = multiplier == 1 ? channels & ~3 : 0;
  for (let p: usize = 0; p < rows; p++) {
    const row = x + p * strideHeight * xRow;
    const dyRow = dy + p * columns * dyPixel;
    let k: usize = 0;
    for (; k < vectors; k += 4) {
      addVector(sums + (k << 3), tap, tapRow, row + (k << 2), xRow, pixel, step, dyRow + (k << 2), columns, dyPixel);
    }
    for (; k < channels; k++) {
      const at = row + ((k / multiplier) << 2);
      for (let i: usize = 0; i < 3; i++) {
        addRow(sums + (k << 3) + i * tapRow, tap, at + i * xRow, pixel, step, dyRow + (k << 2), columns, dyPixel);
      }
    }
  }
}

/** One row of dy, four channels, nine taps. */
function addVector(
  sums: usize,
  tap: usize,
  tapRow: usize,
  x: usize,
  xRow: usize,
  pixel: usize,
  step: usize,
  dy: usize,
  columns: usize,
  dyPixel: usize,
): void {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  let i = a;
  const end = dy + columns * dyPixel;
  for (let first = x; dy < end; dy += dyPixel) {
    const value = v128.load(dy);
    const second = first + xRow;
    const third = second + xRow;
    a = f32x4.add(a, f32x4.mul(v128.load(first), value));
    b = f32x4.add(b, f32x4.mul(v128.load(first + pixel), value));
    c = f32x4.add(c, f32x4.mul(v128.load(first + 2 * pixel), value));
    d = f32x4.add(d, f32x4.mul(v128.load(second), value));
    e = f32x4.add(e, f32x4.mul(v128.load(second + pixel), value));
    f = f32x4.add(f, f32x4.mul(v128.load(second + 2 * pixel), value));
    g = f32x4.add(g, f32x4.mul(v128.load(third), value));
    h = f32x4.add(h, f32x4.mul(v128.load(third + pixel), value));
    i = f32x4.add(i, f32x4.mul(v128.load(third + 2 * pixel), value));
    first += step;
  }
  addThree(sums, tap, a, b, c);
  addThree(sums + tapRow, tap, d, e, f);
  addThree(sums + 2 * tapRow, tap, g, h, i);
}

function addThree(sums: usize, tap: usize, a: v128, b: v128, c: v128): void {
  addFour(sums, a);
  addFour(sums + tap, b);
  addFour(sums + 2 * tap, c);
}

function addFour(sums: usize, value: v128): void {
  v128.store(sums, f64x2.add(v128.load(sums), Vector.low(value)));
  v128.store(sums, f64x2.add(v128.load(sums, 16), Vector.high(value)), 16);
}

/** One row of dy, one channel, three taps. */
function addRow(
  sums: usize,
  tap: usize,
  x: usize,
  pixel: usize,
  step: usize,
  dy: usize,
  columns: usize,
  dyPixel: usize,
): void {
  let a: f32 = 0;
  let b: f32 = 0;
  let c: f32 = 0;
  const end = dy + columns * dyPixel;
  for (; dy < end; dy += dyPixel) {
    const value = load<f32>(dy);
    a += load<f32>(x) * value;
    b += load<f32>(x + pixel) * value;
    c += load<f32>(x + 2 * pixel) * value;
    x += step;
  }
  store<f64>(sums, load<f64>(sums) + <f64>a);
  store<f64>(sums + tap, load<f64>(sums + tap) + <f64>b);
  store<f64>(sums + 2 * tap, load<f64>(sums + 2 * tap) + <f64>c);
}
