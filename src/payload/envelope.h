/* The envelope of a gateway message, {op, d, s, t}, found by a scan that leaves `d` alone.
 * Source: Discord's documentation, Gateway Events, payload structure. */
#ifndef SHERD_PAYLOAD_ENVELOPE_H
#define SHERD_PAYLOAD_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>
#include <sherd/value.h>

#include "payload/extent.h"

struct sherd__envelope {
  uint32_t op;
  bool has_seq;
  uint64_t seq;            /* `s`, when has_seq; null and absent are the same */
  struct sherd_value name; /* `t`: a string, or null, or absent */
  struct sherd_value data; /* `d`: any value, or absent */
  size_t size;             /* bytes of the document, with the white space around it */
};

/* Scans the first document in `in`, whatever the order of its keys and whichever others it has; of
 * equal keys the first one counts. What follows the document is left alone: out->size says where.
 * Errors, with *error_offset: SHERD_ETRUNCATED when more bytes are needed; SHERD_EENVELOPE when
 * `op` is absent, no integer or out of range, `s` neither null nor an integer from 0 up, `t`
 * neither null nor a string, or the document no object; SHERD_EJSON, SHERD_EETF, SHERD_ETAG,
 * SHERD_EDEPTH for damage. Damage inside `d` may pass: it is found where it is read.
 * The extents of `d` are noted in `extents`, unless NULL, in place of those that are there.
 * Lifetime: *out borrows `in` and, with its data, `extents`. */
enum sherd_status sherd__envelope_scan(enum sherd_data_format format, struct sherd_bytes in,
                                       struct sherd__extents *extents, struct sherd__envelope *out,
                                       size_t *error_offset);

#endif
