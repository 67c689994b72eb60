/* Each allocation in turn fails: nobody falls over, nothing leaks, and what is sent up to there is
 * whole. And what an idle session costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/gateway.h"
#include "support/failing_alloc.h"

#define REQUEST(query)                                                                             \
  "GET /?v=10&encoding=json" query " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"                \
  "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                         \
  "Sec-WebSocket-Version: 13\r\n\r\n"

#define MESSAGE_BYTES 256

/* A frame of a client, masked with zeros, filled up with spaces. */
static size_t frame(uint8_t *out, const char *json) {
  static const uint8_t head[] = {0x81, 0xFE, MESSAGE_BYTES >> 8, MESSAGE_BYTES & 0xFF, 0, 0, 0, 0};
  memcpy(out, head, sizeof head);
  memset(out + sizeof head, ' ', MESSAGE_BYTES);
  memcpy(out + sizeof head, json, strlen(json));
  return sizeof head + MESSAGE_BYTES;
}

static void say(struct sherd__sim_client *client, const char *json, uint64_t now_ms) {
  uint8_t bytes[16 + MESSAGE_BYTES];
  size_t len = frame(bytes, json);
  /* in two pieces, so that something must be kept */
  sherd__sim_client_feed(client, (struct sherd_bytes){bytes, 20}, now_ms);
  sherd__sim_client_feed(client, (struct sherd_bytes){bytes + 20, len - 20}, now_ms);
}

/* Takes what there is. */
static void take(struct sherd__sim *sim) {
  struct sherd__sim_client *client;
  while ((client = sherd__sim_next_ready(sim))) {
    struct sherd_buf out = {.allocator = sherd__sim_client_user(client)};
    sherd__sim_client_take(client, &out);
    sherd__buf_deinit(&out);
  }
}

static void live(struct sherd__sim *sim, struct sherd__test_alloc *alloc, const char *request) {
  struct sherd__sim_client *client;
  if (sherd__sim_client_new(sim, &alloc->allocator, 0, &client))
    return;
  sherd__sim_client_feed(client, (struct sherd_bytes){(const uint8_t *)request, strlen(request)},
                         0);
  say(client,
      "{\"op\":2,\"d\":{\"token\":\"sherd-sim-token\",\"properties\":{},\"compress\":true,"
      "\"intents\":53608446}}",
      0);
  take(sim);
  for (uint64_t ms = 0; ms < 200; ms += 5) {
    sherd__sim_tick(sim, ms);
    take(sim);
  }
  say(client, "{\"op\":3,\"d\":{\"status\":\"idle\",\"activities\":[]}}", 200);
  take(sim);
  sherd__sim_client_free(client, 200);
}

/* Gives how many dispatches were produced. */
static uint64_t run(struct sherd__test_alloc *alloc, const char *request) {
  uint64_t dispatches = 0;
  struct sherd__sim_config config = {
      .allocator = &alloc->allocator, .seed = 2, .guilds = 1, .rate = 500, .replay_events = 32};
  struct sherd__sim *sim;
  if (sherd__sim_new(&config, 0, &sim) == SHERD_OK) {
    live(sim, alloc, request);
    dispatches = sherd__sim_stats(sim)->dispatches;
    sherd__sim_free(sim);
  }
  assert_int_equal(alloc->live, 0);
  return dispatches;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  static const char *const requests[] = {REQUEST(""), REQUEST("&compress=zlib-stream"),
                                         REQUEST("&compress=zstd-stream")};
  struct sherd__test_alloc alloc;
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
    for (size_t fail_at = 1;; fail_at++) {
      sherd__test_alloc_init(&alloc, fail_at);
      uint64_t dispatches = run(&alloc, requests[i]);
      if (!sherd__test_alloc_has_failed(&alloc)) {
        assert_true(dispatches > 50); /* READY, GUILD_CREATE, the stream */
        break;
      }
    }
}

static void an_idle_session_is_small(void **state) {
  (void)state;
  struct sherd__test_alloc alloc;
  struct sherd__sim *sim;
  struct sherd__sim_client *clients[200];
  sherd__test_alloc_init(&alloc, 0);
  struct sherd__sim_config config = {
      .allocator = &alloc.allocator, .seed = 2, .shards = 200, .max_concurrency = 200};
  assert_int_equal(sherd__sim_new(&config, 0, &sim), SHERD_OK);
  size_t before = alloc.live_bytes;
  for (int i = 0; i < 200; i++) {
    char identify[256];
    assert_int_equal(sherd__sim_client_new(sim, &alloc.allocator, 0, &clients[i]), SHERD_OK);
    sherd__sim_client_feed(
        clients[i], (struct sherd_bytes){(const uint8_t *)REQUEST(""), strlen(REQUEST(""))}, 0);
    (void)snprintf(identify, sizeof identify,
                   "{\"op\":2,\"d\":{\"token\":\"sherd-sim-token\",\"properties\":{},"
                   "\"intents\":1,\"shard\":[%d,200]}}",
                   i);
    say(clients[i], identify, 0);
    take(sim);
  }
  assert_int_equal(sherd__sim_stats(sim)->sessions, 200);
  assert_in_range((alloc.live_bytes - before) / 200, 1, 8192);
  for (int i = 0; i < 200; i++)
    sherd__sim_client_free(clients[i], 0);
  sherd__sim_free(sim);
  assert_int_equal(alloc.live, 0);
}

static void log_in(struct sherd__sim *sim, struct sherd__test_alloc *alloc, uint64_t now_ms,
                   struct sherd__sim_client **out) {
  static const char identify[] = "{\"op\":2,\"d\":{\"token\":\"sherd-sim-token\","
                                 "\"properties\":{},\"intents\":3}}";
  assert_int_equal(sherd__sim_client_new(sim, &alloc->allocator, now_ms, out), SHERD_OK);
  sherd__sim_client_feed(
      *out, (struct sherd_bytes){(const uint8_t *)REQUEST(""), strlen(REQUEST(""))}, now_ms);
  say(*out, identify, now_ms);
  for (uint64_t ms = 0; ms < 200; ms++) {
    sherd__sim_tick(sim, now_ms + ms);
    take(sim);
  }
}

/* Each guild is told to ten sessions in the same words, and kept once. */
static void sessions_share_what_is_told_alike(void **state) {
  (void)state;
  struct sherd__test_alloc alloc;
  struct sherd__sim *sim;
  struct sherd__sim_client *clients[10];
  sherd__test_alloc_init(&alloc, 0);
  struct sherd__sim_config config = {.allocator = &alloc.allocator, .seed = 2, .guilds = 12};
  assert_int_equal(sherd__sim_new(&config, 0, &sim), SHERD_OK);
  log_in(sim, &alloc, 0, &clients[0]);
  assert_true(sherd__sim_stats(sim)->dispatched_bytes > 200000);
  size_t before = alloc.live_bytes;
  for (uint64_t i = 1; i < 10; i++)
    log_in(sim, &alloc, i * 5000, &clients[i]);
  assert_int_equal(sherd__sim_stats(sim)->sessions, 10);
  assert_int_equal(sherd__sim_stats(sim)->dispatches, 130);
  assert_in_range((alloc.live_bytes - before) / 9, 1, 20000);
  for (int i = 0; i < 10; i++)
    sherd__sim_client_free(clients[i], 60000);
  sherd__sim_free(sim);
  assert_int_equal(alloc.live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(an_idle_session_is_small),
      cmocka_unit_test(sessions_share_what_is_told_alike),
  };
  return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
