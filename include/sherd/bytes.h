/* A borrowed run of bytes: it owns nothing, and is passed by value. */
#ifndef SHERD_BYTES_H
#define SHERD_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct sherd_bytes {
  const uint8_t *data; /* may be NULL when len is 0 */
  size_t len;          /* bytes */
};

#endif
