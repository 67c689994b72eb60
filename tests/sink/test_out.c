/* What goes out, and how far it has come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sink/out.h"

static struct sherd_bytes bytes_of(const char *text) {
  return (struct sherd_bytes){(const uint8_t *)text, strlen(text)};
}

/* An event whose line has so many bytes. */
static void put_event(struct sherd__out *out, uint64_t n, size_t len, bool with_n) {
  struct sherd__record *record = calloc(1, sizeof *record + len);
  char *line = (char *)(record + 1);
  memset(line, 'x', len);
  line[0] = '{';
  line[len - 1] = '\n';
  record->n = n;
  record->line_len = (uint32_t)len;
  assert_int_equal(sherd__out_event(out, record, with_n), SHERD_OK);
  free(record);
}

static size_t drain(int fd, size_t most) {
  char data[65536];
  size_t sum = 0;
  while (sum < most) {
    ssize_t len = read(fd, data, most - sum < sizeof data ? most - sum : sizeof data);
    if (len <= 0)
      break;
    sum += (size_t)len;
  }
  return sum;
}

/* Puts in more than fits, reads it in odd pieces, and sees the events arrive one by one. */
static void pass_through(struct sherd__out *out, int reader_fd) {
  enum {
    EVENTS = 3000,
    LEN = 500
  };
  uint64_t n = 0, arrived = 0, arrivals = 0;
  size_t seen = 0;
  for (n = 1; n <= EVENTS; n++)
    put_event(out, n, LEN, false);
  assert_int_equal(sherd__out_write(out), SHERD_EAGAIN);
  while (seen < EVENTS * LEN) {
    seen += drain(reader_fd, EVENTS * LEN - seen < 7777 ? EVENTS * LEN - seen : 7777);
    enum sherd_status status = sherd__out_write(out);
    assert_true(status == SHERD_OK || status == SHERD_EAGAIN);
    uint64_t got = sherd__out_arrived(out, sherd__out_unread(out));
    arrivals += got > arrived;
    arrived = got > arrived ? got : arrived;
    if (out->is_pipe)
      assert_int_equal(arrived, seen / LEN);
    else
      assert_true(arrived >= seen / LEN);
  }
  assert_int_equal(arrived, EVENTS);
  assert_true(arrivals > 10);
  assert_false(sherd__out_is_busy(out));
  assert_int_equal(sherd__out_waiting(out), 0);
}

static void pipes_of_our_own(void **state) {
  struct sherd__out out;
  int ends[2];
  (void)state;
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  sherd__out_open(&out, sherd_allocator_default(), ends[1]);
  assert_int_equal(out.kind, SHERD__OUT_OWN);
  assert_int_not_equal(out.fd, ends[1]);
  pass_through(&out, ends[0]);
  sherd__out_deinit(&out);
  assert_int_equal(fcntl(ends[1], F_GETFD), FD_CLOEXEC); /* the caller's is still open */
  close(ends[0]);
  close(ends[1]);
}

/* A pipe that cannot be opened anew waits when it is full: it is not written then. */
static void pipes_of_others(void **state) {
  struct sherd__out out;
  int ends[2];
  (void)state;
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  sherd__out_init(&out, sherd_allocator_default(), ends[1]);
  out.kind = SHERD__OUT_SHARED;
  out.is_pipe = true;
  pass_through(&out, ends[0]);
  put_event(&out, 9999, 100, false);
  close(ends[0]);
  assert_int_equal(sherd__out_write(&out), SHERD_ELOST);
  sherd__out_deinit(&out);
  close(ends[1]);
}

static void sockets(void **state) {
  struct sherd__out out;
  int ends[2];
  (void)state;
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  sherd__out_open(&out, sherd_allocator_default(), ends[1]);
  assert_int_equal(out.kind, SHERD__OUT_SOCKET);
  pass_through(&out, ends[0]);
  put_event(&out, 9999, 100, false);
  close(ends[0]);
  assert_int_equal(sherd__out_write(&out), SHERD_ELOST);
  sherd__out_deinit(&out);
  close(ends[1]);
}

/* A terminal: its lines come, and its end is told. */
static void terminals(void **state) {
  struct sherd__out out;
  char text[64] = "";
  (void)state;
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  assert_true(master >= 0);
  assert_int_equal(grantpt(master), 0);
  assert_int_equal(unlockpt(master), 0);
  int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  assert_true(slave >= 0);
  sherd__out_open(&out, sherd_allocator_default(), slave);
  assert_int_equal(out.kind, SHERD__OUT_OWN);
  assert_int_equal(fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
  assert_int_equal(sherd__out_lines(&out, bytes_of("a line\n")), SHERD_OK);
  assert_int_equal(sherd__out_write(&out), SHERD_OK);
  assert_true(read(master, text, sizeof text - 1) > 0);
  assert_string_equal(text, "a line\r\n");
  /* Nobody reads: it fills up, and does not wait. */
  for (uint64_t n = 1; n <= 1000; n++)
    put_event(&out, n, 100, false);
  assert_int_equal(sherd__out_write(&out), SHERD_EAGAIN);
  close(master);
  assert_int_equal(sherd__out_write(&out), SHERD_ESYSTEM);
  assert_int_equal(errno, EIO);
  sherd__out_deinit(&out);
  close(slave);
}

static void lines_are_whole_and_in_turn(void **state) {
  struct sherd__out out;
  char text[128] = "";
  int ends[2];
  (void)state;
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  sherd__out_open(&out, sherd_allocator_default(), ends[1]);
  put_event(&out, 7, 5, true);
  assert_int_equal(sherd__out_lines(&out, bytes_of("answer\n")), SHERD_OK);
  put_event(&out, 18446744073709551615u, 4, true);
  assert_int_equal(sherd__out_write(&out), SHERD_OK);
  assert_true(read(ends[0], text, sizeof text - 1) > 0);
  assert_string_equal(text, "{\"n\":7,xxx\nanswer\n{\"n\":18446744073709551615,xx\n");
  assert_true(sherd__out_arrived(&out, 0) == UINT64_MAX);
  sherd__out_deinit(&out);
  close(ends[0]);
  close(ends[1]);
}

static void nothing_to_write_to(void **state) {
  struct sherd__out out;
  (void)state;
  sherd__out_open(&out, sherd_allocator_default(), -1);
  assert_int_equal(sherd__out_lines(&out, bytes_of("answer\n")), SHERD_OK);
  assert_int_equal(sherd__out_waiting(&out), 0);
  assert_int_equal(sherd__out_write(&out), SHERD_OK);
  sherd__out_deinit(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pipes_of_our_own),
      cmocka_unit_test(pipes_of_others),
      cmocka_unit_test(sockets),
      cmocka_unit_test(terminals),
      cmocka_unit_test(lines_are_whole_and_in_turn),
      cmocka_unit_test(nothing_to_write_to),
  };
  signal(SIGPIPE, SIG_IGN);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
