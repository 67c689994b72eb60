/* Voice states, voice servers, voice channels. */
#include "sim/acts.h"
#include "sim/text.h"
#include "sim/voice.h"

static struct sherd__channel *any_voice_channel(struct sherd__act *act) {
  return sherd__guild_any_channel(act->guild, SHERD__CHANNEL_VOICE, act->dice);
}

static bool is_empty(const struct sherd__guild *guild, sherd_snowflake channel_id) {
  for (uint32_t i = 0; i < guild->members.count; i++)
    if (guild->members.items[i].voice_id == channel_id)
      return false;
  return true;
}

void sherd__voice_move(struct sherd__guild *guild, struct sherd__member *member,
                       sherd_snowflake channel_id, uint64_t now_ms) {
  struct sherd__channel *left = sherd__guild_channel(guild, member->voice_id);
  struct sherd__channel *entered = sherd__guild_channel(guild, channel_id);
  member->voice_id = channel_id;
  if (left && is_empty(guild, left->id))
    left->voice_start_s = 0;
  if (entered && !entered->voice_start_s)
    entered->voice_start_s = now_ms / 1000;
}

void sherd__view_voice_state(const struct sherd__view *view, const struct sherd__guild *guild,
                             const struct sherd__member *member) {
  sherd__print(view->print, "{");
  sherd__view_voice_state_fields(view, guild->id, member);
  sherd__print(view->print, ",'member':");
  sherd__view_member(view, guild, member, SHERD__MEMBER_WHOLE);
  sherd__print(view->print, "}");
}

void sherd__view_voice_server(const struct sherd__view *view, const struct sherd__guild *guild,
                              uint64_t grain) {
  sherd__print(view->print, "{'token':%s,'guild_id':'%ju','endpoint':'voice-%u.sherd.test:2048'}",
               SHERD__SLUG(grain), guild->id, (unsigned)(grain % 64));
}

bool sherd__act_VOICE_STATE_UPDATE(struct sherd__act *act) {
  struct sherd__member *member = sherd__act_person(act);
  const struct sherd__channel *channel = any_voice_channel(act);
  if (!member || !channel)
    return false;
  if (!member->voice_id) {
    member->voice_grain = sherd__dice_roll(act->dice);
    sherd__voice_move(act->guild, member, channel->id, act->now_ms);
  } else if (sherd__dice_chance(act->dice, 40)) {
    sherd__voice_move(act->guild, member, 0, act->now_ms);
  } else if (sherd__dice_chance(act->dice, 50)) {
    sherd__voice_move(act->guild, member, channel->id, act->now_ms);
  } else {
    member->self_mute = !member->self_mute;
  }
  sherd__view_voice_state(&act->view, act->guild, member);
  return true;
}

/* Told to the bot when it is in voice. */
bool sherd__act_VOICE_SERVER_UPDATE(struct sherd__act *act) {
  if (!act->guild->members.items[0].voice_id)
    return false;
  sherd__view_voice_server(&act->view, act->guild, sherd__dice_roll(act->dice));
  return true;
}

/* Told to the bot when it is in that channel. */
bool sherd__act_VOICE_CHANNEL_EFFECT_SEND(struct sherd__act *act) {
  const struct sherd__member *bot = &act->guild->members.items[0];
  const struct sherd__member *member = sherd__act_person(act);
  if (!bot->voice_id || !member)
    return false;
  sherd__print(act->view.print,
               "{'channel_id':'%ju','guild_id':'%ju','user_id':'%ju','emoji':", bot->voice_id,
               act->guild->id, sherd__act_user_id(act, member->user));
  sherd__view_reaction_emoji(&act->view, NULL, sherd__dice_roll(act->dice));
  sherd__print(act->view.print, ",'animation_type':1,'animation_id':%u",
               sherd__dice_under(act->dice, 20));
  if (act->guild->sounds.count)
    sherd__print(act->view.print, ",'sound_id':'%ju','sound_volume':%f",
                 act->guild->sounds.items[0].id, 1.0);
  sherd__print(act->view.print, "}");
  return true;
}

bool sherd__act_VOICE_CHANNEL_START_TIME_UPDATE(struct sherd__act *act) {
  const struct sherd__channel *channel = any_voice_channel(act);
  if (!channel || !channel->voice_start_s)
    return false;
  sherd__print(act->view.print, "{'id':'%ju','guild_id':'%ju','voice_start_time':%ju}", channel->id,
               act->guild->id, channel->voice_start_s);
  return true;
}

bool sherd__act_VOICE_CHANNEL_STATUS_UPDATE(struct sherd__act *act) {
  struct sherd__channel *channel = any_voice_channel(act);
  if (!channel)
    return false;
  channel->status_grain = channel->status_grain ? 0 : sherd__dice_roll(act->dice) | 1;
  sherd__print(act->view.print, "{'id':'%ju','guild_id':'%ju','status':%s}", channel->id,
               act->guild->id, channel->status_grain ? SHERD__TITLE(channel->status_grain) : NULL);
  return true;
}
