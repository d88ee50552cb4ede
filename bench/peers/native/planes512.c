/* Loops over planes: memory (batch, channels, spatial). */
#include "avx512.h"
#include "vector512.h"

/** Values summed in float32 before they are carried to float64. */
enum { BLOCK = 1024 };
/** Planes whose sums are finished together. */
enum { TOGETHER = 16 };

/** a = sum of x - p, b = sum of its square, or a = sum of dy, b = sum of dy * (x - p). */
INLINE struct sums term(struct sums s, const float *x, const float *dy, __m512 p, __mmask16 mask) {
  __m512 d = _mm512_maskz_sub_ps(mask, _mm512_maskz_loadu_ps(mask, x), p);
  if (!dy) return (struct sums){_mm512_add_ps(s.a, d), _mm512_fmadd_ps(d, d, s.b)};
  __m512 g = _mm512_maskz_loadu_ps(mask, dy);
  return (struct sums){_mm512_add_ps(s.a, g), _mm512_fmadd_ps(g, d, s.b)};
}

INLINE struct sums whole(struct sums s, const float *x, const float *dy, __m512 p) {
  __m512 d = _mm512_sub_ps(_mm512_loadu_ps(x), p);
  if (!dy) return (struct sums){_mm512_add_ps(s.a, d), _mm512_fmadd_ps(d, d, s.b)};
  __m512 g = _mm512_loadu_ps(dy);
  return (struct sums){_mm512_add_ps(s.a, g), _mm512_fmadd_ps(g, d, s.b)};
}

/** Sums of up to BLOCK values. */
INLINE struct sums block(const float *x, const float *dy, size_t length, __m512 p) {
#define AT(i) x + (i), dy ? dy + (i) : NULL
  struct sums s0 = none(), s1 = none(), s2 = none(), s3 = none();
  size_t i = 0;
  for (; i + 4 * LANES <= length; i += 4 * LANES) {
    s0 = whole(s0, AT(i), p);
    s1 = whole(s1, AT(i + LANES), p);
    s2 = whole(s2, AT(i + 2 * LANES), p);
    s3 = whole(s3, AT(i + 3 * LANES), p);
  }
  if (i + 2 * LANES <= length) {
    s0 = whole(s0, AT(i), p);
    s1 = whole(s1, AT(i + LANES), p);
    i += 2 * LANES;
  }
  if (i + LANES <= length) {
    s2 = whole(s2, AT(i), p);
    i += LANES;
  }
  if (i < length) s3 = term(s3, AT(i), p, first(length - i));
  return together(together(s0, s1), together(s2, s3));
#undef AT
}

/** Add the sums of the planes of one sample to the totals. */
INLINE void sample(const float *x, const float *dy, size_t spatial, size_t channels, const float *pivot,
                   const struct totals *t) {
  size_t c = 0;
  for (; spatial <= BLOCK && c + TOGETHER <= channels; c += TOGETHER) {
    __m512 a[TOGETHER], b[TOGETHER];
    for (int k = 0; k < TOGETHER; k++) {
      size_t at = (c + k) * spatial;
      struct sums s = block(x + at, dy ? dy + at : NULL, spatial, _mm512_set1_ps(pivot[c + k]));
      a[k] = s.a;
      b[k] = s.b;
    }
    carry(t->a + c, totals16(a));
    carry(t->b + c, totals16(b));
  }
  for (; c < channels; c++) {
    const __m512 p = _mm512_set1_ps(pivot[c]);
    for (size_t i = 0; i < spatial; i += BLOCK) {
      size_t at = c * spatial + i, length = spatial - i < BLOCK ? spatial - i : BLOCK;
      struct sums s = block(x + at, dy ? dy + at : NULL, length, p);
      t->a[c] += total(s.a);
      t->b[c] += total(s.b);
    }
  }
}

/** The next `count` values of out = (x - pivot) * scale + shift, or out = dy * scale + (x - pivot) * slope + shift. */
INLINE void some(float *out, const float *x, const float *dy, const struct lanes k, size_t count) {
  const __mmask16 mask = first(count);
  const __m512 g = dy ? _mm512_maskz_loadu_ps(mask, dy) : _mm512_setzero_ps();
  _mm512_mask_storeu_ps(out, mask, value(k, _mm512_maskz_loadu_ps(mask, x), g, dy != NULL));
}

/** The same over one plane; with `stream` past the caches. */
INLINE void map(float *out, const float *x, const float *dy, size_t length, const struct lanes k, const int stream) {
#define VALUE(i) value(k, _mm512_loadu_ps(x + (i)), dy ? _mm512_loadu_ps(dy + (i)) : _mm512_setzero_ps(), dy != NULL)
  size_t i = 0;
  for (; i + 4 * LANES <= length; i += 4 * LANES) {
    const __m512 v0 = VALUE(i), v1 = VALUE(i + LANES), v2 = VALUE(i + 2 * LANES), v3 = VALUE(i + 3 * LANES);
    store(out + i, v0, stream);
    store(out + i + LANES, v1, stream);
    store(out + i + 2 * LANES, v2, stream);
    store(out + i + 3 * LANES, v3, stream);
  }
  for (; i + LANES <= length; i += LANES) store(out + i, VALUE(i), stream);
  if (i < length) some(out + i, x + i, dy ? dy + i : NULL, k, length - i);
#undef VALUE
}

INLINE void mapChannels(const struct extents *e, float *out, const float *x, const float *dy,
                        const struct coefficients *k, const int stream) {
  for (size_t n = 0; n < e->batch; n++)
    for (size_t c = 0; c < e->channels; c++) {
      const size_t at = (n * e->channels + c) * e->spatial;
      const struct lanes l = {_mm512_set1_ps(k->pivot[c]), _mm512_set1_ps(k->scale[c]),
                              _mm512_set1_ps(dy ? k->slope[c] : 0), _mm512_set1_ps(k->shift[c])};
      map(out + at, x + at, dy ? dy + at : NULL, e->spatial, l, stream);
    }
}

INLINE void mapPlanes(const struct extents *e, float *out, const float *x, const float *dy,
                      const struct coefficients *k) {
  // a line that two planes share would be written in two parts, which costs more than streaming saves
  if (large(e) && e->spatial % LANES == 0) mapChannels(e, out, x, dy, k, 1);
  else mapChannels(e, out, x, dy, k, 0);
}

/** The sums over all samples, what follows from them, the map; both passes in the order of the addresses. */
INLINE void twoPasses(const struct extents *e, float *out, const float *x, const float *dy,
                      const struct coefficients *k, const struct totals *t, finish done, void *context) {
  for (size_t c = 0; c < e->channels; c++) t->a[c] = t->b[c] = 0;
  for (size_t n = 0; n < e->batch; n++) {
    const size_t at = n * e->channels * e->spatial;
    sample(x + at, dy ? dy + at : NULL, e->spatial, e->channels, k->pivot, t);
  }
  done(context);
  mapPlanes(e, out, x, dy, k);
}

/** Pivots: the mean of the first values of every channel. */
static void pivots(const struct extents *e, const float *x, float *pivot) {
  size_t count = e->spatial < LANES ? e->spatial : LANES;
  for (size_t c = 0; c < e->channels; c++)
    pivot[c] = _mm512_reduce_add_ps(_mm512_maskz_loadu_ps(first(count), x + c * e->spatial)) / (float)count;
}

void planesTraining(const struct extents *e, float *y, const float *x, const struct coefficients *k,
                    const struct totals *t, finish done, void *context) {
  pivots(e, x, k->pivot);
  twoPasses(e, y, x, NULL, k, t, done, context);
}

void planesInference(const struct extents *e, float *y, const float *x, const struct coefficients *k) {
  mapPlanes(e, y, x, NULL, k);
}

void planesBackward(const struct extents *e, float *dx, const float *dy, const float *x, const struct coefficients *k,
                    const struct totals *t, finish done, void *context) {
  twoPasses(e, dx, x, dy, k, t, done, context);
}
