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
  bool begun;     /* something but white space has been seen */
};

void sherd__boundary_init(struct sherd__boundary *boundary, enum sherd_data_format format);

/* Looks at the next piece. True when the document ends in it, and *used is then how much of the
 * piece belongs to the document. */
bool sherd__boundary_feed(struct sherd__boundary *boundary, struct sherd_bytes piece, size_t *used);

#endif
