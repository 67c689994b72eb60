#include "sim/inject.h"

#include <sherd/intents.h>

#include "sim/events.h"
#include "sim/gateway_parts.h"
#include "sim/guild_create.h"
#include "sim/voice.h"

/* How often what must be there first is made before the wish is given up: not every channel is one
 * that nothing refers to. */
#define FIRST_TRIES 100

#define CHUNK_MEMBERS 10

/* X(wanted, first): what is made when there is nothing that the wanted could happen to. */
#define FIRST_MAP(X)                                                                               \
  X(AUTO_MODERATION_RULE_CREATE, AUTO_MODERATION_RULE_DELETE)                                      \
  X(AUTO_MODERATION_RULE_UPDATE, AUTO_MODERATION_RULE_CREATE)                                      \
  X(AUTO_MODERATION_RULE_DELETE, AUTO_MODERATION_RULE_CREATE)                                      \
  X(AUTO_MODERATION_ACTION_EXECUTION, AUTO_MODERATION_RULE_CREATE)                                 \
  X(CHANNEL_CREATE, CHANNEL_DELETE)                                                                \
  X(CHANNEL_UPDATE, CHANNEL_CREATE)                                                                \
  X(CHANNEL_DELETE, CHANNEL_CREATE)                                                                \
  X(THREAD_CREATE, THREAD_DELETE)                                                                  \
  X(THREAD_UPDATE, THREAD_CREATE)                                                                  \
  X(THREAD_DELETE, THREAD_CREATE)                                                                  \
  X(THREAD_LIST_SYNC, THREAD_CREATE)                                                               \
  X(THREAD_MEMBER_UPDATE, THREAD_CREATE)                                                           \
  X(THREAD_MEMBERS_UPDATE, THREAD_CREATE)                                                          \
  X(ENTITLEMENT_CREATE, ENTITLEMENT_DELETE)                                                        \
  X(ENTITLEMENT_UPDATE, ENTITLEMENT_CREATE)                                                        \
  X(ENTITLEMENT_DELETE, ENTITLEMENT_CREATE)                                                        \
  X(SUBSCRIPTION_CREATE, SUBSCRIPTION_DELETE)                                                      \
  X(SUBSCRIPTION_UPDATE, SUBSCRIPTION_CREATE)                                                      \
  X(SUBSCRIPTION_DELETE, SUBSCRIPTION_CREATE)                                                      \
  X(GUILD_BAN_ADD, GUILD_BAN_REMOVE)                                                               \
  X(GUILD_BAN_REMOVE, GUILD_BAN_ADD)                                                               \
  X(GUILD_MEMBER_ADD, GUILD_MEMBER_REMOVE)                                                         \
  X(GUILD_MEMBER_REMOVE, GUILD_MEMBER_ADD)                                                         \
  X(GUILD_ROLE_CREATE, GUILD_ROLE_DELETE)                                                          \
  X(GUILD_ROLE_UPDATE, GUILD_ROLE_CREATE)                                                          \
  X(GUILD_ROLE_DELETE, GUILD_ROLE_CREATE)                                                          \
  X(GUILD_SCHEDULED_EVENT_CREATE, GUILD_SCHEDULED_EVENT_DELETE)                                    \
  X(GUILD_SCHEDULED_EVENT_UPDATE, GUILD_SCHEDULED_EVENT_CREATE)                                    \
  X(GUILD_SCHEDULED_EVENT_DELETE, GUILD_SCHEDULED_EVENT_CREATE)                                    \
  X(GUILD_SCHEDULED_EVENT_USER_ADD, GUILD_SCHEDULED_EVENT_CREATE)                                  \
  X(GUILD_SCHEDULED_EVENT_USER_REMOVE, GUILD_SCHEDULED_EVENT_CREATE)                               \
  X(GUILD_SOUNDBOARD_SOUND_CREATE, GUILD_SOUNDBOARD_SOUND_DELETE)                                  \
  X(GUILD_SOUNDBOARD_SOUND_UPDATE, GUILD_SOUNDBOARD_SOUND_CREATE)                                  \
  X(GUILD_SOUNDBOARD_SOUND_DELETE, GUILD_SOUNDBOARD_SOUND_CREATE)                                  \
  X(GUILD_SOUNDBOARD_SOUNDS_UPDATE, GUILD_SOUNDBOARD_SOUND_CREATE)                                 \
  X(INTEGRATION_CREATE, INTEGRATION_DELETE)                                                        \
  X(INTEGRATION_UPDATE, INTEGRATION_CREATE)                                                        \
  X(INTEGRATION_DELETE, INTEGRATION_CREATE)                                                        \
  X(INVITE_CREATE, INVITE_DELETE)                                                                  \
  X(INVITE_DELETE, INVITE_CREATE)                                                                  \
  X(MESSAGE_UPDATE, MESSAGE_CREATE)                                                                \
  X(MESSAGE_DELETE, MESSAGE_CREATE)                                                                \
  X(MESSAGE_DELETE_BULK, MESSAGE_CREATE)                                                           \
  X(MESSAGE_REACTION_ADD, MESSAGE_CREATE)                                                          \
  X(MESSAGE_REACTION_REMOVE, MESSAGE_CREATE)                                                       \
  X(MESSAGE_REACTION_REMOVE_ALL, MESSAGE_CREATE)                                                   \
  X(MESSAGE_REACTION_REMOVE_EMOJI, MESSAGE_CREATE)                                                 \
  X(MESSAGE_POLL_VOTE_ADD, MESSAGE_CREATE)                                                         \
  X(MESSAGE_POLL_VOTE_REMOVE, MESSAGE_CREATE)                                                      \
  X(STAGE_INSTANCE_CREATE, STAGE_INSTANCE_DELETE)                                                  \
  X(STAGE_INSTANCE_UPDATE, STAGE_INSTANCE_CREATE)                                                  \
  X(STAGE_INSTANCE_DELETE, STAGE_INSTANCE_CREATE)                                                  \
  X(VOICE_CHANNEL_START_TIME_UPDATE, VOICE_STATE_UPDATE)

/* READY, which is nobody's beginning, stands for none. */
static enum sherd_event_type first_of(enum sherd_event_type type) {
  switch (type) {
#define CASE(wanted, first)                                                                        \
  case SHERD_EVENT_##wanted:                                                                       \
    return SHERD_EVENT_##first;
    FIRST_MAP(CASE)
#undef CASE
  default:
    return SHERD_EVENT_READY;
  }
}

/* Makes a dispatch of what is in the print; NULL when there is no memory. */
static struct sherd__dispatch *wrap(struct sherd__sim *sim, enum sherd_event_type type,
                                    const struct sherd__guild *guild) {
  if (sim->print.status)
    return NULL;
  struct sherd__dispatch *made =
      sherd__dispatch_new(sim->allocator, type, sherd__print_since(&sim->print, 0));
  if (!made)
    return NULL;
  made->guild_id = guild->id;
  made->guild_index = (uint32_t)(guild - sim->world.guilds.items);
  made->intents = sherd__sim_event_row(type)->guild_intents;
  return made;
}

/* --- What the stream does not have --- */

/* The guild that is wanted, or one of the shard's; of those that are away, or of those that are
 * not, if there is such a one. */
static struct sherd__guild *find_guild(struct sherd__sim *sim, uint32_t shard,
                                       const struct sherd__lane_wish *wish, bool is_away) {
  const struct sherd__lane *lane = &sim->lanes[shard].stream;
  if (wish->guild || !lane->guild_count)
    return wish->guild;
  uint32_t at = sherd__dice_under(wish->dice, lane->guild_count);
  struct sherd__guild *guild = &sim->world.guilds.items[lane->guilds[at]];
  for (uint32_t i = 0; i < lane->guild_count && guild->is_away != is_away; i++)
    guild = &sim->world.guilds.items[lane->guilds[(at + i) % lane->guild_count]];
  return guild;
}

/* One form for all: what every session that may have it may know. */
static void print_guild_create(struct sherd__sim *sim, struct sherd__guild *guild) {
  struct sherd__view view = {&sim->print, &sim->world};
  uint64_t intents = SHERD_INTENTS_ALL;
  uint32_t large_threshold = UINT32_MAX;
  for (const struct sherd__sim_session *session = sim->sessions; session; session = session->next)
    if (session->intents & SHERD_INTENT_GUILDS && sherd__session_has_guild(session, guild->id)) {
      intents &= session->intents;
      if (session->large_threshold < large_threshold)
        large_threshold = session->large_threshold;
    }
  guild->is_away = false;
  sherd__view_guild_create(&view, guild, intents, large_threshold);
}

static void print_chunk(const struct sherd__view *view, const struct sherd__guild *guild) {
  uint32_t count = guild->members.count < CHUNK_MEMBERS ? guild->members.count : CHUNK_MEMBERS;
  sherd__print(view->print, "{'guild_id':'%ju','members':", guild->id);
  SHERD__VIEW_LIST(view, count,
                   sherd__view_member(view, guild, &guild->members.items[i], SHERD__MEMBER_WHOLE));
  sherd__print(view->print, ",'chunk_index':0,'chunk_count':1}");
}

static void print_special(struct sherd__sim *sim, enum sherd_event_type type,
                          struct sherd__guild *guild) {
  struct sherd__view view = {&sim->print, &sim->world};
  sherd__print_reset(&sim->print);
  switch (type) {
  case SHERD_EVENT_GUILD_CREATE:
    print_guild_create(sim, guild);
    break;
  case SHERD_EVENT_GUILD_DELETE:
    guild->is_away = true;
    sherd__print(&sim->print, "{'id':'%ju','unavailable':true}", guild->id);
    break;
  case SHERD_EVENT_GUILD_MEMBERS_CHUNK:
    print_chunk(&view, guild);
    break;
  case SHERD_EVENT_SOUNDBOARD_SOUNDS:
    sherd__view_sounds(&view, guild);
    break;
  case SHERD_EVENT_CHANNEL_INFO:
    sherd__view_channel_info(&view, guild, true, true);
    break;
  case SHERD_EVENT_RATE_LIMITED:
    sherd__print(&sim->print, "{'opcode':8,'retry_after':%f,'meta':{'guild_id':'%ju'}}", 29.5,
                 guild->id);
    break;
  default:
    break;
  }
}

static bool is_special(enum sherd_event_type type) {
  return type == SHERD_EVENT_GUILD_CREATE || type == SHERD_EVENT_GUILD_DELETE ||
         type == SHERD_EVENT_GUILD_MEMBERS_CHUNK || type == SHERD_EVENT_SOUNDBOARD_SOUNDS ||
         type == SHERD_EVENT_CHANNEL_INFO || type == SHERD_EVENT_RATE_LIMITED;
}

static enum sherd_status make_special(struct sherd__sim *sim, uint32_t shard,
                                      const struct sherd__lane_wish *wish,
                                      struct sherd__dispatch **out) {
  struct sherd__guild *guild = find_guild(sim, shard, wish, wish->type == SHERD_EVENT_GUILD_CREATE);
  if (!guild || wish->is_dm)
    return SHERD_ENOTFOUND;
  print_special(sim, wish->type, guild);
  *out = wrap(sim, wish->type, guild);
  return *out ? SHERD_OK : SHERD_ENOMEM;
}

/* --- What it has --- */

static struct sherd__guild *guild_of(struct sherd__sim *sim,
                                     const struct sherd__dispatch *dispatch) {
  return dispatch->guild_id ? &sim->world.guilds.items[dispatch->guild_index] : NULL;
}

/* Makes what must be there first, and then the wanted in the same guild, until it works. */
static enum sherd_status make_after(struct sherd__sim *sim, uint32_t shard,
                                    const struct sherd__lane_wish *wish,
                                    struct sherd__dispatch **out) {
  struct sherd__lane *lane = &sim->lanes[shard].stream;
  enum sherd_status status = SHERD_ENOTFOUND;
  for (int i = 0; i < FIRST_TRIES && status == SHERD_ENOTFOUND; i++) {
    struct sherd__lane_wish first = *wish, second = *wish;
    struct sherd__dispatch *made;
    first.type = first_of(wish->type);
    first.with_poll = true;
    status = sherd__lane_make(lane, &first, &sim->print, &made);
    if (status)
      return status;
    second.guild = guild_of(sim, made);
    second.is_dm = wish->is_dm && !second.guild;
    sherd__sim_deliver(sim, made, false);
    sherd__dispatch_release(made);
    status = sherd__lane_make(lane, &second, &sim->print, out);
  }
  return status;
}

/* The bot joins a voice channel; false when the guild has none. */
static bool join_voice(struct sherd__sim *sim, struct sherd__guild *guild,
                       const struct sherd__lane_wish *wish) {
  struct sherd__view view = {&sim->print, &sim->world};
  struct sherd__member *bot = &guild->members.items[0];
  const struct sherd__channel *channel =
      sherd__guild_any_channel(guild, SHERD__CHANNEL_VOICE, wish->dice);
  if (!channel)
    return false;
  bot->voice_grain = sherd__dice_roll(wish->dice);
  sherd__voice_move(guild, bot, channel->id, SHERD__WORLD_EPOCH_MS);
  sherd__print_reset(&sim->print);
  sherd__view_voice_state(&view, guild, bot);
  struct sherd__dispatch *made = wrap(sim, SHERD_EVENT_VOICE_STATE_UPDATE, guild);
  if (made)
    sherd__sim_deliver(sim, made, false);
  sherd__dispatch_release(made);
  return made;
}

/* Some things are told to a bot in voice alone. */
static bool is_for_voice(enum sherd_event_type type) {
  return type == SHERD_EVENT_VOICE_SERVER_UPDATE || type == SHERD_EVENT_VOICE_CHANNEL_EFFECT_SEND;
}

static enum sherd_status make_in_voice(struct sherd__sim *sim, uint32_t shard,
                                       const struct sherd__lane_wish *wish,
                                       struct sherd__dispatch **out) {
  struct sherd__lane *lane = &sim->lanes[shard].stream;
  enum sherd_status status = SHERD_ENOTFOUND;
  for (uint32_t i = 0; i < lane->guild_count && status == SHERD_ENOTFOUND; i++) {
    struct sherd__lane_wish there = *wish;
    there.guild = wish->guild ? wish->guild : &sim->world.guilds.items[lane->guilds[i]];
    if (!there.guild->is_away && join_voice(sim, there.guild, wish))
      status = sherd__lane_make(lane, &there, &sim->print, out);
  }
  return status;
}

enum sherd_status sherd__sim_make(struct sherd__sim *sim, uint32_t shard,
                                  const struct sherd__lane_wish *wish,
                                  struct sherd__dispatch **out) {
  *out = NULL;
  if (is_special(wish->type))
    return make_special(sim, shard, wish, out);
  enum sherd_status status = sherd__lane_make(&sim->lanes[shard].stream, wish, &sim->print, out);
  if (status != SHERD_ENOTFOUND)
    return status;
  if (is_for_voice(wish->type) && !wish->is_dm)
    return make_in_voice(sim, shard, wish, out);
  return first_of(wish->type) == SHERD_EVENT_READY ? SHERD_ENOTFOUND
                                                   : make_after(sim, shard, wish, out);
}

enum sherd_status sherd__sim_inject(struct sherd__sim *sim, uint32_t shard,
                                    enum sherd_event_type type) {
  struct sherd__lane_wish wish = {
      .type = type, .with_blank = sim->without_content > 0, .dice = &sim->control_dice};
  struct sherd__dispatch *made;
  enum sherd_status status = sherd__sim_make(sim, shard, &wish, &made);
  if (status)
    return status;
  sherd__sim_deliver(sim, made, false);
  sherd__dispatch_release(made);
  return SHERD_OK;
}
