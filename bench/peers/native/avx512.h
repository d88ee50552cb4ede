/* What planes512.c and rows512.c compute for avx512.c: the loops over elements. Per-channel arithmetic is in avx512.c. */
#ifndef AVX512_H
#define AVX512_H

#include <stddef.h>

/** Elements of a case; channels of rows are columns. */
struct extents {
  size_t batch, channels, spatial;
};

/**
 * Coefficients, one a channel: statistics sum about `pivot`, y = (x - pivot) * scale + shift with the mean's float32 as
 * pivot, dx = dy * scale + (x - pivot) * slope + shift.
 */
struct coefficients {
  float *pivot, *scale, *slope, *shift;
};

/** Two sums a channel in float64. */
struct totals {
  double *a, *b;
};

/** Per-channel arithmetic between the sums and the map that uses its coefficients. */
typedef void (*finish)(void *context);

/** Room that the arrays of coefficients and totals must have. */
size_t paddedChannels(const struct extents *e);

void planesTraining(const struct extents *e, float *y, const float *x, const struct coefficients *k,
                    const struct totals *t, finish done, void *context);
void planesInference(const struct extents *e, float *y, const float *x, const struct coefficients *k);
void planesBackward(const struct extents *e, float *dx, const float *dy, const float *x, const struct coefficients *k,
                    const struct totals *t, finish done, void *context);

void rowsTraining(const struct extents *e, float *y, const float *x, const struct coefficients *k,
                  const struct totals *t, finish done, void *context);
void rowsInference(const struct extents *e, float *y, const float *x, const struct coefficients *k);
void rowsBackward(const struct extents *e, float *dx, const float *dy, const float *x, const struct coefficients *k,
                  const struct totals *t, finish done, void *context);

#endif
