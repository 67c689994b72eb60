/* Writes JSON from templates that look like the documentation's samples.
 *
 * A payload has dozens of fields, nearly all fixed; so the text is one template with holes, and the
 * compiler checks the holes, since they are printf's. (The core's writer wants to know the size of
 * each map beforehand: right for a client's five commands, noise for a server's eighty events.) */
#ifndef SHERD_SIM_PRINT_H
#define SHERD_SIM_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>

#include "base/buf.h"

struct sherd__print {
  struct sherd_buf out;
  bool is_ascii; /* write what is not ASCII as \u escapes, as some encoders do */
  enum sherd_status status;
};

void sherd__print_init(struct sherd__print *print, const struct sherd_allocator *allocator);
void sherd__print_deinit(struct sherd__print *print);

/* Empties it for the next document, and forgets a failure. */
void sherd__print_reset(struct sherd__print *print);

/* Appends `format`. A single quote in it stands for a double one, and:
 *   %s    the text as a JSON string with its quotes, or null for NULL; valid UTF-8
 *   %.*s  bytes as they are: a fragment that was written before
 *   %i    true or false
 *   %d %u %jd %ju   an integer; a snowflake is '%ju'
 *   %f    a number from 0 up, with one to three decimals: as few as say it, as Erlang would
 * After SHERD_ENOMEM every call does nothing; print->status tells. */
__attribute__((format(printf, 2, 3))) void sherd__print(struct sherd__print *print,
                                                        const char *format, ...);

/* Appends a comma unless a list, a map or the document has just begun. */
void sherd__print_comma(struct sherd__print *print);

/* Appends `len` bytes as a JSON string. */
void sherd__print_text(struct sherd__print *print, const void *text, size_t len);

/* What was written since `start`. Lifetime: until the next call. */
struct sherd_bytes sherd__print_since(const struct sherd__print *print, size_t start);

#define SHERD__TIMESTAMP_SIZE 33

/* Unix milliseconds as Discord writes times, "2026-03-10T14:00:05.000000+00:00"; gives `out`. */
const char *sherd__timestamp(uint64_t unix_ms, char out[SHERD__TIMESTAMP_SIZE]);

/* The same in memory that lives as long as the block around it. */
#define SHERD__TIME(unix_ms) sherd__timestamp((unix_ms), (char[SHERD__TIMESTAMP_SIZE]){0})

#endif
