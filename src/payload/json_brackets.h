/* Where the brackets and braces of JSON are, but for those in strings: 64 bytes at a time, a bit
 * for each. */
#ifndef SHERD_PAYLOAD_JSON_BRACKETS_H
#define SHERD_PAYLOAD_JSON_BRACKETS_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes are gone through in one call, and how many of those can be brackets. A few places
 * after the last one found may be written to. */
#define SHERD__JSON_CHUNK_BYTES 1024
#define SHERD__JSON_FOUND_MAX   (SHERD__JSON_CHUNK_BYTES + 8)

/* What one chunk leaves to the next; zeroed at the first one, which begins outside a string. */
struct sherd__json_between {
  uint64_t in_string;  /* all bits or none: whether a string goes on */
  uint64_t is_escaped; /* one bit or none: whether its first byte is escaped */
};

/* Finds those in `len` bytes, SHERD__JSON_CHUNK_BYTES unless it is the last chunk: *found are their
 * offsets from `from`, as many as is returned. */
size_t sherd__json_find_brackets(const uint8_t *from, size_t len,
                                 struct sherd__json_between *between,
                                 uint16_t found[SHERD__JSON_FOUND_MAX]);

#endif
