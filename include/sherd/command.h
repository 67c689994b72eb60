/* What a client asks of the gateway once its session is up. */
#ifndef SHERD_COMMAND_H
#define SHERD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/status.h>
#include <sherd/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Discord's limit on one serialized payload, in bytes; 4096 itself is allowed.
 * Source: Discord's documentation, Gateway, sending events. */
#define SHERD_COMMAND_BYTES_MAX 4096

/* Whether an optional field is left as it was, cleared, or given. */
enum sherd_field {
  SHERD_FIELD_UNSET = 0, /* keep what was there */
  SHERD_FIELD_NULL,      /* clear it */
  SHERD_FIELD_VALUE      /* take the value beside it */
};

/* --- Presence (op 3, and part of IDENTIFY) --- */

enum sherd_presence_status {
  SHERD_PRESENCE_ONLINE = 0,
  SHERD_PRESENCE_IDLE,
  SHERD_PRESENCE_DND,
  SHERD_PRESENCE_INVISIBLE,
  SHERD_PRESENCE_OFFLINE /* sent as "invisible": Discord ignores "offline" */
};

enum sherd_activity_type {
  SHERD_ACTIVITY_PLAYING = 0,
  SHERD_ACTIVITY_STREAMING, /* wants a url on twitch.tv or youtube.com */
  SHERD_ACTIVITY_LISTENING,
  SHERD_ACTIVITY_WATCHING,
  SHERD_ACTIVITY_CUSTOM, /* the text goes into state; with a name alone it is moved there */
  SHERD_ACTIVITY_COMPETING
};

struct sherd_activity {
  const char *name;  /* must not be NULL */
  const char *state; /* second line; NULL for none */
  const char *url;   /* STREAMING only; NULL for none */
  enum sherd_activity_type type;
};

/* Each field is unset (the shard keeps what it has), null (cleared), or a value. Zeroed, nothing
 * changes. status and afk cannot be null. */
struct sherd_presence {
  enum sherd_field status_is;
  enum sherd_presence_status status;
  enum sherd_field activity_is;
  struct sherd_activity activity;
  enum sherd_field idle_since_is;
  uint64_t idle_since_ms; /* unix milliseconds since when the bot idles */
  enum sherd_field afk_is;
  bool afk;
};

/* --- Voice state (op 4) --- */

struct sherd_voice_state {
  sherd_snowflake channel_id; /* 0 leaves voice in the guild */
  bool self_mute;
  bool self_deaf;
};

/* --- Guild members (op 8) --- */

/* Zeroed, it asks for all members, which needs the intent GUILD_MEMBERS. */
struct sherd_members_request {
  const char *query; /* the beginning of the names asked for; NULL is "" for all */
  int32_t limit;     /* 0 to 100; with an empty query, 0 is all */
  bool presences;    /* needs the intent GUILD_PRESENCES */
  const sherd_snowflake
      *user_ids;        /* these members instead; NULL for none; not with query or limit */
  size_t user_id_count; /* up to 100 */
  const char *nonce;    /* comes back with each chunk; up to 32 bytes; NULL for none */
};

/* --- Channel info (op 43) --- */

#define SHERD_CHANNEL_INFO_STATUS           (1u << 0)
#define SHERD_CHANNEL_INFO_VOICE_START_TIME (1u << 1)

/* --- Any of them, for sherd_engine_send() --- */

enum sherd_command_type {
  SHERD_COMMAND_PRESENCE = 0,
  SHERD_COMMAND_VOICE_STATE,
  SHERD_COMMAND_REQUEST_MEMBERS,
  SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS,
  SHERD_COMMAND_REQUEST_CHANNEL_INFO
};

struct sherd_command {
  enum sherd_command_type type;
  sherd_snowflake guild_id; /* VOICE_STATE, REQUEST_MEMBERS, REQUEST_CHANNEL_INFO */
  union {
    struct sherd_presence presence;
    struct sherd_voice_state voice_state;
    struct sherd_members_request members;
    struct {
      const sherd_snowflake *ids;
      size_t count;
    } soundboard_guilds;
    unsigned channel_info_fields; /* SHERD_CHANNEL_INFO_... */
  } as;
};

#ifdef __cplusplus
}
#endif
#endif
