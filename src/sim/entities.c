#include "sim/entities.h"

#include "sim/text.h"

/* Permissions that a bot and an ordinary member may have. */
#define PERMISSIONS_EVERYONE "2248473465835073"
#define PERMISSIONS_ROLE     "1099780127750"

static const char *picture(uint64_t grain, char out[SHERD__NAME_SIZE]) {
  return sherd__grain_derive(grain, 20) % 4 ? sherd__text_hash(grain, out) : NULL;
}

#define PICTURE(grain) picture((grain), (char[SHERD__NAME_SIZE]){0})

static void common_user_fields(const struct sherd__view *view, const struct sherd__user *user) {
  bool has_name = !user->is_bot && sherd__grain_derive(user->grain, 21) % 3;
  sherd__print(view->print,
               "'id':'%ju','username':%s,'discriminator':%s,'global_name':%s,'avatar':%s", user->id,
               user->is_bot ? "sherd-sim" : SHERD__USERNAME(user->grain),
               user->is_bot ? "4821" : "0", has_name ? SHERD__TITLE(user->grain) : NULL,
               user->is_bot ? NULL : PICTURE(user->grain));
}

void sherd__view_user_fields(const struct sherd__view *view, uint32_t user) {
  const struct sherd__user *it = &view->world->users.items[user];
  common_user_fields(view, it);
  sherd__print(view->print, ",'public_flags':0,'avatar_decoration_data':null,"
                            "'collectibles':null,'primary_guild':null");
  if (it->is_bot)
    sherd__print(view->print, ",'bot':true");
}

void sherd__view_user(const struct sherd__view *view, uint32_t user) {
  sherd__print(view->print, "{");
  sherd__view_user_fields(view, user);
  sherd__print(view->print, "}");
}

void sherd__view_own_user(const struct sherd__view *view) {
  sherd__print(view->print, "{");
  common_user_fields(view, &view->world->users.items[0]);
  sherd__print(view->print,
               ",'avatar_decoration_data':null,'collectibles':null,'primary_guild':null,"
               "'bot':true,'verified':true,'mfa_enabled':true,'email':null,'flags':0,"
               "'banner':null,'accent_color':null}");
}

static void member_roles(const struct sherd__view *view, const struct sherd__guild *guild,
                         uint64_t roles) {
  sherd__print(view->print, "[");
  for (uint32_t i = 1; i < guild->roles.count; i++)
    if (roles >> (i - 1) & 1) {
      sherd__print_comma(view->print);
      sherd__print(view->print, "'%ju'", guild->roles.items[i].id);
    }
  sherd__print(view->print, "]");
}

void sherd__view_member_fields(const struct sherd__view *view, const struct sherd__guild *guild,
                               const struct sherd__member *member, enum sherd__member_form form) {
  if (form == SHERD__MEMBER_WHOLE) {
    sherd__print(view->print, "'user':");
    sherd__view_user(view, member->user);
    sherd__print(view->print, ",");
  }
  sherd__print(view->print, "'nick':%s,'avatar':null,'banner':null,'roles':",
               member->nick_grain ? SHERD__TITLE(member->nick_grain) : NULL);
  member_roles(view, guild, member->roles);
  sherd__print(view->print,
               ",'joined_at':%s,'premium_since':null,'flags':0,'communication_disabled_until':%s,"
               "'avatar_decoration_data':null,'collectibles':null",
               SHERD__TIME(member->joined_ms),
               member->timeout_until_ms ? SHERD__TIME(member->timeout_until_ms) : NULL);
  if (form != SHERD__MEMBER_RESOLVED)
    sherd__print(view->print, ",'deaf':false,'mute':false");
  if (form != SHERD__MEMBER_IN_MESSAGE)
    sherd__print(view->print, ",'pending':false");
}

void sherd__view_member(const struct sherd__view *view, const struct sherd__guild *guild,
                        const struct sherd__member *member, enum sherd__member_form form) {
  sherd__print(view->print, "{");
  sherd__view_member_fields(view, guild, member, form);
  sherd__print(view->print, "}");
}

static void activity(const struct sherd__view *view, uint64_t grain) {
  uint64_t since_ms = SHERD__WORLD_EPOCH_MS - sherd__grain_derive(grain, 22) % 7200000;
  if (grain >> 32 & 1) {
    sherd__print(view->print,
                 "{'name':'Custom Status','type':4,'created_at':%ju,'state':", since_ms);
    sherd__text_sentence(view->print, grain);
    sherd__print(view->print, ",'emoji':{'name':%s}}", sherd__text_emoji(grain));
    return;
  }
  sherd__print(view->print,
               "{'name':%s,'type':0,'created_at':%ju,'timestamps':{'start':%ju},"
               "'application_id':'%ju','details':",
               SHERD__TITLE(grain), since_ms, since_ms, view->world->users.items[1].id);
  sherd__text_sentence(view->print, grain);
  sherd__print(view->print, ",'state':'In the studio','party':{'id':%s,'size':[%u,%u]},'flags':0}",
               SHERD__SLUG(grain), 1 + (unsigned)(grain >> 40 & 3),
               4 + (unsigned)(grain >> 42 & 3));
}

void sherd__view_presence_fields(const struct sherd__view *view,
                                 const struct sherd__member *member) {
  static const char *const names[] = {"offline", "online", "idle", "dnd"};
  sherd__print(view->print, "'user':{'id':'%ju'},'status':%s,'activities':[",
               view->world->users.items[member->user].id, names[member->online]);
  if (member->online && member->activity_grain)
    activity(view, member->activity_grain);
  sherd__print(view->print, "],'client_status':{");
  if (member->online)
    sherd__print(view->print, "%s:%s", member->user & 1 ? "desktop" : "mobile",
                 names[member->online]);
  sherd__print(view->print, "}");
}

void sherd__view_voice_state_fields(const struct sherd__view *view, sherd_snowflake guild_id,
                                    const struct sherd__member *member) {
  if (guild_id)
    sherd__print(view->print, "'guild_id':'%ju',", guild_id);
  if (member->voice_id)
    sherd__print(view->print, "'channel_id':'%ju',", member->voice_id);
  else
    sherd__print(view->print, "'channel_id':null,");
  sherd__print(view->print,
               "'user_id':'%ju','session_id':%s,'deaf':false,'mute':false,'self_deaf':%i,"
               "'self_mute':%i,'self_video':false,'suppress':false,"
               "'request_to_speak_timestamp':null",
               view->world->users.items[member->user].id, SHERD__HASH(member->voice_grain),
               member->self_deaf, member->self_mute);
}

void sherd__view_role(const struct sherd__view *view, const struct sherd__guild *guild,
                      uint32_t index) {
  const struct sherd__role *role = &guild->roles.items[index];
  unsigned colour = index < 2 ? 0 : (unsigned)(sherd__grain_derive(role->grain, 23) & 0xFFFFFF);
  sherd__print(view->print,
               "{'id':'%ju','name':%s,'color':%u,'colors':{'primary_color':%u,"
               "'secondary_color':null,'tertiary_color':null},'hoist':%i,'icon':null,"
               "'unicode_emoji':null,'position':%u,'permissions':%s,'managed':%i,"
               "'mentionable':%i,'flags':0",
               role->id,
               index == 0         ? "@everyone"
               : role->is_managed ? "sherd-sim"
                                  : SHERD__TITLE(role->grain),
               colour, colour, index > 1 && (role->grain & 1), index,
               index == 0 ? PERMISSIONS_EVERYONE : PERMISSIONS_ROLE, role->is_managed,
               index > 1 && (role->grain & 2));
  if (role->is_managed)
    sherd__print(view->print, ",'tags':{'bot_id':'%ju'}", view->world->users.items[0].id);
  sherd__print(view->print, "}");
}

static void id_or_null(const struct sherd__view *view, const char *key, sherd_snowflake id) {
  if (id)
    sherd__print(view->print, ",%s:'%ju'", key, id);
  else
    sherd__print(view->print, ",%s:null", key);
}

static void topic(const struct sherd__view *view, uint64_t grain) {
  sherd__print(view->print, ",'topic':");
  if (grain)
    sherd__text_sentence(view->print, grain);
  else
    sherd__print(view->print, "null");
}

static void overwrites(const struct sherd__view *view, const struct sherd__guild *guild,
                       const struct sherd__channel *channel) {
  if (!channel->is_hidden) {
    sherd__print(view->print, "[]");
    return;
  }
  sherd__print(view->print,
               "[{'id':'%ju','type':0,'allow':'0','deny':'1024'},"
               "{'id':'%ju','type':0,'allow':'1024','deny':'0'}]",
               guild->id, guild->roles.items[1].id);
}

static void text_channel_fields(const struct sherd__view *view,
                                const struct sherd__channel *channel) {
  topic(view, channel->topic_grain);
  id_or_null(view, "last_message_id", channel->last_message_id);
  sherd__print(view->print,
               ",'nsfw':false,'rate_limit_per_user':%u,'last_pin_timestamp':%s,"
               "'default_auto_archive_duration':1440",
               channel->slowmode_s,
               channel->last_pin_ms ? SHERD__TIME(channel->last_pin_ms) : NULL);
}

/* Each forum has one tag. */
static sherd_snowflake forum_tag_id(sherd_snowflake channel_id) {
  return channel_id + 1;
}

static void forum_fields(const struct sherd__view *view, const struct sherd__channel *channel) {
  sherd__print(view->print,
               ",'available_tags':[{'id':'%ju','name':'stoneware','moderated':false,"
               "'emoji_id':null,'emoji_name':'\U0001F3FA'}],'default_reaction_emoji':{"
               "'emoji_id':null,'emoji_name':'\U0001F525'},"
               "'default_thread_rate_limit_per_user':0,'default_sort_order':0,"
               "'default_forum_layout':1",
               forum_tag_id(channel->id));
}

void sherd__view_channel_fields(const struct sherd__view *view, const struct sherd__guild *guild,
                                const struct sherd__channel *channel, bool with_guild_id) {
  sherd__print(view->print, "'id':'%ju','type':%d,", channel->id, channel->type);
  if (with_guild_id)
    sherd__print(view->print, "'guild_id':'%ju',", guild->id);
  sherd__print(view->print, "'position':%d,'permission_overwrites':", channel->position);
  overwrites(view, guild, channel);
  sherd__print(view->print, ",'name':%s,'flags':0",
               channel->type == SHERD__CHANNEL_TEXT || channel->type == SHERD__CHANNEL_FORUM
                   ? SHERD__SLUG(channel->grain)
                   : SHERD__TITLE(channel->grain));
  id_or_null(view, "parent_id", channel->parent_id);
  switch ((enum sherd__channel_type)channel->type) {
  case SHERD__CHANNEL_TEXT:
    text_channel_fields(view, channel);
    break;
  case SHERD__CHANNEL_FORUM:
    text_channel_fields(view, channel);
    forum_fields(view, channel);
    break;
  case SHERD__CHANNEL_STAGE:
    topic(view, channel->topic_grain);
    sherd__print(view->print, ",'nsfw':false,'bitrate':64000,'user_limit':1000,'rtc_region':null");
    break;
  case SHERD__CHANNEL_VOICE:
    id_or_null(view, "last_message_id", channel->last_message_id);
    sherd__print(view->print, ",'nsfw':false,'bitrate':64000,'user_limit':0,"
                              "'rate_limit_per_user':0,'rtc_region':null,'video_quality_mode':1");
    break;
  case SHERD__CHANNEL_CATEGORY:
  case SHERD__CHANNEL_DM:
  case SHERD__CHANNEL_PUBLIC_THREAD:
  case SHERD__CHANNEL_PRIVATE_THREAD:
    break;
  }
}

void sherd__view_channel(const struct sherd__view *view, const struct sherd__guild *guild,
                         const struct sherd__channel *channel, bool with_guild_id) {
  sherd__print(view->print, "{");
  sherd__view_channel_fields(view, guild, channel, with_guild_id);
  sherd__print(view->print, "}");
}

void sherd__view_thread_fields(const struct sherd__view *view, const struct sherd__guild *guild,
                               const struct sherd__thread *thread) {
  sherd__print(view->print,
               "'id':'%ju','type':%d,'guild_id':'%ju','name':%s,'last_message_id':null,"
               "'rate_limit_per_user':0,'owner_id':'%ju','parent_id':'%ju','message_count':%u,"
               "'member_count':%u,'total_message_sent':%u,'flags':0,'thread_metadata':{"
               "'archived':%i,'auto_archive_duration':1440,'archive_timestamp':%s,'locked':%i,"
               "'create_timestamp':%s",
               thread->id, thread->type, guild->id, SHERD__TITLE(thread->grain),
               view->world->users.items[thread->owner].id, thread->parent_id, thread->messages,
               thread->members, thread->messages, thread->is_archived, SHERD__TIME(thread->made_ms),
               thread->is_locked, SHERD__TIME(thread->made_ms));
  if (thread->type == SHERD__CHANNEL_PRIVATE_THREAD)
    sherd__print(view->print, ",'invitable':true");
  sherd__print(view->print, "}");
  if (thread->is_post)
    sherd__print(view->print, ",'applied_tags':['%ju']", forum_tag_id(thread->parent_id));
}

void sherd__view_emoji(const struct sherd__view *view, const struct sherd__thing *emoji) {
  sherd__print(view->print, "{'id':'%ju','name':%s,'roles':[],'user':", emoji->id,
               SHERD__USERNAME(emoji->grain));
  sherd__view_user(view, emoji->user);
  sherd__print(view->print,
               ",'require_colons':true,'managed':false,'animated':%i,"
               "'available':true}",
               emoji->grain & 1 ? 1 : 0);
}

void sherd__view_reaction_emoji(const struct sherd__view *view, const struct sherd__thing *emoji,
                                uint64_t grain) {
  if (emoji)
    sherd__print(view->print, "{'id':'%ju','name':%s,'animated':%i}", emoji->id,
                 SHERD__USERNAME(emoji->grain), emoji->grain & 1 ? 1 : 0);
  else
    sherd__print(view->print, "{'id':null,'name':%s}", sherd__text_emoji(grain));
}

void sherd__view_sticker(const struct sherd__view *view, const struct sherd__guild *guild,
                         const struct sherd__thing *sticker) {
  sherd__print(view->print, "{'id':'%ju','name':%s,'description':", sticker->id,
               SHERD__TITLE(sticker->grain));
  sherd__text_sentence(view->print, sticker->grain);
  sherd__print(view->print,
               ",'tags':'pottery','type':2,'format_type':1,'available':true,'guild_id':'%ju',"
               "'user':",
               guild->id);
  sherd__view_user(view, sticker->user);
  sherd__print(view->print, "}");
}

void sherd__view_sound(const struct sherd__view *view, const struct sherd__guild *guild,
                       const struct sherd__thing *sound) {
  sherd__print(view->print,
               "{'name':%s,'sound_id':'%ju','volume':%f,'emoji_id':null,'emoji_name':%s,"
               "'guild_id':'%ju','available':true,'user':",
               SHERD__TITLE(sound->grain), sound->id, (double)(sound->grain & 7) / 8.0,
               sherd__text_emoji(sound->grain), guild->id);
  sherd__view_user(view, sound->user);
  sherd__print(view->print, "}");
}

void sherd__view_scheduled_event(const struct sherd__view *view, const struct sherd__guild *guild,
                                 const struct sherd__thing *event) {
  sherd__print(view->print,
               "{'id':'%ju','guild_id':'%ju','channel_id':'%ju','creator_id':'%ju','name':%s,"
               "'description':",
               event->id, guild->id, event->channel_id, view->world->users.items[event->user].id,
               SHERD__TITLE(event->grain));
  sherd__text_sentence(view->print, event->grain);
  sherd__print(view->print,
               ",'scheduled_start_time':%s,'scheduled_end_time':null,'privacy_level':2,"
               "'status':%d,'entity_type':1,'entity_id':null,'entity_metadata':null,'creator':",
               SHERD__TIME(SHERD__WORLD_EPOCH_MS + 86400000), event->flag ? 2 : 1);
  sherd__view_user(view, event->user);
  sherd__print(view->print, ",'user_count':%u,'image':null,'recurrence_rule':null}",
               (unsigned)(event->grain & 31));
}

void sherd__view_rule(const struct sherd__view *view, const struct sherd__guild *guild,
                      const struct sherd__thing *rule) {
  sherd__print(view->print,
               "{'id':'%ju','guild_id':'%ju','name':%s,'creator_id':'%ju','event_type':1,"
               "'trigger_type':1,'trigger_metadata':{'keyword_filter':['cheap*glaze'],"
               "'regex_patterns':[],'allow_list':[]},'actions':[{'type':1,'metadata':{"
               "'custom_message':'Please no adverts here'}},{'type':2,'metadata':{"
               "'channel_id':'%ju'}}],'enabled':%i,'exempt_roles':[],'exempt_channels':[]}",
               rule->id, guild->id, SHERD__TITLE(rule->grain),
               view->world->users.items[rule->user].id, rule->channel_id, rule->flag);
}

void sherd__view_integration(const struct sherd__view *view, const struct sherd__guild *guild,
                             const struct sherd__thing *integration) {
  sherd__print(view->print,
               "{'id':'%ju','name':%s,'type':'twitch','enabled':true,'syncing':false,"
               "'role_id':'%ju','enable_emoticons':true,'expire_behavior':0,"
               "'expire_grace_period':7,'account':{'id':'%u','name':%s},'synced_at':%s,"
               "'subscriber_count':%u,'revoked':false,'guild_id':'%ju'}",
               integration->id, SHERD__USERNAME(integration->grain), guild->roles.items[1].id,
               (unsigned)(integration->grain >> 40), SHERD__USERNAME(integration->grain),
               SHERD__TIME(SHERD__WORLD_EPOCH_MS), (unsigned)(integration->grain & 255), guild->id);
}

void sherd__view_stage(const struct sherd__view *view, const struct sherd__guild *guild,
                       const struct sherd__thing *stage) {
  sherd__print(view->print, "{'id':'%ju','guild_id':'%ju','channel_id':'%ju','topic':", stage->id,
               guild->id, stage->channel_id);
  sherd__text_sentence(view->print, stage->grain);
  sherd__print(view->print, ",'privacy_level':2,'discoverable_disabled':true,"
                            "'guild_scheduled_event_id':null}");
}
