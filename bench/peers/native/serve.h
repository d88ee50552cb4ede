/*
 * The protocol of ../protocol.ts for native programs, in the common part of C and C++. A program defines the functions
 * of struct peer and calls serve().
 */
#ifndef SERVE_H
#define SERVE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

/** Data and results of a case; planes: memory (batch, channels, spatial), otherwise (batch * spatial, channels). */
struct problem {
  int planes;
  size_t batch, channels, spatial, height, width, length;
  double eps, momentum;
  float *x, *dy, *y, *dx;
  float *gamma, *beta;
  double *runningMean, *runningVar, *dgamma, *dbeta;
};

struct peer {
  const char *version, *runningVariance;
  void (*prepare)(struct problem *);
  void (*inference)(struct problem *);
  void (*trainingForward)(struct problem *);
  void (*backward)(struct problem *);
  /** Bring per-channel results into the problem, after a check; NULL where they are there already. */
  void (*collect)(struct problem *);
  /** What was chosen for the case, for the report; NULL where there is no choice. */
  const char *(*form)(void);
};

enum { PATH_LENGTH = 4096, HUGE_PAGE = 1 << 21 };

/** Zeroed memory on huge pages where the system has them; the padding lets vectors reach over the end. */
static void *allocate(size_t bytes) {
  size_t padded = (bytes + 4096 + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
  void *memory = bytes < HUGE_PAGE / 8 ? aligned_alloc(64, (bytes + 4096 + 63) / 64 * 64) : aligned_alloc(HUGE_PAGE, padded);
  if (!memory) {
    printf("@ {\"error\": \"out of memory\"}\n");
    exit(1);
  }
  if (bytes >= HUGE_PAGE / 8) madvise(memory, padded, MADV_HUGEPAGE);
  memset(memory, 0, bytes + 4096);
  return memory;
}

static FILE *openFile(const char *directory, const char *name, const char *mode) {
  char path[PATH_LENGTH + 64];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  return fopen(path, mode);
}

/** 1 where `count` numbers of `size` bytes were read. */
static int readFile(const char *directory, const char *name, void *target, size_t size, size_t count) {
  FILE *file = openFile(directory, name, "rb");
  if (!file) return 0;
  size_t got = fread(target, size, count, file);
  fclose(file);
  return got == count;
}

static void writeFile(const char *directory, const char *name, const void *source, size_t size, size_t count) {
  FILE *file = openFile(directory, name, "wb");
  if (!file) return;
  fwrite(source, size, count, file);
  fclose(file);
}

static void freeProblem(struct problem *p) {
  void *all[] = {p->x, p->dy, p->y, p->dx, p->gamma, p->beta, p->runningMean, p->runningVar, p->dgamma, p->dbeta};
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) free(all[k]);
  memset(p, 0, sizeof *p);
}

static int readCase(const char *line, char *directory, struct problem *p) {
  char layout[8];
  size_t n, c, h, w;
  double eps, momentum;
  if (sscanf(line, "case %4000s %7s %zu %zu %zu %zu %lf %lf", directory, layout, &n, &c, &h, &w, &eps, &momentum) != 8)
    return 0;
  freeProblem(p);
  p->planes = strcmp(layout, "NCHW") == 0;
  p->batch = n;
  p->channels = c;
  p->height = h;
  p->width = w;
  p->spatial = h * w;
  p->length = n * c * h * w;
  p->eps = eps;
  p->momentum = momentum;
  float **elements[] = {&p->x, &p->dy, &p->y, &p->dx};
  for (int k = 0; k < 4; k++) *elements[k] = (float *)allocate(4 * p->length);
  p->gamma = (float *)allocate(4 * c);
  p->beta = (float *)allocate(4 * c);
  double **vectors[] = {&p->runningMean, &p->runningVar, &p->dgamma, &p->dbeta};
  for (int k = 0; k < 4; k++) *vectors[k] = (double *)allocate(8 * c);
  return readFile(directory, "x.f32", p->x, 4, p->length) && readFile(directory, "dy.f32", p->dy, 4, p->length) &&
         readFile(directory, "gamma.f32", p->gamma, 4, c) && readFile(directory, "beta.f32", p->beta, 4, c) &&
         readFile(directory, "runningMean.f64", p->runningMean, 8, c) &&
         readFile(directory, "runningVar.f64", p->runningVar, 8, c);
}

static void check(const struct peer *peer, const char *directory, struct problem *p) {
  char results[PATH_LENGTH];
  snprintf(results, sizeof results, "%.4000s/results", directory);
  peer->inference(p);
  writeFile(results, "inference.f32", p->y, 4, p->length);
  peer->trainingForward(p);
  if (peer->collect) peer->collect(p);
  writeFile(results, "y.f32", p->y, 4, p->length);
  writeFile(results, "runningMean.f64", p->runningMean, 8, p->channels);
  writeFile(results, "runningVar.f64", p->runningVar, 8, p->channels);
  peer->backward(p);
  if (peer->collect) peer->collect(p);
  writeFile(results, "dx.f32", p->dx, 4, p->length);
  writeFile(results, "dgamma.f64", p->dgamma, 8, p->channels);
  writeFile(results, "dbeta.f64", p->dbeta, 8, p->channels);
}

typedef void (*verb)(struct problem *);

static verb verbNamed(const struct peer *peer, const char *name) {
  if (strcmp(name, "inference") == 0) return peer->inference;
  if (strcmp(name, "trainingForward") == 0) return peer->trainingForward;
  if (strcmp(name, "backward") == 0) return peer->backward;
  return NULL;
}

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int serve(const struct peer *peer) {
  static struct problem p;
  static char line[PATH_LENGTH + 256], directory[PATH_LENGTH];
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("@ {\"version\": \"%s\", \"runningVariance\": \"%s\"}\n", peer->version, peer->runningVariance);
  while (fgets(line, sizeof line, stdin)) {
    char name[32] = "";
    long calls = 0;
    if (strncmp(line, "case ", 5) == 0) {
      if (readCase(line, directory, &p)) {
        peer->prepare(&p);
        printf("@ {}\n");
      } else {
        printf("@ {\"error\": \"the data of the case could not be read\"}\n");
      }
    } else if (strncmp(line, "check", 5) == 0) {
      check(peer, directory, &p);
      printf("@ {\"absent\": {}, \"form\": \"%s\"}\n", peer->form ? peer->form() : "");
    } else if (sscanf(line, "warm %31s", name) == 1 && verbNamed(peer, name)) {
      verbNamed(peer, name)(&p);
      printf("@ {}\n");
    } else if (sscanf(line, "run %31s %ld", name, &calls) == 2 && verbNamed(peer, name)) {
      verb run = verbNamed(peer, name);
      int64_t start = nanoseconds();
      for (long call = 0; call < calls; call++) run(&p);
      printf("@ {\"ns\": %lld}\n", (long long)(nanoseconds() - start));
    } else {
      printf("@ {\"error\": \"unknown command\"}\n");
    }
  }
  return 0;
}

#endif
