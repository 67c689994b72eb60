/* What a user asks of an engine: checked, bounded, limited, and never lost without a word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/host.h"

static struct host host;

static void begin_with(uint64_t intents, uint32_t max_queued) {
  struct sherd_gateway_config config = host_config();
  config.intents = intents;
  config.max_queued_commands = max_queued;
  host_init(&host, &config);
}

static int begin(void **state) {
  (void)state;
  begin_with(SHERD_INTENTS_ALL, 0);
  return 0;
}

static int end(void **state) {
  (void)state;
  host_deinit(&host);
  return 0;
}

static struct sherd_command voice(sherd_snowflake guild_id, sherd_snowflake channel_id) {
  return (struct sherd_command){.type = SHERD_COMMAND_VOICE_STATE,
                                .guild_id = guild_id,
                                .as.voice_state = {.channel_id = channel_id, .self_deaf = true}};
}

static struct sherd_command members(struct sherd_members_request request) {
  return (struct sherd_command){
      .type = SHERD_COMMAND_REQUEST_MEMBERS, .guild_id = 7, .as.members = request};
}

static struct sherd_command presence(struct sherd_presence update) {
  return (struct sherd_command){.type = SHERD_COMMAND_PRESENCE, .as.presence = update};
}

static struct sherd_command playing(const char *name) {
  return presence(
      (struct sherd_presence){.activity_is = SHERD_FIELD_VALUE, .activity = {.name = name}});
}

static void last_error_says(enum sherd_status status, const char *part) {
  struct sherd_error_info info;
  sherd_engine_last_error(host.engine, &info);
  assert_int_equal(info.status, status);
  assert_non_null(strstr(info.text, part));
}

/* --- Encodings --- */

static void voice_states_are_sent_in_full(void **state) {
  (void)state;
  host_to_active(&host);
  struct sherd_command join = voice(613425648685547541u, 5), leave = voice(7, 0);
  assert_int_equal(host_send(&host, &join), SHERD_OK);
  assert_int_equal(host_send(&host, &leave), SHERD_OK);
  expect(&host, "send {\"op\":4,\"d\":{\"guild_id\":\"613425648685547541\",\"channel_id\":\"5\","
                "\"self_mute\":false,\"self_deaf\":true}}");
  expect(&host, "send {\"op\":4,\"d\":{\"guild_id\":\"7\",\"channel_id\":null,"
                "\"self_mute\":false,\"self_deaf\":true}}");
  expect_silence(&host);
  struct sherd_command nowhere = voice(0, 5);
  assert_int_equal(host_send(&host, &nowhere), SHERD_EINVAL);
  last_error_says(SHERD_EINVAL, "guild_id");
}

static void member_requests_are_sent_as_documented(void **state) {
  (void)state;
  host_to_active(&host);
  static const sherd_snowflake ids[] = {1, 18446744073709551615u};
  struct sherd_command rows[] = {
      members((struct sherd_members_request){0}),
      members((struct sherd_members_request){.query = "an\"\n", .limit = 100, .presences = true}),
      members((struct sherd_members_request){
          .user_ids = ids, .user_id_count = 2, .nonce = "12345678901234567890123456789012"}),
      members((struct sherd_members_request){.user_ids = ids, .user_id_count = 0})};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(host_send(&host, &rows[i]), SHERD_OK);
  expect(&host, "send {\"op\":8,\"d\":{\"guild_id\":\"7\",\"query\":\"\",\"limit\":0,"
                "\"presences\":false}}");
  expect(&host, "send {\"op\":8,\"d\":{\"guild_id\":\"7\",\"query\":\"an\\\"\\n\",\"limit\":100,"
                "\"presences\":true}}");
  expect(&host, "send {\"op\":8,\"d\":{\"guild_id\":\"7\",\"user_ids\":[\"1\","
                "\"18446744073709551615\"],\"presences\":false,"
                "\"nonce\":\"12345678901234567890123456789012\"}}");
  expect(&host, "send {\"op\":8,\"d\":{\"guild_id\":\"7\",\"user_ids\":[],\"presences\":false}}");
  expect_silence(&host);
}

static void the_newer_requests_are_sent_too(void **state) {
  (void)state;
  host_to_active(&host);
  static const sherd_snowflake ids[] = {1, 2};
  struct sherd_command info = {.type = SHERD_COMMAND_REQUEST_CHANNEL_INFO,
                               .guild_id = 123,
                               .as.channel_info_fields =
                                   SHERD_CHANNEL_INFO_STATUS | SHERD_CHANNEL_INFO_VOICE_START_TIME};
  struct sherd_command sounds = {.type = SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS,
                                 .as.soundboard_guilds = {ids, 2}};
  assert_int_equal(host_send(&host, &info), SHERD_OK);
  info.as.channel_info_fields = 0;
  assert_int_equal(host_send(&host, &info), SHERD_OK);
  assert_int_equal(host_send(&host, &sounds), SHERD_OK);
  expect(&host, "send {\"op\":43,\"d\":{\"guild_id\":\"123\","
                "\"fields\":[\"status\",\"voice_start_time\"]}}");
  expect(&host, "send {\"op\":43,\"d\":{\"guild_id\":\"123\",\"fields\":[]}}");
  expect(&host, "send {\"op\":31,\"d\":{\"guild_ids\":[\"1\",\"2\"]}}");
  info.as.channel_info_fields = 4;
  assert_int_equal(host_send(&host, &info), SHERD_EINVAL);
  sounds.as.soundboard_guilds.count = 0;
  assert_int_equal(host_send(&host, &sounds), SHERD_EINVAL);
  struct sherd_command none = {.type = (enum sherd_command_type)77};
  assert_int_equal(host_send(&host, &none), SHERD_EINVAL);
  assert_int_equal(host_send(&host, NULL), SHERD_EINVAL);
}

/* --- Refusals, in hikari's order --- */

static void member_requests_are_checked(void **state) {
  (void)state;
  static sherd_snowflake ids[101];
  host_to_active(&host);
  static const struct {
    struct sherd_members_request request;
    const char *part;
  } rows[] = {
      {{.user_ids = ids, .user_id_count = 1, .query = "a"}, "either user ids"},
      {{.user_ids = ids, .user_id_count = 1, .limit = 1}, "either user ids"},
      {{.limit = -1}, "limit"},
      {{.query = "a", .limit = 101}, "limit"},
      {{.user_ids = ids, .user_id_count = 101}, "100 user ids"},
      {{.user_id_count = 1}, "user_id_count"},
      {{.nonce = "123456789012345678901234567890123"}, "nonce"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd_command command = members(rows[i].request);
    assert_int_equal(host_send(&host, &command), SHERD_EINVAL);
    last_error_says(SHERD_EINVAL, rows[i].part);
  }
  expect_silence(&host);
}

static void member_requests_need_their_intents(void **state) {
  (void)state;
  host_deinit(&host);
  begin_with(SHERD_INTENTS_ALL_UNPRIVILEGED, 0);
  host_to_active(&host);
  static const sherd_snowflake id = 1;
  struct sherd_command all = members((struct sherd_members_request){0});
  struct sherd_command seen =
      members((struct sherd_members_request){.query = "a", .limit = 1, .presences = true});
  struct sherd_command one =
      members((struct sherd_members_request){.user_ids = &id, .user_id_count = 1});
  struct sherd_error_info info;
  assert_int_equal(host_send(&host, &all), SHERD_EMISSINGINTENT);
  sherd_engine_last_error(host.engine, &info);
  assert_int_equal(info.missing_intents, SHERD_INTENT_GUILD_MEMBERS);
  last_error_says(SHERD_EMISSINGINTENT, "GUILD_MEMBERS");
  assert_int_equal(host_send(&host, &seen), SHERD_EMISSINGINTENT);
  sherd_engine_last_error(host.engine, &info);
  assert_int_equal(info.missing_intents, SHERD_INTENT_GUILD_PRESENCES);
  assert_int_equal(host_send(&host, &one), SHERD_OK); /* Discord asks for no intent here */
}

static void nothing_but_a_presence_is_taken_while_not_connected(void **state) {
  (void)state;
  struct sherd_command join = voice(7, 5), away = playing("x");
  assert_int_equal(host_send(&host, &join), SHERD_ENOTCONNECTED);
  assert_int_equal(host_send(&host, &away), SHERD_OK);
  host_to_active(&host);
  host_lose(&host, SHERD_ELOST);
  assert_int_equal(host_send(&host, &join), SHERD_ENOTCONNECTED);
  last_error_says(SHERD_ENOTCONNECTED, "wait for READY");
}

static void a_command_over_4096_bytes_is_refused(void **state) {
  (void)state;
  host_to_active(&host);
  char text[5000];
  memset(text, 'x', sizeof text);
  /* {"op":8,"d":{"guild_id":"7","query":"...","limit":1,"presences":false}} */
  size_t around = strlen("{\"op\":8,\"d\":{\"guild_id\":\"7\",\"query\":\"\",\"limit\":1,"
                         "\"presences\":false}}");
  text[4096 - around] = '\0';
  struct sherd_command longest = members((struct sherd_members_request){.query = text, .limit = 1});
  assert_int_equal(host_send(&host, &longest), SHERD_OK);
  assert_true(host_saw(&host, "send {\"op\":8,"));
  host_skip(&host);
  text[4096 - around] = 'x';
  text[4096 - around + 1] = '\0';
  assert_int_equal(host_send(&host, &longest), SHERD_ETOOLONG);
  expect_silence(&host);
  struct sherd_command shout = playing(text);
  assert_int_equal(host_send(&host, &shout), SHERD_ETOOLONG);
  struct sherd_command broken = playing("\xFF");
  assert_int_equal(host_send(&host, &broken), SHERD_EUTF8);
  expect_silence(&host);
}

/* --- Presence --- */

static void a_presence_keeps_what_is_not_given(void **state) {
  (void)state;
  host_to_active(&host);
  struct sherd_command first = presence((struct sherd_presence){
      .status_is = SHERD_FIELD_VALUE,
      .status = SHERD_PRESENCE_DND,
      .activity_is = SHERD_FIELD_VALUE,
      .activity = {.name = "clay", .type = SHERD_ACTIVITY_STREAMING, .url = "https://twitch.tv/x"},
      .idle_since_is = SHERD_FIELD_VALUE,
      .idle_since_ms = 1101081600000,
      .afk_is = SHERD_FIELD_VALUE,
      .afk = true});
  assert_int_equal(host_send(&host, &first), SHERD_OK);
  expect(&host, "send {\"op\":3,\"d\":{\"since\":1101081600000,\"activities\":[{\"name\":\"clay\","
                "\"state\":null,\"type\":1,\"url\":\"https://twitch.tv/x\"}],\"status\":\"dnd\","
                "\"afk\":true}}");
  struct sherd_command second = presence((struct sherd_presence){.idle_since_is = SHERD_FIELD_NULL,
                                                                 .status_is = SHERD_FIELD_VALUE,
                                                                 .status = SHERD_PRESENCE_OFFLINE});
  assert_int_equal(host_send(&host, &second), SHERD_OK);
  expect(&host, "send {\"op\":3,\"d\":{\"since\":null,\"activities\":[{\"name\":\"clay\","
                "\"state\":null,\"type\":1,\"url\":\"https://twitch.tv/x\"}],"
                "\"status\":\"invisible\",\"afk\":true}}");
  struct sherd_command third = presence((struct sherd_presence){.activity_is = SHERD_FIELD_NULL});
  assert_int_equal(host_send(&host, &third), SHERD_OK);
  expect(&host, "send {\"op\":3,\"d\":{\"since\":null,\"activities\":[],"
                "\"status\":\"invisible\",\"afk\":true}}");
}

static void a_custom_status_goes_into_its_state(void **state) {
  (void)state;
  host_to_active(&host);
  struct sherd_command moved = presence(
      (struct sherd_presence){.activity_is = SHERD_FIELD_VALUE,
                              .activity = {.name = "digging", .type = SHERD_ACTIVITY_CUSTOM}});
  struct sherd_command given = presence((struct sherd_presence){
      .activity_is = SHERD_FIELD_VALUE,
      .activity = {.name = "a", .state = "b", .type = SHERD_ACTIVITY_CUSTOM}});
  assert_int_equal(host_send(&host, &moved), SHERD_OK);
  assert_int_equal(host_send(&host, &given), SHERD_OK);
  expect(&host, "send {\"op\":3,\"d\":{\"since\":null,\"activities\":[{\"name\":\"Custom Status\","
                "\"state\":\"digging\",\"type\":4,\"url\":null}],*");
  expect(&host, "send {\"op\":3,\"d\":{\"since\":null,\"activities\":[{\"name\":\"a\","
                "\"state\":\"b\",\"type\":4,\"url\":null}],*");
}

static void a_presence_is_checked(void **state) {
  (void)state;
  static const struct sherd_presence rows[] = {
      {.status_is = SHERD_FIELD_NULL},
      {.afk_is = SHERD_FIELD_NULL},
      {.status_is = SHERD_FIELD_VALUE, .status = (enum sherd_presence_status)9},
      {.activity_is = SHERD_FIELD_VALUE},
      {.activity_is = SHERD_FIELD_VALUE,
       .activity = {.name = "x", .type = (enum sherd_activity_type)6}},
      {.idle_since_is = (enum sherd_field)3}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd_command command = presence(rows[i]);
    assert_int_equal(host_send(&host, &command), SHERD_EINVAL);
    last_error_says(SHERD_EINVAL, "presence");
  }
}

static void a_presence_before_the_start_goes_with_identify(void **state) {
  (void)state;
  struct sherd_command early = playing("early");
  assert_int_equal(host_send(&host, &early), SHERD_OK);
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_grant(&host);
  assert_true(host_saw(&host, "send {\"op\":2,"));
  const char *identify = (const char *)host.lines.data;
  assert_non_null(strstr(identify, "\"activities\":[{\"name\":\"early\""));
  host_skip(&host);
  host_ready(&host, 1);
  expect(&host, "session*");
  expect(&host, "event READY 1");
  expect_silence(&host);
}

static void a_presence_while_away_follows_the_resume(void **state) {
  (void)state;
  host_to_active(&host);
  host_lose(&host, SHERD_ELOST);
  struct sherd_command away = playing("away");
  assert_int_equal(host_send(&host, &away), SHERD_OK);
  host_wait(&host, 1000);
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_say(&host, "{\"t\":\"RESUMED\",\"s\":2,\"op\":0,\"d\":{}}");
  expect(&host, "session*");
  expect(&host, "event RESUMED 2");
  expect(&host, "send {\"op\":3,\"d\":{\"since\":null,\"activities\":[{\"name\":\"away\"*");
  expect_silence(&host);
}

/* It was accepted: that the queue is full of what waits since before must not drop it. */
static void a_presence_while_away_goes_past_a_full_queue(void **state) {
  (void)state;
  host_deinit(&host);
  begin_with(SHERD_INTENTS_ALL, 1);
  host_to_active(&host);
  struct sherd_command join = voice(7, 5), away = playing("away");
  while (host_send(&host, &join) == SHERD_OK)
    ;
  host_lose(&host, SHERD_ELOST);
  assert_int_equal(host_send(&host, &away), SHERD_OK);
  host_wait(&host, 1000);
  host_to_hello(&host, 41250);
  host_say(&host, "{\"t\":\"RESUMED\",\"s\":2,\"op\":0,\"d\":{}}");
  host_skip(&host);
  host_wait_until(&host, 41250);
  host_say(&host, "{\"op\":11}");
  host_wait_until(&host, 62000);
  assert_true(host_saw(&host, "send {\"op\":3"));
}

static void a_presence_that_may_have_been_lost_is_sent_again(void **state) {
  (void)state;
  host_to_active(&host);
  struct sherd_command doubtful = playing("doubtful"), sure = playing("sure");
  assert_int_equal(host_send(&host, &sure), SHERD_OK);
  host_wait_until(&host, 41250);
  host_say(&host, "{\"op\":11}"); /* which vouches for what was sent before the beat */
  assert_int_equal(sherd_engine_stats(host.engine)->acks, 1);
  host_lose(&host, SHERD_ELOST);
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_say(&host, "{\"t\":\"RESUMED\",\"s\":2,\"op\":0,\"d\":{}}");
  assert_false(host_saw(&host, "send {\"op\":3"));
  assert_int_equal(host_send(&host, &doubtful), SHERD_OK);
  host_lose(&host, SHERD_ELOST);
  host_wait(&host, 60000);
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_say(&host, "{\"t\":\"RESUMED\",\"s\":3,\"op\":0,\"d\":{}}");
  assert_true(host_saw(&host, "send {\"op\":3"));
}

static void an_ack_vouches_only_for_what_was_sent_before_its_beat(void **state) {
  (void)state;
  host_to_active(&host);
  struct sherd_command doubtful = playing("doubtful");
  host_wait(&host, 41250);
  assert_int_equal(host_send(&host, &doubtful), SHERD_OK);
  host_say(&host, "{\"op\":11}"); /* of the beat before */
  host_lose(&host, SHERD_ELOST);
  host_wait(&host, 1000);
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_say(&host, "{\"t\":\"RESUMED\",\"s\":2,\"op\":0,\"d\":{}}");
  assert_true(host_saw(&host, "send {\"op\":3"));
}

static void use_up_the_limit(void) {
  struct sherd_command join = voice(7, 5);
  for (int i = 0; i < 114; i++)
    assert_int_equal(host_send(&host, &join), SHERD_OK);
}

static void a_presence_that_waits_is_replaced_by_a_later_one(void **state) {
  (void)state;
  host_to_active(&host);
  use_up_the_limit();
  struct sherd_command old = playing("old"), new = playing("new");
  assert_int_equal(host_send(&host, &old), SHERD_OK);
  host_lose(&host, SHERD_ELOST);
  assert_int_equal(host_send(&host, &new), SHERD_OK);
  host_wait(&host, 1000);
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_say(&host, "{\"t\":\"RESUMED\",\"s\":2,\"op\":0,\"d\":{}}");
  host_wait_until(&host, 42250);
  host_say(&host, "{\"op\":11}");
  host_wait_until(&host, 61000);
  assert_int_equal(host_count(&host, "send {\"op\":3"), 1);
  assert_non_null(strstr(host_find(&host, "send {\"op\":3"), "\"new\""));
}

static void identify_says_all_that_is_to_be_said_of_the_presence(void **state) {
  (void)state;
  host_to_active(&host);
  struct sherd_command sent = playing("sent"), waits = playing("waits");
  assert_int_equal(host_send(&host, &sent), SHERD_OK);
  use_up_the_limit();
  assert_int_equal(host_send(&host, &waits), SHERD_OK);
  host_say(&host, "{\"op\":9,\"d\":false}");
  host_wait(&host, 5000);
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_grant(&host);
  assert_non_null(strstr(host_find(&host, "send {\"op\":2"), "\"waits\""));
  host_ready(&host, 1);
  host_lose(&host, SHERD_ELOST);
  host_wait(&host, 2000);
  host_to_hello(&host, 41250);
  host_say(&host, "{\"t\":\"RESUMED\",\"s\":2,\"op\":0,\"d\":{}}");
  host_wait_until(&host, 48250);
  host_say(&host, "{\"op\":11}");
  host_wait_until(&host, 62000);
  assert_int_equal(host_count(&host, "send {\"op\":3"), 0);
}

/* Otherwise each IDENTIFY from now on would be refused. */
static void a_presence_that_identify_cannot_carry_is_refused(void **state) {
  (void)state;
  static char name[3801];
  memset(name, 'x', sizeof name - 1);
  struct sherd_command wordy = playing(name);
  assert_int_equal(host_send(&host, &wordy), SHERD_ETOOLONG);
  host_to_active(&host);
  assert_int_equal(host_send(&host, &wordy), SHERD_ETOOLONG);
}

static void texts_of_commands_are_utf8(void **state) {
  (void)state;
  host_to_active(&host);
  struct sherd_command some = members((struct sherd_members_request){.query = "\xFF"});
  assert_int_equal(host_send(&host, &some), SHERD_EUTF8);
  last_error_says(SHERD_EUTF8, "the command");
}

/* --- Limits --- */

static void commands_leave_room_for_heartbeats_and_resumes(void **state) {
  (void)state;
  host_to_active(&host);
  struct sherd_command join = voice(7, 5);
  for (int i = 0; i < 130; i++)
    assert_int_equal(host_send(&host, &join), SHERD_OK);
  /* 120, less 3 for heartbeats, 2 for a RESUME; the IDENTIFY is among those sent. */
  assert_int_equal(host_count(&host, "send {\"op\":4"), 114);
  host_skip(&host);
  host_wait_until(&host, 41250);
  expect(&host, "send {\"op\":1,*");
  host_say(&host, "{\"op\":11}");
  host_lose(&host, SHERD_ELOST);
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_say(&host, "{\"t\":\"RESUMED\",\"s\":2,\"op\":0,\"d\":{}}");
  assert_false(host_saw(&host, "send {\"op\":4"));
  host_skip(&host);
  host_wait_until(&host, 61000); /* what waited is not lost */
  assert_int_equal(host_count(&host, "send {\"op\":4"), 16);
}

static void a_requested_beat_need_not_wait_for_commands(void **state) {
  (void)state;
  host_to_active(&host);
  struct sherd_command join = voice(7, 5);
  for (int i = 0; i < 130; i++)
    host_send(&host, &join);
  host_skip(&host);
  host_say(&host, "{\"op\":1,\"d\":null}");
  expect(&host, "send {\"op\":1,\"d\":1}");
  host_say(&host, "{\"op\":11}");
  for (int i = 0; i < 10; i++) /* but however many are requested, the regular ones have room */
    host_say(&host, "{\"op\":1,\"d\":null}");
  expect_silence(&host);
  host_wait_until(&host, 41250);
  expect(&host, "send {\"op\":1,\"d\":1}");
}

static void an_answer_to_an_identify_that_still_waits_is_refused(void **state) {
  (void)state;
  host_to_hello(&host, 1); /* beats every millisecond use up the limit */
  for (int i = 0; i < 118; i++) {
    host_wait(&host, 1);
    host_say(&host, "{\"op\":11}");
  }
  host_grant(&host);
  host_say(&host, "{\"op\":9,\"d\":false}"); /* two handshakes use up its own places */
  for (int i = 0; i < 2; i++) {
    host_wait(&host, 5000);
    host_to_hello(&host, 1);
    host_skip(&host);
    host_grant(&host);
    if (i == 0)
      host_say(&host, "{\"op\":9,\"d\":false}");
  }
  expect_silence(&host); /* the third IDENTIFY has to wait */
  host_ready(&host, 1);
  expect(&host, "close 4000");
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_EUNEXPECTEDOP 0 reconnecting");
}

static void an_identify_that_still_waits_is_not_sent_after_a_close(void **state) {
  (void)state;
  host_deinit(&host);
  struct sherd_gateway_config config = host_config();
  config.close_timeout_ms = 1000000;
  host_init(&host, &config);
  host_to_hello(&host, 1);
  for (int i = 0; i < 118; i++) {
    host_wait(&host, 1);
    host_say(&host, "{\"op\":11}");
  }
  for (int i = 0; i < 2; i++) {
    host_grant(&host);
    host_say(&host, "{\"op\":9,\"d\":false}");
    host_wait(&host, 5000);
    host_to_hello(&host, 86400000);
  }
  host_skip(&host);
  host_grant(&host);
  expect_silence(&host);
  host_close(&host, false);
  expect(&host, "close 1000");
  uint64_t identifies = sherd_engine_stats(host.engine)->identifies;
  host_wait(&host, 100000);
  assert_int_equal(sherd_engine_stats(host.engine)->identifies, identifies);
}

static void a_full_queue_is_the_caller_s_error(void **state) {
  (void)state;
  host_deinit(&host);
  begin_with(SHERD_INTENTS_ALL, 2);
  host_to_active(&host);
  struct sherd_command join = voice(7, 5);
  for (int i = 0; i < 114 + 2; i++)
    assert_int_equal(host_send(&host, &join), SHERD_OK);
  assert_int_equal(host_send(&host, &join), SHERD_EQUEUEFULL);
  last_error_says(SHERD_EQUEUEFULL, "queue");
  host_skip(&host);
  host_wait(&host, 61000);
  assert_int_equal(host_count(&host, "send {\"op\":4"), 2);
  assert_int_equal(host_send(&host, &join), SHERD_OK);
}

static void what_will_not_be_sent_is_reported(void **state) {
  (void)state;
  host_to_active(&host);
  struct sherd_command join = voice(7, 5), all = members((struct sherd_members_request){0});
  for (int i = 0; i < 114; i++)
    host_send(&host, &join);
  assert_int_equal(host_send(&host, &join), SHERD_OK);
  assert_int_equal(host_send(&host, &all), SHERD_OK);
  host_skip(&host);
  host_close(&host, false);
  host_lose(&host, SHERD_ELOST);
  expect(&host, "close 1000");
  expect(&host, "event DISCONNECTED SHERD_ECLOSED 0");
  expect(&host, "session none");
  expect(&host, "event COMMAND_DROPPED 4 SHERD_ECLOSED");
  expect(&host, "event COMMAND_DROPPED 8 SHERD_ECLOSED");
  expect(&host, "event CLOSED SHERD_OK");
  expect(&host, "ended SHERD_OK");
}

static void what_a_refusal_makes_vain_is_reported_with_it(void **state) {
  (void)state;
  host_to_active(&host);
  struct sherd_command join = voice(7, 5);
  for (int i = 0; i < 115; i++)
    host_send(&host, &join);
  host_skip(&host);
  host_close_frame(&host, 4014, "");
  assert_true(host_saw(&host, "event COMMAND_DROPPED 4 SHERD_EDISALLOWEDINTENTS"));
}

static void rate_limited_is_respected(void **state) {
  (void)state;
  host_to_active(&host);
  struct sherd_command all = members((struct sherd_members_request){0});
  struct sherd_command some = members((struct sherd_members_request){.query = "a", .limit = 1});
  assert_int_equal(host_send(&host, &all), SHERD_OK);
  host_skip(&host);
  host_say(&host, "{\"t\":\"RATE_LIMITED\",\"s\":2,\"op\":0,\"d\":{\"opcode\":8,"
                  "\"retry_after\":27.352,\"meta\":{\"guild_id\":\"7\",\"nonce\":\"n\"}}}");
  expect(&host, "event RATE_LIMITED 2");
  host_wait(&host, 1000);
  assert_int_equal(host_send(&host, &all), SHERD_ERATELIMITED);
  struct sherd_error_info info;
  sherd_engine_last_error(host.engine, &info);
  assert_int_equal(info.retry_after_ms, 26353);
  assert_int_equal(host_send(&host, &some), SHERD_OK);
  all.guild_id = 8;
  assert_int_equal(host_send(&host, &all), SHERD_OK);
  all.guild_id = 7;
  host_wait(&host, 26353);
  assert_int_equal(host_send(&host, &all), SHERD_OK);
}

static void a_request_that_waits_already_waits_for_the_rate_limit_too(void **state) {
  (void)state;
  host_to_active(&host);
  struct sherd_command join = voice(7, 5), all = members((struct sherd_members_request){0});
  for (int i = 0; i < 114; i++)
    host_send(&host, &join);
  assert_int_equal(host_send(&host, &all), SHERD_OK);
  assert_int_equal(host_send(&host, &join), SHERD_OK);
  host_say(&host, "{\"t\":\"RATE_LIMITED\",\"s\":2,\"op\":0,\"d\":{\"opcode\":8,"
                  "\"retry_after\":100.0,\"meta\":{\"guild_id\":\"7\"}}}");
  for (int i = 0; i < 3; i++) {
    host_wait(&host, 1);
    host_say(&host, "{\"op\":11}");
  }
  host_skip(&host);
  host_wait_until(&host, 61000);
  assert_int_equal(host_count(&host, "send {\"op\":4"), 1);
  assert_int_equal(host_count(&host, "send {\"op\":8"), 0);
  host_say(&host, "{\"op\":11}");
  host_wait_until(&host, 100001);
  assert_int_equal(host_count(&host, "send {\"op\":8"), 1);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
  const struct CMUnitTest tests[] = {
      TEST(voice_states_are_sent_in_full),
      TEST(member_requests_are_sent_as_documented),
      TEST(the_newer_requests_are_sent_too),
      TEST(member_requests_are_checked),
      TEST(member_requests_need_their_intents),
      TEST(nothing_but_a_presence_is_taken_while_not_connected),
      TEST(a_command_over_4096_bytes_is_refused),
      TEST(a_presence_keeps_what_is_not_given),
      TEST(a_custom_status_goes_into_its_state),
      TEST(a_presence_is_checked),
      TEST(a_presence_before_the_start_goes_with_identify),
      TEST(a_presence_while_away_follows_the_resume),
      TEST(a_presence_while_away_goes_past_a_full_queue),
      TEST(a_presence_that_may_have_been_lost_is_sent_again),
      TEST(an_ack_vouches_only_for_what_was_sent_before_its_beat),
      TEST(a_presence_that_waits_is_replaced_by_a_later_one),
      TEST(identify_says_all_that_is_to_be_said_of_the_presence),
      TEST(a_presence_that_identify_cannot_carry_is_refused),
      TEST(texts_of_commands_are_utf8),
      TEST(commands_leave_room_for_heartbeats_and_resumes),
      TEST(a_requested_beat_need_not_wait_for_commands),
      TEST(an_answer_to_an_identify_that_still_waits_is_refused),
      TEST(an_identify_that_still_waits_is_not_sent_after_a_close),
      TEST(a_full_queue_is_the_caller_s_error),
      TEST(what_will_not_be_sent_is_reported),
      TEST(what_a_refusal_makes_vain_is_reported_with_it),
      TEST(rate_limited_is_respected),
      TEST(a_request_that_waits_already_waits_for_the_rate_limit_too),
  };
#undef TEST
  return cmocka_run_group_tests(tests, NULL, NULL);
}
