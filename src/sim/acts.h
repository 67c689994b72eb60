/* What can happen in the world: one function a dispatch, which changes the world and writes `d`. */
#ifndef SHERD_SIM_ACTS_H
#define SHERD_SIM_ACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/entities.h"
#include "sim/stream.h"

/* One event in the making. */
struct sherd__act {
  struct sherd__lane *lane;
  struct sherd__dice *dice;
  struct sherd__view view;
  struct sherd__guild *guild; /* where it happens; NULL: in a direct message, or nowhere */
  struct sherd__dm *dm;       /* NULL: not in a direct message */
  uint64_t now_ms;
  bool with_blank;
  bool with_poll;     /* of a new message */
  bool is_by_person;  /* not by the bot, if there is anybody else */
  bool is_about_bot;  /* out: it comes without the intent */
  size_t blank_start; /* out: where the form without content begins; 0: there is none */
};

/* Does it, and writes `d`; or returns false, having done and written nothing, when it cannot happen
 * there just now. */
typedef bool (*sherd__act_fn)(struct sherd__act *act);

#define SHERD__GUILD_ACT_MAP(X)                                                                    \
  X(APPLICATION_COMMAND_PERMISSIONS_UPDATE)                                                        \
  X(AUTO_MODERATION_RULE_CREATE)                                                                   \
  X(AUTO_MODERATION_RULE_UPDATE)                                                                   \
  X(AUTO_MODERATION_RULE_DELETE)                                                                   \
  X(AUTO_MODERATION_ACTION_EXECUTION)                                                              \
  X(CHANNEL_CREATE)                                                                                \
  X(CHANNEL_UPDATE)                                                                                \
  X(CHANNEL_DELETE)                                                                                \
  X(CHANNEL_PINS_UPDATE)                                                                           \
  X(THREAD_CREATE)                                                                                 \
  X(THREAD_UPDATE)                                                                                 \
  X(THREAD_DELETE)                                                                                 \
  X(THREAD_LIST_SYNC)                                                                              \
  X(THREAD_MEMBER_UPDATE)                                                                          \
  X(THREAD_MEMBERS_UPDATE)                                                                         \
  X(GUILD_UPDATE)                                                                                  \
  X(GUILD_AUDIT_LOG_ENTRY_CREATE)                                                                  \
  X(GUILD_BAN_ADD)                                                                                 \
  X(GUILD_BAN_REMOVE)                                                                              \
  X(GUILD_EMOJIS_UPDATE)                                                                           \
  X(GUILD_STICKERS_UPDATE)                                                                         \
  X(GUILD_INTEGRATIONS_UPDATE)                                                                     \
  X(GUILD_MEMBER_ADD)                                                                              \
  X(GUILD_MEMBER_REMOVE)                                                                           \
  X(GUILD_MEMBER_UPDATE)                                                                           \
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
  X(INTEGRATION_CREATE)                                                                            \
  X(INTEGRATION_UPDATE)                                                                            \
  X(INTEGRATION_DELETE)                                                                            \
  X(INVITE_CREATE)                                                                                 \
  X(INVITE_DELETE)                                                                                 \
  X(MESSAGE_DELETE_BULK)                                                                           \
  X(PRESENCE_UPDATE)                                                                               \
  X(STAGE_INSTANCE_CREATE)                                                                         \
  X(STAGE_INSTANCE_UPDATE)                                                                         \
  X(STAGE_INSTANCE_DELETE)                                                                         \
  X(VOICE_CHANNEL_EFFECT_SEND)                                                                     \
  X(VOICE_CHANNEL_START_TIME_UPDATE)                                                               \
  X(VOICE_CHANNEL_STATUS_UPDATE)                                                                   \
  X(VOICE_STATE_UPDATE)                                                                            \
  X(VOICE_SERVER_UPDATE)                                                                           \
  X(WEBHOOKS_UPDATE)                                                                               \
  X(MESSAGE_POLL_VOTE_ADD)                                                                         \
  X(MESSAGE_POLL_VOTE_REMOVE)

/* These happen in direct messages too. */
#define SHERD__ANYWHERE_ACT_MAP(X)                                                                 \
  X(MESSAGE_CREATE)                                                                                \
  X(MESSAGE_UPDATE)                                                                                \
  X(MESSAGE_DELETE)                                                                                \
  X(MESSAGE_REACTION_ADD)                                                                          \
  X(MESSAGE_REACTION_REMOVE)                                                                       \
  X(MESSAGE_REACTION_REMOVE_ALL)                                                                   \
  X(MESSAGE_REACTION_REMOVE_EMOJI)                                                                 \
  X(TYPING_START)                                                                                  \
  X(INTERACTION_CREATE)

/* These belong to no guild, and so to shard 0. */
#define SHERD__NOWHERE_ACT_MAP(X)                                                                  \
  X(ENTITLEMENT_CREATE)                                                                            \
  X(ENTITLEMENT_UPDATE)                                                                            \
  X(ENTITLEMENT_DELETE)                                                                            \
  X(SUBSCRIPTION_CREATE)                                                                           \
  X(SUBSCRIPTION_UPDATE)                                                                           \
  X(SUBSCRIPTION_DELETE)                                                                           \
  X(USER_UPDATE)

#define SHERD__ACT_DECLARE(name) bool sherd__act_##name(struct sherd__act *act);
SHERD__GUILD_ACT_MAP(SHERD__ACT_DECLARE)
SHERD__ANYWHERE_ACT_MAP(SHERD__ACT_DECLARE)
SHERD__NOWHERE_ACT_MAP(SHERD__ACT_DECLARE)
#undef SHERD__ACT_DECLARE

/* --- What acts are made of --- */

/* A new id of now. */
sherd_snowflake sherd__act_id(struct sherd__act *act);

/* The id of one of the world's users. */
sherd_snowflake sherd__act_user_id(const struct sherd__act *act, uint32_t user);

/* A member that is not the bot, or NULL. */
struct sherd__member *sherd__act_person(struct sherd__act *act);

/* The member that a user is, or NULL. */
struct sherd__member *sherd__act_member_of(const struct sherd__act *act, uint32_t user);

/* A new thing made by some member, in a channel of `type` (0 when there is none). */
struct sherd__thing sherd__act_thing(struct sherd__act *act, enum sherd__channel_type type);

/* Takes item `at` out of a list. */
#define SHERD__LIST_REMOVE(list, at)                                                               \
  do {                                                                                             \
    uint32_t at_ = (at);                                                                           \
    (list).count--;                                                                                \
    memmove(&(list).items[at_], &(list).items[at_ + 1],                                            \
            ((list).count - at_) * sizeof *(list).items);                                          \
  } while (0)

/* Writes {guild_id, user}. */
void sherd__act_guild_user(struct sherd__act *act, uint32_t user);

#endif
