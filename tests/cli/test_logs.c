/* Log lines: logfmt and JSON, whatever the text is; pipes that nobody reads; many threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cmocka.h>

#include <sherd/config.h>
#include <sherd/value.h>

#include "cli/log_pairs.h"
#include "cli/logs.h"

#define NOON UINT64_C(1795528985123) /* 2026-11-24T14:03:05.123Z */

static char line[SHERD__LOG_LINE_SIZE];

static const char *write_text(enum sherd__log_format format, const char *text) {
  struct sherd_log_record record = {SHERD_LOG_INFO, 3, "session.resume", text};
  size_t len = sherd__log_write(format, NOON, &record, line);
  assert_int_equal(strlen(line), len);
  assert_ptr_equal(strchr(line, '\n'), line + len - 1);
  if (format == SHERD__LOG_JSON)
    assert_int_equal(sherd_value_validate(SHERD_FORMAT_JSON, line, len, NULL), SHERD_OK);
  return line;
}

#define LOGFMT_HEAD "ts=2026-11-24T14:03:05.123Z level=info shard=3 event=session.resume"
#define JSON_HEAD                                                                                  \
  "{\"ts\":\"2026-11-24T14:03:05.123Z\",\"level\":\"info\",\"shard\":3,\"event\":\"session."       \
  "resume\""

static const struct sample {
  const char *text, *logfmt, *json;
} samples[] = {
    {"", "", ""},
    {"seq=42", " seq=42", ",\"seq\":42"},
    {"a=1 b=x c=true", " a=1 b=x c=true", ",\"a\":1,\"b\":\"x\",\"c\":true"},
    {"a=-1.50 b=01 c=1e5 d=. e=-", " a=-1.50 b=01 c=1e5 d=. e=-",
     ",\"a\":-1.50,\"b\":\"01\",\"c\":\"1e5\",\"d\":\".\",\"e\":\"-\""},
    /* An id is a text, as it is at Discord. */
    {"n=123456789012345 guild=613425648685547541", " n=123456789012345 guild=613425648685547541",
     ",\"n\":123456789012345,\"guild\":\"613425648685547541\""},
    {"why=\"the peer left\" n=\"7\"", " why=\"the peer left\" n=7",
     ",\"why\":\"the peer left\",\"n\":\"7\""},
    {"why=\"he said \\\"no\\\"\\n\" x=1", " why=\"he said \\\"no\\\"\\n\" x=1",
     ",\"why\":\"he said \\\"no\\\"\\n\",\"x\":1"},
    /* Texts from elsewhere that nobody escaped. */
    {"why=\"he said \"no\" \" x=1", " why=\"he said \\\"no\" x=1 text=\"\\\"\"",
     ",\"why\":\"he said \\\"no\",\"x\":1,\"text\":\"\\\"\""},
    {"why=\"never ends", " why=\"\\\"never\" text=ends",
     ",\"why\":\"\\\"never\",\"text\":\"ends\""},
    {"why=", " why=\"\"", ",\"why\":\"\""},
    {"two words k=v more", " k=v text=\"two words more\"",
     ",\"k\":\"v\",\"text\":\"two words more\""},
    /* Nobody forges a line, nor a field of ours. */
    {"a=x\nts=0 level=error", " a=\"x\\nts=0\" level_=error",
     ",\"a\":\"x\\nts=0\",\"level_\":\"error\""},
    {"a=\x1b[31mred", " a=\"\\u001b[31mred\"", ",\"a\":\"\\u001b[31mred\""},
    {"a=caf\xc3\xa9 b=\xe9\xff", " a=caf\xc3\xa9 b=\xef\xbf\xbd\xef\xbf\xbd",
     ",\"a\":\"caf\xc3\xa9\",\"b\":\"\xef\xbf\xbd\xef\xbf\xbd\""},
    {"a=b=c \"q\"=1 \x7f", " a=\"b=c\" text=\"\\\"q\\\"=1 \x7f\"",
     ",\"a\":\"b=c\",\"text\":\"\\\"q\\\"=1 \x7f\""},
};

static void records_are_written_as_they_are_read(void **state) {
  (void)state;
  char wanted[512];
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
    (void)snprintf(wanted, sizeof wanted, LOGFMT_HEAD "%s\n", samples[i].logfmt);
    assert_string_equal(write_text(SHERD__LOG_LOGFMT, samples[i].text), wanted);
    (void)snprintf(wanted, sizeof wanted, JSON_HEAD "%s}\n", samples[i].json);
    assert_string_equal(write_text(SHERD__LOG_JSON, samples[i].text), wanted);
  }
}

static void no_shard_is_left_out(void **state) {
  (void)state;
  struct sherd_log_record record = {SHERD_LOG_ERROR, SHERD_NEVER, "fleet.failed", "status=EAUTH"};
  (void)sherd__log_write(SHERD__LOG_LOGFMT, 0, &record, line);
  assert_string_equal(line,
                      "ts=1970-01-01T00:00:00.000Z level=error event=fleet.failed status=EAUTH\n");
}

static void a_long_record_is_cut_at_a_pair(void **state) {
  (void)state;
  static char text[16384];
  size_t at = 0;
  for (int i = 0; at < sizeof text - 64; i++)
    at += (size_t)snprintf(text + at, sizeof text - at, "key%d=value ", i);
  (void)write_text(SHERD__LOG_LOGFMT, text);
  assert_in_range(strlen(line), SHERD__LOG_LINE_SIZE - 100, SHERD__LOG_LINE_SIZE - 1);
  assert_string_equal(line + strlen(line) - strlen("=value cut=true\n"), "=value cut=true\n");
  (void)write_text(SHERD__LOG_JSON, text);
  assert_string_equal(line + strlen(line) - strlen(",\"cut\":true}\n"), ",\"cut\":true}\n");
  /* One value that is longer than any shall be. */
  memset(text, 'x', sizeof text - 1);
  memcpy(text, "a=", 2);
  (void)write_text(SHERD__LOG_JSON, text);
  assert_non_null(strstr(line, "xxx\",\"cut\":true}"));
}

/* Whatever bytes there are: one line, one object, with the same members in front. */
static void any_text_gives_one_line(void **state) {
  (void)state;
  static const char letters[] = "ab=\" \\\n\t\x01\x7f\xc3\xa9\xe2\x82{}:,01-.";
  uint32_t dice = 1;
  for (int round = 0; round < 20000; round++) {
    char text[200];
    size_t len = (size_t)round % (sizeof text - 1);
    for (size_t i = 0; i < len; i++) {
      dice = dice * UINT32_C(1664525) + UINT32_C(1013904223);
      text[i] = letters[(dice >> 16) % (sizeof letters - 1)];
    }
    text[len] = '\0';
    (void)write_text(SHERD__LOG_LOGFMT, text);
    assert_int_equal(strncmp(line, LOGFMT_HEAD, strlen(LOGFMT_HEAD)), 0);
    (void)write_text(SHERD__LOG_JSON, text);
    assert_int_equal(strncmp(line, JSON_HEAD, strlen(JSON_HEAD)), 0);
  }
}

/* --- Descriptors --- */

static uint64_t noon(void) {
  return NOON;
}

struct channel {
  int read_fd, write_fd;
  struct sherd__logs *logs;
  struct sherd_log sink;
};

static void open_channel(struct channel *channel) {
  int fds[2];
  assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
  (void)fcntl(fds[1], F_SETPIPE_SZ, 16384);
  struct sherd__logs_config config = {.fd = fds[1], .now_unix_ms = noon};
  channel->read_fd = fds[0];
  channel->write_fd = fds[1];
  channel->logs = sherd__logs_new(&config);
  assert_non_null(channel->logs);
  channel->sink = sherd__logs_sink(channel->logs, SHERD_LOG_INFO);
  assert_int_equal(channel->sink.level, SHERD_LOG_INFO);
}

static void close_channel(struct channel *channel) {
  sherd__logs_free(channel->logs);
  close(channel->read_fd);
  close(channel->write_fd);
}

static void say(const struct channel *channel, const char *text) {
  struct sherd_log_record record = {SHERD_LOG_INFO, 0, "test", text};
  channel->sink.fn(channel->sink.user, &record);
}

/* All that the pipe holds now. */
static size_t drain(const struct channel *channel, char *out, size_t size) {
  size_t len = 0;
  ssize_t got;
  assert_int_equal(fcntl(channel->read_fd, F_SETFL, O_NONBLOCK), 0);
  while ((got = read(channel->read_fd, out + len, size - 1 - len)) > 0)
    len += (size_t)got;
  out[len] = '\0';
  return len;
}

static void a_full_pipe_drops_and_tells_later(void **state) {
  (void)state;
  struct channel channel;
  static char got[65536];
  char wanted[128];
  open_channel(&channel);
  unsigned said = 0;
  while (sherd__logs_dropped(channel.logs) < 3) { /* in the end nobody reads any more */
    say(&channel, "seq=1");
    assert_in_range(++said, 1, 10000);
  }
  size_t len = drain(&channel, got, sizeof got);
  assert_int_equal(got[len - 1], '\n'); /* no line in part */
  size_t lines = 0;
  for (size_t i = 0; i < len; i++)
    lines += got[i] == '\n';
  assert_int_equal(lines, said - 3);
  sherd__logs_set_format(channel.logs, SHERD__LOG_JSON);
  say(&channel, "seq=2");
  (void)drain(&channel, got, sizeof got);
  (void)snprintf(
      wanted, sizeof wanted,
      "{\"ts\":\"2026-11-24T14:03:05.123Z\",\"level\":\"warn\",\"event\":\"log.dropped\","
      "\"lines\":3}\n");
  assert_int_equal(strncmp(got, wanted, strlen(wanted)), 0);
  assert_non_null(strstr(got, "\"seq\":2}\n"));
  say(&channel, "seq=3");
  (void)drain(&channel, got, sizeof got);
  assert_null(strstr(got, "log.dropped")); /* told once */
  assert_int_equal(sherd__logs_dropped(channel.logs), 3);
  close_channel(&channel);
}

static void a_closed_descriptor_hurts_nobody(void **state) {
  (void)state;
  struct sherd__logs_config config = {.fd = -1};
  struct sherd__logs *logs = sherd__logs_new(&config);
  assert_non_null(logs);
  struct sherd_log sink = sherd__logs_sink(logs, SHERD_LOG_DEBUG);
  struct sherd_log_record record = {SHERD_LOG_INFO, 0, "test", ""};
  sink.fn(sink.user, &record);
  assert_int_equal(sherd__logs_dropped(logs), 1);
  sherd__logs_free(logs);
  sherd__logs_free(NULL);
}

#define THREADS          4
#define LINES_PER_THREAD 500

static void *say_many(void *user) {
  for (int i = 0; i < LINES_PER_THREAD; i++) {
    char text[64];
    (void)snprintf(text, sizeof text, "n=%d pad=0123456789012345678901234567890", i);
    say(user, text);
  }
  return NULL;
}

/* Counts lines, all of which must be whole. */
static size_t count_lines(FILE *file) {
  char got[SHERD__LOG_LINE_SIZE];
  size_t lines = 0;
  while (fgets(got, sizeof got, file)) {
    assert_int_equal(
        strncmp(got, "ts=2026-11-24T14:03:05.123Z level=info shard=0 event=test n=", 60), 0);
    assert_string_equal(got + strlen(got) - 6, "67890\n");
    lines++;
  }
  return lines;
}

static void lines_of_threads_do_not_mix(void **state) {
  (void)state;
  struct channel channel;
  pthread_t threads[THREADS];
  FILE *file = tmpfile(); /* takes all */
  assert_non_null(file);
  open_channel(&channel);
  sherd__logs_free(channel.logs);
  struct sherd__logs_config config = {.fd = fileno(file), .now_unix_ms = noon};
  channel.logs = sherd__logs_new(&config);
  channel.sink = sherd__logs_sink(channel.logs, SHERD_LOG_INFO);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, say_many, &channel), 0);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  assert_int_equal(sherd__logs_dropped(channel.logs), 0);
  rewind(file);
  assert_int_equal(count_lines(file), THREADS * LINES_PER_THREAD);
  (void)fclose(file);
  close_channel(&channel);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(records_are_written_as_they_are_read),
      cmocka_unit_test(no_shard_is_left_out),
      cmocka_unit_test(a_long_record_is_cut_at_a_pair),
      cmocka_unit_test(any_text_gives_one_line),
      cmocka_unit_test(a_full_pipe_drops_and_tells_later),
      cmocka_unit_test(a_closed_descriptor_hurts_nobody),
      cmocka_unit_test(lines_of_threads_do_not_mix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
