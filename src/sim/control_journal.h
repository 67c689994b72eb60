/* The journal: what was sent, received and asked for of late, for whoever tests a bot to read.
 *
 * It is bounded in entries and in bytes, and forgets the oldest first. Entries have numbers that
 * only rise, so that a reader asks for what came after the last one it has seen, and sees a hole
 * where it was too slow. */
#ifndef SHERD_SIM_CONTROL_JOURNAL_H
#define SHERD_SIM_CONTROL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/bytes.h>
#include <sherd/value.h>

#include "sim/dispatch.h"
#include "sim/print.h"

#define SHERD__JOURNAL_ENTRIES_MAX 65536
#define SHERD__JOURNAL_BYTES_MAX   ((size_t)16 << 20)
/* A body of a request, or a `d`, over this is told by its size alone. */
#define SHERD__JOURNAL_BODY_MAX ((size_t)64 << 10)

enum sherd__journal_kind {
  SHERD__JOURNAL_CONNECTED = 0, /* a WebSocket was opened */
  SHERD__JOURNAL_DISPATCH,      /* produced for a session, connected or not: `dispatch`, `seq` */
  SHERD__JOURNAL_SENT,          /* anything else; `number`: its opcode; `bytes` */
  SHERD__JOURNAL_RECEIVED,      /* `number`: its opcode, UINT32_MAX when it has none; `bytes` */
  SHERD__JOURNAL_CLOSED,        /* we sent a close frame with `number` */
  SHERD__JOURNAL_CLOSED_BY_BOT, /* it sent one; `number` 0: without a code */
  SHERD__JOURNAL_GONE,          /* the connection has ended */
  SHERD__JOURNAL_REQUEST,       /* `method`, `path`, `body`; `number`: the status that answered */
  SHERD__JOURNAL_RESET
};

struct sherd__journal_entry {
  enum sherd__journal_kind kind;
  uint64_t time_ms;
  const char *session_id; /* NULL: none yet */
  uint32_t shard_id;
  uint32_t number;
  uint64_t seq;
  size_t bytes;
  struct sherd__dispatch *dispatch; /* NULL: none */
  const char *method, *path;
  struct sherd_bytes body; /* JSON; empty for none, or for one that is not to be kept */
};

struct sherd__journal_record;

struct sherd__journal {
  const struct sherd_allocator *allocator;
  const char *secret;                    /* is nowhere: its bytes become asterisks. Borrowed */
  struct sherd__journal_record *records; /* a ring: number n is at (n - 1) & (cap - 1) */
  uint32_t cap;                          /* a power of two, or 0 */
  uint64_t oldest;                       /* newest + 1 when there is nothing */
  uint64_t newest;                       /* the first entry has 1 */
  size_t bytes;
};

void sherd__journal_init(struct sherd__journal *journal, const struct sherd_allocator *allocator);
void sherd__journal_deinit(struct sherd__journal *journal);

/* Takes a note; texts are copied. For want of memory everything older may be forgotten. */
void sherd__journal_add(struct sherd__journal *journal, const struct sherd__journal_entry *entry);

/* The dispatch of entry `number`, which must be there; NULL when it is of another kind.
 * Lifetime: that of the entry. */
struct sherd__dispatch *sherd__journal_dispatch(const struct sherd__journal *journal,
                                                uint64_t number);

/* Forgets everything; numbers go on. */
void sherd__journal_clear(struct sherd__journal *journal);

/* Writes entry `number`, which must be there, as one line of JSON. With `with_data` dispatches have
 * their `d`. */
void sherd__journal_print(const struct sherd__journal *journal, uint64_t number, bool with_data,
                          struct sherd__print *print);

#endif
