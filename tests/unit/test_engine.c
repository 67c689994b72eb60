/* The life of a shard, as a transcript: connections, sessions, heartbeats, sequence numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/host.h"

static struct host host;

static int begin(void **state) {
  (void)state;
  struct sherd_gateway_config config = host_config();
  host_init(&host, &config);
  return 0;
}

static int end(void **state) {
  (void)state;
  host_deinit(&host);
  return 0;
}

static void a_session_begins(void **state) {
  (void)state;
  sherd_snowflake user_id = 42;
  assert_false(sherd_engine_is_alive(host.engine));
  assert_int_equal(sherd_engine_user_id(host.engine, &user_id), SHERD_ENOTCONNECTED);
  assert_int_equal(user_id, 42);
  host_start(&host);
  assert_true(sherd_engine_is_alive(host.engine));
  expect(&host, "event CONNECTING");
  expect(&host, "connect gateway.test:443 tls");
  host_open(&host);
  expect(&host, "http GET /?v=10&encoding=json");
  host_upgrade(&host);
  expect_silence(&host);
  host_say(&host, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
  expect(&host, "permit");
  expect_silence(&host);
  assert_false(sherd_engine_is_connected(host.engine));
  host_grant(&host);
  expect(&host, "send {\"op\":2,\"d\":{\"token\":\"" HOST_TOKEN
                "\",\"properties\":{\"os\":\"test\",\"browser\":\"test\",\"device\":\"test\"},"
                "\"compress\":false,\"large_threshold\":250,\"shard\":[0,1],"
                "\"presence\":{\"since\":null,\"activities\":[],\"status\":\"online\","
                "\"afk\":false},\"intents\":513,\"capabilities\":0}}");
  host_ready(&host, 1);
  expect(&host, "session session-1 seq=1");
  expect(&host, "event READY 1");
  expect_silence(&host);
  assert_true(sherd_engine_is_connected(host.engine));
  assert_int_equal(sherd_engine_user_id(host.engine, &user_id), SHERD_OK);
  assert_int_equal(user_id, 1434837005107331073u);
  host_say(&host, "{\"t\":\"MESSAGE_CREATE\",\"s\":2,\"op\":0,\"d\":{\"content\":\"hi\"}}");
  expect(&host, "event MESSAGE_CREATE 2");
  host_say(&host, "{\"t\":\"BRAND_NEW\",\"s\":3,\"op\":0,\"d\":{}}");
  expect(&host, "event BRAND_NEW 3");
  host_say(&host, "{\"op\":99,\"d\":1}");
  expect(&host, "event UNKNOWN_OPCODE 99");
  expect_silence(&host);
}

static void heartbeats_begin_jittered_and_go_on(void **state) {
  (void)state;
  host_to_active(&host);
  host_wait_until(&host, 41249);
  expect_silence(&host);
  host_wait_until(&host, 41250);
  expect(&host, "send {\"op\":1,\"d\":1}");
  assert_true(isnan(sherd_engine_heartbeat_latency(host.engine)));
  host_wait(&host, 1500);
  host_say(&host, "{\"op\":11}");
  assert_true(sherd_engine_heartbeat_latency(host.engine) == 1.5);
  host_wait_until(&host, 82500);
  expect(&host, "send {\"op\":1,\"d\":1}");
  expect_silence(&host);
}

static void a_beat_before_ready_has_no_sequence(void **state) {
  (void)state;
  host.dice = 0;
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_wait(&host, 0);
  expect(&host, "send {\"op\":1,\"d\":null}");
}

static void a_zombie_is_closed_and_resumed(void **state) {
  (void)state;
  host_to_active(&host);
  host_wait_until(&host, 82499);
  expect(&host, "send {\"op\":1,\"d\":1}");
  expect_silence(&host);
  host_wait_until(&host, 82500);
  expect(&host, "close 4000");
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_EZOMBIE 0 resuming reconnecting");
  expect(&host, "event CONNECTING resuming");
  expect(&host, "connect resume.test:443 tls");
  expect_silence(&host);
  host_open(&host);
  expect(&host, "http GET /?v=10&encoding=json");
  host_upgrade(&host);
  host_say(&host, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
  expect(&host, "send {\"op\":6,\"d\":{\"token\":\"" HOST_TOKEN
                "\",\"session_id\":\"session-1\",\"seq\":1}}");
  host_say(&host, "{\"t\":\"TYPING_START\",\"s\":2,\"op\":0,\"d\":{}}");
  expect(&host, "event TYPING_START 2");
  assert_false(sherd_engine_is_connected(host.engine));
  host_say(&host, "{\"t\":\"RESUMED\",\"s\":3,\"op\":0,\"d\":{}}");
  expect(&host, "session session-1 seq=3");
  expect(&host, "event RESUMED 3");
  expect_silence(&host);
  assert_true(sherd_engine_is_connected(host.engine));
  assert_true(isnan(sherd_engine_heartbeat_latency(host.engine)));
  assert_int_equal(sherd_engine_stats(host.engine)->identifies, 1);
  assert_int_equal(sherd_engine_stats(host.engine)->zombies, 1);
}

static void a_requested_beat_goes_out_at_once_and_out_of_turn(void **state) {
  (void)state;
  host_to_active(&host);
  host_wait_until(&host, 41000);
  host_say(&host, "{\"op\":1,\"d\":null}");
  expect(&host, "send {\"op\":1,\"d\":1}");
  host_wait_until(&host, 41250);
  expect(&host, "send {\"op\":1,\"d\":1}");
  /* The one that was asked for just before is not held against the server. */
  host_wait_until(&host, 82249);
  expect_silence(&host);
  host_say(&host, "{\"op\":11}");
  host_say(&host, "{\"op\":11}");
  host_wait_until(&host, 82500);
  expect(&host, "send {\"op\":1,\"d\":1}");
  expect_silence(&host);
}

static void a_held_host_is_no_zombie(void **state) {
  (void)state;
  host_to_active(&host);
  assert_int_equal(sherd_engine_hold(host.engine, true, host.now_ms), SHERD_OK);
  host_wait_until(&host, 10 * 41250);
  assert_int_equal(host_count(&host, "send {\"op\":1,"), 10);
  host_skip(&host);
  assert_int_equal(sherd_engine_hold(host.engine, false, host.now_ms), SHERD_OK);
  for (int i = 0; i < 10; i++)
    host_say(&host, "{\"op\":11}");
  host_wait(&host, 41250);
  expect(&host, "send {\"op\":1,\"d\":1}");
  expect_silence(&host);
}

static void once_released_a_host_has_an_interval_to_read_the_acks(void **state) {
  (void)state;
  host_to_active(&host);
  assert_int_equal(sherd_engine_hold(host.engine, true, host.now_ms), SHERD_OK);
  host_wait(&host, 3 * 41250 + 1000);
  assert_int_equal(sherd_engine_hold(host.engine, false, host.now_ms), SHERD_OK);
  host_wait(&host, 41249);
  assert_true(sherd_engine_is_connected(host.engine));
  host_wait(&host, 1);
  assert_false(sherd_engine_is_connected(host.engine));
}

/* Nor is a server late whose answer lies unread; it has the rest of its time once it is read. */
static void a_held_host_misses_no_answer(void **state) {
  (void)state;
  host_start(&host);
  host_wait(&host, 1000);
  host_open(&host);
  host_wait(&host, 4000); /* of 10000 */
  assert_int_equal(sherd_engine_hold(host.engine, true, host.now_ms), SHERD_OK);
  host_wait(&host, 100000);
  assert_int_equal(sherd_engine_hold(host.engine, true, host.now_ms), SHERD_OK);
  host_upgrade(&host); /* one that was read already */
  host_wait(&host, 100000);
  assert_int_equal(sherd_engine_state(host.engine), SHERD_ENGINE_AWAIT_HELLO);
  assert_int_equal(sherd_engine_hold(host.engine, false, host.now_ms), SHERD_OK);
  host_wait(&host, 19999);
  assert_int_equal(sherd_engine_state(host.engine), SHERD_ENGINE_AWAIT_HELLO);
  host_wait(&host, 1);
  assert_int_equal(sherd_engine_state(host.engine), SHERD_ENGINE_AWAIT_RETRY);
  assert_int_equal(sherd_engine_hold(host.engine, true, host.now_ms), SHERD_OK);
  host_wait(&host, 1000); /* what is not the server's to do goes on */
  assert_int_equal(sherd_engine_state(host.engine), SHERD_ENGINE_CONNECTING);
  host_lose(&host, SHERD_ELOST);
  host_wait(&host, 61000);
  host_open(&host); /* it is still held */
  host_wait(&host, 100000);
  assert_int_equal(sherd_engine_state(host.engine), SHERD_ENGINE_AWAIT_UPGRADE);
}

static void reconnect_before_hello_keeps_the_session(void **state) {
  (void)state;
  host.dice = 0;
  host_to_active(&host);
  host_wait(&host, 0); /* the first beat */
  host_skip(&host);
  host_lose(&host, SHERD_ELOST);
  expect(&host, "event DISCONNECTED SHERD_ELOST 0 resuming reconnecting");
  host_wait(&host, 1000);
  expect(&host, "event CONNECTING resuming");
  expect(&host, "connect resume.test:443 tls");
  host_open(&host);
  host_upgrade(&host);
  host_skip(&host);
  host_say(&host, "{\"op\":7,\"d\":null}");
  expect(&host, "close 4000");
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_ERECONNECT 0 resuming reconnecting");
  expect_silence(&host); /* it waits: a server that says only op 7 must not be hammered */
  host_wait(&host, 2000);
  expect(&host, "event CONNECTING resuming");
}

static void reconnect_after_a_healthy_spell_is_immediate(void **state) {
  (void)state;
  host_to_active(&host);
  host_wait_until(&host, 30000);
  host_skip(&host);
  host_say(&host, "{\"op\":7,\"d\":null}");
  expect(&host, "close 4000");
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_ERECONNECT 0 resuming reconnecting");
  expect(&host, "event CONNECTING resuming");
  expect(&host, "connect resume.test:443 tls");
}

static void invalid_session_false_begins_anew_after_a_pause(void **state) {
  (void)state;
  host_to_active(&host);
  host_wait_until(&host, 35000);
  host_say(&host, "{\"op\":9,\"d\":false}");
  expect(&host, "close 4000");
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_EINVALIDSESSION 0 reconnecting");
  expect(&host, "event SESSION_LOST SHERD_EINVALIDSESSION 0 last=1");
  expect(&host, "session none");
  host_wait_until(&host, 39999);
  expect_silence(&host);
  host_wait_until(&host, 40000);
  expect(&host, "event CONNECTING");
  expect(&host, "connect gateway.test:443 tls");
  host_to_hello(&host, 41250);
  expect(&host, "http*");
  expect(&host, "permit");
  sherd_snowflake user_id;
  assert_int_equal(sherd_engine_user_id(host.engine, &user_id), SHERD_OK);
}

static void invalid_session_true_resumes_after_a_pause(void **state) {
  (void)state;
  host.dice = 0;
  host_to_active(&host);
  host_wait_until(&host, 35000);
  host_skip(&host);
  host_say(&host, "{\"op\":9,\"d\":true}");
  expect(&host, "close 4000");
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_EINVALIDSESSION 0 resuming reconnecting");
  host_wait_until(&host, 35999);
  expect_silence(&host);
  host_wait_until(&host, 36000);
  expect(&host, "event CONNECTING resuming");
}

static void invalid_session_instead_of_ready_asks_for_a_new_permit(void **state) {
  (void)state;
  host_to_hello(&host, 41250);
  host_grant(&host);
  host_skip(&host);
  host_say(&host, "{\"op\":9,\"d\":false}");
  expect(&host, "close 4000");
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_EINVALIDSESSION 0 reconnecting");
  host_wait(&host, 5000);
  host_to_hello(&host, 41250);
  assert_true(host.wants_permit);
}

static void a_permit_that_is_not_needed_is_given_back(void **state) {
  (void)state;
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_lose(&host, SHERD_ELOST);
  expect(&host, "cancel");
  expect(&host, "event DISCONNECTED SHERD_ELOST 0 reconnecting");
  assert_int_equal(sherd_engine_granted(host.engine, host.now_ms), SHERD_ESTATE);
}

static void heartbeats_go_on_while_a_permit_is_awaited(void **state) {
  (void)state;
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_wait_until(&host, 41250);
  expect(&host, "send {\"op\":1,\"d\":null}");
  host_say(&host, "{\"op\":11}");
  host_grant(&host);
  expect(&host, "send {\"op\":2,*");
}

static void a_resume_url_that_fails_is_given_up_before_the_session(void **state) {
  (void)state;
  host_to_active(&host);
  host_wait_until(&host, 31000);
  host_lose(&host, SHERD_ELOST);
  for (int i = 0; i < 3; i++) {
    host_wait(&host, 61000);
    assert_true(host_saw(&host, "connect resume.test"));
    host_skip(&host);
    host_lose(&host, i == 1 ? SHERD_ETLSCA : SHERD_ECONNREFUSED);
    assert_true(host_saw(&host, "event DISCONNECTED"));
  }
  host_skip(&host);
  host_wait(&host, 61000);
  expect(&host, "event CONNECTING resuming");
  expect(&host, "connect gateway.test:443 tls");
  host_to_hello(&host, 41250);
  expect(&host, "http*");
  expect(&host, "send {\"op\":6,*");
  host_say(&host, "{\"op\":9,\"d\":false}");
  expect(&host, "close 4000");
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_EINVALIDSESSION 0 reconnecting");
  expect(&host, "event SESSION_LOST SHERD_EINVALIDSESSION 0 last=1");
}

static void a_session_that_no_resume_is_answered_for_is_given_up(void **state) {
  (void)state;
  host_to_active(&host);
  host_lose(&host, SHERD_ELOST);
  for (int i = 0; i < 6; i++) {
    host_skip(&host);
    host_wait(&host, 61000);
    assert_true(host_saw(&host, i < 3 ? "connect resume.test" : "connect gateway.test"));
    if (i >= 3) { /* the network does not count */
      host_lose(&host, SHERD_ELOST);
      host_wait(&host, 61000);
    }
    host_to_hello(&host, 41250);
    assert_true(host_saw(&host, "send {\"op\":6,"));
    host_skip(&host);
    host_close_frame(&host, 4006, NULL);
  }
  expect(&host, "close 4006");
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_ESERVERCLOSED 4006 reconnecting");
  expect(&host, "event SESSION_LOST SHERD_ESERVERCLOSED 4006 last=1");
}

static void a_replay_that_is_cut_again_and_again_goes_on(void **state) {
  (void)state;
  host_to_active(&host);
  host_lose(&host, SHERD_ELOST);
  for (int i = 0; i < 20; i++) {
    host_wait(&host, 61000);
    host_to_hello(&host, 41250);
    host_sayf(&host, "{\"t\":\"A\",\"s\":%d,\"op\":0,\"d\":{}}", i + 2);
    host_skip(&host);
    host_close_frame(&host, 4000, NULL);
    assert_true(host_saw(&host, "event DISCONNECTED SHERD_ESERVERERROR 4000 resuming"));
  }
}

static void the_time_for_an_answer_counts_from_the_question(void **state) {
  (void)state;
  host_deinit(&host);
  struct sherd_gateway_config config = host_config();
  config.ready_timeout_ms = 5000;
  host_init(&host, &config);
  host_to_hello(&host, 41250);
  host_wait(&host, 20000); /* no permit yet */
  host_skip(&host);
  host_grant(&host);
  host_wait(&host, 4999);
  host_ready(&host, 1);
  host_lose(&host, SHERD_ELOST);
  host_wait(&host, 61000);
  host_to_hello(&host, 41250);
  for (int seq = 2; seq < 10; seq++) { /* a long replay */
    host_wait(&host, 4000);
    host_sayf(&host, "{\"t\":\"A\",\"s\":%d,\"op\":0,\"d\":{}}", seq);
  }
  host_skip(&host);
  host_wait(&host, 4999);
  host_say(&host, "{\"op\":11}");
  assert_false(host_saw(&host, "event DISCONNECTED"));
  host_wait(&host, 1);
  assert_true(host_saw(&host, "event DISCONNECTED SHERD_EREADYTIMEOUT 0 resuming"));
}

static void a_session_without_a_number_is_kept_once_it_has_one(void **state) {
  (void)state;
  host_to_hello(&host, 41250);
  host_grant(&host);
  host_skip(&host);
  host_say(&host, "{\"t\":\"READY\",\"s\":null,\"op\":0,\"d\":{\"user\":{\"id\":\"1\"},"
                  "\"session_id\":\"a\"}}");
  expect(&host, "event READY -");
  host_say(&host, "{\"t\":\"A\",\"s\":5,\"op\":0,\"d\":{}}");
  expect(&host, "session a seq=5");
  expect(&host, "event A 5");
  expect_silence(&host);
}

static void a_resume_url_without_tls_is_not_followed(void **state) {
  (void)state;
  host_to_hello(&host, 41250);
  host_grant(&host);
  host_say(&host, "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"user\":{\"id\":\"1\"},"
                  "\"session_id\":\"a\",\"resume_gateway_url\":\"ws://evil.test\"}}");
  host_skip(&host);
  host_wait_until(&host, 31000);
  host_skip(&host);
  host_lose(&host, SHERD_ELOST);
  expect(&host, "event DISCONNECTED*");
  expect(&host, "event CONNECTING resuming");
  expect(&host, "connect gateway.test:443 tls");
}

static void a_kept_resume_url_without_tls_is_not_followed_either(void **state) {
  (void)state;
  host_deinit(&host);
  struct sherd_gateway_config config = host_config();
  const struct sherd_session kept = {
      .id = "kept", .resume_url = "ws://resume.test", .seq = 7, .shard_count = 1};
  config.session = &kept;
  host_init(&host, &config);
  host_start(&host);
  expect(&host, "event CONNECTING resuming");
  expect(&host, "connect gateway.test:443 tls");
}

/* --- Sequence numbers --- */

static void repeats_are_dropped_and_holes_reported(void **state) {
  (void)state;
  host_to_active(&host);
  host_say(&host, "{\"t\":\"A\",\"s\":2,\"op\":0,\"d\":{}}");
  host_say(&host, "{\"t\":\"B\",\"s\":2,\"op\":0,\"d\":{}}");
  host_say(&host, "{\"t\":\"C\",\"s\":1,\"op\":0,\"d\":{}}");
  host_say(&host, "{\"t\":\"D\",\"s\":6,\"op\":0,\"d\":{}}");
  host_say(&host, "{\"t\":\"E\",\"s\":null,\"op\":0,\"d\":{}}");
  host_say(&host, "{\"t\":\"F\",\"s\":7,\"op\":0,\"d\":{}}");
  expect(&host, "event A 2");
  expect(&host, "event SEQUENCE_GAP 6 missing=3");
  expect(&host, "event D 6");
  expect(&host, "event E -");
  expect(&host, "event F 7");
  expect_silence(&host);
  const struct sherd_engine_stats *stats = sherd_engine_stats(host.engine);
  assert_int_equal(stats->repeats, 2);
  assert_int_equal(stats->gaps, 1);
  assert_int_equal(stats->missed, 3);
}

static void a_replay_that_repeats_is_dropped_after_a_resume(void **state) {
  (void)state;
  host_to_active(&host);
  host_say(&host, "{\"t\":\"A\",\"s\":2,\"op\":0,\"d\":{}}");
  host_lose(&host, SHERD_ELOST);
  host_wait(&host, 1000);
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_say(&host, "{\"t\":\"A\",\"s\":2,\"op\":0,\"d\":{}}");
  host_say(&host, "{\"t\":\"B\",\"s\":3,\"op\":0,\"d\":{}}");
  host_say(&host,
           "{\"t\":\"RESUMED\",\"s\":3,\"op\":0,\"d\":{}}"); /* no repeat: it bears no news */
  host_say(&host, "{\"t\":\"C\",\"s\":4,\"op\":0,\"d\":{}}");
  expect(&host, "event B 3");
  expect(&host, "session session-1 seq=3");
  expect(&host, "event RESUMED 3");
  expect(&host, "event C 4");
  expect_silence(&host);
  assert_int_equal(sherd_engine_stats(host.engine)->repeats, 1);
}

static void a_session_may_begin_at_zero(void **state) {
  (void)state;
  host_to_hello(&host, 41250);
  host_grant(&host);
  host_ready(&host, 0);
  host_say(&host, "{\"t\":\"A\",\"s\":1,\"op\":0,\"d\":{}}");
  host_say(&host, "{\"t\":\"A\",\"s\":0,\"op\":0,\"d\":{}}");
  host_lose(&host, SHERD_ELOST);
  host_wait(&host, 1000);
  host_skip(&host);
  host_to_hello(&host, 41250);
  expect(&host, "http*");
  expect(&host, "send {\"op\":6,\"d\":{\"token\":\"" HOST_TOKEN
                "\",\"session_id\":\"session-1\",\"seq\":1}}");
}

static void ready_instead_of_resumed_replaces_the_session(void **state) {
  (void)state;
  host_to_active(&host);
  host_lose(&host, SHERD_ELOST);
  host_wait(&host, 1000);
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_ready(&host, 1);
  expect(&host, "event SESSION_LOST SHERD_EINVALIDSESSION 0 last=1");
  expect(&host, "session*");
  expect(&host, "session session-1 seq=1");
  expect(&host, "event READY 1");
}

/* --- Every opcode in every state that has a connection --- */

static void only_hello_or_reconnect_may_come_first(void **state) {
  (void)state;
  static const char *const firsts[] = {"{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{}}",
                                       "{\"op\":1}",
                                       "{\"op\":9,\"d\":false}",
                                       "{\"op\":11}",
                                       "{\"op\":2}",
                                       "{\"op\":99}"};
  for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
    if (!sherd_engine_is_alive(host.engine))
      host_start(&host);
    host_open(&host);
    host_upgrade(&host);
    host_skip(&host);
    host_say(&host, firsts[i]);
    expect(&host, "close 4000");
    expect(&host, "disconnect");
    expect(&host, "event DISCONNECTED SHERD_EUNEXPECTEDOP 0 reconnecting");
    host_wait(&host, 61000);
  }
}

static void what_is_out_of_place_ends_the_connection(void **state) {
  (void)state;
  static const char *const rows[] = {
      "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}",   /* a second HELLO */
      "{\"op\":0,\"t\":\"GUILD_CREATE\",\"s\":1,\"d\":{}}", /* a dispatch before READY */
      "{\"op\":0,\"t\":\"RESUMED\",\"s\":1,\"d\":{}}",
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    host_to_hello(&host, 41250);
    host_grant(&host);
    host_skip(&host);
    host_say(&host, rows[i]);
    expect(&host, "close 4000");
    expect(&host, "disconnect");
    expect(&host, "event DISCONNECTED SHERD_EUNEXPECTEDOP 0 reconnecting");
    host_wait(&host, 61000);
  }
}

static void a_ready_before_its_identify_is_out_of_place(void **state) {
  (void)state;
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_ready(&host, 1);
  expect(&host, "close 4000");
  expect(&host, "disconnect");
  expect(&host, "cancel");
  expect(&host, "event DISCONNECTED SHERD_EUNEXPECTEDOP 0 reconnecting");
}

static void malformed_envelopes_end_the_connection(void **state) {
  (void)state;
  static const struct {
    const char *json, *status;
  } rows[] = {
      {"{\"d\":1}", "SHERD_EENVELOPE"},
      {"{\"op\":\"0\"}", "SHERD_EENVELOPE"},
      {"{\"op\":0,\"s\":-1,\"t\":\"A\",\"d\":{}}", "SHERD_EENVELOPE"},
      {"{\"op\":0,\"s\":5,\"d\":{}}", "SHERD_EENVELOPE"}, /* a dispatch without a name */
      {"[1]", "SHERD_EENVELOPE"},
      {"{\"op\":0", "SHERD_ETRUNCATED"},
      {"{]", "SHERD_EJSON"},
      {"{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{}}", "SHERD_EENVELOPE"},
      {"{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"a\\u0000b\","
       "\"user\":{\"id\":\"5\"}}}",
       "SHERD_EENVELOPE"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    host_to_hello(&host, 41250);
    host_grant(&host);
    host_skip(&host);
    host_say(&host, rows[i].json);
    expect(&host, "close*");
    expect(&host, "disconnect");
    char line[80];
    snprintf(line, sizeof line, "event DISCONNECTED %s 0 reconnecting", rows[i].status);
    expect(&host, line);
    host_wait(&host, 61000);
  }
}

static void a_hello_without_a_sane_interval_is_refused(void **state) {
  (void)state;
  static const char *const rows[] = {"{\"op\":10,\"d\":{\"heartbeat_interval\":0}}",
                                     "{\"op\":10,\"d\":{\"heartbeat_interval\":-5}}",
                                     "{\"op\":10,\"d\":{\"heartbeat_interval\":\"41250\"}}",
                                     "{\"op\":10,\"d\":{\"heartbeat_interval\":1e99}}",
                                     "{\"op\":10,\"d\":{\"heartbeat_interval\":86400001}}",
                                     "{\"op\":10,\"d\":null}",
                                     "{\"op\":10}"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (!sherd_engine_is_alive(host.engine))
      host_start(&host);
    host_open(&host);
    host_upgrade(&host);
    host_skip(&host);
    host_say(&host, rows[i]);
    expect(&host, "close*");
    expect(&host, "disconnect");
    expect(&host, "event DISCONNECTED SHERD_EHELLO 0 reconnecting");
    host_wait(&host, 61000);
  }
}

static void an_error_s_text_has_no_control_characters(void **state) {
  (void)state;
  struct sherd_error_info info;
  host_to_active(&host);
  host_close_frame(&host, 4000,
                   "a\x1B[31m\x7F \xC2\x9B"
                   "31m \xC3\x9B\xE2\x80\xA8");
  sherd_engine_last_error(host.engine, &info);
  assert_non_null(strstr(info.text, "(close code 4000: a?[31m? ??31m \xC3\x9B\xE2\x80\xA8)"));
}

static void an_error_after_the_upgrade_has_no_http_status(void **state) {
  (void)state;
  struct sherd_error_info info;
  host_to_active(&host);
  host_wait(&host, 2 * 41250);
  sherd_engine_last_error(host.engine, &info);
  assert_int_equal(info.status, SHERD_EZOMBIE);
  assert_int_equal(info.http_status, 0);
}

/* --- Time limits --- */

static void silence_is_limited_in_every_state(void **state) {
  (void)state;
  host_start(&host);
  host_open(&host);
  host_skip(&host);
  host_wait(&host, 9999);
  expect_silence(&host);
  host_wait(&host, 1);
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_EUPGRADETIMEOUT 0 reconnecting");
  host_wait(&host, 1000);
  host_open(&host);
  host_upgrade(&host);
  host_skip(&host);
  host_wait(&host, 20000);
  expect(&host, "close*");
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_EHELLOTIMEOUT 0 reconnecting");
  host_wait(&host, 2000);
  host_to_hello(&host, 86400000);
  host_grant(&host);
  host_skip(&host);
  host_wait(&host, 599999);
  expect_silence(&host);
  host_wait(&host, 1);
  expect(&host, "close*");
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_EREADYTIMEOUT 0 reconnecting");
}

static void wait_days(unsigned days) {
  for (; days; days--) {
    host_wait(&host, 86400000);
    host_say(&host, "{\"op\":11}");
  }
}

/* UINT32_MAX, which is SHERD_NEVER, would be 49 days. */
static void a_session_may_be_waited_for_without_end(void **state) {
  (void)state;
  host_deinit(&host);
  struct sherd_gateway_config config = host_config();
  config.ready_timeout_ms = SHERD_NEVER;
  host_init(&host, &config);
  host_to_hello(&host, 86400000);
  host_grant(&host);
  wait_days(60);
  assert_int_equal(sherd_engine_state(host.engine), SHERD_ENGINE_AWAIT_READY);
  host_ready(&host, 1);
  host_lose(&host, SHERD_ELOST);
  host_wait(&host, 1000);
  host_to_hello(&host, 86400000);
  wait_days(60);
  assert_int_equal(sherd_engine_state(host.engine), SHERD_ENGINE_AWAIT_RESUMED);
}

static void pauses_grow_while_nothing_answers(void **state) {
  (void)state;
  host_start(&host);
  static const uint64_t pauses_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
  for (size_t i = 0; i < sizeof pauses_ms / sizeof *pauses_ms; i++) {
    host_lose(&host, SHERD_ECONNREFUSED);
    host_skip(&host);
    host_wait(&host, pauses_ms[i] - 1);
    expect_silence(&host);
    host_wait(&host, 1);
    expect(&host, "event CONNECTING");
    expect(&host, "connect*");
  }
}

/* --- The close --- */

static void a_close_ends_the_session(void **state) {
  (void)state;
  host_to_active(&host);
  host_close(&host, false);
  expect(&host, "close 1000");
  expect_silence(&host);
  assert_true(sherd_engine_is_alive(host.engine));
  host_say(&host, "{\"t\":\"A\",\"s\":2,\"op\":0,\"d\":{}}");
  expect_silence(&host);
  host_close_frame(&host, 1000, NULL);
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_ECLOSED 0");
  expect(&host, "session none");
  expect(&host, "event CLOSED SHERD_OK");
  expect(&host, "ended SHERD_OK");
  expect_silence(&host);
  assert_false(sherd_engine_is_alive(host.engine));
  host_close(&host, false);
  expect_silence(&host);
}

static void a_resumable_close_keeps_the_session_for_another_process(void **state) {
  (void)state;
  host_to_active(&host);
  host_close(&host, true);
  expect(&host, "close 4000");
  host_wait(&host, 5000); /* the peer never answers */
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_ECLOSED 0 resuming");
  expect(&host, "session session-1 seq=1");
  expect(&host, "event CLOSED SHERD_OK");
  expect(&host, "ended SHERD_OK");
  struct sherd_session session;
  assert_int_equal(sherd_engine_session(host.engine, &session), SHERD_OK);
  host_deinit(&host);
  struct sherd_gateway_config config = host_config();
  config.session = &session;
  host_init(&host, &config);
  host_start(&host);
  expect(&host, "event CONNECTING resuming");
  expect(&host, "connect resume.test:443 tls");
  sherd_snowflake user_id;
  assert_int_equal(sherd_engine_user_id(host.engine, &user_id), SHERD_OK);
  host_to_hello(&host, 41250);
  expect(&host, "http*");
  expect(&host, "send {\"op\":6,*");
}

static void a_close_works_in_every_state(void **state) {
  (void)state;
  host_close(&host, false);
  expect_silence(&host); /* never started */
  host_start(&host);
  host_skip(&host);
  host_close(&host, false); /* CONNECTING */
  expect(&host, "disconnect");
  expect(&host, "event DISCONNECTED SHERD_ECLOSED 0");
  expect(&host, "event CLOSED SHERD_OK");
  expect(&host, "ended SHERD_OK");
  host_start(&host);
  host_lose(&host, SHERD_ECONNREFUSED);
  host_skip(&host);
  host_close(&host, false); /* AWAIT_RETRY */
  expect(&host, "event CLOSED SHERD_OK");
  expect(&host, "ended SHERD_OK");
  host_start(&host);
  host_open(&host);
  host_skip(&host);
  host_close(&host, false); /* AWAIT_UPGRADE */
  expect(&host, "disconnect");
  host_skip(&host);
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_close(&host, false); /* AWAIT_PERMIT */
  expect(&host, "cancel");
  expect(&host, "close 1000");
  host_lose(&host, SHERD_ELOST);
  expect(&host, "event DISCONNECTED SHERD_ECLOSED 0");
  expect(&host, "event CLOSED SHERD_OK");
  expect(&host, "ended SHERD_OK");
  assert_int_equal(sherd_engine_deadline(host.engine), UINT64_MAX);
}

static void it_starts_again_after_a_close(void **state) {
  (void)state;
  host_to_active(&host);
  assert_int_equal(sherd_engine_start(host.engine, host.now_ms), SHERD_EALREADY);
  host_close(&host, false);
  host_lose(&host, SHERD_ELOST);
  host_skip(&host);
  host_start(&host);
  expect(&host, "event CONNECTING");
  expect(&host, "connect gateway.test:443 tls");
}

/* --- What the server closes with --- */

static void drop_with(uint16_t code) {
  host_skip(&host);
  host_close_frame(&host, code, "reason");
}

static void close_codes_decide_what_comes_next(void **state) {
  (void)state;
  static const struct {
    uint16_t code;
    const char *status;
    char next; /* r: resume, n: new session, f: fatal */
  } rows[] = {
      {1000, "SHERD_ESERVERCLOSED", 'r'},
      {1001, "SHERD_ESERVERCLOSED", 'r'},
      {1011, "SHERD_ESERVERCLOSED", 'r'},
      {4000, "SHERD_ESERVERERROR", 'r'},
      {4001, "SHERD_EUNKNOWNOPCODE", 'r'},
      {4002, "SHERD_EDECODE", 'r'},
      {4003, "SHERD_ENOTAUTHENTICATED", 'r'},
      {4004, "SHERD_EAUTH", 'f'},
      {4005, "SHERD_EALREADYAUTHENTICATED", 'r'},
      {4006, "SHERD_ESERVERCLOSED", 'r'},
      {4007, "SHERD_EBADSEQ", 'n'},
      {4008, "SHERD_ESENDLIMIT", 'r'},
      {4009, "SHERD_ESESSIONTIMEOUT", 'n'},
      {4010, "SHERD_EBADSHARD", 'f'},
      {4011, "SHERD_ESHARDINGREQUIRED", 'f'},
      {4012, "SHERD_EBADVERSION", 'f'},
      {4013, "SHERD_EBADINTENTS", 'f'},
      {4014, "SHERD_EDISALLOWEDINTENTS", 'f'},
      {4500, "SHERD_ESERVERCLOSED", 'r'},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    host_to_active(&host);
    drop_with(rows[i].code);
    char line[100];
    /* An echo, but for the codes that would end the session. */
    snprintf(line, sizeof line, "close %u", rows[i].code <= 1001 ? 4000u : (unsigned)rows[i].code);
    expect(&host, line);
    expect(&host, "disconnect");
    snprintf(line, sizeof line, "event DISCONNECTED %s %u%s%s", rows[i].status,
             (unsigned)rows[i].code, rows[i].next == 'r' ? " resuming" : "",
             rows[i].next == 'f' ? "" : " reconnecting");
    expect(&host, line);
    if (rows[i].next != 'r') {
      snprintf(line, sizeof line, "event SESSION_LOST %s %u last=1", rows[i].status,
               (unsigned)rows[i].code);
      expect(&host, line);
      expect(&host, "session none");
    }
    struct sherd_error_info info;
    sherd_engine_last_error(host.engine, &info);
    assert_int_equal(info.close_code, rows[i].code);
    assert_string_equal(sherd_status_name(info.status), rows[i].status);
    assert_non_null(strstr(info.text, "reason"));
    if (rows[i].next == 'f') {
      snprintf(line, sizeof line, "event CLOSED %s", rows[i].status);
      expect(&host, line);
      snprintf(line, sizeof line, "ended %s", rows[i].status);
      expect(&host, line);
      assert_int_equal(sherd_engine_state(host.engine), SHERD_ENGINE_FATAL);
      assert_false(sherd_engine_is_alive(host.engine));
      assert_int_equal(sherd_engine_deadline(host.engine), UINT64_MAX);
    }
    expect_silence(&host);
    host_deinit(&host);
    begin(NULL);
  }
}

static void a_doubtful_session_is_resumed_once(void **state) {
  (void)state;
  host_to_active(&host);
  drop_with(4003);
  host_wait(&host, 61000);
  host_to_hello(&host, 41250);
  drop_with(4005);
  assert_true(host_saw(&host, "event SESSION_LOST SHERD_EALREADYAUTHENTICATED 4005 last=1"));
  host_skip(&host);
  host_wait(&host, 61000);
  expect(&host, "event CONNECTING");
  expect(&host, "connect gateway.test:443 tls");
}

static void attempts_can_be_limited(void **state) {
  (void)state;
  host_deinit(&host);
  struct sherd_gateway_config config = host_config();
  config.max_attempts = 3;
  host_init(&host, &config);
  host_start(&host);
  for (int i = 0; i < 3; i++) {
    host_skip(&host);
    host_lose(&host, SHERD_ECONNREFUSED);
    if (i < 2)
      host_wait(&host, 61000);
  }
  expect(&host, "event DISCONNECTED SHERD_ECONNREFUSED 0");
  expect(&host, "event CLOSED SHERD_ECONNREFUSED");
  expect(&host, "ended SHERD_ECONNREFUSED");
  host_start(&host); /* and then it has three more */
  host_lose(&host, SHERD_ECONNREFUSED);
  assert_true(sherd_engine_is_alive(host.engine));
}

static void who_gives_up_by_himself_keeps_the_session(void **state) {
  (void)state;
  host_deinit(&host);
  struct sherd_gateway_config config = host_config();
  config.max_attempts = 1;
  host_init(&host, &config);
  host_to_active(&host);
  host_lose(&host, SHERD_ELOST);
  host_wait(&host, 61000);
  host_skip(&host);
  host_lose(&host, SHERD_ECONNREFUSED);
  expect(&host, "event DISCONNECTED SHERD_ECONNREFUSED 0");
  expect(&host, "session session-1 seq=1");
  expect(&host, "event CLOSED SHERD_ECONNREFUSED");
  expect(&host, "ended SHERD_ECONNREFUSED");
  host_start(&host);
  expect(&host, "event CONNECTING resuming");
}

static void a_wrong_certificate_at_first_is_a_wrong_configuration(void **state) {
  (void)state;
  host_start(&host);
  host_skip(&host);
  host_lose(&host, SHERD_ETLSEXPIRED);
  expect(&host, "event DISCONNECTED SHERD_ETLSEXPIRED 0");
  expect(&host, "event CLOSED SHERD_ETLSEXPIRED");
  expect(&host, "ended SHERD_ETLSEXPIRED");
  /* ... but once a connection was good, a wrong one passes. */
  host_to_active(&host);
  host_lose(&host, SHERD_ELOST);
  host_wait(&host, 1000);
  host_skip(&host);
  host_lose(&host, SHERD_ETLSHOST);
  expect(&host, "event DISCONNECTED SHERD_ETLSHOST 0 resuming reconnecting");
}

static void nothing_but_the_close_frame_counts_while_closing(void **state) {
  (void)state;
  host_to_active(&host);
  host_close(&host, true);
  host_skip(&host);
  uint64_t bytes_out = sherd_engine_stats(host.engine)->bytes_out;
  host_frame(&host, SHERD__FRAMES_PING, "ping", 4);
  host_say(&host, "{\"op\":1}");
  host_say(&host, "{\"t\":\"A\",\"s\":2,\"op\":0,\"d\":{}}");
  expect_silence(&host);
  assert_int_equal(sherd_engine_stats(host.engine)->bytes_out, bytes_out); /* no pong either */
  host_close_frame(&host, 4000, "");
  expect(&host, "disconnect");
}

static void an_end_of_file_without_a_status_is_a_loss(void **state) {
  (void)state;
  host_to_active(&host);
  host_lose(&host, SHERD_OK);
  expect(&host, "event DISCONNECTED SHERD_ELOST 0 resuming reconnecting");
}

static void what_the_host_knows_of_a_loss_is_the_last_error(void **state) {
  (void)state;
  struct sherd_error_info info = {.http_status = 407, .os_error = 111, .text = "by proxy.test"};
  host_start(&host);
  assert_int_equal(sherd_engine_lost(host.engine, SHERD_EPROXYAUTH, &info, 0), SHERD_OK);
  memset(&info, 0, sizeof info);
  sherd_engine_last_error(host.engine, &info);
  assert_int_equal(info.status, SHERD_EPROXYAUTH);
  assert_int_equal(info.http_status, 407);
  assert_int_equal(info.os_error, 111);
  assert_non_null(strstr(info.text, "(by proxy.test)"));
}

static void a_host_that_does_not_drain_is_refused(void **state) {
  (void)state;
  enum sherd_status status = sherd_engine_start(host.engine, 0);
  uint64_t now_ms = 0;
  for (int i = 0; i < 20 && !status; i++) {
    status = sherd_engine_lost(host.engine, SHERD_ELOST, NULL, now_ms);
    if (!status)
      status = sherd_engine_tick(host.engine, now_ms += 61000);
  }
  assert_int_equal(status, SHERD_ESTATE);
}

static void an_end_must_be_drained_before_a_start(void **state) {
  (void)state;
  host_start(&host);
  host_lose(&host, SHERD_ELOST);
  assert_int_equal(sherd_engine_close(host.engine, false, host.now_ms), SHERD_OK);
  assert_int_equal(sherd_engine_start(host.engine, host.now_ms), SHERD_ESTATE);
  host_drain(&host);
  assert_true(host_saw(&host, "ended SHERD_OK"));
  host_start(&host);
}

static void a_clock_that_goes_back_stands_still(void **state) {
  (void)state;
  host_to_active(&host);
  host_wait(&host, 41250);
  uint64_t deadline_ms = sherd_engine_deadline(host.engine);
  host.now_ms -= 1000;
  host_say(&host, "{\"op\":11}");
  assert_true(sherd_engine_heartbeat_latency(host.engine) == 0.0);
  assert_int_equal(sherd_engine_deadline(host.engine), deadline_ms);
}

/* --- What counts in a row, and since when --- */

static void restart_with(const struct sherd_gateway_config *config) {
  host_deinit(&host);
  host_init(&host, config);
  host_start(&host);
}

static void resume(unsigned seq) {
  host_to_hello(&host, 41250);
  host_sayf(&host, "{\"t\":\"RESUMED\",\"s\":%u,\"op\":0,\"d\":{}}", seq);
  assert_true(sherd_engine_is_connected(host.engine));
}

static void fail_attempts(unsigned count, enum sherd_status why) {
  for (unsigned i = 0; i < count; i++) {
    host_lose(&host, why);
    host_skip(&host);
    host_wait(&host, 61000);
  }
}

static void a_wrong_certificate_later_is_an_outage(void **state) {
  (void)state;
  host_to_active(&host);
  fail_attempts(1 + 3, SHERD_ETLSCA); /* and three times at the resume URL */
  expect(&host, "event CONNECTING resuming");
  expect(&host, "connect gateway.test:443 tls");
  host_lose(&host, SHERD_ETLSCA);
  assert_true(sherd_engine_is_alive(host.engine));
  host_close(&host, true);
  host_start(&host); /* a new start, perhaps with another file of authorities */
  host_lose(&host, SHERD_ETLSCA);
  assert_int_equal(sherd_engine_state(host.engine), SHERD_ENGINE_FATAL);
}

static void a_wrong_certificate_at_the_resume_url_is_its_own(void **state) {
  (void)state;
  const struct sherd_session kept = {
      .id = "kept", .resume_url = "wss://resume.test", .seq = 7, .shard_count = 1};
  struct sherd_gateway_config config = host_config();
  config.session = &kept;
  restart_with(&config);
  host_lose(&host, SHERD_ETLSHOST);
  assert_true(sherd_engine_is_alive(host.engine));
}

static void a_resume_url_without_a_gateway_behind_it_is_given_up(void **state) {
  (void)state;
  host_to_active(&host);
  fail_attempts(1, SHERD_ELOST);
  for (int i = 0; i < 3; i++) {
    expect(&host, "event CONNECTING resuming");
    expect(&host, "connect resume.test:443 tls");
    host_open(&host);
    host_upgrade(&host); /* and no HELLO */
    fail_attempts(1, SHERD_ELOST);
  }
  expect(&host, "event CONNECTING resuming");
  expect(&host, "connect gateway.test:443 tls");
}

static void a_resume_forgives_its_url(void **state) {
  (void)state;
  host_to_active(&host);
  fail_attempts(1 + 2, SHERD_ELOST);
  resume(2);
  fail_attempts(1 + 2, SHERD_ELOST);
  expect(&host, "event CONNECTING resuming");
  expect(&host, "connect resume.test:443 tls");
}

static void a_resume_takes_the_doubt_away(void **state) {
  (void)state;
  host_to_active(&host);
  for (unsigned i = 0; i < 3; i++) {
    drop_with(4003);
    assert_true(host_saw(&host, "event DISCONNECTED SHERD_ENOTAUTHENTICATED 4003 resuming"));
    host_wait(&host, 61000);
    resume(2 + i);
  }
}

static void ready_and_resumed_renew_the_attempts(void **state) {
  (void)state;
  struct sherd_gateway_config config = host_config();
  config.max_attempts = 3;
  restart_with(&config);
  fail_attempts(2, SHERD_ELOST);
  host_to_active(&host);
  fail_attempts(1 + 2, SHERD_ELOST); /* the one that was up is none of the three */
  resume(2);
  fail_attempts(1 + 2, SHERD_ELOST);
  assert_true(sherd_engine_is_alive(host.engine));
  host_lose(&host, SHERD_ELOST);
  assert_false(sherd_engine_is_alive(host.engine));
}

static void a_new_start_begins_with_short_pauses(void **state) {
  (void)state;
  host_start(&host);
  fail_attempts(3, SHERD_ECONNREFUSED);
  host_close(&host, false);
  host_start(&host);
  host_lose(&host, SHERD_ECONNREFUSED);
  assert_int_equal(sherd_engine_deadline(host.engine), host.now_ms + 1000);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
  const struct CMUnitTest tests[] = {
      TEST(a_session_begins),
      TEST(heartbeats_begin_jittered_and_go_on),
      TEST(a_beat_before_ready_has_no_sequence),
      TEST(a_zombie_is_closed_and_resumed),
      TEST(a_requested_beat_goes_out_at_once_and_out_of_turn),
      TEST(a_held_host_is_no_zombie),
      TEST(once_released_a_host_has_an_interval_to_read_the_acks),
      TEST(a_held_host_misses_no_answer),
      TEST(reconnect_before_hello_keeps_the_session),
      TEST(reconnect_after_a_healthy_spell_is_immediate),
      TEST(invalid_session_false_begins_anew_after_a_pause),
      TEST(invalid_session_true_resumes_after_a_pause),
      TEST(invalid_session_instead_of_ready_asks_for_a_new_permit),
      TEST(a_permit_that_is_not_needed_is_given_back),
      TEST(heartbeats_go_on_while_a_permit_is_awaited),
      TEST(a_resume_url_that_fails_is_given_up_before_the_session),
      TEST(a_session_that_no_resume_is_answered_for_is_given_up),
      TEST(a_replay_that_is_cut_again_and_again_goes_on),
      TEST(the_time_for_an_answer_counts_from_the_question),
      TEST(a_session_without_a_number_is_kept_once_it_has_one),
      TEST(a_resume_url_without_tls_is_not_followed),
      TEST(a_kept_resume_url_without_tls_is_not_followed_either),
      TEST(repeats_are_dropped_and_holes_reported),
      TEST(a_replay_that_repeats_is_dropped_after_a_resume),
      TEST(a_session_may_begin_at_zero),
      TEST(ready_instead_of_resumed_replaces_the_session),
      TEST(only_hello_or_reconnect_may_come_first),
      TEST(what_is_out_of_place_ends_the_connection),
      TEST(a_ready_before_its_identify_is_out_of_place),
      TEST(malformed_envelopes_end_the_connection),
      TEST(a_hello_without_a_sane_interval_is_refused),
      TEST(an_error_s_text_has_no_control_characters),
      TEST(an_error_after_the_upgrade_has_no_http_status),
      TEST(silence_is_limited_in_every_state),
      TEST(a_session_may_be_waited_for_without_end),
      TEST(pauses_grow_while_nothing_answers),
      TEST(a_close_ends_the_session),
      TEST(a_resumable_close_keeps_the_session_for_another_process),
      TEST(a_close_works_in_every_state),
      TEST(it_starts_again_after_a_close),
      TEST(close_codes_decide_what_comes_next),
      TEST(a_doubtful_session_is_resumed_once),
      TEST(attempts_can_be_limited),
      TEST(who_gives_up_by_himself_keeps_the_session),
      TEST(a_wrong_certificate_at_first_is_a_wrong_configuration),
      TEST(nothing_but_the_close_frame_counts_while_closing),
      TEST(an_end_of_file_without_a_status_is_a_loss),
      TEST(what_the_host_knows_of_a_loss_is_the_last_error),
      TEST(a_host_that_does_not_drain_is_refused),
      TEST(an_end_must_be_drained_before_a_start),
      TEST(a_clock_that_goes_back_stands_still),
      TEST(a_wrong_certificate_later_is_an_outage),
      TEST(a_wrong_certificate_at_the_resume_url_is_its_own),
      TEST(a_resume_url_without_a_gateway_behind_it_is_given_up),
      TEST(a_resume_forgives_its_url),
      TEST(a_resume_takes_the_doubt_away),
      TEST(ready_and_resumed_renew_the_attempts),
      TEST(a_new_start_begins_with_short_pauses),
  };
#undef TEST
  return cmocka_run_group_tests(tests, NULL, NULL);
}
