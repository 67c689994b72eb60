/* Events that wait to be pulled: a ring of kept ones, counted in events and in bytes.
 *
 * Its limits are marks, not walls: who fills it stops reading when it is full, and what was read by
 * then still goes in. Not thread-safe by itself. */
#ifndef SHERD_SHARD_EVENT_QUEUE_H
#define SHERD_SHARD_EVENT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include <sherd/alloc.h>
#include <sherd/event.h>

struct sherd__event_queue {
  const struct sherd_allocator *allocator;
  size_t max_events, max_bytes;

  /* Private. */
  struct sherd_event **ring;
  size_t cap, head, count;
  size_t bytes;
};

/* Makes an empty queue. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__event_queue_init(struct sherd__event_queue *queue,
                                          const struct sherd_allocator *allocator,
                                          size_t max_events, size_t max_bytes);

/* Releases the events in it. One that is zeroed is let be. */
void sherd__event_queue_deinit(struct sherd__event_queue *queue);

/* Makes sure of the one place that sherd__event_queue_push_last() takes. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__event_queue_reserve(struct sherd__event_queue *queue);

/* Appends a kept event, which the queue then owns, and leaves the reserved place free.
 * Errors: SHERD_ENOMEM, and the queue does not own it. */
enum sherd_status sherd__event_queue_push(struct sherd__event_queue *queue,
                                          struct sherd_event *event);

/* The same on the reserved place: cannot fail. */
void sherd__event_queue_push_last(struct sherd__event_queue *queue, struct sherd_event *event);

/* Takes the oldest event, which the caller then owns, or NULL. */
struct sherd_event *sherd__event_queue_pop(struct sherd__event_queue *queue);

/* Whether reading is to stop, and whether so much was taken that it is to go on. */
bool sherd__event_queue_is_full(const struct sherd__event_queue *queue);
bool sherd__event_queue_is_low(const struct sherd__event_queue *queue);

#endif
