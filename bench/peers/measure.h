/* What the senders and their clients measure by: clocks, cores, and an end with a word on it. */
#ifndef BENCH_PEERS_MEASURE_H
#define BENCH_PEERS_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <time.h>

/* Exits with a line that names the program, `what`, and the system's error, unless it holds. */
void measure_must(bool holds, const char *what);

/* A clock's time. */
double measure_s(clockid_t clock);
uint64_t measure_ns(clockid_t clock);

/* Keeps this process on one core, if there are several. */
void measure_stay_on(size_t core);

#endif
