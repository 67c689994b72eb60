/* The public calls on a shard, whoever wrote it: arguments are checked here, once for all. */
#include <math.h>
#include <string.h>

#include <sherd/shard_ops.h>

/* Returns from a call that gives a status, unless there is such an operation to call. */
#define NEED(shard, operation)                                                                     \
  do {                                                                                             \
    if (!(shard))                                                                                  \
      return SHERD_EINVAL;                                                                         \
    if (!(shard)->ops->operation)                                                                  \
      return SHERD_EUNSUPPORTED;                                                                   \
  } while (0)

void sherd_shard_free(struct sherd_shard *shard) {
  if (shard && shard->ops->free)
    shard->ops->free(shard);
}

enum sherd_status sherd_shard_start(struct sherd_shard *shard) {
  NEED(shard, start);
  return shard->ops->start(shard);
}

enum sherd_status sherd_shard_start_async(struct sherd_shard *shard, sherd_done_fn done,
                                          void *user) {
  NEED(shard, start_async);
  return shard->ops->start_async(shard, done, user);
}

enum sherd_status sherd_shard_join(struct sherd_shard *shard, int64_t timeout_ms) {
  NEED(shard, join);
  return shard->ops->join(shard, timeout_ms);
}

enum sherd_status sherd_shard_close(struct sherd_shard *shard) {
  NEED(shard, close);
  return shard->ops->close(shard);
}

enum sherd_status sherd_shard_close_async(struct sherd_shard *shard, sherd_done_fn done,
                                          void *user) {
  NEED(shard, close_async);
  return shard->ops->close_async(shard, done, user);
}

enum sherd_status sherd_shard_close_resumable(struct sherd_shard *shard,
                                              struct sherd_session *out) {
  if (!out)
    return SHERD_EINVAL;
  memset(out, 0, sizeof *out);
  NEED(shard, close_resumable);
  return shard->ops->close_resumable(shard, out);
}

enum sherd_status sherd_shard_close_resumable_async(struct sherd_shard *shard, sherd_done_fn done,
                                                    void *user) {
  NEED(shard, close_resumable_async);
  return shard->ops->close_resumable_async(shard, done, user);
}

void sherd_shard_hold(struct sherd_shard *shard, bool held) {
  if (shard && shard->ops->hold)
    shard->ops->hold(shard, held);
}

enum sherd_status sherd_shard_next(struct sherd_shard *shard, int64_t timeout_ms,
                                   struct sherd_event **out) {
  if (!out)
    return SHERD_EINVAL;
  *out = NULL;
  NEED(shard, next);
  return shard->ops->next(shard, timeout_ms, out);
}

uint32_t sherd_shard_id(const struct sherd_shard *shard) {
  return shard && shard->ops->id ? shard->ops->id(shard) : 0;
}

uint32_t sherd_shard_count(const struct sherd_shard *shard) {
  return shard && shard->ops->count ? shard->ops->count(shard) : 0;
}

uint64_t sherd_shard_intents(const struct sherd_shard *shard) {
  return shard && shard->ops->intents ? shard->ops->intents(shard) : 0;
}

uint64_t sherd_shard_capabilities(const struct sherd_shard *shard) {
  return shard && shard->ops->capabilities ? shard->ops->capabilities(shard) : 0;
}

bool sherd_shard_is_alive(const struct sherd_shard *shard) {
  return shard && shard->ops->is_alive && shard->ops->is_alive(shard);
}

bool sherd_shard_is_connected(const struct sherd_shard *shard) {
  return shard && shard->ops->is_connected && shard->ops->is_connected(shard);
}

double sherd_shard_heartbeat_latency(const struct sherd_shard *shard) {
  return shard && shard->ops->heartbeat_latency ? shard->ops->heartbeat_latency(shard)
                                                : (double)NAN;
}

enum sherd_status sherd_shard_get_user_id(const struct sherd_shard *shard, sherd_snowflake *out) {
  if (!out)
    return SHERD_EINVAL;
  NEED(shard, get_user_id);
  return shard->ops->get_user_id(shard, out);
}

enum sherd_status sherd_shard_update_presence(struct sherd_shard *shard,
                                              const struct sherd_presence *presence) {
  if (!presence)
    return SHERD_EINVAL;
  NEED(shard, update_presence);
  return shard->ops->update_presence(shard, presence);
}

enum sherd_status sherd_shard_update_voice_state(struct sherd_shard *shard,
                                                 sherd_snowflake guild_id,
                                                 const struct sherd_voice_state *voice_state) {
  if (!voice_state)
    return SHERD_EINVAL;
  NEED(shard, update_voice_state);
  return shard->ops->update_voice_state(shard, guild_id, voice_state);
}

enum sherd_status sherd_shard_request_guild_members(struct sherd_shard *shard,
                                                    sherd_snowflake guild_id,
                                                    const struct sherd_members_request *request) {
  if (!request)
    return SHERD_EINVAL;
  NEED(shard, request_guild_members);
  return shard->ops->request_guild_members(shard, guild_id, request);
}

enum sherd_status sherd_shard_request_channel_info(struct sherd_shard *shard,
                                                   sherd_snowflake guild_id, unsigned fields) {
  NEED(shard, request_channel_info);
  return shard->ops->request_channel_info(shard, guild_id, fields);
}

enum sherd_status sherd_shard_request_soundboard_sounds(struct sherd_shard *shard,
                                                        const sherd_snowflake *guild_ids,
                                                        size_t count) {
  if (!guild_ids && count)
    return SHERD_EINVAL;
  NEED(shard, request_soundboard_sounds);
  return shard->ops->request_soundboard_sounds(shard, guild_ids, count);
}

enum sherd_status sherd_shard_session(const struct sherd_shard *shard, struct sherd_session *out) {
  if (!out)
    return SHERD_EINVAL;
  memset(out, 0, sizeof *out);
  NEED(shard, session);
  return shard->ops->session(shard, out);
}

enum sherd_status sherd_shard_stats(const struct sherd_shard *shard,
                                    struct sherd_engine_stats *out) {
  if (!out)
    return SHERD_EINVAL;
  memset(out, 0, sizeof *out);
  NEED(shard, stats);
  return shard->ops->stats(shard, out);
}

void sherd_last_error(const struct sherd_shard *shard, struct sherd_error_info *out) {
  if (!out)
    return;
  memset(out, 0, sizeof *out);
  if (shard && shard->ops->last_error)
    shard->ops->last_error(shard, out);
}
