/* The first part of a zstd block: the bytes that its sequences put between their matches.
 * Source: RFC 8878 sections 3.1.1.3.1 and 4.2. */
#ifndef SHERD_ENGINE_INFLATE_ZSTD_LITERALS_H
#define SHERD_ENGINE_INFLATE_ZSTD_LITERALS_H

#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>

#include "base/buf.h"
#include "engine/inflate_zstd_fse.h"

#define SHERD__ZSTD_HUFFMAN_LOG_MAX 11
#define SHERD__ZSTD_WEIGHTS_LOG_MAX 6

/* More than this are put into memory of their own; few blocks have as many. */
#define SHERD__ZSTD_LITERALS_NEAR 4096

/* How far over the literals' end one may read. */
#define SHERD__ZSTD_LITERALS_SLACK 32

/* The last code as it was told, for a later block may ask for it again. */
struct sherd__zstd_huffman {
  uint8_t len; /* 0: none was told yet */
  uint8_t told[128];
};

struct sherd__zstd_literals {
  const uint8_t *data;
  size_t len;
  const uint8_t *readable; /* where what may be read ends, at the least with the literals */
};

/* What is worked with while a block's literals are decoded. */
struct sherd__zstd_literals_work {
  uint8_t lists[SHERD__ZSTD_HUFFMAN_LOG_MAX + 1][256]; /* the bytes of each weight */
  unsigned counts[SHERD__ZSTD_HUFFMAN_LOG_MAX + 1];
  unsigned log;                                     /* of the table */
  uint16_t table[1 << SHERD__ZSTD_HUFFMAN_LOG_MAX]; /* the bits of a code, and its byte above */
  struct sherd__zstd_state states[1 << SHERD__ZSTD_WEIGHTS_LOG_MAX];
  uint8_t near[SHERD__ZSTD_LITERALS_NEAR + SHERD__ZSTD_LITERALS_SLACK];
  struct sherd_buf far; /* to be given back by whoever has the work */
};

/* Decodes the literals, at most `max`, from the front of *block; up to `readable` there may be more
 * input. Errors: SHERD_EZSTD, SHERD_ENOMEM.
 * Lifetime of *out: that of the block, and until the work is used again. */
enum sherd_status sherd__zstd_literals_read(struct sherd_bytes *block, const uint8_t *readable,
                                            size_t max, struct sherd__zstd_huffman *huffman,
                                            struct sherd__zstd_literals_work *work,
                                            struct sherd__zstd_literals *out);

#endif
