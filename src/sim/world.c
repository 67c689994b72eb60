#include "sim/world.h"

#include <string.h>

#include "base/mem.h"

#define DMS    16
#define DAY_MS UINT64_C(86400000)

/* How a guild of a size looks: {fewest, most} of each. The sizes keep GUILD_CREATE between 2 and
 * 300 kB: of a large guild's members only the notable ones come with it. */
struct size {
  uint32_t members[2], text[2], voice[2], forums[2], stages[2], roles[2], threads[2], emojis[2],
      others[2];            /* each of stickers, sounds, events, rules, integrations, invites */
  uint32_t notable_percent; /* with a role; and as many with a nickname, and online */
};

static const struct size sizes[] = {
    {{1, 4}, {1, 2}, {0, 1}, {0, 0}, {0, 0}, {0, 1}, {0, 0}, {0, 1}, {0, 1}, 40},
    {{10, 50}, {3, 10}, {1, 3}, {0, 1}, {0, 1}, {2, 8}, {0, 4}, {0, 12}, {0, 2}, 40},
    {{60, 230}, {8, 25}, {2, 6}, {1, 2}, {1, 1}, {6, 20}, {2, 12}, {8, 40}, {1, 4}, 35},
    {{1100, 2600}, {15, 30}, {3, 8}, {1, 2}, {1, 2}, {10, 30}, {6, 20}, {20, 45}, {2, 5}, 3},
};

/* The first three guilds have one of each, so that a small world is varied too. */
static const struct size *pick_size(uint32_t index, struct sherd__dice *dice) {
  static const uint8_t first[] = {2, 0, 3};
  if (index < sizeof first)
    return &sizes[first[index]];
  uint32_t roll = sherd__dice_under(dice, 100);
  return &sizes[roll < 30 ? 0 : roll < 65 ? 1 : roll < 92 ? 2 : 3];
}

sherd_snowflake sherd__snowflake(uint64_t unix_ms, uint32_t worker, uint32_t counter) {
  return (unix_ms - SHERD__DISCORD_EPOCH_MS) << 22 | (uint64_t)(worker & 0x3FF) << 12 |
         (counter & 0xFFF);
}

uint64_t sherd__snowflake_ms(sherd_snowflake id) {
  return (id >> 22) + SHERD__DISCORD_EPOCH_MS;
}

uint32_t sherd__shard_of(sherd_snowflake guild_id, uint32_t shard_count) {
  return (uint32_t)((guild_id >> 22) % shard_count);
}

/* What a guild is made with. */
struct maker {
  struct sherd__world *world;
  struct sherd__guild *guild;
  struct sherd__dice dice;
  const struct size *size;
  uint32_t index;
  uint32_t serial; /* of ids in this guild */
};

static uint32_t pick(struct maker *maker, const uint32_t range[2]) {
  return sherd__dice_between(&maker->dice, range[0], range[1]);
}

/* Ids after the guild's own, one second apart. */
static sherd_snowflake next_id(struct maker *maker) {
  maker->serial++;
  return sherd__snowflake(sherd__snowflake_ms(maker->guild->id) + maker->serial * UINT64_C(1000),
                          maker->index, maker->serial);
}

/* Room for `cap` items of `size` bytes. */
static bool make_list(const struct sherd__world *world, void *items, uint32_t *cap_out,
                      uint32_t cap, size_t size) {
  void *memory = sherd__calloc(world->allocator, cap * size);
  memcpy(items, &memory, sizeof memory);
  *cap_out = memory ? cap : 0;
  return memory != NULL;
}

#define MAKE_LIST(world, list, room)                                                               \
  make_list((world), (void *)&(list).items, &(list).cap, (room), sizeof *(list).items)

/* Users are 2 to the n and one more, so that an odd stride meets each of them once. */
static uint32_t others(const struct sherd__world *world) {
  return world->users.count - 1;
}

static bool make_users(struct sherd__world *world, uint32_t guilds) {
  uint32_t count = 4096;
  while (count < guilds * 16)
    count *= 2;
  if (!MAKE_LIST(world, world->users, count + 1))
    return false;
  struct sherd__dice dice;
  sherd__dice_init(&dice, sherd__grain_derive(world->seed, 11));
  for (uint32_t i = 0; i <= count; i++) {
    uint64_t made_ms = SHERD__DISCORD_EPOCH_MS + DAY_MS * sherd__dice_between(&dice, 180, 3900) +
                       sherd__dice_under(&dice, (uint32_t)DAY_MS);
    world->users.items[i] = (struct sherd__user){
        .id = sherd__snowflake(made_ms, i, i >> 10),
        .grain = sherd__dice_roll(&dice),
        .is_bot = i == 0,
    };
  }
  world->users.count = count + 1;
  world->application_id = world->users.items[0].id;
  return true;
}

static void make_roles(struct maker *maker) {
  struct sherd__guild *guild = maker->guild;
  uint32_t count = 2 + pick(maker, maker->size->roles);
  for (uint32_t i = 0; i < count; i++)
    guild->roles.items[i] = (struct sherd__role){
        .id = i == 0 ? guild->id : next_id(maker),
        .grain = sherd__dice_roll(&maker->dice),
        .is_managed = i == 1,
    };
  guild->roles.count = count;
}

static void make_channels(struct maker *maker, enum sherd__channel_type type, uint32_t count,
                          sherd_snowflake parent_id) {
  struct sherd__guild *guild = maker->guild;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t position = guild->channels.count++;
    guild->channels.items[position] = (struct sherd__channel){
        .id = next_id(maker),
        .grain = sherd__dice_roll(&maker->dice),
        .topic_grain = sherd__dice_chance(&maker->dice, 50) ? sherd__dice_roll(&maker->dice) : 0,
        .parent_id = parent_id,
        .slowmode_s = sherd__dice_chance(&maker->dice, 10) ? 5 : 0,
        .position = (uint16_t)position,
        .type = (uint8_t)type,
        .is_hidden = type == SHERD__CHANNEL_TEXT && sherd__dice_chance(&maker->dice, 15),
    };
  }
}

static sherd_snowflake make_category(struct maker *maker) {
  make_channels(maker, SHERD__CHANNEL_CATEGORY, 1, 0);
  return maker->guild->channels.items[maker->guild->channels.count - 1].id;
}

static void make_all_channels(struct maker *maker) {
  const struct size *size = maker->size;
  sherd_snowflake parent_id = size == &sizes[0] ? 0 : make_category(maker);
  make_channels(maker, SHERD__CHANNEL_TEXT, pick(maker, size->text), parent_id);
  if (parent_id)
    parent_id = make_category(maker);
  make_channels(maker, SHERD__CHANNEL_VOICE, pick(maker, size->voice), parent_id);
  make_channels(maker, SHERD__CHANNEL_FORUM, pick(maker, size->forums), parent_id);
  make_channels(maker, SHERD__CHANNEL_STAGE, pick(maker, size->stages), parent_id);
}

static void join_voice(struct maker *maker, struct sherd__member *member) {
  struct sherd__channel *channel =
      sherd__guild_any_channel(maker->guild, SHERD__CHANNEL_VOICE, &maker->dice);
  if (!channel)
    return;
  member->voice_id = channel->id;
  member->voice_grain = sherd__dice_roll(&maker->dice);
  channel->voice_start_s = SHERD__WORLD_EPOCH_MS / 1000 - 600;
}

static struct sherd__member make_member(struct maker *maker, uint32_t user) {
  struct sherd__dice *dice = &maker->dice;
  uint32_t percent = user == 0 ? 0 : maker->size->notable_percent;
  struct sherd__member member = {
      .joined_ms = maker->guild->joined_ms + sherd__dice_under(dice, 1000000),
      .user = user,
  };
  if (maker->guild->roles.count > 2 && sherd__dice_chance(dice, percent))
    member.roles = UINT64_C(2) << sherd__dice_under(dice, maker->guild->roles.count - 2);
  if (sherd__dice_chance(dice, percent / 2))
    member.nick_grain = sherd__dice_roll(dice) | 1;
  if (sherd__dice_chance(dice, percent)) {
    member.online = (uint8_t)sherd__dice_between(dice, SHERD__ONLINE, SHERD__DND);
    member.activity_grain = sherd__dice_chance(dice, 60) ? sherd__dice_roll(dice) | 1 : 0;
  }
  if (percent > 10 && sherd__dice_chance(dice, 5))
    join_voice(maker, &member);
  return member;
}

/* The bot, and then users along a stride through all of them. */
static void make_members(struct maker *maker, uint32_t count) {
  struct sherd__guild *guild = maker->guild;
  uint32_t at = sherd__dice_under(&maker->dice, others(maker->world));
  uint32_t stride = sherd__dice_under(&maker->dice, 1000) * 2 + 1;
  guild->owner = 1 + at;
  struct sherd__member bot = make_member(maker, 0);
  bot.roles = 1; /* its managed role */
  bot.online = SHERD__ONLINE;
  guild->members.items[guild->members.count++] = bot;
  for (uint32_t i = 0; i < count; i++) {
    guild->members.items[guild->members.count++] = make_member(maker, 1 + at);
    at = (at + stride) % others(maker->world);
  }
}

static struct sherd__thing make_thing(struct maker *maker, enum sherd__channel_type type) {
  struct sherd__channel *channel = sherd__guild_any_channel(maker->guild, type, &maker->dice);
  return (struct sherd__thing){
      .id = next_id(maker),
      .grain = sherd__dice_roll(&maker->dice),
      .user = sherd__guild_any_member(maker->guild, &maker->dice)->user,
      .channel_id = channel ? channel->id : 0,
  };
}

static void make_things(struct maker *maker) {
  struct sherd__guild *guild = maker->guild;
  const struct size *size = maker->size;
#define MAKE_THINGS(list, range, type)                                                             \
  for (uint32_t left = pick(maker, range); left; left--)                                           \
  guild->list.items[guild->list.count++] = make_thing(maker, type)
  MAKE_THINGS(emojis, size->emojis, SHERD__CHANNEL_TEXT);
  MAKE_THINGS(stickers, size->others, SHERD__CHANNEL_TEXT);
  MAKE_THINGS(sounds, size->others, SHERD__CHANNEL_TEXT);
  MAKE_THINGS(rules, size->others, SHERD__CHANNEL_TEXT);
  MAKE_THINGS(integrations, size->others, SHERD__CHANNEL_TEXT);
  MAKE_THINGS(invites, size->others, SHERD__CHANNEL_TEXT);
  if (sherd__guild_any_channel(guild, SHERD__CHANNEL_STAGE, &maker->dice))
    MAKE_THINGS(events, size->others, SHERD__CHANNEL_STAGE);
#undef MAKE_THINGS
}

static void make_threads(struct maker *maker) {
  struct sherd__guild *guild = maker->guild;
  for (uint32_t left = pick(maker, maker->size->threads); left; left--) {
    struct sherd__channel *parent = sherd__guild_any_channel(
        guild, left % 2 ? SHERD__CHANNEL_TEXT : SHERD__CHANNEL_FORUM, &maker->dice);
    if (!parent)
      continue;
    guild->threads.items[guild->threads.count++] = (struct sherd__thread){
        .id = next_id(maker),
        .grain = sherd__dice_roll(&maker->dice),
        .parent_id = parent->id,
        .made_ms = SHERD__WORLD_EPOCH_MS - DAY_MS,
        .owner = sherd__guild_any_member(guild, &maker->dice)->user,
        .members = 1,
        .type = SHERD__CHANNEL_PUBLIC_THREAD,
        .is_post = parent->type == SHERD__CHANNEL_FORUM,
    };
  }
}

/* A few messages, so that the first edit has something to edit. */
static void make_messages(struct maker *maker) {
  struct sherd__guild *guild = maker->guild;
  for (uint32_t i = 0; i < 8; i++) {
    struct sherd__channel *channel =
        sherd__guild_any_channel(guild, SHERD__CHANNEL_TEXT, &maker->dice);
    uint64_t at_ms = SHERD__WORLD_EPOCH_MS - 60000 + i * UINT64_C(5000);
    struct sherd__message message = {
        .id = sherd__snowflake(at_ms, maker->index, maker->index >> 10),
        .grain = sherd__dice_roll(&maker->dice),
        .channel_id = channel->id,
        .author = sherd__guild_any_member(guild, &maker->dice)->user,
        .is_poll = i == 0,
    };
    channel->last_message_id = message.id;
    sherd__messages_add(&guild->messages, message);
  }
}

/* Lists have room for what the stream adds; a large guild may gain more members. */
static bool make_lists(struct maker *maker, uint32_t members) {
  struct sherd__world *world = maker->world;
  struct sherd__guild *guild = maker->guild;
  return MAKE_LIST(world, guild->roles, 48) && MAKE_LIST(world, guild->channels, 64) &&
         MAKE_LIST(world, guild->threads, 32) && MAKE_LIST(world, guild->members, members + 32) &&
         MAKE_LIST(world, guild->emojis, 50) && MAKE_LIST(world, guild->stickers, 8) &&
         MAKE_LIST(world, guild->sounds, 8) && MAKE_LIST(world, guild->events, 8) &&
         MAKE_LIST(world, guild->rules, 8) && MAKE_LIST(world, guild->integrations, 8) &&
         MAKE_LIST(world, guild->invites, 8) && MAKE_LIST(world, guild->stages, 2) &&
         MAKE_LIST(world, guild->banned, 16);
}

/* Guild `index` goes to shard index % shards, so that every shard has about as many. */
static sherd_snowflake make_guild_id(struct maker *maker) {
  uint64_t ms = DAY_MS * sherd__dice_between(&maker->dice, 400, 3800) +
                sherd__dice_under(&maker->dice, (uint32_t)DAY_MS);
  uint32_t shards = maker->world->shards;
  ms += shards - ms % shards + maker->index % shards;
  return sherd__snowflake(SHERD__DISCORD_EPOCH_MS + ms, maker->index, maker->index >> 10);
}

static bool make_guild(struct sherd__world *world, uint32_t index) {
  struct sherd__guild *guild = &world->guilds.items[index];
  struct maker maker = {.world = world, .guild = guild, .index = index};
  sherd__dice_init(&maker.dice, sherd__grain_derive(world->seed, 1000 + (uint64_t)index));
  maker.size = pick_size(index, &maker.dice);
  uint32_t members = pick(&maker, maker.size->members);
  world->guilds.count = index + 1; /* from here on it is freed with the world */
  if (!make_lists(&maker, members + 1))
    return false;
  guild->id = make_guild_id(&maker);
  guild->grain = sherd__dice_roll(&maker.dice);
  guild->joined_ms = sherd__snowflake_ms(guild->id) + DAY_MS;
  make_roles(&maker);
  make_all_channels(&maker);
  make_members(&maker, members);
  make_things(&maker);
  make_threads(&maker);
  make_messages(&maker);
  return true;
}

static bool make_dms(struct sherd__world *world) {
  if (!MAKE_LIST(world, world->dms, DMS) || !MAKE_LIST(world, world->entitlements, 8) ||
      !MAKE_LIST(world, world->subscriptions, 8))
    return false;
  struct sherd__dice dice;
  sherd__dice_init(&dice, sherd__grain_derive(world->seed, 12));
  for (uint32_t i = 0; i < DMS; i++)
    world->dms.items[i] = (struct sherd__dm){
        .id = sherd__snowflake(SHERD__WORLD_EPOCH_MS - (i + 1) * DAY_MS, i, 0),
        .user = 1 + sherd__dice_under(&dice, others(world) / DMS) * DMS + i,
    };
  world->dms.count = DMS;
  return true;
}

enum sherd_status sherd__world_init(struct sherd__world *world,
                                    const struct sherd_allocator *allocator, uint64_t seed,
                                    uint32_t shards, uint32_t guilds) {
  *world = (struct sherd__world){.allocator = allocator, .seed = seed, .shards = shards};
  bool made = make_users(world, guilds) && make_dms(world) &&
              (guilds == 0 || MAKE_LIST(world, world->guilds, guilds));
  for (uint32_t i = 0; made && i < guilds; i++)
    made = make_guild(world, i);
  if (made)
    return SHERD_OK;
  sherd__world_deinit(world);
  return SHERD_ENOMEM;
}

static void free_guild(const struct sherd_allocator *allocator, struct sherd__guild *guild) {
  void *const lists[] = {
      guild->roles.items,  guild->channels.items, guild->threads.items, guild->members.items,
      guild->emojis.items, guild->stickers.items, guild->sounds.items,  guild->events.items,
      guild->rules.items,  guild->invites.items,  guild->stages.items,  guild->integrations.items,
      guild->banned.items,
  };
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    sherd__free(allocator, lists[i]);
}

void sherd__world_deinit(struct sherd__world *world) {
  for (uint32_t i = 0; i < world->guilds.count; i++)
    free_guild(world->allocator, &world->guilds.items[i]);
  sherd__free(world->allocator, world->guilds.items);
  sherd__free(world->allocator, world->users.items);
  sherd__free(world->allocator, world->dms.items);
  sherd__free(world->allocator, world->entitlements.items);
  sherd__free(world->allocator, world->subscriptions.items);
  *world = (struct sherd__world){.allocator = world->allocator};
}

struct sherd__guild *sherd__world_guild(const struct sherd__world *world, sherd_snowflake id) {
  for (uint32_t i = 0; i < world->guilds.count; i++)
    if (world->guilds.items[i].id == id)
      return &world->guilds.items[i];
  return NULL;
}

struct sherd__channel *sherd__guild_channel(const struct sherd__guild *guild, sherd_snowflake id) {
  for (uint32_t i = 0; i < guild->channels.count; i++)
    if (guild->channels.items[i].id == id)
      return &guild->channels.items[i];
  return NULL;
}

struct sherd__member *sherd__guild_member(const struct sherd__world *world,
                                          const struct sherd__guild *guild, sherd_snowflake id) {
  for (uint32_t i = 0; i < guild->members.count; i++)
    if (world->users.items[guild->members.items[i].user].id == id)
      return &guild->members.items[i];
  return NULL;
}

struct sherd__channel *sherd__guild_any_channel(const struct sherd__guild *guild,
                                                enum sherd__channel_type type,
                                                struct sherd__dice *dice) {
  if (guild->channels.count == 0)
    return NULL;
  uint32_t from = sherd__dice_under(dice, guild->channels.count);
  for (uint32_t i = 0; i < guild->channels.count; i++) {
    struct sherd__channel *channel = &guild->channels.items[(from + i) % guild->channels.count];
    if (channel->type == type)
      return channel;
  }
  return NULL;
}

/* Most of what happens in a large guild is done by a few. */
struct sherd__member *sherd__guild_any_member(const struct sherd__guild *guild,
                                              struct sherd__dice *dice) {
  uint32_t active = guild->members.count < 120 ? guild->members.count : 120;
  return &guild->members.items[sherd__dice_under(dice, active)];
}

void sherd__messages_add(struct sherd__messages *messages, struct sherd__message message) {
  if (messages->count == SHERD__MESSAGES_KEPT)
    sherd__messages_remove(messages, 0);
  messages->items[messages->count++] = message;
}

void sherd__messages_remove(struct sherd__messages *messages, uint32_t index) {
  messages->count--;
  memmove(&messages->items[index], &messages->items[index + 1],
          (messages->count - index) * sizeof *messages->items);
}

void sherd__messages_remove_channel(struct sherd__messages *messages, sherd_snowflake channel_id) {
  for (uint32_t i = messages->count; i--;)
    if (messages->items[i].channel_id == channel_id)
      sherd__messages_remove(messages, i);
}
