/* The hub and its consumers, on a real socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"

#define OK(op)                                                                                     \
  "{\"shard\":null,\"s\":null,\"t\":\"RESULT\",\"d\":{\"id\":null,\"op\":\"" op                    \
  "\",\"status\":\"SHERD_OK\",*"
#define REFUSED(op, status)                                                                        \
  "{\"shard\":null,\"s\":null,\"t\":\"RESULT\",\"d\":{\"id\":null,\"op\":\"" op                    \
  "\",\"status\":\"" status "\",*"

/* --- Shapes --- */

static void events_come_after_the_result(void **state) {
  struct harness harness;
  struct reader reader;
  (void)state;
  harness_init(&harness);
  harness_start(&harness);
  reader_open(&reader, &harness, "{\"op\":\"subscribe\"}\n");
  assert_line(&reader, OK("subscribe"));
  harness_ready(&harness, 3);
  harness_say(&harness, 3, 2, 4);
  assert_line(&reader, "{\"shard\":3,\"s\":1,\"t\":\"READY\",\"d\":{\"v\":10}}");
  assert_line(&reader, "{\"shard\":3,\"s\":2,\"t\":\"MESSAGE_CREATE\",\"d\":{\"guild_id\":\"3\","
                       "\"x\":\"xxxx\"}}");
  assert_int_equal(harness_stop(&harness, 1000), 0);
  assert_null(reader_line(&reader)); /* and the socket is closed */
  reader_close(&reader);
  harness_deinit(&harness);
}

static void requests_have_answers(void **state) {
  struct harness harness;
  struct reader reader;
  (void)state;
  harness_init(&harness);
  harness_start(&harness);
  reader_open(&reader, &harness,
              "{\"op\":\"status\"}\n\n  \r\n{\"op\":\"subscribe\",\"id\":[1,\"a\"],\"polcy\":1}\n");
  assert_line(&reader, "answer:{\"op\":\"status\"}");
  assert_line(&reader, "{\"shard\":null,\"s\":null,\"t\":\"RESULT\",\"d\":{\"id\":[1,\"a\"],\"op\":"
                       "\"subscribe\",\"status\":\"SHERD_EINVAL\",\"text\":\"there is no field of "
                       "subscribe 'polcy'; did you mean 'policy'?\"}}");
  reader_send(&reader, "garbage\n");
  assert_line(&reader, "answer:garbage");
  reader_send(&reader, "{\"op\":\"ack\",\"n\":1}\n");
  assert_line(&reader, REFUSED("ack", "SHERD_ESTATE"));
  reader_send(&reader, "{\"op\":\"unsubscribe\"}\n");
  assert_line(&reader, REFUSED("unsubscribe", "SHERD_ESTATE"));
  reader_send(&reader, "{\"op\":\"unsubscribe\",\"name\":\"nobody\"}\n");
  assert_line(&reader, REFUSED("unsubscribe", "SHERD_ENOTFOUND"));
  reader_send(&reader, "{\"op\":\"subscribe\",\"queue_bytes\":5}\n");
  assert_line(&reader, REFUSED("subscribe", "SHERD_EINVAL"));
  reader_send(&reader, "{\"op\":\"subscribe\",\"name\":\"a b\"}\n");
  assert_line(&reader, REFUSED("subscribe", "SHERD_EINVAL"));
  /* A connection that has not subscribed gets results only. */
  harness_say(&harness, 0, 1, 1);
  reader_send(&reader, "{\"op\":\"status\"}\n{\"op\":\"subscribe\"}\n{\"op\":\"subscribe\"}\n");
  assert_line(&reader, "answer:*");
  assert_line(&reader, OK("subscribe"));
  assert_line(&reader, REFUSED("subscribe", "SHERD_EALREADY"));
  reader_send(&reader, "{\"op\":\"unsubscribe\"}\n");
  assert_line(&reader, OK("unsubscribe"));
  harness_stop(&harness, 1000);
  reader_close(&reader);
  harness_deinit(&harness);
}

static void long_requests_end_the_connection(void **state) {
  struct harness harness;
  struct reader reader;
  char *text = malloc(70000);
  (void)state;
  assert_non_null(text);
  memset(text, 'a', 70000);
  harness_init(&harness);
  harness_start(&harness);
  reader_open(&reader, &harness, NULL);
  /* Just short enough. */
  text[65536] = '\n';
  text[65537] = '\0';
  reader_send(&reader, text);
  assert_line(&reader, "answer:aaaa*");
  text[65536] = 'a';
  text[65537] = 'a';
  text[69999] = '\0';
  reader_send(&reader, text);
  assert_line(&reader, "{\"shard\":null,\"s\":null,\"t\":\"RESULT\",\"d\":{\"id\":null,\"op\":null,"
                       "\"status\":\"SHERD_ETOOLONG\",*");
  assert_null(reader_line(&reader));
  reader_close(&reader);
  harness_stop(&harness, 1000);
  harness_deinit(&harness);
  free(text);
}

static void results_nobody_reads_are_bounded(void **state) {
  struct harness harness;
  struct reader reader;
  char request[1024];
  (void)state;
  memset(request, 'q', sizeof request);
  memcpy(request + sizeof request - 2, "\n", 2);
  harness_init(&harness);
  harness_start(&harness);
  reader_open(&reader, &harness, NULL);
  /* Far more than the socket's buffers and the bound. The writes fail once it is closed. */
  for (unsigned i = 0; i < 20000; i++) {
    if (send(reader.fd, request, strlen(request), MSG_NOSIGNAL) < 0)
      break;
    assert_true(i < 19999);
  }
  reader_close(&reader);
  harness_stop(&harness, 1000);
  harness_deinit(&harness);
}

/* --- The socket --- */

static void socket_is_private_and_leaves_nothing(void **state) {
  struct harness harness;
  struct stat stat_of;
  (void)state;
  mode_t mask = umask(0);
  harness_init(&harness);
  harness_start(&harness);
  umask(mask);
  assert_int_equal(stat(harness.path, &stat_of), 0);
  assert_int_equal(stat_of.st_mode & 07777, 0600);
  harness_stop(&harness, 1000);
  assert_int_not_equal(stat(harness.path, &stat_of), 0);
  harness_deinit(&harness);
}

static void expect_refused(struct harness *harness, const char *path, const char *said) {
  struct sherd__hub *hub;
  struct sherd_error_info error;
  struct sherd__hub_config config = harness->config;
  uv_loop_t loop;
  assert_int_equal(uv_loop_init(&loop), 0);
  config.loop = &loop;
  config.unix_path = path;
  assert_int_not_equal(sherd__hub_new(&config, &hub, &error), SHERD_OK);
  assert_null(hub);
  if (!strstr(error.text, said))
    fail_msg("'%s' does not say '%s'", error.text, said);
  assert_null(strchr(error.text, '\n'));
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
}

static void socket_of_the_dead_is_replaced(void **state) {
  struct harness harness;
  struct reader reader;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char path[200];
  (void)state;
  harness_init(&harness);
  memcpy(address.sun_path, harness.path, strlen(harness.path));
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(fd, 1), 0);
  expect_refused(&harness, harness.path, "another process listens");
  close(fd); /* as if it were killed: the socket stays */
  harness_start(&harness);
  reader_open(&reader, &harness, "{\"op\":\"status\"}\n");
  assert_line(&reader, "answer:*");
  expect_refused(&harness, harness.path, "another process listens");
  reader_close(&reader);
  harness_stop(&harness, 1000);
  expect_refused(&harness, harness.dir, "is no socket");
  memset(path, 'p', sizeof path - 1);
  path[sizeof path - 1] = '\0';
  expect_refused(&harness, path, "give a shorter one");
  expect_refused(&harness, "/nonexistent/socket", "check the path");
  harness_deinit(&harness);
}

static void bad_names_are_refused(void **state) {
  struct harness harness;
  static const char *const bad[] = {"good", "with space"};
  (void)state;
  harness_init(&harness);
  harness.config.consumers = bad;
  harness.config.consumer_count = 2;
  expect_refused(&harness, harness.path, "is no name of a consumer");
  harness_deinit(&harness);
}

/* --- Taking --- */

static void acks_become_marks(void **state) {
  struct harness harness;
  struct reader reader;
  const char *line;
  uint64_t n = 0;
  (void)state;
  harness_init(&harness);
  harness_start(&harness);
  reader_open(&reader, &harness, "{\"op\":\"subscribe\",\"name\":\"worker\",\"ack\":true}\n");
  assert_line(&reader, OK("subscribe"));
  harness_ready(&harness, 0);
  for (uint64_t seq = 2; seq <= 10; seq++)
    harness_say(&harness, 0, seq, 10);
  for (uint64_t seq = 1; seq <= 10; seq++) {
    line = reader_line(&reader);
    assert_int_equal(strncmp(line, "{\"n\":", 5), 0);
    assert_int_equal(number_in(line, "s"), seq);
    if (seq == 4)
      n = number_in(line, "n");
  }
  char ack[64];
  (void)snprintf(ack, sizeof ack, "{\"op\":\"ack\",\"n\":%u}\n", (unsigned)n);
  reader_send(&reader, ack);
  WAIT_FOR(harness_mark(&harness, "worker", 0) == 4);
  (void)snprintf(ack, sizeof ack, "{\"op\":\"ack\",\"n\":%u}\n", (unsigned)n - 1);
  reader_send(&reader, ack);
  assert_line(&reader, REFUSED("ack", "SHERD_ERANGE"));
  reader_send(&reader, "{\"op\":\"ack\",\"n\":1000,\"id\":7}\n");
  line = reader_line(&reader);
  assert_non_null(strstr(line, "\"id\":7"));
  assert_non_null(strstr(line, "beyond the last line sent, 10\""));
  /* Whoever comes again goes on after what it took. */
  reader_close(&reader);
  reader_open(&reader, &harness, "{\"op\":\"subscribe\",\"name\":\"worker\",\"ack\":true}\n");
  assert_line(&reader, OK("subscribe"));
  assert_int_equal(number_in(reader_line(&reader), "s"), 5);
  assert_int_equal(harness_stop(&harness, 50), 6);
  assert_int_equal(harness_mark(&harness, "worker", 0), 4);
  reader_close(&reader);
  harness_deinit(&harness);
}

static void absent_consumers_are_waited_for(void **state) {
  struct harness harness;
  struct reader reader;
  static const char *const declared[] = {"worker"};
  (void)state;
  harness_init(&harness);
  harness.config.consumers = declared;
  harness.config.consumer_count = 1;
  harness_start(&harness);
  harness_ready(&harness, 1);
  harness_say(&harness, 1, 2, 3);
  assert_int_equal(harness_stop(&harness, 5000), 2);
  /* The next process has it from the store, without being told. The session was not begun. */
  struct sherd_session session;
  assert_int_equal(sherd_store_load(harness.store, 1, &session), SHERD_ENOTFOUND);
  harness.config.consumer_count = 0;
  harness_start(&harness);
  harness_ready(&harness, 1);
  harness_say(&harness, 1, 2, 3);
  struct sherd__hub_stats stats;
  struct sherd__consumer_stats row;
  WAIT_FOR((sherd__hub_stats(harness.hub, &stats, &row, 1), stats.consumers == 1));
  assert_string_equal(row.name, "worker");
  assert_false(row.is_connected);
  reader_open(&reader, &harness, "{\"op\":\"subscribe\",\"name\":\"worker\"}\n");
  assert_line(&reader, OK("subscribe"));
  assert_line(&reader, "{\"shard\":1,\"s\":1,\"t\":\"READY\",*");
  assert_line(&reader, "{\"shard\":1,\"s\":2,*");
  WAIT_FOR(harness_mark(&harness, "worker", 1) == 2);
  WAIT_FOR(sherd_store_load(harness.store, 1, &session) == SHERD_OK);
  assert_string_equal(session.id, "session-1");
  reader_send(&reader, "{\"op\":\"unsubscribe\",\"name\":\"worker\"}\n");
  assert_line(&reader, OK("unsubscribe"));
  assert_null(sherd_store_consumer_name(harness.store, 0));
  reader_close(&reader);
  harness_stop(&harness, 1000);
  harness_deinit(&harness);
}

static void names_are_had_by_one(void **state) {
  struct harness harness;
  struct reader first, second;
  (void)state;
  harness_init(&harness);
  harness_start(&harness);
  reader_open(&first, &harness, "{\"op\":\"subscribe\",\"name\":\"worker\"}\n");
  assert_line(&first, OK("subscribe"));
  reader_open(&second, &harness, "{\"op\":\"subscribe\",\"name\":\"worker\"}\n");
  assert_line(&second, REFUSED("subscribe", "SHERD_ESTATE"));
  reader_send(&second, "{\"op\":\"unsubscribe\",\"name\":\"worker\"}\n");
  assert_line(&second, REFUSED("unsubscribe", "SHERD_ESTATE"));
  reader_close(&first);
  reader_send(&second, "{\"op\":\"subscribe\",\"name\":\"worker\"}\n");
  assert_line(&second, OK("subscribe"));
  /* No more than the store can have. */
  char request[80];
  for (unsigned i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    reader_open(&first, &harness, NULL);
    (void)snprintf(request, sizeof request, "{\"op\":\"subscribe\",\"name\":\"c%u\"}\n", i);
    reader_send(&first, request);
    if (i + 1 < SHERD_STORE_CONSUMERS_MAX)
      assert_line(&first, OK("subscribe"));
    else
      assert_line(&first, REFUSED("subscribe", "SHERD_EQUEUEFULL"));
    reader_close(&first);
  }
  reader_close(&second);
  harness_stop(&harness, 1000);
  harness_deinit(&harness);
}

/* A client that only shuts its own side goes on reading. */
static void half_closed_consumers_are_shown_on(void **state) {
  struct harness harness;
  struct reader reader;
  (void)state;
  harness_init(&harness);
  harness_start(&harness);
  reader_open(&reader, &harness, "{\"op\":\"subscribe\"}\n");
  assert_int_equal(shutdown(reader.fd, SHUT_WR), 0);
  assert_line(&reader, OK("subscribe"));
  harness_say(&harness, 0, 1, 1);
  assert_line(&reader, "{\"shard\":0,\"s\":1,*");
  reader_close(&reader);
  harness_stop(&harness, 1000);
  harness_deinit(&harness);
}

/* --- Slow ones --- */

static void blocking_holds_the_fleet(void **state) {
  struct harness harness;
  struct reader reader;
  struct sherd__hub_stats stats;
  (void)state;
  harness_init(&harness);
  harness_start(&harness);
  reader_open(&reader, &harness,
              "{\"op\":\"subscribe\",\"name\":\"slow\",\"queue_bytes\":1000000}\n");
  assert_line(&reader, OK("subscribe"));
  uint64_t seq = 0;
  while (!harness.is_held && seq < 3000)
    harness_say(&harness, 0, ++seq, 1000);
  assert_true(harness.is_held);
  sherd__hub_stats(harness.hub, &stats, NULL, 0);
  assert_true(stats.is_holding);
  assert_in_range(stats.memory_bytes, 1000000, 1000000 + 2 * 262144 + 4096);
  WAIT_FOR(harness.hold_logs == 1);
  for (uint64_t i = 1; i <= seq; i++)
    assert_int_equal(number_in(reader_line(&reader), "s"), i);
  WAIT_FOR(!harness.is_held);
  assert_int_equal(harness_stop(&harness, 1000), 0);
  reader_close(&reader);
  harness_deinit(&harness);
}

static void dropping_says_how_many(void **state) {
  struct harness harness;
  struct reader reader;
  struct sherd__consumer_stats row;
  struct sherd__hub_stats stats;
  uint64_t seen = 0, missed = 0, last = 0, told = 0;
  (void)state;
  harness_init(&harness);
  harness_start(&harness);
  reader_open(&reader, &harness,
              "{\"op\":\"subscribe\",\"policy\":\"drop_oldest\",\"queue_bytes\":600000}\n");
  assert_line(&reader, OK("subscribe"));
  for (uint64_t seq = 1; seq <= 5000; seq++) {
    harness_say(&harness, 0, seq, 1000);
    if (seq % 500 == 0) /* the hub's turn: it would be held for a moment otherwise */
      WAIT_FOR((sherd__hub_stats(harness.hub, &stats, &row, 1), stats.memory_bytes < 1800000));
  }
  while (last < 5000) {
    const char *line = reader_line(&reader);
    if (strstr(line, "\"DROPPED\"")) {
      told = number_in(line, "events");
      missed += told;
      assert_in_range(number_in(line, "bytes") / told, 1060, 1075);
      continue;
    }
    uint64_t seq = number_in(line, "s");
    assert_int_equal(seq, last + told + 1); /* told at the place */
    told = 0;
    last = seq;
    seen++;
  }
  assert_true(missed > 0);
  assert_int_equal(seen + missed, 5000);
  WAIT_FOR((sherd__hub_stats(harness.hub, &stats, &row, 1), row.lag_events == 0));
  assert_int_equal(row.dropped, missed);
  assert_int_equal(row.sent, seen);
  harness_stop(&harness, 1000);
  reader_close(&reader);
  harness_deinit(&harness);
}

static void disconnecting_ends_the_slow(void **state) {
  struct harness harness;
  struct reader reader;
  (void)state;
  harness_init(&harness);
  harness_start(&harness);
  reader_open(&reader, &harness,
              "{\"op\":\"subscribe\",\"policy\":\"disconnect\",\"queue_bytes\":100000}\n");
  assert_line(&reader, OK("subscribe"));
  struct sherd__hub_stats stats;
  uint64_t seq = 0;
  do
    harness_say(&harness, 0, ++seq, 1000);
  while (sherd__hub_stats(harness.hub, &stats, NULL, 0), stats.consumers && seq < 5000);
  assert_true(seq < 5000);
  uint64_t last = 0;
  for (const char *line; (line = reader_line(&reader));)
    assert_int_equal(number_in(line, "s"), ++last);
  assert_true(last > 0 && last < seq);
  reader_close(&reader);
  harness_stop(&harness, 1000);
  harness_deinit(&harness);
}

/* --- Many --- */

#define THREADS 4
#define EACH    2000
#define READERS 50

static void offer_all(void *arg) {
  struct harness *harness = arg;
  static atomic_uint next;
  uint32_t shard = next++ % THREADS;
  for (uint64_t seq = 1; seq <= EACH; seq++)
    harness_say(harness, shard, seq, seq % 200);
}

static void fifty_consumers_of_four_threads(void **state) {
  struct harness harness;
  struct reader readers[READERS];
  uv_thread_t threads[THREADS];
  char request[160];
  (void)state;
  harness_init(&harness);
  harness_start(&harness);
  for (unsigned i = 0; i < READERS; i++) {
    (void)snprintf(request, sizeof request,
                   i % 5 == 0 ? "{\"op\":\"subscribe\",\"guilds\":[\"%u\"]}\n"
                              : "{\"op\":\"subscribe\",\"queue_bytes\":%u}\n",
                   i % 5 == 0 ? i % THREADS : 60000 + i * 10000);
    reader_open(&readers[i], &harness, request);
    assert_line(&readers[i], OK("subscribe"));
  }
  for (unsigned i = 0; i < THREADS; i++)
    assert_int_equal(uv_thread_create(&threads[i], offer_all, &harness), 0);
  struct sherd__hub_stats stats;
  /* Each has the events of each shard in their order. They are read in small turns, so that the
   * fleet is held now and then. */
  static uint64_t last[READERS][THREADS];
  uint64_t left = 0;
  memset(last, 0, sizeof last);
  for (unsigned i = 0; i < READERS; i++)
    left += i % 5 == 0 ? EACH : EACH * THREADS;
  for (unsigned i = 0; left; i = (i + 1) % READERS) {
    for (unsigned k = 0; k < 100 && reader_has(&readers[i], 0); k++) {
      const char *line = reader_line(&readers[i]);
      uint64_t shard = number_in(line, "shard");
      assert_int_equal(number_in(line, "s"), last[i][shard] + 1);
      assert_true(i % 5 != 0 || shard == i % THREADS);
      last[i][shard]++;
      left--;
    }
    sherd__hub_stats(harness.hub, &stats, NULL, 0);
    assert_true(stats.memory_bytes < 4u << 20);
  }
  for (unsigned i = 0; i < THREADS; i++)
    uv_thread_join(&threads[i]);
  assert_int_equal(stats.consumers, READERS);
  assert_int_equal(harness_stop(&harness, 2000), 0);
  for (unsigned i = 0; i < READERS; i++)
    reader_close(&readers[i]);
  harness_deinit(&harness);
}

static void consumers_come_and_go(void **state) {
  struct harness harness;
  struct reader reader;
  uv_thread_t thread;
  (void)state;
  harness_init(&harness);
  harness_start(&harness);
  assert_int_equal(uv_thread_create(&thread, offer_all, &harness), 0);
  for (unsigned i = 0; i < 60; i++) {
    reader_open(&reader, &harness,
                i % 2 ? "{\"op\":\"subscribe\",\"queue_bytes\":100000}\n"
                      : "{\"op\":\"subscribe\",\"name\":\"worker\",\"ack\":true}\n");
    assert_non_null(reader_line(&reader)); /* maybe that the one before is not gone yet */
    reader_close(&reader);                 /* in the midst of a line, mostly */
  }
  reader_open(&reader, &harness, "{\"op\":\"unsubscribe\",\"name\":\"worker\"}\n");
  assert_non_null(reader_line(&reader));
  uv_thread_join(&thread);
  reader_close(&reader);
  harness_stop(&harness, 100);
  harness_deinit(&harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(events_come_after_the_result),
      cmocka_unit_test(requests_have_answers),
      cmocka_unit_test(long_requests_end_the_connection),
      cmocka_unit_test(results_nobody_reads_are_bounded),
      cmocka_unit_test(socket_is_private_and_leaves_nothing),
      cmocka_unit_test(socket_of_the_dead_is_replaced),
      cmocka_unit_test(bad_names_are_refused),
      cmocka_unit_test(acks_become_marks),
      cmocka_unit_test(absent_consumers_are_waited_for),
      cmocka_unit_test(names_are_had_by_one),
      cmocka_unit_test(half_closed_consumers_are_shown_on),
      cmocka_unit_test(blocking_holds_the_fleet),
      cmocka_unit_test(dropping_says_how_many),
      cmocka_unit_test(disconnecting_ends_the_slow),
      cmocka_unit_test(fifty_consumers_of_four_threads),
      cmocka_unit_test(consumers_come_and_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
