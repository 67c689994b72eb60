/* What a shard tells its user: one struct for dispatches and for the shard's own life. */
#ifndef SHERD_EVENT_H
#define SHERD_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/event_types.h>
#include <sherd/status.h>
#include <sherd/value.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sherd_event {
  enum sherd_event_type type;
  const char *name;        /* the wire's `t`, or the lifecycle event's name; NUL-terminated */
  const char *session;     /* the session's id, or "" before READY; NUL-terminated */
  struct sherd_value data; /* the wire's `d`; absent for lifecycle events */
  uint64_t seq;            /* the wire's `s`; meaningful when has_seq */
  bool has_seq;            /* `s` was a number: true for dispatches, as a rule */

  /* Lifecycle events only; zero otherwise. */
  bool resuming;            /* CONNECTING: a session is to be resumed; DISCONNECTED: it will be */
  bool reconnecting;        /* DISCONNECTED: another attempt follows */
  uint16_t close_code;      /* DISCONNECTED, SESSION_LOST: the server's close code, or 0 */
  uint32_t op;              /* UNKNOWN_OPCODE, COMMAND_DROPPED: the opcode; RESHARDED: the new
                               number of shards; for dispatches 0 */
  enum sherd_status status; /* DISCONNECTED, SESSION_LOST, COMMAND_DROPPED, CLOSED: why */
  uint64_t expected_seq;    /* SEQUENCE_GAP: the first number that is missing; `seq` is what came */
  uint64_t last_seq;        /* SESSION_LOST: the last sequence number that was delivered;
                               CONNECTING, when resuming: the one after which the server goes on */

  /* Private. */
  void *kept_;                              /* the block behind a kept event */
  const struct sherd_allocator *allocator_; /* where it is kept; NULL: the default */
};

/* Keeps an event beyond its callback: *out is a copy on the heap with the bytes of its data, or,
 * when `event` is itself a kept one, the same with one more owner. Each successful call must be
 * met by one sherd_event_release(). Errors: SHERD_ENOMEM, and *out is NULL. Thread-safe. */
enum sherd_status sherd_event_retain(const struct sherd_event *event, struct sherd_event **out);

/* Gives up one ownership of a kept event; the last one frees it. NULL is allowed. Thread-safe. */
void sherd_event_release(struct sherd_event *event);

#ifdef __cplusplus
}
#endif
#endif
