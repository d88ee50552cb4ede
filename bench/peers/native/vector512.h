/* Small pieces for 16 floats at a time. */
#ifndef VECTOR512_H
#define VECTOR512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "avx512.h"

#ifndef __AVX512F__
#error "this processor has no AVX-512"
#endif

enum { LANES = 16 };

#define INLINE static inline __attribute__((always_inline))

/** The first `count` of 16 lanes. */
INLINE __mmask16 first(size_t count) { return (__mmask16)((1u << count) - 1); }

/** Per-channel sums, one pair of vectors: the terms are x - pivot and its square, or dy and dy * (x - mean). */
struct sums {
  __m512 a, b;
};

INLINE struct sums none(void) { return (struct sums){_mm512_setzero_ps(), _mm512_setzero_ps()}; }

INLINE struct sums together(struct sums s, struct sums t) {
  return (struct sums){_mm512_add_ps(s.a, t.a), _mm512_add_ps(s.b, t.b)};
}

/** sums[k] += v[k] in float64. */
INLINE void carry(double *sums, __m512 v) {
  __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
  __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
  _mm512_storeu_pd(sums, _mm512_add_pd(_mm512_loadu_pd(sums), low));
  _mm512_storeu_pd(sums + 8, _mm512_add_pd(_mm512_loadu_pd(sums + 8), high));
}

INLINE double total(__m512 v) {
  __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
  __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
  return _mm512_reduce_add_pd(_mm512_add_pd(low, high));
}

/** Lane k of the result is the sum of the lanes of v[k]: a transposition that adds on the way. */
INLINE __m512 totals16(const __m512 *v) {
  __m512 pairs[8], fours[4], halves[2];
  for (int k = 0; k < 8; k++)
    pairs[k] = _mm512_add_ps(_mm512_unpacklo_ps(v[2 * k], v[2 * k + 1]), _mm512_unpackhi_ps(v[2 * k], v[2 * k + 1]));
  for (int k = 0; k < 4; k++) {
    __m512d p = _mm512_castps_pd(pairs[2 * k]), q = _mm512_castps_pd(pairs[2 * k + 1]);
    fours[k] = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(p, q)), _mm512_castpd_ps(_mm512_unpackhi_pd(p, q)));
  }
  for (int k = 0; k < 2; k++)
    halves[k] = _mm512_add_ps(_mm512_shuffle_f32x4(fours[2 * k], fours[2 * k + 1], 0x88),
                              _mm512_shuffle_f32x4(fours[2 * k], fours[2 * k + 1], 0xdd));
  return _mm512_add_ps(_mm512_shuffle_f32x4(halves[0], halves[1], 0x88),
                       _mm512_shuffle_f32x4(halves[0], halves[1], 0xdd));
}

/** Coefficients of one vector. */
struct lanes {
  __m512 pivot, scale, slope, shift;
};

/** (x - pivot) * scale + shift, or dy * scale + (x - pivot) * slope + shift. */
INLINE __m512 value(const struct lanes k, __m512 x, __m512 dy, int gradient) {
  const __m512 d = _mm512_sub_ps(x, k.pivot);
  if (!gradient) return _mm512_fmadd_ps(d, k.scale, k.shift);
  return _mm512_fmadd_ps(dy, k.scale, _mm512_fmadd_ps(d, k.slope, k.shift));
}

/** From here on outputs are written past the caches, which saves reading their lines first. */
enum { STREAM_BYTES = 4 << 20 };

INLINE int large(const struct extents *e) { return e->batch * e->channels * e->spatial * sizeof(float) >= STREAM_BYTES; }

/** With `stream` the address must be aligned. */
INLINE void store(float *out, __m512 v, const int stream) {
  if (stream) _mm512_stream_ps(out, v);
  else _mm512_storeu_ps(out, v);
}

#endif
