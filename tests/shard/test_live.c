/* A live shard's life, against a scripted gateway on the loopback. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "watch.h"

struct fixture {
  struct watch watch;
  struct script_server *server;
  struct sherd_shard_config config;
  struct sherd_shard *shard;
};

static void begin(struct fixture *fixture, const struct script_step *script) {
  watch_init(&fixture->watch);
  fixture->server = script_server_start_one(script);
  fixture->config = watch_config(&fixture->watch, fixture->server);
  fixture->shard = watch_shard(&fixture->config);
}

static void begin_scripts(struct fixture *fixture, const struct script_step *const *scripts,
                          size_t count) {
  watch_init(&fixture->watch);
  fixture->server = script_server_start(scripts, count);
  fixture->config = watch_config(&fixture->watch, fixture->server);
  fixture->shard = watch_shard(&fixture->config);
}

static void end(struct fixture *fixture) {
  sherd_shard_free(fixture->shard);
  script_server_stop(fixture->server);
  watch_deinit(&fixture->watch);
}

static const struct script_step well_behaved[] = {SCRIPT_LOGIN, SCRIPT_END};
static const struct script_step silent[] = {SCRIPT_UPGRADE, SCRIPT_DEAF, SCRIPT_END};
static const struct script_step wrong_token[] = {SCRIPT_UPGRADE, SCRIPT_HELLO, SCRIPT_EXPECT(2),
                                                 SCRIPT_CLOSE(4004), SCRIPT_END};

/* --- Start --- */

static void a_start_returns_at_ready(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  assert_true(sherd_shard_is_alive(f.shard));
  assert_true(sherd_shard_is_connected(f.shard));
  watch_expect(&f.watch, "CONNECTING\nREADY 1");
  sherd_snowflake user_id = 0;
  assert_int_equal(sherd_shard_get_user_id(f.shard, &user_id), SHERD_OK);
  assert_int_equal(user_id, 81);
  struct sherd_session session;
  assert_int_equal(sherd_shard_session(f.shard, &session), SHERD_OK);
  assert_string_equal(session.id, "scripted");
  assert_int_equal(session.seq, 1);
  struct sherd_engine_stats stats;
  assert_int_equal(sherd_shard_stats(f.shard, &stats), SHERD_OK);
  assert_int_equal(stats.connects, 1);
  assert_int_equal(stats.identifies, 1);
  assert_int_equal(stats.dispatches, 1);
  struct sherd_error_info error;
  sherd_last_error(f.shard, &error);
  assert_int_equal(error.status, SHERD_OK);

  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  assert_false(sherd_shard_is_alive(f.shard));
  assert_false(sherd_shard_is_connected(f.shard));
  watch_expect(&f.watch, "CONNECTING\nREADY 1\nDISCONNECTED SHERD_ECLOSED 0\nCLOSED SHERD_OK");
  assert_string_equal(script_server_wait(f.server, SCRIPT_OP_CLOSE, 0), "1000");
  assert_int_equal(sherd_shard_get_user_id(f.shard, &user_id), SHERD_OK); /* known for good */
  end(&f);
}

static void what_it_was_made_with_can_be_read_at_any_time(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved);
  struct sherd_shard_config config = f.config;
  config.gateway.shard_id = 3;
  config.gateway.shard_count = 16;
  config.gateway.capabilities = SHERD_CAPABILITY_CHANNEL_OBFUSCATION;
  struct sherd_shard *shard = watch_shard(&config);
  assert_int_equal(sherd_shard_id(shard), 3);
  assert_int_equal(sherd_shard_count(shard), 16);
  assert_int_equal(sherd_shard_intents(shard), config.gateway.intents);
  assert_int_equal(sherd_shard_capabilities(shard), SHERD_CAPABILITY_CHANNEL_OBFUSCATION);
  assert_int_equal(sherd_shard_count(f.shard), 1);
  sherd_shard_free(shard);
  end(&f);
}

static void a_fresh_shard_is_not_alive(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved);
  sherd_snowflake user_id = 7;
  struct sherd_session session;
  struct sherd_voice_state voice = {0};
  struct sherd_event *event;
  assert_false(sherd_shard_is_alive(f.shard));
  assert_false(sherd_shard_is_connected(f.shard));
  assert_true(isnan(sherd_shard_heartbeat_latency(f.shard)));
  assert_int_equal(sherd_shard_get_user_id(f.shard, &user_id), SHERD_ENOTCONNECTED);
  assert_int_equal(user_id, 7);
  assert_int_equal(sherd_shard_session(f.shard, &session), SHERD_ENOTFOUND);
  assert_int_equal(sherd_shard_update_voice_state(f.shard, 1, &voice), SHERD_ENOTCONNECTED);
  assert_int_equal(sherd_shard_request_channel_info(f.shard, 1, SHERD_CHANNEL_INFO_STATUS),
                   SHERD_ENOTCONNECTED);
  assert_int_equal(sherd_shard_join(f.shard, SHERD_FOREVER), SHERD_ENOTALIVE);
  assert_int_equal(sherd_shard_next(f.shard, 0, &event), SHERD_ESTATE); /* it has a callback */
  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  assert_int_equal(sherd_shard_close_resumable(f.shard, &session), SHERD_ENOTFOUND);
  watch_expect(&f.watch, "");
  end(&f);
}

/* The second IDENTIFY would have to wait for 5 s: here the second run ends before that. */
static void a_second_start_is_refused_and_one_after_close_is_not(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_EALREADY);
  assert_int_equal(sherd_shard_start_async(f.shard, watch_done, &f.watch), SHERD_EALREADY);
  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  assert_int_equal(sherd_shard_start_async(f.shard, watch_done, &f.watch), SHERD_OK);
  assert_non_null(script_server_wait(f.server, SCRIPT_OP_REQUEST, 1));
  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  assert_int_equal(sherd_shard_join(f.shard, SHERD_FOREVER), SHERD_OK);
  assert_true(watch_wait_done(&f.watch, 1));
  assert_int_equal(f.watch.done_count, 1);
  assert_int_equal(f.watch.done_status, SHERD_ECLOSED);
  assert_int_equal(watch_count(&f.watch, "CLOSED SHERD_OK"), 2);
  assert_int_equal(script_server_count(f.server, 2), 1); /* IDENTIFY */
  end(&f);
}

static void trouble_that_may_pass_is_retried(void **state) {
  static const struct script_step dropped[] = {SCRIPT_UPGRADE, SCRIPT_DROP, SCRIPT_END};
  static const struct script_step *const scripts[] = {dropped, well_behaved};
  struct fixture f;
  (void)state;
  begin_scripts(&f, scripts, 2);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  watch_expect(&f.watch,
               "CONNECTING\nDISCONNECTED SHERD_ELOST 0 reconnecting\nCONNECTING\nREADY 1");
  end(&f);
}

static void a_permanent_failure_ends_the_start(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, wrong_token);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_EAUTH);
  assert_false(sherd_shard_is_alive(f.shard));
  watch_expect(&f.watch, "CONNECTING\nDISCONNECTED SHERD_EAUTH 4004\nCLOSED SHERD_EAUTH");
  struct sherd_error_info error;
  sherd_last_error(f.shard, &error);
  assert_int_equal(error.status, SHERD_EAUTH);
  assert_int_equal(error.close_code, 4004);
  assert_non_null(strstr(error.text, "SHERD_TOKEN"));
  /* Also long after, and as often as one likes. */
  assert_int_equal(sherd_shard_join(f.shard, SHERD_FOREVER), SHERD_EAUTH);
  assert_int_equal(sherd_shard_join(f.shard, 0), SHERD_EAUTH);
  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  end(&f);
}

static void attempts_can_be_limited(void **state) {
  static const struct script_step dropped[] = {SCRIPT_DROP, SCRIPT_END};
  struct fixture f;
  (void)state;
  begin(&f, dropped);
  struct sherd_shard_config config = f.config;
  config.gateway.max_attempts = 2;
  sherd_shard_free(f.shard);
  f.shard = watch_shard(&config);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_ELOST);
  assert_int_equal(watch_count(&f.watch, "CONNECTING"), 2);
  assert_int_equal(sherd_shard_join(f.shard, 0), SHERD_ELOST);
  end(&f);
}

static void a_start_gives_up_after_its_time(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, silent);
  struct sherd_shard_config config = f.config;
  config.start_timeout_ms = 100;
  config.gateway.close_timeout_ms = 50; /* that server does not answer a close either */
  sherd_shard_free(f.shard);
  f.shard = watch_shard(&config);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_ETIMEDOUT);
  assert_false(sherd_shard_is_alive(f.shard));
  struct sherd_error_info error;
  sherd_last_error(f.shard, &error);
  assert_int_equal(error.status, SHERD_ETIMEDOUT);
  assert_non_null(strstr(error.text, "start_timeout_ms"));
  assert_true(watch_wait(&f.watch, "CLOSED SHERD_ETIMEDOUT"));
  assert_int_equal(sherd_shard_join(f.shard, SHERD_FOREVER), SHERD_ETIMEDOUT);
  assert_int_equal(sherd_shard_start_async(f.shard, watch_done, &f.watch), SHERD_OK);
  assert_true(watch_wait_done(&f.watch, 1));
  assert_int_equal(f.watch.done_status, SHERD_ETIMEDOUT);
  /* A command that is refused is the newer failure. */
  struct sherd_voice_state voice = {0};
  assert_int_equal(sherd_shard_update_voice_state(f.shard, 1, &voice), SHERD_ENOTCONNECTED);
  sherd_last_error(f.shard, &error);
  assert_int_equal(error.status, SHERD_ENOTCONNECTED);
  end(&f);
}

static void a_start_that_was_in_time_is_left_alone(void **state) {
  static const struct script_step fast[] = {SCRIPT_UPGRADE,   SCRIPT_HELLO_MS(100),
                                            SCRIPT_EXPECT(2), SCRIPT_READY,
                                            SCRIPT_EXPECT(1), SCRIPT_EXPECT(1),
                                            SCRIPT_EXPECT(1), SCRIPT_DISPATCH("TYPING_START", "{}"),
                                            SCRIPT_END};
  struct fixture f;
  (void)state;
  begin(&f, fast);
  struct sherd_shard_config config = f.config;
  config.start_timeout_ms = 150;
  sherd_shard_free(f.shard);
  f.shard = watch_shard(&config);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  assert_true(watch_wait(&f.watch, "TYPING_START 2")); /* over 150 ms later */
  assert_true(sherd_shard_is_connected(f.shard));
  assert_true(sherd_shard_heartbeat_latency(f.shard) >= 0);
  end(&f);
}

static void an_asynchronous_start_tells_once(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved);
  assert_int_equal(sherd_shard_start_async(f.shard, watch_done, &f.watch), SHERD_OK);
  assert_true(sherd_shard_is_alive(f.shard)); /* from the first moment */
  assert_true(watch_wait_done(&f.watch, 1));
  assert_int_equal(f.watch.done_status, SHERD_OK);
  assert_int_equal(sherd_shard_close_async(f.shard, watch_done, &f.watch), SHERD_OK);
  assert_int_equal(sherd_shard_close_async(f.shard, NULL, NULL), SHERD_OK);
  assert_int_equal(sherd_shard_join(f.shard, SHERD_FOREVER), SHERD_OK);
  assert_true(watch_wait_done(&f.watch, 2));
  assert_int_equal(f.watch.done_status, SHERD_OK);
  assert_int_equal(sherd_shard_close_async(f.shard, watch_done, &f.watch), SHERD_OK);
  assert_true(watch_wait_done(&f.watch, 3)); /* also when there is nothing to close */
  end(&f);
}

/* --- Join and close --- */

static void a_join_that_gives_up_changes_nothing(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  assert_int_equal(sherd_shard_join(f.shard, 0), SHERD_ETIMEDOUT);
  assert_int_equal(sherd_shard_join(f.shard, 20), SHERD_ETIMEDOUT);
  assert_true(sherd_shard_is_connected(f.shard));
  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  assert_int_equal(sherd_shard_join(f.shard, 20), SHERD_OK);
  end(&f);
}

struct call {
  uv_thread_t thread;
  struct sherd_shard *shard;
  enum sherd_status status;
};

static void run_start(void *arg) {
  struct call *call = arg;
  call->status = sherd_shard_start(call->shard);
}

static void run_join(void *arg) {
  struct call *call = arg;
  call->status = sherd_shard_join(call->shard, SHERD_FOREVER);
}

static void run_close(void *arg) {
  struct call *call = arg;
  call->status = sherd_shard_close(call->shard);
}

static void call_begin(struct call *call, uv_thread_cb run, struct sherd_shard *shard) {
  call->shard = shard;
  assert_int_equal(uv_thread_create(&call->thread, run, call), 0);
}

static enum sherd_status call_end(struct call *call) {
  uv_thread_join(&call->thread);
  return call->status;
}

static void any_number_of_threads_may_join_and_close(void **state) {
  enum {
    COUNT = 8
  };
  struct fixture f;
  struct call joins[COUNT], closes[COUNT];
  (void)state;
  begin(&f, well_behaved);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  for (unsigned i = 0; i < COUNT; i++)
    call_begin(&joins[i], run_join, f.shard);
  for (unsigned i = 0; i < COUNT; i++)
    call_begin(&closes[i], run_close, f.shard);
  for (unsigned i = 0; i < COUNT; i++) {
    assert_int_equal(call_end(&joins[i]), SHERD_OK);
    assert_int_equal(call_end(&closes[i]), SHERD_OK);
  }
  assert_int_equal(watch_count(&f.watch, "CLOSED"), 1);
  assert_non_null(script_server_wait(f.server, SCRIPT_OP_CLOSE, 0));
  assert_int_equal(script_server_count(f.server, SCRIPT_OP_CLOSE), 1);
  end(&f);
}

static void a_shard_that_dies_tells_all_who_join(void **state) {
  static const struct script_step dying[] = {SCRIPT_LOGIN, SCRIPT_SIGNAL, SCRIPT_CLOSE(4014),
                                             SCRIPT_END};
  enum {
    COUNT = 4
  };
  struct fixture f;
  struct call joins[COUNT];
  (void)state;
  begin(&f, dying);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  for (unsigned i = 0; i < COUNT; i++)
    call_begin(&joins[i], run_join, f.shard);
  script_server_signal(f.server);
  for (unsigned i = 0; i < COUNT; i++)
    assert_int_equal(call_end(&joins[i]), SHERD_EDISALLOWEDINTENTS);
  assert_false(sherd_shard_is_alive(f.shard)); /* hikari's stays alive */
  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  watch_expect(&f.watch, "CONNECTING\nREADY 1\nDISCONNECTED SHERD_EDISALLOWEDINTENTS 4014\n"
                         "SESSION_LOST SHERD_EDISALLOWEDINTENTS last=1\n"
                         "CLOSED SHERD_EDISALLOWEDINTENTS");
  end(&f);
}

static void a_close_ends_a_start(void **state) {
  struct fixture f;
  struct call start;
  (void)state;
  begin(&f, silent);
  call_begin(&start, run_start, f.shard);
  assert_non_null(script_server_wait(f.server, SCRIPT_OP_REQUEST, 0));
  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  assert_int_equal(call_end(&start), SHERD_ECLOSED);
  assert_int_equal(sherd_shard_join(f.shard, SHERD_FOREVER), SHERD_OK);
  end(&f);
}

static void close_when_disconnected(struct watch *watch, struct sherd_shard *shard,
                                    const struct sherd_event *event) {
  if (event->type == SHERD_EVENT_DISCONNECTED)
    assert_int_equal(sherd_shard_close_async(shard, watch_done, watch), SHERD_OK);
}

/* A pause of half a second and more follows a failure; after it there would be another attempt. */
static void a_close_ends_a_backoff(void **state) {
  static const struct script_step dropped[] = {SCRIPT_DROP, SCRIPT_END};
  struct fixture f;
  (void)state;
  begin(&f, dropped);
  f.watch.hook = close_when_disconnected;
  assert_int_equal(sherd_shard_start(f.shard), SHERD_ECLOSED);
  assert_true(watch_wait_done(&f.watch, 1));
  assert_int_equal(f.watch.done_status, SHERD_OK);
  watch_expect(&f.watch, "CONNECTING\nDISCONNECTED SHERD_ELOST 0 reconnecting\nCLOSED SHERD_OK");
  end(&f);
}

static void a_close_does_not_wait_for_a_dead_peer(void **state) {
  static const struct script_step deaf[] = {SCRIPT_LOGIN, SCRIPT_DEAF, SCRIPT_END};
  struct fixture f;
  (void)state;
  begin(&f, deaf);
  struct sherd_shard_config config = f.config;
  config.gateway.close_timeout_ms = 1;
  sherd_shard_free(f.shard);
  f.shard = watch_shard(&config);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  assert_non_null(script_server_wait(f.server, SCRIPT_OP_CLOSE, 0)); /* it was asked */
  end(&f);
}

/* --- Sessions --- */

static void a_session_goes_on_in_another_shard(void **state) {
  static const struct script_step first[] = {SCRIPT_LOGIN, SCRIPT_DISPATCH("TYPING_START", "{}"),
                                             SCRIPT_END};
  static const struct script_step second[] = {
      SCRIPT_UPGRADE, SCRIPT_HELLO, SCRIPT_EXPECT(6), SCRIPT_DISPATCH("TYPING_START", "{}"),
      SCRIPT_RESUMED, SCRIPT_END};
  static const struct script_step *const scripts[] = {first, second};
  struct fixture f;
  struct sherd_session session;
  (void)state;
  begin_scripts(&f, scripts, 2);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  assert_true(watch_wait(&f.watch, "TYPING_START 2"));
  assert_int_equal(sherd_shard_close_resumable(f.shard, &session), SHERD_OK);
  assert_string_equal(session.id, "scripted");
  assert_int_equal(session.seq, 2);
  assert_string_equal(session.resume_url, script_server_url(f.server));
  assert_string_equal(script_server_wait(f.server, SCRIPT_OP_CLOSE, 0), "4000");
  struct sherd_session again;
  assert_int_equal(sherd_shard_close_resumable(f.shard, &again), SHERD_OK);
  assert_int_equal(again.seq, 2);
  sherd_shard_free(f.shard);

  struct sherd_shard_config config = f.config;
  config.gateway.session = &session;
  f.shard = watch_shard(&config);
  sherd_snowflake user_id;
  assert_int_equal(sherd_shard_get_user_id(f.shard, &user_id), SHERD_OK); /* it came along */
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  watch_expect(&f.watch, "CONNECTING\nREADY 1\nTYPING_START 2\n"
                         "DISCONNECTED SHERD_ECLOSED 0 resuming\nCLOSED SHERD_OK\n"
                         "CONNECTING resuming\nTYPING_START 3\nRESUMED 4");
  const char *resume = script_server_wait(f.server, 6, 0);
  assert_non_null(strstr(resume, "\"session_id\":\"scripted\""));
  assert_non_null(strstr(resume, "\"seq\":2"));
  end(&f);
}

static void a_kept_session_goes_on_in_its_own_shard(void **state) {
  static const struct script_step first[] = {SCRIPT_LOGIN, SCRIPT_END};
  static const struct script_step second[] = {SCRIPT_UPGRADE, SCRIPT_HELLO, SCRIPT_EXPECT(6),
                                              SCRIPT_RESUMED, SCRIPT_END};
  static const struct script_step *const scripts[] = {first, second};
  struct fixture f;
  struct sherd_session session;
  (void)state;
  begin_scripts(&f, scripts, 2);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  assert_int_equal(sherd_shard_close_resumable(f.shard, &session), SHERD_OK);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  watch_expect(&f.watch, "CONNECTING\nREADY 1\n"
                         "DISCONNECTED SHERD_ECLOSED 0 resuming\nCLOSED SHERD_OK\n"
                         "CONNECTING resuming\nRESUMED 2");
  end(&f);
}

/* What a `done` has found of the session. */
struct kept {
  struct watch *watch;
  struct sherd_session session;
  enum sherd_status session_status;
};

static void look_at_session(struct sherd_shard *shard, enum sherd_status status, void *user) {
  struct kept *kept = user;
  kept->session_status = sherd_shard_session(shard, &kept->session);
  watch_done(shard, status, kept->watch);
}

static void a_session_is_kept_without_waiting(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved);
  struct kept kept = {.watch = &f.watch};
  assert_int_equal(sherd_shard_close_resumable_async(f.shard, look_at_session, &kept), SHERD_OK);
  assert_true(watch_wait_done(&f.watch, 1)); /* never started: there is nothing to keep */
  assert_int_equal(f.watch.done_status, SHERD_ENOTFOUND);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  assert_int_equal(sherd_shard_close_resumable_async(f.shard, look_at_session, &kept), SHERD_OK);
  assert_true(watch_wait_done(&f.watch, 2));
  assert_int_equal(f.watch.done_status, SHERD_OK);
  assert_int_equal(kept.session_status, SHERD_OK);
  assert_string_equal(kept.session.id, "scripted");
  assert_int_equal(kept.session.seq, 1);
  assert_string_equal(script_server_wait(f.server, SCRIPT_OP_CLOSE, 0), "4000");
  assert_int_equal(sherd_shard_close_resumable_async(f.shard, NULL, NULL), SHERD_OK);
  assert_int_equal(sherd_shard_close_resumable_async(f.shard, look_at_session, &kept), SHERD_OK);
  assert_true(watch_wait_done(&f.watch, 3)); /* also when it has ended: it is still there */
  assert_int_equal(f.watch.done_status, SHERD_OK);
  end(&f);
}

/* Whoever asks for the session's end gets it, in whatever order they come. */
static void an_end_goes_before_a_keeping(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved);
  struct kept kept = {.watch = &f.watch};
  assert_int_equal(sherd_shard_start_async(f.shard, NULL, NULL), SHERD_OK);
  assert_int_equal(sherd_shard_close_async(f.shard, NULL, NULL), SHERD_OK);
  assert_int_equal(sherd_shard_close_resumable_async(f.shard, look_at_session, &kept), SHERD_OK);
  assert_true(watch_wait_done(&f.watch, 1));
  assert_int_equal(f.watch.done_status, SHERD_ENOTFOUND);
  assert_int_equal(kept.session_status, SHERD_ENOTFOUND);
  end(&f);
}

static void a_session_that_was_closed_cannot_be_kept(void **state) {
  struct fixture f;
  struct sherd_session session;
  (void)state;
  begin(&f, well_behaved);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  memset(&session, 0xFF, sizeof session);
  assert_int_equal(sherd_shard_close_resumable(f.shard, &session), SHERD_ENOTFOUND);
  assert_false(sherd_session_is_set(&session));
  end(&f);
}

static void note_state(struct watch *watch, struct sherd_shard *shard,
                       const struct sherd_event *event) {
  if (event->type == SHERD_EVENT_DISCONNECTED)
    *(int *)watch->user = sherd_shard_is_alive(shard) * 2 + sherd_shard_is_connected(shard);
}

static void a_lost_connection_is_resumed(void **state) {
  static const struct script_step first[] = {SCRIPT_LOGIN, SCRIPT_SIGNAL, SCRIPT_DROP, SCRIPT_END};
  static const struct script_step second[] = {SCRIPT_UPGRADE, SCRIPT_HELLO, SCRIPT_EXPECT(6),
                                              SCRIPT_RESUMED, SCRIPT_END};
  static const struct script_step *const scripts[] = {first, second};
  struct fixture f;
  int seen = -1;
  (void)state;
  begin_scripts(&f, scripts, 2);
  f.watch.hook = note_state;
  f.watch.user = &seen;
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  script_server_signal(f.server);
  assert_true(watch_wait(&f.watch, "RESUMED 2"));
  assert_true(sherd_shard_is_connected(f.shard));
  assert_int_equal(seen, 2); /* alive and not connected */
  watch_expect(&f.watch, "CONNECTING\nREADY 1\nDISCONNECTED SHERD_ELOST 0 reconnecting resuming\n"
                         "CONNECTING resuming\nRESUMED 2");
  end(&f);
}

/* --- Commands --- */

static void a_presence_is_remembered_before_the_start(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved);
  struct sherd_presence presence = {.status_is = SHERD_FIELD_VALUE,
                                    .status = SHERD_PRESENCE_IDLE,
                                    .activity_is = SHERD_FIELD_VALUE,
                                    .activity = {.name = "with clay"}};
  assert_int_equal(sherd_shard_update_presence(f.shard, &presence), SHERD_OK);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  const char *identify = script_server_wait(f.server, 2, 0);
  assert_non_null(strstr(identify, "\"status\":\"idle\""));
  assert_non_null(strstr(identify, "with clay"));
  assert_int_equal(script_server_count(f.server, 3), 0);
  presence = (struct sherd_presence){.status_is = SHERD_FIELD_VALUE};
  assert_int_equal(sherd_shard_update_presence(f.shard, &presence), SHERD_OK);
  const char *update = script_server_wait(f.server, 3, 0);
  assert_non_null(strstr(update, "\"status\":\"online\""));
  assert_non_null(strstr(update, "with clay")); /* unset: it stays */
  end(&f);
}

static void commands_go_out_from_any_thread(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  struct sherd_voice_state voice = {.channel_id = 12, .self_deaf = true};
  assert_int_equal(sherd_shard_update_voice_state(f.shard, 11, &voice), SHERD_OK);
  assert_non_null(strstr(script_server_wait(f.server, 4, 0), "\"channel_id\":\"12\""));
  voice.channel_id = 0;
  assert_int_equal(sherd_shard_update_voice_state(f.shard, 11, &voice), SHERD_OK);
  assert_non_null(strstr(script_server_wait(f.server, 4, 1), "\"channel_id\":null"));
  struct sherd_members_request members = {.query = "a", .limit = 5, .nonce = "n"};
  assert_int_equal(sherd_shard_request_guild_members(f.shard, 13, &members), SHERD_OK);
  assert_non_null(strstr(script_server_wait(f.server, 8, 0), "\"guild_id\":\"13\""));
  assert_int_equal(sherd_shard_request_channel_info(f.shard, 14,
                                                    SHERD_CHANNEL_INFO_STATUS |
                                                        SHERD_CHANNEL_INFO_VOICE_START_TIME),
                   SHERD_OK);
  assert_non_null(strstr(script_server_wait(f.server, 43, 0), "voice_start_time"));
  sherd_snowflake guilds[] = {15, 16};
  assert_int_equal(sherd_shard_request_soundboard_sounds(f.shard, guilds, 2), SHERD_OK);
  assert_non_null(strstr(script_server_wait(f.server, 31, 0), "\"16\""));
  end(&f);
}

/* The checks of hikari's request_guild_members, with Discord's own rule for the intents. */
static void member_requests_are_checked(void **state) {
  struct fixture f;
  struct sherd_error_info error;
  sherd_snowflake ids[101] = {1};
  (void)state;
  begin(&f, well_behaved);
  const struct {
    struct sherd_members_request request;
    enum sherd_status expected;
  } rows[] = {
      {{0}, SHERD_EMISSINGINTENT},
      {{.query = "a", .limit = 1, .presences = true}, SHERD_EMISSINGINTENT},
      {{.query = "a", .limit = 1, .user_ids = ids, .user_id_count = 1}, SHERD_EINVAL},
      {{.query = "a", .limit = -1}, SHERD_EINVAL},
      {{.query = "a", .limit = 101}, SHERD_EINVAL},
      {{.user_ids = ids, .user_id_count = 101}, SHERD_EINVAL},
      {{.query = "a", .limit = 1, .nonce = "123456789012345678901234567890123"}, SHERD_EINVAL},
      {{.user_ids = ids, .user_id_count = 1}, SHERD_OK},
      {{.query = "a", .limit = 100, .nonce = "12345678901234567890123456789012"}, SHERD_OK},
  };
  assert_int_equal(sherd_shard_request_guild_members(f.shard, 1, &rows[8].request),
                   SHERD_ENOTCONNECTED);
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(sherd_shard_request_guild_members(f.shard, 1, &rows[i].request),
                     rows[i].expected);
    sherd_last_error(f.shard, &error);
    if (rows[i].expected != SHERD_OK) {
      assert_int_equal(error.status, rows[i].expected);
      assert_true(strlen(error.text) > 0);
    }
    if (i == 0)
      assert_true(error.missing_intents == SHERD_INTENT_GUILD_MEMBERS);
    if (i == 1)
      assert_true(error.missing_intents == SHERD_INTENT_GUILD_PRESENCES);
  }
  end(&f);
}

/* --- From inside a callback --- */

struct inside {
  enum sherd_status start, join, close, close_resumable, voice, presence;
  bool alive, connected;
  enum sherd_status session, user_id;
};

static void call_everything(struct watch *watch, struct sherd_shard *shard,
                            const struct sherd_event *event) {
  struct inside *inside = watch->user;
  if (event->type != SHERD_EVENT_READY)
    return;
  struct sherd_session session;
  struct sherd_engine_stats stats;
  struct sherd_error_info error;
  sherd_snowflake user_id;
  struct sherd_presence presence = {.afk_is = SHERD_FIELD_VALUE, .afk = true};
  struct sherd_voice_state voice = {.channel_id = 3};
  inside->start = sherd_shard_start(shard);
  inside->join = sherd_shard_join(shard, 1000);
  inside->close = sherd_shard_close(shard);
  inside->close_resumable = sherd_shard_close_resumable(shard, &session);
  inside->alive = sherd_shard_is_alive(shard);
  inside->connected = sherd_shard_is_connected(shard);
  inside->voice = sherd_shard_update_voice_state(shard, 2, &voice);
  inside->presence = sherd_shard_update_presence(shard, &presence);
  inside->session = sherd_shard_session(shard, &session);
  inside->user_id = sherd_shard_get_user_id(shard, &user_id);
  sherd_shard_stats(shard, &stats);
  sherd_last_error(shard, &error);
  sherd_shard_heartbeat_latency(shard);
}

static void a_callback_may_call_what_does_not_block(void **state) {
  struct fixture f;
  struct inside inside;
  (void)state;
  begin(&f, well_behaved);
  f.watch.hook = call_everything;
  f.watch.user = &inside;
  assert_int_equal(sherd_shard_start(f.shard), SHERD_OK);
  assert_int_equal(inside.start, SHERD_EDEADLK);
  assert_int_equal(inside.join, SHERD_EDEADLK);
  assert_int_equal(inside.close, SHERD_EDEADLK);
  assert_int_equal(inside.close_resumable, SHERD_EDEADLK);
  assert_true(inside.alive);
  assert_true(inside.connected); /* before READY's handler, so that it may send */
  assert_int_equal(inside.voice, SHERD_OK);
  assert_int_equal(inside.presence, SHERD_OK);
  assert_int_equal(inside.session, SHERD_OK);
  assert_int_equal(inside.user_id, SHERD_OK);
  assert_non_null(script_server_wait(f.server, 4, 0));
  assert_non_null(script_server_wait(f.server, 3, 0));
  end(&f);
}

static void close_at_ready(struct watch *watch, struct sherd_shard *shard,
                           const struct sherd_event *event) {
  if (event->type == SHERD_EVENT_READY)
    sherd_shard_close_async(shard, watch_done, watch);
}

static void a_callback_may_close(void **state) {
  static const struct script_step busy[] = {SCRIPT_UPGRADE,         SCRIPT_HELLO,
                                            SCRIPT_EXPECT(2),       SCRIPT_READY,
                                            SCRIPT_FLOOD(100, "x"), SCRIPT_END};
  struct fixture f;
  (void)state;
  begin(&f, busy);
  f.watch.hook = close_at_ready;
  sherd_shard_start(f.shard); /* READY came first: whether it was in time is a matter of luck */
  assert_int_equal(sherd_shard_join(f.shard, SHERD_FOREVER), SHERD_OK);
  assert_true(watch_wait_done(&f.watch, 1));
  /* What came after the close is not delivered. */
  watch_expect(&f.watch, "CONNECTING\nREADY 1\nDISCONNECTED SHERD_ECLOSED 0\nCLOSED SHERD_OK");
  end(&f);
}

static void restart_once(struct watch *watch, struct sherd_shard *shard,
                         const struct sherd_event *event) {
  if (event->type != SHERD_EVENT_CLOSED || watch_count(watch, "CLOSED") > 1)
    return;
  *(bool *)watch->user = sherd_shard_is_alive(shard);
  sherd_shard_start_async(shard, watch_done, watch);
}

static void a_callback_may_start_again(void **state) {
  static const struct script_step *const scripts[] = {wrong_token, silent};
  struct fixture f;
  bool was_alive = true;
  (void)state;
  begin_scripts(&f, scripts, 2);
  f.watch.hook = restart_once;
  f.watch.user = &was_alive;
  assert_int_equal(sherd_shard_start(f.shard), SHERD_EAUTH);
  assert_false(was_alive);
  assert_true(sherd_shard_is_alive(f.shard));
  assert_non_null(script_server_wait(f.server, SCRIPT_OP_REQUEST, 1));
  assert_int_equal(sherd_shard_close(f.shard), SHERD_OK);
  assert_true(watch_wait_done(&f.watch, 1));
  assert_int_equal(f.watch.done_status, SHERD_ECLOSED);
  assert_int_equal(watch_count(&f.watch, "CLOSED"), 2);
  end(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_start_returns_at_ready),
      cmocka_unit_test(what_it_was_made_with_can_be_read_at_any_time),
      cmocka_unit_test(a_fresh_shard_is_not_alive),
      cmocka_unit_test(a_second_start_is_refused_and_one_after_close_is_not),
      cmocka_unit_test(trouble_that_may_pass_is_retried),
      cmocka_unit_test(a_permanent_failure_ends_the_start),
      cmocka_unit_test(attempts_can_be_limited),
      cmocka_unit_test(a_start_gives_up_after_its_time),
      cmocka_unit_test(a_start_that_was_in_time_is_left_alone),
      cmocka_unit_test(an_asynchronous_start_tells_once),
      cmocka_unit_test(a_join_that_gives_up_changes_nothing),
      cmocka_unit_test(any_number_of_threads_may_join_and_close),
      cmocka_unit_test(a_shard_that_dies_tells_all_who_join),
      cmocka_unit_test(a_close_ends_a_start),
      cmocka_unit_test(a_close_ends_a_backoff),
      cmocka_unit_test(a_close_does_not_wait_for_a_dead_peer),
      cmocka_unit_test(a_session_goes_on_in_another_shard),
      cmocka_unit_test(a_kept_session_goes_on_in_its_own_shard),
      cmocka_unit_test(a_session_is_kept_without_waiting),
      cmocka_unit_test(an_end_goes_before_a_keeping),
      cmocka_unit_test(a_session_that_was_closed_cannot_be_kept),
      cmocka_unit_test(a_lost_connection_is_resumed),
      cmocka_unit_test(a_presence_is_remembered_before_the_start),
      cmocka_unit_test(commands_go_out_from_any_thread),
      cmocka_unit_test(member_requests_are_checked),
      cmocka_unit_test(a_callback_may_call_what_does_not_block),
      cmocka_unit_test(a_callback_may_close),
      cmocka_unit_test(a_callback_may_start_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
