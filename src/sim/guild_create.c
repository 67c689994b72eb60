#include "sim/guild_create.h"

#include <sherd/intents.h>

#include "sim/text.h"

/* There is always a text channel. */
static sherd_snowflake first_text_channel_id(const struct sherd__guild *guild) {
  uint32_t i = 0;
  while (guild->channels.items[i].type != SHERD__CHANNEL_TEXT)
    i++;
  return guild->channels.items[i].id;
}

void sherd__view_guild_fields(const struct sherd__view *view, const struct sherd__guild *guild) {
  sherd_snowflake channel_id = first_text_channel_id(guild);
  sherd__print(view->print,
               "'id':'%ju','name':%s,'icon':%s,'splash':null,'discovery_splash':null,"
               "'owner_id':'%ju','region':null,'afk_channel_id':null,'afk_timeout':300,"
               "'widget_enabled':false,'widget_channel_id':null,'verification_level':1,"
               "'default_message_notifications':1,'explicit_content_filter':0,'roles':",
               guild->id, SHERD__TITLE(guild->grain), SHERD__HASH(guild->grain),
               view->world->users.items[guild->owner].id);
  SHERD__VIEW_LIST(view, guild->roles.count, sherd__view_role(view, guild, i));
  sherd__print(view->print, ",'emojis':");
  SHERD__VIEW_LIST(view, guild->emojis.count, sherd__view_emoji(view, &guild->emojis.items[i]));
  sherd__print(view->print,
               ",'features':['COMMUNITY','NEWS','SOUNDBOARD'],'mfa_level':0,'application_id':null,"
               "'system_channel_id':'%ju','system_channel_flags':0,'rules_channel_id':'%ju',"
               "'max_presences':null,'max_members':500000,'vanity_url_code':null,"
               "'description':null,'banner':null,'premium_tier':1,"
               "'premium_subscription_count':3,'preferred_locale':'en-US',"
               "'public_updates_channel_id':'%ju','max_video_channel_users':25,"
               "'max_stage_video_channel_users':50,'nsfw_level':0,'stickers':",
               channel_id, channel_id, channel_id);
  SHERD__VIEW_LIST(view, guild->stickers.count,
                   sherd__view_sticker(view, guild, &guild->stickers.items[i]));
  sherd__print(view->print, ",'premium_progress_bar_enabled':false,"
                            "'safety_alerts_channel_id':null,'incidents_data':null");
}

/* Whether a member comes with GUILD_CREATE; the first rule that matches counts. */
static bool comes_along(const struct sherd__guild *guild, const struct sherd__member *member,
                        uint64_t intents, uint32_t large_threshold) {
  bool is_bot_or_in_voice = member->user == 0 || member->voice_id;
  if (!(intents & SHERD_INTENT_GUILD_PRESENCES))
    return is_bot_or_in_voice;
  if (guild->members.count > large_threshold)
    return is_bot_or_in_voice || member->online || member->roles || member->nick_grain;
  return true;
}

static void members(const struct sherd__view *view, const struct sherd__guild *guild,
                    uint64_t intents, uint32_t large_threshold) {
  sherd__print(view->print, "[");
  for (uint32_t i = 0; i < guild->members.count; i++)
    if (comes_along(guild, &guild->members.items[i], intents, large_threshold)) {
      sherd__print_comma(view->print);
      sherd__view_member(view, guild, &guild->members.items[i], SHERD__MEMBER_WHOLE);
    }
  sherd__print(view->print, "]");
}

static void presences(const struct sherd__view *view, const struct sherd__guild *guild,
                      uint64_t intents) {
  sherd__print(view->print, "[");
  for (uint32_t i = 0; i < guild->members.count; i++)
    if (guild->members.items[i].online && intents & SHERD_INTENT_GUILD_PRESENCES) {
      sherd__print_comma(view->print);
      sherd__print(view->print, "{");
      sherd__view_presence_fields(view, &guild->members.items[i]);
      sherd__print(view->print, "}");
    }
  sherd__print(view->print, "]");
}

static void voice_states(const struct sherd__view *view, const struct sherd__guild *guild) {
  sherd__print(view->print, "[");
  for (uint32_t i = 0; i < guild->members.count; i++)
    if (guild->members.items[i].voice_id) {
      sherd__print_comma(view->print);
      sherd__print(view->print, "{");
      sherd__view_voice_state_fields(view, 0, &guild->members.items[i]);
      sherd__print(view->print, "}");
    }
  sherd__print(view->print, "]");
}

static void thread(const struct sherd__view *view, const struct sherd__guild *guild,
                   const struct sherd__thread *it) {
  sherd__print(view->print, "{");
  sherd__view_thread_fields(view, guild, it);
  if (it->type == SHERD__CHANNEL_PRIVATE_THREAD) /* the bot was added to it */
    sherd__print(view->print, ",'member':{'join_timestamp':%s,'flags':0}",
                 SHERD__TIME(it->made_ms));
  sherd__print(view->print, "}");
}

void sherd__view_guild_create(const struct sherd__view *view, const struct sherd__guild *guild,
                              uint64_t intents, uint32_t large_threshold) {
  sherd__print(view->print, "{");
  sherd__view_guild_fields(view, guild);
  sherd__print(view->print,
               ",'joined_at':%s,'large':%i,'unavailable':false,'member_count':%u,'voice_states':",
               SHERD__TIME(guild->joined_ms), guild->members.count > large_threshold,
               guild->members.count);
  voice_states(view, guild);
  sherd__print(view->print, ",'members':");
  members(view, guild, intents, large_threshold);
  sherd__print(view->print, ",'channels':");
  SHERD__VIEW_LIST(view, guild->channels.count,
                   sherd__view_channel(view, guild, &guild->channels.items[i], false));
  sherd__print(view->print, ",'threads':");
  SHERD__VIEW_LIST(view, guild->threads.count, thread(view, guild, &guild->threads.items[i]));
  sherd__print(view->print, ",'presences':");
  presences(view, guild, intents);
  sherd__print(view->print, ",'stage_instances':");
  SHERD__VIEW_LIST(view, guild->stages.count,
                   sherd__view_stage(view, guild, &guild->stages.items[i]));
  sherd__print(view->print, ",'guild_scheduled_events':");
  SHERD__VIEW_LIST(view, guild->events.count,
                   sherd__view_scheduled_event(view, guild, &guild->events.items[i]));
  sherd__print(view->print, ",'soundboard_sounds':");
  SHERD__VIEW_LIST(view, guild->sounds.count,
                   sherd__view_sound(view, guild, &guild->sounds.items[i]));
  sherd__print(view->print, "}");
}
