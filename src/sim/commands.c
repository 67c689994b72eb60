/* What a client asks of its session: presence, voice, members, sounds, channel info. */
#include <string.h>

#include <sherd/intents.h>

#include "sim/entities.h"
#include "sim/gateway_parts.h"
#include "sim/text.h"
#include "sim/voice.h"

static bool is_list(struct sherd_value value) {
  return sherd_value_type(value) == SHERD_VALUE_LIST;
}

/* A known guild of the session; what concerns another one is not answered. */
static bool read_guild(const struct sherd__sim_session *session, struct sherd_value data,
                       struct sherd__guild **out) {
  sherd_snowflake id;
  if (sherd_value_as_snowflake(sherd_value_get(data, "guild_id"), &id))
    return false;
  *out = sherd__session_guild(session, id);
  return true;
}

/* There is no answer to it. Hikari sends `game` in place of `activities`, and Discord takes it. */
bool sherd__command_presence(struct sherd__sim_session *session, struct sherd_value data) {
  (void)session;
  bool has_game = sherd_value_exists(sherd_value_get(data, "game"));
  return sherd_value_type(sherd_value_get(data, "status")) == SHERD_VALUE_STRING &&
         (has_game || is_list(sherd_value_get(data, "activities")));
}

/* The bot's new state goes to all that see it, and where the voice server is to who asked. */
static void tell_voice(struct sherd__sim_session *session, struct sherd__guild *guild) {
  struct sherd__sim *sim = session->sim;
  struct sherd__view view = {&sim->print, &sim->world};
  const struct sherd__member *bot = &guild->members.items[0];
  sherd__print_reset(&sim->print);
  sherd__view_voice_state(&view, guild, bot);
  struct sherd__dispatch *dispatch =
      sim->print.status ? NULL
                        : sherd__dispatch_new(sim->allocator, SHERD_EVENT_VOICE_STATE_UPDATE,
                                              sherd__print_since(&sim->print, 0));
  if (!dispatch)
    return;
  dispatch->guild_id = guild->id;
  dispatch->guild_index = (uint32_t)(guild - sim->world.guilds.items);
  dispatch->intents = SHERD_INTENT_GUILD_VOICE_STATES;
  sherd__sim_deliver(sim, dispatch, false);
  sherd__dispatch_release(dispatch);
  if (!bot->voice_id)
    return;
  sherd__print_reset(&sim->print);
  sherd__view_voice_server(&view, guild, bot->voice_grain);
  sherd__session_add_printed(session, SHERD_EVENT_VOICE_SERVER_UPDATE);
}

bool sherd__command_voice_state(struct sherd__sim_session *session, struct sherd_value data) {
  struct sherd__sim *sim = session->sim;
  struct sherd__guild *guild;
  sherd_snowflake channel_id = 0;
  struct sherd_value channel_value = sherd_value_get(data, "channel_id");
  if (!read_guild(session, data, &guild) || !sherd_value_exists(channel_value))
    return false;
  if (sherd_value_type(channel_value) != SHERD_VALUE_NULL &&
      sherd_value_as_snowflake(channel_value, &channel_id))
    return false;
  if (!guild)
    return true;
  const struct sherd__channel *channel = sherd__guild_channel(guild, channel_id);
  if (channel_id && (!channel || (channel->type != SHERD__CHANNEL_VOICE &&
                                  channel->type != SHERD__CHANNEL_STAGE)))
    return true;
  struct sherd__member *bot = &guild->members.items[0];
  (void)sherd_value_as_bool(sherd_value_get(data, "self_mute"), &bot->self_mute);
  (void)sherd_value_as_bool(sherd_value_get(data, "self_deaf"), &bot->self_deaf);
  if (!bot->voice_id && !channel_id)
    return true; /* it is in no channel to leave */
  if (!bot->voice_id)
    bot->voice_grain = sherd__dice_roll(&sim->dice);
  sherd__voice_move(guild, bot, channel_id, SHERD__WORLD_EPOCH_MS);
  tell_voice(session, guild);
  return true;
}

void sherd__view_sounds(const struct sherd__view *view, const struct sherd__guild *guild) {
  sherd__print(view->print, "{'soundboard_sounds':");
  SHERD__VIEW_LIST(view, guild->sounds.count,
                   sherd__view_sound(view, guild, &guild->sounds.items[i]));
  sherd__print(view->print, ",'guild_id':'%ju'}", guild->id);
}

bool sherd__command_sounds(struct sherd__sim_session *session, struct sherd_value data) {
  struct sherd__sim *sim = session->sim;
  struct sherd_value ids = sherd_value_get(data, "guild_ids"), item;
  struct sherd__view view = {&sim->print, &sim->world};
  if (!is_list(ids))
    return false;
  struct sherd_value_iter iter = sherd_value_iterate(ids);
  while (sherd_value_next(&iter, NULL, &item)) {
    sherd_snowflake id;
    if (sherd_value_as_snowflake(item, &id))
      return false;
    const struct sherd__guild *guild = sherd__session_guild(session, id);
    if (!guild)
      continue;
    sherd__print_reset(&sim->print);
    sherd__view_sounds(&view, guild);
    sherd__session_add_printed(session, SHERD_EVENT_SOUNDBOARD_SOUNDS);
  }
  return true;
}

/* Which of the fields were asked for. */
static bool read_fields(struct sherd_value data, bool *status, bool *start_time) {
  struct sherd_value fields = sherd_value_get(data, "fields"), item;
  struct sherd_value_iter iter = sherd_value_iterate(fields);
  while (sherd_value_next(&iter, NULL, &item)) {
    *status |= sherd_value_equals(item, "status");
    *start_time |= sherd_value_equals(item, "voice_start_time");
  }
  return is_list(fields);
}

static void print_channel_info(struct sherd__print *print, const struct sherd__channel *channel,
                               bool with_status, bool with_start_time) {
  sherd__print_comma(print);
  sherd__print(print, "{'id':'%ju'", channel->id);
  if (with_status)
    sherd__print(print, ",'status':%s",
                 channel->status_grain ? SHERD__TITLE(channel->status_grain) : NULL);
  if (with_start_time && channel->voice_start_s)
    sherd__print(print, ",'voice_start_time':%ju", channel->voice_start_s);
  else if (with_start_time)
    sherd__print(print, ",'voice_start_time':null");
  sherd__print(print, "}");
}

void sherd__view_channel_info(const struct sherd__view *view, const struct sherd__guild *guild,
                              bool with_status, bool with_start_time) {
  sherd__print(view->print, "{'guild_id':'%ju','channels':[", guild->id);
  for (uint32_t i = 0; i < guild->channels.count; i++)
    if (guild->channels.items[i].type == SHERD__CHANNEL_VOICE)
      print_channel_info(view->print, &guild->channels.items[i], with_status, with_start_time);
  sherd__print(view->print, "]}");
}

bool sherd__command_channel_info(struct sherd__sim_session *session, struct sherd_value data) {
  struct sherd__sim *sim = session->sim;
  struct sherd__guild *guild;
  bool status = false, start_time = false;
  if (!read_guild(session, data, &guild) || !read_fields(data, &status, &start_time))
    return false;
  if (!guild)
    return true;
  sherd__print_reset(&sim->print);
  sherd__view_channel_info(&(struct sherd__view){&sim->print, &sim->world}, guild, status,
                           start_time);
  sherd__session_add_printed(session, SHERD_EVENT_CHANNEL_INFO);
  return true;
}
