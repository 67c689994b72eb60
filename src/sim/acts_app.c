/* What concerns the application: interactions, permissions, entitlements, subscriptions, its user.
 */
#include <string.h>

#include "sim/acts.h"
#include "sim/text.h"

#define MONTH_MS UINT64_C(2592000000)

/* The application's one command, and the one thing it sells. */
static sherd_snowflake command_id(const struct sherd__act *act) {
  return act->view.world->application_id + (UINT64_C(1000) << 22);
}

static sherd_snowflake sku_id(const struct sherd__act *act) {
  return act->view.world->application_id + (UINT64_C(2000) << 22);
}

bool sherd__act_APPLICATION_COMMAND_PERMISSIONS_UPDATE(struct sherd__act *act) {
  sherd__print(act->view.print,
               "{'id':'%ju','application_id':'%ju','guild_id':'%ju','permissions':["
               "{'id':'%ju','type':1,'permission':%i}]}",
               command_id(act), act->view.world->application_id, act->guild->id,
               act->guild->roles.items[1].id, sherd__dice_chance(act->dice, 50));
  return true;
}

static void write_interaction_end(struct sherd__act *act, sherd_snowflake owner, int context) {
  sherd__print(act->view.print,
               ",'token':%s,'version':1,'app_permissions':'442368','locale':'en-GB',"
               "'entitlements':[],'authorizing_integration_owners':{'0':'%ju'},'context':%d,"
               "'attachment_size_limit':10485760}",
               SHERD__HASH(sherd__dice_roll(act->dice)), owner, context);
}

/* What the bot wrote, with the button on it. */
static void write_own_message(struct sherd__act *act) {
  sherd__print(act->view.print, "{'id':'%ju','channel_id':'%ju','author':", sherd__act_id(act),
               act->dm->id);
  sherd__view_user(&act->view, 0);
  sherd__print(act->view.print,
               ",'content':'Again?','timestamp':%s,'edited_timestamp':null,'tts':false,"
               "'mention_everyone':false,'mentions':[],'mention_roles':[],'attachments':[],"
               "'embeds':[],'pinned':false,'type':0,'flags':0,'components':[{'type':1,'id':1,"
               "'components':[{'type':2,'id':2,'style':1,'label':'Again','custom_id':'again'}]}],"
               "'channel_type':1}",
               SHERD__TIME(act->now_ms));
}

/* A button pressed in a direct message. */
static void write_component(struct sherd__act *act) {
  sherd__print(act->view.print,
               "{'id':'%ju','application_id':'%ju','type':3,'data':{'custom_id':'again',"
               "'component_type':2},'channel':{'id':'%ju','type':1,'last_message_id':null,"
               "'flags':0,'recipients':[",
               sherd__act_id(act), act->view.world->application_id, act->dm->id);
  sherd__view_user(&act->view, act->dm->user);
  sherd__print(act->view.print, "]},'channel_id':'%ju','user':", act->dm->id);
  sherd__view_user(&act->view, act->dm->user);
  sherd__print(act->view.print, ",'message':");
  write_own_message(act);
  write_interaction_end(act, 0, 1);
}

static void write_command_data(struct sherd__act *act, const struct sherd__member *target) {
  sherd_snowflake id = sherd__act_user_id(act, target->user);
  sherd__print(act->view.print,
               ",'data':{'id':'%ju','name':'fire','type':1,'options':["
               "{'name':'cone','type':4,'value':%u},{'name':'potter','type':6,'value':'%ju'}],"
               "'resolved':{'users':{'%ju':",
               command_id(act), sherd__dice_under(act->dice, 14), id, id);
  sherd__view_user(&act->view, target->user);
  sherd__print(act->view.print, "},'members':{'%ju':{", id);
  sherd__view_member_fields(&act->view, act->guild, target, SHERD__MEMBER_RESOLVED);
  sherd__print(act->view.print, ",'permissions':'2248473465835073'}}}}");
}

/* A slash command in a guild. */
static bool write_command(struct sherd__act *act) {
  const struct sherd__member *member = sherd__act_person(act);
  const struct sherd__member *target = sherd__guild_any_member(act->guild, act->dice);
  const struct sherd__channel *channel =
      sherd__guild_any_channel(act->guild, SHERD__CHANNEL_TEXT, act->dice);
  if (!member)
    return false;
  sherd__print(act->view.print, "{'id':'%ju','application_id':'%ju','type':2", sherd__act_id(act),
               act->view.world->application_id);
  write_command_data(act, target);
  sherd__print(act->view.print,
               ",'guild':{'id':'%ju','locale':'en-US','features':['COMMUNITY']},"
               "'guild_id':'%ju','channel':",
               act->guild->id, act->guild->id);
  sherd__print(act->view.print, "{");
  sherd__view_channel_fields(&act->view, act->guild, channel, true);
  sherd__print(act->view.print, ",'permissions':'1099780127750'},'channel_id':'%ju','member':{",
               channel->id);
  sherd__view_member_fields(&act->view, act->guild, member, SHERD__MEMBER_WHOLE);
  sherd__print(act->view.print, ",'permissions':'1099780127750'},'guild_locale':'en-US'");
  write_interaction_end(act, act->guild->id, 0);
  return true;
}

bool sherd__act_INTERACTION_CREATE(struct sherd__act *act) {
  if (act->guild)
    return write_command(act);
  write_component(act);
  return true;
}

/* Somebody who buys: a user, and no channel. */
static struct sherd__thing make_purchase(struct sherd__act *act) {
  return (struct sherd__thing){
      .id = sherd__act_id(act),
      .grain = act->now_ms,
      .user = 1 + sherd__dice_under(act->dice, act->view.world->users.count - 1),
  };
}

/* The last member of a map: a time, or null for 0. A constant NULL for a %s is one that a compiler
 * may take for a mistake. */
static void end_with_time(struct sherd__print *print, const char *name, uint64_t unix_ms) {
  if (unix_ms)
    sherd__print(print, ",%s:%s}", name, SHERD__TIME(unix_ms));
  else
    sherd__print(print, ",%s:null}", name);
}

static void write_entitlement(struct sherd__act *act, const struct sherd__thing *it,
                              bool is_deleted) {
  sherd__print(act->view.print,
               "{'id':'%ju','sku_id':'%ju','application_id':'%ju','user_id':'%ju','type':8,"
               "'deleted':%i,'consumed':false,'starts_at':%s",
               it->id, sku_id(act), act->view.world->application_id,
               sherd__act_user_id(act, it->user), is_deleted, SHERD__TIME(it->grain));
  end_with_time(act->view.print, "ends_at", it->flag || is_deleted ? it->grain + MONTH_MS : 0);
}

bool sherd__act_ENTITLEMENT_CREATE(struct sherd__act *act) {
  struct sherd__world *world = act->lane->world;
  if (world->entitlements.count == world->entitlements.cap)
    return false;
  struct sherd__thing made = make_purchase(act);
  world->entitlements.items[world->entitlements.count++] = made;
  write_entitlement(act, &made, false);
  return true;
}

bool sherd__act_ENTITLEMENT_UPDATE(struct sherd__act *act) {
  struct sherd__world *world = act->lane->world;
  if (world->entitlements.count == 0)
    return false;
  world->entitlements.items[0].flag = true;
  write_entitlement(act, &world->entitlements.items[0], false);
  return true;
}

bool sherd__act_ENTITLEMENT_DELETE(struct sherd__act *act) {
  struct sherd__world *world = act->lane->world;
  if (world->entitlements.count == 0)
    return false;
  write_entitlement(act, &world->entitlements.items[0], true);
  SHERD__LIST_REMOVE(world->entitlements, 0);
  return true;
}

static void write_subscription(struct sherd__act *act, const struct sherd__thing *it, int status,
                               uint64_t canceled_ms) {
  sherd__print(act->view.print,
               "{'id':'%ju','user_id':'%ju','sku_ids':['%ju'],'entitlement_ids':['%ju'],"
               "'renewal_sku_ids':null,'current_period_start':%s,'current_period_end':%s,"
               "'status':%d",
               it->id, sherd__act_user_id(act, it->user), sku_id(act), it->id + 1,
               SHERD__TIME(it->grain), SHERD__TIME(it->grain + MONTH_MS), status);
  end_with_time(act->view.print, "canceled_at", canceled_ms);
}

bool sherd__act_SUBSCRIPTION_CREATE(struct sherd__act *act) {
  struct sherd__world *world = act->lane->world;
  if (world->subscriptions.count == world->subscriptions.cap)
    return false;
  struct sherd__thing made = make_purchase(act);
  world->subscriptions.items[world->subscriptions.count++] = made;
  write_subscription(act, &made, 1, 0);
  return true;
}

bool sherd__act_SUBSCRIPTION_UPDATE(struct sherd__act *act) {
  struct sherd__world *world = act->lane->world;
  if (world->subscriptions.count == 0)
    return false;
  write_subscription(act, &world->subscriptions.items[0], 0, 0);
  return true;
}

bool sherd__act_SUBSCRIPTION_DELETE(struct sherd__act *act) {
  struct sherd__world *world = act->lane->world;
  if (world->subscriptions.count == 0)
    return false;
  write_subscription(act, &world->subscriptions.items[0], 2, act->now_ms);
  SHERD__LIST_REMOVE(world->subscriptions, 0);
  return true;
}

/* All lanes show the same bot, so it is told about without being changed: Discord too tells of
 * changes that a bot cannot see. */
bool sherd__act_USER_UPDATE(struct sherd__act *act) {
  sherd__view_own_user(&act->view);
  return true;
}
