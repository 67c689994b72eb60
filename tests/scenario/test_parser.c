/* The scenario language: what each line means, and what is said of lines that mean nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/opcode.h"
#include "sim/faults.h"
#include "sim/scenario.h"
#include "support/failing_alloc.h"

static struct sherd__scenario *parse(const char *source) {
  struct sherd__scenario *scenario;
  struct sherd__scenario_error error;
  struct sherd_bytes bytes = {(const uint8_t *)source, strlen(source)};
  if (sherd__scenario_new(NULL, bytes, &scenario, &error))
    fail_msg("line %u: %s", error.line, error.text);
  return scenario;
}

/* --- What does not parse --- */

static void bad_files_name_line_and_cause(void **state) {
  static const struct {
    const char *source;
    uint32_t line;
    const char *text; /* is in the error */
  } rows[] = {
      {"", 0, "there is no step"},
      {"# only a story\n", 1, "there is no step"},
      {"drip", 1, "there is no step 'drip'; did you mean 'drop'?"},
      {"drop\n\n# x\nexpct resume", 4, "did you mean 'expect'?"},
      {"wehn connected: drop", 1, "did you mean 'when'?"},
      {"xylophone", 1, "there are drop, half-frame, close"},
      {"drop now", 1, "'now' is too much here"},
      {"expect", 1, "what? as in resume"},
      {"expect resmue", 1, "did you mean 'resume'?"},
      {"expect no hartbeat for 2s", 1, "did you mean 'heartbeat'?"},
      {"expect resume in 5s", 1, "'in' is too much here"},
      {"expect resume for 5s", 1, "'for' is too much here"},
      {"expect resume within 5", 1, "a time as in 500ms, 2s or 1m, not '5'"},
      {"expect resume within", 1, "a time as in"},
      {"expect resume within 5h", 1, "not '5h'"},
      {"expect resume within 999999999999999999999s", 1, "a time as in"},
      {"expect resume within -1s", 1, "not '-1s'"},
      {"expect close code 4xx", 1, "a close code is as in 4009 or 4xxx, not '4xx'"},
      {"expect close x000", 1, "not 'x000'"},
      {"expect close 40x9", 1, "not '40x9'"},
      {"expect op", 1, "an opcode wants a whole number"},
      {"expect op eight", 1, "not 'eight'"},
      {"expect exit 256", 1, "from 0 to 255"},
      {"at noon: drop", 1, "at wants a time"},
      {"at 2s: drip", 1, "did you mean 'drop'?"},
      {"at 2s:", 1, "there is nothing to do here"},
      {"at 2s: when connected:", 1, "there is nothing to do here"},
      {"at 2s: when request /a:b", 1, "there is no step 'b'"},
      {"after ten events: drop", 1, "from 1 to 4294967295, not 'ten'"},
      {"after 0 events: drop", 1, "from 1 to 4294967295"},
      {"when conected", 1, "did you mean 'connected'?"},
      {"when resumed within 5s", 1, "'within' is too much here"},
      {"close", 1, "from 1000 to 4999, not ''"},
      {"drop shard=", 1, "shard= wants a whole number from 0 to 65535, not ''"},
      {"drop shard=one", 1, "not 'one'"},
      {"drop shard=65536", 1, "not '65536'"},
      {"drop shard=1 shard=2", 1, "'shard=2' is too much here"},
      {"close 4000shard=1", 1, "not '4000shard=1'"},
      {"acks shard=1 off", 1, "acks is for all shards; take 'shard=1' away"},
      {"close 99", 1, "from 1000 to 4999, not '99'"},
      {"op 9", 1, "op 9 wants true or false"},
      {"op 9 maybe", 1, "op 9 wants true or false"},
      {"op 7 {", 1, "'{' is not JSON"},
      {"send", 1, "send what?"},
      {"dispatch", 1, "dispatch what?"},
      {"dispatch MESAGE_CREATE {}", 1, "did you mean 'MESSAGE_CREATE'?"},
      {"dispatch MESSAGE_CREATE", 1, "is not JSON"},
      {"dispatch MESSAGE_CREATE {\"id\":}", 1, "is not JSON"},
      {"garbage", 1, "a size as in 512, 64kB or 40MB"},
      {"garbage 2MB", 1, "1000000 bytes at most"},
      {"garbage 0", 1, "not '0'"},
      {"acks maybe", 1, "on or off"},
      {"ignore 2 heartbeats", 1, "only IDENTIFY can be ignored"},
      {"hello later", 1, "after TIME, never or at-once"},
      {"sequence jump", 1, "skip N, repeat or missing"},
      {"sequence skip", 1, "sequence skip wants a whole number"},
      {"split", 1, "a size as in"},
      {"trickle fast", 1, "a time as in"},
      {"hold", 1, "a time as in"},
      {"burst many", 1, "a whole number"},
      {"large-guild 65MB", 1, "64000000 bytes at most"},
      {"rest 200", 1, "from 400 to 599"},
      {"rest 429 for 2", 1, "as in for 2 requests"},
      {"rest 429 for 2 connections", 1, "as in for 2 requests"},
      {"rest 429 retry-after soon", 1, "a time as in"},
      {"certificate", 1, "which certificate?"},
      {"certificate expierd", 1, "did you mean 'expired'?"},
      {"certificate expired for 2 requests", 1, "as in for 2 connections"},
      {"set guilds 5", 1, "there is no step"},
      {"set guild 5\ndrop", 1, "did you mean 'guilds'?"},
      {"set\ndrop", 1, "set what?"},
      {"set guilds many\ndrop", 1, "guilds wants a whole number"},
      {"set guilds 5 6\ndrop", 1, "'6' is too much here"},
      {"set tls yes\ndrop", 1, "tls wants on or off"},
      {"set heartbeat-interval 5\ndrop", 1, "a time as in"},
      {"set heartbeat-interval 5ms\ndrop", 1, "from 100ms to 3600000ms"},
      {"drop\nset guilds 5", 2, "settings stand before the first step"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd__scenario *scenario;
    struct sherd__scenario_error error;
    struct sherd_bytes bytes = {(const uint8_t *)rows[i].source, strlen(rows[i].source)};
    enum sherd_status status = sherd__scenario_new(NULL, bytes, &scenario, &error);
    if (status != SHERD_EINVAL || error.line != rows[i].line || !strstr(error.text, rows[i].text))
      fail_msg("\"%s\": status %d, line %u, \"%s\"; not line %u, \"%s\"", rows[i].source, status,
               error.line, error.text, rows[i].line, rows[i].text);
    assert_null(scenario);
  }
}

static void nul_and_endless_lines_are_refused(void **state) {
  struct sherd__scenario *scenario;
  struct sherd__scenario_error error;
  static uint8_t line[70000];
  (void)state;
  struct sherd_bytes with_nul = {(const uint8_t *)"drop\nd\0op\n", 10};
  assert_int_equal(sherd__scenario_new(NULL, with_nul, &scenario, &error), SHERD_EINVAL);
  assert_int_equal(error.line, 2);
  assert_non_null(strstr(error.text, "NUL"));
  memset(line, 'x', sizeof line);
  struct sherd_bytes endless = {line, sizeof line};
  assert_int_equal(sherd__scenario_new(NULL, endless, &scenario, &error), SHERD_EINVAL);
  assert_int_equal(error.line, 1);
  assert_non_null(strstr(error.text, "more than 65536 bytes"));
}

/* --- What each step means --- */

static void acts_are_read(void **state) {
  static const struct {
    const char *source;
    enum sherd__act act;
    uint64_t number;
    uint32_t count, extra;
    const char *name, *text;
  } rows[] = {
      {"drop", SHERD__ACT_DROP, 0, 0, 0, NULL, NULL},
      {"\t drop \t\r", SHERD__ACT_DROP, 0, 0, 0, NULL, NULL},
      {"half-frame", SHERD__ACT_HALF_FRAME, 0, 0, 0, NULL, NULL},
      {"close 4009", SHERD__ACT_CLOSE, 4009, 0, 0, NULL, NULL},
      {"close 4009 Session timed out.", SHERD__ACT_CLOSE, 4009, 0, 0, NULL, "Session timed out."},
      {"op 7", SHERD__ACT_OP, 7, 0, 0, NULL, "null"},
      {"op 9 true", SHERD__ACT_OP, 9, 0, 0, NULL, "true"},
      {"op 42 {\"a\": [1, 2]}", SHERD__ACT_OP, 42, 0, 0, NULL, "{\"a\": [1, 2]}"},
      {"send no JSON at all", SHERD__ACT_SEND, 0, 0, 0, NULL, "no JSON at all"},
      {"dispatch USER_UPDATE {\"id\":\"1\"}", SHERD__ACT_DISPATCH, 0, 0, 0, "USER_UPDATE",
       "{\"id\":\"1\"}"},
      {"garbage 64", SHERD__ACT_GARBAGE, 64, 0, 0, NULL, NULL},
      {"garbage 64 bytes", SHERD__ACT_GARBAGE, 64, 0, 0, NULL, NULL},
      {"garbage message 2kB", SHERD__ACT_GARBAGE_MESSAGE, 2000, 0, 0, NULL, NULL},
      {"acks off", SHERD__ACT_ACKS, 0, 0, 0, NULL, NULL},
      {"acks on", SHERD__ACT_ACKS, 1, 0, 0, NULL, NULL},
      {"ignore identify", SHERD__ACT_IGNORE_IDENTIFY, 1, 0, 0, NULL, NULL},
      {"ignore 3 identifies", SHERD__ACT_IGNORE_IDENTIFY, 3, 0, 0, NULL, NULL},
      {"hello after 2s", SHERD__ACT_HELLO, 2000, 0, 0, NULL, NULL},
      {"hello never", SHERD__ACT_HELLO, SHERD__HELLO_NEVER, 0, 0, NULL, NULL},
      {"hello at-once", SHERD__ACT_HELLO, 0, 0, 0, NULL, NULL},
      {"sequence skip 3", SHERD__ACT_SEQUENCE_SKIP, 3, 0, 0, NULL, NULL},
      {"sequence repeat", SHERD__ACT_SEQUENCE_REPEAT, 0, 0, 0, NULL, NULL},
      {"sequence missing", SHERD__ACT_SEQUENCE_MISSING, 0, 0, 0, NULL, NULL},
      {"split 7", SHERD__ACT_SPLIT, 7, 0, 0, NULL, NULL},
      {"split off", SHERD__ACT_SPLIT, 0, 0, 0, NULL, NULL},
      {"trickle 300ms", SHERD__ACT_TRICKLE, 300, 0, 0, NULL, NULL},
      {"trickle for 300 ms", SHERD__ACT_TRICKLE, 300, 0, 0, NULL, NULL},
      {"hold for 1m", SHERD__ACT_HOLD, 60000, 0, 0, NULL, NULL},
      {"burst 5000 events", SHERD__ACT_BURST, 5000, 0, 0, NULL, NULL},
      {"large-guild 40 MB", SHERD__ACT_LARGE_GUILD, 40000000, 0, 0, NULL, NULL},
      {"rest 503", SHERD__ACT_REST, 503, UINT32_MAX, 0, NULL, NULL},
      {"rest 429 for 2 requests retry-after 1s", SHERD__ACT_REST, 429, 2, 1000, NULL, NULL},
      {"rest 500 for 1 request", SHERD__ACT_REST, 500, 1, 0, NULL, NULL},
      {"rest ok", SHERD__ACT_REST, 0, 0, 0, NULL, NULL},
      {"certificate expired for 1 connection", SHERD__ACT_CERTIFICATE, 0, 1, 0, "expired", NULL},
      {"certificate wrong-host", SHERD__ACT_CERTIFICATE, 0, UINT32_MAX, 0, "wrong-host", NULL},
      {"terminate", SHERD__ACT_TERMINATE, 0, 0, 0, NULL, NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd__scenario *scenario = parse(rows[i].source);
    const struct sherd__step *step = scenario->steps;
    print_message("%s\n", rows[i].source);
    assert_int_equal(scenario->count, 1);
    assert_int_equal(step->kind, SHERD__STEP_DO);
    assert_int_equal(step->act, rows[i].act);
    assert_int_equal(step->number, rows[i].number);
    if (rows[i].act == SHERD__ACT_REST || rows[i].act == SHERD__ACT_CERTIFICATE) {
      assert_int_equal(step->extra, rows[i].extra);
      if (rows[i].number || rows[i].name)
        assert_int_equal(step->count, rows[i].count);
    }
    assert_int_equal(!step->name, !rows[i].name);
    assert_int_equal(!step->text, !rows[i].text);
    if (rows[i].name)
      assert_string_equal(step->name, rows[i].name);
    if (rows[i].text)
      assert_string_equal(step->text, rows[i].text);
    sherd__scenario_free(scenario);
  }
}

static void acts_may_be_of_one_shard(void **state) {
  static const struct {
    const char *source;
    uint32_t shard;
    enum sherd__act act;
    uint64_t number;
    const char *text;
  } rows[] = {
      {"drop", SHERD__SCENARIO_UNSET, SHERD__ACT_DROP, 0, NULL},
      {"drop shard=0", 0, SHERD__ACT_DROP, 0, NULL},
      {"half-frame shard=65535", 65535, SHERD__ACT_HALF_FRAME, 0, NULL},
      {"close shard=1 4000 shard=2", 1, SHERD__ACT_CLOSE, 4000, "shard=2"},
      {"op shard=1 9 false", 1, SHERD__ACT_OP, 9, "false"},
      {"send shard=1 x", 1, SHERD__ACT_SEND, 0, "x"},
      {"dispatch shard=1 USER_UPDATE {}", 1, SHERD__ACT_DISPATCH, 0, "{}"},
      {"garbage shard=1 message 9", 1, SHERD__ACT_GARBAGE_MESSAGE, 9, NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd__scenario *scenario = parse(rows[i].source);
    const struct sherd__step *step = scenario->steps;
    print_message("%s\n", rows[i].source);
    assert_int_equal(step->shard, rows[i].shard);
    assert_int_equal(step->act, rows[i].act);
    assert_int_equal(step->number, rows[i].number);
    assert_int_equal(!step->text, !rows[i].text);
    if (rows[i].text)
      assert_string_equal(step->text, rows[i].text);
    sherd__scenario_free(scenario);
  }
}

static void waits_and_expectations_are_read(void **state) {
  static const struct {
    const char *source;
    enum sherd__step_kind kind;
    uint64_t number;
    struct sherd__sight fits, does_not;
  } rows[] = {
      {"at 1500ms", SHERD__STEP_AT, 1500, {0}, {0}},
      {"after 2s", SHERD__STEP_AFTER, 2000, {0}, {0}},
      {"after 1 event", SHERD__STEP_AFTER_EVENTS, 1, {0}, {0}},
      {"after 100 events", SHERD__STEP_AFTER_EVENTS, 100, {0}, {0}},
      {"when connected",
       SHERD__STEP_WHEN,
       0,
       {SHERD__SIGHT_CONNECT, 0, NULL},
       {SHERD__SIGHT_IDENTIFIED, 0, NULL}},
      {"when resumed",
       SHERD__STEP_WHEN,
       0,
       {SHERD__SIGHT_RESUMED, 0, NULL},
       {SHERD__SIGHT_MESSAGE, SHERD_OP_RESUME, NULL}},
      {"expect resume",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_MESSAGE, SHERD_OP_RESUME, NULL},
       {SHERD__SIGHT_MESSAGE, SHERD_OP_IDENTIFY, NULL}},
      {"expect identify within 3s",
       SHERD__STEP_EXPECT,
       3000,
       {SHERD__SIGHT_MESSAGE, SHERD_OP_IDENTIFY, NULL},
       {SHERD__SIGHT_IDENTIFIED, 0, NULL}},
      {"expect no identify for 5s",
       SHERD__STEP_EXPECT_NO,
       5000,
       {SHERD__SIGHT_MESSAGE, SHERD_OP_IDENTIFY, NULL},
       {SHERD__SIGHT_MESSAGE, 1, NULL}},
      {"expect no connect within 5s",
       SHERD__STEP_EXPECT_NO,
       5000,
       {SHERD__SIGHT_CONNECT, 0, NULL},
       {SHERD__SIGHT_LOST, 0, NULL}},
      {"expect heartbeat",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_MESSAGE, SHERD_OP_HEARTBEAT, NULL},
       {SHERD__SIGHT_MESSAGE, 11, NULL}},
      {"expect presence",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_MESSAGE, 3, NULL},
       {SHERD__SIGHT_MESSAGE, 4, NULL}},
      {"expect op 8 within 1s",
       SHERD__STEP_EXPECT,
       1000,
       {SHERD__SIGHT_MESSAGE, 8, NULL},
       {SHERD__SIGHT_CLOSE, 8, NULL}},
      {"expect op 0",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_MESSAGE, 0, NULL},
       {SHERD__SIGHT_MESSAGE, 1, NULL}},
      {"expect close",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_CLOSE, 0, NULL},
       {SHERD__SIGHT_LOST, 0, NULL}},
      {"expect close code 4xxx within 5s",
       SHERD__STEP_EXPECT,
       5000,
       {SHERD__SIGHT_CLOSE, 4999, NULL},
       {SHERD__SIGHT_CLOSE, 5000, NULL}},
      {"expect close code 4xxx",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_CLOSE, 4000, NULL},
       {SHERD__SIGHT_CLOSE, 3999, NULL}},
      {"expect close 1000",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_CLOSE, 1000, NULL},
       {SHERD__SIGHT_CLOSE, 1001, NULL}},
      {"expect disconnect",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_LOST, 0, NULL},
       {SHERD__SIGHT_REFUSAL, 0, NULL}},
      {"expect refusal 4008",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_REFUSAL, 4008, NULL},
       {SHERD__SIGHT_REFUSAL, 4007, NULL}},
      {"expect request",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_REQUEST, 429, "/x"},
       {SHERD__SIGHT_CONNECT, 0, NULL}},
      {"expect request /gateway/bot",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_REQUEST, 0, "/api/v10/gateway/bot"},
       {SHERD__SIGHT_REQUEST, 0, "/api/v10/gateway"}},
      {"expect exit",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_EXIT, 137, NULL},
       {SHERD__SIGHT_LOST, 0, NULL}},
      {"expect exit 0",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_EXIT, 0, NULL},
       {SHERD__SIGHT_EXIT, 1, NULL}},
      {"expect tls-refusal",
       SHERD__STEP_EXPECT,
       10000,
       {SHERD__SIGHT_TLS_REFUSAL, 0, "why"},
       {SHERD__SIGHT_LOST, 0, NULL}},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd__scenario *scenario = parse(rows[i].source);
    const struct sherd__step *step = scenario->steps;
    print_message("%s\n", rows[i].source);
    assert_int_equal(scenario->count, 1);
    assert_int_equal(step->kind, rows[i].kind);
    assert_int_equal(step->number, rows[i].number);
    assert_string_equal(step->said, rows[i].source);
    if (step->kind >= SHERD__STEP_WHEN) {
      assert_true(sherd__wanted_is(&step->wanted, &rows[i].fits));
      assert_false(sherd__wanted_is(&step->wanted, &rows[i].does_not));
    }
    sherd__scenario_free(scenario);
  }
}

static void a_file_has_story_settings_and_steps(void **state) {
  struct sherd__scenario *scenario = parse("# The first sentence.\r\n"
                                           "#\n"
                                           "# The second.\n"
                                           "\n"
                                           "# No story any more.\n"
                                           "set guilds 0\n"
                                           "set heartbeat-interval 2s\n"
                                           "set tls on\n"
                                           "  after 3 events: send {\"a:b\":1}\n"
                                           "expect resume within 5s"); /* no newline at the end */
  (void)state;
  assert_string_equal(scenario->story, "The first sentence. The second.");
  assert_int_equal(scenario->settings.guilds, 0);
  assert_int_equal(scenario->settings.heartbeat_interval_ms, 2000);
  assert_int_equal(scenario->settings.tls, 1);
  assert_int_equal(scenario->settings.rate, SHERD__SCENARIO_UNSET);
  assert_int_equal(scenario->settings.time_limit_ms, 60000);
  assert_int_equal(scenario->count, 3);
  assert_string_equal(scenario->steps[0].said, "after 3 events");
  assert_string_equal(scenario->steps[1].said, "send {\"a:b\":1}");
  assert_string_equal(scenario->steps[1].text, "{\"a:b\":1}");
  assert_int_equal(scenario->steps[1].line, 9);
  assert_int_equal(scenario->steps[2].line, 10);
  sherd__scenario_free(scenario);
}

/* Each stands as it would on a line of its own. */
static void waits_may_lead_to_waits(void **state) {
  struct sherd__scenario *scenario =
      parse("at 2s : when request /a\t:  after 1 event:send {\"a\": 1}");
  (void)state;
  assert_int_equal(scenario->count, 4);
  assert_string_equal(scenario->steps[0].said, "at 2s");
  assert_string_equal(scenario->steps[1].said, "when request /a");
  assert_string_equal(scenario->steps[2].said, "after 1 event");
  assert_string_equal(scenario->steps[3].said, "send {\"a\": 1}");
  sherd__scenario_free(scenario);
}

static void every_sight_has_a_name(void **state) {
  static const struct {
    struct sherd__sight sight;
    const char *name;
  } rows[] = {
      {{SHERD__SIGHT_CONNECT, 0, NULL}, "connect"},
      {{SHERD__SIGHT_MESSAGE, SHERD_OP_HEARTBEAT, NULL}, "heartbeat"},
      {{SHERD__SIGHT_MESSAGE, SHERD_OP_IDENTIFY, NULL}, "identify"},
      {{SHERD__SIGHT_MESSAGE, 31, NULL}, "op 31"},
      {{SHERD__SIGHT_IDENTIFIED, 0, NULL}, "identified"},
      {{SHERD__SIGHT_RESUMED, 0, NULL}, "resumed"},
      {{SHERD__SIGHT_CLOSE, 4000, NULL}, "close 4000"},
      {{SHERD__SIGHT_LOST, 0, NULL}, "lost"},
      {{SHERD__SIGHT_REFUSAL, 4003, NULL}, "refusal 4003"},
      {{SHERD__SIGHT_REQUEST, 0, "/gateway"}, "request /gateway"},
      {{SHERD__SIGHT_TLS_REFUSAL, 0, "bad certificate"}, "tls-refusal bad certificate"},
      {{SHERD__SIGHT_EXIT, 3, NULL}, "exit 3"},
  };
  char name[SHERD__SIGHT_NAME_SIZE];
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_string_equal(sherd__sight_name(&rows[i].sight, name), rows[i].name);
}

/* Each allocation in turn fails: it says so, and nothing is left. */
static void want_of_memory_is_said(void **state) {
  static const char source[] = "# story\nset guilds 3\nwhen connected: drop\n"
                               "dispatch USER_UPDATE {}\nexpect request /x\nclose 4000 why\n";
  (void)state;
  for (size_t fail_at = 1;; fail_at++) {
    struct sherd__test_alloc alloc;
    struct sherd__scenario *scenario;
    struct sherd__scenario_error error;
    struct sherd_bytes bytes = {(const uint8_t *)source, sizeof source - 1};
    sherd__test_alloc_init(&alloc, fail_at);
    enum sherd_status status = sherd__scenario_new(&alloc.allocator, bytes, &scenario, &error);
    bool has_failed = sherd__test_alloc_has_failed(&alloc);
    sherd__scenario_free(scenario);
    assert_int_equal(status, has_failed ? SHERD_ENOMEM : SHERD_OK);
    assert_int_equal(alloc.live, 0);
    if (!has_failed)
      return;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bad_files_name_line_and_cause),
      cmocka_unit_test(nul_and_endless_lines_are_refused),
      cmocka_unit_test(acts_are_read),
      cmocka_unit_test(acts_may_be_of_one_shard),
      cmocka_unit_test(waits_and_expectations_are_read),
      cmocka_unit_test(a_file_has_story_settings_and_steps),
      cmocka_unit_test(waits_may_lead_to_waits),
      cmocka_unit_test(every_sight_has_a_name),
      cmocka_unit_test(want_of_memory_is_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
