/* The behaviour suite of identify permissions on the plain queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "identify_suite.h"

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

int main(void) {
  struct identify_giver plain = {make, drop, ask, poll_turn, cancel};
  return identify_suite_run("identify queue", &plain);
}
