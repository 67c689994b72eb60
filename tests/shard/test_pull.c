/* Delivery by pulling: order, limits, the pause of a full queue, and the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "flood.h"
#include "watch.h"

struct fixture {
  struct script_server *server;
  struct sherd_shard_config config;
  struct sherd_shard *shard;
};

static void begin(struct fixture *fixture, const struct script_step *script) {
  fixture->server = script_server_start_one(script);
  fixture->config = watch_config(NULL, fixture->server);
  fixture->shard = watch_shard(&fixture->config);
}

/* Makes the shard anew with the fixture's configuration. */
static void remake(struct fixture *fixture) {
  sherd_shard_free(fixture->shard);
  fixture->shard = watch_shard(&fixture->config);
}

static void end(struct fixture *fixture) {
  sherd_shard_free(fixture->shard);
  script_server_stop(fixture->server);
}

/* Pulls the next event, which must be `expected`. */
static void pull(struct fixture *fixture, const char *expected) {
  struct sherd_event *event;
  char line[WATCH_TEXT];
  assert_int_equal(sherd_shard_next(fixture->shard, 10000, &event), SHERD_OK);
  watch_describe(event, line);
  assert_string_equal(line, expected);
  sherd_event_release(event);
}

static void nothing_is_left(struct fixture *fixture, enum sherd_status expected) {
  struct sherd_event *event = (struct sherd_event *)(uintptr_t)1;
  assert_int_equal(sherd_shard_next(fixture->shard, SHERD_FOREVER, &event), expected);
  assert_null(event);
}

static const struct script_step well_behaved[] = {SCRIPT_LOGIN, SCRIPT_END};

static void events_come_in_order_and_closed_is_the_last(void **state) {
  static const struct script_step typing[] = {
      SCRIPT_LOGIN, SCRIPT_DISPATCH("TYPING_START", "{\"user_id\":\"5\"}"), SCRIPT_END};
  struct fixture f;
  struct sherd_event *event;
  (void)state;
  begin(&f, typing);
  nothing_is_left(&f, SHERD_ENOTALIVE);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  pull(&f, "CONNECTING");
  pull(&f, "READY 1");
  assert_int_equal(sherd_shard_next(f.shard, SHERD_FOREVER, &event), SHERD_OK);
  assert_int_equal(event->type, SHERD_EVENT_TYPING_START);
  assert_string_equal(event->session, "scripted");
  assert_int_equal(event->seq, 2);
  assert_int_equal(sherd_shard_next(f.shard, 0, &(struct sherd_event *){NULL}), SHERD_EAGAIN);
  assert_int_equal(sherd_shard_next(f.shard, 10, &(struct sherd_event *){NULL}), SHERD_ETIMEDOUT);
  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  pull(&f, "DISCONNECTED SHERD_ECLOSED 0");
  pull(&f, "CLOSED SHERD_OK");
  nothing_is_left(&f, SHERD_ECLOSED);
  end(&f);
  /* A pulled event is its owner's, also when the shard is gone. */
  assert_true(sherd_value_equals(sherd_value_get(event->data, "user_id"), "5"));
  sherd_event_release(event);
}

static void what_is_left_in_the_queue_survives_a_restart(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved);
  f.config.max_pending_events = 2; /* full: a start must go on all the same */
  remake(&f);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  assert_int_equal(sherd_shard_start_async(f.shard, NULL, NULL), SHERD_OK);
  assert_non_null(script_server_wait(f.server, SCRIPT_OP_REQUEST, 1));
  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  pull(&f, "CONNECTING");
  pull(&f, "READY 1");
  pull(&f, "DISCONNECTED SHERD_ECLOSED 0");
  pull(&f, "CLOSED SHERD_OK");
  pull(&f, "CONNECTING");
  pull(&f, "DISCONNECTED SHERD_ECLOSED 0");
  pull(&f, "CLOSED SHERD_OK");
  nothing_is_left(&f, SHERD_ECLOSED);
  end(&f);
}

static void a_failure_is_pulled_too(void **state) {
  static const struct script_step wrong_token[] = {SCRIPT_UPGRADE, SCRIPT_HELLO, SCRIPT_EXPECT(2),
                                                   SCRIPT_CLOSE(4004), SCRIPT_END};
  struct fixture f;
  (void)state;
  begin(&f, wrong_token);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_EAUTH);
  pull(&f, "CONNECTING");
  pull(&f, "DISCONNECTED SHERD_EAUTH 4004");
  pull(&f, "CLOSED SHERD_EAUTH");
  nothing_is_left(&f, SHERD_ECLOSED);
  end(&f);
}

/* --- A full queue --- */

static struct sherd_engine_stats stats_of(const struct fixture *fixture) {
  struct sherd_engine_stats stats;
  assert_int_equal(sherd_shard_stats(fixture->shard, &stats), SHERD_OK);
  return stats;
}

/* Pulls all of the flood: every event once, in order. */
static void pull_flood(struct fixture *fixture, uint64_t from) {
  for (uint64_t seq = from; seq <= FLOOD_COUNT + 1;) {
    struct sherd_event *event;
    assert_int_equal(sherd_shard_next(fixture->shard, 10000, &event), SHERD_OK);
    if (event->has_seq) {
      assert_int_equal(event->seq, seq);
      seq++;
    }
    sherd_event_release(event);
  }
}

/* Nobody pulls for many heartbeat intervals: the shard stops reading near its limit, beats on,
 * does not take the silence for the server's, and loses nothing. */
static void hold_out(struct fixture *fixture, uint64_t most) {
  assert_int_equal(sherd_shard_start(fixture->shard), SHERD_OK);
  assert_non_null(script_server_wait(fixture->server, 1, 2)); /* three beats */
  uint64_t held = stats_of(fixture).dispatches;
  assert_in_range(held, 1, most);
  assert_non_null(script_server_wait(fixture->server, 1, 3));
  assert_int_equal(stats_of(fixture).dispatches, held); /* it does not read on */
  assert_true(sherd_shard_is_connected(fixture->shard));
  pull_flood(fixture, 1);
  struct sherd_engine_stats stats = stats_of(fixture);
  assert_int_equal(stats.zombies, 0);
  assert_int_equal(stats.gaps, 0);
  assert_int_equal(stats.repeats, 0);
  assert_int_equal(stats.connects, 1);
}

static void a_queue_full_of_events_stops_the_reading(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, flooding);
  f.config.max_pending_events = 100;
  remake(&f);
  hold_out(&f, 100 + ONE_READ);
  end(&f);
}

static void a_queue_full_of_bytes_stops_the_reading(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, flooding);
  f.config.max_pending_bytes = 100 * 1024;
  remake(&f);
  hold_out(&f, 400 + ONE_READ); /* an event has over 256 bytes */
  end(&f);
}

static void a_full_queue_can_be_closed(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, flooding);
  f.config.max_pending_events = 10;
  f.config.gateway.close_timeout_ms = SCRIPT_HOUR_MS; /* more than the test is given */
  remake(&f);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  assert_non_null(script_server_wait(f.server, 1, 2));
  struct sherd_session session;
  /* The peer's answer is read, behind all the rest: else this would not return. */
  assert_int_equal(sherd_shard_close_resumable(f.shard, &session), SHERD_OK);
  /* The session's place is that of the last event that can still be pulled. */
  uint64_t last = 0;
  struct sherd_event *event;
  while (sherd_shard_next(f.shard, 0, &event) == SHERD_OK) {
    if (event->has_seq)
      last = event->seq;
    sherd_event_release(event);
  }
  assert_int_equal(session.seq, last);
  end(&f);
}

/* More is replayed than fits, and the one thread that would pull waits for the start. */
static void a_start_does_not_wait_behind_a_full_queue(void **state) {
  static const struct script_step replaying[] = {
      SCRIPT_UPGRADE, SCRIPT_HELLO, SCRIPT_EXPECT(6), SCRIPT_FLOOD(FLOOD_COUNT, TEXT_256),
      SCRIPT_RESUMED, SCRIPT_END};
  struct fixture f;
  (void)state;
  begin(&f, replaying);
  struct sherd_session session = {.id = "scripted", .seq = 0, .user_id = 81, .shard_count = 1};
  f.config.gateway.session = &session;
  f.config.max_pending_events = 50;
  remake(&f);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  for (uint64_t seq = 1; seq <= FLOOD_COUNT + 1;) {
    struct sherd_event *event;
    assert_int_equal(sherd_shard_next(f.shard, 10000, &event), SHERD_OK);
    if (event->has_seq) {
      assert_int_equal(event->seq, seq);
      assert_int_equal(event->type,
                       seq <= FLOOD_COUNT ? SHERD_EVENT_MESSAGE_CREATE : SHERD_EVENT_RESUMED);
      seq++;
    }
    sherd_event_release(event);
  }
  assert_true(sherd_shard_is_connected(f.shard));
  end(&f);
}

static void count_attempts(void *user, const struct sherd_log_record *record) {
  if (strcmp(record->event, "connection.begin") == 0)
    atomic_fetch_add((atomic_uint *)user, 1);
}

/* DISCONNECTED itself fills the queue: the next connection waits until there is room. */
static void a_full_queue_puts_off_the_next_connection(void **state) {
  static const struct script_step first[] = {SCRIPT_LOGIN, SCRIPT_FLOOD(200, "x"), SCRIPT_DROP,
                                             SCRIPT_END};
  static const struct script_step second[] = {SCRIPT_UPGRADE, SCRIPT_HELLO, SCRIPT_EXPECT(6),
                                              SCRIPT_RESUMED, SCRIPT_END};
  static const struct script_step *const scripts[] = {first, second};
  struct fixture f;
  struct sherd_runtime *runtime;
  atomic_uint attempts = 0;
  (void)state;
  struct sherd_runtime_config logging = {.log = {count_attempts, &attempts, SHERD_LOG_INFO}};
  assert_int_equal(sherd_runtime_new(&logging, &runtime), SHERD_OK);
  f.server = script_server_start(scripts, 2);
  f.config = watch_config(NULL, f.server);
  f.config.runtime = runtime;
  f.config.max_pending_events = 203;
  f.shard = watch_shard(&f.config);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  for (unsigned i = 0; i < 500 && atomic_load(&attempts) < 2; i++)
    assert_int_equal(sherd_shard_join(f.shard, 20), SHERD_ETIMEDOUT);
  assert_int_equal(atomic_load(&attempts), 2); /* the engine has asked for a connection ... */
  assert_int_equal(sherd_shard_join(f.shard, 100), SHERD_ETIMEDOUT);
  assert_int_equal(script_server_count(f.server, SCRIPT_OP_REQUEST), 1); /* ... in vain */
  pull(&f, "CONNECTING");
  pull(&f, "READY 1");
  for (unsigned seq = 2; seq <= 201; seq++) {
    char expected[WATCH_TEXT];
    snprintf(expected, sizeof expected, "MESSAGE_CREATE %u", seq);
    pull(&f, expected);
  }
  pull(&f, "DISCONNECTED SHERD_ELOST 0 reconnecting resuming");
  pull(&f, "CONNECTING resuming");
  pull(&f, "RESUMED 202");
  end(&f);
  assert_int_equal(sherd_runtime_free(runtime), SHERD_OK);
}

/* --- Many hands --- */

#define HANDS 4

struct hand {
  uv_thread_t thread;
  struct sherd_shard *shard;
  uint64_t count, sum, last;
  bool in_order;
  enum sherd_status end;
};

static void pull_all(void *arg) {
  struct hand *hand = arg;
  struct sherd_event *event;
  hand->in_order = true;
  while ((hand->end = sherd_shard_next(hand->shard, SHERD_FOREVER, &event)) == SHERD_OK) {
    if (event->has_seq) {
      hand->count++;
      hand->sum += event->seq;
      hand->in_order = hand->in_order && event->seq > hand->last;
      hand->last = event->seq;
    }
    sherd_event_release(event);
  }
}

static void each_event_goes_to_one_of_several_threads(void **state) {
  static const struct script_step flood_and_end[] = {SCRIPT_LOGIN, SCRIPT_FLOOD(FLOOD_COUNT, "x"),
                                                     SCRIPT_CLOSE(4010), SCRIPT_END};
  struct fixture f;
  struct hand hands[HANDS];
  (void)state;
  begin(&f, flood_and_end);
  f.config.max_pending_events = 64;
  remake(&f);
  assert_int_equal(sherd_shard_start_async(f.shard, NULL, NULL), SHERD_OK);
  for (unsigned i = 0; i < HANDS; i++) {
    hands[i] = (struct hand){.shard = f.shard};
    assert_int_equal(uv_thread_create(&hands[i].thread, pull_all, &hands[i]), 0);
  }
  uint64_t count = 0, sum = 0;
  for (unsigned i = 0; i < HANDS; i++) {
    uv_thread_join(&hands[i].thread);
    assert_int_equal(hands[i].end, SHERD_ECLOSED);
    assert_true(hands[i].in_order);
    count += hands[i].count;
    sum += hands[i].sum;
  }
  uint64_t all = FLOOD_COUNT + 1;
  assert_int_equal(count, all);
  assert_int_equal(sum, all * (all + 1) / 2);
  assert_int_equal(sherd_shard_join(f.shard, 0), SHERD_EBADSHARD);
  end(&f);
}

/* On a loop of the caller's, which is this thread's: waiting would be for ever, asking is not. */
static void the_loops_own_thread_may_ask_but_not_wait(void **state) {
  struct fixture f;
  uv_loop_t loop;
  struct sherd_runtime *runtime;
  struct sherd_event *event;
  (void)state;
  begin(&f, well_behaved);
  uv_loop_init(&loop);
  struct sherd_runtime_config on_loop = {.loop = &loop};
  assert_int_equal(sherd_runtime_new(&on_loop, &runtime), SHERD_OK);
  f.config.runtime = runtime;
  remake(&f);
  assert_int_equal(sherd_shard_start_async(f.shard, NULL, NULL), SHERD_OK);
  assert_int_equal(sherd_shard_next(f.shard, 1, &event), SHERD_EDEADLK);
  assert_int_equal(sherd_shard_next(f.shard, SHERD_FOREVER, &event), SHERD_EDEADLK);
  bool is_ready = false;
  while (!is_ready) {
    uv_run(&loop, UV_RUN_ONCE);
    while (sherd_shard_next(f.shard, 0, &event) == SHERD_OK) {
      is_ready = is_ready || event->type == SHERD_EVENT_READY;
      sherd_event_release(event);
    }
  }
  sherd_shard_free(f.shard);
  assert_int_equal(sherd_runtime_free(runtime), SHERD_OK);
  assert_int_equal(uv_loop_close(&loop), 0);
  script_server_stop(f.server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(events_come_in_order_and_closed_is_the_last),
      cmocka_unit_test(what_is_left_in_the_queue_survives_a_restart),
      cmocka_unit_test(a_failure_is_pulled_too),
      cmocka_unit_test(a_queue_full_of_events_stops_the_reading),
      cmocka_unit_test(a_queue_full_of_bytes_stops_the_reading),
      cmocka_unit_test(a_full_queue_can_be_closed),
      cmocka_unit_test(a_start_does_not_wait_behind_a_full_queue),
      cmocka_unit_test(a_full_queue_puts_off_the_next_connection),
      cmocka_unit_test(each_event_goes_to_one_of_several_threads),
      cmocka_unit_test(the_loops_own_thread_may_ask_but_not_wait),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
