/* The log of a hub: every event once, in the order in which they came, for all who read.
 *
 * Records lie one after the other in blocks, and blocks are freed whole when the last reader has
 * passed. A position is counted in records (`n`, from 1) and in bytes of memory, so that the
 * distance of two places is what is held between them.
 *
 * No locks in here: who appends and who takes an end (sherd__stream_end()) must not do so at the
 * same time. What lies before an end never changes again: it is read without a lock. */
#ifndef SHERD_SINK_STREAM_H
#define SHERD_SINK_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/bytes.h>
#include <sherd/event_types.h>
#include <sherd/session.h>
#include <sherd/status.h>

#define SHERD__BLOCK_BYTES (256u << 10)

/* One event. The line's bytes follow it, then the session of a READY. */
struct sherd__record {
  uint64_t n;        /* its position, from 1 */
  uint64_t at_bytes; /* where it begins */
  uint64_t tag;      /* of its session; 0: its number is not to be marked */
  uint64_t seq;
  uint32_t size_bytes; /* with all that follows it */
  uint32_t line_len;   /* with the line feed; 0: it could not be written */
  uint32_t set;
  uint32_t shard_id;
  uint16_t type; /* enum sherd_event_type */
  bool has_seq;
  bool has_session;
  bool is_shadow;
};

struct sherd__block {
  struct sherd__block *next;
  size_t cap;
  size_t used;
  uint8_t data[] __attribute__((aligned(8)));
};

struct sherd__stream {
  const struct sherd_allocator *allocator;
  struct sherd__block *first, *last; /* there is always one */
  uint64_t n;                        /* of the last record */
  uint64_t bytes;                    /* where the next record begins */
  uint64_t memory_bytes;             /* of all blocks */
};

/* The place between two records. */
struct sherd__place {
  const struct sherd__block *block;
  size_t at;      /* in the block */
  uint64_t n;     /* of the record before */
  uint64_t bytes; /* where that one ends */
};

/* Errors: SHERD_ENOMEM. */
enum sherd_status sherd__stream_init(struct sherd__stream *stream,
                                     const struct sherd_allocator *allocator);
void sherd__stream_deinit(struct sherd__stream *stream);

/* Appends what `record` says (n, at_bytes and size_bytes are filled in), its line, and a session
 * unless NULL. Errors: SHERD_ENOMEM, and nothing has changed. */
enum sherd_status sherd__stream_append(struct sherd__stream *stream,
                                       const struct sherd__record *record, struct sherd_bytes line,
                                       const struct sherd_session *session);

/* The place after the last record. */
struct sherd__place sherd__stream_end(const struct sherd__stream *stream);

/* The record after `place`, which goes past it; NULL at `end`. Lifetime: until it is trimmed. */
const struct sherd__record *sherd__place_next(struct sherd__place *place,
                                              const struct sherd__place *end);

/* Moves to the block in which the next record lies, so that the one before may go. */
void sherd__place_settle(struct sherd__place *place, const struct sherd__place *end);

/* Gives up the blocks before `floor`, which must be settled, and which nobody reads any more. They
 * are for the caller to free (sherd__stream_free_blocks()), without a lock. NULL: none. */
struct sherd__block *sherd__stream_trim(struct sherd__stream *stream,
                                        const struct sherd__place *floor);

/* Frees what sherd__stream_trim() gave. */
void sherd__stream_free_blocks(const struct sherd_allocator *allocator, struct sherd__block *first);

static inline struct sherd_bytes sherd__record_line(const struct sherd__record *record) {
  return (struct sherd_bytes){(const uint8_t *)(record + 1), record->line_len};
}

/* Copies the session that a READY has. */
void sherd__record_session(const struct sherd__record *record, struct sherd_session *out);

#endif
