#include "shard/identify_queue.h"

#include <stddef.h>

#include <sherd/config.h>

#include "base/mem.h"
#include "shard/identify_budget.h"

struct bucket {
  struct sherd__identify_ticket *first, *last;
  uint64_t ready_ms; /* when the first in line has its turn, starts permitting */
};

struct sherd__identify_queue {
  const struct sherd_allocator *allocator;
  struct sherd__identify_ticket *oldest, *newest; /* all who wait */
  struct sherd__identify_budget budget;
  struct bucket *buckets;
  uint32_t bucket_count;
};

/* --- Life --- */

static uint32_t count_of(uint32_t max_concurrency) {
  return max_concurrency ? max_concurrency : 1;
}

enum sherd_status sherd__identify_queue_new(const struct sherd_allocator *allocator,
                                            uint32_t max_concurrency,
                                            struct sherd__identify_queue **out) {
  allocator = sherd__allocator_or_default(allocator);
  struct sherd__identify_queue *queue = sherd__calloc(allocator, sizeof *queue);
  *out = NULL;
  if (!queue)
    return SHERD_ENOMEM;
  queue->allocator = allocator;
  queue->budget = (struct sherd__identify_budget){SHERD_NEVER, SHERD_NEVER, UINT64_MAX};
  queue->bucket_count = count_of(max_concurrency);
  queue->buckets = sherd__calloc(allocator, queue->bucket_count * sizeof *queue->buckets);
  if (!queue->buckets) {
    sherd__free(allocator, queue);
    return SHERD_ENOMEM;
  }
  *out = queue;
  return SHERD_OK;
}

void sherd__identify_queue_free(struct sherd__identify_queue *queue) {
  if (!queue)
    return;
  sherd__free(queue->allocator, queue->buckets);
  sherd__free(queue->allocator, queue);
}

/* --- The lines --- */

static void line_up(struct sherd__identify_queue *queue, struct sherd__identify_ticket *ticket) {
  ticket->bucket = ticket->shard_id % queue->bucket_count;
  struct bucket *bucket = &queue->buckets[ticket->bucket];
  ticket->place = bucket->last ? bucket->last->place + 1 : 0;
  ticket->prev = bucket->last;
  ticket->next = NULL;
  *(bucket->last ? &bucket->last->next : &bucket->first) = ticket;
  bucket->last = ticket;
}

/* Those behind one who was not the first move up. */
static void leave_line(struct sherd__identify_queue *queue, struct sherd__identify_ticket *ticket) {
  struct bucket *bucket = &queue->buckets[ticket->bucket];
  if (ticket->prev)
    for (struct sherd__identify_ticket *behind = ticket->next; behind; behind = behind->next)
      behind->place--;
  *(ticket->prev ? &ticket->prev->next : &bucket->first) = ticket->next;
  *(ticket->next ? &ticket->next->prev : &bucket->last) = ticket->prev;
  ticket->prev = ticket->next = NULL;
}

static void leave(struct sherd__identify_queue *queue, struct sherd__identify_ticket *ticket) {
  leave_line(queue, ticket);
  *(ticket->older ? &ticket->older->newer : &queue->oldest) = ticket->newer;
  *(ticket->newer ? &ticket->newer->older : &queue->newest) = ticket->older;
  ticket->older = ticket->newer = NULL;
  ticket->waiting = false;
}

static void tell_moved(struct sherd__identify_ticket *ticket) {
  if (ticket->moved)
    ticket->moved(ticket);
}

void sherd__identify_queue_ask(struct sherd__identify_queue *queue,
                               struct sherd__identify_ticket *ticket, uint32_t shard_id,
                               uint64_t now_ms) {
  if (ticket->waiting)
    return;
  ticket->shard_id = shard_id;
  ticket->waiting = true;
  ticket->older = queue->newest;
  ticket->newer = NULL;
  *(queue->newest ? &queue->newest->newer : &queue->oldest) = ticket;
  queue->newest = ticket;
  line_up(queue, ticket);
  struct bucket *bucket = &queue->buckets[ticket->bucket];
  if (bucket->first == ticket && bucket->ready_ms < now_ms)
    bucket->ready_ms = now_ms; /* or the second in line could be "late for its turn" already */
}

void sherd__identify_queue_cancel(struct sherd__identify_queue *queue,
                                  struct sherd__identify_ticket *ticket) {
  if (!ticket->waiting)
    return;
  struct sherd__identify_ticket *behind = ticket->next;
  leave(queue, ticket);
  for (; behind; behind = behind->next)
    tell_moved(behind);
}

/* --- The turns --- */

/* Nobody is late for a turn that was before `from_ms`. */
static void begin_anew(struct sherd__identify_queue *queue, uint64_t from_ms) {
  for (uint32_t i = 0; i < queue->bucket_count; i++)
    if (queue->buckets[i].ready_ms < from_ms)
      queue->buckets[i].ready_ms = from_ms;
}

static void renew(struct sherd__identify_queue *queue, uint64_t now_ms) {
  uint64_t reset_ms;
  if (sherd__identify_budget_renew(&queue->budget, now_ms, &reset_ms))
    begin_anew(queue, reset_ms);
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
  renew(queue, now_ms);
  struct bucket *bucket = &queue->buckets[ticket->bucket];
  uint32_t ahead = ticket->place - bucket->first->place;
  *again_ms = sherd__identify_budget_turn(&queue->budget, bucket->ready_ms, ahead,
                                          SHERD__IDENTIFY_INTERVAL_MS);
  if (now_ms < *again_ms)
    return false;
  leave(queue, ticket);
  bucket->ready_ms = now_ms + SHERD__IDENTIFY_INTERVAL_MS;
  sherd__identify_budget_take(&queue->budget);
  return true;
}

/* --- The limits --- */

static enum sherd_status change_buckets(struct sherd__identify_queue *queue, uint32_t count) {
  struct bucket *buckets = sherd__calloc(queue->allocator, count * sizeof *buckets);
  if (!buckets)
    return SHERD_ENOMEM;
  uint64_t ready_ms = 0;
  for (uint32_t i = 0; i < queue->bucket_count; i++)
    if (queue->buckets[i].ready_ms > ready_ms)
      ready_ms = queue->buckets[i].ready_ms;
  for (uint32_t i = 0; i < count; i++)
    buckets[i].ready_ms = ready_ms;
  sherd__free(queue->allocator, queue->buckets);
  queue->buckets = buckets;
  queue->bucket_count = count;
  for (struct sherd__identify_ticket *at = queue->oldest; at; at = at->newer)
    line_up(queue, at);
  return SHERD_OK;
}

enum sherd_status sherd__identify_queue_set_limits(struct sherd__identify_queue *queue,
                                                   const struct sherd_identify_limits *limits,
                                                   uint64_t now_ms) {
  uint32_t count = count_of(limits->max_concurrency);
  enum sherd_status status = count == queue->bucket_count ? SHERD_OK : change_buckets(queue, count);
  if (status != SHERD_OK)
    return status;
  bool is_far = limits->reset_after_ms > UINT64_MAX - now_ms;
  queue->budget.remaining = limits->remaining;
  queue->budget.total = limits->total;
  queue->budget.reset_ms = is_far ? UINT64_MAX : now_ms + limits->reset_after_ms;
  begin_anew(queue, now_ms);
  for (struct sherd__identify_ticket *at = queue->oldest; at; at = at->newer)
    tell_moved(at);
  return SHERD_OK;
}

void sherd__identify_queue_limits(struct sherd__identify_queue *queue, uint64_t now_ms,
                                  struct sherd_identify_limits *out) {
  renew(queue, now_ms);
  bool is_limited = queue->budget.remaining != SHERD_NEVER;
  *out = (struct sherd_identify_limits){
      .max_concurrency = queue->bucket_count,
      .remaining = queue->budget.remaining,
      .total = queue->budget.total,
      .reset_after_ms = is_limited ? queue->budget.reset_ms - now_ms : 0,
  };
}
