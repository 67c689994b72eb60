/* The engine's small parts, each by itself: URLs, close codes, the send limit, heartbeats, pauses,
 * errors. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sherd.h>

#include "engine/backoff.h"
#include "engine/close_code.h"
#include "engine/error.h"
#include "engine/heartbeat.h"
#include "engine/limiter.h"
#include "engine/member_limits.h"
#include "engine/url.h"

static void fill_with(void *ctx, void *out, size_t len) {
  memset(out, *(int *)ctx, len);
}

/* --- URLs --- */

static void urls_are_split_and_their_query_merged(void **state) {
  (void)state;
  static const struct {
    const char *base, *host;
    uint16_t port;
    bool tls;
    const char *target;
  } rows[] = {
      {"wss://gateway.discord.gg", "gateway.discord.gg", 443, true, "/?v=10&encoding=json"},
      {"wss://gateway.discord.gg/", "gateway.discord.gg", 443, true, "/?v=10&encoding=json"},
      {"ws://127.0.0.1:8080", "127.0.0.1", 8080, false, "/?v=10&encoding=json"},
      {"WSS://h/path/x", "h", 443, true, "/path/x?v=10&encoding=json"},
      {"ws://h?a=1&v=6&encoding=etf&compress=zlib-stream&b", "h", 80, false,
       "/?a=1&b&v=10&encoding=json"},
      {"ws://[::1]:9/", "::1", 9, false, "/?v=10&encoding=json"},
      {"ws://[fe80::1]", "fe80::1", 80, false, "/?v=10&encoding=json"},
      {"ws://h/?version=8&vv=1", "h", 80, false, "/?version=8&vv=1&v=10&encoding=json"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd__url url;
    assert_int_equal(
        sherd__url_parse(rows[i].base, SHERD_FORMAT_JSON, SHERD_COMPRESSION_NONE, &url), SHERD_OK);
    assert_string_equal(url.host, rows[i].host);
    assert_int_equal(url.port, rows[i].port);
    assert_int_equal(url.tls, rows[i].tls);
    assert_string_equal(url.target, rows[i].target);
  }
}

static void urls_name_format_and_compression(void **state) {
  (void)state;
  struct sherd__url url;
  sherd__url_parse("ws://h", SHERD_FORMAT_ETF, SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM, &url);
  assert_string_equal(url.target, "/?v=10&encoding=etf&compress=zstd-stream");
  sherd__url_parse("ws://h", SHERD_FORMAT_JSON, SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM, &url);
  assert_string_equal(url.target, "/?v=10&encoding=json&compress=zlib-stream");
  sherd__url_parse("ws://h", SHERD_FORMAT_JSON, SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM, &url);
  assert_string_equal(url.target, "/?v=10&encoding=json");
}

static void urls_that_are_none_are_refused(void **state) {
  (void)state;
  static const char *const rows[] = {
      "",
      "h",
      "http://h",
      "wss://",
      "ws:///x",
      "ws://h:0",
      "ws://h:x",
      "ws://h:65536",
      "ws://h:99999999999999999999",
      "ws://[::1",
      "ws://a b",
      "ws://h/\r\nX: y",
      "ws://u:p@h/",
      "ws://u@h/",
      "ws://h/#f",
      "ws://h\x01",
      "ws://[::1]x",
      "ws://[]",
      "ws://:80",
  };
  struct sherd__url url;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(sherd__url_parse(rows[i], SHERD_FORMAT_JSON, SHERD_COMPRESSION_NONE, &url),
                     SHERD_EURL);
  char longest[1200] = "ws://h/";
  memset(longest + 7, 'x', sizeof longest - 8);
  assert_int_equal(sherd__url_parse(longest, SHERD_FORMAT_JSON, SHERD_COMPRESSION_NONE, &url),
                   SHERD_EURL);
}

/* --- Close codes --- */

static void close_codes_have_the_documentation_s_outcome(void **state) {
  (void)state;
  static const struct {
    uint16_t code;
    enum sherd__verdict verdict;
  } rows[] = {
      {0, SHERD__VERDICT_RESUME},         {1000, SHERD__VERDICT_RESUME},
      {1001, SHERD__VERDICT_RESUME},      {1006, SHERD__VERDICT_RESUME},
      {3000, SHERD__VERDICT_RESUME},      {4000, SHERD__VERDICT_RESUME},
      {4001, SHERD__VERDICT_RESUME},      {4002, SHERD__VERDICT_RESUME},
      {4003, SHERD__VERDICT_RESUME_ONCE}, {4004, SHERD__VERDICT_STOP},
      {4005, SHERD__VERDICT_RESUME_ONCE}, {4006, SHERD__VERDICT_RESUME},
      {4007, SHERD__VERDICT_NEW_SESSION}, {4008, SHERD__VERDICT_RESUME},
      {4009, SHERD__VERDICT_NEW_SESSION}, {4010, SHERD__VERDICT_STOP},
      {4011, SHERD__VERDICT_STOP},        {4012, SHERD__VERDICT_STOP},
      {4013, SHERD__VERDICT_STOP},        {4014, SHERD__VERDICT_STOP},
      {4015, SHERD__VERDICT_RESUME},      {4999, SHERD__VERDICT_RESUME},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(sherd__close_code_find(rows[i].code)->verdict, rows[i].verdict);
}

/* --- The send limit --- */

static void the_limiter_never_lets_121_through_in_a_minute(void **state) {
  (void)state;
  struct sherd__limiter limiter = {0};
  uint64_t sent[2000];
  uint64_t now_ms = 0;
  for (size_t i = 0; i < 2000; i++) {
    now_ms = sherd__limiter_when(&limiter, 0, now_ms + i % 7 * 100);
    sherd__limiter_record(&limiter, now_ms);
    sent[i] = now_ms;
    if (i >= 120)
      assert_true(sent[i] - sent[i - 120] > 60000);
  }
}

static void the_limiter_keeps_places(void **state) {
  (void)state;
  struct sherd__limiter limiter = {0};
  for (int i = 0; i < 115; i++)
    sherd__limiter_record(&limiter, 1000);
  assert_int_equal(sherd__limiter_when(&limiter, 5, 2000), 1000 + SHERD__LIMITER_WINDOW_MS);
  assert_int_equal(sherd__limiter_when(&limiter, 2, 2000), 2000);
  assert_int_equal(sherd__limiter_when(&limiter, 0, 2000), 2000);
  assert_int_equal(sherd__limiter_beat_places(41250), 3);
  assert_int_equal(sherd__limiter_beat_places(1), 58);
}

/* --- Heartbeats --- */

static void the_first_beat_is_jittered_over_the_interval(void **state) {
  (void)state;
  struct sherd__heartbeat heartbeat = {0};
  struct sherd__random random;
  int byte = 0;
  sherd__random_init(&random, fill_with, &byte);
  sherd__heartbeat_reset(&heartbeat);
  assert_int_equal(sherd__heartbeat_deadline(&heartbeat), UINT64_MAX);
  sherd__heartbeat_begin(&heartbeat, 41250, &random, 1000);
  assert_int_equal(sherd__heartbeat_deadline(&heartbeat), 1000);
  byte = 0xFF;
  sherd__heartbeat_begin(&heartbeat, 41250, &random, 1000);
  assert_int_equal(sherd__heartbeat_deadline(&heartbeat), 42250);
}

static void latency_pairs_each_ack_with_its_beat(void **state) {
  (void)state;
  struct sherd__heartbeat heartbeat = {0};
  sherd__heartbeat_reset(&heartbeat);
  assert_true(isnan(heartbeat.latency_s));
  heartbeat.interval_ms = 40000;
  sherd__heartbeat_sent(&heartbeat, true, 1000);
  sherd__heartbeat_sent(&heartbeat, false, 1400);
  sherd__heartbeat_acked(&heartbeat, 1500);
  assert_true(heartbeat.latency_s == 0.5);
  sherd__heartbeat_acked(&heartbeat, 1600);
  assert_true(heartbeat.latency_s == 0.2);
  sherd__heartbeat_acked(&heartbeat, 9999); /* one too many says nothing */
  assert_true(heartbeat.latency_s == 0.2);
}

static void beats_beyond_those_remembered_spoil_no_pair(void **state) {
  (void)state;
  struct sherd__heartbeat heartbeat = {0};
  sherd__heartbeat_reset(&heartbeat);
  heartbeat.interval_ms = 1000;
  for (uint64_t now_ms = 0; now_ms < 20000; now_ms += 1000)
    sherd__heartbeat_sent(&heartbeat, true, now_ms);
  sherd__heartbeat_acked(&heartbeat, 20000);
  assert_true(heartbeat.latency_s == 20.0);
  for (int i = 1; i < 20; i++)
    sherd__heartbeat_acked(&heartbeat, 20000);
  assert_true(heartbeat.latency_s == 5.0); /* of the 16th, the last that was remembered */
}

static void a_beat_that_was_asked_for_has_its_whole_interval_too(void **state) {
  (void)state;
  struct sherd__heartbeat heartbeat = {.interval_ms = 40000, .next_ms = 40000};
  sherd__heartbeat_sent(&heartbeat, false, 39990);
  assert_false(sherd__heartbeat_is_zombie(&heartbeat, 40000));
  sherd__heartbeat_sent(&heartbeat, true, 40000);
  assert_false(sherd__heartbeat_is_zombie(&heartbeat, 79989));
  assert_true(sherd__heartbeat_is_zombie(&heartbeat, 79990));
}

static void a_late_beat_is_not_followed_by_a_burst(void **state) {
  (void)state;
  struct sherd__heartbeat heartbeat = {.interval_ms = 100, .next_ms = 100};
  sherd__heartbeat_sent(&heartbeat, true, 130);
  assert_int_equal(heartbeat.next_ms, 200);
  sherd__heartbeat_sent(&heartbeat, true, 1000);
  assert_int_equal(heartbeat.next_ms, 1100);
}

/* --- Pauses --- */

static void pauses_grow_to_a_cap_and_forget_after_health(void **state) {
  (void)state;
  struct sherd__random random;
  int byte = 0xFF;
  sherd__random_init(&random, fill_with, &byte);
  struct sherd__backoff backoff = {0};
  static const uint64_t longest[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
  for (size_t i = 0; i < 8; i++)
    assert_int_equal(sherd__backoff_next(&backoff, false, &random), longest[i]);
  byte = 0;
  assert_int_equal(sherd__backoff_next(&backoff, false, &random), 30000);
  assert_int_equal(sherd__backoff_next(&backoff, true, &random), 0);
  assert_int_equal(sherd__backoff_next(&backoff, false, &random), 500);
  assert_int_equal(sherd__invalid_session_pause(&random), 1000);
  byte = 0xFF;
  assert_int_equal(sherd__invalid_session_pause(&random), 5000);
}

/* --- RATE_LIMITED --- */

static void note_limit(struct sherd__member_limits *limits, const char *json, uint64_t now_ms) {
  struct sherd_value value;
  assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, json, strlen(json), &value), SHERD_OK);
  sherd__member_limits_note(limits, value, now_ms);
}

static void rate_limits_are_kept_guild_by_guild(void **state) {
  (void)state;
  struct sherd__member_limits limits = {0};
  note_limit(&limits, "{\"opcode\":8,\"retry_after\":27.352,\"meta\":{\"guild_id\":\"7\"}}", 1000);
  note_limit(&limits, "{\"opcode\":8,\"retry_after\":-1,\"meta\":{\"guild_id\":\"8\"}}", 1000);
  note_limit(&limits, "{\"opcode\":31,\"retry_after\":9,\"meta\":{\"guild_id\":\"8\"}}", 1000);
  note_limit(&limits, "{\"opcode\":8}", 1000);
  assert_int_equal(sherd__member_limits_when(&limits, 7, 2000), 1000 + 27353);
  assert_int_equal(sherd__member_limits_when(&limits, 8, 2000), 2000);
  assert_int_equal(sherd__member_limits_when(&limits, 7, 50000), 50000);
  for (int i = 0; i < 1000; i++) { /* more guilds than rows: no harm */
    char json[128];
    snprintf(json, sizeof json, "{\"opcode\":8,\"retry_after\":30,\"meta\":{\"guild_id\":\"%d\"}}",
             100 + i);
    note_limit(&limits, json, (uint64_t)i);
  }
  assert_int_equal(limits.count, SHERD__MEMBER_LIMITS_MAX);
  assert_true(sherd__member_limits_when(&limits, 1099, 1000) > 1000);
}

static void of_too_many_rate_limits_the_soonest_is_forgotten(void **state) {
  (void)state;
  struct sherd__member_limits limits = {0};
  for (int i = 0; i <= SHERD__MEMBER_LIMITS_MAX; i++) {
    char json[128];
    snprintf(json, sizeof json, "{\"opcode\":8,\"retry_after\":%d,\"meta\":{\"guild_id\":\"%d\"}}",
             i == 9 ? 10 : 30, 100 + i);
    note_limit(&limits, json, 0);
  }
  for (sherd_snowflake i = 0; i <= SHERD__MEMBER_LIMITS_MAX; i++)
    assert_int_equal(sherd__member_limits_when(&limits, 100 + i, 0), i == 9 ? 0 : 30001);
}

static void the_newest_rate_limit_of_a_guild_counts(void **state) {
  (void)state;
  struct sherd__member_limits limits = {0};
  note_limit(&limits, "{\"opcode\":8,\"retry_after\":30,\"meta\":{\"guild_id\":\"7\"}}", 0);
  note_limit(&limits, "{\"opcode\":8,\"retry_after\":5,\"meta\":{\"guild_id\":\"7\"}}", 0);
  assert_int_equal(sherd__member_limits_when(&limits, 7, 0), 5001);
  note_limit(&limits, "{\"opcode\":8,\"retry_after\":1e300,\"meta\":{\"guild_id\":\"7\"}}", 0);
  assert_int_equal(sherd__member_limits_when(&limits, 7, 0), 86400001); /* a day at the most */
}

/* --- Errors --- */

static void an_error_s_text_is_one_clean_line_without_the_token(void **state) {
  (void)state;
  char token_text[] = "the-token";
  struct sherd__secret token = {token_text, sizeof token_text - 1};
  struct sherd_error_info info = {.status = SHERD_EAUTH};
  sherd__error_describe(&info, "no\r\n\x01 the-token, the-token! \xFF\xC3\xA9", &token);
  assert_string_equal(info.text,
                      "Discord refused the token (4004): check SHERD_TOKEN against the bot's page "
                      "in the developer portal (no??? [token], [token]! ?\xC3\xA9)");
  char many[2000];
  for (size_t i = 0; i + 9 < sizeof many; i += 9)
    memcpy(many + i, token_text, 10);
  sherd__error_describe(&info, many, &token);
  assert_null(strstr(info.text, token_text));
  assert_true(strlen(info.text) <= SHERD_ERROR_TEXT_MAX);
  sherd__error_describe(&info, NULL, &token);
  assert_string_equal(info.text, sherd_strerror(SHERD_EAUTH));
}

/* --- Names --- */

static void every_event_is_found_by_its_name(void **state) {
  (void)state;
#define FIND(name)                                                                                 \
  assert_int_equal(sherd_event_type_find(#name, sizeof #name - 1), SHERD_EVENT_##name);            \
  assert_string_equal(sherd_event_type_name(SHERD_EVENT_##name), #name);
  SHERD_DISPATCH_MAP(FIND)
#undef FIND
  /* Every one, but for a letter: in the last place and in the second, cut short, and going on. */
  for (int type = SHERD_EVENT_READY; type < SHERD_EVENT_TYPE_COUNT; type++) {
    char name[64] = {0};
    size_t len = strlen(sherd_event_type_name((enum sherd_event_type)type));
    memcpy(name, sherd_event_type_name((enum sherd_event_type)type), len);
    for (size_t cut = 0; cut < len; cut++)
      assert_int_not_equal(sherd_event_type_find(name, cut), type);
    name[1] ^= 1;
    assert_int_equal(sherd_event_type_find(name, len), SHERD_EVENT_UNKNOWN);
    name[1] ^= 1;
    name[len - 1] ^= 1;
    assert_int_equal(sherd_event_type_find(name, len), SHERD_EVENT_UNKNOWN);
    name[len - 1] ^= 1;
    assert_int_equal(sherd_event_type_find(name, len + 1), SHERD_EVENT_UNKNOWN);
  }
  assert_int_equal(sherd_event_type_find("MESSAGE_CREATED", 15), SHERD_EVENT_UNKNOWN);
  /* A lifecycle event's name on the wire is not one of Discord's. */
  assert_int_equal(sherd_event_type_find("SESSION_LOST", 12), SHERD_EVENT_UNKNOWN);
  assert_string_equal(sherd_event_type_name(SHERD_EVENT_SESSION_LOST), "SESSION_LOST");
  assert_string_equal(sherd_event_type_name((enum sherd_event_type)9999), "UNKNOWN");
  assert_string_equal(sherd_intent_name(SHERD_INTENT_GUILD_MEMBERS), "GUILD_MEMBERS");
  assert_null(sherd_intent_name(3));
  assert_int_equal(SHERD_INTENTS_ALL_UNPRIVILEGED, 53575421);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(urls_are_split_and_their_query_merged),
      cmocka_unit_test(urls_name_format_and_compression),
      cmocka_unit_test(urls_that_are_none_are_refused),
      cmocka_unit_test(close_codes_have_the_documentation_s_outcome),
      cmocka_unit_test(the_limiter_never_lets_121_through_in_a_minute),
      cmocka_unit_test(the_limiter_keeps_places),
      cmocka_unit_test(the_first_beat_is_jittered_over_the_interval),
      cmocka_unit_test(latency_pairs_each_ack_with_its_beat),
      cmocka_unit_test(beats_beyond_those_remembered_spoil_no_pair),
      cmocka_unit_test(a_beat_that_was_asked_for_has_its_whole_interval_too),
      cmocka_unit_test(a_late_beat_is_not_followed_by_a_burst),
      cmocka_unit_test(pauses_grow_to_a_cap_and_forget_after_health),
      cmocka_unit_test(rate_limits_are_kept_guild_by_guild),
      cmocka_unit_test(of_too_many_rate_limits_the_soonest_is_forgotten),
      cmocka_unit_test(the_newest_rate_limit_of_a_guild_counts),
      cmocka_unit_test(an_error_s_text_is_one_clean_line_without_the_token),
      cmocka_unit_test(every_event_is_found_by_its_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
