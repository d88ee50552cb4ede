import { SCALE, SHIFT } from "./slots.js";

/**
 * Tiles of 32 (TILE) columns, from the row at x down to the index `end` of f: what is stored for each value, with the
 * columns' coefficients in variables. `toDy` and `toOut` are the ways from x to dy and to the output, `at` is the tile's
 * first MEAN. Tiles of 16 columns, of one line of the cache a row, take 1.3 times as long beyond the second cache.
 */

/** y = (x - mean) * scale + shift. */
// biome-ignore format: a column a line
export function normalize(
  f: Float32Array, k: Float64Array, x: number, end: number, _toDy: number, toOut: number, at: number, pitch: number,
  columns: number,
): void {
  const scale = at + SCALE * pitch;
  const shift = at + SHIFT * pitch;
  const m0 = k[at], s0 = k[scale], b0 = k[shift];
  const m1 = k[at + 1], s1 = k[scale + 1], b1 = k[shift + 1];
  const m2 = k[at + 2], s2 = k[scale + 2], b2 = k[shift + 2];
  const m3 = k[at + 3], s3 = k[scale + 3], b3 = k[shift + 3];
  const m4 = k[at + 4], s4 = k[scale + 4], b4 = k[shift + 4];
  const m5 = k[at + 5], s5 = k[scale + 5], b5 = k[shift + 5];
  const m6 = k[at + 6], s6 = k[scale + 6], b6 = k[shift + 6];
  const m7 = k[at + 7], s7 = k[scale + 7], b7 = k[shift + 7];
  const m8 = k[at + 8], s8 = k[scale + 8], b8 = k[shift + 8];
  const m9 = k[at + 9], s9 = k[scale + 9], b9 = k[shift + 9];
  const m10 = k[at + 10], s10 = k[scale + 10], b10 = k[shift + 10];
  const m11 = k[at + 11], s11 = k[scale + 11], b11 = k[shift + 11];
  const m12 = k[at + 12], s12 = k[scale + 12], b12 = k[shift + 12];
  const m13 = k[at + 13], s13 = k[scale + 13], b13 = k[shift + 13];
  const m14 = k[at + 14], s14 = k[scale + 14], b14 = k[shift + 14];
  const m15 = k[at + 15], s15 = k[scale + 15], b15 = k[shift + 15];
  const m16 = k[at + 16], s16 = k[scale + 16], b16 = k[shift + 16];
  const m17 = k[at + 17], s17 = k[scale + 17], b17 = k[shift + 17];
  const m18 = k[at + 18], s18 = k[scale + 18], b18 = k[shift + 18];
  const m19 = k[at + 19], s19 = k[scale + 19], b19 = k[shift + 19];
  const m20 = k[at + 20], s20 = k[scale + 20], b20 = k[shift + 20];
  const m21 = k[at + 21], s21 = k[scale + 21], b21 = k[shift + 21];
  const m22 = k[at + 22], s22 = k[scale + 22], b22 = k[shift + 22];
  const m23 = k[at + 23], s23 = k[scale + 23], b23 = k[shift + 23];
  const m24 = k[at + 24], s24 = k[scale + 24], b24 = k[shift + 24];
  const m25 = k[at + 25], s25 = k[scale + 25], b25 = k[shift + 25];
  const m26 = k[at + 26], s26 = k[scale + 26], b26 = k[shift + 26];
  const m27 = k[at + 27], s27 = k[scale + 27], b27 = k[shift + 27];
  const m28 = k[at + 28], s28 = k[scale + 28], b28 = k[shift + 28];
  const m29 = k[at + 29], s29 = k[scale + 29], b29 = k[shift + 29];
  const m30 = k[at + 30], s30 = k[scale + 30], b30 = k[shift + 30];
  const m31 = k[at + 31], s31 = k[scale + 31], b31 = k[shift + 31];
  let i = x & 0x3fffffff;
  for (; i < end; i = (i + columns) & 0x3fffffff) {
    const out = (i + toOut) & 0x3fffffff;
    f[out] = (f[i] - m0) * s0 + b0;
    f[out + 1] = (f[i + 1] - m1) * s1 + b1;
    f[out + 2] = (f[i + 2] - m2) * s2 + b2;
    f[out + 3] = (f[i + 3] - m3) * s3 + b3;
    f[out + 4] = (f[i + 4] - m4) * s4 + b4;
    f[out + 5] = (f[i + 5] - m5) * s5 + b5;
    f[out + 6] = (f[i + 6] - m6) * s6 + b6;
    f[out + 7] = (f[i + 7] - m7) * s7 + b7;
    f[out + 8] = (f[i + 8] - m8) * s8 + b8;
    f[out + 9] = (f[i + 9] - m9) * s9 + b9;
    f[out + 10] = (f[i + 10] - m10) * s10 + b10;
    f[out + 11] = (f[i + 11] - m11) * s11 + b11;
    f[out + 12] = (f[i + 12] - m12) * s12 + b12;
    f[out + 13] = (f[i + 13] - m13) * s13 + b13;
    f[out + 14] = (f[i + 14] - m14) * s14 + b14;
    f[out + 15] = (f[i + 15] - m15) * s15 + b15;
    f[out + 16] = (f[i + 16] - m16) * s16 + b16;
    f[out + 17] = (f[i + 17] - m17) * s17 + b17;
    f[out + 18] = (f[i + 18] - m18) * s18 + b18;
    f[out + 19] = (f[i + 19] - m19) * s19 + b19;
    f[out + 20] = (f[i + 20] - m20) * s20 + b20;
    f[out + 21] = (f[i + 21] - m21) * s21 + b21;
    f[out + 22] = (f[i + 22] - m22) * s22 + b22;
    f[out + 23] = (f[i + 23] - m23) * s23 + b23;
    f[out + 24] = (f[i + 24] - m24) * s24 + b24;
    f[out + 25] = (f[i + 25] - m25) * s25 + b25;
    f[out + 26] = (f[i + 26] - m26) * s26 + b26;
    f[out + 27] = (f[i + 27] - m27) * s27 + b27;
    f[out + 28] = (f[i + 28] - m28) * s28 + b28;
    f[out + 29] = (f[i + 29] - m29) * s29 + b29;
    f[out + 30] = (f[i + 30] - m30) * s30 + b30;
    f[out + 31] = (f[i + 31] - m31) * s31 + b31;
  }
}

/** max(y, 0), which keeps a NaN. */
// biome-ignore format: a column a line
export function normalizeRelu(
  f: Float32Array, k: Float64Array, x: number, end: number, _toDy: number, toOut: number, at: number, pitch: number,
  columns: number,
): void {
  const scale = at + SCALE * pitch;
  const shift = at + SHIFT * pitch;
  const m0 = k[at], s0 = k[scale], b0 = k[shift];
  const m1 = k[at + 1], s1 = k[scale + 1], b1 = k[shift + 1];
  const m2 = k[at + 2], s2 = k[scale + 2], b2 = k[shift + 2];
  const m3 = k[at + 3], s3 = k[scale + 3], b3 = k[shift + 3];
  const m4 = k[at + 4], s4 = k[scale + 4], b4 = k[shift + 4];
  const m5 = k[at + 5], s5 = k[scale + 5], b5 = k[shift + 5];
  const m6 = k[at + 6], s6 = k[scale + 6], b6 = k[shift + 6];
  const m7 = k[at + 7], s7 = k[scale + 7], b7 = k[shift + 7];
  const m8 = k[at + 8], s8 = k[scale + 8], b8 = k[shift + 8];
  const m9 = k[at + 9], s9 = k[scale + 9], b9 = k[shift + 9];
  const m10 = k[at + 10], s10 = k[scale + 10], b10 = k[shift + 10];
  const m11 = k[at + 11], s11 = k[scale + 11], b11 = k[shift + 11];
  const m12 = k[at + 12], s12 = k[scale + 12], b12 = k[shift + 12];
  const m13 = k[at + 13], s13 = k[scale + 13], b13 = k[shift + 13];
  const m14 = k[at + 14], s14 = k[scale + 14], b14 = k[shift + 14];
  const m15 = k[at + 15], s15 = k[scale + 15], b15 = k[shift + 15];
  const m16 = k[at + 16], s16 = k[scale + 16], b16 = k[shift + 16];
  const m17 = k[at + 17], s17 = k[scale + 17], b17 = k[shift + 17];
  const m18 = k[at + 18], s18 = k[scale + 18], b18 = k[shift + 18];
  const m19 = k[at + 19], s19 = k[scale + 19], b19 = k[shift + 19];
  const m20 = k[at + 20], s20 = k[scale + 20], b20 = k[shift + 20];
  const m21 = k[at + 21], s21 = k[scale + 21], b21 = k[shift + 21];
  const m22 = k[at + 22], s22 = k[scale + 22], b22 = k[shift + 22];
  const m23 = k[at + 23], s23 = k[scale + 23], b23 = k[shift + 23];
  const m24 = k[at + 24], s24 = k[scale + 24], b24 = k[shift + 24];
  const m25 = k[at + 25], s25 = k[scale + 25], b25 = k[shift + 25];
  const m26 = k[at + 26], s26 = k[scale + 26], b26 = k[shift + 26];
  const m27 = k[at + 27], s27 = k[scale + 27], b27 = k[shift + 27];
  const m28 = k[at + 28], s28 = k[scale + 28], b28 = k[shift + 28];
  const m29 = k[at + 29], s29 = k[scale + 29], b29 = k[shift + 29];
  const m30 = k[at + 30], s30 = k[scale + 30], b30 = k[shift + 30];
  const m31 = k[at + 31], s31 = k[scale + 31], b31 = k[shift + 31];
  let i = x & 0x3fffffff;
  for (; i < end; i = (i + columns) & 0x3fffffff) {
    const out = (i + toOut) & 0x3fffffff;
    const y0 = (f[i] - m0) * s0 + b0; f[out] = y0 < 0 ? 0 : y0;
    const y1 = (f[i + 1] - m1) * s1 + b1; f[out + 1] = y1 < 0 ? 0 : y1;
    const y2 = (f[i + 2] - m2) * s2 + b2; f[out + 2] = y2 < 0 ? 0 : y2;
    const y3 = (f[i + 3] - m3) * s3 + b3; f[out + 3] = y3 < 0 ? 0 : y3;
    const y4 = (f[i + 4] - m4) * s4 + b4; f[out + 4] = y4 < 0 ? 0 : y4;
    const y5 = (f[i + 5] - m5) * s5 + b5; f[out + 5] = y5 < 0 ? 0 : y5;
    const y6 = (f[i + 6] - m6) * s6 + b6; f[out + 6] = y6 < 0 ? 0 : y6;
    const y7 = (f[i + 7] - m7) * s7 + b7; f[out + 7] = y7 < 0 ? 0 : y7;
    const y8 = (f[i + 8] - m8) * s8 + b8; f[out + 8] = y8 < 0 ? 0 : y8;
    const y9 = (f[i + 9] - m9) * s9 + b9; f[out + 9] = y9 < 0 ? 0 : y9;
    const y10 = (f[i + 10] - m10) * s10 + b10; f[out + 10] = y10 < 0 ? 0 : y10;
    const y11 = (f[i + 11] - m11) * s11 + b11; f[out + 11] = y11 < 0 ? 0 : y11;
    const y12 = (f[i + 12] - m12) * s12 + b12; f[out + 12] = y12 < 0 ? 0 : y12;
    const y13 = (f[i + 13] - m13) * s13 + b13; f[out + 13] = y13 < 0 ? 0 : y13;
    const y14 = (f[i + 14] - m14) * s14 + b14; f[out + 14] = y14 < 0 ? 0 : y14;
    const y15 = (f[i + 15] - m15) * s15 + b15; f[out + 15] = y15 < 0 ? 0 : y15;
    const y16 = (f[i + 16] - m16) * s16 + b16; f[out + 16] = y16 < 0 ? 0 : y16;
    const y17 = (f[i + 17] - m17) * s17 + b17; f[out + 17] = y17 < 0 ? 0 : y17;
    const y18 = (f[i + 18] - m18) * s18 + b18; f[out + 18] = y18 < 0 ? 0 : y18;
    const y19 = (f[i + 19] - m19) * s19 + b19; f[out + 19] = y19 < 0 ? 0 : y19;
    const y20 = (f[i + 20] - m20) * s20 + b20; f[out + 20] = y20 < 0 ? 0 : y20;
    const y21 = (f[i + 21] - m21) * s21 + b21; f[out + 21] = y21 < 0 ? 0 : y21;
    const y22 = (f[i + 22] - m22) * s22 + b22; f[out + 22] = y22 < 0 ? 0 : y22;
    const y23 = (f[i + 23] - m23) * s23 + b23; f[out + 23] = y23 < 0 ? 0 : y23;
    const y24 = (f[i + 24] - m24) * s24 + b24; f[out + 24] = y24 < 0 ? 0 : y24;
    const y25 = (f[i + 25] - m25) * s25 + b25; f[out + 25] = y25 < 0 ? 0 : y25;
    const y26 = (f[i + 26] - m26) * s26 + b26; f[out + 26] = y26 < 0 ? 0 : y26;
    const y27 = (f[i + 27] - m27) * s27 + b27; f[out + 27] = y27 < 0 ? 0 : y27;
    const y28 = (f[i + 28] - m28) * s28 + b28; f[out + 28] = y28 < 0 ? 0 : y28;
    const y29 = (f[i + 29] - m29) * s29 + b29; f[out + 29] = y29 < 0 ? 0 : y29;
    const y30 = (f[i + 30] - m30) * s30 + b30; f[out + 30] = y30 < 0 ? 0 : y30;
    const y31 = (f[i + 31] - m31) * s31 + b31; f[out + 31] = y31 < 0 ? 0 : y31;
  }
}
