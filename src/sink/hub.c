#include "sink/hub.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sink/hub_parts.h"

static void on_async(uv_async_t *async) {
  struct sherd__hub *hub = async->data;
  for (struct sherd__peer *peer = hub->peers; peer; peer = peer->next)
    sherd__peer_read_file(peer);
  sherd__hub_turn(hub);
}

static void wake(void *ctx) {
  struct sherd__hub *hub = ctx;
  uv_async_send(&hub->async);
}

static enum sherd_status fail(struct sherd_error_info *error, enum sherd_status status,
                              const char *about) {
  *error = (struct sherd_error_info){.status = status};
  (void)snprintf(error->text, sizeof error->text, "%s%s%s", about, *about ? ": " : "",
                 sherd_strerror(status));
  return status;
}

static void hold(void *ctx, bool held) {
  struct sherd__hub *hub = ctx;
  hub->config.hold(hub->config.ctx, held);
}

static struct sherd_store *store(void *ctx, uint32_t set) {
  struct sherd__hub *hub = ctx;
  return hub->config.store ? hub->config.store(hub->config.ctx, set) : NULL;
}

static enum sherd_status add_declared(struct sherd__hub *hub,
                                      const struct sherd__hub_config *config,
                                      struct sherd_error_info *error) {
  struct sherd__consumer *consumer;
  for (size_t i = 0; i < config->consumer_count; i++) {
    const char *name = config->consumers[i];
    if (name[0] && sherd__relay_find(&hub->relay, name))
      continue;
    enum sherd_status status =
        name[0] ? sherd__relay_add(&hub->relay, name, &consumer) : SHERD_EINVAL;
    if (status == SHERD_EINVAL) {
      *error = (struct sherd_error_info){.status = status};
      (void)snprintf(error->text, sizeof error->text,
                     "'%.80s' is no name of a consumer: it wants 1 to %d letters, digits, '-', '_' "
                     "or '.'",
                     name, SHERD_CONSUMER_NAME_MAX);
    }
    if (status)
      return status == SHERD_EINVAL ? status : fail(error, status, name);
  }
  return SHERD_OK;
}

static enum sherd_status add_std(struct sherd__hub *hub, struct sherd_error_info *error) {
  if (hub->config.stdout_fd < 0 && hub->config.stdin_fd < 0)
    return SHERD_OK;
  struct sherd__consumer *consumer = NULL;
  if (hub->config.stdout_fd >= 0) {
    enum sherd_status status = sherd__relay_add(&hub->relay, "stdout", &consumer);
    if (status)
      return fail(error, status, "stdout");
  }
  struct sherd__peer *peer = sherd__peer_new(hub, -1);
  if (!peer)
    return fail(error, SHERD_ENOMEM, "stdout");
  peer->consumer = consumer;
  if (consumer) {
    consumer->id = peer->id;
    consumer->has_acks = hub->config.stdout_taken == SHERD__STDOUT_ACKED;
  }
  return SHERD_OK;
}

static void set_queues(struct sherd__hub_config *config) {
  if (!config->queue_bytes)
    config->queue_bytes = SHERD__HUB_QUEUE_BYTES;
  if (!config->max_queue_bytes)
    config->max_queue_bytes = SHERD__HUB_QUEUE_BYTES_MAX;
  if (config->max_queue_bytes < config->queue_bytes)
    config->max_queue_bytes = config->queue_bytes;
}

static enum sherd_status start(struct sherd__hub *hub, const struct sherd__hub_config *config,
                               struct sherd_error_info *error) {
  struct sherd__relay_config relay = {.allocator = hub->allocator,
                                      .log = config->log,
                                      .queue_bytes = hub->config.queue_bytes,
                                      .hold = hold,
                                      .store = store,
                                      .wake = wake,
                                      .ctx = hub};
  enum sherd_status status = sherd__relay_init(&hub->relay, &relay);
  if (status)
    return fail(error, status, "");
  hub->has_relay = true;
  if (config->unix_path) {
    char *path = sherd__strdup(hub->allocator, config->unix_path);
    hub->config.unix_path = path;
    status = path ? sherd__hub_listen(hub, error) : fail(error, SHERD_ENOMEM, "");
  }
  if (!status)
    status = add_std(hub, error);
  if (!status)
    status = add_declared(hub, config, error);
  if (!status && uv_async_init(config->loop, &hub->async, on_async))
    status = fail(error, SHERD_ESYSTEM, "cannot wake the loop");
  return status;
}

enum sherd_status sherd__hub_new(const struct sherd__hub_config *config, struct sherd__hub **out,
                                 struct sherd_error_info *error) {
  const struct sherd_allocator *allocator = sherd__allocator_or_default(config->allocator);
  struct sherd_error_info unwanted;
  error = error ? error : &unwanted;
  *error = (struct sherd_error_info){0};
  *out = NULL;
  if (!config->loop || !config->hold || !config->answer)
    return fail(error, SHERD_EINVAL, "");
  struct sherd__hub *hub = sherd__calloc(allocator, sizeof *hub);
  if (!hub)
    return fail(error, SHERD_ENOMEM, "");
  hub->allocator = allocator;
  hub->config = *config;
  hub->config.unix_path = NULL;
  hub->listen_fd = -1;
  hub->hold_log_step_ms = SHERD__HUB_HOLD_LOG_MS;
  set_queues(&hub->config);
  enum sherd_status status = start(hub, config, error);
  if (status) {
    sherd__hub_free(hub);
    return status;
  }
  hub->async.data = hub->timer.data = hub;
  uv_timer_init(config->loop, &hub->timer);
  uv_async_send(&hub->async);
  *out = hub;
  return SHERD_OK;
}

void sherd__hub_offer(struct sherd__hub *hub, const struct sherd_fleet_event *event) {
  sherd__relay_offer(&hub->relay, event);
}

enum sherd_status sherd__hub_reconfigure(struct sherd__hub *hub,
                                         const struct sherd__hub_config *config) {
  struct sherd_error_info error;
  struct sherd__hub_config queues = *config;
  set_queues(&queues);
  hub->config.queue_bytes = hub->relay.config.queue_bytes = queues.queue_bytes;
  hub->config.max_queue_bytes = queues.max_queue_bytes;
  for (struct sherd__consumer *c = hub->relay.consumers; c; c = c->next)
    if (!c->has_own_queue)
      c->queue_bytes = queues.queue_bytes;
  enum sherd_status status = add_declared(hub, config, &error);
  sherd__hub_turn(hub);
  return status;
}

void sherd__hub_finish(struct sherd__hub *hub, uint64_t timeout_ms,
                       void (*done)(void *ctx, uint64_t untaken), void *ctx) {
  hub->done = done;
  hub->done_ctx = ctx;
  hub->is_finishing = true;
  uv_update_time(hub->config.loop);
  hub->finish_at_ms = uv_now(hub->config.loop) + timeout_ms;
  sherd__hub_unlisten(hub);
  uv_async_send(&hub->async); /* `done` never comes from inside this call */
}

void sherd__hub_free(struct sherd__hub *hub) {
  if (!hub)
    return;
  while (hub->peers)
    sherd__peer_free(hub->peers);
  sherd__hub_unlisten(hub);
  if (hub->has_relay)
    sherd__relay_deinit(&hub->relay);
  sherd__free(hub->allocator, (void *)(uintptr_t)hub->config.unix_path);
  sherd__free(hub->allocator, hub);
}

void sherd__hub_stats(struct sherd__hub *hub, struct sherd__hub_stats *out,
                      struct sherd__consumer_stats *consumers, size_t cap) {
  sherd__relay_stats(&hub->relay, out, consumers, cap);
}
