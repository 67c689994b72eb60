/* Numbers, times and sizes as people write them. */
#ifndef SHERD_CLI_QUANTITY_H
#define SHERD_CLI_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHERD__QUANTITY_SIZE 32

/* Digits, or 0x and hexadecimal ones, and nothing else. */
bool sherd__quantity_number(const char *text, uint64_t *out);

/* Digits and one of ms, s, min, h; only 0 may do without. */
bool sherd__quantity_time(const char *text, uint64_t *out_ms);

/* Digits and nothing, K, M or G: powers of 1024. KiB, MiB and GiB are the same. */
bool sherd__quantity_size(const char *text, uint64_t *out_bytes);

/* The shortest way to write it that the above read back to the same. */
void sherd__quantity_write_time(uint64_t ms, char out[SHERD__QUANTITY_SIZE]);
void sherd__quantity_write_size(uint64_t bytes, char out[SHERD__QUANTITY_SIZE]);

#endif
