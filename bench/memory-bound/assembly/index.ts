// Loops that read and write memory with almost no arithmetic. Lengths are in bytes and multiples of 16.
// These variants were tried. The figures are GB/s at 21 KB, 0.8 MB, 6.4 MB and 26 MB, from minima of interleaved rounds
// (AMD EPYC, Node.js 20.20.2, November 2026).
//   read   1 accumulator    20  20  20  20      copy   1 per iteration  40  44  42  20.5
//          2                38  39  39  37             2                 49  47  44  19.9
//          4                74  75  78  50             4                 49  47  44  19.8
//          8               100  86  96  51             8                 49  48  45  19.6
//          12              101  87  98  52             memory.copy       47  48  45  18.9
//          8, two halves   100  92  98  55
// Copies of two or more vectors per iteration are equally fast. Only at 6.4 MB four loads before four stores are 6 %
// faster.

/** Returns the sum of all values. It reads both halves of the buffer side by side. */
export function read(x: usize, bytes: usize): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  const half = (bytes / 128) * 64;
  const end = x + bytes;
  const middle = x + half;
  let z = middle;
  while (x < middle) {
    a = f32x4.add(a, v128.load(x));
    b = f32x4.add(b, v128.load(z));
    c = f32x4.add(c, v128.load(x, 16));
    d = f32x4.add(d, v128.load(z, 16));
    e = f32x4.add(e, v128.load(x, 32));
    f = f32x4.add(f, v128.load(z, 32));
    g = f32x4.add(g, v128.load(x, 48));
    h = f32x4.add(h, v128.load(z, 48));
    x += 64;
    z += 64;
  }
  for (; z < end; z += 16) a = f32x4.add(a, v128.load(z));
  a = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)));
  return f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3);
}

/** Copies bytes from x to y. */
export function copy(y: usize, x: usize, bytes: usize): void {
  const end = x + bytes;
  const turns = x + (bytes & ~63);
  while (x < turns) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    const c = v128.load(x, 32);
    const d = v128.load(x, 48);
    v128.store(y, a);
    v128.store(y, b, 16);
    v128.store(y, c, 32);
    v128.store(y, d, 48);
    x += 64;
    y += 64;
  }
  while (x < end) {
    v128.store(y, v128.load(x));
    x += 16;
    y += 16;
  }
}

/** y = max(y + residual, 0), as a program computes it after a normalization. */
export function addRelu(y: usize, residual: usize, bytes: usize): void {
  const zero = f32x4.splat(0);
  const end = y + bytes;
  const turns = y + (bytes & ~31);
  for (; y < turns; y += 32, residual += 32) {
    const a = f32x4.add(v128.load(y), v128.load(residual));
    const b = f32x4.add(v128.load(y, 16), v128.load(residual, 16));
    v128.store(y, f32x4.max(a, zero));
    v128.store(y, f32x4.max(b, zero), 16);
  }
  for (; y < end; y += 16, residual += 16) {
    v128.store(y, f32x4.max(f32x4.add(v128.load(y), v128.load(residual)), zero));
  }
}

/** dz = dy where y is positive, else 0. */
export function mask(dz: usize, dy: usize, y: usize, bytes: usize): void {
  const zero = f32x4.splat(0);
  const end = y + bytes;
  const turns = y + (bytes & ~31);
  for (; y < turns; y += 32, dy += 32, dz += 32) {
    const a = v128.and(v128.load(dy), f32x4.gt(v128.load(y), zero));
    const b = v128.and(v128.load(dy, 16), f32x4.gt(v128.load(y, 16), zero));
    v128.store(dz, a);
    v128.store(dz, b, 16);
  }
  for (; y < end; y += 16, dy += 16, dz += 16) {
    v128.store(dz, v128.and(v128.load(dy), f32x4.gt(v128.load(y), zero)));
  }
}
