/* A made-up Discord: users, guilds with their channels, threads, roles, members and messages, and
 * direct messages. All of it follows from a seed; ids are snowflakes, and whatever refers to
 * something by its id refers to something that is there.
 *
 * Names and texts are not stored but derived from each thing's grain (sim/dice.h). Lists are made
 * with room to grow, and what does not fit any more is not made. */
#ifndef SHERD_SIM_WORLD_H
#define SHERD_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/status.h>
#include <sherd/value.h>

#include "sim/dice.h"

/* 2026-03-10T14:00:00Z: when a world is made. Its time then goes on with its events, so that a
 * stream does not depend on how fast the machine is. */
#define SHERD__WORLD_EPOCH_MS   UINT64_C(1773151200000)
#define SHERD__DISCORD_EPOCH_MS UINT64_C(1420070400000)

#define SHERD__WORLD_GUILDS_MAX 100000
/* Discord's own limit. */
#define SHERD__WORLD_GUILDS_PER_SHARD_MAX 2500

enum sherd__channel_type {
  SHERD__CHANNEL_TEXT = 0,
  SHERD__CHANNEL_DM = 1,
  SHERD__CHANNEL_VOICE = 2,
  SHERD__CHANNEL_CATEGORY = 4,
  SHERD__CHANNEL_PUBLIC_THREAD = 11,
  SHERD__CHANNEL_PRIVATE_THREAD = 12,
  SHERD__CHANNEL_STAGE = 13,
  SHERD__CHANNEL_FORUM = 15
};

enum sherd__online {
  SHERD__OFFLINE = 0,
  SHERD__ONLINE,
  SHERD__IDLE,
  SHERD__DND
};

struct sherd__user {
  sherd_snowflake id;
  uint64_t grain;
  bool is_bot;
};

struct sherd__role {
  sherd_snowflake id;
  uint64_t grain;
  bool is_managed; /* the bot's own */
};

struct sherd__channel {
  sherd_snowflake id;
  uint64_t grain;
  uint64_t topic_grain;            /* 0: none */
  sherd_snowflake parent_id;       /* 0: none */
  sherd_snowflake last_message_id; /* 0: none */
  uint64_t last_pin_ms;            /* 0: never */
  uint64_t voice_start_s;          /* voice and stage; 0: nobody is in */
  uint64_t status_grain;           /* voice; 0: none */
  uint32_t slowmode_s;
  uint16_t position;
  uint8_t type;
  bool is_hidden; /* for moderators only */
};

struct sherd__thread {
  sherd_snowflake id;
  uint64_t grain;
  sherd_snowflake parent_id;
  uint64_t made_ms;
  uint32_t owner; /* index into the world's users */
  uint32_t messages;
  uint32_t members;
  uint8_t type;
  bool is_post; /* in a forum */
  bool is_archived;
  bool is_locked;
};

struct sherd__member {
  uint64_t joined_ms;
  uint64_t roles;            /* bit i: the guild's role i + 1 */
  uint64_t nick_grain;       /* 0: none */
  uint64_t activity_grain;   /* 0: none */
  sherd_snowflake voice_id;  /* the voice channel; 0: none */
  uint64_t voice_grain;      /* its voice session */
  uint64_t timeout_until_ms; /* 0: none */
  uint32_t user;             /* index into the world's users */
  uint8_t online;            /* enum sherd__online */
  bool self_mute;
  bool self_deaf;
};

/* A message that is remembered, to be edited, deleted, reacted to. */
struct sherd__message {
  sherd_snowflake id;
  uint64_t grain;
  sherd_snowflake channel_id;
  uint32_t author; /* index into the world's users */
  uint32_t edits;  /* each gives it another content */
  bool is_poll;
};

/* Anything that somebody made in a guild: an emoji, a sticker, a sound, a scheduled event, a rule,
 * an integration, an invite, a stage that is live. */
struct sherd__thing {
  sherd_snowflake id;
  uint64_t grain;
  uint32_t user; /* index into the world's users */
  sherd_snowflake channel_id;
  bool flag; /* a rule or an event: switched on, begun */
};

#define SHERD__MESSAGES_KEPT 32

#define SHERD__LIST(type)                                                                          \
  struct {                                                                                         \
    type *items;                                                                                   \
    uint32_t count, cap;                                                                           \
  }

struct sherd__messages {
  struct sherd__message items[SHERD__MESSAGES_KEPT];
  uint32_t count;
};

struct sherd__guild {
  sherd_snowflake id;
  uint64_t grain;
  uint64_t joined_ms;                    /* the bot */
  uint32_t owner;                        /* index into the world's users */
  SHERD__LIST(struct sherd__role) roles; /* the first is @everyone, with the guild's id */
  SHERD__LIST(struct sherd__channel) channels;
  SHERD__LIST(struct sherd__thread) threads;
  SHERD__LIST(struct sherd__member) members; /* the first is the bot */
  SHERD__LIST(struct sherd__thing) emojis;
  SHERD__LIST(struct sherd__thing) stickers;
  SHERD__LIST(struct sherd__thing) sounds;
  SHERD__LIST(struct sherd__thing) events;
  SHERD__LIST(struct sherd__thing) rules;
  SHERD__LIST(struct sherd__thing) integrations;
  SHERD__LIST(struct sherd__thing) invites;
  SHERD__LIST(struct sherd__thing) stages;
  SHERD__LIST(uint32_t) banned; /* indexes into the world's users */
  struct sherd__messages messages;
  uint64_t members_asked_ms; /* when all members were last asked for, if was_asked */
  bool was_asked;
  bool is_away; /* an outage: nothing happens in it */
};

/* A direct message channel with the bot. */
struct sherd__dm {
  sherd_snowflake id;
  uint32_t user;
  struct sherd__messages messages;
};

struct sherd__world {
  const struct sherd_allocator *allocator;
  uint64_t seed;
  uint32_t shards;                       /* ids are spread evenly over so many */
  SHERD__LIST(struct sherd__user) users; /* the first is the bot */
  SHERD__LIST(struct sherd__guild) guilds;
  SHERD__LIST(struct sherd__dm) dms;
  SHERD__LIST(struct sherd__thing) entitlements;
  SHERD__LIST(struct sherd__thing) subscriptions;
  sherd_snowflake application_id; /* the bot's id too, as with bots of late */
};

/* Makes a world. Errors: SHERD_ENOMEM, and nothing is left. */
enum sherd_status sherd__world_init(struct sherd__world *world,
                                    const struct sherd_allocator *allocator, uint64_t seed,
                                    uint32_t shards, uint32_t guilds);
void sherd__world_deinit(struct sherd__world *world);

/* An id of that time; `counter` tells apart those of the same millisecond. */
sherd_snowflake sherd__snowflake(uint64_t unix_ms, uint32_t worker, uint32_t counter);

/* When an id was made, in unix milliseconds. */
uint64_t sherd__snowflake_ms(sherd_snowflake id);

/* The shard that a guild is on. Source: Discord's documentation, Gateway, sharding. */
uint32_t sherd__shard_of(sherd_snowflake guild_id, uint32_t shard_count);

/* Each finds one by its id, or gives NULL. Lifetime: until the list changes. */
struct sherd__guild *sherd__world_guild(const struct sherd__world *world, sherd_snowflake id);
struct sherd__channel *sherd__guild_channel(const struct sherd__guild *guild, sherd_snowflake id);
struct sherd__member *sherd__guild_member(const struct sherd__world *world,
                                          const struct sherd__guild *guild, sherd_snowflake id);

/* Any one channel of `type`, or NULL when there is none. */
struct sherd__channel *sherd__guild_any_channel(const struct sherd__guild *guild,
                                                enum sherd__channel_type type,
                                                struct sherd__dice *dice);

/* Any one member; there is always one. */
struct sherd__member *sherd__guild_any_member(const struct sherd__guild *guild,
                                              struct sherd__dice *dice);

/* Remembers a message, and forgets the oldest if it must. */
void sherd__messages_add(struct sherd__messages *messages, struct sherd__message message);

/* Forgets message `index`, or all of a channel. */
void sherd__messages_remove(struct sherd__messages *messages, uint32_t index);
void sherd__messages_remove_channel(struct sherd__messages *messages, sherd_snowflake channel_id);

#endif
