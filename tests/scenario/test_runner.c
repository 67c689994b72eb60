/* A run with a fake clock: what passes, what breaks, when, and what is said of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/opcode.h"
#include "sim/scenario_report.h"
#include "sim/scenario_run.h"
#include "support/failing_alloc.h"

struct stage {
  struct sherd__scenario *scenario;
  struct sherd__scenario_run *run;
  struct sherd__scenario_host host;
  uint64_t events;
  uint32_t acts;   /* that were done */
  const char *why; /* acts cannot be done, for this reason */
  uint64_t act_ms; /* when the last one was done */
};

static bool act(void *ctx, const struct sherd__step *step, uint64_t now_ms,
                char why[SHERD__DOING_SIZE]) {
  struct stage *stage = ctx;
  assert_int_equal(step->kind, SHERD__STEP_DO);
  stage->acts++;
  stage->act_ms = now_ms;
  if (stage->why)
    (void)snprintf(why, SHERD__DOING_SIZE, "%s", stage->why);
  return !stage->why;
}

static uint64_t events(void *ctx) {
  const struct stage *stage = ctx;
  return stage->events;
}

/* Begins at 1000 ms. */
static void begin(struct stage *stage, const char *source) {
  struct sherd__scenario_error error;
  struct sherd_bytes bytes = {(const uint8_t *)source, strlen(source)};
  *stage = (struct stage){.host = {stage, act, events}};
  if (sherd__scenario_new(NULL, bytes, &stage->scenario, &error))
    fail_msg("line %u: %s", error.line, error.text);
  assert_int_equal(sherd__scenario_run_new(stage->scenario, &stage->host, &stage->run), SHERD_OK);
  sherd__scenario_run_advance(stage->run, 1000);
  assert_int_equal(stage->acts, 0); /* not before the start */
  sherd__scenario_run_start(stage->run, 1000);
  sherd__scenario_run_advance(stage->run, 1000);
}

static void finish(struct stage *stage) {
  sherd__scenario_run_free(stage->run);
  sherd__scenario_free(stage->scenario);
}

static void see(struct stage *stage, enum sherd__sight_kind kind, uint32_t number, uint64_t at_ms) {
  struct sherd__sight sight = {kind, number, NULL};
  sherd__scenario_run_see(stage->run, &sight, at_ms);
  sherd__scenario_run_advance(stage->run, at_ms);
}

static void message(struct stage *stage, uint32_t op, uint64_t at_ms) {
  see(stage, SHERD__SIGHT_MESSAGE, op, at_ms);
}

static void assert_passed(const struct stage *stage) {
  assert_true(sherd__scenario_run_has_passed(stage->run));
  assert_int_equal(sherd__scenario_run_deadline(stage->run), UINT64_MAX);
}

/* Step `index` is broken, at that time after the start, and its note has `text`. */
static void assert_broken(const struct stage *stage, uint32_t index, uint64_t at_ms,
                          const char *text) {
  const struct sherd__result *results = sherd__scenario_run_results(stage->run);
  assert_true(sherd__scenario_run_is_over(stage->run));
  assert_false(sherd__scenario_run_has_passed(stage->run));
  for (uint32_t i = 0; i < stage->scenario->count; i++)
    assert_int_equal(results[i].outcome, i < index    ? SHERD__OUTCOME_OK
                                         : i == index ? SHERD__OUTCOME_FAILED
                                                      : SHERD__OUTCOME_NOT_REACHED);
  assert_int_equal(results[index].at_ms, at_ms);
  if (!strstr(results[index].note, text))
    fail_msg("the note is \"%s\", without \"%s\"", results[index].note, text);
}

static void times_are_kept(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "at 2s: drop\nafter 500ms: drop\ndrop");
  assert_int_equal(sherd__scenario_run_deadline(stage.run), 3000);
  sherd__scenario_run_advance(stage.run, 2999);
  assert_int_equal(stage.acts, 0);
  sherd__scenario_run_advance(stage.run, 3000);
  assert_int_equal(stage.acts, 1);
  assert_int_equal(sherd__scenario_run_deadline(stage.run), 3500);
  sherd__scenario_run_advance(stage.run, 3499);
  assert_int_equal(stage.acts, 1);
  sherd__scenario_run_advance(stage.run, 3500);
  assert_int_equal(stage.acts, 3);
  assert_passed(&stage);
  finish(&stage);
}

/* A step that only looks sets no mark, and time goes on from it all the same. */
static void after_counts_from_the_step_before(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "drop\nexpect resume within 5s\nafter 1s: drop\nexpect identify within 1s");
  message(&stage, SHERD_OP_RESUME, 4000);
  assert_int_equal(sherd__scenario_run_deadline(stage.run), 5000);
  sherd__scenario_run_advance(stage.run, 4999);
  assert_int_equal(stage.acts, 1);
  sherd__scenario_run_advance(stage.run, 5000);
  assert_int_equal(stage.acts, 2);
  message(&stage, SHERD_OP_IDENTIFY, 6000);
  assert_passed(&stage);
  finish(&stage);
}

static void events_are_counted_from_the_step_before(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "after 10 events: drop\nafter 10 events: drop");
  stage.events = 9;
  sherd__scenario_run_advance(stage.run, 1100);
  assert_int_equal(stage.acts, 0);
  stage.events = 15;
  sherd__scenario_run_advance(stage.run, 1200);
  assert_int_equal(stage.acts, 1);
  stage.events = 24;
  sherd__scenario_run_advance(stage.run, 1300);
  assert_int_equal(stage.acts, 1);
  stage.events = 25;
  sherd__scenario_run_advance(stage.run, 1400);
  assert_passed(&stage);
  finish(&stage);
}

static void an_expectation_is_fulfilled_in_time(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "drop\nexpect resume within 5s");
  message(&stage, SHERD_OP_IDENTIFY, 2000);
  assert_false(sherd__scenario_run_is_over(stage.run));
  message(&stage, SHERD_OP_RESUME, 6000); /* at the last moment */
  assert_passed(&stage);
  assert_int_equal(sherd__scenario_run_results(stage.run)[1].at_ms, 5000);
  finish(&stage);
}

static void an_expectation_is_broken_when_time_is_up(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "drop\nexpect resume within 5s\nexpect heartbeat");
  see(&stage, SHERD__SIGHT_CONNECT, 0, 1500);
  message(&stage, SHERD_OP_IDENTIFY, 1501);
  message(&stage, SHERD_OP_HEARTBEAT, 2000);
  message(&stage, SHERD_OP_HEARTBEAT, 3000);
  assert_int_equal(sherd__scenario_run_deadline(stage.run), 6000);
  sherd__scenario_run_advance(stage.run, 6000);
  assert_broken(&stage, 1, 5000,
                "it did not happen in time; since 0.000 s there was connect at 0.500 s, identify "
                "at 0.501 s, heartbeat (2 times)");
  finish(&stage);
}

static void what_comes_too_late_is_no_fulfilment(void **state) {
  struct stage stage;
  struct sherd__sight late = {SHERD__SIGHT_MESSAGE, SHERD_OP_RESUME, NULL};
  (void)state;
  begin(&stage, "drop\nexpect resume within 5s");
  sherd__scenario_run_see(stage.run, &late, 6001); /* the loop was busy until now */
  sherd__scenario_run_advance(stage.run, 6001);
  assert_broken(&stage, 1, 5001, "resume at 5.001 s");
  finish(&stage);
}

static void what_was_before_the_mark_does_not_count(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "when connected\nafter 1s: drop\nexpect resume within 1s");
  see(&stage, SHERD__SIGHT_CONNECT, 0, 1000);
  message(&stage, SHERD_OP_RESUME, 1500);
  sherd__scenario_run_advance(stage.run, 2000);
  assert_int_equal(stage.acts, 1);
  sherd__scenario_run_advance(stage.run, 3000);
  assert_broken(&stage, 3, 2000, "there was nothing");
  finish(&stage);
}

static void one_sight_fulfils_one_step(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "drop\nexpect heartbeat within 5s\nexpect heartbeat within 5s");
  message(&stage, SHERD_OP_HEARTBEAT, 2000);
  assert_false(sherd__scenario_run_is_over(stage.run));
  message(&stage, SHERD_OP_HEARTBEAT, 3000);
  assert_passed(&stage);
  finish(&stage);
}

/* Statements about one span of time may stand in any order. */
static void order_of_expectations_does_not_matter(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "drop\nexpect heartbeat within 5s\nexpect resume within 5s");
  message(&stage, SHERD_OP_RESUME, 2000);
  message(&stage, SHERD_OP_HEARTBEAT, 3000);
  assert_passed(&stage);
  finish(&stage);
}

static void what_must_not_happen_breaks_at_once(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "drop\nexpect resume within 5s\nexpect no identify for 5s");
  message(&stage, SHERD_OP_RESUME, 2000);
  assert_int_equal(sherd__scenario_run_deadline(stage.run), 6000); /* after the drop */
  message(&stage, SHERD_OP_IDENTIFY, 4000);
  assert_broken(&stage, 2, 3000, "it happened");
  finish(&stage);
}

static void what_must_not_happen_passes_after_its_time(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "drop\nexpect no identify for 5s");
  sherd__scenario_run_advance(stage.run, 5999);
  assert_false(sherd__scenario_run_is_over(stage.run));
  sherd__scenario_run_advance(stage.run, 6000);
  assert_passed(&stage);
  finish(&stage);
}

static void what_came_with_the_trigger_counts(void **state) {
  struct stage stage;
  struct sherd__sight connect = {SHERD__SIGHT_CONNECT, 0, NULL};
  struct sherd__sight identify = {SHERD__SIGHT_MESSAGE, SHERD_OP_IDENTIFY, NULL};
  (void)state;
  begin(&stage, "when connected\nexpect identify within 1s");
  sherd__scenario_run_see(stage.run, &connect, 2000);
  sherd__scenario_run_see(stage.run, &identify, 2000);
  sherd__scenario_run_advance(stage.run, 2000);
  assert_passed(&stage);
  finish(&stage);
}

static void an_act_that_cannot_be_done_breaks(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "at 1s: drop");
  stage.why = "there was no open connection to do it to";
  sherd__scenario_run_advance(stage.run, 2000);
  assert_broken(&stage, 1, 1000, "there was no open connection");
  finish(&stage);
}

static void an_exit_that_nobody_wants_breaks(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "when identified\nexpect resume within 50s");
  see(&stage, SHERD__SIGHT_EXIT, 1, 1700);
  assert_broken(&stage, 0, 700, "the command has ended; since 0.000 s there was exit 1 at 0.700 s");
  finish(&stage);
}

static void an_exit_that_is_wanted_later_does_not_break(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "drop\nexpect no connect for 2s\nexpect exit 0");
  see(&stage, SHERD__SIGHT_EXIT, 0, 1700);
  assert_false(sherd__scenario_run_is_over(stage.run));
  sherd__scenario_run_advance(stage.run, 3000);
  assert_passed(&stage);
  finish(&stage);
}

static void nothing_is_waited_for_after_an_exit(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "drop\nexpect exit 0 within 2s");
  see(&stage, SHERD__SIGHT_EXIT, 139, 1700);
  assert_broken(&stage, 1, 700, "the command has ended; since 0.000 s there was exit 139");
  finish(&stage);
  begin(&stage, "drop\nexpect exit\nexpect no connect for 1s\nwhen connected");
  see(&stage, SHERD__SIGHT_EXIT, 0, 1700);
  assert_int_equal(sherd__scenario_run_deadline(stage.run), 2000);
  sherd__scenario_run_advance(stage.run, 2000);
  assert_broken(&stage, 3, 1000, "the command has ended");
  finish(&stage);
}

static void the_time_limit_ends_it(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "set time-limit 3s\nwhen identified");
  assert_int_equal(sherd__scenario_run_deadline(stage.run), 4000);
  sherd__scenario_run_advance(stage.run, 4000);
  assert_broken(&stage, 0, 3000, "the time limit");
  finish(&stage);
}

static void too_much_to_keep_ends_it(void **state) {
  struct stage stage;
  struct sherd__sight beat = {SHERD__SIGHT_MESSAGE, SHERD_OP_HEARTBEAT, NULL};
  (void)state;
  begin(&stage, "when identified");
  for (uint32_t i = 0; i < 65536; i++)
    sherd__scenario_run_see(stage.run, &beat, 1000);
  sherd__scenario_run_advance(stage.run, 1000);
  assert_false(sherd__scenario_run_is_over(stage.run));
  sherd__scenario_run_see(stage.run, &beat, 1000);
  sherd__scenario_run_advance(stage.run, 1000);
  assert_broken(&stage, 0, 0, "heartbeat (65536 times)");
  finish(&stage);
}

/* More was seen than a note has room for: it is cut, and stays a text. */
static void a_long_note_is_cut(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "drop\nexpect resume within 5s");
  for (uint32_t i = 0; i < 200; i++)
    message(&stage, i % 2 ? SHERD_OP_HEARTBEAT : SHERD_OP_IDENTIFY, 2000);
  sherd__scenario_run_advance(stage.run, 6000);
  assert_broken(&stage, 1, 5000, "identify at 1.000 s, heartbeat at 1.000 s");
  assert_int_equal(strlen(sherd__scenario_run_results(stage.run)[1].note), 511);
  finish(&stage);
}

static void want_of_memory_is_no_run(void **state) {
  struct sherd__test_alloc alloc;
  struct sherd__scenario *scenario;
  struct sherd__scenario_error error;
  struct sherd__scenario_run *run;
  struct sherd__scenario_host host = {NULL, act, events};
  (void)state;
  sherd__test_alloc_init(&alloc, 0);
  assert_int_equal(sherd__scenario_new(&alloc.allocator,
                                       (struct sherd_bytes){(const uint8_t *)"drop", 4}, &scenario,
                                       &error),
                   SHERD_OK);
  for (size_t more = 1; more <= 2; more++) {
    size_t live = alloc.live;
    alloc.fail_at = alloc.requests + more;
    assert_int_equal(sherd__scenario_run_new(scenario, &host, &run), SHERD_ENOMEM);
    assert_null(run);
    assert_int_equal(alloc.live, live);
  }
  alloc.fail_at = 0;
  sherd__scenario_free(scenario);
  assert_int_equal(alloc.live, 0);
}

/* --- Reports --- */

static char *written(const struct stage *stage, const char *output, bool as_junit) {
  char *text = NULL;
  size_t len;
  FILE *file = open_memstream(&text, &len);
  assert_non_null(file);
  if (as_junit)
    sherd__scenario_report_junit(stage->run, "a<b>.scenario", output, file);
  else
    sherd__scenario_report(stage->run, "a.scenario", file);
  assert_int_equal(fclose(file), 0);
  return text;
}

static void assert_text(char *text, const char *expected) {
  assert_string_equal(text, expected);
  free(text);
}

static void a_passed_run_is_reported(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "# A story.\nat 1s: close 4000 \"odd\" & <so>");
  sherd__scenario_run_advance(stage.run, 2000);
  assert_text(written(&stage, NULL, false),
              "a.scenario\nA story.\n"
              "  ok         1.000 s  line   2  at 1s\n"
              "  ok         1.000 s  line   2  close 4000 \"odd\" & <so>\n"
              "passed: 2 steps\n");
  assert_text(written(&stage, NULL, true),
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
              "  <testsuite name=\"a&lt;b&gt;.scenario\" tests=\"2\" failures=\"0\" errors=\"0\" "
              "skipped=\"0\" time=\"1.000\">\n"
              "    <testcase classname=\"a&lt;b&gt;.scenario\" name=\"line 2: at 1s\" "
              "time=\"1.000\"/>\n"
              "    <testcase classname=\"a&lt;b&gt;.scenario\" name=\"line 2: close 4000 "
              "&quot;odd&quot; &amp; &lt;so&gt;\" time=\"0.000\"/>\n"
              "  </testsuite>\n</testsuites>\n");
  finish(&stage);
}

static void a_broken_run_is_reported(void **state) {
  struct stage stage;
  (void)state;
  begin(&stage, "drop\nexpect resume within 1s\nterminate");
  sherd__scenario_run_advance(stage.run, 2000);
  assert_text(written(&stage, NULL, false),
              "a.scenario\n"
              "  ok         0.000 s  line   1  drop\n"
              "  FAILED     1.000 s  line   2  expect resume within 1s\n"
              "          it did not happen in time; since 0.000 s there was nothing\n"
              "  -                    line   3  terminate\n"
              "FAILED: 1 of 3 steps ok, 1 not reached\n");
  assert_text(written(&stage, "said\x1b[1m <&>\xff", true),
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
              "  <testsuite name=\"a&lt;b&gt;.scenario\" tests=\"3\" failures=\"1\" errors=\"0\" "
              "skipped=\"1\" time=\"1.000\">\n"
              "    <testcase classname=\"a&lt;b&gt;.scenario\" name=\"line 1: drop\" "
              "time=\"0.000\"/>\n"
              "    <testcase classname=\"a&lt;b&gt;.scenario\" name=\"line 2: expect resume within "
              "1s\" time=\"1.000\">\n"
              "      <failure message=\"it did not happen in time; since 0.000 s there was "
              "nothing\"/>\n    </testcase>\n"
              "    <testcase classname=\"a&lt;b&gt;.scenario\" name=\"line 3: terminate\" "
              "time=\"0.000\">\n      <skipped/>\n    </testcase>\n"
              "    <system-out>said?[1m &lt;&amp;&gt;?</system-out>\n"
              "  </testsuite>\n</testsuites>\n");
  finish(&stage);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(times_are_kept),
      cmocka_unit_test(after_counts_from_the_step_before),
      cmocka_unit_test(events_are_counted_from_the_step_before),
      cmocka_unit_test(an_expectation_is_fulfilled_in_time),
      cmocka_unit_test(an_expectation_is_broken_when_time_is_up),
      cmocka_unit_test(what_comes_too_late_is_no_fulfilment),
      cmocka_unit_test(what_was_before_the_mark_does_not_count),
      cmocka_unit_test(one_sight_fulfils_one_step),
      cmocka_unit_test(order_of_expectations_does_not_matter),
      cmocka_unit_test(what_must_not_happen_breaks_at_once),
      cmocka_unit_test(what_must_not_happen_passes_after_its_time),
      cmocka_unit_test(what_came_with_the_trigger_counts),
      cmocka_unit_test(an_act_that_cannot_be_done_breaks),
      cmocka_unit_test(an_exit_that_nobody_wants_breaks),
      cmocka_unit_test(an_exit_that_is_wanted_later_does_not_break),
      cmocka_unit_test(nothing_is_waited_for_after_an_exit),
      cmocka_unit_test(the_time_limit_ends_it),
      cmocka_unit_test(too_much_to_keep_ends_it),
      cmocka_unit_test(a_long_note_is_cut),
      cmocka_unit_test(want_of_memory_is_no_run),
      cmocka_unit_test(a_passed_run_is_reported),
      cmocka_unit_test(a_broken_run_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
