/* stdout and stdin, as pipes, files and sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

/* A hub whose stdout is the one end of a pipe; the other end is the reader's. */
static void start_on_pipe(struct harness *harness, struct reader *reader,
                          enum sherd__stdout_taken taken) {
  int ends[2];
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  harness_init(harness);
  harness->config.unix_path = NULL;
  harness->config.stdout_fd = ends[1];
  harness->config.stdout_taken = taken;
  reader_take(reader, ends[0]);
}

static void expect_lines(struct reader *reader, uint64_t from, uint64_t to) {
  for (uint64_t seq = from; seq <= to; seq++)
    assert_int_equal(number_in(reader_line(reader), "s"), seq);
}

static void what_is_read_is_taken(void **state) {
  struct harness harness;
  struct reader reader;
  (void)state;
  start_on_pipe(&harness, &reader, SHERD__STDOUT_READ);
  harness_start(&harness);
  harness_ready(&harness, 2);
  for (uint64_t seq = 2; seq <= 20; seq++)
    harness_say(&harness, 2, seq, 50);
  /* It stands in the pipe, and is not taken. */
  assert_true(reader_has(&reader, 10000));
  struct sherd__hub_stats stats;
  struct sherd__consumer_stats row;
  WAIT_FOR((sherd__hub_stats(harness.hub, &stats, &row, 1), row.sent == 20));
  assert_int_equal(row.lag_events, 20);
  assert_int_equal(harness_mark(&harness, "stdout", 2), 0);
  expect_lines(&reader, 1, 20);
  /* The last look is by a timer. */
  WAIT_FOR(harness_mark(&harness, "stdout", 2) == 20);
  assert_int_equal(harness_stop(&harness, 1000), 0);
  close(harness.config.stdout_fd);
  assert_null(reader_line(&reader));
  reader_close(&reader);
  harness_deinit(&harness);
}

/* What the reader has taken in half a line is not taken. */
static void half_a_line_is_not_taken(void **state) {
  struct harness harness;
  struct reader reader;
  char some[100];
  (void)state;
  start_on_pipe(&harness, &reader, SHERD__STDOUT_READ);
  harness_start(&harness);
  harness_ready(&harness, 0);
  for (uint64_t seq = 2; seq <= 4; seq++)
    harness_say(&harness, 0, seq, 500);
  assert_true(reader_has(&reader, 10000));
  struct sherd__hub_stats stats;
  struct sherd__consumer_stats row;
  WAIT_FOR((sherd__hub_stats(harness.hub, &stats, &row, 1), row.sent == 4));
  assert_int_equal(read(reader.fd, some, sizeof some), sizeof some); /* READY and a little more */
  WAIT_FOR((sherd__hub_stats(harness.hub, &stats, &row, 1), row.lag_events == 3));
  /* At the end its reader is waited for; this one reads no more. */
  assert_int_equal(harness_stop(&harness, 100), 3);
  struct sherd_session session;
  assert_int_equal(sherd_store_load(harness.store, 0, &session), SHERD_OK);
  assert_int_equal(session.seq, 1);
  close(harness.config.stdout_fd);
  reader_close(&reader);
  harness_deinit(&harness);
}

static void the_end_waits_for_the_reader(void **state) {
  struct harness harness;
  struct reader reader;
  (void)state;
  start_on_pipe(&harness, &reader, SHERD__STDOUT_READ);
  harness_start(&harness);
  for (uint64_t seq = 1; seq <= 1000; seq++)
    harness_say(&harness, 0, seq, 500); /* eight pipes full */
  harness.finish_timeout_ms = 10000;
  uv_async_send(&harness.quit);
  expect_lines(&reader, 1, 1000);
  uv_thread_join(&harness.thread);
  assert_int_equal(harness.finished, 1);
  assert_int_equal(harness.untaken, 0);
  assert_int_equal(harness_mark(&harness, "stdout", 0), 0); /* its READY never came */
  sherd__hub_free(harness.hub);
  assert_int_equal(uv_loop_close(&harness.loop), 0);
  close(harness.config.stdout_fd);
  reader_close(&reader);
  harness_deinit(&harness);
}

static void a_slow_reader_holds_the_fleet(void **state) {
  struct harness harness;
  struct reader reader;
  (void)state;
  start_on_pipe(&harness, &reader, SHERD__STDOUT_READ);
  harness.config.queue_bytes = 400000;
  harness_start(&harness);
  uint64_t seq = 0;
  while (!harness.is_held && seq < 2000)
    harness_say(&harness, 0, ++seq, 1000);
  assert_true(harness.is_held);
  assert_in_range(seq, 350, 400); /* lines of 1069 bytes, with what is known of each */
  expect_lines(&reader, 1, seq);
  WAIT_FOR(!harness.is_held);
  assert_int_equal(harness_stop(&harness, 1000), 0);
  close(harness.config.stdout_fd);
  reader_close(&reader);
  harness_deinit(&harness);
}

static void a_reader_that_goes_is_told(void **state) {
  struct harness harness;
  struct reader reader;
  (void)state;
  start_on_pipe(&harness, &reader, SHERD__STDOUT_READ);
  harness_start(&harness);
  harness_ready(&harness, 0);
  expect_lines(&reader, 1, 1);
  reader_close(&reader);
  WAIT_FOR(harness.ends == 1); /* at once, without another event */
  assert_string_equal(harness.why, "the reader of stdout has gone");
  harness_say(&harness, 0, 2, 10);
  assert_int_equal(harness_stop(&harness, 1000), 1);
  assert_int_equal(harness_mark(&harness, "stdout", 0), 1);
  close(harness.config.stdout_fd);
  harness_deinit(&harness);
}

/* While it is written to. */
static void a_reader_that_is_killed_is_told(void **state) {
  struct harness harness;
  struct reader reader;
  (void)state;
  start_on_pipe(&harness, &reader, SHERD__STDOUT_READ);
  harness_start(&harness);
  harness_ready(&harness, 0);
  for (uint64_t seq = 2; seq <= 500; seq++)
    harness_say(&harness, 0, seq, 1000);
  expect_lines(&reader, 1, 100);
  size_t unread = reader.len - reader.at; /* read, but not looked at */
  reader_close(&reader);
  WAIT_FOR(harness.ends == 1);
  uint64_t untaken = harness_stop(&harness, 1000);
  uint64_t mark = harness_mark(&harness, "stdout", 0);
  assert_int_equal(mark + untaken, 500);
  assert_in_range(mark, 100, 101 + unread / 1000);
  close(harness.config.stdout_fd);
  harness_deinit(&harness);
}

static void descriptors_keep_their_mode(void **state) {
  struct harness harness;
  struct reader reader;
  int requests[2];
  (void)state;
  start_on_pipe(&harness, &reader, SHERD__STDOUT_READ);
  assert_int_equal(pipe2(requests, O_CLOEXEC), 0);
  harness.config.stdin_fd = requests[0];
  harness_start(&harness);
  assert_int_equal(write(requests[1], "{\"op\":\"status\"}\n", 16), 16);
  assert_line(&reader, "answer:{\"op\":\"status\"}");
  assert_int_equal(fcntl(harness.config.stdout_fd, F_GETFL) & O_NONBLOCK, 0);
  assert_int_equal(fcntl(requests[0], F_GETFL) & O_NONBLOCK, 0);
  /* The end of stdin is no end. */
  close(requests[1]);
  harness_say(&harness, 0, 1, 10);
  expect_lines(&reader, 1, 1);
  assert_int_equal(harness.ends, 0);
  harness_stop(&harness, 1000);
  close(requests[0]);
  close(harness.config.stdout_fd);
  reader_close(&reader);
  harness_deinit(&harness);
}

static void stdin_acknowledges(void **state) {
  struct harness harness;
  struct reader reader;
  int requests[2];
  (void)state;
  start_on_pipe(&harness, &reader, SHERD__STDOUT_ACKED);
  assert_int_equal(pipe2(requests, O_CLOEXEC), 0);
  harness.config.stdin_fd = requests[0];
  harness_start(&harness);
  harness_ready(&harness, 0);
  harness_say(&harness, 0, 2, 10);
  assert_line(&reader, "{\"n\":1,\"shard\":0,\"s\":1,*");
  assert_line(&reader, "{\"n\":2,\"shard\":0,\"s\":2,*");
  assert_int_equal(write(requests[1], "{\"op\":\"ack\",\"n\":1}\n", 19), 19);
  WAIT_FOR(harness_mark(&harness, "stdout", 0) == 1);
  assert_int_equal(write(requests[1], "{\"op\":\"subscribe\"}\n", 19), 19);
  assert_line(&reader, "{\"shard\":null,\"s\":null,\"t\":\"RESULT\",\"d\":{\"id\":null,\"op\":"
                       "\"subscribe\",\"status\":\"SHERD_ESTATE\",*");
  close(requests[1]);
  WAIT_FOR(harness.ends == 1); /* nobody can acknowledge any more */
  assert_non_null(strstr(harness.why, "stdin has ended"));
  assert_int_equal(harness_stop(&harness, 100), 1);
  close(requests[0]);
  close(harness.config.stdout_fd);
  reader_close(&reader);
  harness_deinit(&harness);
}

/* --- What is no pipe --- */

static void files_are_written(void **state) {
  struct harness harness;
  struct reader reader;
  char path[] = "/tmp/sherd-stdout-XXXXXX";
  (void)state;
  int file = mkstemp(path);
  assert_true(file >= 0);
  assert_int_equal(write(file, "before\n", 7), 7);
  int requests = open("/dev/null", O_RDONLY);
  harness_init(&harness);
  harness.config.stdout_fd = file;
  harness.config.stdin_fd = requests;
  harness_start(&harness);
  for (uint64_t seq = 1; seq <= 3000; seq++)
    harness_say(&harness, 0, seq, 1000);
  assert_int_equal(harness_stop(&harness, 5000), 0);
  assert_int_equal(harness.ends, 0);
  reader_take(&reader, open(path, O_RDONLY));
  assert_line(&reader, "before");
  expect_lines(&reader, 1, 3000);
  assert_null(reader_line(&reader));
  reader_close(&reader);
  close(requests);
  close(file);
  unlink(path);
  harness_deinit(&harness);
}

static void full_disks_are_told(void **state) {
  struct harness harness;
  (void)state;
  int full = open("/dev/full", O_WRONLY);
  assert_true(full >= 0);
  harness_init(&harness);
  harness.config.stdout_fd = full;
  harness_start(&harness);
  harness_ready(&harness, 0);
  WAIT_FOR(harness.ends == 1);
  assert_non_null(strstr(harness.why, "No space left"));
  assert_int_equal(harness_stop(&harness, 1000), 1);
  assert_int_equal(harness_mark(&harness, "stdout", 0), 0);
  close(full);
  harness_deinit(&harness);
}

static void requests_come_from_a_file(void **state) {
  struct harness harness;
  struct reader reader;
  FILE *file = tmpfile();
  (void)state;
  assert_non_null(file);
  for (unsigned i = 0; i < 5000; i++)
    assert_true(fprintf(file, "{\"op\":\"number\",\"i\":%u}\n", i) > 0);
  rewind(file);
  start_on_pipe(&harness, &reader, SHERD__STDOUT_WRITTEN);
  harness.config.stdin_fd = fileno(file);
  harness_start(&harness);
  for (unsigned i = 0; i < 5000; i++)
    assert_int_equal(number_in(reader_line(&reader), "i"), i);
  harness_stop(&harness, 1000);
  fclose(file);
  close(harness.config.stdout_fd);
  reader_close(&reader);
  harness_deinit(&harness);
}

static void sockets_are_written(void **state) {
  struct harness harness;
  struct reader reader;
  int ends[2];
  (void)state;
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  harness_init(&harness);
  harness.config.unix_path = NULL;
  harness.config.stdout_fd = harness.config.stdin_fd = ends[1];
  reader_take(&reader, ends[0]);
  harness_start(&harness);
  harness_ready(&harness, 0);
  for (uint64_t seq = 2; seq <= 1000; seq++)
    harness_say(&harness, 0, seq, 1000);
  expect_lines(&reader, 1, 1000);
  reader_send(&reader, "{\"op\":\"status\"}\n");
  assert_line(&reader, "answer:*");
  WAIT_FOR(harness_mark(&harness, "stdout", 0) == 1000);
  /* It says no more, and still reads. */
  assert_int_equal(shutdown(reader.fd, SHUT_WR), 0);
  harness_say(&harness, 0, 1001, 10);
  expect_lines(&reader, 1001, 1001);
  assert_int_equal(harness.ends, 0);
  assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
  assert_int_equal(harness_stop(&harness, 1000), 0);
  close(ends[1]);
  reader_close(&reader);
  harness_deinit(&harness);
}

/* The next process shows what this one's reader had not taken, and nothing else. */
static void restarts_show_what_was_not_taken(void **state) {
  struct harness harness;
  struct reader reader;
  struct sherd_session session;
  (void)state;
  start_on_pipe(&harness, &reader, SHERD__STDOUT_READ);
  harness_start(&harness);
  harness_ready(&harness, 0);
  for (uint64_t seq = 2; seq <= 300; seq++)
    harness_say(&harness, 0, seq, 1000);
  expect_lines(&reader, 1, 70);
  harness_stop(&harness, 0);
  uint64_t mark = harness_mark(&harness, "stdout", 0);
  assert_in_range(mark, 70, 299);
  assert_int_equal(sherd_store_load(harness.store, 0, &session), SHERD_OK);
  assert_int_equal(session.seq, mark);
  close(harness.config.stdout_fd);
  reader_close(&reader);

  int ends[2];
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  harness.config.stdout_fd = ends[1];
  reader_take(&reader, ends[0]);
  harness_start(&harness);
  /* The gateway may go back further than it must, for others' sake. */
  for (uint64_t seq = 2; seq <= 310; seq++)
    harness_say(&harness, 0, seq, 10);
  expect_lines(&reader, mark + 1, 310);
  assert_int_equal(harness_stop(&harness, 1000), 0);
  assert_int_equal(harness_mark(&harness, "stdout", 0), 310);
  close(ends[1]);
  reader_close(&reader);
  harness_deinit(&harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_read_is_taken),
      cmocka_unit_test(half_a_line_is_not_taken),
      cmocka_unit_test(the_end_waits_for_the_reader),
      cmocka_unit_test(a_slow_reader_holds_the_fleet),
      cmocka_unit_test(a_reader_that_goes_is_told),
      cmocka_unit_test(a_reader_that_is_killed_is_told),
      cmocka_unit_test(descriptors_keep_their_mode),
      cmocka_unit_test(stdin_acknowledges),
      cmocka_unit_test(files_are_written),
      cmocka_unit_test(full_disks_are_told),
      cmocka_unit_test(requests_come_from_a_file),
      cmocka_unit_test(sockets_are_written),
      cmocka_unit_test(restarts_show_what_was_not_taken),
  };
  signal(SIGPIPE, SIG_IGN); /* as programs that write to pipes do */
  return cmocka_run_group_tests(tests, NULL, NULL);
}
