/*
 * Batch norm by hand in AVX-512 with the numerics of this library: float32 sums in short blocks about a pivot, carried
 * to float64, one read of x for the statistics, the mean split in two, per-channel arithmetic in float64.
 */
#include "avx512.h"

#include <math.h>

#include "serve.h"

/** State of the case besides the problem itself. */
static struct {
  struct extents extents;
  struct coefficients coefficients;
  struct totals totals;
  double *mean, *invstd;
  int used;
} state;

static void prepare(struct problem *p) {
  float **floats[] = {&state.coefficients.pivot, &state.coefficients.scale, &state.coefficients.slope,
                      &state.coefficients.shift};
  double **doubles[] = {&state.totals.a, &state.totals.b, &state.mean, &state.invstd};
  state.extents = (struct extents){p->batch, p->channels, p->spatial};
  size_t padded = paddedChannels(&state.extents);
  for (int k = 0; k < 4; k++) {
    if (state.used) free(*floats[k]), free(*doubles[k]);
    *floats[k] = allocate(padded * sizeof(float));
    *doubles[k] = allocate(padded * sizeof(double));
  }
  state.used = 1;
}

/** y = (x - float32(mean)) * scale + (beta - (mean - float32(mean)) * scale) */
static inline void normalization(const struct problem *p, size_t c, double mean, double invstd) {
  const struct coefficients *k = &state.coefficients;
  const double scale = p->gamma[c] * invstd;
  const float high = (float)mean;
  k->pivot[c] = high;
  k->scale[c] = (float)scale;
  k->shift[c] = (float)(p->beta[c] - (mean - high) * scale);
}

/** Mean, invstd, the running statistics and the coefficients of y from the sums about the pivots. */
static void finishStatistics(void *context) {
  struct problem *p = context;
  const double count = (double)(p->batch * p->spatial), momentum = p->momentum, unbiased = count / (count - 1);
  for (size_t c = 0; c < p->channels; c++) {
    const double offset = state.totals.a[c] / count, mean = state.coefficients.pivot[c] + offset;
    const double difference = state.totals.b[c] / count - offset * offset, variance = difference > 0 ? difference : 0;
    const double invstd = 1 / sqrt(variance + p->eps);
    state.mean[c] = mean;
    state.invstd[c] = invstd;
    p->runningMean[c] += momentum * (mean - p->runningMean[c]);
    p->runningVar[c] += momentum * (unbiased * variance - p->runningVar[c]);
    normalization(p, c, mean, invstd);
  }
}

/** dgamma, dbeta and the coefficients of dx from the sums of dy and dy * (x - float32(mean)). */
static void finishGradient(void *context) {
  struct problem *p = context;
  const struct coefficients *k = &state.coefficients;
  const double count = (double)(p->batch * p->spatial);
  for (size_t c = 0; c < p->channels; c++) {
    const double low = state.mean[c] - k->pivot[c], invstd = state.invstd[c], scale = p->gamma[c] * invstd;
    const double dbeta = state.totals.a[c], dgamma = invstd * (state.totals.b[c] - low * dbeta);
    const double slope = -scale * invstd * dgamma / count;
    p->dbeta[c] = dbeta;
    p->dgamma[c] = dgamma;
    k->scale[c] = (float)scale;
    k->slope[c] = (float)slope;
    k->shift[c] = (float)(-scale * dbeta / count - slope * low);
  }
}

static void inference(struct problem *p) {
  for (size_t c = 0; c < p->channels; c++) normalization(p, c, p->runningMean[c], 1 / sqrt(p->runningVar[c] + p->eps));
  (p->planes ? planesInference : rowsInference)(&state.extents, p->y, p->x, &state.coefficients);
}

static void trainingForward(struct problem *p) {
  (p->planes ? planesTraining : rowsTraining)(&state.extents, p->y, p->x, &state.coefficients, &state.totals,
                                              finishStatistics, p);
}

static void backward(struct problem *p) {
  for (size_t c = 0; c < p->channels; c++) state.coefficients.pivot[c] = (float)state.mean[c];
  (p->planes ? planesBackward : rowsBackward)(&state.extents, p->dx, p->dy, p->x, &state.coefficients, &state.totals,
                                              finishGradient, p);
}

int main(void) {
  const struct peer avx512 = {"gcc " __VERSION__, "unbiased", prepare, inference, trainingForward, backward, NULL, NULL};
  return serve(&avx512);
}
