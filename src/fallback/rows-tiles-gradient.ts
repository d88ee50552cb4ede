import { OFFSET, SCALE, SHIFT, SLOPE, VANISHING } from "./slots.js";

/** Tiles as in rows-tiles.ts. */

/** dx = (dy - offset - (x - mean) * slope) * scale. */
// biome-ignore format: a column a line
export function inputGradient(
  f: Float32Array, k: Float64Array, x: number, end: number, toDy: number, toOut: number, at: number, pitch: number,
  columns: number,
): void {
  const scale = at + SCALE * pitch;
  const offset = at + OFFSET * pitch;
  const slope = at + SLOPE * pitch;
  const m0 = k[at], s0 = k[scale], o0 = k[offset], q0 = k[slope];
  const m1 = k[at + 1], s1 = k[scale + 1], o1 = k[offset + 1], q1 = k[slope + 1];
  const m2 = k[at + 2], s2 = k[scale + 2], o2 = k[offset + 2], q2 = k[slope + 2];
  const m3 = k[at + 3], s3 = k[scale + 3], o3 = k[offset + 3], q3 = k[slope + 3];
  const m4 = k[at + 4], s4 = k[scale + 4], o4 = k[offset + 4], q4 = k[slope + 4];
  const m5 = k[at + 5], s5 = k[scale + 5], o5 = k[offset + 5], q5 = k[slope + 5];
  const m6 = k[at + 6], s6 = k[scale + 6], o6 = k[offset + 6], q6 = k[slope + 6];
  const m7 = k[at + 7], s7 = k[scale + 7], o7 = k[offset + 7], q7 = k[slope + 7];
  const m8 = k[at + 8], s8 = k[scale + 8], o8 = k[offset + 8], q8 = k[slope + 8];
  const m9 = k[at + 9], s9 = k[scale + 9], o9 = k[offset + 9], q9 = k[slope + 9];
  const m10 = k[at + 10], s10 = k[scale + 10], o10 = k[offset + 10], q10 = k[slope + 10];
  const m11 = k[at + 11], s11 = k[scale + 11], o11 = k[offset + 11], q11 = k[slope + 11];
  const m12 = k[at + 12], s12 = k[scale + 12], o12 = k[offset + 12], q12 = k[slope + 12];
  const m13 = k[at + 13], s13 = k[scale + 13], o13 = k[offset + 13], q13 = k[slope + 13];
  const m14 = k[at + 14], s14 = k[scale + 14], o14 = k[offset + 14], q14 = k[slope + 14];
  const m15 = k[at + 15], s15 = k[scale + 15], o15 = k[offset + 15], q15 = k[slope + 15];
  const m16 = k[at + 16], s16 = k[scale + 16], o16 = k[offset + 16], q16 = k[slope + 16];
  const m17 = k[at + 17], s17 = k[scale + 17], o17 = k[offset + 17], q17 = k[slope + 17];
  const m18 = k[at + 18], s18 = k[scale + 18], o18 = k[offset + 18], q18 = k[slope + 18];
  const m19 = k[at + 19], s19 = k[scale + 19], o19 = k[offset + 19], q19 = k[slope + 19];
  const m20 = k[at + 20], s20 = k[scale + 20], o20 = k[offset + 20], q20 = k[slope + 20];
  const m21 = k[at + 21], s21 = k[scale + 21], o21 = k[offset + 21], q21 = k[slope + 21];
  const m22 = k[at + 22], s22 = k[scale + 22], o22 = k[offset + 22], q22 = k[slope + 22];
  const m23 = k[at + 23], s23 = k[scale + 23], o23 = k[offset + 23], q23 = k[slope + 23];
  const m24 = k[at + 24], s24 = k[scale + 24], o24 = k[offset + 24], q24 = k[slope + 24];
  const m25 = k[at + 25], s25 = k[scale + 25], o25 = k[offset + 25], q25 = k[slope + 25];
  const m26 = k[at + 26], s26 = k[scale + 26], o26 = k[offset + 26], q26 = k[slope + 26];
  const m27 = k[at + 27], s27 = k[scale + 27], o27 = k[offset + 27], q27 = k[slope + 27];
  const m28 = k[at + 28], s28 = k[scale + 28], o28 = k[offset + 28], q28 = k[slope + 28];
  const m29 = k[at + 29], s29 = k[scale + 29], o29 = k[offset + 29], q29 = k[slope + 29];
  const m30 = k[at + 30], s30 = k[scale + 30], o30 = k[offset + 30], q30 = k[slope + 30];
  const m31 = k[at + 31], s31 = k[scale + 31], o31 = k[offset + 31], q31 = k[slope + 31];
  let i = x & 0x3fffffff;
  for (; i < end; i = (i + columns) & 0x3fffffff) {
    const j = (i + toDy) & 0x3fffffff;
    const out = (i + toOut) & 0x3fffffff;
    f[out] = ((f[j] - o0) - (f[i] - m0) * q0) * s0;
    f[out + 1] = ((f[j + 1] - o1) - (f[i + 1] - m1) * q1) * s1;
    f[out + 2] = ((f[j + 2] - o2) - (f[i + 2] - m2) * q2) * s2;
    f[out + 3] = ((f[j + 3] - o3) - (f[i + 3] - m3) * q3) * s3;
    f[out + 4] = ((f[j + 4] - o4) - (f[i + 4] - m4) * q4) * s4;
    f[out + 5] = ((f[j + 5] - o5) - (f[i + 5] - m5) * q5) * s5;
    f[out + 6] = ((f[j + 6] - o6) - (f[i + 6] - m6) * q6) * s6;
    f[out + 7] = ((f[j + 7] - o7) - (f[i + 7] - m7) * q7) * s7;
    f[out + 8] = ((f[j + 8] - o8) - (f[i + 8] - m8) * q8) * s8;
    f[out + 9] = ((f[j + 9] - o9) - (f[i + 9] - m9) * q9) * s9;
    f[out + 10] = ((f[j + 10] - o10) - (f[i + 10] - m10) * q10) * s10;
    f[out + 11] = ((f[j + 11] - o11) - (f[i + 11] - m11) * q11) * s11;
    f[out + 12] = ((f[j + 12] - o12) - (f[i + 12] - m12) * q12) * s12;
    f[out + 13] = ((f[j + 13] - o13) - (f[i + 13] - m13) * q13) * s13;
    f[out + 14] = ((f[j + 14] - o14) - (f[i + 14] - m14) * q14) * s14;
    f[out + 15] = ((f[j + 15] - o15) - (f[i + 15] - m15) * q15) * s15;
    f[out + 16] = ((f[j + 16] - o16) - (f[i + 16] - m16) * q16) * s16;
    f[out + 17] = ((f[j + 17] - o17) - (f[i + 17] - m17) * q17) * s17;
    f[out + 18] = ((f[j + 18] - o18) - (f[i + 18] - m18) * q18) * s18;
    f[out + 19] = ((f[j + 19] - o19) - (f[i + 19] - m19) * q19) * s19;
    f[out + 20] = ((f[j + 20] - o20) - (f[i + 20] - m20) * q20) * s20;
    f[out + 21] = ((f[j + 21] - o21) - (f[i + 21] - m21) * q21) * s21;
    f[out + 22] = ((f[j + 22] - o22) - (f[i + 22] - m22) * q22) * s22;
    f[out + 23] = ((f[j + 23] - o23) - (f[i + 23] - m23) * q23) * s23;
    f[out + 24] = ((f[j + 24] - o24) - (f[i + 24] - m24) * q24) * s24;
    f[out + 25] = ((f[j + 25] - o25) - (f[i + 25] - m25) * q25) * s25;
    f[out + 26] = ((f[j + 26] - o26) - (f[i + 26] - m26) * q26) * s26;
    f[out + 27] = ((f[j + 27] - o27) - (f[i + 27] - m27) * q27) * s27;
    f[out + 28] = ((f[j + 28] - o28) - (f[i + 28] - m28) * q28) * s28;
    f[out + 29] = ((f[j + 29] - o29) - (f[i + 29] - m29) * q29) * s29;
    f[out + 30] = ((f[j + 30] - o30) - (f[i + 30] - m30) * q30) * s30;
    f[out + 31] = ((f[j + 31] - o31) - (f[i + 31] - m31) * q31) * s31;
  }
}

/** The same of dy behind ReLU. */
// biome-ignore format: a column a line
export function inputGradientRelu(
  f: Float32Array, k: Float64Array, x: number, end: number, toDy: number, toOut: number, at: number, pitch: number,
  columns: number,
): void {
  const scale = at + SCALE * pitch;
  const shift = at + SHIFT * pitch;
  const offset = at + OFFSET * pitch;
  const slope = at + SLOPE * pitch;
  const m0 = k[at], s0 = k[scale], b0 = k[shift], o0 = k[offset], q0 = k[slope];
  const m1 = k[at + 1], s1 = k[scale + 1], b1 = k[shift + 1], o1 = k[offset + 1], q1 = k[slope + 1];
  const m2 = k[at + 2], s2 = k[scale + 2], b2 = k[shift + 2], o2 = k[offset + 2], q2 = k[slope + 2];
  const m3 = k[at + 3], s3 = k[scale + 3], b3 = k[shift + 3], o3 = k[offset + 3], q3 = k[slope + 3];
  const m4 = k[at + 4], s4 = k[scale + 4], b4 = k[shift + 4], o4 = k[offset + 4], q4 = k[slope + 4];
  const m5 = k[at + 5], s5 = k[scale + 5], b5 = k[shift + 5], o5 = k[offset + 5], q5 = k[slope + 5];
  const m6 = k[at + 6], s6 = k[scale + 6], b6 = k[shift + 6], o6 = k[offset + 6], q6 = k[slope + 6];
  const m7 = k[at + 7], s7 = k[scale + 7], b7 = k[shift + 7], o7 = k[offset + 7], q7 = k[slope + 7];
  const m8 = k[at + 8], s8 = k[scale + 8], b8 = k[shift + 8], o8 = k[offset + 8], q8 = k[slope + 8];
  const m9 = k[at + 9], s9 = k[scale + 9], b9 = k[shift + 9], o9 = k[offset + 9], q9 = k[slope + 9];
  const m10 = k[at + 10], s10 = k[scale + 10], b10 = k[shift + 10], o10 = k[offset + 10], q10 = k[slope + 10];
  const m11 = k[at + 11], s11 = k[scale + 11], b11 = k[shift + 11], o11 = k[offset + 11], q11 = k[slope + 11];
  const m12 = k[at + 12], s12 = k[scale + 12], b12 = k[shift + 12], o12 = k[offset + 12], q12 = k[slope + 12];
  const m13 = k[at + 13], s13 = k[scale + 13], b13 = k[shift + 13], o13 = k[offset + 13], q13 = k[slope + 13];
  const m14 = k[at + 14], s14 = k[scale + 14], b14 = k[shift + 14], o14 = k[offset + 14], q14 = k[slope + 14];
  const m15 = k[at + 15], s15 = k[scale + 15], b15 = k[shift + 15], o15 = k[offset + 15], q15 = k[slope + 15];
  const m16 = k[at + 16], s16 = k[scale + 16], b16 = k[shift + 16], o16 = k[offset + 16], q16 = k[slope + 16];
  const m17 = k[at + 17], s17 = k[scale + 17], b17 = k[shift + 17], o17 = k[offset + 17], q17 = k[slope + 17];
  const m18 = k[at + 18], s18 = k[scale + 18], b18 = k[shift + 18], o18 = k[offset + 18], q18 = k[slope + 18];
  const m19 = k[at + 19], s19 = k[scale + 19], b19 = k[shift + 19], o19 = k[offset + 19], q19 = k[slope + 19];
  const m20 = k[at + 20], s20 = k[scale + 20], b20 = k[shift + 20], o20 = k[offset + 20], q20 = k[slope + 20];
  const m21 = k[at + 21], s21 = k[scale + 21], b21 = k[shift + 21], o21 = k[offset + 21], q21 = k[slope + 21];
  const m22 = k[at + 22], s22 = k[scale + 22], b22 = k[shift + 22], o22 = k[offset + 22], q22 = k[slope + 22];
  const m23 = k[at + 23], s23 = k[scale + 23], b23 = k[shift + 23], o23 = k[offset + 23], q23 = k[slope + 23];
  const m24 = k[at + 24], s24 = k[scale + 24], b24 = k[shift + 24], o24 = k[offset + 24], q24 = k[slope + 24];
  const m25 = k[at + 25], s25 = k[scale + 25], b25 = k[shift + 25], o25 = k[offset + 25], q25 = k[slope + 25];
  const m26 = k[at + 26], s26 = k[scale + 26], b26 = k[shift + 26], o26 = k[offset + 26], q26 = k[slope + 26];
  const m27 = k[at + 27], s27 = k[scale + 27], b27 = k[shift + 27], o27 = k[offset + 27], q27 = k[slope + 27];
  const m28 = k[at + 28], s28 = k[scale + 28], b28 = k[shift + 28], o28 = k[offset + 28], q28 = k[slope + 28];
  const m29 = k[at + 29], s29 = k[scale + 29], b29 = k[shift + 29], o29 = k[offset + 29], q29 = k[slope + 29];
  const m30 = k[at + 30], s30 = k[scale + 30], b30 = k[shift + 30], o30 = k[offset + 30], q30 = k[slope + 30];
  const m31 = k[at + 31], s31 = k[scale + 31], b31 = k[shift + 31], o31 = k[offset + 31], q31 = k[slope + 31];
  let i = x & 0x3fffffff;
  for (; i < end; i = (i + columns) & 0x3fffffff) {
    const j = (i + toDy) & 0x3fffffff;
    const out = (i + toOut) & 0x3fffffff;
    const d0 = f[i] - m0, g0 = d0 * s0 + b0 <= VANISHING ? 0 : f[j];
    f[out] = ((g0 - o0) - d0 * q0) * s0;
    const d1 = f[i + 1] - m1, g1 = d1 * s1 + b1 <= VANISHING ? 0 : f[j + 1];
    f[out + 1] = ((g1 - o1) - d1 * q1) * s1;
    const d2 = f[i + 2] - m2, g2 = d2 * s2 + b2 <= VANISHING ? 0 : f[j + 2];
    f[out + 2] = ((g2 - o2) - d2 * q2) * s2;
    const d3 = f[i + 3] - m3, g3 = d3 * s3 + b3 <= VANISHING ? 0 : f[j + 3];
    f[out + 3] = ((g3 - o3) - d3 * q3) * s3;
    const d4 = f[i + 4] - m4, g4 = d4 * s4 + b4 <= VANISHING ? 0 : f[j + 4];
    f[out + 4] = ((g4 - o4) - d4 * q4) * s4;
    const d5 = f[i + 5] - m5, g5 = d5 * s5 + b5 <= VANISHING ? 0 : f[j + 5];
    f[out + 5] = ((g5 - o5) - d5 * q5) * s5;
    const d6 = f[i + 6] - m6, g6 = d6 * s6 + b6 <= VANISHING ? 0 : f[j + 6];
    f[out + 6] = ((g6 - o6) - d6 * q6) * s6;
    const d7 = f[i + 7] - m7, g7 = d7 * s7 + b7 <= VANISHING ? 0 : f[j + 7];
    f[out + 7] = ((g7 - o7) - d7 * q7) * s7;
    const d8 = f[i + 8] - m8, g8 = d8 * s8 + b8 <= VANISHING ? 0 : f[j + 8];
    f[out + 8] = ((g8 - o8) - d8 * q8) * s8;
    const d9 = f[i + 9] - m9, g9 = d9 * s9 + b9 <= VANISHING ? 0 : f[j + 9];
    f[out + 9] = ((g9 - o9) - d9 * q9) * s9;
    const d10 = f[i + 10] - m10, g10 = d10 * s10 + b10 <= VANISHING ? 0 : f[j + 10];
    f[out + 10] = ((g10 - o10) - d10 * q10) * s10;
    const d11 = f[i + 11] - m11, g11 = d11 * s11 + b11 <= VANISHING ? 0 : f[j + 11];
    f[out + 11] = ((g11 - o11) - d11 * q11) * s11;
    const d12 = f[i + 12] - m12, g12 = d12 * s12 + b12 <= VANISHING ? 0 : f[j + 12];
    f[out + 12] = ((g12 - o12) - d12 * q12) * s12;
    const d13 = f[i + 13] - m13, g13 = d13 * s13 + b13 <= VANISHING ? 0 : f[j + 13];
    f[out + 13] = ((g13 - o13) - d13 * q13) * s13;
    const d14 = f[i + 14] - m14, g14 = d14 * s14 + b14 <= VANISHING ? 0 : f[j + 14];
    f[out + 14] = ((g14 - o14) - d14 * q14) * s14;
    const d15 = f[i + 15] - m15, g15 = d15 * s15 + b15 <= VANISHING ? 0 : f[j + 15];
    f[out + 15] = ((g15 - o15) - d15 * q15) * s15;
    const d16 = f[i + 16] - m16, g16 = d16 * s16 + b16 <= VANISHING ? 0 : f[j + 16];
    f[out + 16] = ((g16 - o16) - d16 * q16) * s16;
    const d17 = f[i + 17] - m17, g17 = d17 * s17 + b17 <= VANISHING ? 0 : f[j + 17];
    f[out + 17] = ((g17 - o17) - d17 * q17) * s17;
    const d18 = f[i + 18] - m18, g18 = d18 * s18 + b18 <= VANISHING ? 0 : f[j + 18];
    f[out + 18] = ((g18 - o18) - d18 * q18) * s18;
    const d19 = f[i + 19] - m19, g19 = d19 * s19 + b19 <= VANISHING ? 0 : f[j + 19];
    f[out + 19] = ((g19 - o19) - d19 * q19) * s19;
    const d20 = f[i + 20] - m20, g20 = d20 * s20 + b20 <= VANISHING ? 0 : f[j + 20];
    f[out + 20] = ((g20 - o20) - d20 * q20) * s20;
    const d21 = f[i + 21] - m21, g21 = d21 * s21 + b21 <= VANISHING ? 0 : f[j + 21];
    f[out + 21] = ((g21 - o21) - d21 * q21) * s21;
    const d22 = f[i + 22] - m22, g22 = d22 * s22 + b22 <= VANISHING ? 0 : f[j + 22];
    f[out + 22] = ((g22 - o22) - d22 * q22) * s22;
    const d23 = f[i + 23] - m23, g23 = d23 * s23 + b23 <= VANISHING ? 0 : f[j + 23];
    f[out + 23] = ((g23 - o23) - d23 * q23) * s23;
    const d24 = f[i + 24] - m24, g24 = d24 * s24 + b24 <= VANISHING ? 0 : f[j + 24];
    f[out + 24] = ((g24 - o24) - d24 * q24) * s24;
    const d25 = f[i + 25] - m25, g25 = d25 * s25 + b25 <= VANISHING ? 0 : f[j + 25];
    f[out + 25] = ((g25 - o25) - d25 * q25) * s25;
    const d26 = f[i + 26] - m26, g26 = d26 * s26 + b26 <= VANISHING ? 0 : f[j + 26];
    f[out + 26] = ((g26 - o26) - d26 * q26) * s26;
    const d27 = f[i + 27] - m27, g27 = d27 * s27 + b27 <= VANISHING ? 0 : f[j + 27];
    f[out + 27] = ((g27 - o27) - d27 * q27) * s27;
    const d28 = f[i + 28] - m28, g28 = d28 * s28 + b28 <= VANISHING ? 0 : f[j + 28];
    f[out + 28] = ((g28 - o28) - d28 * q28) * s28;
    const d29 = f[i + 29] - m29, g29 = d29 * s29 + b29 <= VANISHING ? 0 : f[j + 29];
    f[out + 29] = ((g29 - o29) - d29 * q29) * s29;
    const d30 = f[i + 30] - m30, g30 = d30 * s30 + b30 <= VANISHING ? 0 : f[j + 30];
    f[out + 30] = ((g30 - o30) - d30 * q30) * s30;
    const d31 = f[i + 31] - m31, g31 = d31 * s31 + b31 <= VANISHING ? 0 : f[j + 31];
    f[out + 31] = ((g31 - o31) - d31 * q31) * s31;
  }
}
