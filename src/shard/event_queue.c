#include "shard/event_queue.h"

#include <string.h>

#include "base/mem.h"
#include "payload/extent.h"

#define FIRST_CAP 16

/* What an event weighs. The data of a kept one is a document of its own, with the extents in it. */
static size_t weigh(const struct sherd_event *event) {
  const struct sherd_value *data = &event->data;
  size_t bytes = data->at_ ? (size_t)(data->end_ - data->base_) : 0;
  size_t extents = data->extent_ ? data->extent_->count * sizeof *data->extent_ : 0;
  return sizeof *event + bytes + extents;
}

enum sherd_status sherd__event_queue_init(struct sherd__event_queue *queue,
                                          const struct sherd_allocator *allocator,
                                          size_t max_events, size_t max_bytes) {
  *queue = (struct sherd__event_queue){
      .allocator = allocator, .max_events = max_events, .max_bytes = max_bytes};
  return sherd__event_queue_reserve(queue);
}

void sherd__event_queue_deinit(struct sherd__event_queue *queue) {
  struct sherd_event *event;
  while ((event = sherd__event_queue_pop(queue)))
    sherd_event_release(event);
  if (queue->ring)
    sherd__free(queue->allocator, queue->ring);
  queue->ring = NULL;
  queue->cap = 0;
}

static enum sherd_status make_room(struct sherd__event_queue *queue, size_t places) {
  if (queue->count + places <= queue->cap)
    return SHERD_OK;
  size_t cap = queue->cap ? queue->cap * 2 : FIRST_CAP;
  struct sherd_event **ring = sherd__malloc(queue->allocator, cap * sizeof *ring);
  if (!ring)
    return SHERD_ENOMEM;
  for (size_t i = 0; i < queue->count; i++)
    ring[i] = queue->ring[(queue->head + i) % queue->cap];
  sherd__free(queue->allocator, queue->ring);
  queue->ring = ring;
  queue->cap = cap;
  queue->head = 0;
  return SHERD_OK;
}

enum sherd_status sherd__event_queue_reserve(struct sherd__event_queue *queue) {
  return make_room(queue, 1);
}

void sherd__event_queue_push_last(struct sherd__event_queue *queue, struct sherd_event *event) {
  queue->ring[(queue->head + queue->count) % queue->cap] = event;
  queue->count++;
  queue->bytes += weigh(event);
}

enum sherd_status sherd__event_queue_push(struct sherd__event_queue *queue,
                                          struct sherd_event *event) {
  enum sherd_status status = make_room(queue, 2);
  if (status == SHERD_OK)
    sherd__event_queue_push_last(queue, event);
  return status;
}

struct sherd_event *sherd__event_queue_pop(struct sherd__event_queue *queue) {
  if (!queue->count)
    return NULL;
  struct sherd_event *event = queue->ring[queue->head];
  queue->head = (queue->head + 1) % queue->cap;
  queue->count--;
  queue->bytes -= weigh(event);
  return event;
}

bool sherd__event_queue_is_full(const struct sherd__event_queue *queue) {
  return queue->count >= queue->max_events || queue->bytes >= queue->max_bytes;
}

bool sherd__event_queue_is_low(const struct sherd__event_queue *queue) {
  return queue->count <= queue->max_events / 2 && queue->bytes <= queue->max_bytes / 2;
}
