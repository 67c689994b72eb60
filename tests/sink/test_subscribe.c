/* What consumers ask for, and what their filters want. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sink/subscribe.h"

static struct sherd__hub_request request;
static struct sherd_error_info error;

static enum sherd_status parse(const char *line) {
  sherd__hub_request_deinit(&request);
  return sherd__hub_request_parse((struct sherd_bytes){(const uint8_t *)line, strlen(line)},
                                  sherd_allocator_default(), &request, &error);
}

static int teardown(void **state) {
  (void)state;
  sherd__hub_request_deinit(&request);
  return 0;
}

static void everything_that_may_be_said(void **state) {
  (void)state;
  assert_int_equal(parse("{\"op\":\"subscribe\",\"name\":\"my-worker_1.a\",\"ack\":true,\"policy\":"
                         "\"drop_oldest\",\"queue_bytes\":1048576,\"types\":[\"MESSAGE_CREATE\"],"
                         "\"guilds\":[\"123\",7],\"id\":{\"a\": 1}}\n"),
                   SHERD_OK);
  assert_int_equal(request.op, SHERD__HUB_SUBSCRIBE);
  assert_string_equal(request.name, "my-worker_1.a");
  assert_string_equal(request.id, "{\"a\":1}");
  assert_true(request.has_acks);
  assert_int_equal(request.policy, SHERD__POLICY_DROP_OLDEST);
  assert_int_equal(request.queue_bytes, 1048576);
  assert_int_equal(request.filter.guild_count, 2);
  assert_int_equal(request.filter.guilds[0], 7);
  assert_int_equal(parse("{\"op\":\"ack\",\"n\":18446744073709551615}"), SHERD_OK);
  assert_int_equal(request.op, SHERD__HUB_ACK);
  assert_true(request.n == UINT64_MAX);
}

static void nothing_said_means_the_defaults(void **state) {
  (void)state;
  assert_int_equal(parse(" { \"op\" : \"subscribe\" } "), SHERD_OK);
  assert_string_equal(request.name, "");
  assert_string_equal(request.id, "null");
  assert_false(request.has_acks);
  assert_int_equal(request.policy, SHERD__POLICY_BLOCK);
  assert_int_equal(request.queue_bytes, 0);
  assert_false(request.filter.has_types || request.filter.has_guilds);
}

static void others_are_for_others(void **state) {
  static const char *const lines[] = {"",
                                      "rubbish",
                                      "[]",
                                      "{}",
                                      "{\"op\":1}",
                                      "{\"op\":\"status\"}",
                                      "{\"op\":\"ack\",\"n\":1",
                                      "{\"op\":\"ack\"} {}",
                                      "{\"op\":\"update_presence\"}"};
  (void)state;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    assert_int_equal(parse(lines[i]), SHERD_ENOTFOUND);
}

static void what_is_wrong_is_said(void **state) {
  static const struct {
    const char *line, *said;
  } cases[] = {
      {"{\"op\":\"subscribe\",\"type\":[]}",
       "there is no field of subscribe 'type'; did you mean 'types'?"},
      {"{\"op\":\"subscribe\",\"policy\":\"drop-oldest\"}",
       "there is no policy 'drop-oldest'; did you mean 'drop_oldest'?"},
      {"{\"op\":\"subscribe\",\"name\":\"\"}",
       "'name' wants 1 to 63 letters, digits, '-', '_' or '.'"},
      {"{\"op\":\"subscribe\",\"name\":\"a\\u0000b\"}",
       "'name' wants 1 to 63 letters, digits, '-', '_' or '.'"},
      {"{\"op\":\"subscribe\",\"ack\":1}", "'ack' wants true or false"},
      {"{\"op\":\"subscribe\",\"queue_bytes\":-1}",
       "'queue_bytes' wants a whole number from 0 to 4294967295"},
      {"{\"op\":\"subscribe\",\"types\":\"READY\"}", "'types' wants a list of names of events"},
      {"{\"op\":\"subscribe\",\"types\":[1]}", "'types' wants a list of names of events"},
      {"{\"op\":\"subscribe\",\"guilds\":[\"x\"]}", "'guilds' wants a list of guilds' ids"},
      {"{\"op\":\"subscribe\",\"ack\":true,\"ack\":true}", "'ack' stands twice"},
      {"{\"op\":\"ack\"}", "ack wants 'n'"},
      {"{\"op\":\"ack\",\"n\":-1}", "'n' wants the \"n\" of a line"},
      {"{\"op\":\"ack\",\"n\":1,\"name\":\"a\"}",
       "there is no field of ack 'name'; there are id, op, n"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(parse(cases[i].line), SHERD_EINVAL);
    assert_string_equal(error.text, cases[i].said);
  }
}

/* --- Filters --- */

static bool wants(enum sherd_event_type type, const char *line) {
  struct {
    struct sherd__record record;
    char line[128];
  } event = {.record = {.type = (uint16_t)type, .line_len = (uint32_t)strlen(line)}};
  memcpy(event.line, line, strlen(line));
  return sherd__filter_wants(&request.filter, &event.record);
}

#define MESSAGE(guild)                                                                             \
  SHERD_EVENT_MESSAGE_CREATE, "{\"t\":\"MESSAGE_CREATE\",\"d\":{\"id\":\"7\"" guild "}}"

static void types_are_filtered(void **state) {
  (void)state;
  assert_int_equal(parse("{\"op\":\"subscribe\",\"types\":[\"MESSAGE_CREATE\",\"SESSION_LOST\","
                         "\"NEW_ONE\"]}"),
                   SHERD_OK);
  assert_true(wants(MESSAGE("")));
  assert_true(wants(SHERD_EVENT_SESSION_LOST, "{\"t\":\"SESSION_LOST\",\"d\":{}}"));
  assert_false(wants(SHERD_EVENT_DISCONNECTED, "{\"t\":\"DISCONNECTED\",\"d\":{}}"));
  assert_false(wants(SHERD_EVENT_READY, "{\"t\":\"READY\",\"d\":{}}"));
  /* Names that came after this program are as good as others. */
  assert_true(wants(SHERD_EVENT_UNKNOWN, "{\"t\":\"NEW_ONE\",\"d\":{}}"));
  assert_false(wants(SHERD_EVENT_UNKNOWN, "{\"t\":\"NEW_TWO\",\"d\":{\"t\":\"NEW_ONE\"}}"));
  assert_int_equal(parse("{\"op\":\"subscribe\",\"types\":[]}"), SHERD_OK);
  assert_false(wants(MESSAGE("")));
}

static void guilds_are_filtered(void **state) {
  (void)state;
  assert_int_equal(parse("{\"op\":\"subscribe\",\"guilds\":[\"7\",\"5\"]}"), SHERD_OK);
  assert_true(wants(MESSAGE(",\"guild_id\":\"5\"")));
  assert_true(wants(MESSAGE(",\"guild_id\":7")));
  assert_false(wants(MESSAGE(",\"guild_id\":\"6\"")));
  assert_false(wants(MESSAGE(",\"guild_id\":null")));
  assert_false(wants(MESSAGE(""))); /* its own id is none of a guild's */
  assert_true(wants(SHERD_EVENT_GUILD_CREATE, "{\"t\":\"GUILD_CREATE\",\"d\":{\"id\":\"7\"}}"));
  assert_true(wants(SHERD_EVENT_GUILD_DELETE, "{\"t\":\"GUILD_DELETE\",\"d\":{\"id\":\"5\"}}"));
  assert_false(wants(SHERD_EVENT_GUILD_UPDATE, "{\"t\":\"GUILD_UPDATE\",\"d\":{\"id\":\"6\"}}"));
  assert_true(wants(SHERD_EVENT_SESSION_LOST, "{\"t\":\"SESSION_LOST\",\"d\":{}}"));
  assert_true(wants(SHERD_EVENT_RESHARDED, "{\"t\":\"RESHARDED\",\"d\":{}}"));
  assert_false(wants(SHERD_EVENT_READY, "{\"t\":\"READY\",\"d\":{}}"));
}

static void both_are_filtered(void **state) {
  (void)state;
  assert_int_equal(
      parse("{\"op\":\"subscribe\",\"types\":[\"MESSAGE_CREATE\"],\"guilds\":[\"5\"]}"), SHERD_OK);
  assert_true(wants(MESSAGE(",\"guild_id\":\"5\"")));
  assert_false(wants(MESSAGE(",\"guild_id\":\"6\"")));
  assert_false(wants(SHERD_EVENT_SESSION_LOST, "{\"t\":\"SESSION_LOST\",\"d\":{}}"));
  assert_false(wants(SHERD_EVENT_GUILD_CREATE, "{\"t\":\"GUILD_CREATE\",\"d\":{\"id\":\"5\"}}"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(everything_that_may_be_said, teardown),
      cmocka_unit_test_teardown(nothing_said_means_the_defaults, teardown),
      cmocka_unit_test_teardown(others_are_for_others, teardown),
      cmocka_unit_test_teardown(what_is_wrong_is_said, teardown),
      cmocka_unit_test_teardown(types_are_filtered, teardown),
      cmocka_unit_test_teardown(guilds_are_filtered, teardown),
      cmocka_unit_test_teardown(both_are_filtered, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
