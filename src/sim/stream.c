#include "sim/stream.h"

#include "base/mem.h"
#include "sim/acts.h"
#include "sim/events.h"

/* Of 100 events that can happen in a direct message too, so many do, on shard 0. */
#define DM_PERCENT 4

/* Tries before a plain message is taken: some acts find nothing to act on. */
#define TRIES 4

/* ... and before a wish is given up: in another place there may be something. */
#define WISH_TRIES 32

struct row {
  sherd__act_fn act;
  bool in_guild;
  bool in_dm;
};

static const struct row rows[SHERD_EVENT_TYPE_COUNT] = {
#define GUILD_ROW(name)    [SHERD_EVENT_##name] = {sherd__act_##name, true, false},
#define ANYWHERE_ROW(name) [SHERD_EVENT_##name] = {sherd__act_##name, true, true},
#define NOWHERE_ROW(name)  [SHERD_EVENT_##name] = {sherd__act_##name, false, false},
    SHERD__GUILD_ACT_MAP(GUILD_ROW) SHERD__ANYWHERE_ACT_MAP(ANYWHERE_ROW)
        SHERD__NOWHERE_ACT_MAP(NOWHERE_ROW)
#undef GUILD_ROW
#undef ANYWHERE_ROW
#undef NOWHERE_ROW
};

#define ADD_WEIGHT(name, guild_intents, dm_intents, weight) +(weight)
enum {
  WEIGHTS = 0 SHERD__SIM_EVENT_MAP(ADD_WEIGHT)
};

enum sherd_status sherd__lane_init(struct sherd__lane *lane, struct sherd__world *world,
                                   uint32_t shard) {
  *lane =
      (struct sherd__lane){.world = world, .shard = shard, .now_us = SHERD__WORLD_EPOCH_MS * 1000};
  sherd__dice_init(&lane->dice, sherd__grain_derive(world->seed, UINT64_C(1) << 32 | shard));
  uint32_t count = 0;
  for (uint32_t i = 0; i < world->guilds.count; i++)
    count += sherd__shard_of(world->guilds.items[i].id, world->shards) == shard;
  if (count == 0)
    return SHERD_OK;
  lane->guilds = sherd__malloc(world->allocator, count * sizeof(*lane->guilds));
  if (!lane->guilds)
    return SHERD_ENOMEM;
  for (uint32_t i = 0; i < world->guilds.count; i++)
    if (sherd__shard_of(world->guilds.items[i].id, world->shards) == shard)
      lane->guilds[lane->guild_count++] = i;
  return SHERD_OK;
}

void sherd__lane_deinit(struct sherd__lane *lane) {
  if (lane->world)
    sherd__free(lane->world->allocator, lane->guilds);
  lane->guilds = NULL;
  lane->guild_count = 0;
}

bool sherd__lane_is_alive(const struct sherd__lane *lane) {
  return lane->guild_count > 0 || lane->shard == 0;
}

static enum sherd_event_type pick_type(struct sherd__dice *dice) {
  uint32_t roll = sherd__dice_under(dice, WEIGHTS);
  enum sherd_event_type type = 0;
  for (;; type++) {
    uint32_t weight = sherd__sim_event_row(type)->weight;
    if (roll < weight)
      return type;
    roll -= weight;
  }
}

/* Sets the scene for `type`; false when this lane has none for it. */
static bool set_place(struct sherd__act *act, enum sherd_event_type type) {
  struct sherd__lane *lane = act->lane;
  struct sherd__world *world = lane->world;
  act->guild = NULL;
  act->dm = NULL;
  if (!rows[type].in_guild && !rows[type].in_dm)
    return lane->shard == 0;
  bool to_dm = rows[type].in_dm && lane->shard == 0 &&
               (lane->guild_count == 0 || sherd__dice_chance(act->dice, DM_PERCENT));
  if (to_dm)
    act->dm = &world->dms.items[sherd__dice_under(act->dice, world->dms.count)];
  else if (lane->guild_count)
    act->guild =
        &world->guilds.items[lane->guilds[sherd__dice_under(act->dice, lane->guild_count)]];
  return act->guild ? !act->guild->is_away : act->dm != NULL;
}

/* False when all is quiet: the guild that was rolled is away. */
static bool happen(struct sherd__act *act, enum sherd_event_type *type) {
  for (int i = 0; i < TRIES; i++) {
    *type = pick_type(act->dice);
    if (set_place(act, *type) && rows[*type].act(act))
      return true;
  }
  *type = SHERD_EVENT_MESSAGE_CREATE;
  return set_place(act, *type) && sherd__act_MESSAGE_CREATE(act);
}

static enum sherd_status wrap(const struct sherd__act *act, enum sherd_event_type type,
                              struct sherd__dispatch **out) {
  const struct sherd__sim_event *row = sherd__sim_event_row(type);
  struct sherd_bytes data = sherd__print_since(act->view.print, 0);
  struct sherd_bytes blank = sherd__print_since(act->view.print, act->blank_start);
  if (act->blank_start)
    data.len = act->blank_start;
  struct sherd__dispatch *made = sherd__dispatch_new(act->lane->world->allocator, type, data);
  if (!made)
    return SHERD_ENOMEM;
  made->guild_id = act->guild ? act->guild->id : 0;
  made->guild_index = act->guild ? (uint32_t)(act->guild - act->lane->world->guilds.items) : 0;
  made->intents = act->is_about_bot ? 0 : act->guild ? row->guild_intents : row->dm_intents;
  if (act->blank_start) {
    made->blank = sherd__dispatch_new(act->lane->world->allocator, type, blank);
    if (!made->blank) {
      sherd__dispatch_release(made);
      return SHERD_ENOMEM;
    }
  }
  *out = made;
  return SHERD_OK;
}

enum sherd_status sherd__lane_next(struct sherd__lane *lane, uint64_t step_us, bool with_blank,
                                   struct sherd__print *print, struct sherd__dispatch **out) {
  lane->now_us += step_us;
  sherd__print_reset(print);
  struct sherd__act act = {
      .lane = lane,
      .dice = &lane->dice,
      .view = {print, lane->world},
      .now_ms = lane->now_us / 1000,
      .with_blank = with_blank,
  };
  enum sherd_event_type type;
  if (!happen(&act, &type))
    return SHERD_ENOTFOUND;
  return print->status ? print->status : wrap(&act, type, out);
}

/* --- On demand --- */

/* Sets the scene that is wanted; false when the event cannot be there. */
static bool set_wished_place(struct sherd__act *act, const struct sherd__lane_wish *wish) {
  struct sherd__world *world = act->lane->world;
  const struct row *row = &rows[wish->type];
  act->guild = NULL;
  act->dm = NULL;
  if (wish->is_dm) {
    if (row->in_dm && world->dms.count)
      act->dm = &world->dms.items[sherd__dice_under(act->dice, world->dms.count)];
    return act->dm;
  }
  if (wish->guild || (row->in_guild && act->lane->guild_count)) {
    uint32_t any = sherd__dice_under(act->dice, act->lane->guild_count);
    act->guild = wish->guild ? wish->guild : &world->guilds.items[act->lane->guilds[any]];
    return row->in_guild && !act->guild->is_away;
  }
  return set_place(act, wish->type);
}

enum sherd_status sherd__lane_make(struct sherd__lane *lane, const struct sherd__lane_wish *wish,
                                   struct sherd__print *print, struct sherd__dispatch **out) {
  if (!rows[wish->type].act)
    return SHERD_EUNSUPPORTED;
  lane->now_us += 1000;
  sherd__print_reset(print);
  struct sherd__act act = {
      .lane = lane,
      .dice = wish->dice,
      .view = {print, lane->world},
      .now_ms = lane->now_us / 1000,
      .with_blank = wish->with_blank,
      .with_poll = wish->with_poll,
      .is_by_person = true,
  };
  for (int i = 0; i < WISH_TRIES; i++)
    if (set_wished_place(&act, wish) && rows[wish->type].act(&act))
      return print->status ? print->status : wrap(&act, wish->type, out);
  return SHERD_ENOTFOUND;
}
