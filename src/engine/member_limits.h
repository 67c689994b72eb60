/* Discord's RATE_LIMITED for requests of all members: remembered guild by guild, so that the same
 * request is not made again too early.
 * Source: Discord's documentation, Gateway Events, Rate Limited; Request Guild Members. */
#ifndef SHERD_ENGINE_MEMBER_LIMITS_H
#define SHERD_ENGINE_MEMBER_LIMITS_H

#include <stdint.h>

#include <sherd/value.h>

/* Guilds that are remembered; with more, the one that is free again first is forgotten. */
#define SHERD__MEMBER_LIMITS_MAX 32

struct sherd__member_limits {
  struct {
    sherd_snowflake guild_id;
    uint64_t until_ms;
  } rows[SHERD__MEMBER_LIMITS_MAX];
  uint32_t count;
};

/* Takes what a RATE_LIMITED event says; one for another opcode, or a damaged one, is ignored. */
void sherd__member_limits_note(struct sherd__member_limits *limits, struct sherd_value data,
                               uint64_t now_ms);

/* When all members of a guild may be asked for: `now_ms`, or later. */
uint64_t sherd__member_limits_when(const struct sherd__member_limits *limits,
                                   sherd_snowflake guild_id, uint64_t now_ms);

#endif
