/* Intents: which events a session asks for. */
#ifndef SHERD_INTENTS_H
#define SHERD_INTENTS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, bit). Source: Discord's documentation, Gateway, list of intents. */
#define SHERD_INTENT_MAP(X)                                                                        \
  X(GUILDS, 0)                                                                                     \
  X(GUILD_MEMBERS, 1)                                                                              \
  X(GUILD_MODERATION, 2)                                                                           \
  X(GUILD_EXPRESSIONS, 3)                                                                          \
  X(GUILD_INTEGRATIONS, 4)                                                                         \
  X(GUILD_WEBHOOKS, 5)                                                                             \
  X(GUILD_INVITES, 6)                                                                              \
  X(GUILD_VOICE_STATES, 7)                                                                         \
  X(GUILD_PRESENCES, 8)                                                                            \
  X(GUILD_MESSAGES, 9)                                                                             \
  X(GUILD_MESSAGE_REACTIONS, 10)                                                                   \
  X(GUILD_MESSAGE_TYPING, 11)                                                                      \
  X(DIRECT_MESSAGES, 12)                                                                           \
  X(DIRECT_MESSAGE_REACTIONS, 13)                                                                  \
  X(DIRECT_MESSAGE_TYPING, 14)                                                                     \
  X(MESSAGE_CONTENT, 15)                                                                           \
  X(GUILD_SCHEDULED_EVENTS, 16)                                                                    \
  X(AUTO_MODERATION_CONFIGURATION, 20)                                                             \
  X(AUTO_MODERATION_EXECUTION, 21)                                                                 \
  X(GUILD_MESSAGE_POLLS, 24)                                                                       \
  X(DIRECT_MESSAGE_POLLS, 25)

#define SHERD_INTENT_GUILDS                        (UINT64_C(1) << 0)
#define SHERD_INTENT_GUILD_MEMBERS                 (UINT64_C(1) << 1)
#define SHERD_INTENT_GUILD_MODERATION              (UINT64_C(1) << 2)
#define SHERD_INTENT_GUILD_EXPRESSIONS             (UINT64_C(1) << 3)
#define SHERD_INTENT_GUILD_INTEGRATIONS            (UINT64_C(1) << 4)
#define SHERD_INTENT_GUILD_WEBHOOKS                (UINT64_C(1) << 5)
#define SHERD_INTENT_GUILD_INVITES                 (UINT64_C(1) << 6)
#define SHERD_INTENT_GUILD_VOICE_STATES            (UINT64_C(1) << 7)
#define SHERD_INTENT_GUILD_PRESENCES               (UINT64_C(1) << 8)
#define SHERD_INTENT_GUILD_MESSAGES                (UINT64_C(1) << 9)
#define SHERD_INTENT_GUILD_MESSAGE_REACTIONS       (UINT64_C(1) << 10)
#define SHERD_INTENT_GUILD_MESSAGE_TYPING          (UINT64_C(1) << 11)
#define SHERD_INTENT_DIRECT_MESSAGES               (UINT64_C(1) << 12)
#define SHERD_INTENT_DIRECT_MESSAGE_REACTIONS      (UINT64_C(1) << 13)
#define SHERD_INTENT_DIRECT_MESSAGE_TYPING         (UINT64_C(1) << 14)
#define SHERD_INTENT_MESSAGE_CONTENT               (UINT64_C(1) << 15)
#define SHERD_INTENT_GUILD_SCHEDULED_EVENTS        (UINT64_C(1) << 16)
#define SHERD_INTENT_AUTO_MODERATION_CONFIGURATION (UINT64_C(1) << 20)
#define SHERD_INTENT_AUTO_MODERATION_EXECUTION     (UINT64_C(1) << 21)
#define SHERD_INTENT_GUILD_MESSAGE_POLLS           (UINT64_C(1) << 24)
#define SHERD_INTENT_DIRECT_MESSAGE_POLLS          (UINT64_C(1) << 25)

/* Sums of the above. The privileged ones must be enabled on the bot's page in the developer
 * portal, or the gateway closes with 4014. */
#define SHERD_INTENTS_NONE UINT64_C(0)
#define SHERD_INTENTS_PRIVILEGED                                                                   \
  (SHERD_INTENT_GUILD_MEMBERS | SHERD_INTENT_GUILD_PRESENCES | SHERD_INTENT_MESSAGE_CONTENT)
#define SHERD_INTENTS_ALL              UINT64_C(0x331FFFF)
#define SHERD_INTENTS_ALL_UNPRIVILEGED (SHERD_INTENTS_ALL & ~SHERD_INTENTS_PRIVILEGED)

/* Names the intent of one bit, as in "GUILD_MEMBERS"; any other value gives NULL. Thread-safe.
 * Lifetime: static. */
const char *sherd_intent_name(uint64_t intent);

/* Capabilities of IDENTIFY. Discord's documentation does not list them; hikari sends them. */
#define SHERD_CAPABILITIES_NONE              UINT64_C(0)
#define SHERD_CAPABILITY_CHANNEL_OBFUSCATION (UINT64_C(1) << 15)

#ifdef __cplusplus
}
#endif
#endif
