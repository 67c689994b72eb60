/* A fleet goes over to another number of shards while events flow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fleet_host.h"
#include "scratch_dir.h"
#include "support/script_server.h"

/* One set may be behind the other by the half of it, also on a busy machine. */
#define OVERLAP_MS 6000

static struct fleet_host host;

static const struct sherd__sim_config streaming = {
    .shards = 2,
    .guilds = 12,
    .rate = 200,
    .max_concurrency = 16,
    .guild_pause_ms = 1,
};

static struct sherd_fleet_config config_of(uint32_t shard_count) {
  struct sherd_fleet_config config = fleet_host_config(&host, shard_count);
  config.reshard_overlap_ms = OVERLAP_MS;
  config.open_store = fleet_host_open_file;
  return config;
}

/* --- What is shown is what was said, once --- */

static uint64_t kind_of(const char *name) {
  return sherd__fnv1a((struct sherd_bytes){(const uint8_t *)name, strlen(name)});
}

/* A session's own: the other set's are not the same. */
static bool is_own(uint64_t kind) {
  return kind == kind_of("READY") || kind == kind_of("RESUMED") || kind == kind_of("GUILD_CREATE");
}

static int by_what(const void *a, const void *b) {
  const struct fleet_entry *x = a, *y = b;
  if (x->kind != y->kind)
    return x->kind < y->kind ? -1 : 1;
  return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static struct fleet_entry *copy_of(const struct fleet_book *book, size_t *count) {
  (void)pthread_mutex_lock(&host.mutex);
  *count = book->count;
  struct fleet_entry *copy = malloc((*count + 1) * sizeof *copy);
  if (copy && *count)
    memcpy(copy, book->entries, *count * sizeof *copy);
  (void)pthread_mutex_unlock(&host.mutex);
  assert_non_null(copy);
  return copy;
}

static size_t count_missing(const struct fleet_entry *produced, size_t count) {
  size_t shown_count, missing = 0;
  struct fleet_entry *shown = copy_of(&host.shown, &shown_count);
  qsort(shown, shown_count, sizeof *shown, by_what);
  for (size_t i = 0; i < count; i++)
    missing += !is_own(produced[i].kind) &&
               !bsearch(&produced[i], shown, shown_count, sizeof *shown, by_what);
  free(shown);
  return missing;
}

/* Everything that was said up to now, to whichever session, is shown in the end. */
static void wait_until_nothing_is_missing(void) {
  size_t count, missing = 1;
  struct fleet_entry *produced = copy_of(&host.produced, &count);
  for (int i = 0; i < FLEET_HOST_WAIT_MS / 20 && missing; i++) {
    uv_sleep(20);
    missing = count_missing(produced, count);
  }
  free(produced);
  if (missing)
    fail_msg("%zu of %zu are missing", missing, count);
}

/* Messages have ids, so that no two are alike. */
static void expect_no_message_twice(void) {
  size_t count, twice = 0, messages = 0;
  struct fleet_entry *shown = copy_of(&host.shown, &count);
  qsort(shown, count, sizeof *shown, by_what);
  for (size_t i = 1; i < count; i++) {
    bool is_message = shown[i].kind == kind_of("MESSAGE_CREATE");
    messages += is_message;
    twice += is_message && by_what(&shown[i - 1], &shown[i]) == 0;
  }
  free(shown);
  assert_true(messages > 100);
  assert_int_equal(twice, 0);
}

static void wait_for_count(struct sherd_fleet *fleet, uint32_t shard_count) {
  struct sherd_fleet_status status;
  for (int i = 0; i < 3000; i++) {
    sherd_fleet_status(fleet, &status);
    if (status.phase == SHERD_FLEET_RUNNING && status.shard_count == shard_count)
      return;
    uv_sleep(10);
  }
  fail_msg("the fleet is %s with %u shards", sherd_fleet_phase_name(status.phase),
           status.shard_count);
}

/* --- It goes well --- */

struct told {
  atomic_uint count, set, shard_count, wrong;
};

static void note_resharded(struct fleet_host *self, struct sherd_fleet *fleet,
                           const struct sherd_fleet_event *event) {
  struct told *told = self->hook_arg;
  (void)fleet;
  if (event->event->type == SHERD_EVENT_RESHARDED) {
    atomic_fetch_add(&told->count, 1);
    atomic_store(&told->set, event->set);
    atomic_store(&told->shard_count, event->shard_count);
    atomic_fetch_add(&told->wrong,
                     event->shard_id || event->is_shadow || event->event->op != event->shard_count);
  }
}

static void go_over(struct sherd_fleet *fleet, uint32_t shard_count, uint32_t set) {
  struct sherd_error_info error;
  struct sherd_fleet_status status;
  assert_int_equal(sherd_fleet_reshard(fleet, shard_count, &error), SHERD_OK);
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.phase, SHERD_FLEET_RESHARDING);
  assert_int_equal(sherd_fleet_reshard(fleet, shard_count, &error), SHERD_ESTATE);
  wait_for_count(fleet, shard_count);
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.set, set);
  assert_int_equal(status.connected, shard_count);
  assert_int_equal(status.reshard_count, 0);
  fleet_wait_seen(&host, SHERD_EVENT_RESHARDED, set);
  wait_until_nothing_is_missing();
}

static void nothing_is_missing_and_nothing_comes_twice(void **state) {
  (void)state;
  struct told told = {0};
  struct sherd_fleet_status status;
  scratch_dir_make();
  fleet_host_start(&host, &streaming);
  host.hook = note_resharded;
  host.hook_arg = &told;
  struct sherd_fleet_config config = config_of(2);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  uv_sleep(300);
  go_over(fleet, 3, 1);
  assert_int_equal(told.count, 1);
  assert_int_equal(told.set, 1);
  assert_int_equal(told.shard_count, 3);
  assert_int_equal(told.wrong, 0);
  expect_no_message_twice();
  assert_true(fleet_shadows(&host) > 100);
  assert_int_equal(fleet_seen(&host, SHERD_EVENT_SESSION_LOST), 0);

  /* A later process finds the new set, with its marks. */
  assert_int_equal(sherd_fleet_close(fleet, true, 5000), SHERD_OK);
  sherd_fleet_free(fleet);
  config.shard_count = 0;
  fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  wait_until_nothing_is_missing();
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.shard_count, 3);
  assert_int_equal(status.sum.identifies, 0);
  expect_no_message_twice();
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
  scratch_dir_remove();
}

/* Who was cut may come back later than the sets may be apart: then events come twice, and none is
 * missing. */
static void connections_may_be_cut_meanwhile(void **state) {
  (void)state;
  struct sherd_error_info error;
  scratch_dir_make();
  fleet_host_start(&host, &streaming);
  struct sherd_fleet_config config = config_of(2);
  config.reshard_overlap_ms = 2000;
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  assert_int_equal(sherd_fleet_reshard(fleet, 4, &error), SHERD_OK);
  fleet_wait_seen(&host, SHERD_EVENT_READY, 2 + 4);
  uv_sleep(200);
  fleet_host_cut(&host);
  wait_for_count(fleet, 4);
  wait_until_nothing_is_missing();
  assert_int_equal(fleet_seen(&host, SHERD_EVENT_SESSION_LOST), 0);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
  scratch_dir_remove();
}

static void commands_go_to_the_new_set(void **state) {
  (void)state;
  struct sherd_error_info error;
  fleet_host_start(&host, &streaming);
  struct sherd_fleet_config config = fleet_host_config(&host, 2);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  struct sherd_command command = {.type = SHERD_COMMAND_REQUEST_CHANNEL_INFO,
                                  .guild_id = 2u << 22,
                                  .as.channel_info_fields = SHERD_CHANNEL_INFO_STATUS};
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  assert_int_equal(sherd_fleet_send(fleet, 2, &command, &error), SHERD_ENOTFOUND);
  assert_int_equal(sherd_fleet_reshard(fleet, 3, &error), SHERD_OK); /* stores in memory */
  wait_for_count(fleet, 3);
  assert_int_equal(sherd_fleet_send(fleet, 2, &command, &error), SHERD_OK);
  assert_int_equal(sherd_store_shard_count(sherd_fleet_store(fleet, 0)), 2);
  assert_int_equal(sherd_store_shard_count(sherd_fleet_store(fleet, 1)), 3);
  assert_null(sherd_fleet_store(fleet, 2));
  assert_int_equal(sherd_fleet_reshard(fleet, 0, &error), SHERD_EINVAL);
  assert_int_equal(sherd_fleet_reshard(fleet, 1000001, &error), SHERD_EINVAL);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

/* --- It does not --- */

/* One who leaves in the midst of it leaves the old set to the next. */
static void a_close_meanwhile_keeps_the_old_set(void **state) {
  (void)state;
  struct sherd_error_info error;
  struct sherd_fleet_status status;
  scratch_dir_make();
  fleet_host_start(&host, &streaming);
  struct sherd_fleet_config config = config_of(2);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  assert_int_equal(sherd_fleet_reshard(fleet, 3, &error), SHERD_OK);
  fleet_wait_seen(&host, SHERD_EVENT_READY, 2 + 3);
  assert_int_equal(sherd_fleet_close(fleet, true, 5000), SHERD_OK);
  sherd_fleet_free(fleet);
  config.shard_count = 0;
  fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.shard_count, 2);
  assert_int_equal(status.sum.identifies, 0);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
  scratch_dir_remove();
}

static const struct script_step lasting[] = {SCRIPT_LOGIN, SCRIPT_SIGNAL,
                                             SCRIPT_DISPATCH("TYPING_START", "{}"), SCRIPT_END};
static const struct script_step good[] = {SCRIPT_LOGIN, SCRIPT_END};
static const struct script_step refused[] = {SCRIPT_UPGRADE, SCRIPT_HELLO, SCRIPT_EXPECT(2),
                                             SCRIPT_CLOSE(4011), SCRIPT_END};

static void a_new_set_that_fails_is_given_up(void **state) {
  (void)state;
  static const struct script_step *const scripts[] = {lasting, good, refused};
  struct sherd_error_info error;
  struct sherd_fleet_status status;
  struct script_server *gateway = script_server_start(scripts, 3);
  assert_non_null(gateway);
  scratch_dir_make();
  fleet_host_start(&host, &streaming); /* for its API */
  struct sherd_fleet_config config = config_of(1);
  config.shard.gateway.gateway_url = script_server_url(gateway);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  for (unsigned round = 1; round <= 2; round++) { /* and it may be tried again */
    assert_int_equal(sherd_fleet_reshard(fleet, 2, &error), SHERD_OK);
    fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
    assert_int_equal(fleet_logged(&host, "fleet.reshard stage=given_up"), round);
  }
  sherd_fleet_last_error(fleet, &error);
  assert_int_equal(error.status, SHERD_ESHARDINGREQUIRED);
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.set, 0);
  assert_int_equal(status.connected, 1);
  assert_int_equal(status.reshard_count, 0);
  script_server_signal(gateway); /* the old one goes on as if nothing had been */
  fleet_wait_seen(&host, SHERD_EVENT_TYPING_START, 1);
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.phase, SHERD_FLEET_RUNNING);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
  scratch_dir_remove();
  script_server_stop(gateway);
}

/* Whatever is wrong with one of the new shards, the set will never be whole. */
static void one_new_shard_that_ends_for_good_is_enough(void **state) {
  (void)state;
  static const struct script_step lost[] = {SCRIPT_UPGRADE, SCRIPT_HELLO,       SCRIPT_EXPECT(2),
                                            SCRIPT_SIGNAL,  SCRIPT_CLOSE(4000), SCRIPT_END};
  static const struct script_step *const scripts[] = {good, good, lost};
  struct sherd_error_info error;
  struct script_server *gateway = script_server_start(scripts, 3);
  assert_non_null(gateway);
  fleet_host_start(&host, &streaming); /* for its API */
  struct sherd_fleet_config config = fleet_host_config(&host, 1);
  config.shard.gateway.gateway_url = script_server_url(gateway);
  config.shard.gateway.max_attempts = 1;
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  assert_int_equal(sherd_fleet_reshard(fleet, 2, &error), SHERD_OK);
  fleet_wait_seen(&host, SHERD_EVENT_READY, 2);
  script_server_signal(gateway);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  assert_int_equal(fleet_logged(&host, "fleet.reshard stage=given_up"), 1);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
  script_server_stop(gateway);
}

/* The first of the new set takes its time to say goodbye, the second has failed, and then the turn
 * of the fifth comes. */
static void a_set_that_was_given_up_starts_no_more_shards(void **state) {
  (void)state;
  static const struct script_step deaf[] = {SCRIPT_LOGIN, SCRIPT_DEAF, SCRIPT_END};
  static const struct script_step late[] = {SCRIPT_UPGRADE, SCRIPT_HELLO,       SCRIPT_EXPECT(2),
                                            SCRIPT_SIGNAL,  SCRIPT_CLOSE(4011), SCRIPT_END};
  static const struct script_step *const scripts[] = {good, deaf, late, good};
  static const struct sherd__sim_config two_at_once = {.shards = 1, .max_concurrency = 2};
  struct sherd_error_info error;
  struct script_server *gateway = script_server_start(scripts, 4);
  assert_non_null(gateway);
  fleet_host_start(&host, &two_at_once); /* for its API */
  struct sherd_fleet_config config = fleet_host_config(&host, 1);
  config.shard.gateway.gateway_url = script_server_url(gateway);
  config.shard.gateway.close_timeout_ms = 4000;
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  uv_sleep(5100); /* both buckets are free again */
  assert_int_equal(sherd_fleet_reshard(fleet, 5, &error), SHERD_OK);
  fleet_wait_seen(&host, SHERD_EVENT_READY, 2);
  uv_sleep(1500);
  script_server_signal(gateway);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  assert_int_equal(fleet_logged(&host, "fleet.reshard stage=given_up"), 1);
  assert_int_equal(script_server_count(gateway, SCRIPT_OP_REQUEST), 1 + 4);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
  script_server_stop(gateway);
}

/* --- Nobody reads meanwhile --- */

static void hold_at_typing(struct fleet_host *self, struct sherd_fleet *fleet,
                           const struct sherd_fleet_event *event) {
  atomic_bool *has_held = self->hook_arg;
  if (event->event->type == SHERD_EVENT_TYPING_START && event->set == 1 &&
      !atomic_exchange(has_held, true))
    sherd_fleet_hold(fleet, true);
}

/* The second of each session. */
#define TYPING SCRIPT_TEXT("{\"t\":\"TYPING_START\",\"s\":2,\"op\":0,\"d\":{}}")

/* The new set has left an event to the old one, which does not read it now. */
static void a_hold_stops_the_going_over_too(void **state) {
  (void)state;
  static const struct script_step early[] = {SCRIPT_LOGIN, TYPING, SCRIPT_END};
  static const struct script_step late[] = {SCRIPT_LOGIN, SCRIPT_SIGNAL, TYPING, SCRIPT_END};
  static const struct script_step *const scripts[] = {late, early};
  atomic_bool has_held = false;
  struct sherd_error_info error;
  struct sherd_fleet_status status;
  struct script_server *gateway = script_server_start(scripts, 2);
  assert_non_null(gateway);
  fleet_host_start(&host, &streaming); /* for its API */
  host.hook = hold_at_typing;
  host.hook_arg = &has_held;
  struct sherd_fleet_config config = fleet_host_config(&host, 1);
  config.shard.gateway.gateway_url = script_server_url(gateway);
  config.threads = 1;
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  assert_int_equal(sherd_fleet_reshard(fleet, 1, &error), SHERD_OK);
  fleet_wait_seen(&host, SHERD_EVENT_TYPING_START, 1);
  assert_int_equal(fleet_shadows(&host) > 0, 1);
  script_server_signal(gateway); /* the old one is told too */
  uv_sleep(6000);                /* over what is waited for at the most */
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.set, 0);
  sherd_fleet_hold(fleet, false);
  fleet_wait_seen(&host, SHERD_EVENT_TYPING_START, 2);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.set, 1);
  size_t count, typings = 0;
  struct fleet_entry *shown = copy_of(&host.shown, &count);
  for (size_t i = 0; i < count; i++)
    typings += shown[i].kind == kind_of("TYPING_START");
  free(shown);
  assert_int_equal(typings, 1);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
  script_server_stop(gateway);
}

static enum sherd_status open_once(void *ctx, uint32_t shard_count, bool beside,
                                   struct sherd_store **out, struct sherd_error_info *error) {
  (void)ctx;
  *out = NULL;
  if (!beside)
    return sherd_store_memory_new(NULL, shard_count, out);
  *error = (struct sherd_error_info){.status = SHERD_ESTOREFULL, .text = "no room: free some"};
  return SHERD_ESTOREFULL;
}

static void without_a_store_it_does_not_begin(void **state) {
  (void)state;
  struct sherd_error_info error;
  fleet_host_start(&host, &streaming);
  struct sherd_fleet_config config = fleet_host_config(&host, 2);
  config.open_store = open_once;
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  assert_int_equal(sherd_fleet_reshard(fleet, 3, &error), SHERD_ESTOREFULL);
  assert_string_equal(error.text, "no room: free some");
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

/* They wait for Discord's five seconds, most of the time: `test_reshard well`, when the new set is,
 * and `test_reshard ill` run side by side. Without a word, both. */
int main(int argc, char **argv) {
  const struct CMUnitTest well[] = {
      cmocka_unit_test(nothing_is_missing_and_nothing_comes_twice),
      cmocka_unit_test(connections_may_be_cut_meanwhile),
      cmocka_unit_test(commands_go_to_the_new_set),
      cmocka_unit_test(a_close_meanwhile_keeps_the_old_set),
  };
  const struct CMUnitTest ill[] = {
      cmocka_unit_test(a_new_set_that_fails_is_given_up),
      cmocka_unit_test(one_new_shard_that_ends_for_good_is_enough),
      cmocka_unit_test(a_set_that_was_given_up_starts_no_more_shards),
      cmocka_unit_test(a_hold_stops_the_going_over_too),
      cmocka_unit_test(without_a_store_it_does_not_begin),
  };
  const char *which = argc > 1 ? argv[1] : "";
  int failed = 0;
  if (strcmp(which, "ill") != 0)
    failed += cmocka_run_group_tests_name("reshard", well, NULL, NULL);
  if (strcmp(which, "well") != 0)
    failed += cmocka_run_group_tests_name("reshard", ill, NULL, NULL);
  return failed;
}
