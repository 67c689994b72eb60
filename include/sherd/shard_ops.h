/* The shard as an interface: whoever fills in these operations has a shard that works wherever a
 * `struct sherd_shard *` goes.
 *
 *   struct my_shard {
 *     struct sherd_shard base; // must be the first member
 *     ...
 *   };
 *
 * Each operation has the contract of the call in sherd/shard.h that bears its name. One that is
 * NULL makes its call return SHERD_EUNSUPPORTED (0, false or NaN where it returns no status). */
#ifndef SHERD_SHARD_OPS_H
#define SHERD_SHARD_OPS_H

#include <sherd/shard.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sherd_shard_ops {
  void (*free)(struct sherd_shard *);
  enum sherd_status (*start)(struct sherd_shard *);
  enum sherd_status (*start_async)(struct sherd_shard *, sherd_done_fn, void *user);
  enum sherd_status (*join)(struct sherd_shard *, int64_t timeout_ms);
  enum sherd_status (*close)(struct sherd_shard *);
  enum sherd_status (*close_async)(struct sherd_shard *, sherd_done_fn, void *user);
  enum sherd_status (*close_resumable)(struct sherd_shard *, struct sherd_session *out);
  enum sherd_status (*close_resumable_async)(struct sherd_shard *, sherd_done_fn, void *user);
  void (*hold)(struct sherd_shard *, bool held);
  enum sherd_status (*next)(struct sherd_shard *, int64_t timeout_ms, struct sherd_event **out);
  uint32_t (*id)(const struct sherd_shard *);
  uint32_t (*count)(const struct sherd_shard *);
  uint64_t (*intents)(const struct sherd_shard *);
  uint64_t (*capabilities)(const struct sherd_shard *);
  bool (*is_alive)(const struct sherd_shard *);
  bool (*is_connected)(const struct sherd_shard *);
  double (*heartbeat_latency)(const struct sherd_shard *);
  enum sherd_status (*get_user_id)(const struct sherd_shard *, sherd_snowflake *out);
  enum sherd_status (*update_presence)(struct sherd_shard *, const struct sherd_presence *);
  enum sherd_status (*update_voice_state)(struct sherd_shard *, sherd_snowflake guild_id,
                                          const struct sherd_voice_state *);
  enum sherd_status (*request_guild_members)(struct sherd_shard *, sherd_snowflake guild_id,
                                             const struct sherd_members_request *);
  enum sherd_status (*request_channel_info)(struct sherd_shard *, sherd_snowflake guild_id,
                                            unsigned fields);
  enum sherd_status (*request_soundboard_sounds)(struct sherd_shard *, const sherd_snowflake *,
                                                 size_t count);
  enum sherd_status (*session)(const struct sherd_shard *, struct sherd_session *out);
  enum sherd_status (*stats)(const struct sherd_shard *, struct sherd_engine_stats *out);
  void (*last_error)(const struct sherd_shard *, struct sherd_error_info *out);
};

struct sherd_shard {
  const struct sherd_shard_ops *ops;
};

#ifdef __cplusplus
}
#endif
#endif
