/* Settings: their sources and precedence, and a line for everything that is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sysexits.h>

#include <sherd/fleet.h>
#include <sherd/intents.h>

#include "cli/quantity.h"
#include "cli/settings.h"
#include "cli/settings_table.h"
#include "support/failing_alloc.h"

#define TOKEN "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs-abcdefghij"

/* --- A place to work: a directory of its own, with sherd.conf in it --- */

static char folder[] = "/tmp/sherd-settings-XXXXXX";

static int enter(void **state) {
  (void)state;
  return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state) {
  (void)state;
  (void)unlink("sherd.conf");
  return chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void write_conf(const char *text, size_t len) {
  FILE *file = fopen("sherd.conf", "w");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, len, file), len);
  assert_int_equal(fclose(file), 0);
}

static struct sherd__test_alloc alloc;
static struct sherd__run_settings settings;
static char said[8192]; /* the problems of the last load */

static void keep_said(struct sherd_buf *problems) {
  assert_in_range(problems->len, 0, sizeof said - 1);
  if (problems->len)
    memcpy(said, problems->data, problems->len);
  said[problems->len] = '\0';
  sherd__buf_deinit(problems);
}

/* Words that NULL ends. */
static int count_words(char *const *words) {
  int count = 0;
  while (words[count])
    count++;
  return count;
}

static int load(char *const *argv, char *const *environment) {
  struct sherd__run_sources sources = {count_words(argv), argv, environment, &alloc.allocator};
  struct sherd_buf problems;
  sherd__test_alloc_init(&alloc, 0);
  sherd__buf_init(&problems, &alloc.allocator);
  int code = sherd__run_settings_load(&sources, &settings, &problems);
  keep_said(&problems);
  return code;
}

static void unload(void) {
  sherd__run_settings_free(&settings);
  assert_int_equal(alloc.live, 0);
}

static char *no_environment[] = {NULL};

static int load_conf(const char *text) {
  static char *argv[] = {"run", "--config", "sherd.conf", NULL};
  write_conf(text, strlen(text));
  return load(argv, no_environment);
}

static void load_good(const char *text) {
  int code = load_conf(text);
  assert_string_equal(said, "");
  assert_int_equal(code, EX_OK);
}

#define ARGS(...) ((char *[]){"run", __VA_ARGS__, NULL})
#define ENV(...)  ((char *[]){__VA_ARGS__, NULL})

static void assert_arg_problem(char *const *argv, const char *problem) {
  assert_int_equal(load(argv, no_environment), EX_USAGE);
  assert_string_equal(said, problem);
  unload();
}

static void assert_conf_problem(const char *text, const char *problems) {
  assert_int_equal(load_conf(text), EX_CONFIG);
  assert_string_equal(said, problems);
  unload();
}

/* --- What is good --- */

static void defaults_are_those_of_the_library(void **state) {
  (void)state;
  assert_int_equal(load(ARGS("--shards", "auto"), no_environment), EX_OK);
  assert_int_equal(settings.shards, 0);
  assert_int_equal(settings.intents, SHERD_INTENTS_ALL_UNPRIVILEGED);
  assert_int_equal(settings.compression, SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM);
  assert_int_equal(settings.format, SHERD_FORMAT_JSON);
  assert_int_equal(settings.large_threshold, 250);
  assert_int_equal(settings.hello_timeout_ms, 20000);
  assert_int_equal(settings.ready_timeout_ms, 600000);
  assert_int_equal(settings.max_message_bytes, 64u << 20);
  assert_int_equal(settings.queue_bytes, 16u << 20);
  assert_int_equal(settings.log_level, SHERD_LOG_INFO);
  assert_int_equal(settings.sink_kind, SHERD__SINK_STDOUT);
  assert_string_equal(settings.api, "https://discord.com/api/v10");
  assert_null(settings.store_path);
  assert_null(settings.socket_path);
  assert_null(settings.proxy);
  assert_false(settings.range.is_set);
  assert_int_equal(settings.metrics.port, 0);
  unload();
}

static void a_file_is_read_in_full(void **state) {
  (void)state;
  load_good("# a comment\n"
            "; another\n"
            "\n"
            "[bot]\n"
            "intents = GUILDS, guild_members\n"
            "   MESSAGE_CONTENT 0x8\n"
            "capabilities = 32768\n"
            "status = dnd\n"
            "activity = chess; by mail ; a comment\n"
            "activity_type = competing\n"
            "[gateway]\n"
            "  format = etf\n" /* indented keys are keys */
            "  compression = zstd-stream\n"
            "ready_timeout = never\n"
            "hello_timeout: 1500ms\n"
            "max_message = 1 M\n"
            "proxy = none\n"
            "[shards]\n"
            "shards = 16\n"
            "range = 4-7\n"
            "threads = 2\n"
            "[sessions]\n"
            "store = /var/lib/x/sessions\n"
            "[sink]\n"
            "sink = unix:/run/x.sock\n"
            "stdin = yes\n"
            "consumers = worker-1, log\n"
            "[log]\n"
            "format = json\n"
            "level = debug\n"
            "[watch]\n"
            "metrics = [::1]:9100\n");
  assert_int_equal(settings.intents, SHERD_INTENT_GUILDS | SHERD_INTENT_GUILD_MEMBERS |
                                         SHERD_INTENT_MESSAGE_CONTENT | 8);
  assert_int_equal(settings.capabilities, SHERD_CAPABILITY_CHANNEL_OBFUSCATION);
  assert_int_equal(settings.status, SHERD_PRESENCE_DND);
  assert_string_equal(settings.activity, "chess; by mail");
  assert_int_equal(settings.activity_type, SHERD_ACTIVITY_COMPETING);
  assert_int_equal(settings.format, SHERD_FORMAT_ETF);
  assert_int_equal(settings.compression, SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM);
  assert_int_equal(settings.ready_timeout_ms, SHERD_NEVER);
  assert_int_equal(settings.hello_timeout_ms, 1500);
  assert_int_equal(settings.max_message_bytes, 1u << 20);
  assert_string_equal(settings.proxy, "");
  assert_int_equal(settings.shards, 16);
  assert_true(settings.range.is_set);
  assert_int_equal(settings.range.first, 4);
  assert_int_equal(settings.range.last, 7);
  assert_string_equal(settings.store_path, "/var/lib/x/sessions");
  assert_int_equal(settings.sink_kind, SHERD__SINK_UNIX);
  assert_string_equal(settings.socket_path, "/run/x.sock");
  assert_true(settings.has_stdin);
  assert_int_equal(settings.consumers.count, 2);
  assert_string_equal(settings.consumers.names[1], "log");
  assert_int_equal(settings.log_format, SHERD__LOG_JSON);
  assert_string_equal(settings.metrics.host, "::1");
  assert_int_equal(settings.metrics.port, 9100);
  unload();
}

/* packaging/sherd.conf, as it is, says nothing; with its comments taken away, every key is good. */
static void the_example_is_good(void **state) {
  (void)state;
  static char text[32768], bare[32768];
  FILE *file = fopen(EXAMPLE, "r");
  assert_non_null(file);
  size_t len = fread(text, 1, sizeof text - 1, file), at = 0, keys = 0;
  assert_int_equal(fclose(file), 0);
  text[len] = '\0';
  load_good(text);
  for (size_t i = 0; i < sherd__settings_count; i++)
    assert_null(sherd__settings_table[i].key ? settings.origins_[i].text : NULL);
  unload();
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    bool is_key = *line == '#' && line[1] != ' ';
    /* These are for another kind of bot than the defaults. */
    if (strncmp(line, "#activity_url", 13) == 0 || strncmp(line, "#range", 6) == 0)
      continue;
    at += (size_t)snprintf(bare + at, sizeof bare - at, "%s\n", line + is_key);
    keys += is_key;
  }
  load_good(bare);
  for (size_t i = 0; i < sherd__settings_count; i++)
    keys -= settings.origins_[i].source == SHERD__FROM_FILE;
  assert_int_equal(keys, 0);
  unload();
}

static void marks_and_line_ends_of_windows_are_taken(void **state) {
  (void)state;
  load_good("\xef\xbb\xbf[shards]\r\nshards = 3\r\n\r\nthreads = 2");
  assert_int_equal(settings.shards, 3);
  assert_int_equal(settings.threads, 2);
  unload();
}

static void flags_precede_the_environment_and_that_the_file(void **state) {
  (void)state;
  const char *conf = "[shards]\nshards = 1\nthreads = 1\nmax_session_age = 1min\n";
  write_conf(conf, strlen(conf));
  assert_int_equal(load(ARGS("--shards=3"), ENV("SHERD_CONFIG=sherd.conf", "SHERD_SHARDS=2",
                                                "SHERD_THREADS=2", "SHERD_SINK=")),
                   EX_OK);
  assert_int_equal(settings.shards, 3);
  assert_int_equal(settings.threads, 2);
  assert_int_equal(settings.max_session_age_ms, 60000);
  assert_string_equal(settings.sink, "stdout"); /* empty is unset */
  struct sherd_buf out;
  sherd__buf_init(&out, &alloc.allocator);
  assert_int_equal(sherd__run_settings_describe(&settings, &out), SHERD_OK);
  keep_said(&out);
  assert_non_null(strstr(said, "OK: 3 shards, json, compression zlib-stream\n"));
  assert_non_null(strstr(said, "\n--shards: 3\n"));
  assert_non_null(strstr(said, "\nSHERD_THREADS: 2\n"));
  assert_non_null(strstr(said, "\nsherd.conf:4: [shards] max_session_age = 1min\n"));
  unload();
}

static void the_last_of_equal_flags_counts(void **state) {
  (void)state;
  assert_int_equal(
      load(ARGS("--shards", "3", "--stdin", "--shards", "4", "--stdin=off"), no_environment),
      EX_OK);
  assert_int_equal(settings.shards, 4);
  assert_false(settings.has_stdin);
  unload();
}

static void systemds_folders_are_used(void **state) {
  (void)state;
  char *environment[] = {"STATE_DIRECTORY=/var/lib/sherd", "RUNTIME_DIRECTORY=/run/sherd",
                         "XDG_RUNTIME_DIR=/run/user/1", NULL};
  assert_int_equal(load(ARGS("--shards", "1"), environment), EX_OK);
  assert_string_equal(settings.store_path, "/var/lib/sherd/sessions");
  assert_string_equal(settings.socket_path, "/run/sherd/sherd.sock");
  assert_true(settings.is_socket_default);
  unload();
  assert_int_equal(load(ARGS("--session-store", "memory", "--control", "none"), environment),
                   EX_OK);
  assert_null(settings.store_path);
  assert_null(settings.socket_path);
  unload();
  assert_int_equal(load(ARGS("--control", "/x"), environment + 2), EX_OK);
  assert_string_equal(settings.socket_path, "/x");
  assert_false(settings.is_socket_default);
  unload();
  assert_int_equal(load(ARGS("--sink", "none"), environment + 2), EX_OK);
  assert_string_equal(settings.socket_path, "/run/user/1/sherd.sock");
  unload();
}

static void help_looks_at_nothing_else(void **state) {
  (void)state;
  assert_int_equal(load(ARGS("--config", "/nowhere", "-h"), no_environment), EX_OK);
  assert_true(settings.help);
  unload();
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  assert_int_equal(sherd__run_settings_help(&out), SHERD_OK);
  for (size_t i = 0; i < sherd__settings_count; i++) {
    char flag[64];
    int len = snprintf(flag, sizeof flag, "\n  --%s", sherd__settings_table[i].flag);
    assert_non_null(memmem(out.data, out.len, flag, (size_t)len));
  }
  /* No line is wider than a wide terminal. */
  for (size_t at = 0; at < out.len;) {
    const uint8_t *feed = memchr(out.data + at, '\n', out.len - at);
    assert_non_null(feed);
    assert_in_range(feed - out.data - (ptrdiff_t)at, 0, 100);
    at = (size_t)(feed - out.data) + 1;
  }
  sherd__buf_deinit(&out);
}

/* --- The token --- */

static void the_token_has_three_places(void **state) {
  (void)state;
  char *both[] = {"SHERD_TOKEN=x", "SHERD_TOKEN_FILE=/e", NULL};
  assert_int_equal(load(ARGS("--token-file", "/f"), both), EX_OK);
  assert_string_equal(sherd__run_settings_token_file(&settings), "/f");
  unload();
  assert_int_equal(load(ARGS("--stdin"), both), EX_OK);
  assert_null(sherd__run_settings_token_file(&settings));
  unload();
  assert_int_equal(load(ARGS("--stdin"), both + 1), EX_OK);
  assert_string_equal(sherd__run_settings_token_file(&settings), "/e");
  unload();
}

static void the_token_is_shown_nowhere(void **state) {
  (void)state;
  char *const *lines[] = {
      ARGS("--token", TOKEN),
      ARGS("--token=" TOKEN),
      ARGS(TOKEN),
      ARGS("--" TOKEN),
      ARGS("--shards", TOKEN),
      ARGS("--intents", TOKEN),
      ARGS("--token-file=" TOKEN),
      ARGS("--tokn", TOKEN),
      ARGS("--format", TOKEN),
      ARGS("--consumers", "a " TOKEN),
      ARGS("--range", TOKEN),
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    assert_int_equal(load(lines[i], no_environment), EX_USAGE);
    assert_null(strstr(said, "MTk4"));
    unload();
  }
  assert_conf_problem("[bot]\ntoken = " TOKEN "\n",
                      "sherd.conf:2: the token does not go into this file; put it into "
                      "SHERD_TOKEN, or alone into a file for token_file\n");
  assert_conf_problem("[bot]\ntoken_file = " TOKEN "\n",
                      "sherd.conf:2: token_file = (not shown): this looks like the token itself; "
                      "put it alone into a file of mode 0600 for token_file, or into "
                      "SHERD_TOKEN\n");
  assert_int_equal(load_conf("[" TOKEN "]\n" TOKEN " = x\n" TOKEN "\n"), EX_CONFIG);
  assert_null(strstr(said, "MTk4"));
  unload();
}

static void a_proxys_password_is_not_shown(void **state) {
  (void)state;
  load_good("[gateway]\nproxy = http://me:secret@proxy:3128\n");
  struct sherd_buf out;
  sherd__buf_init(&out, &alloc.allocator);
  assert_int_equal(sherd__run_settings_describe(&settings, &out), SHERD_OK);
  keep_said(&out);
  assert_non_null(strstr(said, "proxy = (not shown)"));
  unload();
  assert_conf_problem("[gateway]\nproxy = ftp://me:secret@proxy\n",
                      "sherd.conf:2: the proxy wants http://host:port, perhaps with "
                      "user:password@ before the host, or none\n");
}

/* --- What is wrong in the file --- */

static void every_problem_of_a_file_is_told(void **state) {
  (void)state;
  assert_conf_problem("shards = 1\n"
                      "[shrads]\n"
                      "shards = 2\n"
                      "[shards]\n"
                      "shrads = 3\n"
                      "shards = 4\n"
                      "shards = 5\n"
                      "intents = all\n"
                      "nonsense\n"
                      "xyzzy = 1\n"
                      "[gateway]\n"
                      "compression = zlib\n"
                      "[bot\n"
                      "[log] level = debug\n"
                      "[log] ; level = debug\n",
                      "sherd.conf:1: the key 'shards' stands before any [section]\n"
                      "sherd.conf:2: there is no section [shrads]; did you mean [shards]?\n"
                      "sherd.conf:5: there is no key 'shrads' in [shards]; did you mean 'shards'?\n"
                      "sherd.conf:7: 'shards' stands in line 6 already\n"
                      "sherd.conf:8: there is no key 'intents' in [shards]; it belongs into [bot]\n"
                      "sherd.conf:9: this line is neither [section] nor key = value nor a comment\n"
                      "sherd.conf:10: there is no key 'xyzzy' in [shards]; see 'man sherd-run'\n"
                      "sherd.conf:12: compression = zlib: not one of none, payload-zlib, "
                      "zlib-stream or zstd-stream; did you mean 'zlib-stream'?\n"
                      "sherd.conf:13: this line has no ] after its [\n"
                      "sherd.conf:14: this line has more after its ]\n");
}

static void bad_bytes_are_told(void **state) {
  (void)state;
  static const char nul[] = "[shards]\nshards = 1\0\n";
  write_conf(nul, sizeof nul - 1);
  assert_int_equal(load(ARGS("--config", "sherd.conf"), no_environment), EX_CONFIG);
  assert_string_equal(said, "sherd.conf:2: this line has a NUL byte: this is no text file\n");
  unload();
  assert_conf_problem("[bot]\nactivity = caf\xe9\n", "sherd.conf:2: this line is not UTF-8\n");
  assert_conf_problem("[bot]\nactivity = a\001b\n",
                      "sherd.conf:2: activity = a?b: has a control character at byte 1\n");
}

static void a_line_that_is_too_long_is_told(void **state) {
  (void)state;
  char text[400];
  int len = snprintf(text, sizeof text, "[sessions]\nstore = /%0300d\nstroe = x\n", 0);
  assert_in_range(len, 300, sizeof text - 1);
  assert_int_equal(load_conf(text), EX_CONFIG);
  assert_non_null(strstr(said, "sherd.conf:2: this line is longer than "));
  assert_non_null(strstr(said, "\nsherd.conf:3: there is no key 'stroe'"));
  unload();
}

static void only_lists_go_on_in_the_next_line(void **state) {
  (void)state;
  assert_conf_problem("[sessions]\nstore = /a\n  /b\n",
                      "sherd.conf:3: begins with a blank, and so goes on from 'store' above, "
                      "which is no list\n");
  assert_conf_problem("[bot]\nintents = GUILDS\n  GUILD_MEMBER\n",
                      "sherd.conf:3: intents = GUILDS, GUILD_MEMBER: there is no 'GUILD_MEMBER'; "
                      "did you mean 'GUILD_MEMBERS'?\n");
}

static void an_unreadable_file_is_told(void **state) {
  (void)state;
  assert_int_equal(load(ARGS("--config", "nothing.conf"), no_environment), EX_CONFIG);
  assert_string_equal(said, "cannot read nothing.conf: No such file or directory\n");
  unload();
  assert_int_equal(load(ARGS("--config", "/"), no_environment), EX_CONFIG);
  assert_string_equal(said, "cannot read /: Is a directory\n");
  unload();
}

/* --- What is wrong with values --- */

static const struct bad {
  const char *section, *line, *why;
} bad_values[] = {
    {"shards", "shards = 0", "wants a whole number from 1 to 1000000, or auto"},
    {"shards", "shards = 1000001", "wants a whole number from 1 to 1000000, or auto"},
    {"shards", "shards = 99999999999999999999", "wants a whole number from 1 to 1000000, or auto"},
    {"shards", "shards = -1", "wants a whole number from 1 to 1000000, or auto"},
    {"shards", "range = 3", "wants the first shard and the last, as in 0-15"},
    {"shards", "range = 3-2", "wants the first shard and the last, as in 0-15"},
    {"shards", "range = 0-1000000", "wants the first shard and the last, as in 0-15"},
    {"shards", "max_session_age = 10",
     "wants a time from 1s to 24h with its unit, as in 500ms, 10s, 5min or 2h"},
    {"gateway", "ready_timeout = 2d",
     "wants a time from 100ms to 24h with its unit, as in 500ms, 10s, 5min or 2h, or never"},
    {"gateway", "max_message = 1T",
     "wants a size from 64K to 1G, as in 65536, 512K, 16M "
     "or 1G"},
    {"gateway", "max_message = 99999999999999999G",
     "wants a size from 64K to 1G, as in 65536, 512K, 16M or 1G"},
    {"gateway", "large_threshold = 49", "wants a whole number from 50 to 250"},
    {"bot", "status = idel", "not one of online, idle, dnd or invisible; did you mean 'idle'?"},
    {"bot", "intents = everything", "there is no 'everything'; man sherd-run has the names"},
    {"bot", "intents = ,", "wants names or numbers with commas between; 'none' for none"},
    {"sink", "stdin = maybe", "wants on or off"},
    {"sink", "consumers = a, b, a", "'a' stands twice"},
    {"sink", "consumers = a b/c", "a name has letters, digits, '-', '_' and '.', 63 at most"},
    {"sink", "consumers = a b c d e f g h i", "there can be 8 names"},
    {"watch", "metrics = 9100", "wants ADDRESS:PORT, as in 127.0.0.1:9100"},
    {"watch", "metrics = ::1:9100", "wants ADDRESS:PORT, as in 127.0.0.1:9100"},
    {"watch", "metrics = 127.0.0.1:65536", "wants ADDRESS:PORT, as in 127.0.0.1:9100"},
    {"sessions", "store =", "wants a text of 1 to 4095 bytes"},
};

static void bad_values_say_what_is_wanted(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad_values / sizeof *bad_values; i++) {
    const struct bad *bad = &bad_values[i];
    char text[200], problem[400];
    (void)snprintf(text, sizeof text, "[%s]\n%s\n", bad->section, bad->line);
    (void)snprintf(problem, sizeof problem, "sherd.conf:2: %s%s: %s\n", bad->line,
                   bad->line[strlen(bad->line) - 1] == '=' ? " " : "", bad->why);
    assert_conf_problem(text, problem);
  }
}

static const struct clash {
  const char *text, *problem;
} clashes[] = {
    {"[gateway]\nformat = etf\ncompression = payload-zlib\n",
     "sherd.conf:3: payload-zlib goes with format = json only; zlib-stream and zstd-stream go with "
     "both\n"},
    {"[shards]\nrange = 0-3\n",
     "sherd.conf:2: a range wants the number of shards that the bot has in all: shards\n"},
    {"[shards]\nshards = 4\nrange = 0-4\n", "sherd.conf:3: the last shard of 4 is 3\n"},
    {"[sink]\nqueue = 512M\n", "sherd.conf:2: queue is more than max_queue allows\n"},
    {"[sink]\nmax_queue = 1M\n", "sherd.conf:2: max_queue is less than queue, which is 16M\n"},
    {"[sink]\nstdout_taken = acked\n",
     "sherd.conf:2: acked wants stdin = on: that is where acknowledgements come\n"},
    {"[sink]\nsink = nats://x\n",
     "sherd.conf:2: NATS is not in this version; there are stdout, none and unix:PATH\n"},
    {"[sink]\nsink = stduot\n", "sherd.conf:2: not one of stdout, none and unix:PATH\n"},
    {"[sessions]\nstore = nats://x\n",
     "sherd.conf:2: NATS is not in this version; give a file, or memory\n"},
    {"[sink]\nconsumers = a b c d e f g h\n",
     "sherd.conf:2: there can be 7 names beside standard output\n"},
    {"[sink]\nconsumers = stdout\n",
     "sherd.conf:2: 'stdout' is the name of the consumer on standard output\n"},
    {"[sink]\nsink = unix:/a\n[control]\ncontrol = /b\n",
     "sherd.conf:4: the sink's socket takes requests too; leave control away, or give it the same "
     "path\n"},
    {"[bot]\nactivity_state = x\n", "sherd.conf:2: wants an activity too\n"},
    {"[bot]\nactivity = x\nactivity_url = https://twitch.tv/x\n",
     "sherd.conf:3: is for activity_type = streaming only\n"},
    {"[gateway]\ngateway = https://x\n",
     "sherd.conf:2: the gateway wants ws:// or wss://, a host and perhaps a port, as in "
     "wss://gateway.discord.gg\n"},
    {"[gateway]\napi = discord.com\n",
     "sherd.conf:2: the API wants http:// or https://, as in https://discord.com/api/v10\n"},
};

static void what_does_not_go_together_is_told(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof clashes / sizeof *clashes; i++)
    assert_conf_problem(clashes[i].text, clashes[i].problem);
}

static void a_sockets_path_is_bounded(void **state) {
  (void)state;
  char text[200];
  (void)snprintf(text, sizeof text, "[sink]\nsink = unix:/%0107d\n", 0);
  assert_conf_problem(text, "sherd.conf:2: the path of a unix socket has at most 107 bytes\n");
  (void)snprintf(text, sizeof text, "[sink]\nsink = unix:/%0106d\n", 0);
  load_good(text);
  unload();
}

/* --- What is wrong on the command line, and in the environment --- */

static void bad_arguments_are_told(void **state) {
  (void)state;
  assert_arg_problem(ARGS("--shard", "1"),
                     "there is no option '--shard'; did you mean '--shards'?\n"
                     "argument 2 is no option, and 'sherd run' takes nothing else; see "
                     "'sherd run --help'\n");
  assert_arg_problem(ARGS("--xyzzy"), "there is no option '--xyzzy'; see 'sherd run --help'\n");
  assert_arg_problem(ARGS("--shards"), "--shards wants a value: N|auto\n");
  assert_arg_problem(ARGS("--check=no"), "--check takes no value\n");
  assert_arg_problem(ARGS("--shards=0"),
                     "--shards 0: wants a whole number from 1 to 1000000, or auto\n");
  assert_arg_problem(ARGS("--token", "x"),
                     "there is no --token: every user of the machine can read a command line; put "
                     "the token into SHERD_TOKEN, or into a file for --token-file\n"
                     "argument 2 is no option, and 'sherd run' takes nothing else; see "
                     "'sherd run --help'\n");
  assert_arg_problem(ARGS("--shard-range", "0-3"),
                     "--shard-range: a range wants the number of shards that the bot has in all: "
                     "shards\n");
  assert_int_equal(load(ARGS("--stdin"), ENV("SHERD_FORMAT=xml")), EX_CONFIG);
  assert_string_equal(said, "SHERD_FORMAT=xml: not one of json or etf\n");
  unload();
}

/* --- Reloading --- */

static int reload(const char *text, uint64_t *changed) {
  static char *argv[] = {"run", "--config", "sherd.conf", NULL};
  struct sherd__run_sources sources = {3, argv, no_environment, &alloc.allocator};
  struct sherd_buf notes;
  write_conf(text, strlen(text));
  sherd__buf_init(&notes, &alloc.allocator);
  int code = sherd__run_settings_reload(&settings, &sources, changed, &notes);
  keep_said(&notes);
  return code;
}

#define SETTING_BIT(member) sherd__setting_bit(offsetof(struct sherd__run_settings, member))

static void a_reload_takes_what_it_can(void **state) {
  (void)state;
  uint64_t changed;
  load_good("[sink]\nqueue = 1M\nconsumers = a\n[shards]\nshards = 2\n[bot]\nactivity = x\n");
  assert_int_equal(
      reload("[sink]\nqueue = 2M\n[shards]\nshards = 4\n[bot]\nactivity = y\n", &changed), EX_OK);
  assert_string_equal(said, "sherd.conf:6: [bot] activity was x, and is y\n"
                            "sherd.conf:4: [shards] shards was 2, and is 4 after a restart\n"
                            "sherd.conf:2: [sink] queue was 1M, and is 2M\n"
                            "the default: [sink] consumers was a, and is (unset)\n");
  assert_int_equal(changed,
                   SETTING_BIT(queue_bytes) | SETTING_BIT(consumers) | SETTING_BIT(activity));
  assert_int_equal(settings.queue_bytes, 2u << 20);
  assert_string_equal(settings.activity, "y");
  assert_int_equal(settings.consumers.count, 0);
  assert_int_equal(settings.shards, 2);
  /* Again, with nothing new: only what still waits for a restart is told. */
  assert_int_equal(
      reload("[sink]\nqueue = 2048K\n[shards]\nshards = 4\n[bot]\nactivity = y\n", &changed),
      EX_OK);
  assert_string_equal(said, "sherd.conf:4: [shards] shards was 2, and is 4 after a restart\n");
  assert_int_equal(changed, 0);
  unload();
}

static void a_bad_reload_changes_nothing(void **state) {
  (void)state;
  uint64_t changed = 1;
  load_good("[sink]\nqueue = 1M\n");
  assert_int_equal(reload("[sink]\nqueue = 2M\nqueues = 2\n", &changed), EX_CONFIG);
  assert_string_equal(said,
                      "sherd.conf:3: there is no key 'queues' in [sink]; did you mean 'queue'?\n");
  assert_int_equal(changed, 0);
  assert_int_equal(settings.queue_bytes, 1u << 20);
  unload();
}

/* --- The table, and quantities --- */

static void the_table_is_consistent(void **state) {
  (void)state;
  for (size_t i = 0; i < sherd__settings_count; i++) {
    const struct sherd__setting *row = &sherd__settings_table[i];
    assert_true(row->help[strlen(row->help) - 1] != '.');
    assert_true(row->type == SHERD__SETTING_SWITCH || row->variable);
    assert_int_equal(row->key == NULL, *row->section == '\0');
    for (size_t j = 0; j < i; j++) {
      const struct sherd__setting *other = &sherd__settings_table[j];
      assert_string_not_equal(row->flag, other->flag);
      assert_true(row->offset != other->offset);
      if (row->variable && other->variable)
        assert_string_not_equal(row->variable, other->variable);
      if (row->key && other->key && strcmp(row->section, other->section) == 0)
        assert_string_not_equal(row->key, other->key);
    }
  }
}

static void quantities_are_written_as_they_are_read(void **state) {
  (void)state;
  static const uint64_t numbers[] = {0,     1,       999,   1000,    1024,    1500,
                                     60000, 3600000, 90000, 1 << 20, 3 << 20, UINT64_MAX};
  char text[SHERD__QUANTITY_SIZE];
  uint64_t again;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    sherd__quantity_write_time(numbers[i], text);
    assert_true(sherd__quantity_time(text, &again));
    assert_int_equal(again, numbers[i]);
    sherd__quantity_write_size(numbers[i], text);
    assert_true(sherd__quantity_size(text, &again));
    assert_int_equal(again, numbers[i]);
  }
  assert_false(sherd__quantity_time("1", &again));
  assert_false(sherd__quantity_time("s", &again));
  assert_false(sherd__quantity_size("", &again));
  assert_false(sherd__quantity_size("1k", &again));
  assert_false(sherd__quantity_number("18446744073709551616", &again));
  assert_false(sherd__quantity_number("1 ", &again));
  assert_true(sherd__quantity_number("0xff", &again));
  assert_int_equal(again, 255);
}

static void want_of_memory_is_told_and_leaks_nothing(void **state) {
  (void)state;
  static char *argv[] = {"run", "--config", "sherd.conf", "--sink", "none", NULL};
  struct sherd__run_sources sources = {5, argv, no_environment, &alloc.allocator};
  const char *conf = "[bot]\nintents = GUILDS\n  GUILD_MEMBERS\n[shards]\nshards = 4\n";
  size_t fail_at = 0;
  write_conf(conf, strlen(conf));
  do {
    struct sherd_buf problems;
    sherd__test_alloc_init(&alloc, ++fail_at);
    sherd__buf_init(&problems, sherd_allocator_default());
    int code = sherd__run_settings_load(&sources, &settings, &problems);
    bool has_failed = sherd__test_alloc_has_failed(&alloc);
    assert_int_equal(code == EX_OK, !has_failed);
    assert_int_equal(problems.len == 0, !has_failed);
    sherd__buf_deinit(&problems);
    unload();
  } while (fail_at < alloc.requests + 1 && fail_at < 64);
  assert_in_range(fail_at, 8, 63);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_are_those_of_the_library),
      cmocka_unit_test(a_file_is_read_in_full),
      cmocka_unit_test(the_example_is_good),
      cmocka_unit_test(marks_and_line_ends_of_windows_are_taken),
      cmocka_unit_test(flags_precede_the_environment_and_that_the_file),
      cmocka_unit_test(the_last_of_equal_flags_counts),
      cmocka_unit_test(systemds_folders_are_used),
      cmocka_unit_test(help_looks_at_nothing_else),
      cmocka_unit_test(the_token_has_three_places),
      cmocka_unit_test(the_token_is_shown_nowhere),
      cmocka_unit_test(a_proxys_password_is_not_shown),
      cmocka_unit_test(every_problem_of_a_file_is_told),
      cmocka_unit_test(bad_bytes_are_told),
      cmocka_unit_test(a_line_that_is_too_long_is_told),
      cmocka_unit_test(only_lists_go_on_in_the_next_line),
      cmocka_unit_test(an_unreadable_file_is_told),
      cmocka_unit_test(bad_values_say_what_is_wanted),
      cmocka_unit_test(what_does_not_go_together_is_told),
      cmocka_unit_test(a_sockets_path_is_bounded),
      cmocka_unit_test(bad_arguments_are_told),
      cmocka_unit_test(a_reload_takes_what_it_can),
      cmocka_unit_test(a_bad_reload_changes_nothing),
      cmocka_unit_test(the_table_is_consistent),
      cmocka_unit_test(quantities_are_written_as_they_are_read),
      cmocka_unit_test(want_of_memory_is_told_and_leaks_nothing),
  };
  return cmocka_run_group_tests(tests, enter, leave);
}
