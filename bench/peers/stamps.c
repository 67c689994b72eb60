#include "stamps.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <unistd.h>

#include "measure.h"

#define NAME "PEER_STAMPS"

/* Touched here and now, so that no page has to be had while it counts. */
static struct stamps map(int fd, uint64_t count) {
  size_t size = 2 * count * sizeof(uint64_t);
  uint64_t *table = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  measure_must(table != MAP_FAILED, "no stamps");
  return (struct stamps){table, table + count, count};
}

struct stamps stamps_make(uint64_t count) {
  char number[16];
  int fd = memfd_create("stamps", 0); /* the client keeps it over exec */
  measure_must(fd >= 0 && ftruncate(fd, (off_t)(2 * count * sizeof(uint64_t))) == 0, "no stamps");
  snprintf(number, sizeof number, "%d", fd);
  setenv(NAME, number, 1);
  return map(fd, count);
}

struct stamps stamps_find(uint64_t count) {
  const char *number = getenv(NAME);
  measure_must(number, NAME " is not set");
  return map((int)strtol(number, NULL, 10), count);
}

static int compare(const void *a, const void *b) {
  uint64_t one, other;
  memcpy(&one, a, sizeof one);
  memcpy(&other, b, sizeof other);
  return (one > other) - (one < other);
}

static double at(const uint64_t *sorted, uint64_t count, double share) {
  return (double)sorted[(uint64_t)((double)(count - 1) * share)] / 1000;
}

static void print_histogram(const uint64_t *sorted, uint64_t count) {
  static const uint64_t steps[] = {1, 2, 5};
  uint64_t i = 0;
  printf("\"histogram\":[");
  for (uint64_t decade_ns = 1000, step = 0; i < count; step++) {
    uint64_t limit_ns = decade_ns * steps[step % 3], before = i;
    while (i < count && sorted[i] < limit_ns)
      i++;
    if (i > 0)
      printf("%s[%" PRIu64 ",%" PRIu64 "]", before ? "," : "", limit_ns / 1000, i - before);
    if (step % 3 == 2)
      decade_ns *= 10;
  }
  printf("]");
}

void stamps_print(struct stamps *stamps, uint64_t first) {
  uint64_t *sorted = stamps->sent + first, count = stamps->count - first;
  for (uint64_t i = 0; i < count; i++) {
    measure_must(stamps->taken[first + i] >= sorted[i], "an event was taken before it was sent");
    sorted[i] = stamps->taken[first + i] - sorted[i];
  }
  qsort(sorted, count, sizeof *sorted, compare);
  printf("\"median_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f,",
         at(sorted, count, 0.5), at(sorted, count, 0.99), at(sorted, count, 0.999),
         at(sorted, count, 1));
  print_histogram(sorted, count);
}
