/* The made-up Discord: the same from the same seed, valid, and consistent in itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sherd/value.h>

#include "sim/events.h"
#include "sim/guild_create.h"
#include "sim/stream.h"

#define SEED 7

struct world_fixture {
  struct sherd__world world;
  struct sherd__print print;
};

static void open_world(struct world_fixture *it, uint64_t seed, uint32_t shards, uint32_t guilds) {
  sherd__print_init(&it->print, sherd_allocator_default());
  assert_int_equal(sherd__world_init(&it->world, sherd_allocator_default(), seed, shards, guilds),
                   SHERD_OK);
}

static void close_world(struct world_fixture *it) {
  sherd__world_deinit(&it->world);
  sherd__print_deinit(&it->print);
}

static struct sherd_bytes guild_create(struct world_fixture *it, uint32_t index, uint64_t intents,
                                       uint32_t large_threshold) {
  struct sherd__view view = {&it->print, &it->world};
  sherd__print_reset(&it->print);
  sherd__view_guild_create(&view, &it->world.guilds.items[index], intents, large_threshold);
  assert_int_equal(it->print.status, SHERD_OK);
  return sherd__print_since(&it->print, 0);
}

static struct sherd__dispatch *next(struct sherd__lane *lane, struct sherd__print *print) {
  struct sherd__dispatch *dispatch = NULL;
  assert_int_equal(sherd__lane_next(lane, 1000, true, print, &dispatch), SHERD_OK);
  return dispatch;
}

static struct sherd_value open_data(const struct sherd__dispatch *dispatch) {
  struct sherd_value value;
  size_t offset = 0;
  if (sherd_value_validate(SHERD_FORMAT_JSON, dispatch->data, dispatch->len, &offset))
    fail_msg("%s is damaged at byte %zu: %.*s", sherd__sim_event_row(dispatch->type)->name, offset,
             (int)dispatch->len, (const char *)dispatch->data);
  assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, dispatch->data, dispatch->len, &value),
                   SHERD_OK);
  return value;
}

static sherd_snowflake id_at(struct sherd_value value, const char *path) {
  sherd_snowflake id = 0;
  (void)sherd_value_as_snowflake(sherd_value_path(value, path), &id);
  return id;
}

static uint64_t world_hash(uint64_t seed) {
  struct world_fixture it;
  open_world(&it, seed, 2, 12);
  uint64_t hash = 0;
  for (uint32_t i = 0; i < 12; i++)
    hash = sherd__grain_derive(hash, sherd__fnv1a(guild_create(&it, i, SHERD_INTENTS_ALL, 250)));
  struct sherd__lane lane;
  assert_int_equal(sherd__lane_init(&lane, &it.world, 0), SHERD_OK);
  for (int i = 0; i < 3000; i++) {
    struct sherd__dispatch *dispatch = next(&lane, &it.print);
    hash = sherd__grain_derive(hash, sherd__dispatch_hash(dispatch));
    sherd__dispatch_release(dispatch);
  }
  sherd__lane_deinit(&lane);
  close_world(&it);
  return hash;
}

static void a_seed_gives_one_world_and_one_stream(void **state) {
  (void)state;
  assert_int_equal(world_hash(SEED), world_hash(SEED));
  assert_int_not_equal(world_hash(SEED), world_hash(SEED + 1));
}

/* What happens on one shard does not depend on another shard. */
static void lanes_do_not_disturb_each_other(void **state) {
  (void)state;
  struct world_fixture alone, crowded;
  struct sherd__lane lane, other, same;
  open_world(&alone, SEED, 2, 12);
  open_world(&crowded, SEED, 2, 12);
  assert_int_equal(sherd__lane_init(&lane, &alone.world, 1), SHERD_OK);
  assert_int_equal(sherd__lane_init(&same, &crowded.world, 1), SHERD_OK);
  assert_int_equal(sherd__lane_init(&other, &crowded.world, 0), SHERD_OK);
  for (int i = 0; i < 3000; i++) {
    sherd__dispatch_release(next(&other, &crowded.print));
    struct sherd__dispatch *a = next(&lane, &alone.print);
    struct sherd__dispatch *b = next(&same, &crowded.print);
    assert_int_equal(sherd__dispatch_hash(a), sherd__dispatch_hash(b));
    sherd__dispatch_release(a);
    sherd__dispatch_release(b);
  }
  sherd__lane_deinit(&lane);
  sherd__lane_deinit(&same);
  sherd__lane_deinit(&other);
  close_world(&alone);
  close_world(&crowded);
}

static void guilds_are_spread_evenly_by_the_formula(void **state) {
  (void)state;
  struct world_fixture it;
  open_world(&it, SEED, 3, 30);
  uint32_t counts[3] = {0};
  for (uint32_t i = 0; i < it.world.guilds.count; i++)
    counts[(it.world.guilds.items[i].id >> 22) % 3]++;
  for (int i = 0; i < 3; i++)
    assert_int_equal(counts[i], 10);
  close_world(&it);
}

static void guild_creates_are_valid_and_of_a_sane_size(void **state) {
  (void)state;
  struct world_fixture it;
  open_world(&it, SEED, 1, 150);
  size_t smallest = SIZE_MAX, largest = 0;
  for (uint32_t i = 0; i < it.world.guilds.count; i++)
    for (int with_presences = 0; with_presences < 2; with_presences++) {
      uint64_t intents = with_presences ? SHERD_INTENTS_ALL : SHERD_INTENTS_ALL_UNPRIVILEGED;
      struct sherd_bytes data = guild_create(&it, i, intents, i % 2 ? 50 : 250);
      assert_int_equal(sherd_value_validate(SHERD_FORMAT_JSON, data.data, data.len, NULL),
                       SHERD_OK);
      smallest = data.len < smallest ? data.len : smallest;
      largest = data.len > largest ? data.len : largest;
    }
  assert_in_range(smallest, 2000, 5000);
  assert_in_range(largest, 100000, 300000);
  close_world(&it);
}

/* Whether `id` is one of the ids in the list `list` of a GUILD_CREATE. */
static bool is_listed(struct sherd_value guild, const char *list, const char *path,
                      sherd_snowflake id) {
  struct sherd_value_iter iter = sherd_value_iterate(sherd_value_get(guild, list));
  struct sherd_value item;
  while (sherd_value_next(&iter, NULL, &item))
    if (id_at(item, path) == id)
      return true;
  return false;
}

static void check_references(struct sherd_value guild, const char *list, const char *key,
                             const char *into, const char *path) {
  struct sherd_value_iter iter = sherd_value_iterate(sherd_value_get(guild, list));
  struct sherd_value item;
  while (sherd_value_next(&iter, NULL, &item)) {
    sherd_snowflake id = id_at(item, key);
    if (id && !is_listed(guild, into, path, id))
      fail_msg("%s.%s: %ju is not in %s", list, key, (uintmax_t)id, into);
  }
}

static void a_guilds_ids_refer_to_what_is_there(void **state) {
  (void)state;
  struct world_fixture it;
  open_world(&it, SEED, 1, 20);
  for (uint32_t i = 0; i < it.world.guilds.count; i++) {
    /* all members come along when none is too many */
    struct sherd_bytes data = guild_create(&it, i, SHERD_INTENTS_ALL, 100000);
    struct sherd_value guild;
    assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, data.data, data.len, &guild), SHERD_OK);
    assert_true(is_listed(guild, "members", "user.id", id_at(guild, "owner_id")));
    assert_true(is_listed(guild, "channels", "id", id_at(guild, "system_channel_id")));
    assert_true(is_listed(guild, "roles", "id", id_at(guild, "id")));
    check_references(guild, "channels", "parent_id", "channels", "id");
    check_references(guild, "threads", "parent_id", "channels", "id");
    check_references(guild, "threads", "owner_id", "members", "user.id");
    check_references(guild, "presences", "user.id", "members", "user.id");
    check_references(guild, "voice_states", "user_id", "members", "user.id");
    check_references(guild, "voice_states", "channel_id", "channels", "id");
    check_references(guild, "emojis", "user.id", "members", "user.id");
    check_references(guild, "guild_scheduled_events", "channel_id", "channels", "id");
    check_references(guild, "members", "roles.0", "roles", "id");
  }
  close_world(&it);
}

/* A channel or a thread of the guild. */
static bool is_channel(const struct sherd__guild *guild, sherd_snowflake id) {
  for (uint32_t i = 0; i < guild->threads.count; i++)
    if (guild->threads.items[i].id == id)
      return true;
  return sherd__guild_channel(guild, id) != NULL;
}

static void check_event(const struct sherd__world *world, const struct sherd__dispatch *dispatch,
                        uint32_t shard) {
  struct sherd_value d = open_data(dispatch);
  if (!dispatch->guild_id) {
    assert_int_equal(shard, 0);
    return;
  }
  struct sherd__guild *guild = sherd__world_guild(world, dispatch->guild_id);
  assert_non_null(guild);
  assert_int_equal(sherd__shard_of(guild->id, world->shards), shard);
  bool is_own = dispatch->type == SHERD_EVENT_GUILD_UPDATE;
  assert_int_equal(id_at(d, is_own ? "id" : "guild_id"), guild->id);
  sherd_snowflake channel_id = id_at(d, "channel_id");
  if (channel_id && !is_channel(guild, channel_id))
    fail_msg("%s: no channel %ju", sherd__sim_event_row(dispatch->type)->name,
             (uintmax_t)channel_id);
  if (sherd_value_exists(sherd_value_get(d, "member")) && id_at(d, "author.id"))
    assert_non_null(sherd__guild_member(world, guild, id_at(d, "author.id")));
}

static void every_event_comes_and_is_valid(void **state) {
  (void)state;
  struct world_fixture it;
  open_world(&it, SEED, 2, 12);
  uint32_t seen[SHERD_EVENT_TYPE_COUNT] = {0};
  for (uint32_t shard = 0; shard < 2; shard++) {
    struct sherd__lane lane;
    assert_int_equal(sherd__lane_init(&lane, &it.world, shard), SHERD_OK);
    /* A bot in voice is told of more; see op 4. */
    struct sherd__guild *guild = &it.world.guilds.items[shard * 2 + shard % 2];
    struct sherd__channel *voice =
        sherd__guild_any_channel(guild, SHERD__CHANNEL_VOICE, &lane.dice);
    if (voice)
      guild->members.items[0].voice_id = voice->id;
    for (int i = 0; i < 40000; i++) {
      struct sherd__dispatch *dispatch = next(&lane, &it.print);
      seen[dispatch->type]++;
      check_event(&it.world, dispatch, shard);
      sherd__dispatch_release(dispatch);
    }
    sherd__lane_deinit(&lane);
  }
#define CHECK_SEEN(name, guild_intents, dm_intents, weight)                                        \
  if ((weight) > 0 && !seen[SHERD_EVENT_##name])                                                   \
    fail_msg("%s never came", #name);
  SHERD__SIM_EVENT_MAP(CHECK_SEEN)
#undef CHECK_SEEN
  assert_true(seen[SHERD_EVENT_MESSAGE_CREATE] > seen[SHERD_EVENT_TYPING_START]);
  /* and after all that the guilds are as they should be */
  for (uint32_t i = 0; i < it.world.guilds.count; i++) {
    struct sherd_bytes data = guild_create(&it, i, SHERD_INTENTS_ALL, 250);
    assert_int_equal(sherd_value_validate(SHERD_FORMAT_JSON, data.data, data.len, NULL), SHERD_OK);
    assert_in_range(data.len, 2000, 300000);
  }
  close_world(&it);
}

static void ids_are_never_given_twice(void **state) {
  (void)state;
  struct world_fixture it;
  open_world(&it, SEED, 1, 4);
  struct sherd__lane lane;
  assert_int_equal(sherd__lane_init(&lane, &it.world, 0), SHERD_OK);
  sherd_snowflake newest = 0;
  uint32_t messages = 0;
  for (int i = 0; i < 5000; i++) {
    struct sherd__dispatch *dispatch = next(&lane, &it.print);
    if (dispatch->type == SHERD_EVENT_MESSAGE_CREATE) {
      sherd_snowflake id = id_at(open_data(dispatch), "id");
      assert_true(id > newest);
      newest = id;
      messages++;
    }
    sherd__dispatch_release(dispatch);
  }
  assert_true(messages > 1000);
  assert_in_range(sherd__snowflake_ms(newest), SHERD__WORLD_EPOCH_MS, SHERD__WORLD_EPOCH_MS + 5001);
  sherd__lane_deinit(&lane);
  close_world(&it);
}

static void content_is_left_out_of_the_blank_form(void **state) {
  (void)state;
  struct world_fixture it;
  open_world(&it, SEED, 1, 4);
  struct sherd__lane lane;
  assert_int_equal(sherd__lane_init(&lane, &it.world, 0), SHERD_OK);
  uint32_t blanks = 0, kept = 0;
  for (int i = 0; i < 5000; i++) {
    struct sherd__dispatch *dispatch = next(&lane, &it.print);
    if (dispatch->type == SHERD_EVENT_MESSAGE_CREATE) {
      assert_false(sherd_value_equals(sherd_value_get(open_data(dispatch), "content"), ""));
      if (dispatch->blank) {
        struct sherd_value blank = open_data(dispatch->blank);
        assert_true(sherd_value_equals(sherd_value_get(blank, "content"), ""));
        assert_int_equal(id_at(blank, "id"), id_at(open_data(dispatch), "id"));
        assert_false(sherd_value_exists(sherd_value_get(blank, "poll")));
        blanks++;
      } else {
        kept++;
      }
    }
    sherd__dispatch_release(dispatch);
  }
  assert_true(blanks > 1000);
  assert_true(kept > 10); /* direct messages, the bot's own, those that mention it */
  sherd__lane_deinit(&lane);
  close_world(&it);
}

static uint32_t first_code_point(const char *text, size_t *len) {
  const uint8_t *at = (const uint8_t *)text;
  *len = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
  uint32_t code = at[0] & (0xFFu >> (*len == 1 ? 0 : *len + 1));
  for (size_t i = 1; i < *len; i++)
    code = code << 6 | (at[i] & 0x3F);
  return code;
}

static void messages_use_every_plane_and_every_length(void **state) {
  (void)state;
  struct world_fixture it;
  open_world(&it, SEED, 1, 4);
  struct sherd__lane lane;
  assert_int_equal(sherd__lane_init(&lane, &it.world, 0), SHERD_OK);
  uint32_t planes = 0;
  size_t longest = 0, shortest = SIZE_MAX;
  static char text[8192];
  for (int i = 0; i < 20000; i++) {
    struct sherd__dispatch *dispatch = next(&lane, &it.print);
    size_t len = 0, step;
    if (sherd_value_as_str_copy(sherd_value_get(open_data(dispatch), "content"), text, sizeof text,
                                &len) == SHERD_OK &&
        dispatch->type == SHERD_EVENT_MESSAGE_CREATE) {
      longest = len > longest ? len : longest;
      shortest = len < shortest ? len : shortest;
      for (size_t at = 0; at < len; at += step)
        planes |= 1u << (first_code_point(text + at, &step) >> 16);
    }
    sherd__dispatch_release(dispatch);
  }
  assert_int_equal(planes, 0x1FFFF);
  assert_in_range(shortest, 1, 8);
  assert_in_range(longest, 2000, 8000);
  sherd__lane_deinit(&lane);
  close_world(&it);
}

/* What a sample of the documentation has and the world has not, or the reverse; all are optional
 * or of another kind of the same event. */
static bool is_excepted(const char *event, const char *key) {
  static const char *const rows[][2] = {
      {"AUTO_MODERATION_ACTION_EXECUTION", "alert_system_message_id"},
      {"CHANNEL_", "last_pin_timestamp"},
      {"CHANNEL_", "default_auto_archive_duration"},
      {"ENTITLEMENT_", "guild_id"},
      {"GUILD_MEMBER_UPDATE", "flags"},
      {"INTEGRATION_DELETE", "application_id"},
      {"MESSAGE_", "poll"},
      {"MESSAGE_REACTION_ADD", "burst_colors"},
      {"THREAD_", "applied_tags"},
      {"THREAD_MEMBERS_UPDATE", "added_members"},
      {"THREAD_MEMBERS_UPDATE", "removed_member_ids"},
      {"VOICE_CHANNEL_EFFECT_SEND", "sound_"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (strncmp(event, rows[i][0], strlen(rows[i][0])) == 0 &&
        strncmp(key, rows[i][1], strlen(rows[i][1])) == 0)
      return true;
  return false;
}

/* The samples of one event: NAME.json, and its variants NAME.variant.json. */
struct samples {
  char text[4][16384];
  struct sherd_value data[4];
  size_t count;
};

static void read_samples(const char *name, struct samples *out) {
  static const char *const variants[] = {"", ".dm", ".added", ".dm_component", ".leave", ".burst"};
  out->count = 0;
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
    char path[512];
    struct sherd_value envelope;
    (void)snprintf(path, sizeof path, "%s/%s%s.json", PAYLOADS, name, variants[i]);
    FILE *file = fopen(path, "r");
    if (!file)
      continue;
    size_t len = fread(out->text[out->count], 1, sizeof out->text[0], file);
    (void)fclose(file);
    assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, out->text[out->count], len, &envelope),
                     SHERD_OK);
    out->data[out->count++] = sherd_value_get(envelope, "d");
  }
}

/* Fails for a key of `from` that is not in any of `in`. */
static void check_keys(const char *event, struct sherd_value from, const struct sherd_value *in,
                       size_t count) {
  struct sherd_value_iter iter = sherd_value_iterate(from);
  struct sherd_value key, value;
  while (sherd_value_next(&iter, &key, &value)) {
    char text[64];
    bool found = false;
    assert_int_equal(sherd_value_as_str_copy(key, text, sizeof text, NULL), SHERD_OK);
    for (size_t i = 0; i < count; i++)
      found |= sherd_value_exists(sherd_value_get(in[i], text));
    if (!found && !is_excepted(event, text))
      fail_msg("%s: %s", event, text);
  }
}

/* Guild events are like the first sample, in both directions; others are like one of them. */
static void check_fields(const struct sherd__dispatch *dispatch) {
  static struct samples samples;
  const char *name = sherd__sim_event_row(dispatch->type)->name;
  struct sherd_value data = open_data(dispatch);
  read_samples(name, &samples);
  assert_true(samples.count > 0);
  check_keys(name, data, samples.data, samples.count);
  if (samples.count == 1 && dispatch->guild_id)
    check_keys(name, samples.data[0], &data, 1);
}

static void fields_are_those_of_the_documentation(void **state) {
  (void)state;
  struct world_fixture it;
  uint32_t seen[SHERD_EVENT_TYPE_COUNT] = {0};
  open_world(&it, SEED, 1, 6);
  struct sherd__lane lane;
  assert_int_equal(sherd__lane_init(&lane, &it.world, 0), SHERD_OK);
  for (int i = 0; i < 40000; i++) {
    struct sherd__dispatch *dispatch = next(&lane, &it.print);
    if (seen[dispatch->type]++ < 20)
      check_fields(dispatch);
    sherd__dispatch_release(dispatch);
  }
  sherd__lane_deinit(&lane);
  close_world(&it);
}

static void times_are_written_as_discord_does(void **state) {
  (void)state;
  char text[SHERD__TIMESTAMP_SIZE];
  assert_string_equal(sherd__timestamp(0, text), "1970-01-01T00:00:00.000000+00:00");
  assert_string_equal(sherd__timestamp(UINT64_C(951868799123), text),
                      "2000-02-29T23:59:59.123000+00:00");
  assert_string_equal(sherd__timestamp(SHERD__WORLD_EPOCH_MS, text),
                      "2026-03-10T14:00:00.000000+00:00");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_seed_gives_one_world_and_one_stream),
      cmocka_unit_test(lanes_do_not_disturb_each_other),
      cmocka_unit_test(guilds_are_spread_evenly_by_the_formula),
      cmocka_unit_test(guild_creates_are_valid_and_of_a_sane_size),
      cmocka_unit_test(a_guilds_ids_refer_to_what_is_there),
      cmocka_unit_test(every_event_comes_and_is_valid),
      cmocka_unit_test(ids_are_never_given_twice),
      cmocka_unit_test(content_is_left_out_of_the_blank_form),
      cmocka_unit_test(messages_use_every_plane_and_every_length),
      cmocka_unit_test(fields_are_those_of_the_documentation),
      cmocka_unit_test(times_are_written_as_discord_does),
  };
  return cmocka_run_group_tests_name("world", tests, NULL, NULL);
}
