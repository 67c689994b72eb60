/* What the fuzz targets share.
 *
 * A target is a file fuzz_NAME.c with one LLVMFuzzerTestOneInput(), which aborts when a property
 * does not hold. The same files, linked with replay.c instead of libFuzzer, run their corpus as
 * ordinary tests. */
#ifndef SHERD_FUZZ_H
#define SHERD_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sherd/bytes.h>

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts, with the property's text, when it does not hold. */
#define FUZZ_CHECK(property) fuzz_check(property, #property, __FILE__, __LINE__)

static inline void fuzz_check(bool holds, const char *property, const char *file, int line) {
  if (holds)
    return;
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, property);
  abort();
}

static inline bool fuzz_equal(struct sherd_bytes a, struct sherd_bytes b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline void fuzz_append(struct sherd_buf *buf, const void *data, size_t len) {
  FUZZ_CHECK(sherd__buf_append(buf, data, len) == SHERD_OK);
}

/* Takes a byte off the front of the input; 0 when there is none left. */
static inline uint8_t fuzz_byte(struct sherd_bytes *input) {
  if (input->len == 0)
    return 0;
  input->len--;
  return *input->data++;
}

/* Takes a number of `size` bytes. */
static inline uint64_t fuzz_number(struct sherd_bytes *input, size_t size) {
  uint64_t number = 0;
  while (size--)
    number = number << 8 | fuzz_byte(input);
  return number;
}

/* Takes up to `len` bytes. */
static inline struct sherd_bytes fuzz_take(struct sherd_bytes *input, size_t len) {
  struct sherd_bytes taken = {input->data, len < input->len ? len : input->len};
  if (taken.len) {
    input->data += taken.len;
    input->len -= taken.len;
  }
  return taken;
}

/* How a stream is cut: whole, in single bytes, or in pieces of random lengths. */
struct fuzz_cuts {
  uint8_t how; /* 0: whole; 1: single bytes; else the seed of the lengths */
  uint32_t dice;
};

static inline struct fuzz_cuts fuzz_cuts_from(uint8_t how) {
  return (struct fuzz_cuts){how, how * UINT32_C(2654435761)};
}

/* The next piece, in memory of its exact size, so that a sanitizer sees who reads beside it; free()
 * it once it is fed, so that it is seen who reads too late. Call it while there is input left. */
static inline struct sherd_bytes fuzz_piece(struct fuzz_cuts *cuts, struct sherd_bytes *stream) {
  size_t len = stream->len;
  if (cuts->how == 1)
    len = 1;
  else if (cuts->how) {
    cuts->dice = cuts->dice * UINT32_C(1664525) + UINT32_C(1013904223);
    uint32_t wide = cuts->dice >> 28 ? 16 : 4096; /* short ones, mostly */
    len = (cuts->dice >> 8) % wide + 1;
  }
  struct sherd_bytes taken = fuzz_take(stream, len);
  uint8_t *copy = malloc(taken.len);
  FUZZ_CHECK(copy != NULL);
  memcpy(copy, taken.data, taken.len);
  return (struct sherd_bytes){copy, taken.len};
}

static inline void fuzz_piece_free(struct sherd_bytes piece) {
  free((void *)(uintptr_t)piece.data);
}

#endif
