/* Members: read in pages and one by one, and their roles, given and taken. */
#include <string.h>

#include "sim/events.h"
#include "sim/rest_call.h"

/* --- Read --- */

/* The member with the lowest user id over `after`, or NULL. */
static const struct sherd__member *member_after(const struct sherd__world *world,
                                                const struct sherd__guild *guild,
                                                sherd_snowflake after) {
  const struct sherd__member *best = NULL;
  sherd_snowflake best_id = UINT64_MAX;
  for (uint32_t i = 0; i < guild->members.count; i++) {
    sherd_snowflake id = world->users.items[guild->members.items[i].user].id;
    if (id > after && id < best_id) {
      best = &guild->members.items[i];
      best_id = id;
    }
  }
  return best;
}

void sherd__rest_get_members(struct sherd__rest_call *call) {
  struct sherd__view view = {call->print, &call->sim->world};
  const struct sherd__guild *guild = sherd__rest_find_guild(call);
  if (!guild)
    return;
  uint64_t limit = sherd__rest_number(call, "limit", 1, 1000, 1);
  sherd_snowflake after = sherd__rest_number(call, "after", 0, UINT64_MAX, 0);
  sherd__rest_ok(call);
  sherd__print(call->print, "[");
  for (; limit; limit--) {
    const struct sherd__member *member = member_after(view.world, guild, after);
    if (!member)
      break;
    sherd__print_comma(call->print);
    sherd__view_member(&view, guild, member, SHERD__MEMBER_WHOLE);
    after = view.world->users.items[member->user].id;
  }
  sherd__print(call->print, "]");
}

/* Member args[1] of a guild, or an answer that there is none. */
static struct sherd__member *find_member(struct sherd__rest_call *call,
                                         const struct sherd__guild *guild) {
  const struct sherd__world *world = &call->sim->world;
  sherd_snowflake id = call->ids[1];
  if (call->args[1].len == 3 && memcmp(call->args[1].data, "@me", 3) == 0)
    id = world->users.items[0].id;
  struct sherd__member *member = sherd__guild_member(world, guild, id);
  if (!member)
    sherd__rest_unknown(call, "Member", 10007);
  return member;
}

void sherd__rest_get_member(struct sherd__rest_call *call) {
  struct sherd__view view = {call->print, &call->sim->world};
  const struct sherd__guild *guild = sherd__rest_find_guild(call);
  const struct sherd__member *member = guild ? find_member(call, guild) : NULL;
  if (!member)
    return;
  sherd__rest_ok(call);
  sherd__view_member(&view, guild, member, SHERD__MEMBER_WHOLE);
}

/* --- Roles --- */

/* The bit of role args[2], or 0 and an answer: everybody has the first, and the second is managed,
 * the bot's own. */
static uint64_t find_role(struct sherd__rest_call *call, const struct sherd__guild *guild) {
  uint32_t i = 0;
  while (i < guild->roles.count && guild->roles.items[i].id != call->ids[2])
    i++;
  if (i == guild->roles.count)
    sherd__rest_unknown(call, "Role", 10011);
  else if (i < 2)
    sherd__rest_error(call->answer, 400, "Invalid Role", 50028);
  else
    return UINT64_C(1) << (i - 1);
  return 0;
}

/* A member that is as it was before is not told of. */
static void set_role(struct sherd__rest_call *call, bool has_it) {
  struct sherd__view view = {call->print, &call->sim->world};
  struct sherd__guild *guild = sherd__rest_find_guild(call);
  struct sherd__member *member = guild ? find_member(call, guild) : NULL;
  uint64_t role = member ? find_role(call, guild) : 0;
  if (!role)
    return;
  uint64_t roles = has_it ? member->roles | role : member->roles & ~role;
  if (roles == member->roles) {
    sherd__rest_no_content(call);
    return;
  }
  member->roles = roles;
  sherd__print(call->print, "{");
  sherd__view_member_fields(&view, guild, member, SHERD__MEMBER_WHOLE);
  sherd__print(call->print, ",'guild_id':'%ju'}", (uintmax_t)guild->id);
  sherd__rest_tell_and_be_silent(call, SHERD_EVENT_GUILD_MEMBER_UPDATE, guild, member->user == 0);
}

void sherd__rest_put_member_role(struct sherd__rest_call *call) {
  set_role(call, true);
}

void sherd__rest_delete_member_role(struct sherd__rest_call *call) {
  set_role(call, false);
}
