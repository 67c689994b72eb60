/* Members, presences, bans. */
#include <string.h>

#include "sim/acts.h"
#include "sim/text.h"

static bool is_banned(const struct sherd__act *act, uint32_t user) {
  for (uint32_t i = 0; i < act->guild->banned.count; i++)
    if (act->guild->banned.items[i] == user)
      return true;
  return false;
}

/* A user who is no member, or 0. */
static uint32_t any_stranger(struct sherd__act *act) {
  const struct sherd__world *world = act->view.world;
  for (int i = 0; i < 4; i++) {
    uint32_t user = 1 + sherd__dice_under(act->dice, world->users.count - 1);
    if (!sherd__act_member_of(act, user) && !is_banned(act, user))
      return user;
  }
  return 0;
}

static void write_member_and_guild(struct sherd__act *act, const struct sherd__member *member) {
  sherd__print(act->view.print, "{");
  sherd__view_member_fields(&act->view, act->guild, member, SHERD__MEMBER_WHOLE);
  sherd__print(act->view.print, ",'guild_id':'%ju'}", act->guild->id);
}

bool sherd__act_GUILD_MEMBER_ADD(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  uint32_t user = guild->members.count < guild->members.cap ? any_stranger(act) : 0;
  if (!user)
    return false;
  struct sherd__member *member = &guild->members.items[guild->members.count++];
  *member = (struct sherd__member){.joined_ms = act->now_ms, .user = user};
  write_member_and_guild(act, member);
  return true;
}

/* Who is in voice stays: leaving would take a voice state with it. */
bool sherd__act_GUILD_MEMBER_REMOVE(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  struct sherd__member *member = sherd__act_person(act);
  if (!member || member->user == guild->owner || member->voice_id)
    return false;
  sherd__act_guild_user(act, member->user);
  *member = guild->members.items[--guild->members.count];
  return true;
}

static void change_member(struct sherd__act *act, struct sherd__member *member) {
  switch (sherd__dice_under(act->dice, 3)) {
  case 0:
    member->nick_grain = member->nick_grain ? 0 : sherd__dice_roll(act->dice) | 1;
    break;
  case 1:
    if (act->guild->roles.count > 2)
      member->roles ^= UINT64_C(2) << sherd__dice_under(act->dice, act->guild->roles.count - 2);
    break;
  default:
    member->timeout_until_ms = member->timeout_until_ms ? 0 : act->now_ms + 600000;
  }
}

/* Of the bot itself it comes without the intent. */
bool sherd__act_GUILD_MEMBER_UPDATE(struct sherd__act *act) {
  struct sherd__member *member = sherd__guild_any_member(act->guild, act->dice);
  if (member->user == 0)
    member->nick_grain = member->nick_grain ? 0 : sherd__dice_roll(act->dice) | 1;
  else
    change_member(act, member);
  act->is_about_bot = member->user == 0;
  write_member_and_guild(act, member);
  return true;
}

bool sherd__act_PRESENCE_UPDATE(struct sherd__act *act) {
  struct sherd__member *member = sherd__act_person(act);
  if (!member)
    return false;
  member->online = (uint8_t)sherd__dice_between(act->dice, SHERD__OFFLINE, SHERD__DND);
  member->activity_grain = sherd__dice_chance(act->dice, 70) ? sherd__dice_roll(act->dice) | 1 : 0;
  sherd__print(act->view.print, "{");
  sherd__view_presence_fields(&act->view, member);
  sherd__print(act->view.print, ",'guild_id':'%ju'}", act->guild->id);
  return true;
}

bool sherd__act_GUILD_BAN_ADD(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  uint32_t user = guild->banned.count < guild->banned.cap ? any_stranger(act) : 0;
  if (!user)
    return false;
  guild->banned.items[guild->banned.count++] = user;
  sherd__act_guild_user(act, user);
  return true;
}

bool sherd__act_GUILD_BAN_REMOVE(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  if (guild->banned.count == 0)
    return false;
  sherd__act_guild_user(act, guild->banned.items[0]);
  SHERD__LIST_REMOVE(guild->banned, 0);
  return true;
}
