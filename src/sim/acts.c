#include "sim/acts.h"

sherd_snowflake sherd__act_id(struct sherd__act *act) {
  return sherd__snowflake(act->now_ms, act->lane->shard, act->lane->counter++);
}

sherd_snowflake sherd__act_user_id(const struct sherd__act *act, uint32_t user) {
  return act->view.world->users.items[user].id;
}

struct sherd__member *sherd__act_person(struct sherd__act *act) {
  struct sherd__member *member = sherd__guild_any_member(act->guild, act->dice);
  if (member->user != 0)
    return member;
  return act->guild->members.count > 1 ? &act->guild->members.items[1] : NULL;
}

struct sherd__member *sherd__act_member_of(const struct sherd__act *act, uint32_t user) {
  for (uint32_t i = 0; i < act->guild->members.count; i++)
    if (act->guild->members.items[i].user == user)
      return &act->guild->members.items[i];
  return NULL;
}

struct sherd__thing sherd__act_thing(struct sherd__act *act, enum sherd__channel_type type) {
  struct sherd__channel *channel = sherd__guild_any_channel(act->guild, type, act->dice);
  return (struct sherd__thing){
      .id = sherd__act_id(act),
      .grain = sherd__dice_roll(act->dice),
      .user = sherd__guild_any_member(act->guild, act->dice)->user,
      .channel_id = channel ? channel->id : 0,
  };
}

void sherd__act_guild_user(struct sherd__act *act, uint32_t user) {
  sherd__print(act->view.print, "{'guild_id':'%ju','user':", act->guild->id);
  sherd__view_user(&act->view, user);
  sherd__print(act->view.print, "}");
}
