/* Every dispatch of the gateway: who may see it, and how often the stream has it. One table.
 * Source: Discord's documentation, Gateway, list of intents; Gateway Events, receive events. */
#ifndef SHERD_SIM_EVENTS_H
#define SHERD_SIM_EVENTS_H

#include <stdint.h>

#include <sherd/event_types.h>
#include <sherd/intents.h>

#define SHERD__INTENT(name) SHERD_INTENT_##name

/* X(NAME, intents in a guild, intents in a direct message, weight): any one of the intents will do,
 * and 0 asks for none. Weight: how many of 10,000 events of the stream; 0 for what is an answer, or
 * is told in another way. A bot in busy guilds sees about this mix. */
#define SHERD__SIM_EVENT_MAP(X)                                                                    \
  X(READY, 0, 0, 0)                                                                                \
  X(RESUMED, 0, 0, 0)                                                                              \
  X(RATE_LIMITED, 0, 0, 0)                                                                         \
  X(APPLICATION_COMMAND_PERMISSIONS_UPDATE, 0, 0, 10)                                              \
  X(AUTO_MODERATION_RULE_CREATE, SHERD__INTENT(AUTO_MODERATION_CONFIGURATION), 0, 10)              \
  X(AUTO_MODERATION_RULE_UPDATE, SHERD__INTENT(AUTO_MODERATION_CONFIGURATION), 0, 10)              \
  X(AUTO_MODERATION_RULE_DELETE, SHERD__INTENT(AUTO_MODERATION_CONFIGURATION), 0, 10)              \
  X(AUTO_MODERATION_ACTION_EXECUTION, SHERD__INTENT(AUTO_MODERATION_EXECUTION), 0, 30)             \
  X(CHANNEL_CREATE, SHERD__INTENT(GUILDS), 0, 30)                                                  \
  X(CHANNEL_UPDATE, SHERD__INTENT(GUILDS), 0, 80)                                                  \
  X(CHANNEL_DELETE, SHERD__INTENT(GUILDS), 0, 25)                                                  \
  X(CHANNEL_INFO, 0, 0, 0)                                                                         \
  X(CHANNEL_PINS_UPDATE, SHERD__INTENT(GUILDS), SHERD__INTENT(DIRECT_MESSAGES), 40)                \
  X(THREAD_CREATE, SHERD__INTENT(GUILDS), 0, 60)                                                   \
  X(THREAD_UPDATE, SHERD__INTENT(GUILDS), 0, 60)                                                   \
  X(THREAD_DELETE, SHERD__INTENT(GUILDS), 0, 40)                                                   \
  X(THREAD_LIST_SYNC, SHERD__INTENT(GUILDS), 0, 10)                                                \
  X(THREAD_MEMBER_UPDATE, SHERD__INTENT(GUILDS), 0, 20)                                            \
  X(THREAD_MEMBERS_UPDATE, SHERD__INTENT(GUILD_MEMBERS), 0, 60)                                    \
  X(ENTITLEMENT_CREATE, 0, 0, 10)                                                                  \
  X(ENTITLEMENT_UPDATE, 0, 0, 10)                                                                  \
  X(ENTITLEMENT_DELETE, 0, 0, 5)                                                                   \
  X(GUILD_CREATE, SHERD__INTENT(GUILDS), 0, 0)                                                     \
  X(GUILD_UPDATE, SHERD__INTENT(GUILDS), 0, 20)                                                    \
  X(GUILD_DELETE, SHERD__INTENT(GUILDS), 0, 0)                                                     \
  X(GUILD_AUDIT_LOG_ENTRY_CREATE, SHERD__INTENT(GUILD_MODERATION), 0, 60)                          \
  X(GUILD_BAN_ADD, SHERD__INTENT(GUILD_MODERATION), 0, 20)                                         \
  X(GUILD_BAN_REMOVE, SHERD__INTENT(GUILD_MODERATION), 0, 10)                                      \
  X(GUILD_EMOJIS_UPDATE, SHERD__INTENT(GUILD_EXPRESSIONS), 0, 15)                                  \
  X(GUILD_STICKERS_UPDATE, SHERD__INTENT(GUILD_EXPRESSIONS), 0, 10)                                \
  X(GUILD_INTEGRATIONS_UPDATE, SHERD__INTENT(GUILD_INTEGRATIONS), 0, 10)                           \
  X(GUILD_MEMBER_ADD, SHERD__INTENT(GUILD_MEMBERS), 0, 180)                                        \
  X(GUILD_MEMBER_REMOVE, SHERD__INTENT(GUILD_MEMBERS), 0, 160)                                     \
  X(GUILD_MEMBER_UPDATE, SHERD__INTENT(GUILD_MEMBERS), 0, 280)                                     \
  X(GUILD_MEMBERS_CHUNK, 0, 0, 0)                                                                  \
  X(GUILD_ROLE_CREATE, SHERD__INTENT(GUILDS), 0, 20)                                               \
  X(GUILD_ROLE_UPDATE, SHERD__INTENT(GUILDS), 0, 40)                                               \
  X(GUILD_ROLE_DELETE, SHERD__INTENT(GUILDS), 0, 15)                                               \
  X(GUILD_SCHEDULED_EVENT_CREATE, SHERD__INTENT(GUILD_SCHEDULED_EVENTS), 0, 15)                    \
  X(GUILD_SCHEDULED_EVENT_UPDATE, SHERD__INTENT(GUILD_SCHEDULED_EVENTS), 0, 15)                    \
  X(GUILD_SCHEDULED_EVENT_DELETE, SHERD__INTENT(GUILD_SCHEDULED_EVENTS), 0, 10)                    \
  X(GUILD_SCHEDULED_EVENT_USER_ADD, SHERD__INTENT(GUILD_SCHEDULED_EVENTS), 0, 25)                  \
  X(GUILD_SCHEDULED_EVENT_USER_REMOVE, SHERD__INTENT(GUILD_SCHEDULED_EVENTS), 0, 15)               \
  X(GUILD_SOUNDBOARD_SOUND_CREATE, SHERD__INTENT(GUILD_EXPRESSIONS), 0, 8)                         \
  X(GUILD_SOUNDBOARD_SOUND_UPDATE, SHERD__INTENT(GUILD_EXPRESSIONS), 0, 8)                         \
  X(GUILD_SOUNDBOARD_SOUND_DELETE, SHERD__INTENT(GUILD_EXPRESSIONS), 0, 6)                         \
  X(GUILD_SOUNDBOARD_SOUNDS_UPDATE, SHERD__INTENT(GUILD_EXPRESSIONS), 0, 6)                        \
  X(SOUNDBOARD_SOUNDS, 0, 0, 0)                                                                    \
  X(INTEGRATION_CREATE, SHERD__INTENT(GUILD_INTEGRATIONS), 0, 6)                                   \
  X(INTEGRATION_UPDATE, SHERD__INTENT(GUILD_INTEGRATIONS), 0, 8)                                   \
  X(INTEGRATION_DELETE, SHERD__INTENT(GUILD_INTEGRATIONS), 0, 5)                                   \
  X(INTERACTION_CREATE, 0, 0, 350)                                                                 \
  X(INVITE_CREATE, SHERD__INTENT(GUILD_INVITES), 0, 25)                                            \
  X(INVITE_DELETE, SHERD__INTENT(GUILD_INVITES), 0, 20)                                            \
  X(MESSAGE_CREATE, SHERD__INTENT(GUILD_MESSAGES), SHERD__INTENT(DIRECT_MESSAGES), 3600)           \
  X(MESSAGE_UPDATE, SHERD__INTENT(GUILD_MESSAGES), SHERD__INTENT(DIRECT_MESSAGES), 450)            \
  X(MESSAGE_DELETE, SHERD__INTENT(GUILD_MESSAGES), SHERD__INTENT(DIRECT_MESSAGES), 250)            \
  X(MESSAGE_DELETE_BULK, SHERD__INTENT(GUILD_MESSAGES), 0, 15)                                     \
  X(MESSAGE_REACTION_ADD, SHERD__INTENT(GUILD_MESSAGE_REACTIONS),                                  \
    SHERD__INTENT(DIRECT_MESSAGE_REACTIONS), 600)                                                  \
  X(MESSAGE_REACTION_REMOVE, SHERD__INTENT(GUILD_MESSAGE_REACTIONS),                               \
    SHERD__INTENT(DIRECT_MESSAGE_REACTIONS), 120)                                                  \
  X(MESSAGE_REACTION_REMOVE_ALL, SHERD__INTENT(GUILD_MESSAGE_REACTIONS),                           \
    SHERD__INTENT(DIRECT_MESSAGE_REACTIONS), 10)                                                   \
  X(MESSAGE_REACTION_REMOVE_EMOJI, SHERD__INTENT(GUILD_MESSAGE_REACTIONS),                         \
    SHERD__INTENT(DIRECT_MESSAGE_REACTIONS), 10)                                                   \
  X(PRESENCE_UPDATE, SHERD__INTENT(GUILD_PRESENCES), 0, 1300)                                      \
  X(STAGE_INSTANCE_CREATE, SHERD__INTENT(GUILDS), 0, 8)                                            \
  X(STAGE_INSTANCE_UPDATE, SHERD__INTENT(GUILDS), 0, 8)                                            \
  X(STAGE_INSTANCE_DELETE, SHERD__INTENT(GUILDS), 0, 8)                                            \
  X(SUBSCRIPTION_CREATE, 0, 0, 5)                                                                  \
  X(SUBSCRIPTION_UPDATE, 0, 0, 5)                                                                  \
  X(SUBSCRIPTION_DELETE, 0, 0, 3)                                                                  \
  X(TYPING_START, SHERD__INTENT(GUILD_MESSAGE_TYPING), SHERD__INTENT(DIRECT_MESSAGE_TYPING), 1200) \
  X(USER_UPDATE, 0, 0, 2)                                                                          \
  X(VOICE_CHANNEL_EFFECT_SEND, SHERD__INTENT(GUILD_VOICE_STATES), 0, 20)                           \
  X(VOICE_CHANNEL_START_TIME_UPDATE, SHERD__INTENT(GUILDS), 0, 10)                                 \
  X(VOICE_CHANNEL_STATUS_UPDATE, SHERD__INTENT(GUILDS), 0, 10)                                     \
  X(VOICE_STATE_UPDATE, SHERD__INTENT(GUILD_VOICE_STATES), 0, 450)                                 \
  X(VOICE_SERVER_UPDATE, 0, 0, 5)                                                                  \
  X(WEBHOOKS_UPDATE, SHERD__INTENT(GUILD_WEBHOOKS), 0, 15)                                         \
  X(MESSAGE_POLL_VOTE_ADD, SHERD__INTENT(GUILD_MESSAGE_POLLS),                                     \
    SHERD__INTENT(DIRECT_MESSAGE_POLLS), 40)                                                       \
  X(MESSAGE_POLL_VOTE_REMOVE, SHERD__INTENT(GUILD_MESSAGE_POLLS),                                  \
    SHERD__INTENT(DIRECT_MESSAGE_POLLS), 15)

struct sherd__sim_event {
  const char *name;
  uint64_t guild_intents;
  uint64_t dm_intents;
  uint32_t weight;
};

/* The row of a dispatch. `type` must be one of SHERD_DISPATCH_MAP. Lifetime: static. */
const struct sherd__sim_event *sherd__sim_event_row(enum sherd_event_type type);

#endif
