#include "engine/member_limits.h"

#include "engine/opcode.h"

/* A day: Discord says half a minute, and nobody shall make us wait for ever. */
#define WAIT_MAX_S 86400.0

static uint32_t row_for(const struct sherd__member_limits *limits, sherd_snowflake guild_id) {
  uint32_t soonest = 0;
  for (uint32_t i = 0; i < limits->count; i++) {
    if (limits->rows[i].guild_id == guild_id)
      return i;
    if (limits->rows[i].until_ms < limits->rows[soonest].until_ms)
      soonest = i;
  }
  return limits->count < SHERD__MEMBER_LIMITS_MAX ? limits->count : soonest;
}

void sherd__member_limits_note(struct sherd__member_limits *limits, struct sherd_value data,
                               uint64_t now_ms) {
  uint64_t op;
  double retry_after_s;
  sherd_snowflake guild_id;
  if (sherd_value_as_u64(sherd_value_get(data, "opcode"), &op) ||
      op != SHERD_OP_REQUEST_GUILD_MEMBERS ||
      sherd_value_as_f64(sherd_value_get(data, "retry_after"), &retry_after_s) ||
      sherd_value_as_snowflake(sherd_value_path(data, "meta.guild_id"), &guild_id))
    return;
  if (!(retry_after_s > 0.0))
    return;
  if (retry_after_s > WAIT_MAX_S)
    retry_after_s = WAIT_MAX_S;
  uint32_t row = row_for(limits, guild_id);
  limits->rows[row].guild_id = guild_id;
  limits->rows[row].until_ms = now_ms + (uint64_t)(retry_after_s * 1000.0) + 1;
  if (row == limits->count)
    limits->count++;
}

uint64_t sherd__member_limits_when(const struct sherd__member_limits *limits,
                                   sherd_snowflake guild_id, uint64_t now_ms) {
  for (uint32_t i = 0; i < limits->count; i++)
    if (limits->rows[i].guild_id == guild_id && limits->rows[i].until_ms > now_ms)
      return limits->rows[i].until_ms;
  return now_ms;
}
