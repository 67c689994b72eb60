/* A fleet ends and another begins with the same store: nothing is lost, nothing comes twice, and
 * nobody identifies who could resume. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fleet_host.h"
#include "scratch_dir.h"

#define SHARDS 32

static struct fleet_host host;

static const struct sherd__sim_config streaming = {
    .shards = SHARDS,
    .guilds = SHARDS,
    .rate = 50,
    .max_events = 100,
    .max_concurrency = SHARDS,
    .guild_pause_ms = 1,
};

static struct sherd_fleet_config config_of(uint32_t shard_count) {
  struct sherd_fleet_config config = fleet_host_config(&host, shard_count);
  config.open_store = fleet_host_open_file;
  return config;
}

static void begin(const struct sherd__sim_config *sim) {
  scratch_dir_make();
  fleet_host_start(&host, sim);
}

static void end(void) {
  fleet_host_stop(&host);
  scratch_dir_remove();
}

/* A fleet that runs for a while and then leaves. */
static void run_and_leave(uint32_t shard_count) {
  struct sherd_fleet_config config = config_of(shard_count);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  assert_int_equal(sherd_fleet_close(fleet, true, 5000), SHERD_OK);
  sherd_fleet_free(fleet);
}

static void the_next_one_resumes_all(void **state) {
  (void)state;
  struct sherd_fleet_status status;
  begin(&streaming);
  for (int i = 0; i < 3; i++)
    run_and_leave(i ? 0 : SHARDS); /* the count stands in the store */
  struct sherd_fleet_config config = config_of(0);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  fleet_wait_all_shown(&host);
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.shard_count, SHARDS);
  assert_int_equal(status.sum.identifies, 0);
  assert_int_equal(status.sum.resumes, SHARDS);
  assert_int_equal(status.sum.repeats, 0);
  assert_int_equal(status.max_concurrency, 0); /* nobody asked the API */
  assert_int_equal(sherd_fleet_close(fleet, true, 5000), SHERD_OK);
  sherd_fleet_free(fleet);
  fleet_expect_ledger(&host);
  assert_int_equal(fleet_seen(&host, SHERD_EVENT_READY), SHARDS);
  assert_int_equal(fleet_seen(&host, SHERD_EVENT_RESUMED), 3 * SHARDS);
  assert_int_equal(fleet_seen(&host, SHERD_EVENT_SESSION_LOST), 0);
  assert_int_equal(fleet_host_stats(&host).sessions, SHARDS);
  end();
}

static void sessions_resume_while_the_api_is_down(void **state) {
  (void)state;
  begin(&streaming);
  run_and_leave(SHARDS);
  fleet_host_refuse_rest(&host, true);
  struct sherd_fleet_config config = config_of(0);
  config.shard.gateway.gateway_url = sherd__sim_server_url(host.server);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  sherd_fleet_free(fleet);
  assert_int_equal(fleet_host_stats(&host).sessions, SHARDS);
  end();
}

/* With nothing to resume it asks until it is answered. */
static void without_sessions_it_waits_for_the_api(void **state) {
  (void)state;
  struct sherd_fleet_status status;
  begin(&streaming);
  fleet_host_refuse_rest(&host, true);
  struct sherd_fleet_config config = config_of(0);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  for (int i = 0; i < 2000 && !fleet_logged(&host, "fleet.rest status=SHERD_EREST"); i++)
    uv_sleep(5);
  assert_int_equal(fleet_logged(&host, "fleet.rest status=SHERD_EREST again_in_ms=5000"), 1);
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.phase, SHERD_FLEET_PLANNING);
  assert_int_equal(status.shards, 0);
  sherd_fleet_free(fleet); /* promptly, whatever it waits for */
  end();
}

static void another_count_than_the_stores_is_refused(void **state) {
  (void)state;
  struct sherd_error_info error;
  begin(&streaming);
  run_and_leave(SHARDS);
  struct sherd_fleet_config config = config_of(SHARDS * 2);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  assert_int_equal(sherd_fleet_join(fleet, FLEET_HOST_WAIT_MS), SHERD_ESTORECOUNT);
  sherd_fleet_last_error(fleet, &error);
  assert_int_equal(error.status, SHERD_ESTORECOUNT);
  assert_non_null(strstr(error.text, "sessions"));
  sherd_fleet_free(fleet);
  end();
}

/* The store has been re-sharded, and is found by the number of before: a range of that number would
 * leave half of the guilds unheard. */
static void a_range_of_another_count_is_refused(void **state) {
  (void)state;
  begin(&streaming);
  struct sherd_store_file_config file = {.path = scratch_path("sessions"),
                                         .token = SHERD__SIM_TOKEN,
                                         .shard_count = 2 * SHARDS,
                                         .known_as = SHARDS};
  struct sherd_store *store;
  assert_int_equal(sherd_store_file_open(&file, &store, NULL), SHERD_OK);
  sherd_store_free(store);
  struct sherd_fleet_config config = config_of(SHARDS);
  config.is_range = true;
  config.last_shard = SHARDS / 2;
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  struct sherd_error_info error;
  assert_int_equal(sherd_fleet_join(fleet, FLEET_HOST_WAIT_MS), SHERD_ESTORECOUNT);
  sherd_fleet_last_error(fleet, &error);
  assert_non_null(strstr(error.text, "64 shards since a re-sharding"));
  sherd_fleet_free(fleet);
  end();
}

static void a_close_for_good_leaves_no_session(void **state) {
  (void)state;
  begin(&streaming);
  struct sherd_fleet_config config = config_of(4);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  assert_int_equal(sherd_fleet_close(fleet, false, 5000), SHERD_OK);
  struct sherd_session session;
  for (uint32_t i = 0; i < 4; i++)
    assert_int_equal(sherd_store_load(sherd_fleet_store(fleet, 0), i, &session), SHERD_ENOTFOUND);
  sherd_fleet_free(fleet);
  end();
}

/* --- Sessions that cannot be resumed --- */

/* A store of which some sessions are damaged: it only passes on, but for load(). */
struct bad_store {
  struct sherd_store base;
  struct sherd_store_ops ops;
  const struct sherd_store_ops *real;
  struct sherd_store *file;
};

static struct bad_store bad;
static uint64_t bad_touched_ms; /* 0: as the file says */

static void bad_free(struct sherd_store *store) {
  (void)store;
  sherd_store_free(bad.file);
}

static uint32_t bad_count(const struct sherd_store *store) {
  (void)store;
  return sherd_store_shard_count(bad.file);
}

static uint64_t bad_touched(const struct sherd_store *store) {
  (void)store;
  return bad_touched_ms ? bad_touched_ms : sherd_store_touched_ms(bad.file);
}

static enum sherd_status bad_consumer(struct sherd_store *store, const char *name, uint32_t *out) {
  (void)store;
  return sherd_store_consumer(bad.file, name, out);
}

static enum sherd_status bad_drop(struct sherd_store *store, const char *name) {
  (void)store;
  return sherd_store_drop_consumer(bad.file, name);
}

static const char *bad_name(const struct sherd_store *store, uint32_t consumer) {
  (void)store;
  return sherd_store_consumer_name(bad.file, consumer);
}

static enum sherd_status bad_load(struct sherd_store *store, uint32_t shard_id,
                                  struct sherd_session *out) {
  (void)store;
  if (shard_id % 2 == 0 || bad_touched_ms)
    return sherd_store_load(bad.file, shard_id, out);
  memset(out, 0, sizeof *out);
  return SHERD_ESTOREDAMAGED;
}

static enum sherd_status bad_mark_of(struct sherd_store *store, uint32_t consumer,
                                     uint32_t shard_id, uint64_t *out) {
  (void)store;
  return sherd_store_mark_of(bad.file, consumer, shard_id, out);
}

static enum sherd_status bad_begin(struct sherd_store *store, const struct sherd_session *session) {
  (void)store;
  return sherd_store_begin(bad.file, session);
}

static enum sherd_status bad_forget(struct sherd_store *store, uint32_t shard_id) {
  (void)store;
  return sherd_store_forget(bad.file, shard_id);
}

static enum sherd_status bad_mark(struct sherd_store *store, uint32_t consumer, uint32_t shard_id,
                                  uint64_t tag, uint64_t seq) {
  (void)store;
  return sherd_store_mark(bad.file, consumer, shard_id, tag, seq);
}

static enum sherd_status bad_sync(struct sherd_store *store, uint64_t now_unix_ms) {
  (void)store;
  return sherd_store_sync(bad.file, now_unix_ms);
}

static enum sherd_status bad_promote(struct sherd_store *store) {
  (void)store;
  return sherd_store_promote(bad.file);
}

static enum sherd_status open_bad(void *ctx, uint32_t shard_count, bool beside,
                                  struct sherd_store **out, struct sherd_error_info *error) {
  static const struct sherd_store_ops ops = {
      bad_free,    bad_count, bad_touched, bad_consumer, bad_drop, bad_name,   bad_load,
      bad_mark_of, bad_begin, bad_forget,  bad_mark,     bad_sync, bad_promote};
  *out = NULL;
  enum sherd_status status = fleet_host_open_file(ctx, shard_count, beside, &bad.file, error);
  if (status == SHERD_OK) {
    bad.base.ops = &ops;
    *out = &bad.base;
  }
  return status;
}

static void restart_with_bad_store(enum sherd_status why, uint32_t lost) {
  begin(&streaming);
  run_and_leave(SHARDS);
  fleet_host_forget(&host);
  struct sherd_fleet_config config = config_of(0);
  config.open_store = open_bad;
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  fleet_wait_seen(&host, SHERD_EVENT_READY, lost);
  fleet_wait_seen(&host, SHERD_EVENT_RESUMED, SHARDS - lost);
  assert_int_equal(fleet_seen(&host, SHERD_EVENT_SESSION_LOST), lost);
  assert_int_equal(host.last_status[SHERD_EVENT_SESSION_LOST], why);
  assert_int_equal(host.last_seq[SHERD_EVENT_SESSION_LOST] > 0, why == SHERD_ESTOREOLD);
  assert_int_equal(fleet_seen(&host, SHERD_EVENT_READY), lost);
  assert_int_equal(fleet_seen(&host, SHERD_EVENT_RESUMED), SHARDS - lost);
  assert_int_equal(host.out_of_order, 0);
  assert_int_equal(fleet_logged(&host, "session.lost why="), lost);
  sherd_fleet_free(fleet);
  end();
}

static void damaged_sessions_are_lost_and_said_so(void **state) {
  (void)state;
  bad_touched_ms = 0;
  restart_with_bad_store(SHERD_ESTOREDAMAGED, SHARDS / 2);
}

static void sessions_that_were_left_alone_are_lost_and_said_so(void **state) {
  (void)state;
  bad_touched_ms = 1000;
  restart_with_bad_store(SHERD_ESTOREOLD, SHARDS);
}

/* --- Several consumers --- */

/* Another consumer of the same store has taken less: the gateway sends again, and what "callback"
 * has taken is not shown again. */
static void what_was_taken_is_not_shown_for_anothers_sake(void **state) {
  (void)state;
  begin(&streaming);
  struct sherd_fleet_config config = config_of(SHARDS);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  uint32_t consumer;
  assert_int_equal(sherd_store_consumer(sherd_fleet_store(fleet, 0), "behind", &consumer),
                   SHERD_OK);
  fleet_wait_all_shown(&host);
  assert_int_equal(sherd_fleet_close(fleet, true, 5000), SHERD_OK);
  sherd_fleet_free(fleet);
  run_and_leave(0);
  fleet_wait_all_shown(&host);
  fleet_expect_ledger(&host);
  end();
}

/* A consumer that the store has not known goes on where the others are. */
static void a_new_callback_goes_on_where_the_store_is(void **state) {
  (void)state;
  begin(&streaming);
  struct sherd_fleet_config config = config_of(SHARDS);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  fleet_wait_all_shown(&host);
  assert_int_equal(sherd_fleet_close(fleet, true, 5000), SHERD_OK);
  struct sherd_store *store = sherd_fleet_store(fleet, 0);
  uint32_t consumer;
  uint64_t seq;
  struct sherd_session session;
  assert_int_equal(sherd_store_consumer(store, "other", &consumer), SHERD_OK);
  for (uint32_t i = 0; i < SHARDS; i++) {
    assert_int_equal(sherd_store_mark_of(store, 0, i, &seq), SHERD_OK);
    assert_int_equal(sherd_store_load(store, i, &session), SHERD_OK);
    assert_int_equal(sherd_store_mark(store, consumer, i, sherd_session_tag(session.id), seq - 1),
                     SHERD_OK);
  }
  assert_int_equal(sherd_store_drop_consumer(store, "callback"), SHERD_OK);
  sherd_fleet_free(fleet);
  size_t before = host.shown.count;
  run_and_leave(0);
  /* The last one of each, and RESUMED. */
  assert_int_equal(host.shown.count, before + 2 * SHARDS);
  end();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_next_one_resumes_all),
      cmocka_unit_test(sessions_resume_while_the_api_is_down),
      cmocka_unit_test(without_sessions_it_waits_for_the_api),
      cmocka_unit_test(another_count_than_the_stores_is_refused),
      cmocka_unit_test(a_range_of_another_count_is_refused),
      cmocka_unit_test(a_close_for_good_leaves_no_session),
      cmocka_unit_test(damaged_sessions_are_lost_and_said_so),
      cmocka_unit_test(sessions_that_were_left_alone_are_lost_and_said_so),
      cmocka_unit_test(what_was_taken_is_not_shown_for_anothers_sake),
      cmocka_unit_test(a_new_callback_goes_on_where_the_store_is),
  };
  return cmocka_run_group_tests_name("fleet_restart", tests, NULL, NULL);
}
