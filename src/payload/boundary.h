/* Where a document ends, found byte by byte over any number of pieces: for streams whose messages
 * come in several flushes, where scanning from the start each time would be quadratic. */
#ifndef SHERD_PAYLOAD_BOUNDARY_H
#define SHERD_PAYLOAD_BOUNDARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>
#include <sherd/value.h>

struct sherd__boundary {
  enum sherd_data_format format;
  uint32_t depth; /* open lists and objects */
  bool in_string; /* JSON */
  bool escaped;   /* JSON: the byte before was a backslash */
  bool begun;     /* something but white space has been seen; ETF: the version byte */

  /* ETF */
  uint64_t terms;   /* that are still to come */
  uint64_t bytes;   /* of the last term's body that are still to come */
  uint8_t head[5];  /* the tag and the length of the term that has begun */
  uint8_t head_len; /* how much of them has come */
};

void sherd__boundary_init(struct sherd__boundary *boundary, enum sherd_data_format format);

/* Looks at the next piece. Damage ends a document where it is met, for the scan to refuse it; a
 * compressed term of ETF, whose end only inflating would tell, ends with its piece. True when the
 * document ends in it, and *used is then how much of the piece belongs to the document. */
bool sherd__boundary_feed(struct sherd__boundary *boundary, struct sherd_bytes piece, size_t *used);

#endif
