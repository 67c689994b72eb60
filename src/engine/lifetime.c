/* How an engine is made and freed. */
#include <sherd/engine.h>

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "engine/inbound.h"
#include "engine/payloads.h"
#include "engine/session.h"
#include "engine/state.h"

static enum sherd_status take_host(struct sherd_engine *engine,
                                   const struct sherd_engine_host *host) {
  engine->log = host->log;
  sherd__random_init(&engine->random, host->random, host->random_ctx);
  engine->scratch = host->scratch;
  if (engine->scratch)
    return SHERD_OK;
  engine->own_scratch = true;
  return sherd_scratch_new(engine->allocator, &engine->scratch);
}

static enum sherd_status take_presence(struct sherd_engine *engine,
                                       const struct sherd_presence *first) {
  enum sherd_data_format format = engine->settings.format;
  struct sherd__presence merged;
  const char *wrong;
  enum sherd_status status = sherd__presence_init(&engine->presence, format, engine->allocator);
  if (status || !first)
    return status;
  status = sherd__presence_merge(&engine->presence, first, format, &merged, &wrong);
  if (status)
    return status;
  sherd__presence_deinit(&engine->presence);
  engine->presence = merged;
  return SHERD_OK;
}

static enum sherd_status take_session(struct sherd_engine *engine,
                                      const struct sherd_session *session) {
  if (!session || !sherd_session_is_set(session))
    return SHERD_OK;
  /* A session belongs to its shard: Discord routes by id and count. */
  if (session->shard_id != engine->settings.shard_id ||
      session->shard_count != engine->settings.shard_count ||
      !memchr(session->id, '\0', sizeof session->id) ||
      !memchr(session->resume_url, '\0', sizeof session->resume_url) ||
      !sherd__utf8_is_valid((const uint8_t *)session->id, strlen(session->id), NULL))
    return SHERD_EINVAL;
  sherd__session_adopt(engine, session);
  return SHERD_OK;
}

static enum sherd_status init(struct sherd_engine *engine,
                              const struct sherd_gateway_config *config,
                              const struct sherd_engine_host *host) {
  const struct sherd_allocator *allocator = engine->allocator;
  sherd__buf_init(&engine->out, allocator);
  sherd__buf_init(&engine->name, allocator);
  sherd__buf_init(&engine->inbound.parked, allocator);
  sherd__buf_init(&engine->inbound.expanded, allocator);
  sherd__buf_init(&engine->presence.activities, allocator);
  sherd__upgrade_init(&engine->upgrade, allocator);
  sherd__heartbeat_reset(&engine->heartbeat);
  engine->state_deadline_ms = UINT64_MAX;
  enum sherd_status status = sherd__settings_init(&engine->settings, config, allocator);
  if (!status)
    status = take_host(engine, host);
  if (!status)
    status = take_presence(engine, config->presence);
  if (!status)
    status = sherd__payload_check_identify(&engine->settings, &engine->presence, engine->allocator);
  if (!status)
    status = take_session(engine, config->session);
  return status;
}

enum sherd_status sherd_engine_new(const struct sherd_gateway_config *config,
                                   const struct sherd_engine_host *host,
                                   struct sherd_engine **out) {
  static const struct sherd_engine_host defaults;
  if (!out)
    return SHERD_EINVAL;
  *out = NULL;
  if (!config)
    return SHERD_EINVAL;
  if (!host)
    host = &defaults;
  const struct sherd_allocator *allocator = sherd__allocator_or_default(host->allocator);
  struct sherd_engine *engine = sherd__calloc(allocator, sizeof *engine);
  if (!engine)
    return SHERD_ENOMEM;
  engine->allocator = allocator;
  enum sherd_status status = init(engine, config, host);
  if (status) {
    sherd_engine_free(engine);
    return status;
  }
  *out = engine;
  return SHERD_OK;
}

void sherd_engine_free(struct sherd_engine *engine) {
  if (!engine)
    return;
  /* One that was never fed has nothing in the scratch, and may be freed beside its users. */
  if (engine->scratch && engine->stats.bytes_in)
    sherd__inbound_reset(engine);
  sherd__buf_deinit(&engine->inbound.expanded);
  sherd__upgrade_deinit(&engine->upgrade);
  sherd__frames_free(engine->frames);
  sherd__inflater_free(engine->inflater);
  sherd__command_queue_deinit(&engine->queue, engine->allocator);
  sherd__presence_deinit(&engine->presence);
  if (engine->out.data)
    sherd__wipe(engine->out.data, engine->out.cap);
  sherd__buf_deinit(&engine->out);
  sherd__buf_deinit(&engine->name);
  sherd__settings_deinit(&engine->settings, engine->allocator);
  if (engine->own_scratch)
    sherd_scratch_free(engine->scratch);
  sherd__free(engine->allocator, engine);
}
