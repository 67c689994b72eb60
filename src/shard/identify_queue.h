/* The permission to IDENTIFY, for all shards of a runtime, as a rule without clock or thread.
 *
 * Discord allows max_concurrency IDENTIFYs in 5 s, one a bucket; a shard's bucket is its id modulo
 * max_concurrency. Whoever asks gets a place in the line of its bucket, and with it the time at
 * which its turn comes: the place costs one ticket, which the asker owns, and no memory. A shard
 * that does not come for its turn (its thread is busy) holds nobody up: the next one may go one
 * interval later, and the late one keeps its place in front. When the day's session starts are used
 * up, all turns lie after their reset.
 * Source: Discord's documentation, Gateway, rate limiting and max_concurrency. */
#ifndef SHERD_SHARD_IDENTIFY_QUEUE_H
#define SHERD_SHARD_IDENTIFY_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/runtime.h>
#include <sherd/status.h>

/* Discord counts 5 s at its own end; the 50 ms are for two IDENTIFYs that travel unequally fast. */
#define SHERD__IDENTIFY_INTERVAL_MS 5050

/* A place in a line, owned by who asked. Zeroed, it waits for nothing. */
struct sherd__identify_ticket {
  /* Called from inside sherd__identify_queue_cancel() when another's going has brought this one's
   * turn forward, and from _set_limits(): ask again for the time. Must not call the queue. NULL: no
   * interest. */
  void (*moved)(struct sherd__identify_ticket *ticket);

  /* Private. */
  struct sherd__identify_ticket *prev, *next;   /* in the line of its bucket */
  struct sherd__identify_ticket *older, *newer; /* among all, by when they asked */
  uint32_t shard_id;
  uint32_t bucket;
  uint32_t place; /* the places in a line are consecutive numbers */
  bool waiting;
};

struct sherd__identify_queue;

/* Makes an empty queue that knows no limit of the day. `max_concurrency` 0 counts as 1.
 * Errors: SHERD_ENOMEM. */
enum sherd_status sherd__identify_queue_new(const struct sherd_allocator *allocator,
                                            uint32_t max_concurrency,
                                            struct sherd__identify_queue **out);

/* Frees it; no ticket may wait any more. NULL is allowed. */
void sherd__identify_queue_free(struct sherd__identify_queue *queue);

/* Takes other limits. Who waits keeps the order of asking, and is told to ask again for the time.
 * With another number of buckets none of them grants before the last of the old ones would have:
 * who was in which is not known any more. Errors: SHERD_ENOMEM, and nothing has changed. */
enum sherd_status sherd__identify_queue_set_limits(struct sherd__identify_queue *queue,
                                                   const struct sherd_identify_limits *limits,
                                                   uint64_t now_ms);

/* The limits as they are at `now_ms`, what was granted since counted off. */
void sherd__identify_queue_limits(struct sherd__identify_queue *queue, uint64_t now_ms,
                                  struct sherd_identify_limits *out);

/* Takes a place at the end of the line of the shard's bucket. One that waits already keeps the
 * place it has. Lifetime: the ticket must stay until it is granted or cancelled. */
void sherd__identify_queue_ask(struct sherd__identify_queue *queue,
                               struct sherd__identify_ticket *ticket, uint32_t shard_id,
                               uint64_t now_ms);

/* Asks whether the ticket's turn has come: true, and it has left the line and may IDENTIFY now; or
 * false, and *again_ms is when to ask again (UINT64_MAX for one that does not wait). */
bool sherd__identify_queue_poll(struct sherd__identify_queue *queue,
                                struct sherd__identify_ticket *ticket, uint64_t now_ms,
                                uint64_t *again_ms);

/* Gives the place back; those behind move up. Harmless for one that does not wait. */
void sherd__identify_queue_cancel(struct sherd__identify_queue *queue,
                                  struct sherd__identify_ticket *ticket);

#endif
