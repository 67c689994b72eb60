#include "measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sched.h>
#include <unistd.h>

void measure_must(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "%s: %s", program_invocation_short_name, what);
  if (errno)
    fprintf(stderr, ": %s", strerror(errno));
  fputc('\n', stderr);
  exit(EXIT_FAILURE);
}

uint64_t measure_ns(clockid_t clock) {
  struct timespec now;
  measure_must(clock_gettime(clock, &now) == 0, "a clock");
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

double measure_s(clockid_t clock) {
  return (double)measure_ns(clock) / 1e9;
}

void measure_stay_on(size_t core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
    measure_must(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}
