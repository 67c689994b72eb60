/* The guild itself, roles, emojis, stickers, sounds, scheduled events, rules, integrations. */
#include <string.h>

#include "sim/acts.h"
#include "sim/guild_create.h"
#include "sim/text.h"

bool sherd__act_GUILD_UPDATE(struct sherd__act *act) {
  act->guild->grain = sherd__dice_roll(act->dice);
  sherd__print(act->view.print, "{");
  sherd__view_guild_fields(&act->view, act->guild);
  sherd__print(act->view.print, "}");
  return true;
}

bool sherd__act_GUILD_AUDIT_LOG_ENTRY_CREATE(struct sherd__act *act) {
  const struct sherd__channel *channel =
      sherd__guild_any_channel(act->guild, SHERD__CHANNEL_TEXT, act->dice);
  sherd__print(act->view.print,
               "{'guild_id':'%ju','id':'%ju','user_id':'%ju','target_id':'%ju','action_type':11,"
               "'changes':[{'key':'rate_limit_per_user','old_value':0,'new_value':%u}],'reason':",
               act->guild->id, sherd__act_id(act), sherd__act_user_id(act, act->guild->owner),
               channel->id, channel->slowmode_s);
  sherd__text_sentence(act->view.print, sherd__dice_roll(act->dice));
  sherd__print(act->view.print, "}");
  return true;
}

static void write_role_event(struct sherd__act *act, uint32_t index) {
  sherd__print(act->view.print, "{'guild_id':'%ju','role':", act->guild->id);
  sherd__view_role(&act->view, act->guild, index);
  sherd__print(act->view.print, "}");
}

bool sherd__act_GUILD_ROLE_CREATE(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  if (guild->roles.count == guild->roles.cap)
    return false;
  guild->roles.items[guild->roles.count++] =
      (struct sherd__role){.id = sherd__act_id(act), .grain = sherd__dice_roll(act->dice)};
  write_role_event(act, guild->roles.count - 1);
  return true;
}

bool sherd__act_GUILD_ROLE_UPDATE(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  if (guild->roles.count < 3)
    return false;
  uint32_t index = sherd__dice_between(act->dice, 2, guild->roles.count - 1);
  guild->roles.items[index].grain = sherd__dice_roll(act->dice);
  write_role_event(act, index);
  return true;
}

/* The newest goes; nobody has it any more. */
bool sherd__act_GUILD_ROLE_DELETE(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  if (guild->roles.count < 3)
    return false;
  sherd__print(act->view.print, "{'guild_id':'%ju','role_id':'%ju'}", guild->id,
               guild->roles.items[--guild->roles.count].id);
  for (uint32_t i = 0; i < guild->members.count; i++)
    guild->members.items[i].roles &= (UINT64_C(1) << (guild->roles.count - 1)) - 1;
  return true;
}

bool sherd__act_GUILD_EMOJIS_UPDATE(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  if (guild->emojis.count < guild->emojis.cap)
    guild->emojis.items[guild->emojis.count++] = sherd__act_thing(act, SHERD__CHANNEL_TEXT);
  else
    SHERD__LIST_REMOVE(guild->emojis, 0);
  sherd__print(act->view.print, "{'guild_id':'%ju','emojis':", guild->id);
  SHERD__VIEW_LIST(&act->view, guild->emojis.count,
                   sherd__view_emoji(&act->view, &guild->emojis.items[i]));
  sherd__print(act->view.print, "}");
  return true;
}

bool sherd__act_GUILD_STICKERS_UPDATE(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  if (guild->stickers.count < guild->stickers.cap)
    guild->stickers.items[guild->stickers.count++] = sherd__act_thing(act, SHERD__CHANNEL_TEXT);
  else
    SHERD__LIST_REMOVE(guild->stickers, 0);
  sherd__print(act->view.print, "{'guild_id':'%ju','stickers':", guild->id);
  SHERD__VIEW_LIST(&act->view, guild->stickers.count,
                   sherd__view_sticker(&act->view, guild, &guild->stickers.items[i]));
  sherd__print(act->view.print, "}");
  return true;
}

bool sherd__act_GUILD_INTEGRATIONS_UPDATE(struct sherd__act *act) {
  sherd__print(act->view.print, "{'guild_id':'%ju'}", act->guild->id);
  return true;
}

/* Create, update and delete of things that are told one by one and written by `view`: the first of
 * the list is changed, the first is deleted. */
#define THING_ACTS(list, type, CREATE, UPDATE, view_fn)                                            \
  bool sherd__act_##CREATE(struct sherd__act *act) {                                               \
    struct sherd__guild *guild = act->guild;                                                       \
    if (guild->list.count == guild->list.cap)                                                      \
      return false;                                                                                \
    struct sherd__thing made = sherd__act_thing(act, type);                                        \
    if (!made.channel_id)                                                                          \
      return false;                                                                                \
    guild->list.items[guild->list.count++] = made;                                                 \
    view_fn(&act->view, guild, &made);                                                             \
    return true;                                                                                   \
  }                                                                                                \
  bool sherd__act_##UPDATE(struct sherd__act *act) {                                               \
    struct sherd__guild *guild = act->guild;                                                       \
    if (guild->list.count == 0)                                                                    \
      return false;                                                                                \
    struct sherd__thing *changed =                                                                 \
        &guild->list.items[sherd__dice_under(act->dice, guild->list.count)];                       \
    changed->grain = sherd__dice_roll(act->dice);                                                  \
    changed->flag = !changed->flag;                                                                \
    view_fn(&act->view, guild, changed);                                                           \
    return true;                                                                                   \
  }

THING_ACTS(events, SHERD__CHANNEL_STAGE, GUILD_SCHEDULED_EVENT_CREATE, GUILD_SCHEDULED_EVENT_UPDATE,
           sherd__view_scheduled_event)
THING_ACTS(rules, SHERD__CHANNEL_TEXT, AUTO_MODERATION_RULE_CREATE, AUTO_MODERATION_RULE_UPDATE,
           sherd__view_rule)
THING_ACTS(integrations, SHERD__CHANNEL_TEXT, INTEGRATION_CREATE, INTEGRATION_UPDATE,
           sherd__view_integration)
THING_ACTS(sounds, SHERD__CHANNEL_TEXT, GUILD_SOUNDBOARD_SOUND_CREATE,
           GUILD_SOUNDBOARD_SOUND_UPDATE, sherd__view_sound)

bool sherd__act_GUILD_SCHEDULED_EVENT_DELETE(struct sherd__act *act) {
  if (act->guild->events.count == 0)
    return false;
  sherd__view_scheduled_event(&act->view, act->guild, &act->guild->events.items[0]);
  SHERD__LIST_REMOVE(act->guild->events, 0);
  return true;
}

bool sherd__act_AUTO_MODERATION_RULE_DELETE(struct sherd__act *act) {
  if (act->guild->rules.count == 0)
    return false;
  sherd__view_rule(&act->view, act->guild, &act->guild->rules.items[0]);
  SHERD__LIST_REMOVE(act->guild->rules, 0);
  return true;
}

bool sherd__act_INTEGRATION_DELETE(struct sherd__act *act) {
  if (act->guild->integrations.count == 0)
    return false;
  sherd__print(act->view.print, "{'id':'%ju','guild_id':'%ju'}",
               act->guild->integrations.items[0].id, act->guild->id);
  SHERD__LIST_REMOVE(act->guild->integrations, 0);
  return true;
}

bool sherd__act_GUILD_SOUNDBOARD_SOUND_DELETE(struct sherd__act *act) {
  if (act->guild->sounds.count == 0)
    return false;
  sherd__print(act->view.print, "{'sound_id':'%ju','guild_id':'%ju'}",
               act->guild->sounds.items[0].id, act->guild->id);
  SHERD__LIST_REMOVE(act->guild->sounds, 0);
  return true;
}

bool sherd__act_GUILD_SOUNDBOARD_SOUNDS_UPDATE(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  if (guild->sounds.count == 0)
    return false;
  for (uint32_t i = 0; i < guild->sounds.count; i++)
    guild->sounds.items[i].grain = sherd__dice_roll(act->dice);
  sherd__print(act->view.print, "{'soundboard_sounds':");
  SHERD__VIEW_LIST(&act->view, guild->sounds.count,
                   sherd__view_sound(&act->view, guild, &guild->sounds.items[i]));
  sherd__print(act->view.print, ",'guild_id':'%ju'}", guild->id);
  return true;
}

static bool event_user(struct sherd__act *act) {
  const struct sherd__member *member = sherd__act_person(act);
  if (act->guild->events.count == 0 || !member)
    return false;
  sherd__print(
      act->view.print, "{'guild_scheduled_event_id':'%ju','user_id':'%ju','guild_id':'%ju'}",
      act->guild->events.items[0].id, sherd__act_user_id(act, member->user), act->guild->id);
  return true;
}

bool sherd__act_GUILD_SCHEDULED_EVENT_USER_ADD(struct sherd__act *act) {
  return event_user(act);
}

bool sherd__act_GUILD_SCHEDULED_EVENT_USER_REMOVE(struct sherd__act *act) {
  return event_user(act);
}

static void write_execution(struct sherd__act *act, const struct sherd__thing *rule,
                            const struct sherd__message *message, bool is_blank) {
  sherd__print(act->view.print,
               "{'guild_id':'%ju','action':{'type':2,'metadata':{'channel_id':'%ju'}},"
               "'rule_id':'%ju','rule_trigger_type':1,'user_id':'%ju','channel_id':'%ju',"
               "'message_id':'%ju','content':%s,'matched_keyword':'cheap*glaze',"
               "'matched_content':%s}",
               act->guild->id, rule->channel_id, rule->id, sherd__act_user_id(act, message->author),
               message->channel_id, message->id, is_blank ? "" : "cheap shiny glaze here",
               is_blank ? "" : "cheap shiny glaze");
}

bool sherd__act_AUTO_MODERATION_ACTION_EXECUTION(struct sherd__act *act) {
  const struct sherd__guild *guild = act->guild;
  if (guild->rules.count == 0 || guild->messages.count == 0)
    return false;
  const struct sherd__message *message = &guild->messages.items[guild->messages.count - 1];
  write_execution(act, &guild->rules.items[0], message, false);
  if (act->with_blank) {
    act->blank_start = act->view.print->out.len;
    write_execution(act, &guild->rules.items[0], message, true);
  }
  return true;
}
