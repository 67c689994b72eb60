/* Ways out: freeing shards and runtimes in every state and from everywhere, on threads of ours and
 * on the caller's loop. What is left behind is seen by the sanitizers and by the descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/broken_pipe.h"
#include "watch.h"

static const struct script_step well_behaved[] = {SCRIPT_LOGIN, SCRIPT_END};
static const struct script_step silent[] = {SCRIPT_UPGRADE, SCRIPT_DEAF, SCRIPT_END};
static const struct script_step chatty[] = {SCRIPT_LOGIN, SCRIPT_FLOOD(2000, "x"), SCRIPT_SIGNAL,
                                            SCRIPT_END};

struct fixture {
  struct watch watch;
  struct script_server *server;
  struct sherd_runtime *runtime;
  struct sherd_shard_config config;
};

static void begin(struct fixture *fixture, const struct script_step *script,
                  const struct sherd_runtime_config *runtime) {
  watch_init(&fixture->watch);
  fixture->server = script_server_start_one(script);
  fixture->runtime = NULL;
  if (runtime)
    assert_int_equal(sherd_runtime_new(runtime, &fixture->runtime), SHERD_OK);
  fixture->config = watch_config(&fixture->watch, fixture->server);
  fixture->config.runtime = fixture->runtime;
}

/* The server has closed its ends by then, or does so now; ours must be closed. */
static void end(struct fixture *fixture) {
  unsigned accepted = script_server_count(fixture->server, SCRIPT_OP_REQUEST);
  for (unsigned i = 0; i < accepted; i++)
    script_server_wait(fixture->server, SCRIPT_OP_GONE, i);
  assert_int_equal(sherd_runtime_free(fixture->runtime), SHERD_OK);
  script_server_stop(fixture->server);
  watch_deinit(&fixture->watch);
}

static const struct sherd_runtime_config one_thread = {.threads = 1, .max_concurrency = 16};
static const struct sherd_runtime_config four_threads = {.threads = 4, .max_concurrency = 16};

/* --- Shards --- */

static void a_shard_that_never_started(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved, &one_thread);
  sherd_shard_free(watch_shard(&f.config));
  f.config.runtime = NULL;
  sherd_shard_free(watch_shard(&f.config));
  sherd_shard_free(NULL);
  end(&f);
}

static void free_live(struct fixture *f) {
  struct sherd_shard *shard = watch_shard(&f->config);
  assert_int_equal(sherd_shard_start(shard), SHERD_OK);
  sherd_shard_free(shard);
  assert_string_equal(script_server_wait(f->server, SCRIPT_OP_CLOSE, 0), "1000");
  watch_expect(&f->watch, "CONNECTING\nREADY 1"); /* the way out is silent */
}

static void a_live_shard_says_goodbye(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved, &one_thread);
  free_live(&f);
  end(&f);
}

static void a_live_shard_with_a_runtime_of_its_own(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved, NULL);
  unsigned before = watch_open_descriptors();
  free_live(&f);
  script_server_wait(f.server, SCRIPT_OP_GONE, 0);
  assert_in_range(watch_open_descriptors(), 0, before + 1); /* the server may still have its end */
  end(&f);
}

/* The loop's thread is busy when it is asked for both at once. */
static void close_and_free(struct watch *watch, struct sherd_shard *shard,
                           const struct sherd_event *event) {
  if (event->type != SHERD_EVENT_READY)
    return;
  assert_int_equal(sherd_shard_close_resumable_async(shard, watch_done, watch), SHERD_OK);
  sherd_shard_free(shard);
}

static void a_shard_that_is_to_keep_its_session(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved, &one_thread);
  f.watch.hook = close_and_free;
  struct sherd_shard *shard = watch_shard(&f.config);
  assert_int_equal(sherd_shard_start_async(shard, NULL, NULL), SHERD_OK);
  assert_true(watch_wait_done(&f.watch, 1));
  assert_int_equal(f.watch.done_status, SHERD_OK);
  assert_string_equal(script_server_wait(f.server, SCRIPT_OP_CLOSE, 0), "4000");
  end(&f);
}

static void a_shard_that_is_starting(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, silent, &one_thread);
  struct sherd_shard *shard = watch_shard(&f.config);
  assert_int_equal(sherd_shard_start_async(shard, watch_done, &f.watch), SHERD_OK);
  assert_non_null(script_server_wait(f.server, SCRIPT_OP_REQUEST, 0));
  sherd_shard_free(shard);
  assert_int_equal(f.watch.done_count, 1); /* told once, before the shard is gone */
  assert_int_equal(f.watch.done_status, SHERD_ECLOSED);
  end(&f);
}

static void a_shard_that_was_just_asked_to_start(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved, &one_thread);
  for (unsigned i = 0; i < 20; i++) {
    struct sherd_shard *shard = watch_shard(&f.config);
    assert_int_equal(sherd_shard_start_async(shard, NULL, NULL), SHERD_OK);
    sherd_shard_free(shard);
  }
  assert_int_equal(sherd_runtime_free(f.runtime), SHERD_OK);
  script_server_stop(f.server);
  watch_deinit(&f.watch);
}

static void a_shard_that_has_ended(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved, &one_thread);
  struct sherd_shard *shard = watch_shard(&f.config);
  assert_int_equal(sherd_shard_start(shard), SHERD_OK);
  assert_int_equal(sherd_shard_close(shard), SHERD_OK);
  sherd_shard_free(shard);
  end(&f);
}

static void a_shard_that_waits_for_its_turn(void **state) {
  static const struct sherd_runtime_config slow = {.max_concurrency = 1};
  struct fixture f;
  (void)state;
  begin(&f, well_behaved, &slow);
  f.config.gateway.shard_count = 3;
  struct sherd_shard *shards[3];
  for (unsigned i = 0; i < 3; i++) {
    f.config.gateway.shard_id = i;
    shards[i] = watch_shard(&f.config);
  }
  assert_int_equal(sherd_shard_start(shards[0]), SHERD_OK);
  for (unsigned i = 1; i < 3; i++)
    assert_int_equal(sherd_shard_start_async(shards[i], NULL, NULL), SHERD_OK);
  assert_non_null(script_server_wait(f.server, SCRIPT_OP_REQUEST, 2));
  sherd_shard_free(shards[1]);
  assert_int_equal(sherd_shard_close(shards[2]), SHERD_OK);
  sherd_shard_free(shards[2]);
  sherd_shard_free(shards[0]);
  assert_int_equal(script_server_count(f.server, 2), 1); /* one IDENTIFY in 5 s */
  end(&f);
}

static void free_at_ready(struct watch *watch, struct sherd_shard *shard,
                          const struct sherd_event *event) {
  (void)watch;
  if (event->type == SHERD_EVENT_READY)
    sherd_shard_free(shard);
}

static void free_from_callback(struct fixture *f) {
  f->watch.hook = free_at_ready;
  struct sherd_shard *shard = watch_shard(&f->config);
  assert_int_equal(sherd_shard_start_async(shard, NULL, NULL), SHERD_OK);
  assert_string_equal(script_server_wait(f->server, SCRIPT_OP_CLOSE, 0), "1000");
  assert_non_null(script_server_wait(f->server, SCRIPT_OP_GONE, 0));
  watch_expect(&f->watch, "CONNECTING\nREADY 1");
}

static void from_its_own_callback(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, chatty, &one_thread);
  free_from_callback(&f);
  end(&f);
}

static void from_its_own_callback_with_its_own_runtime(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, chatty, NULL);
  free_from_callback(&f);
  end(&f);
}

static void free_when_done(struct sherd_shard *shard, enum sherd_status status, void *user) {
  sherd_shard_free(shard);
  watch_done(shard, status, user);
}

static void from_the_outcome_of_a_start(void **state) {
  static const struct script_step wrong_token[] = {SCRIPT_UPGRADE, SCRIPT_HELLO, SCRIPT_EXPECT(2),
                                                   SCRIPT_CLOSE(4004), SCRIPT_END};
  struct fixture f;
  (void)state;
  begin(&f, wrong_token, NULL);
  struct sherd_shard *shard = watch_shard(&f.config);
  assert_int_equal(sherd_shard_start_async(shard, free_when_done, &f.watch), SHERD_OK);
  assert_true(watch_wait_done(&f.watch, 1));
  assert_int_equal(f.watch.done_status, SHERD_EAUTH);
  assert_true(watch_wait(&f.watch, "CLOSED SHERD_EAUTH"));
  end(&f);
}

static void free_the_other(struct watch *watch, struct sherd_shard *shard,
                           const struct sherd_event *event) {
  (void)shard;
  if (event->type != SHERD_EVENT_TYPING_START)
    return;
  sherd_shard_free(watch->user);
}

/* On the same loop: the other's end must not disturb the event that is being delivered. */
static void from_the_callback_of_another(void **state) {
  static const struct script_step typing[] = {
      SCRIPT_LOGIN, SCRIPT_SIGNAL, SCRIPT_DISPATCH("TYPING_START", "{\"user_id\":\"1\"}"),
      SCRIPT_DISPATCH("USER_UPDATE", "{}"), SCRIPT_END};
  struct fixture f;
  (void)state;
  begin(&f, typing, &one_thread);
  f.watch.hook = free_the_other;
  f.config.gateway.shard_count = 2;
  struct sherd_shard *first = watch_shard(&f.config);
  f.config.gateway.shard_id = 1;
  f.config.on_event = NULL; /* the other one's events are pulled: never */
  struct sherd_shard *second = watch_shard(&f.config);
  f.watch.user = second;
  assert_int_equal(sherd_shard_start(first), SHERD_OK);
  script_server_signal(f.server);
  assert_int_equal(sherd_shard_start_async(second, NULL, NULL), SHERD_OK);
  assert_true(watch_wait(&f.watch, "USER_UPDATE 3"));
  sherd_shard_free(first);
  end(&f);
}

static void note_a_callback_after_free(struct watch *watch, struct sherd_shard *shard,
                                       const struct sherd_event *event) {
  (void)shard;
  (void)event;
  if (atomic_load((atomic_bool *)watch->user))
    fail();
}

/* Once it has returned elsewhere no event comes, however many are under way. */
static void no_event_comes_after_it(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, chatty, &one_thread);
  atomic_bool is_freed = false;
  f.watch.hook = note_a_callback_after_free;
  f.watch.user = &is_freed;
  struct sherd_shard *shard = watch_shard(&f.config);
  assert_int_equal(sherd_shard_start(shard), SHERD_OK);
  assert_true(watch_wait(&f.watch, "MESSAGE_CREATE"));
  sherd_shard_free(shard);
  atomic_store(&is_freed, true);
  end(&f);
}

/* Shards of one thread inflate into the same memory: whoever frees one elsewhere must not look at
 * it (a thread sanitizer does). */
static void beside_busy_ones(void **state) {
  static const struct script_step busy_for_long[] = {SCRIPT_LOGIN, SCRIPT_FLOOD(50000, "x"),
                                                     SCRIPT_END};
  enum {
    BUSY = 2,
    NEVER_STARTED = 8,
    COUNT = 12
  };
  struct sherd_shard *shards[COUNT];
  struct fixture f;
  (void)state;
  begin(&f, busy_for_long, &one_thread);
  f.config.gateway.shard_count = COUNT;
  for (uint32_t i = 0; i < COUNT; i++) {
    f.config.gateway.shard_id = i;
    if (i >= BUSY)
      f.config.on_event = NULL;
    shards[i] = watch_shard(&f.config);
    if (i >= BUSY && i < NEVER_STARTED)
      assert_int_equal(sherd_shard_start(shards[i]), SHERD_OK);
  }
  for (uint32_t i = 0; i < BUSY; i++)
    assert_int_equal(sherd_shard_start(shards[i]), SHERD_OK);
  assert_true(watch_wait(&f.watch, "MESSAGE_CREATE"));
  for (uint32_t i = COUNT; i > 0; i--)
    sherd_shard_free(shards[i - 1]);
  end(&f);
}

/* --- Runtimes --- */

static void a_runtime_checks_its_configuration(void **state) {
  (void)state;
  uv_loop_t loop;
  uv_loop_init(&loop);
  struct sherd_runtime *runtime = (struct sherd_runtime *)&loop;
  struct sherd_runtime_config config = {.threads = 1, .loop = &loop};
  assert_int_equal(sherd_runtime_new(&config, &runtime), SHERD_EINVAL);
  assert_null(runtime);
  config = (struct sherd_runtime_config){.threads = 1025};
  assert_int_equal(sherd_runtime_new(&config, &runtime), SHERD_EINVAL);
  assert_int_equal(sherd_runtime_new(NULL, NULL), SHERD_EINVAL);
  assert_int_equal(sherd_runtime_new(NULL, &runtime), SHERD_OK);
  assert_int_equal(sherd_runtime_free(runtime), SHERD_OK);
  assert_int_equal(sherd_runtime_free(NULL), SHERD_OK);
  uv_loop_close(&loop);
}

static void free_runtime_inside(struct watch *watch, struct sherd_shard *shard,
                                const struct sherd_event *event) {
  struct fixture *f = watch->user;
  (void)shard;
  if (event->type == SHERD_EVENT_READY)
    assert_int_equal(sherd_runtime_free(f->runtime), SHERD_EDEADLK);
}

static void a_runtime_refuses_while_shards_are_left(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved, &four_threads);
  f.watch.hook = free_runtime_inside;
  f.watch.user = &f;
  struct sherd_shard *shard = watch_shard(&f.config);
  assert_int_equal(sherd_runtime_free(f.runtime), SHERD_ESTATE);
  assert_int_equal(sherd_shard_start(shard), SHERD_OK);
  assert_int_equal(sherd_runtime_free(f.runtime), SHERD_ESTATE);
  assert_int_equal(sherd_shard_close(shard), SHERD_OK);
  assert_int_equal(sherd_runtime_free(f.runtime), SHERD_ESTATE);
  sherd_shard_free(shard);
  end(&f);
}

static void a_bad_configuration_leaves_nothing_behind(void **state) {
  struct fixture f;
  (void)state;
  begin(&f, well_behaved, &one_thread);
  struct sherd_shard *shard = NULL;
  const struct sherd_shard_config good = f.config;
  assert_int_equal(sherd_shard_new(NULL, &shard), SHERD_EINVAL);
  assert_int_equal(sherd_shard_new(&good, NULL), SHERD_EINVAL);
  for (unsigned i = 0; i < 2; i++) { /* with the runtime, and with one of its own */
    struct sherd_shard_config bad = good;
    bad.runtime = i ? NULL : f.runtime;
    bad.gateway.token = NULL;
    assert_int_equal(sherd_shard_new(&bad, &shard), SHERD_ETOKEN);
    bad.gateway.token = WATCH_TOKEN;
    bad.gateway.shard_id = 1;
    assert_int_equal(sherd_shard_new(&bad, &shard), SHERD_EINVAL);
    bad.gateway.shard_id = 0;
    bad.gateway.gateway_url = "https://discord.com";
    assert_int_equal(sherd_shard_new(&bad, &shard), SHERD_EURL);
    bad.gateway.gateway_url = good.gateway.gateway_url;
    bad.gateway.format = SHERD_FORMAT_ETF;
    bad.gateway.compression = SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM;
    assert_int_equal(sherd_shard_new(&bad, &shard), SHERD_EUNSUPPORTED);
    bad.gateway = good.gateway;
    bad.proxy = "socks5://localhost";
    assert_int_equal(sherd_shard_new(&bad, &shard), SHERD_EINVAL);
    bad.proxy = "";
    bad.ca_file = "/no/such/file.pem";
    assert_int_equal(sherd_shard_new(&bad, &shard), SHERD_ETLSCAFILE);
    assert_null(shard);
  }
  end(&f);
}

/* --- The caller's loop --- */

static void close_soon(struct watch *watch, struct sherd_shard *shard,
                       const struct sherd_event *event) {
  (void)watch;
  if (event->type == SHERD_EVENT_READY)
    assert_int_equal(sherd_shard_close_async(shard, NULL, NULL), SHERD_OK);
}

static void a_loop_of_the_callers_runs_a_whole_life(void **state) {
  struct fixture f;
  uv_loop_t loop;
  (void)state;
  uv_loop_init(&loop);
  struct sherd_runtime_config on_loop = {.loop = &loop};
  begin(&f, well_behaved, &on_loop);
  f.watch.hook = close_soon;
  struct sherd_shard *shard = watch_shard(&f.config);
  assert_int_equal(sherd_shard_start(shard), SHERD_EDEADLK); /* this thread is the loop's */
  assert_int_equal(sherd_shard_close(shard), SHERD_EDEADLK);
  assert_int_equal(sherd_shard_join(shard, 0), SHERD_ENOTALIVE); /* just asks */
  assert_int_equal(sherd_shard_start_async(shard, watch_done, &f.watch), SHERD_OK);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0); /* an ended shard keeps no loop alive */
  assert_int_equal(f.watch.done_status, SHERD_OK);
  watch_expect(&f.watch, "CONNECTING\nREADY 1\nDISCONNECTED SHERD_ECLOSED 0\nCLOSED SHERD_OK");
  assert_int_equal(sherd_shard_join(shard, 0), SHERD_OK);
  assert_int_equal(sherd_runtime_free(f.runtime), SHERD_ESTATE);
  sherd_shard_free(shard);
  end(&f);
  assert_int_equal(uv_loop_close(&loop), 0);
}

static void stop_at_ready(struct watch *watch, struct sherd_shard *shard,
                          const struct sherd_event *event) {
  (void)shard;
  if (event->type == SHERD_EVENT_READY)
    uv_stop(watch->user);
}

static void a_live_shard_on_a_loop_that_was_stopped(void **state) {
  struct fixture f;
  uv_loop_t loop;
  (void)state;
  uv_loop_init(&loop);
  struct sherd_runtime_config on_loop = {.loop = &loop};
  begin(&f, well_behaved, &on_loop);
  f.watch.hook = stop_at_ready;
  f.watch.user = &loop;
  struct sherd_shard *shard = watch_shard(&f.config);
  assert_int_equal(sherd_shard_start_async(shard, NULL, NULL), SHERD_OK);
  uv_run(&loop, UV_RUN_DEFAULT);
  sherd_shard_free(shard);
  assert_int_equal(sherd_runtime_free(f.runtime), SHERD_OK);
  assert_int_equal(uv_loop_close(&loop), 0);
  f.runtime = NULL;
  assert_string_equal(script_server_wait(f.server, SCRIPT_OP_CLOSE, 0), "1000");
  end(&f);
}

static void free_all_at_ready(struct watch *watch, struct sherd_shard *shard,
                              const struct sherd_event *event) {
  struct fixture *f = watch->user;
  if (event->type != SHERD_EVENT_READY)
    return;
  sherd_shard_free(shard);
  assert_int_equal(sherd_runtime_free(f->runtime), SHERD_OK);
  f->runtime = NULL;
}

static void both_from_a_callback_on_the_callers_loop(void **state) {
  struct fixture f;
  uv_loop_t loop;
  (void)state;
  uv_loop_init(&loop);
  struct sherd_runtime_config on_loop = {.loop = &loop};
  begin(&f, well_behaved, &on_loop);
  f.watch.hook = free_all_at_ready;
  f.watch.user = &f;
  assert_int_equal(sherd_shard_start_async(watch_shard(&f.config), NULL, NULL), SHERD_OK);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_null(f.runtime);
  assert_int_equal(uv_loop_close(&loop), 0);
  end(&f);
}

static void run_loop(void *loop) {
  block_broken_pipe();
  uv_run(loop, UV_RUN_DEFAULT);
}

/* The loop runs in another thread, and has ended there when all is freed here. */
static void a_loop_that_ran_elsewhere(void **state) {
  struct fixture f;
  uv_loop_t loop;
  uv_thread_t thread;
  (void)state;
  uv_loop_init(&loop);
  struct sherd_runtime_config on_loop = {.loop = &loop};
  begin(&f, well_behaved, &on_loop);
  struct sherd_shard *shard = watch_shard(&f.config);
  assert_int_equal(sherd_shard_start_async(shard, watch_done, &f.watch), SHERD_OK);
  assert_int_equal(uv_thread_create(&thread, run_loop, &loop), 0);
  assert_true(watch_wait_done(&f.watch, 1));
  assert_int_equal(sherd_shard_start(shard), SHERD_EALREADY); /* not the loop's thread any more */
  assert_int_equal(sherd_shard_close(shard), SHERD_OK);
  uv_thread_join(&thread);
  sherd_shard_free(shard);
  end(&f);
  assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_shard_that_never_started),
      cmocka_unit_test(a_live_shard_says_goodbye),
      cmocka_unit_test(a_live_shard_with_a_runtime_of_its_own),
      cmocka_unit_test(a_shard_that_is_to_keep_its_session),
      cmocka_unit_test(a_shard_that_is_starting),
      cmocka_unit_test(a_shard_that_was_just_asked_to_start),
      cmocka_unit_test(a_shard_that_has_ended),
      cmocka_unit_test(a_shard_that_waits_for_its_turn),
      cmocka_unit_test(from_its_own_callback),
      cmocka_unit_test(from_its_own_callback_with_its_own_runtime),
      cmocka_unit_test(from_the_outcome_of_a_start),
      cmocka_unit_test(from_the_callback_of_another),
      cmocka_unit_test(no_event_comes_after_it),
      cmocka_unit_test(beside_busy_ones),
      cmocka_unit_test(a_runtime_checks_its_configuration),
      cmocka_unit_test(a_runtime_refuses_while_shards_are_left),
      cmocka_unit_test(a_bad_configuration_leaves_nothing_behind),
      cmocka_unit_test(a_loop_of_the_callers_runs_a_whole_life),
      cmocka_unit_test(a_live_shard_on_a_loop_that_was_stopped),
      cmocka_unit_test(both_from_a_callback_on_the_callers_loop),
      cmocka_unit_test(a_loop_that_ran_elsewhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
