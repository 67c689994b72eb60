#include "shard/live.h"

#include <string.h>

#include "base/mem.h"
#include "net/proxy.h"

#define PENDING_EVENTS_DEFAULT 1024
#define PENDING_BYTES_DEFAULT  ((size_t)16 * 1024 * 1024)
#define STEP_TIMEOUT_MS        10000

struct sherd__live *sherd__live_of(const struct sherd_shard *shard) {
  return (struct sherd__live *)(uintptr_t)shard;
}

uint64_t sherd__live_now_ms(const struct sherd__live *live) {
  return sherd__loop_now_ms(live->loop);
}

bool sherd__live_is_own_thread(const struct sherd__live *live) {
  return sherd__loop_is_own_thread(live->loop);
}

void sherd__live_wake(struct sherd__live *live) {
  atomic_store(&live->was_woken, true);
  if (!atomic_exchange(&live->wake_posted, true))
    sherd__loop_post(live->loop, &live->wake);
}

/* --- Making one --- */

static enum sherd_status make_locks(struct sherd__live *live) {
  if (uv_mutex_init(&live->mutex) != 0)
    return SHERD_ESYSTEM;
  if (uv_cond_init(&live->changed) == 0) {
    if (uv_cond_init(&live->arrived) == 0)
      return SHERD_OK;
    uv_cond_destroy(&live->changed);
  }
  uv_mutex_destroy(&live->mutex);
  return SHERD_ESYSTEM;
}

static enum sherd_status copy_text(struct sherd__live *live, const char *text, char **out) {
  if (text && !(*out = sherd__strdup(live->allocator, text)))
    return SHERD_ENOMEM;
  return SHERD_OK;
}

static uint32_t or_default(uint32_t value, uint32_t otherwise) {
  return value ? value : otherwise;
}

static void copy_numbers(struct sherd__live *live, const struct sherd_shard_config *config) {
  live->id = config->gateway.shard_id;
  live->count = or_default(config->gateway.shard_count, 1);
  live->intents = config->gateway.intents;
  live->capabilities = config->gateway.capabilities;
  live->on_event = config->on_event;
  live->user = config->user;
  live->dns_timeout_ms = or_default(config->dns_timeout_ms, STEP_TIMEOUT_MS);
  live->connect_timeout_ms = or_default(config->connect_timeout_ms, STEP_TIMEOUT_MS);
  live->proxy_timeout_ms = or_default(config->proxy_timeout_ms, STEP_TIMEOUT_MS);
  live->tls_timeout_ms = or_default(config->tls_timeout_ms, STEP_TIMEOUT_MS);
  live->start_timeout_ms = config->start_timeout_ms;
  live->armed_ms = live->start_deadline_ms = live->permit_ms = SHERD__NEVER_MS;
  live->wake.run = sherd__live_on_wake;
  live->ticket.moved = sherd__live_on_moved;
}

static enum sherd_status make_engine(struct sherd__live *live,
                                     const struct sherd_shard_config *config) {
  struct sherd_engine_host host = {
      .allocator = live->allocator,
      .scratch = sherd__loop_scratch(live->loop),
      .log = config->log.fn ? config->log : *sherd__runtime_log(live->runtime),
  };
  return sherd_engine_new(&config->gateway, &host, &live->engine);
}

static enum sherd_status make_queue(struct sherd__live *live,
                                    const struct sherd_shard_config *config) {
  if (live->on_event)
    return SHERD_OK;
  size_t max_events = or_default(config->max_pending_events, PENDING_EVENTS_DEFAULT);
  size_t max_bytes = config->max_pending_bytes ? config->max_pending_bytes : PENDING_BYTES_DEFAULT;
  return sherd__event_queue_init(&live->queue, live->allocator, max_events, max_bytes);
}

/* A CA file that cannot be read is the caller's mistake and shows at once; without TLS in sight,
 * the system's authorities are not read before somebody needs them. */
static enum sherd_status make_tls(struct sherd__live *live,
                                  const struct sherd_shard_config *config) {
  const char *url = config->gateway.gateway_url;
  if (!live->ca_file && url && strncmp(url, "ws://", strlen("ws://")) == 0)
    return SHERD_OK;
  return sherd__runtime_tls_get(live->runtime, live->ca_file, &live->tls);
}

static enum sherd_status make_parts(struct sherd__live *live,
                                    const struct sherd_shard_config *config) {
  enum sherd_status status = make_engine(live, config);
  if (status == SHERD_OK)
    status = make_queue(live, config);
  if (status == SHERD_OK)
    status = copy_text(live, config->ca_file, &live->ca_file);
  if (status == SHERD_OK)
    status = copy_text(live, config->proxy, &live->proxy);
  if (status == SHERD_OK)
    status = make_tls(live, config);
  return status;
}

static enum sherd_status make(struct sherd_runtime *runtime,
                              const struct sherd_shard_config *config, bool owns_runtime,
                              struct sherd__live **out) {
  const struct sherd_allocator *allocator = sherd__runtime_allocator(runtime);
  struct sherd__live *live = sherd__calloc(allocator, sizeof *live);
  if (!live)
    return SHERD_ENOMEM;
  live->base.ops = &sherd__live_ops;
  live->allocator = allocator;
  live->runtime = runtime;
  copy_numbers(live, config);
  enum sherd_status status = make_locks(live);
  if (status != SHERD_OK) {
    sherd__free(allocator, live);
    return status;
  }
  live->loop = sherd__runtime_enter(runtime, live->id);
  status = make_parts(live, config);
  if (status != SHERD_OK) {
    sherd__runtime_leave(runtime);
    sherd__live_destroy(live);
    return status;
  }
  live->owns_runtime = owns_runtime;
  *out = live;
  return SHERD_OK;
}

static bool is_proxy(const char *url) {
  struct sherd__proxy proxy;
  if (!url)
    return true;
  enum sherd_status status = sherd__proxy_parse(url, &proxy);
  sherd__wipe(&proxy, sizeof proxy);
  return status == SHERD_OK;
}

enum sherd_status sherd_shard_new(const struct sherd_shard_config *config,
                                  struct sherd_shard **out) {
  if (!out)
    return SHERD_EINVAL;
  *out = NULL;
  if (!config || !is_proxy(config->proxy))
    return SHERD_EINVAL;
  struct sherd_runtime *runtime = config->runtime;
  if (!runtime) {
    enum sherd_status status = sherd_runtime_new(NULL, &runtime);
    if (status != SHERD_OK)
      return status;
  }
  struct sherd__live *live;
  enum sherd_status status = make(runtime, config, !config->runtime, &live);
  if (status == SHERD_OK)
    *out = &live->base;
  else if (!config->runtime)
    sherd_runtime_free(runtime);
  return status;
}

/* --- Readings --- */

static uint32_t get_id(const struct sherd_shard *shard) {
  return sherd__live_of(shard)->id;
}

static uint32_t get_count(const struct sherd_shard *shard) {
  return sherd__live_of(shard)->count;
}

static uint64_t get_intents(const struct sherd_shard *shard) {
  return sherd__live_of(shard)->intents;
}

static uint64_t get_capabilities(const struct sherd_shard *shard) {
  return sherd__live_of(shard)->capabilities;
}

static bool is_alive(const struct sherd_shard *shard) {
  struct sherd__live *live = sherd__live_of(shard);
  uv_mutex_lock(&live->mutex);
  bool alive = live->is_alive;
  uv_mutex_unlock(&live->mutex);
  return alive;
}

static bool is_connected(const struct sherd_shard *shard) {
  struct sherd__live *live = sherd__live_of(shard);
  uv_mutex_lock(&live->mutex);
  bool connected = sherd_engine_is_connected(live->engine);
  uv_mutex_unlock(&live->mutex);
  return connected;
}

static double get_latency(const struct sherd_shard *shard) {
  struct sherd__live *live = sherd__live_of(shard);
  uv_mutex_lock(&live->mutex);
  double latency = sherd_engine_heartbeat_latency(live->engine);
  uv_mutex_unlock(&live->mutex);
  return latency;
}

static enum sherd_status get_user_id(const struct sherd_shard *shard, sherd_snowflake *out) {
  struct sherd__live *live = sherd__live_of(shard);
  uv_mutex_lock(&live->mutex);
  enum sherd_status status = sherd_engine_user_id(live->engine, out);
  uv_mutex_unlock(&live->mutex);
  return status == SHERD_OK ? SHERD_OK : SHERD_ENOTCONNECTED;
}

static enum sherd_status get_session(const struct sherd_shard *shard, struct sherd_session *out) {
  struct sherd__live *live = sherd__live_of(shard);
  uv_mutex_lock(&live->mutex);
  enum sherd_status status = sherd_engine_session(live->engine, out);
  uv_mutex_unlock(&live->mutex);
  return status;
}

static enum sherd_status get_stats(const struct sherd_shard *shard,
                                   struct sherd_engine_stats *out) {
  struct sherd__live *live = sherd__live_of(shard);
  uv_mutex_lock(&live->mutex);
  *out = *sherd_engine_stats(live->engine);
  uv_mutex_unlock(&live->mutex);
  return SHERD_OK;
}

static void get_last_error(const struct sherd_shard *shard, struct sherd_error_info *out) {
  struct sherd__live *live = sherd__live_of(shard);
  uv_mutex_lock(&live->mutex);
  if (live->own_error.status != SHERD_OK)
    *out = live->own_error;
  else
    sherd_engine_last_error(live->engine, out);
  uv_mutex_unlock(&live->mutex);
}

/* --- Commands --- */

/* The engine takes or refuses it here and now; the loop's thread then sends what it may. */
static enum sherd_status accept_command(struct sherd_shard *shard,
                                        const struct sherd_command *command) {
  struct sherd__live *live = sherd__live_of(shard);
  uv_mutex_lock(&live->mutex);
  enum sherd_status status = sherd_engine_send(live->engine, command, sherd__live_now_ms(live));
  if (status != SHERD_OK)
    live->own_error.status = SHERD_OK; /* the engine's is the newer one */
  bool is_alive = live->is_alive;
  uv_mutex_unlock(&live->mutex);
  if (status == SHERD_OK && is_alive)
    sherd__live_wake(live);
  return status;
}

static enum sherd_status update_presence(struct sherd_shard *shard,
                                         const struct sherd_presence *presence) {
  struct sherd_command command = {.type = SHERD_COMMAND_PRESENCE, .as.presence = *presence};
  return accept_command(shard, &command);
}

static enum sherd_status update_voice_state(struct sherd_shard *shard, sherd_snowflake guild_id,
                                            const struct sherd_voice_state *voice_state) {
  struct sherd_command command = {
      .type = SHERD_COMMAND_VOICE_STATE, .guild_id = guild_id, .as.voice_state = *voice_state};
  return accept_command(shard, &command);
}

static enum sherd_status request_guild_members(struct sherd_shard *shard, sherd_snowflake guild_id,
                                               const struct sherd_members_request *request) {
  struct sherd_command command = {
      .type = SHERD_COMMAND_REQUEST_MEMBERS, .guild_id = guild_id, .as.members = *request};
  return accept_command(shard, &command);
}

static enum sherd_status request_channel_info(struct sherd_shard *shard, sherd_snowflake guild_id,
                                              unsigned fields) {
  struct sherd_command command = {.type = SHERD_COMMAND_REQUEST_CHANNEL_INFO,
                                  .guild_id = guild_id,
                                  .as.channel_info_fields = fields};
  return accept_command(shard, &command);
}

static enum sherd_status request_soundboard_sounds(struct sherd_shard *shard,
                                                   const sherd_snowflake *guild_ids, size_t count) {
  struct sherd_command command = {.type = SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS,
                                  .as.soundboard_guilds = {guild_ids, count}};
  return accept_command(shard, &command);
}

const struct sherd_shard_ops sherd__live_ops = {
    .free = sherd__live_free,
    .start = sherd__live_start,
    .start_async = sherd__live_start_async,
    .join = sherd__live_join,
    .close = sherd__live_close,
    .close_async = sherd__live_close_async,
    .close_resumable = sherd__live_close_resumable,
    .close_resumable_async = sherd__live_close_resumable_async,
    .hold = sherd__live_hold,
    .next = sherd__live_next,
    .id = get_id,
    .count = get_count,
    .intents = get_intents,
    .capabilities = get_capabilities,
    .is_alive = is_alive,
    .is_connected = is_connected,
    .heartbeat_latency = get_latency,
    .get_user_id = get_user_id,
    .update_presence = update_presence,
    .update_voice_state = update_voice_state,
    .request_guild_members = request_guild_members,
    .request_channel_info = request_channel_info,
    .request_soundboard_sounds = request_soundboard_sounds,
    .session = get_session,
    .stats = get_stats,
    .last_error = get_last_error,
};
