/* Where a message of the gateway becomes the bytes of a session's data format.
 *
 * Everything in the simulator is JSON up to here. JSON goes out as it is; for ETF it becomes the
 * term that Discord's Erlang would make of it:
 *
 *   keys              atoms, but binaries where a key is a snowflake, as in data.resolved
 *   null, true, false the atoms nil, true, false
 *   strings           binaries
 *   integers          the shortest of tags 97, 98 and 110
 *   other numbers     doubles (tag 70)
 *   lists             STRING (107) when all items are integers from 0 to 255, as Erlang does
 *   maps              their pairs in the order that they have in JSON; the envelope's in Erlang's
 *
 * Atoms have tag 100, which decoders of every age know: erlpack knows no UTF-8 atoms.
 * Source: Erlang's documentation, External Term Format. */
#ifndef SHERD_SIM_ENCODE_H
#define SHERD_SIM_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>

#include "base/buf.h"

enum sherd__encoding {
  SHERD__ENCODING_JSON = 0,
  SHERD__ENCODING_ETF,         /* snowflakes are binaries, so that it says what the JSON says */
  SHERD__ENCODING_ETF_INTEGERS /* snowflakes are integers; the documentation allows both */
};

/* Appends a dispatch with its name, its sequence number (0: null) and its `d`.
 * Errors: SHERD_ENOMEM; what is wrong with `data`, for ETF. */
enum sherd_status sherd__encode_dispatch(enum sherd__encoding encoding, const char *name,
                                         uint64_t seq, struct sherd_bytes data,
                                         struct sherd_buf *out);

/* Appends a message that is no dispatch; `data` is its `d` in JSON. Errors: as above. */
enum sherd_status sherd__encode_message(enum sherd__encoding encoding, uint32_t op,
                                        const char *data, struct sherd_buf *out);

/* --- encode_etf.c --- */

/* Appends a JSON document as a term, without the version byte. Equal keys of one object are
 * written as they are, though Erlang wants none.
 * Errors: SHERD_ENOMEM; SHERD_ERANGE for a number over all doubles; what is wrong with `json`. */
enum sherd_status sherd__encode_etf_json(struct sherd_bytes json, bool has_integers,
                                         struct sherd_buf *out);

/* Appends parts of a term. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__encode_etf_atom(const char *name, size_t len, struct sherd_buf *out);
enum sherd_status sherd__encode_etf_integer(uint64_t magnitude, bool is_negative,
                                            struct sherd_buf *out);

#endif
