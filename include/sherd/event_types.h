/* Every event by name: Discord's dispatches, and the shard's own. */
#ifndef SHERD_EVENT_TYPES_H
#define SHERD_EVENT_TYPES_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Discord's dispatches: X(NAME). The name is the wire's `t`.
 * Source: Discord's documentation, Gateway Events, receive events. */
#define SHERD_DISPATCH_MAP(X)                                                                      \
  X(READY)                                                                                         \
  X(RESUMED)                                                                                       \
  X(RATE_LIMITED)                                                                                  \
  X(APPLICATION_COMMAND_PERMISSIONS_UPDATE)                                                        \
  X(AUTO_MODERATION_RULE_CREATE)                                                                   \
  X(AUTO_MODERATION_RULE_UPDATE)                                                                   \
  X(AUTO_MODERATION_RULE_DELETE)                                                                   \
  X(AUTO_MODERATION_ACTION_EXECUTION)                                                              \
  X(CHANNEL_CREATE)                                                                                \
  X(CHANNEL_UPDATE)                                                                                \
  X(CHANNEL_DELETE)                                                                                \
  X(CHANNEL_INFO)                                                                                  \
  X(CHANNEL_PINS_UPDATE)                                                                           \
  X(THREAD_CREATE)                                                                                 \
  X(THREAD_UPDATE)                                                                                 \
  X(THREAD_DELETE)                                                                                 \
  X(THREAD_LIST_SYNC)                                                                              \
  X(THREAD_MEMBER_UPDATE)                                                                          \
  X(THREAD_MEMBERS_UPDATE)                                                                         \
  X(ENTITLEMENT_CREATE)                                                                            \
  X(ENTITLEMENT_UPDATE)                                                                            \
  X(ENTITLEMENT_DELETE)                                                                            \
  X(GUILD_CREATE)                                                                                  \
  X(GUILD_UPDATE)                                                                                  \
  X(GUILD_DELETE)                                                                                  \
  X(GUILD_AUDIT_LOG_ENTRY_CREATE)                                                                  \
  X(GUILD_BAN_ADD)                                                                                 \
  X(GUILD_BAN_REMOVE)                                                                              \
  X(GUILD_EMOJIS_UPDATE)                                                                           \
  X(GUILD_STICKERS_UPDATE)                                                                         \
  X(GUILD_INTEGRATIONS_UPDATE)                                                                     \
  X(GUILD_MEMBER_ADD)                                                                              \
  X(GUILD_MEMBER_REMOVE)                                                                           \
  X(GUILD_MEMBER_UPDATE)                                                                           \
  X(GUILD_MEMBERS_CHUNK)                                                                           \
  X(GUILD_ROLE_CREATE)                                                                             \
  X(GUILD_ROLE_UPDATE)                                                                             \
  X(GUILD_ROLE_DELETE)                                                                             \
  X(GUILD_SCHEDULED_EVENT_CREATE)                                                                  \
  X(GUILD_SCHEDULED_EVENT_UPDATE)                                                                  \
  X(GUILD_SCHEDULED_EVENT_DELETE)                                                                  \
  X(GUILD_SCHEDULED_EVENT_USER_ADD)                                                                \
  X(GUILD_SCHEDULED_EVENT_USER_REMOVE)                                                             \
  X(GUILD_SOUNDBOARD_SOUND_CREATE)                                                                 \
  X(GUILD_SOUNDBOARD_SOUND_UPDATE)                                                                 \
  X(GUILD_SOUNDBOARD_SOUND_DELETE)                                                                 \
  X(GUILD_SOUNDBOARD_SOUNDS_UPDATE)                                                                \
  X(SOUNDBOARD_SOUNDS)                                                                             \
  X(INTEGRATION_CREATE)                                                                            \
  X(INTEGRATION_UPDATE)                                                                            \
  X(INTEGRATION_DELETE)                                                                            \
  X(INTERACTION_CREATE)                                                                            \
  X(INVITE_CREATE)                                                                                 \
  X(INVITE_DELETE)                                                                                 \
  X(MESSAGE_CREATE)                                                                                \
  X(MESSAGE_UPDATE)                                                                                \
  X(MESSAGE_DELETE)                                                                                \
  X(MESSAGE_DELETE_BULK)                                                                           \
  X(MESSAGE_REACTION_ADD)                                                                          \
  X(MESSAGE_REACTION_REMOVE)                                                                       \
  X(MESSAGE_REACTION_REMOVE_ALL)                                                                   \
  X(MESSAGE_REACTION_REMOVE_EMOJI)                                                                 \
  X(PRESENCE_UPDATE)                                                                               \
  X(STAGE_INSTANCE_CREATE)                                                                         \
  X(STAGE_INSTANCE_UPDATE)                                                                         \
  X(STAGE_INSTANCE_DELETE)                                                                         \
  X(SUBSCRIPTION_CREATE)                                                                           \
  X(SUBSCRIPTION_UPDATE)                                                                           \
  X(SUBSCRIPTION_DELETE)                                                                           \
  X(TYPING_START)                                                                                  \
  X(USER_UPDATE)                                                                                   \
  X(VOICE_CHANNEL_EFFECT_SEND)                                                                     \
  X(VOICE_CHANNEL_START_TIME_UPDATE)                                                               \
  X(VOICE_CHANNEL_STATUS_UPDATE)                                                                   \
  X(VOICE_STATE_UPDATE)                                                                            \
  X(VOICE_SERVER_UPDATE)                                                                           \
  X(WEBHOOKS_UPDATE)                                                                               \
  X(MESSAGE_POLL_VOTE_ADD)                                                                         \
  X(MESSAGE_POLL_VOTE_REMOVE)

/* What the shard itself has to say, in order with the dispatches: X(NAME). */
#define SHERD_LIFECYCLE_MAP(X)                                                                     \
  X(CONNECTING)      /* a connection attempt begins */                                             \
  X(DISCONNECTED)    /* a connection ended or could not be made; status and close_code say why */  \
  X(SESSION_LOST)    /* the session will not be continued; last_seq is the last event that came */ \
  X(SEQUENCE_GAP)    /* the server skipped sequence numbers: expected_seq up to seq - 1 */         \
  X(COMMAND_DROPPED) /* a command that was accepted will not be sent; op says which, status why */ \
  X(CLOSED)    /* the shard has ended; status is SHERD_OK after a close that was asked for */      \
  X(RESHARDED) /* a fleet's new set of shards has taken over: see sherd/fleet.h */

enum sherd_event_type {
  SHERD_EVENT_UNKNOWN = 0,    /* a dispatch whose name is not in the list; the name is kept */
  SHERD_EVENT_UNKNOWN_OPCODE, /* a message that is no dispatch and whose op is not in the list */
#define SHERD__EVENT_ENUM(name) SHERD_EVENT_##name,
  SHERD_LIFECYCLE_MAP(SHERD__EVENT_ENUM)
  SHERD_DISPATCH_MAP(SHERD__EVENT_ENUM)
#undef SHERD__EVENT_ENUM
      SHERD_EVENT_TYPE_COUNT
};

/* Names `type` as the wire does, as in "MESSAGE_CREATE"; lifecycle events as in "SESSION_LOST";
 * out of range gives "UNKNOWN". Thread-safe. Lifetime: static. */
const char *sherd_event_type_name(enum sherd_event_type type);

/* Finds the dispatch called `name`, `len` bytes long, or SHERD_EVENT_UNKNOWN. Thread-safe. */
enum sherd_event_type sherd_event_type_find(const char *name, size_t len);

#ifdef __cplusplus
}
#endif
#endif
