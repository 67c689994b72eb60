#include "sink/relay.h"

#include <string.h>

#include "base/mem.h"

enum sherd_status sherd__relay_init(struct sherd__relay *relay,
                                    const struct sherd__relay_config *config) {
  *relay = (struct sherd__relay){.config = *config};
  relay->latest.allocator = config->allocator;
  if (sherd__stream_init(&relay->stream, config->allocator))
    return SHERD_ENOMEM;
  if (uv_mutex_init(&relay->mutex)) {
    sherd__stream_deinit(&relay->stream);
    return SHERD_ESYSTEM;
  }
  if (uv_mutex_init(&relay->hold_mutex)) {
    uv_mutex_destroy(&relay->mutex);
    sherd__stream_deinit(&relay->stream);
    return SHERD_ESYSTEM;
  }
  relay->hold_at_bytes = config->queue_bytes;
  relay->end = relay->floor = sherd__stream_end(&relay->stream);
  return SHERD_OK;
}

void sherd__relay_deinit(struct sherd__relay *relay) {
  while (relay->consumers)
    (void)sherd__relay_remove(relay, relay->consumers, false);
  sherd__stream_deinit(&relay->stream);
  sherd__marks_deinit(&relay->latest);
  sherd__free(relay->config.allocator, relay->stores);
  uv_mutex_destroy(&relay->hold_mutex);
  uv_mutex_destroy(&relay->mutex);
}

/* --- A turn --- */

/* One that is disconnected at the bound can hold no more when it is absent. */
static bool can_drop(const struct sherd__consumer *consumer) {
  return consumer->policy == SHERD__POLICY_DROP_OLDEST ||
         (consumer->policy == SHERD__POLICY_DISCONNECT && !consumer->id);
}

static void keep_to_bound(struct sherd__relay *relay, struct sherd__consumer *consumer) {
  if (consumer->policy == SHERD__POLICY_BLOCK ||
      sherd__cursor_lag_bytes(&consumer->cursor, &relay->end) <= consumer->queue_bytes)
    return;
  if (!can_drop(consumer)) {
    consumer->is_over = true;
    return;
  }
  /* Half at once: dropping one by one would tell of a hole before each line. */
  sherd__cursor_drop(&consumer->cursor, &relay->end, consumer->queue_bytes / 2);
  sherd__relay_take(relay, consumer);
}

void sherd__relay_look(struct sherd__relay *relay) {
  uv_mutex_lock(&relay->mutex);
  relay->end = sherd__stream_end(&relay->stream);
  uint32_t set_count = relay->latest.set_count;
  uv_mutex_unlock(&relay->mutex);
  sherd__relay_meet(relay, set_count);
}

void sherd__relay_keep_bounds(struct sherd__relay *relay) {
  for (struct sherd__consumer *c = relay->consumers; c; c = c->next)
    keep_to_bound(relay, c);
}

const struct sherd__record *sherd__relay_give(struct sherd__relay *relay,
                                              struct sherd__consumer *consumer) {
  const struct sherd__record *record = sherd__cursor_give(&consumer->cursor, &relay->end);
  if (!record)
    sherd__relay_take(relay, consumer); /* what was not to be shown */
  return record;
}

enum sherd_status sherd__relay_ack(struct sherd__relay *relay, struct sherd__consumer *consumer,
                                   uint64_t n) {
  enum sherd_status status = sherd__cursor_ack(&consumer->cursor, n);
  if (!status)
    sherd__relay_take(relay, consumer);
  return status;
}

/* Where the stream may not go beyond for this consumer's sake. */
static uint64_t bound_of(const struct sherd__consumer *consumer) {
  uint64_t slack = consumer->policy == SHERD__POLICY_BLOCK ? 0 : SHERD__RELAY_SLACK_BYTES;
  return consumer->queue_bytes + slack;
}

/* The first block that somebody still reads. */
static struct sherd__place lowest(struct sherd__relay *relay) {
  sherd__place_settle(&relay->floor, &relay->end);
  struct sherd__place low = relay->floor;
  for (struct sherd__consumer *c = relay->consumers; c; c = c->next) {
    sherd__place_settle(&c->cursor.taken, &relay->end);
    sherd__place_settle(&c->cursor.given, &relay->end);
    if (c->cursor.taken.n < low.n)
      low = c->cursor.taken;
  }
  return low;
}

/* Under the mutex. */
static void update_hold(struct sherd__relay *relay) {
  uint64_t hold_at = relay->consumers ? UINT64_MAX : relay->floor.bytes + relay->config.queue_bytes;
  uint64_t release_at = hold_at;
  for (struct sherd__consumer *c = relay->consumers; c; c = c->next) {
    uint64_t hold = c->cursor.taken.bytes + bound_of(c);
    uint64_t release = hold - bound_of(c) / 2;
    hold_at = hold < hold_at ? hold : hold_at;
    release_at = release < release_at ? release : release_at;
  }
  relay->hold_at_bytes = hold_at;
  if (relay->stream.bytes >= hold_at)
    relay->wants_hold = true;
  else if (relay->stream.bytes <= release_at)
    relay->wants_hold = false;
}

static void publish(struct sherd__consumer *consumer) {
  const struct sherd__cursor *cursor = &consumer->cursor;
  consumer->stats = (struct sherd__consumer_stats){
      .id = consumer->id,
      .policy = consumer->policy,
      .is_connected = consumer->id != 0,
      .has_acks = consumer->has_acks,
      .lag_events = cursor->taken.n, /* until it is asked for */
      .lag_bytes = cursor->taken.bytes,
      .sent = cursor->sent,
      .dropped = cursor->dropped,
      .skipped = cursor->skipped,
  };
  memcpy(consumer->stats.name, consumer->name, sizeof consumer->stats.name);
}

void sherd__relay_settle(struct sherd__relay *relay) {
  sherd__relay_lift(relay);
  struct sherd__place low = lowest(relay);
  uv_mutex_lock(&relay->mutex);
  struct sherd__block *blocks = sherd__stream_trim(&relay->stream, &low);
  update_hold(relay);
  for (struct sherd__consumer *c = relay->consumers; c; c = c->next)
    publish(c);
  uv_mutex_unlock(&relay->mutex);
  sherd__stream_free_blocks(relay->config.allocator, blocks);
  sherd__relay_apply_hold(relay);
}

bool sherd__relay_sleep(struct sherd__relay *relay) {
  uint64_t wake_at =
      sherd__relay_count_named(relay) ? UINT64_MAX : 0; /* sessions begin without consumers too */
  for (const struct sherd__consumer *c = relay->consumers; c; c = c->next) {
    if (c->id && !c->is_stuck)
      wake_at = 0;
    else if (c->policy != SHERD__POLICY_BLOCK && c->cursor.taken.bytes + c->queue_bytes < wake_at)
      wake_at = c->cursor.taken.bytes + c->queue_bytes + 1;
  }
  uv_mutex_lock(&relay->mutex);
  bool sleeps = relay->stream.n == relay->end.n || relay->stream.bytes < wake_at;
  relay->wake_at_bytes = sleeps ? wake_at : UINT64_MAX;
  uv_mutex_unlock(&relay->mutex);
  return sleeps;
}

void sherd__relay_apply_hold(struct sherd__relay *relay) {
  uv_mutex_lock(&relay->hold_mutex);
  uv_mutex_lock(&relay->mutex);
  bool wants_hold = relay->wants_hold;
  uv_mutex_unlock(&relay->mutex);
  if (wants_hold != relay->is_held) {
    relay->is_held = wants_hold;
    relay->config.hold(relay->config.ctx, wants_hold);
  }
  uv_mutex_unlock(&relay->hold_mutex);
}

/* --- What there is to tell --- */

bool sherd__relay_is_holding(struct sherd__relay *relay) {
  uv_mutex_lock(&relay->mutex);
  bool is_holding = relay->wants_hold;
  uv_mutex_unlock(&relay->mutex);
  return is_holding;
}

bool sherd__relay_has_failed(struct sherd__relay *relay) {
  uv_mutex_lock(&relay->mutex);
  bool has_failed = relay->has_failed;
  uv_mutex_unlock(&relay->mutex);
  return has_failed;
}

struct sherd__consumer *sherd__relay_slowest(const struct sherd__relay *relay) {
  struct sherd__consumer *slowest = NULL;
  uint64_t least = UINT64_MAX;
  for (struct sherd__consumer *c = relay->consumers; c; c = c->next)
    if (c->cursor.taken.bytes + bound_of(c) < least) {
      least = c->cursor.taken.bytes + bound_of(c);
      slowest = c;
    }
  return slowest;
}

void sherd__relay_stats(struct sherd__relay *relay, struct sherd__hub_stats *out,
                        struct sherd__consumer_stats *consumers, size_t cap) {
  uv_mutex_lock(&relay->mutex);
  *out = relay->stats;
  out->memory_bytes = relay->stream.memory_bytes;
  out->is_holding = relay->wants_hold;
  for (const struct sherd__consumer *c = relay->consumers; c; c = c->next) {
    if (out->consumers < cap) {
      struct sherd__consumer_stats *row = &consumers[out->consumers];
      *row = c->stats;
      row->lag_events = relay->stream.n - row->lag_events;
      row->lag_bytes = relay->stream.bytes - row->lag_bytes;
    }
    out->consumers++;
  }
  uv_mutex_unlock(&relay->mutex);
}
