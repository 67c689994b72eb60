/* Events as lines: the same ones from a session in JSON and from one in ETF. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/host.h"

/* All lines of a session. */
static char lines[1 << 20];
static size_t lines_len;

static void on_output(struct host *host, const struct sherd_output *out, void *user) {
  (void)host;
  (void)user;
  if (out->type != SHERD_OUTPUT_EVENT)
    return;
  char *at = lines + lines_len;
  size_t room = sizeof lines - lines_len, len, again;
  assert_int_equal(sherd_event_to_ndjson(&out->as.event, 3, at, room, &len), SHERD_OK);
  assert_int_equal(strlen(at), len);
  assert_int_equal(at[len - 1], '\n');
  assert_ptr_equal(memchr(at, '\n', len), at + len - 1);
  assert_int_equal(sherd_value_validate(SHERD_FORMAT_JSON, at, len, NULL), SHERD_OK);
  /* Any room that is too small says how much it takes. */
  for (size_t cap = 0; cap <= len; cap += 1 + len / 40) {
    char *small = malloc(cap + 1);
    assert_int_equal(sherd_event_to_ndjson(&out->as.event, 3, cap ? small : NULL, cap, &again),
                     SHERD_ENOSPACE);
    assert_int_equal(again, len);
    free(small);
  }
  lines_len += len;
}

/* Every sample of Discord's events, and what the shard itself has to say. */
static const char *const samples[] = {
    SAMPLES "/MESSAGE_CREATE.json",      SAMPLES "/GUILD_CREATE.json",
    SAMPLES "/PRESENCE_UPDATE.json",     SAMPLES "/INTERACTION_CREATE.json",
    SAMPLES "/GUILD_MEMBERS_CHUNK.json", SAMPLES "/RATE_LIMITED.json",
    SAMPLES "/VOICE_STATE_UPDATE.json",  SAMPLES "/THREAD_LIST_SYNC.json",
    SAMPLES "/SOUNDBOARD_SOUNDS.json",   SAMPLES "/GUILD_SCHEDULED_EVENT_CREATE.json",
    SAMPLES "/ENTITLEMENT_CREATE.json",  SAMPLES "/VOICE_CHANNEL_EFFECT_SEND.json",
    SAMPLES "/TYPING_START.json"};

static void say_sample(struct host *host, const char *path) {
  char *text = calloc(1, 1 << 16);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  size_t len = fread(text, 1, (1 << 16) - 1, file);
  fclose(file);
  assert_true(len > 0);
  host_say(host, text);
  free(text);
}

static void play(enum sherd_data_format format, enum sherd_compression compression) {
  static struct host host;
  struct sherd_gateway_config config = host_config();
  config.format = format;
  config.compression = compression;
  host_init(&host, &config);
  lines_len = 0;
  host.on_output = on_output;
  host_to_active(&host);
  for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
    say_sample(&host, samples[i]);
  host_say(&host,
           "{\"t\":\"NEW\\\"\\u0007\",\"s\":4000,\"op\":0,\"d\":{\"line\":\"a\\nb\\u00e9\\/\"}}");
  host_say(&host, "{\"t\":\"NO_D\",\"s\":4001,\"op\":0}");
  host_say(&host, "{\"op\":99,\"d\":[]}");
  host_close_frame(&host, 4000, "go on");
  host_wait(&host, 1000); /* the longest that the first pause may be */
  host_open(&host);
  host_upgrade(&host);
  host_say(&host, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
  host_close_frame(&host, 4007, "seq");
  host_close(&host, false);
  host_deinit(&host);
}

static void both_formats_give_the_same_lines(void **state) {
  (void)state;
  play(SHERD_FORMAT_JSON, SHERD_COMPRESSION_NONE);
  char *in_json = strdup(lines);
  size_t in_json_len = lines_len;
  static const enum sherd_compression ways[] = {SHERD_COMPRESSION_NONE,
                                                SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM,
                                                SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM};
  for (size_t i = 0; i < 3; i++) {
    play(SHERD_FORMAT_ETF, ways[i]);
    assert_int_equal(lines_len, in_json_len);
    assert_string_equal(lines, in_json);
  }
  assert_non_null(strstr(in_json, "{\"shard\":3,\"s\":null,\"t\":\"CONNECTING\",\"d\":"
                                  "{\"resuming\":false}}\n"));
  assert_non_null(strstr(in_json, "\"t\":\"CONNECTING\",\"d\":"
                                  "{\"resuming\":true,\"last_seq\":4001}}\n"));
  assert_non_null(
      strstr(in_json, "\"t\":\"NEW\\\"\\u0007\",\"d\":{\"line\":\"a\\nb\xC3\xA9/\"}}\n"));
  assert_non_null(strstr(in_json, "\"s\":4001,\"t\":\"NO_D\",\"d\":null}\n"));
  assert_non_null(strstr(in_json, "\"s\":null,\"t\":\"UNKNOWN_OPCODE\",\"op\":99,\"d\":[]}\n"));
  assert_non_null(strstr(in_json, "\"t\":\"SEQUENCE_GAP\",\"d\":{\"expected_seq\":"));
  assert_non_null(strstr(in_json, "\"t\":\"SESSION_LOST\",\"d\":{\"status\":\"SHERD_EBADSEQ\","
                                  "\"close_code\":4007,\"last_seq\":4001}}\n"));
  assert_non_null(strstr(in_json, "\"t\":\"DISCONNECTED\",\"d\":{\"status\":\"SHERD_EBADSEQ\","
                                  "\"close_code\":4007,\"resuming\":false,"
                                  "\"reconnecting\":true}}\n"));
  assert_non_null(strstr(in_json, "\"t\":\"CLOSED\",\"d\":{\"status\":\"SHERD_OK\"}}\n"));
  free(in_json);
}

/* A fleet's event, which no engine says. */
static void a_resharding_says_how_many(void **state) {
  (void)state;
  struct sherd_event event = {
      .type = SHERD_EVENT_RESHARDED, .name = "RESHARDED", .session = "", .op = 32};
  char line[100];
  assert_int_equal(sherd_event_to_ndjson(&event, 0, line, sizeof line, NULL), SHERD_OK);
  assert_string_equal(line,
                      "{\"shard\":0,\"s\":null,\"t\":\"RESHARDED\",\"d\":{\"shard_count\":32}}\n");
}

/* White space between tokens is legal in JSON, and must not split a line. */
static void a_line_stays_one_line(void **state) {
  (void)state;
  static const char text[] = "{\n \"a\" : [ 1 ,\r\n 2 ]\n}";
  struct sherd_event event = {.name = "X", .session = "", .has_seq = true, .seq = 7};
  char line[100];
  assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, text, sizeof text - 1, &event.data),
                   SHERD_OK);
  assert_int_equal(sherd_event_to_ndjson(&event, 0, line, sizeof line, NULL), SHERD_OK);
  assert_string_equal(line, "{\"shard\":0,\"s\":7,\"t\":\"X\",\"d\":{\"a\":[1,2]}}\n");
}

static void damage_never_becomes_a_line(void **state) {
  (void)state;
  static const char text[] = "{\"a\":[1,tru]}";
  struct sherd_event event = {.name = "X", .session = ""};
  char line[100];
  assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, text, sizeof text - 1, &event.data),
                   SHERD_OK);
  assert_int_equal(sherd_event_to_ndjson(&event, 0, line, sizeof line, NULL), SHERD_EJSON);
  assert_int_equal(sherd_event_to_ndjson(NULL, 0, line, sizeof line, NULL), SHERD_EINVAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_formats_give_the_same_lines),
      cmocka_unit_test(a_resharding_says_how_many),
      cmocka_unit_test(a_line_stays_one_line),
      cmocka_unit_test(damage_never_becomes_a_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
