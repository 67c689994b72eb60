/* Numbers as people read them. Each gives `out`. */
#ifndef SHERD_WATCH_HUMAN_H
#define SHERD_WATCH_HUMAN_H

#include <stdint.h>

#define SHERD__HUMAN_SIZE 32

/* "850 ms", "41 s", "1 min 40 s", "3 h 12 min", "12 d 4 h". */
const char *sherd__human_ms(uint64_t ms, char out[SHERD__HUMAN_SIZE]);

/* "812 B", "1.2 MiB". */
const char *sherd__human_bytes(uint64_t bytes, char out[SHERD__HUMAN_SIZE]);

/* "12,345,678". */
const char *sherd__human_count(uint64_t count, char out[SHERD__HUMAN_SIZE]);

/* "14:02:00 UTC". */
const char *sherd__human_time(uint64_t unix_ms, char out[SHERD__HUMAN_SIZE]);

/* In memory that lives as long as the block around it. */
#define SHERD__MS(ms)    sherd__human_ms((ms), (char[SHERD__HUMAN_SIZE]){0})
#define SHERD__BYTES(n)  sherd__human_bytes((n), (char[SHERD__HUMAN_SIZE]){0})
#define SHERD__COUNT(n)  sherd__human_count((n), (char[SHERD__HUMAN_SIZE]){0})
#define SHERD__CLOCK(ms) sherd__human_time((ms), (char[SHERD__HUMAN_SIZE]){0})

#endif
