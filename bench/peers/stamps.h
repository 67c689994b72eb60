/* When each event was written and when it was taken: memory that a sender shares with its client,
 * which are on one machine and so have one clock. */
#ifndef BENCH_PEERS_STAMPS_H
#define BENCH_PEERS_STAMPS_H

#include <stdint.h>

struct stamps {
  uint64_t *sent, *taken; /* ns, CLOCK_MONOTONIC */
  uint64_t count;
};

/* Makes a table; PEER_STAMPS tells the client of it. Exits when it cannot. */
struct stamps stamps_make(uint64_t count);

/* The client's side of it. */
struct stamps stamps_find(uint64_t count);

/* Prints, from the one numbered `first` on, members of a JSON object: median_us, p99_us, p999_us,
 * max_us, and as "histogram" how many took less than each of 1, 2, 5, 10, ... µs. Sorts them for
 * that, in `sent`. */
void stamps_print(struct stamps *stamps, uint64_t first);

#endif
