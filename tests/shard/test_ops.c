/* The calls on a shard that somebody else wrote. The shard here also shows how to write one: a
 * struct that begins with struct sherd_shard, and a table of what it can do. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sherd/shard_ops.h>

/* --- A shard that plays one event from a tape --- */

struct tape {
  struct sherd_shard base; /* must be the first member */
  bool is_alive;
  bool has_played;
  bool is_held;
  unsigned frees; /* a real one would free its memory */
  struct sherd_presence presence;
  struct sherd_voice_state voice_state;
  struct sherd_members_request members;
  sherd_snowflake guild_id;
  unsigned fields;
  size_t sound_guilds;
};

static struct tape *tape_of(const struct sherd_shard *shard) {
  return (struct tape *)(uintptr_t)shard;
}

static void tape_free(struct sherd_shard *shard) {
  tape_of(shard)->frees++;
}

static enum sherd_status tape_start(struct sherd_shard *shard) {
  struct tape *tape = tape_of(shard);
  if (tape->is_alive)
    return SHERD_EALREADY;
  tape->is_alive = true;
  return SHERD_OK;
}

static enum sherd_status tape_start_async(struct sherd_shard *shard, sherd_done_fn done,
                                          void *user) {
  enum sherd_status status = tape_start(shard);
  if (status == SHERD_OK && done)
    done(shard, SHERD_OK, user);
  return status;
}

static enum sherd_status tape_join(struct sherd_shard *shard, int64_t timeout_ms) {
  (void)timeout_ms;
  return tape_of(shard)->is_alive ? SHERD_ETIMEDOUT : SHERD_OK;
}

static enum sherd_status tape_close(struct sherd_shard *shard) {
  tape_of(shard)->is_alive = false;
  return SHERD_OK;
}

static enum sherd_status tape_close_async(struct sherd_shard *shard, sherd_done_fn done,
                                          void *user) {
  tape_close(shard);
  if (done)
    done(shard, SHERD_OK, user);
  return SHERD_OK;
}

static enum sherd_status tape_session(const struct sherd_shard *shard, struct sherd_session *out) {
  (void)shard;
  strcpy(out->id, "tape");
  out->seq = 1;
  return SHERD_OK;
}

static enum sherd_status tape_close_resumable(struct sherd_shard *shard,
                                              struct sherd_session *out) {
  tape_close(shard);
  return tape_session(shard, out);
}

static enum sherd_status tape_close_resumable_async(struct sherd_shard *shard, sherd_done_fn done,
                                                    void *user) {
  return tape_close_async(shard, done, user);
}

static void tape_hold(struct sherd_shard *shard, bool held) {
  tape_of(shard)->is_held = held;
}

static enum sherd_status tape_next(struct sherd_shard *shard, int64_t timeout_ms,
                                   struct sherd_event **out) {
  struct tape *tape = tape_of(shard);
  if (tape->has_played)
    return timeout_ms == 0 ? SHERD_EAGAIN : SHERD_ECLOSED;
  tape->has_played = true;
  struct sherd_event event = {
      .type = SHERD_EVENT_TYPING_START, .name = "TYPING_START", .session = "tape", .seq = 1};
  sherd_value_open(SHERD_FORMAT_JSON, "{\"user_id\":\"7\"}", 15, &event.data);
  return sherd_event_retain(&event, out);
}

static uint32_t tape_id(const struct sherd_shard *shard) {
  (void)shard;
  return 2;
}

static uint32_t tape_count(const struct sherd_shard *shard) {
  (void)shard;
  return 3;
}

static uint64_t tape_intents(const struct sherd_shard *shard) {
  (void)shard;
  return UINT64_C(1) << 40;
}

static uint64_t tape_capabilities(const struct sherd_shard *shard) {
  (void)shard;
  return UINT64_C(1) << 41;
}

static bool tape_is_alive(const struct sherd_shard *shard) {
  return tape_of(shard)->is_alive;
}

static double tape_latency(const struct sherd_shard *shard) {
  (void)shard;
  return 1.5;
}

static enum sherd_status tape_user_id(const struct sherd_shard *shard, sherd_snowflake *out) {
  (void)shard;
  *out = 99;
  return SHERD_OK;
}

static enum sherd_status tape_presence(struct sherd_shard *shard,
                                       const struct sherd_presence *presence) {
  tape_of(shard)->presence = *presence;
  return SHERD_OK;
}

static enum sherd_status tape_voice(struct sherd_shard *shard, sherd_snowflake guild_id,
                                    const struct sherd_voice_state *voice_state) {
  tape_of(shard)->guild_id = guild_id;
  tape_of(shard)->voice_state = *voice_state;
  return SHERD_OK;
}

static enum sherd_status tape_members(struct sherd_shard *shard, sherd_snowflake guild_id,
                                      const struct sherd_members_request *request) {
  tape_of(shard)->guild_id = guild_id;
  tape_of(shard)->members = *request;
  return SHERD_OK;
}

static enum sherd_status tape_channel_info(struct sherd_shard *shard, sherd_snowflake guild_id,
                                           unsigned fields) {
  tape_of(shard)->guild_id = guild_id;
  tape_of(shard)->fields = fields;
  return SHERD_OK;
}

static enum sherd_status tape_sounds(struct sherd_shard *shard, const sherd_snowflake *guild_ids,
                                     size_t count) {
  tape_of(shard)->guild_id = guild_ids[count - 1];
  tape_of(shard)->sound_guilds = count;
  return SHERD_OK;
}

static enum sherd_status tape_stats(const struct sherd_shard *shard,
                                    struct sherd_engine_stats *out) {
  (void)shard;
  out->dispatches = 1;
  return SHERD_OK;
}

static void tape_last_error(const struct sherd_shard *shard, struct sherd_error_info *out) {
  (void)shard;
  out->status = SHERD_ELOST;
}

static const struct sherd_shard_ops tape_ops = {
    .free = tape_free,
    .start = tape_start,
    .start_async = tape_start_async,
    .join = tape_join,
    .close = tape_close,
    .close_async = tape_close_async,
    .close_resumable = tape_close_resumable,
    .close_resumable_async = tape_close_resumable_async,
    .hold = tape_hold,
    .next = tape_next,
    .id = tape_id,
    .count = tape_count,
    .intents = tape_intents,
    .capabilities = tape_capabilities,
    .is_alive = tape_is_alive,
    .is_connected = tape_is_alive, /* a tape is connected as long as it plays */
    .heartbeat_latency = tape_latency,
    .get_user_id = tape_user_id,
    .update_presence = tape_presence,
    .update_voice_state = tape_voice,
    .request_guild_members = tape_members,
    .request_channel_info = tape_channel_info,
    .request_soundboard_sounds = tape_sounds,
    .session = tape_session,
    .stats = tape_stats,
    .last_error = tape_last_error,
};

/* --- Tests --- */

static void count_call(struct sherd_shard *shard, enum sherd_status status, void *user) {
  assert_non_null(shard);
  assert_int_equal(status, SHERD_OK);
  ++*(unsigned *)user;
}

static void a_shard_of_ones_own_lives(void **state) {
  (void)state;
  struct tape tape = {.base = {&tape_ops}};
  struct sherd_shard *shard = &tape.base;
  assert_int_equal(sherd_shard_id(shard), 2);
  assert_int_equal(sherd_shard_count(shard), 3);
  assert_true(sherd_shard_intents(shard) == UINT64_C(1) << 40);
  assert_true(sherd_shard_capabilities(shard) == UINT64_C(1) << 41);

  assert_false(sherd_shard_is_alive(shard));
  assert_int_equal(sherd_shard_start(shard), SHERD_OK);
  assert_true(sherd_shard_is_alive(shard));
  assert_true(sherd_shard_is_connected(shard));
  assert_int_equal(sherd_shard_start(shard), SHERD_EALREADY);
  assert_int_equal(sherd_shard_join(shard, 0), SHERD_ETIMEDOUT);
  assert_true(sherd_shard_heartbeat_latency(shard) == 1.5);
  assert_int_equal(sherd_shard_close(shard), SHERD_OK);
  assert_int_equal(sherd_shard_join(shard, SHERD_FOREVER), SHERD_OK);

  sherd_shard_hold(shard, true);
  assert_true(tape.is_held);
  sherd_shard_hold(shard, false);
  assert_false(tape.is_held);

  unsigned calls = 0;
  assert_int_equal(sherd_shard_start_async(shard, count_call, &calls), SHERD_OK);
  assert_int_equal(sherd_shard_close_async(shard, count_call, &calls), SHERD_OK);
  assert_int_equal(sherd_shard_close_resumable_async(shard, count_call, &calls), SHERD_OK);
  assert_int_equal(calls, 3);

  struct sherd_session session;
  assert_int_equal(sherd_shard_session(shard, &session), SHERD_OK);
  assert_int_equal(sherd_shard_close_resumable(shard, &session), SHERD_OK);
  assert_string_equal(session.id, "tape");
  sherd_shard_free(shard);
  assert_int_equal(tape.frees, 1);
}

static void its_events_are_pulled(void **state) {
  (void)state;
  struct tape tape = {.base = {&tape_ops}};
  struct sherd_event *event = NULL;
  assert_int_equal(sherd_shard_next(&tape.base, SHERD_FOREVER, &event), SHERD_OK);
  assert_int_equal(event->type, SHERD_EVENT_TYPING_START);
  assert_true(sherd_value_equals(sherd_value_get(event->data, "user_id"), "7"));
  sherd_event_release(event);
  assert_int_equal(sherd_shard_next(&tape.base, 0, &event), SHERD_EAGAIN);
  assert_null(event);
}

static void commands_and_readings_reach_it(void **state) {
  (void)state;
  struct tape tape = {.base = {&tape_ops}};
  struct sherd_shard *shard = &tape.base;
  sherd_snowflake user_id = 0;
  assert_int_equal(sherd_shard_get_user_id(shard, &user_id), SHERD_OK);
  assert_int_equal(user_id, 99);
  struct sherd_presence presence = {.afk_is = SHERD_FIELD_VALUE, .afk = true};
  assert_int_equal(sherd_shard_update_presence(shard, &presence), SHERD_OK);
  assert_true(tape.presence.afk);
  struct sherd_voice_state voice = {.channel_id = 5};
  assert_int_equal(sherd_shard_update_voice_state(shard, 4, &voice), SHERD_OK);
  assert_int_equal(tape.voice_state.channel_id, 5);
  assert_int_equal(tape.guild_id, 4);
  struct sherd_members_request members = {.limit = 6};
  assert_int_equal(sherd_shard_request_guild_members(shard, 8, &members), SHERD_OK);
  assert_int_equal(tape.members.limit, 6);
  assert_int_equal(tape.guild_id, 8);
  assert_int_equal(sherd_shard_request_channel_info(shard, 9, SHERD_CHANNEL_INFO_STATUS), SHERD_OK);
  assert_int_equal(tape.fields, SHERD_CHANNEL_INFO_STATUS);
  assert_int_equal(tape.guild_id, 9);
  sherd_snowflake guilds[] = {10, 11};
  assert_int_equal(sherd_shard_request_soundboard_sounds(shard, guilds, 2), SHERD_OK);
  assert_int_equal(tape.sound_guilds, 2);
  assert_int_equal(tape.guild_id, 11);
  struct sherd_engine_stats stats;
  assert_int_equal(sherd_shard_stats(shard, &stats), SHERD_OK);
  assert_int_equal(stats.dispatches, 1);
  struct sherd_error_info error;
  sherd_last_error(shard, &error);
  assert_int_equal(error.status, SHERD_ELOST);
}

/* Makes every call that gives a status, with good arguments; each must give `expected`. */
static void every_status_is(struct sherd_shard *shard, enum sherd_status expected) {
  struct sherd_session session;
  struct sherd_engine_stats stats;
  struct sherd_event *event = (struct sherd_event *)(uintptr_t)1;
  struct sherd_presence presence = {0};
  struct sherd_voice_state voice = {0};
  struct sherd_members_request members = {0};
  sherd_snowflake id = 1;
  unsigned calls = 0;
  assert_int_equal(sherd_shard_start(shard), expected);
  assert_int_equal(sherd_shard_start_async(shard, count_call, &calls), expected);
  assert_int_equal(sherd_shard_join(shard, 0), expected);
  assert_int_equal(sherd_shard_close(shard), expected);
  assert_int_equal(sherd_shard_close_async(shard, count_call, &calls), expected);
  assert_int_equal(sherd_shard_close_resumable_async(shard, count_call, &calls), expected);
  memset(&session, 0xFF, sizeof session);
  assert_int_equal(sherd_shard_close_resumable(shard, &session), expected);
  assert_false(sherd_session_is_set(&session));
  assert_int_equal(sherd_shard_next(shard, 0, &event), expected);
  assert_null(event);
  assert_int_equal(sherd_shard_get_user_id(shard, &id), expected);
  assert_int_equal(id, 1);
  assert_int_equal(sherd_shard_update_presence(shard, &presence), expected);
  assert_int_equal(sherd_shard_update_voice_state(shard, 1, &voice), expected);
  assert_int_equal(sherd_shard_request_guild_members(shard, 1, &members), expected);
  assert_int_equal(sherd_shard_request_channel_info(shard, 1, 0), expected);
  assert_int_equal(sherd_shard_request_soundboard_sounds(shard, &id, 1), expected);
  assert_int_equal(sherd_shard_session(shard, &session), expected);
  assert_int_equal(sherd_shard_stats(shard, &stats), expected);
  assert_int_equal(calls, 0);
}

static void every_reading_is_empty(const struct sherd_shard *shard) {
  assert_int_equal(sherd_shard_id(shard), 0);
  assert_int_equal(sherd_shard_count(shard), 0);
  assert_int_equal(sherd_shard_intents(shard), 0);
  assert_int_equal(sherd_shard_capabilities(shard), 0);
  assert_false(sherd_shard_is_alive(shard));
  assert_false(sherd_shard_is_connected(shard));
  assert_true(isnan(sherd_shard_heartbeat_latency(shard)));
  sherd_shard_hold((struct sherd_shard *)(uintptr_t)shard, true); /* does nothing */
  struct sherd_error_info error;
  memset(&error, 0xFF, sizeof error);
  sherd_last_error(shard, &error);
  assert_int_equal(error.status, SHERD_OK);
  assert_string_equal(error.text, "");
}

static void what_it_cannot_do_is_unsupported(void **state) {
  (void)state;
  static const struct sherd_shard_ops nothing;
  struct sherd_shard shard = {&nothing};
  every_status_is(&shard, SHERD_EUNSUPPORTED);
  every_reading_is_empty(&shard);
  sherd_shard_free(&shard);
}

static void no_shard_is_an_invalid_argument(void **state) {
  (void)state;
  every_status_is(NULL, SHERD_EINVAL);
  every_reading_is_empty(NULL);
  sherd_shard_free(NULL);
}

static void no_place_for_the_answer_is_an_invalid_argument(void **state) {
  (void)state;
  struct tape tape = {.base = {&tape_ops}};
  struct sherd_shard *shard = &tape.base;
  assert_int_equal(sherd_shard_close_resumable(shard, NULL), SHERD_EINVAL);
  assert_int_equal(sherd_shard_next(shard, 0, NULL), SHERD_EINVAL);
  assert_int_equal(sherd_shard_get_user_id(shard, NULL), SHERD_EINVAL);
  assert_int_equal(sherd_shard_update_presence(shard, NULL), SHERD_EINVAL);
  assert_int_equal(sherd_shard_update_voice_state(shard, 1, NULL), SHERD_EINVAL);
  assert_int_equal(sherd_shard_request_guild_members(shard, 1, NULL), SHERD_EINVAL);
  assert_int_equal(sherd_shard_request_soundboard_sounds(shard, NULL, 1), SHERD_EINVAL);
  assert_int_equal(sherd_shard_session(shard, NULL), SHERD_EINVAL);
  assert_int_equal(sherd_shard_stats(shard, NULL), SHERD_EINVAL);
  sherd_last_error(shard, NULL);
  /* None of it reached the shard, whose last error is of its own making. */
  struct sherd_error_info error;
  sherd_last_error(shard, &error);
  assert_int_equal(error.status, SHERD_ELOST);
  assert_int_equal(tape.guild_id, 0);
  assert_false(tape.has_played);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_shard_of_ones_own_lives),
      cmocka_unit_test(its_events_are_pulled),
      cmocka_unit_test(commands_and_readings_reach_it),
      cmocka_unit_test(what_it_cannot_do_is_unsupported),
      cmocka_unit_test(no_shard_is_an_invalid_argument),
      cmocka_unit_test(no_place_for_the_answer_is_an_invalid_argument),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
