/* Fleets against the simulator: they start, lose nothing when cut, and end as asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fleet_host.h"
#include "support/script_server.h"

#define SHARDS 64

static struct fleet_host host;

static const struct sherd__sim_config many = {
    .shards = SHARDS,
    .guilds = SHARDS * 2,
    .rate = 200,
    .max_events = 60,
    .max_concurrency = SHARDS,
    .guild_pause_ms = 1,
};

static void all_start_and_nothing_is_lost_when_cut(void **state) {
  (void)state;
  struct sherd_fleet_status status;
  fleet_host_start(&host, &many);
  struct sherd_fleet_config config = fleet_host_config(&host, 0);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  fleet_host_cut(&host);
  fleet_wait_seen(&host, SHERD_EVENT_RESUMED, SHARDS);
  fleet_wait_all_shown(&host);
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.shard_count, SHARDS); /* as advised */
  assert_int_equal(status.started, SHARDS);
  assert_int_equal(status.connected, SHARDS);
  assert_int_equal(status.failed, 0);
  assert_int_equal(status.resumes_pending, 0);
  assert_int_equal(status.max_concurrency, SHARDS);
  assert_int_equal(status.starts_remaining, status.starts_total - SHARDS);
  assert_int_equal(status.eta_ms, 0);
  assert_int_equal(status.sum.identifies, SHARDS);
  assert_int_equal(status.sum.resumes, SHARDS);
  assert_int_equal(sherd_fleet_close(fleet, false, 5000), SHERD_OK);
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.phase, SHERD_FLEET_CLOSED);
  assert_int_equal(status.connected, 0);
  assert_int_equal(status.sum.identifies, SHARDS); /* of shards that are gone */
  assert_int_equal(fleet_seen(&host, SHERD_EVENT_CLOSED), SHARDS);
  assert_int_equal(sherd_fleet_join(fleet, 0), SHERD_OK);
  fleet_expect_ledger(&host);
  assert_int_equal(fleet_host_stats(&host).sessions, SHARDS);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

static void a_range_has_its_shards_only(void **state) {
  (void)state;
  struct sherd_fleet_status status;
  fleet_host_start(&host, &many);
  struct sherd_fleet_config config = fleet_host_config(&host, 8);
  config.is_range = true;
  config.first_shard = 3;
  config.last_shard = 5;
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.shards, 3);
  assert_int_equal(status.first_shard, 3);
  assert_int_equal(status.last_shard, 5);
  struct sherd_error_info error;
  assert_int_equal(sherd_fleet_reshard(fleet, 16, &error), SHERD_EUNSUPPORTED);
  assert_string_equal(error.text,
                      "this fleet has 3 of 8 shards: one that has all can be re-sharded");
  struct sherd_command command = {.type = SHERD_COMMAND_VOICE_STATE, .guild_id = 0};
  assert_int_equal(sherd_fleet_send(fleet, SHERD_NEVER, &command, &error), SHERD_ENOTFOUND);
  assert_non_null(strstr(error.text, "3 to 5 of 8"));
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

static void what_cannot_be_is_refused(void **state) {
  (void)state;
  struct sherd_fleet *fleet;
  fleet_host_start(&host, &(struct sherd__sim_config){0});
  struct sherd_fleet_config good = fleet_host_config(&host, 4), bad = good;
  bad.on_event = NULL;
  assert_int_equal(sherd_fleet_new(&bad, &fleet), SHERD_EINVAL);
  assert_null(fleet);
  bad = good;
  bad.is_range = true;
  bad.first_shard = 2;
  bad.last_shard = 1;
  assert_int_equal(sherd_fleet_new(&bad, &fleet), SHERD_EINVAL);
  bad.first_shard = bad.last_shard = 4;
  assert_int_equal(sherd_fleet_new(&bad, &fleet), SHERD_EINVAL);
  bad = good;
  bad.shard_count = 1000001;
  assert_int_equal(sherd_fleet_new(&bad, &fleet), SHERD_EINVAL);
  bad = good;
  bad.shard.gateway.token = "two words";
  assert_int_equal(sherd_fleet_new(&bad, &fleet), SHERD_ETOKEN);
  bad = good;
  bad.shard.gateway.gateway_url = "http://wrong";
  assert_int_equal(sherd_fleet_new(&bad, &fleet), SHERD_EURL);
  assert_int_equal(sherd_fleet_new(&good, &fleet), SHERD_OK);
  assert_int_equal(sherd_fleet_join(fleet, 0), SHERD_ENOTALIVE);
  assert_int_equal(sherd_fleet_reshard(fleet, 2, NULL), SHERD_ESTATE);
  assert_null(sherd_fleet_store(fleet, 0));
  assert_int_equal(sherd_fleet_close(fleet, true, 0), SHERD_OK);
  assert_int_equal(sherd_fleet_start(fleet), SHERD_EALREADY);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

/* --- Failures --- */

static void a_wrong_token_ends_it(void **state) {
  (void)state;
  struct sherd_error_info error;
  fleet_host_start(&host, &many);
  struct sherd_fleet_config config = fleet_host_config(&host, 0);
  config.shard.gateway.token = "another-token";
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  assert_int_equal(sherd_fleet_join(fleet, FLEET_HOST_WAIT_MS), SHERD_ERESTAUTH);
  sherd_fleet_last_error(fleet, &error);
  assert_int_equal(error.status, SHERD_ERESTAUTH);
  assert_true(error.text[0]);
  assert_int_equal(fleet_logged(&host, "fleet.failed"), 1);
  assert_int_equal(sherd_fleet_close(fleet, true, 0), SHERD_OK);
  assert_int_equal(sherd_fleet_join(fleet, 0), SHERD_ERESTAUTH);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

static void a_fatal_close_of_one_ends_all(void **state) {
  (void)state;
  struct sherd_error_info error;
  struct sherd_fleet_status status;
  struct sherd__sim_config sim = many;
  sim.disallowed_intents = SHERD_INTENT_GUILD_PRESENCES;
  fleet_host_start(&host, &sim);
  struct sherd_fleet_config config = fleet_host_config(&host, SHARDS);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  assert_int_equal(sherd_fleet_join(fleet, FLEET_HOST_WAIT_MS), SHERD_EDISALLOWEDINTENTS);
  sherd_fleet_last_error(fleet, &error);
  assert_int_equal(error.status, SHERD_EDISALLOWEDINTENTS);
  assert_int_equal(error.close_code, 4014);
  assert_non_null(strstr(error.text, "of 64 ended: "));
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.phase, SHERD_FLEET_FAILED);
  assert_int_equal(status.connected, 0);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

/* --- The API --- */

/* An API that never answers holds nobody up who leaves: what it is given is more than the test is.
 */
static void a_fleet_that_asks_can_be_freed(void **state) {
  (void)state;
  static const struct script_step silent[] = {SCRIPT_REQUEST, SCRIPT_SIGNAL, SCRIPT_END};
  struct script_server *api = script_server_start_one(silent);
  char url[128];
  assert_non_null(api);
  snprintf(url, sizeof url, "http%s", script_server_url(api) + strlen("ws"));
  fleet_host_start(&host, &many);
  struct sherd_fleet_config config = fleet_host_config(&host, 0);
  config.rest.api_url = url;
  config.rest.timeout_ms = SCRIPT_HOUR_MS;
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  assert_non_null(script_server_wait(api, SCRIPT_OP_REQUEST, 0));
  sherd_fleet_free(fleet);
  assert_non_null(script_server_wait(api, SCRIPT_OP_GONE, 0));
  assert_int_equal(script_server_count(api, SCRIPT_OP_REQUEST), 1);
  fleet_host_stop(&host);
  script_server_stop(api);
}

/* --- The day's starts --- */

static void it_waits_when_the_days_starts_are_used_up(void **state) {
  (void)state;
  struct sherd_fleet_status status;
  struct sherd__sim_config sim = many;
  sim.starts_a_day = 5;
  fleet_host_start(&host, &sim);
  struct sherd_fleet_config config = fleet_host_config(&host, 8);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_seen(&host, SHERD_EVENT_READY, 5);
  for (int i = 0; i < 2000; i++) {
    sherd_fleet_status(fleet, &status);
    if (status.waits_until_unix_ms)
      break;
    uv_sleep(5);
  }
  assert_true(status.waits_until_unix_ms > 0);
  assert_int_equal(status.phase, SHERD_FLEET_STARTING);
  assert_int_equal(status.started, 5);
  assert_int_equal(status.starts_remaining, 0);
  assert_int_equal(status.starts_total, 5);
  assert_true(status.eta_ms > 3600000);
  assert_int_equal(fleet_logged(&host, "fleet.wait until=20"), 1);
  assert_int_equal(fleet_host_stats(&host).sessions, 5);
  assert_int_equal(sherd_fleet_close(fleet, true, 5000), SHERD_OK);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

/* Ten thousand that wait cost no more than their places. */
static void shards_that_wait_cost_next_to_nothing(void **state) {
  (void)state;
  struct sherd_fleet_status status;
  struct sherd__sim_config sim = many;
  sim.max_concurrency = 1;
  fleet_host_start(&host, &sim);
  struct sherd_fleet_config config = fleet_host_config(&host, 10000);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_seen(&host, SHERD_EVENT_READY, 1);
  sherd_fleet_status(fleet, &status);
  assert_int_equal(status.started, 1);
  assert_true(status.eta_ms > 9990u * 5000u);
  assert_true(fleet_host_stats(&host).connections <= 4); /* one, the next, and those for REST */
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

/* --- Commands --- */

static void count_one(struct sherd_shard *shard, void *user) {
  uint32_t *next = user;
  assert_int_equal(sherd_shard_id(shard), *next);
  (*next)++;
}

static void commands_find_their_shards(void **state) {
  (void)state;
  struct sherd_error_info error;
  uint32_t seen = 0;
  fleet_host_start(&host, &many);
  struct sherd_fleet_config config = fleet_host_config(&host, 4);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  sherd_fleet_each(fleet, count_one, &seen);
  assert_int_equal(seen, 4);

  struct sherd_command presence = {
      .type = SHERD_COMMAND_PRESENCE,
      .as.presence = {.status_is = SHERD_FIELD_VALUE, .status = SHERD_PRESENCE_IDLE}};
  uint64_t before = 0;
  struct sherd_fleet_status status;
  sherd_fleet_status(fleet, &status);
  before = status.sum.commands;
  assert_int_equal(sherd_fleet_send(fleet, SHERD_NEVER, &presence, &error), SHERD_OK);
  const sherd_snowflake guilds[] = {0u << 22, 1u << 22, 5u << 22, 2u << 22, 4u << 22};
  struct sherd_command sounds = {.type = SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS,
                                 .as.soundboard_guilds = {guilds, 5}};
  assert_int_equal(sherd_fleet_send(fleet, SHERD_NEVER, &sounds, &error), SHERD_OK);
  for (int i = 0; i < 2000 && status.sum.commands < before + 4 + 3; i++) {
    uv_sleep(5);
    sherd_fleet_status(fleet, &status);
  }
  assert_int_equal(status.sum.commands, before + 4 + 3); /* to each; and in three parts */

  presence.as.presence.activity_is = SHERD_FIELD_VALUE; /* without a name */
  assert_int_equal(sherd_fleet_send(fleet, SHERD_NEVER, &presence, &error), SHERD_EINVAL);
  assert_true(error.text[0]);
  assert_int_equal(sherd_fleet_send(fleet, 4, &sounds, &error), SHERD_ENOTFOUND);
  sounds.as.soundboard_guilds.count = 0;
  assert_int_equal(sherd_fleet_send(fleet, SHERD_NEVER, &sounds, &error), SHERD_EINVAL);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

/* --- Calls from where they must not come --- */

static void try_blocking(struct fleet_host *self, struct sherd_fleet *fleet,
                         const struct sherd_fleet_event *event) {
  if (event->event->type != SHERD_EVENT_READY)
    return;
  *(bool *)self->hook_arg = sherd_fleet_close(fleet, true, 0) == SHERD_EDEADLK &&
                            sherd_fleet_join(fleet, 0) == SHERD_EDEADLK;
}

static void blocking_calls_are_refused_in_callbacks(void **state) {
  (void)state;
  bool refused = false;
  fleet_host_start(&host, &many);
  host.hook = try_blocking;
  host.hook_arg = &refused;
  struct sherd_fleet_config config = fleet_host_config(&host, 1);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_seen(&host, SHERD_EVENT_READY, 1);
  sherd_fleet_free(fleet);
  assert_true(refused);
  fleet_host_stop(&host);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_start_and_nothing_is_lost_when_cut),
      cmocka_unit_test(a_range_has_its_shards_only),
      cmocka_unit_test(what_cannot_be_is_refused),
      cmocka_unit_test(a_wrong_token_ends_it),
      cmocka_unit_test(a_fatal_close_of_one_ends_all),
      cmocka_unit_test(a_fleet_that_asks_can_be_freed),
      cmocka_unit_test(it_waits_when_the_days_starts_are_used_up),
      cmocka_unit_test(shards_that_wait_cost_next_to_nothing),
      cmocka_unit_test(commands_find_their_shards),
      cmocka_unit_test(blocking_calls_are_refused_in_callbacks),
  };
  return cmocka_run_group_tests_name("fleet", tests, NULL, NULL);
}
