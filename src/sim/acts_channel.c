/* Channels, threads, stages, webhooks, invites. */
#include <string.h>

#include "sim/acts.h"
#include "sim/text.h"

/* Channels that the stream made come and go; those of the beginning stay. */
static struct sherd__channel *any_new_channel(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  for (uint32_t i = guild->channels.count; i--;) {
    struct sherd__channel *channel = &guild->channels.items[i];
    if (channel->type == SHERD__CHANNEL_TEXT &&
        sherd__snowflake_ms(channel->id) >= SHERD__WORLD_EPOCH_MS)
      return channel;
  }
  return NULL;
}

static struct sherd__channel *any_text_channel(struct sherd__act *act) {
  return sherd__guild_any_channel(act->guild, SHERD__CHANNEL_TEXT, act->dice);
}

bool sherd__act_CHANNEL_CREATE(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  if (guild->channels.count == guild->channels.cap)
    return false;
  const struct sherd__channel *first = &guild->channels.items[0];
  struct sherd__channel *made = &guild->channels.items[guild->channels.count++];
  *made = (struct sherd__channel){
      .id = sherd__act_id(act),
      .grain = sherd__dice_roll(act->dice),
      .parent_id = first->type == SHERD__CHANNEL_CATEGORY ? first->id : 0,
      .position = (uint16_t)(guild->channels.count - 1),
      .type = SHERD__CHANNEL_TEXT,
  };
  sherd__view_channel(&act->view, guild, made, true);
  return true;
}

bool sherd__act_CHANNEL_UPDATE(struct sherd__act *act) {
  struct sherd__channel *channel = any_text_channel(act);
  channel->topic_grain = channel->topic_grain ? 0 : sherd__dice_roll(act->dice) | 1;
  channel->slowmode_s = sherd__dice_under(act->dice, 4) * 5;
  sherd__view_channel(&act->view, act->guild, channel, true);
  return true;
}

static bool has_threads(const struct sherd__guild *guild, sherd_snowflake channel_id) {
  for (uint32_t i = 0; i < guild->threads.count; i++)
    if (guild->threads.items[i].parent_id == channel_id)
      return true;
  return false;
}

/* Whether something that stays would point to a channel that is gone. */
static bool is_referred_to(const struct sherd__guild *guild, sherd_snowflake channel_id) {
  for (uint32_t i = 0; i < guild->invites.count; i++)
    if (guild->invites.items[i].channel_id == channel_id)
      return true;
  for (uint32_t i = 0; i < guild->rules.count; i++)
    if (guild->rules.items[i].channel_id == channel_id)
      return true;
  return has_threads(guild, channel_id);
}

bool sherd__act_CHANNEL_DELETE(struct sherd__act *act) {
  struct sherd__channel *channel = any_new_channel(act);
  if (!channel || is_referred_to(act->guild, channel->id))
    return false;
  sherd__view_channel(&act->view, act->guild, channel, true);
  sherd__messages_remove_channel(&act->guild->messages, channel->id);
  SHERD__LIST_REMOVE(act->guild->channels, (uint32_t)(channel - act->guild->channels.items));
  return true;
}

bool sherd__act_CHANNEL_PINS_UPDATE(struct sherd__act *act) {
  struct sherd__channel *channel = any_text_channel(act);
  channel->last_pin_ms = act->now_ms;
  sherd__print(act->view.print, "{'guild_id':'%ju','channel_id':'%ju','last_pin_timestamp':%s}",
               act->guild->id, channel->id, SHERD__TIME(act->now_ms));
  return true;
}

static struct sherd__thread *any_thread(struct sherd__act *act) {
  if (act->guild->threads.count == 0)
    return NULL;
  return &act->guild->threads.items[sherd__dice_under(act->dice, act->guild->threads.count)];
}

static void write_thread(struct sherd__act *act, const struct sherd__thread *thread) {
  sherd__print(act->view.print, "{");
  sherd__view_thread_fields(&act->view, act->guild, thread);
  sherd__print(act->view.print, "}");
}

/* Without braces: the bot's, or somebody's, membership of a thread. */
static void write_thread_member_fields(struct sherd__act *act, const struct sherd__thread *thread,
                                       uint32_t user) {
  sherd__print(act->view.print, "'id':'%ju','user_id':'%ju','join_timestamp':%s,'flags':0",
               thread->id, sherd__act_user_id(act, user), SHERD__TIME(thread->made_ms));
}

bool sherd__act_THREAD_CREATE(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  if (guild->threads.count == guild->threads.cap)
    return false;
  bool is_private = sherd__dice_chance(act->dice, 20);
  struct sherd__thread *made = &guild->threads.items[guild->threads.count++];
  *made = (struct sherd__thread){
      .id = sherd__act_id(act),
      .grain = sherd__dice_roll(act->dice),
      .parent_id = any_text_channel(act)->id,
      .made_ms = act->now_ms,
      .owner = sherd__guild_any_member(guild, act->dice)->user,
      .members = 1,
      .type = is_private ? SHERD__CHANNEL_PRIVATE_THREAD : SHERD__CHANNEL_PUBLIC_THREAD,
  };
  sherd__print(act->view.print, "{");
  sherd__view_thread_fields(&act->view, guild, made);
  if (is_private) { /* the bot sees it because it was added */
    sherd__print(act->view.print, ",'member':{");
    write_thread_member_fields(act, made, 0);
    sherd__print(act->view.print, "}}");
  } else {
    sherd__print(act->view.print, ",'newly_created':true}");
  }
  return true;
}

bool sherd__act_THREAD_UPDATE(struct sherd__act *act) {
  struct sherd__thread *thread = any_thread(act);
  if (!thread)
    return false;
  if (sherd__dice_chance(act->dice, 50))
    thread->grain = sherd__dice_roll(act->dice);
  else
    thread->is_locked = !thread->is_locked;
  write_thread(act, thread);
  return true;
}

bool sherd__act_THREAD_DELETE(struct sherd__act *act) {
  struct sherd__thread *thread = any_thread(act);
  if (!thread)
    return false;
  sherd__print(act->view.print, "{'id':'%ju','guild_id':'%ju','parent_id':'%ju','type':%d}",
               thread->id, act->guild->id, thread->parent_id, thread->type);
  SHERD__LIST_REMOVE(act->guild->threads, (uint32_t)(thread - act->guild->threads.items));
  return true;
}

bool sherd__act_THREAD_LIST_SYNC(struct sherd__act *act) {
  const struct sherd__thread *thread = any_thread(act);
  if (!thread)
    return false;
  sherd__print(act->view.print, "{'guild_id':'%ju','channel_ids':['%ju'],'threads':[",
               act->guild->id, thread->parent_id);
  for (uint32_t i = 0; i < act->guild->threads.count; i++)
    if (act->guild->threads.items[i].parent_id == thread->parent_id) {
      sherd__print_comma(act->view.print);
      write_thread(act, &act->guild->threads.items[i]);
    }
  sherd__print(act->view.print, "],'members':[{");
  write_thread_member_fields(act, thread, 0);
  sherd__print(act->view.print, "}]}");
  return true;
}

bool sherd__act_THREAD_MEMBER_UPDATE(struct sherd__act *act) {
  const struct sherd__thread *thread = any_thread(act);
  if (!thread)
    return false;
  sherd__print(act->view.print, "{");
  write_thread_member_fields(act, thread, 0);
  sherd__print(act->view.print, ",'guild_id':'%ju'}", act->guild->id);
  return true;
}

bool sherd__act_THREAD_MEMBERS_UPDATE(struct sherd__act *act) {
  struct sherd__thread *thread = any_thread(act);
  const struct sherd__member *member = sherd__act_person(act);
  if (!thread || !member)
    return false;
  bool joins = thread->members < 2 || sherd__dice_chance(act->dice, 60);
  thread->members = joins ? thread->members + 1 : thread->members - 1;
  sherd__print(act->view.print, "{'id':'%ju','guild_id':'%ju','member_count':%u", thread->id,
               act->guild->id, thread->members);
  if (joins) {
    sherd__print(act->view.print, ",'added_members':[{");
    write_thread_member_fields(act, thread, member->user);
    sherd__print(act->view.print, ",'member':");
    sherd__view_member(&act->view, act->guild, member, SHERD__MEMBER_WHOLE);
    sherd__print(act->view.print, ",'presence':null}]}");
  } else {
    sherd__print(act->view.print, ",'removed_member_ids':['%ju']}",
                 sherd__act_user_id(act, member->user));
  }
  return true;
}

bool sherd__act_WEBHOOKS_UPDATE(struct sherd__act *act) {
  sherd__print(act->view.print, "{'guild_id':'%ju','channel_id':'%ju'}", act->guild->id,
               any_text_channel(act)->id);
  return true;
}

/* A code as Discord makes them: eight letters and digits. */
static const char *invite_code(const struct sherd__thing *invite, char out[SHERD__NAME_SIZE]) {
  sherd__text_hash(invite->grain, out);
  out[8] = '\0';
  return out;
}

bool sherd__act_INVITE_CREATE(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  if (guild->invites.count == guild->invites.cap)
    return false;
  struct sherd__thing made = sherd__act_thing(act, SHERD__CHANNEL_TEXT);
  guild->invites.items[guild->invites.count++] = made;
  sherd__print(
      act->view.print,
      "{'channel_id':'%ju','code':%s,'created_at':%s,'guild_id':'%ju','inviter':", made.channel_id,
      invite_code(&made, (char[SHERD__NAME_SIZE]){0}), SHERD__TIME(act->now_ms), guild->id);
  sherd__view_user(&act->view, made.user);
  sherd__print(act->view.print,
               ",'max_age':86400,'max_uses':5,'temporary':false,'uses':0,'expires_at':%s}",
               SHERD__TIME(act->now_ms + 86400000));
  return true;
}

bool sherd__act_INVITE_DELETE(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  if (guild->invites.count == 0)
    return false;
  const struct sherd__thing *gone = &guild->invites.items[0];
  sherd__print(act->view.print, "{'channel_id':'%ju','guild_id':'%ju','code':%s}", gone->channel_id,
               guild->id, invite_code(gone, (char[SHERD__NAME_SIZE]){0}));
  SHERD__LIST_REMOVE(guild->invites, 0);
  return true;
}

static bool has_stage(const struct sherd__guild *guild, sherd_snowflake channel_id) {
  for (uint32_t i = 0; i < guild->stages.count; i++)
    if (guild->stages.items[i].channel_id == channel_id)
      return true;
  return false;
}

bool sherd__act_STAGE_INSTANCE_CREATE(struct sherd__act *act) {
  struct sherd__guild *guild = act->guild;
  const struct sherd__channel *channel =
      sherd__guild_any_channel(guild, SHERD__CHANNEL_STAGE, act->dice);
  if (!channel || guild->stages.count == guild->stages.cap || has_stage(guild, channel->id))
    return false;
  struct sherd__thing *made = &guild->stages.items[guild->stages.count++];
  *made = sherd__act_thing(act, SHERD__CHANNEL_STAGE);
  made->channel_id = channel->id;
  sherd__view_stage(&act->view, guild, made);
  return true;
}

bool sherd__act_STAGE_INSTANCE_UPDATE(struct sherd__act *act) {
  if (act->guild->stages.count == 0)
    return false;
  act->guild->stages.items[0].grain = sherd__dice_roll(act->dice);
  sherd__view_stage(&act->view, act->guild, &act->guild->stages.items[0]);
  return true;
}

bool sherd__act_STAGE_INSTANCE_DELETE(struct sherd__act *act) {
  if (act->guild->stages.count == 0)
    return false;
  sherd__view_stage(&act->view, act->guild, &act->guild->stages.items[0]);
  SHERD__LIST_REMOVE(act->guild->stages, 0);
  return true;
}
