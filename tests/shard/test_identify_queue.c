/* The behaviour suite of identify permissions on the plain queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sherd/config.h>

#include "identify_suite.h"
#include "support/failing_alloc.h"

static void *make(uint32_t max_concurrency) {
  struct sherd__identify_queue *queue;
  assert_int_equal(sherd__identify_queue_new(NULL, max_concurrency, &queue), SHERD_OK);
  return queue;
}

static void drop(void *queue) {
  sherd__identify_queue_free(queue);
}

static void ask(void *queue, struct sherd__identify_ticket *ticket, uint32_t shard_id,
                uint64_t now_ms) {
  sherd__identify_queue_ask(queue, ticket, shard_id, now_ms);
}

static bool poll_turn(void *queue, struct sherd__identify_ticket *ticket, uint64_t now_ms,
                      uint64_t *again_ms) {
  return sherd__identify_queue_poll(queue, ticket, now_ms, again_ms);
}

static void cancel(void *queue, struct sherd__identify_ticket *ticket) {
  sherd__identify_queue_cancel(queue, ticket);
}

static enum sherd_status set_limits(void *queue, const struct sherd_identify_limits *limits,
                                    uint64_t now_ms) {
  return sherd__identify_queue_set_limits(queue, limits, now_ms);
}

static void get_limits(void *queue, uint64_t now_ms, struct sherd_identify_limits *out) {
  sherd__identify_queue_limits(queue, now_ms, out);
}

/* --- Without memory --- */

static void no_memory_changes_nothing(void **state) {
  struct sherd__test_alloc alloc;
  struct sherd__identify_queue *queue;
  struct sherd__identify_ticket ticket = {0};
  struct sherd_identify_limits limits = {.max_concurrency = 2, .remaining = 0, .total = 1};
  uint64_t again_ms;
  (void)state;
  for (size_t fail_at = 1; fail_at <= 2; fail_at++) {
    sherd__test_alloc_init(&alloc, fail_at);
    assert_int_equal(sherd__identify_queue_new(&alloc.allocator, 1, &queue), SHERD_ENOMEM);
    assert_null(queue);
    assert_int_equal(alloc.live, 0);
  }
  sherd__test_alloc_init(&alloc, 3);
  assert_int_equal(sherd__identify_queue_new(&alloc.allocator, 1, &queue), SHERD_OK);
  ask(queue, &ticket, 1, 1000);
  assert_int_equal(set_limits(queue, &limits, 1000), SHERD_ENOMEM);
  get_limits(queue, 1000, &limits);
  assert_int_equal(limits.max_concurrency, 1);
  assert_true(limits.remaining == SHERD_NEVER);
  assert_true(poll_turn(queue, &ticket, 1000, &again_ms));
  drop(queue);
  assert_int_equal(alloc.live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(no_memory_changes_nothing)};
  struct identify_giver plain = {make, drop, ask, poll_turn, cancel, set_limits, get_limits};
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed + identify_suite_run("identify queue", &plain);
}
