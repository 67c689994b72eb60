/* Who reads the stream: they come, and go, and are found by their names. */
#include <string.h>

#include "base/consumer_name.h"
#include "base/mem.h"
#include "sink/relay.h"

struct sherd__consumer *sherd__consumer_new(struct sherd__relay *relay, const char *name,
                                            const struct sherd__place *at) {
  struct sherd__consumer *consumer = sherd__calloc(relay->config.allocator, sizeof *consumer);
  if (!consumer)
    return NULL;
  memcpy(consumer->name, name, strnlen(name, SHERD_CONSUMER_NAME_MAX));
  consumer->queue_bytes = relay->config.queue_bytes;
  sherd__cursor_begin(&consumer->cursor, relay->config.allocator, at);
  return consumer;
}

void sherd__consumer_free(struct sherd__relay *relay, struct sherd__consumer *consumer) {
  sherd__cursor_deinit(&consumer->cursor);
  sherd__free(relay->config.allocator, consumer->indexes);
  sherd__free(relay->config.allocator, consumer);
}

void sherd__relay_enlist(struct sherd__relay *relay, struct sherd__consumer *consumer) {
  struct sherd__consumer **last = &relay->consumers;
  uv_mutex_lock(&relay->mutex);
  while (*last)
    last = &(*last)->next;
  *last = consumer;
  uv_mutex_unlock(&relay->mutex);
}

struct sherd__consumer *sherd__relay_find(const struct sherd__relay *relay, const char *name) {
  for (struct sherd__consumer *consumer = relay->consumers; consumer; consumer = consumer->next)
    if (strcmp(consumer->name, name) == 0)
      return consumer;
  return NULL;
}

uint32_t sherd__relay_count_named(const struct sherd__relay *relay) {
  uint32_t count = 0;
  for (const struct sherd__consumer *c = relay->consumers; c; c = c->next)
    count += c->name[0] != '\0';
  return count;
}

/* What was offered last, and the place where that was. The copy is the caller's to free. */
static enum sherd_status copy_latest(struct sherd__relay *relay, struct sherd__marks *out) {
  enum sherd_status status = SHERD_OK;
  *out = (struct sherd__marks){.allocator = relay->config.allocator};
  uv_mutex_lock(&relay->mutex);
  relay->end = sherd__stream_end(&relay->stream);
  for (uint32_t set = 0; set < relay->latest.set_count && !status; set++) {
    const struct sherd__mark_set *from = &relay->latest.sets[set];
    status = sherd__marks_make(out, set, from->count);
    if (!status && from->count)
      memcpy(out->sets[set].rows, from->rows, from->count * sizeof *from->rows);
  }
  uv_mutex_unlock(&relay->mutex);
  return status;
}

enum sherd_status sherd__relay_add(struct sherd__relay *relay, const char *name,
                                   struct sherd__consumer **out) {
  *out = NULL;
  if (name[0] && !sherd__consumer_is_name(name))
    return SHERD_EINVAL;
  if (name[0] && sherd__relay_count_named(relay) >= SHERD_STORE_CONSUMERS_MAX)
    return SHERD_EQUEUEFULL;
  struct sherd__marks latest;
  enum sherd_status status = copy_latest(relay, &latest);
  sherd__relay_meet(relay, latest.set_count);
  struct sherd__consumer *consumer = status ? NULL : sherd__consumer_new(relay, name, &relay->end);
  if (!status)
    status = !consumer ? SHERD_ENOMEM
             : name[0] ? sherd__relay_join(relay, consumer, &latest)
                       : SHERD_OK;
  sherd__marks_deinit(&latest);
  if (status) {
    if (consumer) {
      (void)sherd__relay_leave(relay, consumer);
      sherd__consumer_free(relay, consumer);
    }
    return status;
  }
  sherd__relay_enlist(relay, consumer);
  *out = consumer;
  return SHERD_OK;
}

enum sherd_status sherd__relay_remove(struct sherd__relay *relay, struct sherd__consumer *consumer,
                                      bool forever) {
  enum sherd_status status = SHERD_OK;
  struct sherd__consumer **at = &relay->consumers;
  uv_mutex_lock(&relay->mutex);
  while (*at != consumer)
    at = &(*at)->next;
  *at = consumer->next;
  uv_mutex_unlock(&relay->mutex);
  if (forever)
    status = sherd__relay_leave(relay, consumer);
  sherd__consumer_free(relay, consumer);
  return status;
}

void sherd__relay_absent(struct sherd__relay *relay, struct sherd__consumer *consumer) {
  (void)relay;
  sherd__cursor_rewind(&consumer->cursor);
  consumer->id = 0;
  consumer->is_over = consumer->is_stuck = false;
}
