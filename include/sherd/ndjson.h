/* One event as one line of JSON: the form in which events leave a program. */
#ifndef SHERD_NDJSON_H
#define SHERD_NDJSON_H

#include <stddef.h>
#include <stdint.h>

#include <sherd/event.h>
#include <sherd/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes {"shard":0,"s":42,"t":"MESSAGE_CREATE","d":{...}} and a line feed, NUL-terminated, into
 * `buf` of `cap` bytes. It is one valid JSON object on one line, or an error. *len, unless NULL, is
 * the length without the NUL, also on SHERD_ENOSPACE (what `buf` then holds is not defined; `buf`
 * may be NULL when `cap` is 0).
 *
 * A session in ETF gives the same lines as one in JSON, but for what sherd_value_to_json() names.
 * `s` is null where the event has no number. The shard's own events have what they say in `d`:
 *
 *   {"shard":0,"s":null,"t":"CONNECTING","d":{"resuming":true,"last_seq":42}}
 *   {"shard":0,"s":null,"t":"SESSION_LOST","d":{"status":"SHERD_EBADSEQ","close_code":4007,
 *    "last_seq":42}}
 *   {"shard":0,"s":null,"t":"RESHARDED","d":{"shard_count":32}}
 *
 * A message of an opcode that is not in the list has that too: "t":"UNKNOWN_OPCODE","op":99.
 *
 * Errors: SHERD_ENOSPACE; the damage that was met in `d`; SHERD_EINVAL for a NULL event.
 * Thread-safe. */
enum sherd_status sherd_event_to_ndjson(const struct sherd_event *event, uint32_t shard_id,
                                        char *buf, size_t cap, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
