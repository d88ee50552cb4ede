/*
 * Loops over rows of channels. Where the channels fill no vectors, some rows are one: of 6 channels 8 rows are a row of
 * 48 columns. Rows that are left over are one shorter row at the end.
 */
#include <string.h>

#include "avx512.h"
#include "vector512.h"

/** Rows whose terms are summed in float32 before they are carried to float64. */
enum { BLOCK_ROWS = 32 };
/** Rows that a map takes at a time, so that the coefficients of a tile stay in registers; fewer of wide rows. */
enum { MAP_ROWS = 16, MAP_ROWS_WIDE = 4, WIDE = 2048 };
/** Vectors of a tile: columns that are summed in registers together. */
enum { TILE = 4 };

/** Columns of a folded row, and how many such rows and left-over columns there are. */
struct folded {
  size_t columns, rows, rest;
};

static size_t fold(size_t channels) {
  size_t rows = 1;
  while (rows * channels % LANES != 0) rows++;
  while (rows * channels < TILE * LANES) rows *= 2;
  return rows;
}

static struct folded foldRows(const struct extents *e) {
  size_t rows = e->batch * e->spatial, together = fold(e->channels);
  return (struct folded){together * e->channels, rows / together, rows % together * e->channels};
}

size_t paddedChannels(const struct extents *e) { return fold(e->channels) * e->channels + LANES; }

/** Repeat the first `channels` values up to the folded row's end. */
static void repeat(float *values, size_t channels, size_t columns) {
  for (size_t filled = channels; filled < columns; filled += channels) memcpy(values + filled, values, channels * sizeof(float));
}

/** Sums down `rows` rows of a tile of `width` vectors, carried to the totals of its columns. */
INLINE void sumTile(const float *x, const float *dy, size_t rows, size_t stride, const float *pivot,
                    const struct totals *t, size_t column, const int width) {
  struct sums s[TILE];
  __m512 p[TILE];
  for (int k = 0; k < width; k++) {
    s[k] = none();
    p[k] = _mm512_loadu_ps(pivot + column + k * LANES);
  }
  for (size_t r = 0; r < rows; r++) {
    const float *row = x + r * stride + column, *gradient = dy ? dy + r * stride + column : NULL;
    for (int k = 0; k < width; k++) {
      __m512 d = _mm512_sub_ps(_mm512_loadu_ps(row + k * LANES), p[k]);
      __m512 g = dy ? _mm512_loadu_ps(gradient + k * LANES) : d;
      s[k].a = _mm512_add_ps(s[k].a, g);
      s[k].b = _mm512_fmadd_ps(g, d, s[k].b);
    }
  }
  for (int k = 0; k < width; k++) {
    carry(t->a + column + k * LANES, s[k].a);
    carry(t->b + column + k * LANES, s[k].b);
  }
}

INLINE void sumRows(const struct folded f, const float *x, const float *dy, const float *pivot, const struct totals *t) {
  memset(t->a, 0, f.columns * sizeof(double));
  memset(t->b, 0, f.columns * sizeof(double));
  for (size_t r = 0; r < f.rows; r += BLOCK_ROWS) {
    size_t rows = f.rows - r < BLOCK_ROWS ? f.rows - r : BLOCK_ROWS, at = r * f.columns, column = 0;
    const float *xs = x + at, *dys = dy ? dy + at : NULL;
    for (; column + TILE * LANES <= f.columns; column += TILE * LANES)
      sumTile(xs, dys, rows, f.columns, pivot, t, column, TILE);
    for (; column < f.columns; column += LANES) sumTile(xs, dys, rows, f.columns, pivot, t, column, 1);
  }
  const float *last = x + f.rows * f.columns, *lastDy = dy ? dy + f.rows * f.columns : NULL;
  for (size_t j = 0; j < f.rest; j++) {
    double d = last[j] - pivot[j], g = dy ? lastDy[j] : d;
    t->a[j] += g;
    t->b[j] += g * d;
  }
}

/** Bring the totals of all columns of a channel together. */
static void unfold(const struct totals *t, size_t channels, size_t columns) {
  for (size_t at = channels; at < columns; at += channels)
    for (size_t c = 0; c < channels; c++) {
      t->a[c] += t->a[at + c];
      t->b[c] += t->b[at + c];
    }
}

INLINE struct lanes lanesAt(const struct coefficients *k, size_t column, int gradient) {
  return (struct lanes){_mm512_loadu_ps(k->pivot + column), _mm512_loadu_ps(k->scale + column),
                        gradient ? _mm512_loadu_ps(k->slope + column) : _mm512_setzero_ps(),
                        _mm512_loadu_ps(k->shift + column)};
}

INLINE void mapTile(float *out, const float *x, const float *dy, size_t rows, size_t stride,
                    const struct coefficients *k, size_t column, const int width, const int stream) {
  struct lanes l[TILE];
  for (int v = 0; v < width; v++) l[v] = lanesAt(k, column + v * LANES, dy != NULL);
  for (size_t r = 0; r < rows; r++) {
    size_t at = r * stride + column;
    for (int v = 0; v < width; v++, at += LANES) {
      __m512 g = dy ? _mm512_loadu_ps(dy + at) : _mm512_setzero_ps();
      store(out + at, value(l[v], _mm512_loadu_ps(x + at), g, dy != NULL), stream);
    }
  }
}

INLINE void mapWhole(const struct folded f, float *out, const float *x, const float *dy, const struct coefficients *k,
                     const int stream) {
  const size_t most = f.columns < WIDE ? MAP_ROWS : MAP_ROWS_WIDE;
  for (size_t r = 0; r < f.rows; r += most) {
    size_t rows = f.rows - r < most ? f.rows - r : most, at = r * f.columns, column = 0;
    for (; column + TILE * LANES <= f.columns; column += TILE * LANES)
      mapTile(out + at, x + at, dy ? dy + at : NULL, rows, f.columns, k, column, TILE, stream);
    for (; column < f.columns; column += LANES)
      mapTile(out + at, x + at, dy ? dy + at : NULL, rows, f.columns, k, column, 1, stream);
  }
}

INLINE void mapRows(const struct extents *e, const struct folded f, float *out, const float *x, const float *dy,
                    const struct coefficients *k) {
  if (large(e)) mapWhole(f, out, x, dy, k, 1);
  else mapWhole(f, out, x, dy, k, 0);
  for (size_t j = 0; j < f.rest; j += LANES) {
    size_t at = f.rows * f.columns + j;
    const __mmask16 mask = first(f.rest - j < LANES ? f.rest - j : LANES);
    __m512 g = dy ? _mm512_maskz_loadu_ps(mask, dy + at) : _mm512_setzero_ps();
    __m512 v = value(lanesAt(k, j, dy != NULL), _mm512_maskz_loadu_ps(mask, x + at), g, dy != NULL);
    _mm512_mask_storeu_ps(out + at, mask, v);
  }
}

static void repeatAll(const struct coefficients *k, size_t channels, size_t columns) {
  float *all[] = {k->pivot, k->scale, k->slope, k->shift};
  for (int j = 0; j < 4; j++) repeat(all[j], channels, columns);
}

/** Pivots: the mean of the first rows. */
static void pivots(const struct extents *e, const float *x, float *pivot) {
  size_t rows = e->batch * e->spatial < 8 ? e->batch * e->spatial : 8;
  memcpy(pivot, x, e->channels * sizeof(float));
  for (size_t r = 1; r < rows; r++)
    for (size_t c = 0; c < e->channels; c++) pivot[c] += x[r * e->channels + c];
  for (size_t c = 0; c < e->channels; c++) pivot[c] *= 1 / (float)rows;
}

void rowsTraining(const struct extents *e, float *y, const float *x, const struct coefficients *k,
                  const struct totals *t, finish done, void *context) {
  const struct folded f = foldRows(e);
  pivots(e, x, k->pivot);
  repeat(k->pivot, e->channels, f.columns);
  sumRows(f, x, NULL, k->pivot, t);
  unfold(t, e->channels, f.columns);
  done(context);
  repeatAll(k, e->channels, f.columns);
  mapRows(e, f, y, x, NULL, k);
}

void rowsInference(const struct extents *e, float *y, const float *x, const struct coefficients *k) {
  const struct folded f = foldRows(e);
  repeatAll(k, e->channels, f.columns);
  mapRows(e, f, y, x, NULL, k);
}

void rowsBackward(const struct extents *e, float *dx, const float *dy, const float *x, const struct coefficients *k,
                  const struct totals *t, finish done, void *context) {
  const struct folded f = foldRows(e);
  repeat(k->pivot, e->channels, f.columns);
  sumRows(f, x, dy, k->pivot, t);
  unfold(t, e->channels, f.columns);
  done(context);
  repeatAll(k, e->channels, f.columns);
  mapRows(e, f, dx, x, dy, k);
}
