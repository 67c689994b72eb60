/* zstd's finite state entropy codes: from the counts that a block tells to tables to decode by.
 * Source: RFC 8878 section 4.1. */
#ifndef SHERD_ENGINE_INFLATE_ZSTD_FSE_H
#define SHERD_ENGINE_INFLATE_ZSTD_FSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>

#define SHERD__ZSTD_SYMBOLS_MAX 53 /* the match lengths' */
#define SHERD__ZSTD_LOG_MAX     9

/* A code as it is told: how many of the table's states each symbol has. */
struct sherd__zstd_counts {
  uint8_t log;                         /* of the number of states */
  uint8_t symbols;                     /* how many are told of */
  bool has_low;                        /* a count of -1 is among them */
  int16_t of[SHERD__ZSTD_SYMBOLS_MAX]; /* -1: one, and that reads all bits anew */
};

/* A state: what it stands for, and how the next state is found. */
struct sherd__zstd_state {
  uint32_t base;
  uint8_t extra;
  uint8_t bits;  /* of the next state */
  uint16_t next; /* to which they are added */
};

/* Reads counts from the front of *in, for at most `symbols_max` symbols and 2^log_max states.
 * Errors: SHERD_EZSTD. */
enum sherd_status sherd__zstd_counts_read(struct sherd_bytes *in, unsigned symbols_max,
                                          unsigned log_max, struct sherd__zstd_counts *out);

/* Makes the 2^log states; `values` has, by symbol, what their states stand for. */
void sherd__zstd_states_make(const struct sherd__zstd_counts *counts,
                             const struct sherd__zstd_state *values,
                             struct sherd__zstd_state *states);

#endif
