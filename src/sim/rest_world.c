/* Users, the application, guilds and channels: the world, read. */
#include <string.h>

#include "sim/guild_create.h"
#include "sim/rest_call.h"
#include "sim/text.h"

static struct sherd__view view_of(const struct sherd__rest_call *call) {
  return (struct sherd__view){call->print, &call->sim->world};
}

/* --- Finding --- */

bool sherd__rest_find_channel(const struct sherd__sim *sim, sherd_snowflake id,
                              struct sherd__rest_place *out) {
  const struct sherd__world *world = &sim->world;
  *out = (struct sherd__rest_place){.channel_id = id};
  for (uint32_t i = 0; i < world->dms.count; i++)
    if (world->dms.items[i].id == id) {
      out->dm = &world->dms.items[i];
      return true;
    }
  for (uint32_t i = 0; i < world->guilds.count; i++) {
    struct sherd__guild *guild = out->guild = &world->guilds.items[i];
    out->channel = sherd__guild_channel(guild, id);
    if (out->channel)
      return true;
    for (uint32_t j = 0; j < guild->threads.count; j++)
      if (guild->threads.items[j].id == id) {
        out->thread = &guild->threads.items[j];
        return true;
      }
  }
  return false;
}

struct sherd__guild *sherd__rest_find_guild(struct sherd__rest_call *call) {
  struct sherd__guild *guild = sherd__world_guild(&call->sim->world, call->ids[0]);
  if (!guild)
    sherd__rest_unknown(call, "Guild", 10004);
  return guild;
}

static bool find_user(const struct sherd__world *world, sherd_snowflake id, uint32_t *out) {
  for (uint32_t i = 0; i < world->users.count; i++)
    if (world->users.items[i].id == id) {
      *out = i;
      return true;
    }
  return false;
}

/* --- Users and the application --- */

void sherd__rest_get_own_user(struct sherd__rest_call *call) {
  struct sherd__view view = view_of(call);
  sherd__rest_ok(call);
  sherd__view_own_user(&view);
}

void sherd__rest_get_user(struct sherd__rest_call *call) {
  struct sherd__view view = view_of(call);
  uint32_t user;
  if (!find_user(view.world, call->ids[0], &user)) {
    sherd__rest_unknown(call, "User", 10013);
    return;
  }
  sherd__rest_ok(call);
  sherd__view_user(&view, user);
}

void sherd__rest_get_own_guilds(struct sherd__rest_call *call) {
  const struct sherd__world *world = &call->sim->world;
  uint64_t limit = sherd__rest_number(call, "limit", 1, 200, 200);
  uint64_t after = sherd__rest_number(call, "after", 0, UINT64_MAX, 0);
  sherd__rest_ok(call);
  sherd__print(call->print, "[");
  for (uint32_t i = 0; i < world->guilds.count && limit; i++) {
    const struct sherd__guild *guild = &world->guilds.items[i];
    if (guild->id <= after)
      continue;
    sherd__print_comma(call->print);
    sherd__print(call->print,
                 "{'id':'%ju','name':%s,'icon':%s,'banner':null,'owner':false,"
                 "'permissions':'2248473465835073','features':['COMMUNITY','NEWS','SOUNDBOARD']}",
                 (uintmax_t)guild->id, SHERD__TITLE(guild->grain), SHERD__HASH(guild->grain));
    limit--;
  }
  sherd__print(call->print, "]");
}

void sherd__rest_open_dm(struct sherd__rest_call *call) {
  struct sherd__view view = view_of(call);
  const struct sherd__world *world = view.world;
  sherd_snowflake id = 0;
  (void)sherd_value_as_snowflake(sherd_value_get(call->body, "recipient_id"), &id);
  for (uint32_t i = 0; i < world->dms.count; i++) {
    const struct sherd__dm *dm = &world->dms.items[i];
    if (world->users.items[dm->user].id != id)
      continue;
    sherd__rest_ok(call);
    sherd__print(call->print,
                 "{'id':'%ju','type':1,'last_message_id':null,'flags':0,'recipients':[",
                 (uintmax_t)dm->id);
    sherd__view_user(&view, dm->user);
    sherd__print(call->print, "]}");
    return;
  }
  /* Not everybody of the world has one with the bot, as with people who take none. */
  sherd__rest_error(call->answer, 403, "Cannot send messages to this user", 50007);
}

void sherd__rest_get_application(struct sherd__rest_call *call) {
  struct sherd__view view = view_of(call);
  uintmax_t id = view.world->application_id;
  sherd__rest_ok(call);
  sherd__print(call->print,
               "{'id':'%ju','name':'sherd-sim','icon':null,'description':'','summary':'',"
               "'type':null,'bot_public':true,'bot_require_code_grant':false,'verify_key':%s,"
               "'flags':565248,'hook':true,'redirect_uris':[],'interactions_endpoint_url':null,"
               "'role_connections_verification_url':null,'approximate_guild_count':%u,"
               "'approximate_user_install_count':0,'integration_types_config':{'0':{}},"
               "'rpc_origins':[],'owner':",
               id, SHERD__HASH(id), view.world->guilds.count);
  sherd__view_user(&view, view.world->users.count > 1 ? 1 : 0);
  sherd__print(call->print, ",'team':null,'bot':");
  sherd__view_user(&view, 0);
  sherd__print(call->print, "}");
}

/* --- Guilds --- */

void sherd__rest_get_guild(struct sherd__rest_call *call) {
  struct sherd__view view = view_of(call);
  const struct sherd__guild *guild = sherd__rest_find_guild(call);
  if (!guild)
    return;
  sherd__rest_ok(call);
  sherd__print(call->print, "{");
  sherd__view_guild_fields(&view, guild);
  const char *counts = call->request->query(call->request->query_ctx, "with_counts");
  if (counts && strcmp(counts, "true") == 0)
    sherd__print(call->print, ",'approximate_member_count':%u,'approximate_presence_count':%u",
                 guild->members.count, guild->members.count / 2);
  sherd__print(call->print, "}");
}

void sherd__rest_get_channels(struct sherd__rest_call *call) {
  struct sherd__view view = view_of(call);
  const struct sherd__guild *guild = sherd__rest_find_guild(call);
  if (!guild)
    return;
  sherd__rest_ok(call);
  SHERD__VIEW_LIST(&view, guild->channels.count,
                   sherd__view_channel(&view, guild, &guild->channels.items[i], true));
}

void sherd__rest_get_roles(struct sherd__rest_call *call) {
  struct sherd__view view = view_of(call);
  const struct sherd__guild *guild = sherd__rest_find_guild(call);
  if (!guild)
    return;
  sherd__rest_ok(call);
  SHERD__VIEW_LIST(&view, guild->roles.count, sherd__view_role(&view, guild, i));
}

/* --- Channels --- */

void sherd__rest_get_channel(struct sherd__rest_call *call) {
  struct sherd__view view = view_of(call);
  struct sherd__rest_place place;
  if (!sherd__rest_find_channel(call->sim, call->ids[0], &place)) {
    sherd__rest_unknown(call, "Channel", 10003);
    return;
  }
  sherd__rest_ok(call);
  if (place.channel) {
    sherd__view_channel(&view, place.guild, place.channel, true);
  } else if (place.thread) {
    sherd__print(call->print, "{");
    sherd__view_thread_fields(&view, place.guild, place.thread);
    sherd__print(call->print, "}");
  } else {
    sherd__print(call->print,
                 "{'id':'%ju','type':1,'last_message_id':null,'flags':0,'recipients':[",
                 (uintmax_t)place.dm->id);
    sherd__view_user(&view, place.dm->user);
    sherd__print(call->print, "]}");
  }
}
