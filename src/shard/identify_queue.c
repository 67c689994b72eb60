#include "shard/identify_queue.h"

#include <stddef.h>

#include "base/mem.h"

struct bucket {
  struct sherd__identify_ticket *first, *last;
  uint64_t ready_ms; /* when the first in line has its turn */
};

struct sherd__identify_queue {
  const struct sherd_allocator *allocator;
  uint32_t bucket_count;
  struct bucket buckets[];
};

enum sherd_status sherd__identify_queue_new(const struct sherd_allocator *allocator,
                                            uint32_t max_concurrency,
                                            struct sherd__identify_queue **out) {
  allocator = sherd__allocator_or_default(allocator);
  uint32_t count = max_concurrency ? max_concurrency : 1;
  struct sherd__identify_queue *queue =
      sherd__calloc(allocator, sizeof *queue + count * sizeof *queue->buckets);
  *out = queue;
  if (!queue)
    return SHERD_ENOMEM;
  queue->allocator = allocator;
  queue->bucket_count = count;
  return SHERD_OK;
}

void sherd__identify_queue_free(struct sherd__identify_queue *queue) {
  if (queue)
    sherd__free(queue->allocator, queue);
}

void sherd__identify_queue_ask(struct sherd__identify_queue *queue,
                               struct sherd__identify_ticket *ticket, uint32_t shard_id,
                               uint64_t now_ms) {
  if (ticket->waiting)
    return;
  ticket->bucket = shard_id % queue->bucket_count;
  ticket->waiting = true;
  struct bucket *bucket = &queue->buckets[ticket->bucket];
  if (!bucket->first && bucket->ready_ms < now_ms)
    bucket->ready_ms = now_ms; /* or the second in line could be "late for its turn" already */
  ticket->prev = bucket->last;
  ticket->next = NULL;
  *(bucket->last ? &bucket->last->next : &bucket->first) = ticket;
  bucket->last = ticket;
}

static void leave(struct bucket *bucket, struct sherd__identify_ticket *ticket) {
  *(ticket->prev ? &ticket->prev->next : &bucket->first) = ticket->next;
  *(ticket->next ? &ticket->next->prev : &bucket->last) = ticket->prev;
  ticket->prev = ticket->next = NULL;
  ticket->waiting = false;
}

/* The n-th in line has its turn n intervals after the bucket is ready. A grant only ever moves the
 * others' turns back, so that nobody has to be told of it: who asks too early is told the new
 * time. */
bool sherd__identify_queue_poll(struct sherd__identify_queue *queue,
                                struct sherd__identify_ticket *ticket, uint64_t now_ms,
                                uint64_t *again_ms) {
  *again_ms = UINT64_MAX;
  if (!ticket->waiting)
    return false;
  struct bucket *bucket = &queue->buckets[ticket->bucket];
  uint64_t turn_ms = bucket->ready_ms;
  for (const struct sherd__identify_ticket *at = ticket->prev; at; at = at->prev)
    turn_ms += SHERD__IDENTIFY_INTERVAL_MS;
  *again_ms = turn_ms;
  if (now_ms < turn_ms)
    return false;
  leave(bucket, ticket);
  bucket->ready_ms = now_ms + SHERD__IDENTIFY_INTERVAL_MS;
  return true;
}

void sherd__identify_queue_cancel(struct sherd__identify_queue *queue,
                                  struct sherd__identify_ticket *ticket) {
  if (!ticket->waiting)
    return;
  struct sherd__identify_ticket *behind = ticket->next;
  leave(&queue->buckets[ticket->bucket], ticket);
  for (; behind; behind = behind->next)
    if (behind->moved)
      behind->moved(behind);
}
