/* What a session may ask for, and what it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sherd/intents.h>

#include "sim/gateway_parts.h"
#include "sim/peer.h"

#define ALL SHERD_INTENTS_ALL

/* A session whose guilds have come: a medium one, a tiny one, a large one. */
struct fixture {
  struct net net;
  struct peer peer;
  char id[64];
};

static void open_session(struct fixture *it, uint64_t intents) {
  struct sherd__sim_config config = {.seed = 3, .guilds = 3};
  net_open(&it->net, &config);
  peer_login(&it->peer, &it->net, 0, 1, intents, it->id);
  net_wait(&it->net, 100);
  peer_drain(&it->peer, NULL);
}

static void close_session(struct fixture *it) {
  peer_free(&it->peer);
  net_close(&it->net);
}

static struct sherd__guild *guild(const struct fixture *it, uint32_t index) {
  return &it->net.sim->world.guilds.items[index];
}

static uintmax_t user_id(const struct fixture *it, const struct sherd__member *member) {
  return it->net.sim->world.users.items[member->user].id;
}

static size_t count(struct sherd_value value, const char *key) {
  size_t number = SIZE_MAX;
  (void)sherd_value_count(sherd_value_get(value, key), &number);
  return number;
}

static uint64_t number(struct sherd_value value, const char *path) {
  uint64_t it = UINT64_MAX;
  (void)sherd_value_as_u64(sherd_value_path(value, path), &it);
  return it;
}

static sherd_snowflake id_at(struct sherd_value value, const char *path) {
  sherd_snowflake id = 0;
  (void)sherd_value_as_snowflake(sherd_value_path(value, path), &id);
  return id;
}

static void all_members_come_in_chunks_of_1000(void **state) {
  (void)state;
  struct fixture it;
  open_session(&it, ALL);
  uint32_t members = guild(&it, 2)->members.count;
  assert_true(members > 1000);
  peer_sayf(&it.peer,
            "{\"op\":8,\"d\":{\"guild_id\":\"%ju\",\"query\":\"\",\"limit\":0,\"nonce\":\"n1\","
            "\"presences\":true}}",
            (uintmax_t)guild(&it, 2)->id);
  uint32_t chunks = (members + 999) / 1000, seen = 0;
  for (uint32_t i = 0; i < chunks; i++) {
    struct sherd_value chunk = peer_expect(&it.peer, "GUILD_MEMBERS_CHUNK");
    assert_int_equal(number(chunk, "chunk_index"), i);
    assert_int_equal(number(chunk, "chunk_count"), chunks);
    assert_true(sherd_value_equals(sherd_value_get(chunk, "nonce"), "n1"));
    assert_int_equal(id_at(chunk, "guild_id"), guild(&it, 2)->id);
    assert_true(count(chunk, "presences") > 0 && count(chunk, "presences") < 1000);
    assert_false(sherd_value_exists(sherd_value_get(chunk, "not_found")));
    seen += (uint32_t)count(chunk, "members");
    assert_true(i + 1 == chunks || count(chunk, "members") == 1000);
  }
  assert_int_equal(seen, members);
  close_session(&it);
}

static void a_full_list_may_be_had_once_in_30_seconds(void **state) {
  (void)state;
  struct fixture it;
  open_session(&it, ALL);
  for (int i = 0; i < 2; i++) {
    peer_sayf(&it.peer, "{\"op\":8,\"d\":{\"guild_id\":\"%ju\",\"query\":\"\",\"limit\":0}}",
              (uintmax_t)guild(&it, 0)->id);
    if (i == 0)
      net_wait(&it.net, 2648);
  }
  peer_expect(&it.peer, "GUILD_MEMBERS_CHUNK");
  struct sherd_value limited = peer_expect(&it.peer, "RATE_LIMITED");
  double retry_after = 0;
  assert_int_equal(number(limited, "opcode"), 8);
  assert_int_equal(sherd_value_as_f64(sherd_value_get(limited, "retry_after"), &retry_after),
                   SHERD_OK);
  assert_true(retry_after == 27.352);
  assert_int_equal(id_at(limited, "meta.guild_id"), guild(&it, 0)->id);
  /* other guilds are not affected, nor is a prefix */
  peer_sayf(&it.peer, "{\"op\":8,\"d\":{\"guild_id\":\"%ju\",\"query\":\"\",\"limit\":0}}",
            (uintmax_t)guild(&it, 1)->id);
  peer_expect_op(&it.peer, 0);
  peer_sayf(&it.peer, "{\"op\":8,\"d\":{\"guild_id\":\"%ju\",\"query\":\"\",\"limit\":1}}",
            (uintmax_t)guild(&it, 0)->id);
  assert_int_equal(count(peer_expect(&it.peer, "GUILD_MEMBERS_CHUNK"), "members"), 1);
  net_wait(&it.net, 27352);
  peer_sayf(&it.peer, "{\"op\":8,\"d\":{\"guild_id\":\"%ju\",\"query\":\"\",\"limit\":0}}",
            (uintmax_t)guild(&it, 0)->id);
  peer_expect(&it.peer, "GUILD_MEMBERS_CHUNK");
  close_session(&it);
}

static void the_two_intents_are_asked_for(void **state) {
  (void)state;
  struct fixture it;
  open_session(&it, SHERD_INTENT_GUILDS);
  peer_sayf(&it.peer, "{\"op\":8,\"d\":{\"guild_id\":\"%ju\",\"query\":\"\",\"limit\":0}}",
            (uintmax_t)guild(&it, 0)->id);
  assert_null(peer_next(&it.peer));
  peer_sayf(&it.peer,
            "{\"op\":8,\"d\":{\"guild_id\":\"%ju\",\"query\":\"\",\"limit\":3,\"presences\":true}}",
            (uintmax_t)guild(&it, 0)->id);
  struct sherd_value chunk = peer_expect(&it.peer, "GUILD_MEMBERS_CHUNK");
  assert_int_equal(count(chunk, "members"), 3);
  assert_false(sherd_value_exists(sherd_value_get(chunk, "presences")));
  close_session(&it);
}

static void members_are_found_by_prefix(void **state) {
  (void)state;
  struct fixture it;
  open_session(&it, ALL);
  /* the bot's name, in another case */
  peer_sayf(&it.peer, "{\"op\":8,\"d\":{\"guild_id\":\"%ju\",\"query\":\"SHERD-S\",\"limit\":5}}",
            (uintmax_t)guild(&it, 0)->id);
  struct sherd_value chunk = peer_expect(&it.peer, "GUILD_MEMBERS_CHUNK");
  assert_int_equal(count(chunk, "members"), 1);
  assert_true(sherd_value_equals(sherd_value_path(chunk, "members.0.user.username"), "sherd-sim"));
  /* nobody is called so: one empty chunk; and a nonce of 33 bytes is ignored */
  peer_sayf(&it.peer,
            "{\"op\":8,\"d\":{\"guild_id\":\"%ju\",\"query\":\"zzzz\",\"limit\":5,\"nonce\":"
            "\"012345678901234567890123456789012\"}}",
            (uintmax_t)guild(&it, 0)->id);
  chunk = peer_expect(&it.peer, "GUILD_MEMBERS_CHUNK");
  assert_int_equal(count(chunk, "members"), 0);
  assert_int_equal(number(chunk, "chunk_count"), 1);
  assert_false(sherd_value_exists(sherd_value_get(chunk, "nonce")));
  /* a prefix gives 100 at most */
  peer_sayf(&it.peer, "{\"op\":8,\"d\":{\"guild_id\":\"%ju\",\"query\":\"\",\"limit\":5000}}",
            (uintmax_t)guild(&it, 2)->id);
  assert_int_equal(count(peer_expect(&it.peer, "GUILD_MEMBERS_CHUNK"), "members"), 100);
  close_session(&it);
}

static void members_are_found_by_id(void **state) {
  (void)state;
  struct fixture it;
  open_session(&it, SHERD_INTENT_GUILDS); /* no GUILD_MEMBERS is needed for it */
  const struct sherd__guild *g = guild(&it, 0);
  peer_sayf(&it.peer,
            "{\"op\":8,\"d\":{\"guild_id\":\"%ju\",\"query\":\"\",\"limit\":0,\"user_ids\":"
            "[\"%ju\",%ju,\"613425648685547541\",\"123123\"]}}",
            (uintmax_t)g->id, user_id(&it, &g->members.items[1]),
            user_id(&it, &g->members.items[2]));
  struct sherd_value chunk = peer_expect(&it.peer, "GUILD_MEMBERS_CHUNK");
  assert_int_equal(count(chunk, "members"), 2);
  assert_int_equal(id_at(chunk, "members.1.user.id"), user_id(&it, &g->members.items[2]));
  assert_int_equal(count(chunk, "not_found"), 2);
  assert_true(sherd_value_equals(sherd_value_path(chunk, "not_found.0"), "613425648685547541"));
  assert_int_equal(sherd_value_type(sherd_value_path(chunk, "not_found.1")), SHERD_VALUE_NUMBER);
  /* one id alone needs no list */
  peer_sayf(&it.peer, "{\"op\":8,\"d\":{\"guild_id\":\"%ju\",\"user_ids\":\"%ju\"}}",
            (uintmax_t)g->id, user_id(&it, &g->members.items[1]));
  assert_int_equal(count(peer_expect(&it.peer, "GUILD_MEMBERS_CHUNK"), "members"), 1);
  close_session(&it);
}

static void voice_is_joined_moved_and_left(void **state) {
  (void)state;
  struct fixture it;
  open_session(&it, ALL);
  struct sherd__dice dice;
  sherd__dice_init(&dice, 1);
  const struct sherd__guild *g = guild(&it, 0);
  const struct sherd__channel *voice = sherd__guild_any_channel(g, SHERD__CHANNEL_VOICE, &dice);
  const struct sherd__channel *text = sherd__guild_any_channel(g, SHERD__CHANNEL_TEXT, &dice);
  peer_sayf(&it.peer,
            "{\"op\":4,\"d\":{\"guild_id\":\"%ju\",\"channel_id\":\"%ju\",\"self_mute\":false,"
            "\"self_deaf\":true}}",
            (uintmax_t)g->id, (uintmax_t)voice->id);
  struct sherd_value d = peer_expect(&it.peer, "VOICE_STATE_UPDATE");
  bool self_deaf = false;
  assert_int_equal(id_at(d, "channel_id"), voice->id);
  assert_int_equal(id_at(d, "user_id"), it.net.sim->world.users.items[0].id);
  assert_int_equal(sherd_value_as_bool(sherd_value_get(d, "self_deaf"), &self_deaf), SHERD_OK);
  assert_true(self_deaf);
  d = peer_expect(&it.peer, "VOICE_SERVER_UPDATE");
  assert_int_equal(sherd_value_type(sherd_value_get(d, "endpoint")), SHERD_VALUE_STRING);
  peer_sayf(&it.peer, "{\"op\":4,\"d\":{\"guild_id\":\"%ju\",\"channel_id\":null}}",
            (uintmax_t)g->id);
  d = peer_expect(&it.peer, "VOICE_STATE_UPDATE");
  assert_int_equal(sherd_value_type(sherd_value_get(d, "channel_id")), SHERD_VALUE_NULL);
  /* a text channel, a foreign guild: no answer */
  peer_sayf(&it.peer, "{\"op\":4,\"d\":{\"guild_id\":\"%ju\",\"channel_id\":\"%ju\"}}",
            (uintmax_t)g->id, (uintmax_t)text->id);
  peer_say(&it.peer, "{\"op\":4,\"d\":{\"guild_id\":\"7\",\"channel_id\":null}}");
  assert_null(peer_next(&it.peer));
  assert_false(it.peer.is_gone);
  close_session(&it);
}

static void presences_are_taken_without_an_answer(void **state) {
  (void)state;
  struct fixture it;
  open_session(&it, ALL);
  peer_say(&it.peer, "{\"op\":3,\"d\":{\"since\":null,\"activities\":[{\"name\":\"x\",\"type\":0}],"
                     "\"status\":\"online\",\"afk\":false}}");
  peer_say(&it.peer, "{\"op\":3,\"d\":{\"since\":null,\"game\":null,\"status\":\"idle\","
                     "\"afk\":false}}");
  assert_null(peer_next(&it.peer));
  assert_false(it.peer.is_gone);
  peer_say(&it.peer, "{\"op\":3,\"d\":{\"since\":null,\"activities\":null,\"status\":\"online\","
                     "\"afk\":false}}");
  peer_expect_close(&it.peer, 4001, NULL);
  close_session(&it);
}

static void sounds_and_channels_are_told(void **state) {
  (void)state;
  struct fixture it;
  open_session(&it, 0);
  peer_sayf(&it.peer, "{\"op\":31,\"d\":{\"guild_ids\":[\"%ju\",\"5\",\"%ju\"]}}",
            (uintmax_t)guild(&it, 0)->id, (uintmax_t)guild(&it, 2)->id);
  struct sherd_value d = peer_expect(&it.peer, "SOUNDBOARD_SOUNDS");
  assert_int_equal(count(d, "soundboard_sounds"), guild(&it, 0)->sounds.count);
  assert_int_equal(id_at(peer_expect(&it.peer, "SOUNDBOARD_SOUNDS"), "guild_id"),
                   guild(&it, 2)->id);
  peer_sayf(&it.peer, "{\"op\":43,\"d\":{\"guild_id\":\"%ju\",\"fields\":[\"voice_start_time\"]}}",
            (uintmax_t)guild(&it, 0)->id);
  d = peer_expect(&it.peer, "CHANNEL_INFO");
  assert_true(count(d, "channels") > 0);
  assert_true(sherd_value_exists(sherd_value_path(d, "channels.0.voice_start_time")));
  assert_false(sherd_value_exists(sherd_value_path(d, "channels.0.status")));
  close_session(&it);
}

static void commands_of_the_wrong_shape_end_the_connection(void **state) {
  (void)state;
  static const char *const rows[] = {
      "{\"op\":3,\"d\":null}",
      "{\"op\":3,\"d\":{\"activities\":[]}}",
      "{\"op\":4,\"d\":{}}",
      "{\"op\":4,\"d\":{\"guild_id\":\"1\"}}",
      "{\"op\":4,\"d\":{\"guild_id\":\"1\",\"channel_id\":true}}",
      "{\"op\":8,\"d\":{\"guild_id\":\"1\"}}",
      "{\"op\":8,\"d\":{\"guild_id\":\"1\",\"query\":\"a\"}}",
      "{\"op\":8,\"d\":{\"guild_id\":\"1\",\"query\":\"a\",\"user_ids\":[\"1\"]}}",
      "{\"op\":31,\"d\":{\"guild_ids\":\"1\"}}",
      "{\"op\":31,\"d\":{\"guild_ids\":[true]}}",
      "{\"op\":43,\"d\":{\"guild_id\":\"1\"}}",
      "{\"op\":43}",
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct fixture it;
    open_session(&it, 0);
    peer_say(&it.peer, rows[i]);
    if (it.peer.close_code != 4001)
      fail_msg("%s: %d", rows[i], it.peer.close_code);
    close_session(&it);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_members_come_in_chunks_of_1000),
      cmocka_unit_test(a_full_list_may_be_had_once_in_30_seconds),
      cmocka_unit_test(the_two_intents_are_asked_for),
      cmocka_unit_test(members_are_found_by_prefix),
      cmocka_unit_test(members_are_found_by_id),
      cmocka_unit_test(voice_is_joined_moved_and_left),
      cmocka_unit_test(presences_are_taken_without_an_answer),
      cmocka_unit_test(sounds_and_channels_are_told),
      cmocka_unit_test(commands_of_the_wrong_shape_end_the_connection),
  };
  return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
