#include "sim/scenario_run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define SIGHTS_MAX     65536
#define SIGHT_TEXT_MAX 63

struct seen {
  struct sherd__sight sight; /* its text is unused: */
  char text[SIGHT_TEXT_MAX + 1];
  bool has_text;
  bool is_used; /* a step was fulfilled by it */
  uint64_t at_ms;
};

struct sherd__scenario_run {
  const struct sherd__scenario *scenario;
  const struct sherd__scenario_host *host;
  const struct sherd_allocator *allocator;
  struct sherd__result *results;
  uint32_t current; /* the step that is worked at */
  bool has_started, has_failed;
  uint64_t start_ms;
  uint64_t step_ms;     /* when the step before was done */
  uint64_t step_events; /* how many dispatches there were by then */
  uint64_t mark_ms;
  uint32_t mark_seen; /* the first sight after the mark */
  struct seen *seen;
  uint32_t seen_count, seen_cap;
  bool is_too_much; /* more was seen than is kept */
};

enum sherd_status sherd__scenario_run_new(const struct sherd__scenario *scenario,
                                          const struct sherd__scenario_host *host,
                                          struct sherd__scenario_run **out) {
  struct sherd__scenario_run *run = sherd__calloc(scenario->allocator, sizeof *run);
  *out = NULL;
  if (!run)
    return SHERD_ENOMEM;
  run->scenario = scenario;
  run->host = host;
  run->allocator = scenario->allocator;
  run->results = sherd__calloc(run->allocator, scenario->count * sizeof *run->results);
  if (!run->results) {
    sherd__free(run->allocator, run);
    return SHERD_ENOMEM;
  }
  *out = run;
  return SHERD_OK;
}

void sherd__scenario_run_free(struct sherd__scenario_run *run) {
  if (!run)
    return;
  sherd__free(run->allocator, run->results);
  sherd__free(run->allocator, run->seen);
  sherd__free(run->allocator, run);
}

void sherd__scenario_run_start(struct sherd__scenario_run *run, uint64_t now_ms) {
  run->has_started = true;
  run->start_ms = run->step_ms = run->mark_ms = now_ms;
  run->step_events = run->host->events(run->host->ctx);
}

bool sherd__scenario_run_has_started(const struct sherd__scenario_run *run) {
  return run->has_started;
}

/* --- What was seen --- */

static bool make_room(struct sherd__scenario_run *run) {
  if (run->seen_count < run->seen_cap)
    return true;
  uint32_t cap = run->seen_cap ? run->seen_cap * 2 : 64;
  struct seen *seen = cap > SIGHTS_MAX
                          ? NULL
                          : sherd__realloc(run->allocator, run->seen, run->seen_cap * sizeof *seen,
                                           cap * sizeof *seen);
  if (!seen)
    return false;
  run->seen = seen;
  run->seen_cap = cap;
  return true;
}

void sherd__scenario_run_see(struct sherd__scenario_run *run, const struct sherd__sight *sight,
                             uint64_t now_ms) {
  if (!make_room(run)) {
    run->is_too_much = true;
    return;
  }
  struct seen *seen = &run->seen[run->seen_count++];
  *seen = (struct seen){.sight = *sight, .has_text = sight->text != NULL, .at_ms = now_ms};
  (void)snprintf(seen->text, sizeof seen->text, "%s", sight->text ? sight->text : "");
}

/* The sight with its text where the array is now. */
static struct sherd__sight sight_of(const struct seen *seen) {
  struct sherd__sight sight = seen->sight;
  sight.text = seen->has_text ? seen->text : NULL;
  return sight;
}

/* The first after the mark that fits, by that time, and has fulfilled no step; or NULL. */
static struct seen *find(struct sherd__scenario_run *run, const struct sherd__wanted *wanted,
                         uint64_t until_ms) {
  for (uint32_t i = run->mark_seen; i < run->seen_count; i++) {
    struct seen *seen = &run->seen[i];
    struct sherd__sight sight = sight_of(seen);
    if (seen->at_ms <= until_ms && !seen->is_used && sherd__wanted_is(wanted, &sight))
      return seen;
  }
  return NULL;
}

__attribute__((format(printf, 2, 3))) static void add(struct sherd__result *result,
                                                      const char *format, ...) {
  size_t len = strlen(result->note);
  va_list args;
  va_start(args, format);
  (void)vsnprintf(result->note + len, sizeof result->note - len, format, args);
  va_end(args);
}

/* Lists what was seen since the mark, each run of the same as one. */
static void add_seen(const struct sherd__scenario_run *run, struct sherd__result *result) {
  char name[SHERD__SIGHT_NAME_SIZE], next[SHERD__SIGHT_NAME_SIZE];
  add(result, "; since %.3f s there was", (double)(run->mark_ms - run->start_ms) / 1000);
  if (run->mark_seen == run->seen_count)
    add(result, " nothing");
  for (uint32_t i = run->mark_seen; i < run->seen_count;) {
    uint32_t times = 1;
    struct sherd__sight sight = sight_of(&run->seen[i]);
    (void)sherd__sight_name(&sight, name);
    for (; i + times < run->seen_count; times++) {
      sight = sight_of(&run->seen[i + times]);
      if (strcmp(sherd__sight_name(&sight, next), name) != 0)
        break;
    }
    add(result, "%s %s", i == run->mark_seen ? "" : ",", name);
    if (times > 1)
      add(result, " (%" PRIu32 " times)", times);
    else
      add(result, " at %.3f s", (double)(run->seen[i].at_ms - run->start_ms) / 1000);
    i += times;
  }
}

/* --- Steps --- */

static const struct sherd__step *current(const struct sherd__scenario_run *run) {
  return &run->scenario->steps[run->current];
}

bool sherd__scenario_run_is_over(const struct sherd__scenario_run *run) {
  return run->has_failed || run->current == run->scenario->count;
}

bool sherd__scenario_run_has_passed(const struct sherd__scenario_run *run) {
  return !run->has_failed && run->current == run->scenario->count;
}

static struct sherd__result *end_step(struct sherd__scenario_run *run, enum sherd__outcome outcome,
                                      uint64_t now_ms) {
  struct sherd__result *result = &run->results[run->current];
  result->outcome = outcome;
  result->at_ms = now_ms - run->start_ms;
  result->took_ms = now_ms - run->step_ms;
  run->step_ms = now_ms;
  run->step_events = run->host->events(run->host->ctx);
  run->has_failed = outcome == SHERD__OUTCOME_FAILED;
  run->current += outcome == SHERD__OUTCOME_OK;
  return result;
}

static bool pass(struct sherd__scenario_run *run, uint64_t now_ms) {
  (void)end_step(run, SHERD__OUTCOME_OK, now_ms);
  return true;
}

static bool break_step(struct sherd__scenario_run *run, const char *why, uint64_t now_ms) {
  struct sherd__result *result = end_step(run, SHERD__OUTCOME_FAILED, now_ms);
  add(result, "%s", why);
  add_seen(run, result);
  return false;
}

static void set_mark(struct sherd__scenario_run *run, uint64_t now_ms, uint32_t seen) {
  run->mark_ms = now_ms;
  run->mark_seen = seen;
}

static bool pass_and_mark(struct sherd__scenario_run *run, uint64_t now_ms) {
  set_mark(run, now_ms, run->seen_count);
  return pass(run, now_ms);
}

static bool step_when(struct sherd__scenario_run *run, uint64_t now_ms) {
  struct seen *seen = find(run, &current(run)->wanted, UINT64_MAX);
  if (!seen)
    return false;
  seen->is_used = true;
  /* What came after it came after the mark, though it is looked at only now. */
  set_mark(run, seen->at_ms, (uint32_t)(seen - run->seen) + 1);
  return pass(run, now_ms);
}

static bool step_do(struct sherd__scenario_run *run, uint64_t now_ms) {
  char why[SHERD__DOING_SIZE] = "";
  const struct sherd__step *step = current(run);
  /* The mark is set before: what the act brings about at once counts. */
  set_mark(run, now_ms, run->seen_count);
  if (!run->host->act(run->host->ctx, step, now_ms, why))
    return break_step(run, why, now_ms);
  return pass(run, now_ms);
}

static bool step_expect(struct sherd__scenario_run *run, uint64_t now_ms) {
  uint64_t end_ms = run->mark_ms + current(run)->number;
  struct seen *seen = find(run, &current(run)->wanted, end_ms);
  if (seen) {
    seen->is_used = true;
    /* It was done when it was seen, which may be before the step came to its turn. */
    return pass(run, seen->at_ms > run->step_ms ? seen->at_ms : run->step_ms);
  }
  return now_ms >= end_ms ? break_step(run, "it did not happen in time", now_ms) : false;
}

static bool step_expect_no(struct sherd__scenario_run *run, uint64_t now_ms) {
  uint64_t end_ms = run->mark_ms + current(run)->number;
  if (find(run, &current(run)->wanted, end_ms))
    return break_step(run, "it happened", now_ms);
  return now_ms >= end_ms ? pass(run, now_ms) : false;
}

/* Works at the current step; true when it is done and the next one can be. */
static bool step(struct sherd__scenario_run *run, uint64_t now_ms) {
  const struct sherd__step *it = current(run);
  switch (it->kind) {
  case SHERD__STEP_AT:
    return now_ms - run->start_ms >= it->number && pass_and_mark(run, now_ms);
  case SHERD__STEP_AFTER:
    return now_ms - run->step_ms >= it->number && pass_and_mark(run, now_ms);
  case SHERD__STEP_AFTER_EVENTS:
    return run->host->events(run->host->ctx) - run->step_events >= it->number &&
           pass_and_mark(run, now_ms);
  case SHERD__STEP_WHEN:
    return step_when(run, now_ms);
  case SHERD__STEP_DO:
    return step_do(run, now_ms);
  case SHERD__STEP_EXPECT:
    return step_expect(run, now_ms);
  case SHERD__STEP_EXPECT_NO:
    return step_expect_no(run, now_ms);
  }
  return false;
}

/* --- What ends it before its time --- */

static bool is_exit_wanted(const struct sherd__scenario_run *run) {
  for (uint32_t i = run->current; i < run->scenario->count; i++)
    if (run->scenario->steps[i].wanted.kinds & 1u << SHERD__SIGHT_EXIT)
      return true;
  return false;
}

/* The command's end, if it was seen. */
static const struct seen *find_exit(const struct sherd__scenario_run *run) {
  for (uint32_t i = 0; i < run->seen_count; i++)
    if (run->seen[i].sight.kind == SHERD__SIGHT_EXIT)
      return &run->seen[i];
  return NULL;
}

/* Nobody is left to do what is waited for, or nobody wanted it to end. */
static bool is_exit_the_end(const struct sherd__scenario_run *run) {
  const struct seen *exit = find_exit(run);
  if (!exit || sherd__scenario_run_is_over(run))
    return false;
  enum sherd__step_kind kind = current(run)->kind;
  return kind == SHERD__STEP_EXPECT || kind == SHERD__STEP_WHEN ||
         (!exit->is_used && !is_exit_wanted(run));
}

void sherd__scenario_run_stop(struct sherd__scenario_run *run, const char *why, uint64_t now_ms) {
  if (!run->has_started)
    sherd__scenario_run_start(run, now_ms);
  if (!sherd__scenario_run_is_over(run))
    (void)break_step(run, why, now_ms);
}

void sherd__scenario_run_advance(struct sherd__scenario_run *run, uint64_t now_ms) {
  if (!run->has_started)
    return;
  while (!sherd__scenario_run_is_over(run) && step(run, now_ms))
    ;
  if (run->is_too_much)
    sherd__scenario_run_stop(run, "more happened than can be kept in mind", now_ms);
  else if (is_exit_the_end(run))
    sherd__scenario_run_stop(run, "the command has ended", now_ms);
  else if (now_ms - run->start_ms >= run->scenario->settings.time_limit_ms)
    sherd__scenario_run_stop(run, "the time limit of the scenario is over", now_ms);
}

static uint64_t step_deadline(const struct sherd__scenario_run *run) {
  const struct sherd__step *it = current(run);
  switch (it->kind) {
  case SHERD__STEP_AT:
    return run->start_ms + it->number;
  case SHERD__STEP_AFTER:
    return run->step_ms + it->number;
  case SHERD__STEP_EXPECT:
  case SHERD__STEP_EXPECT_NO:
    return run->mark_ms + it->number;
  case SHERD__STEP_AFTER_EVENTS:
  case SHERD__STEP_WHEN:
  case SHERD__STEP_DO:
    break;
  }
  return UINT64_MAX;
}

uint64_t sherd__scenario_run_deadline(const struct sherd__scenario_run *run) {
  if (!run->has_started || sherd__scenario_run_is_over(run))
    return UINT64_MAX;
  uint64_t limit_ms = run->start_ms + run->scenario->settings.time_limit_ms;
  uint64_t step_ms = step_deadline(run);
  return step_ms < limit_ms ? step_ms : limit_ms;
}

const struct sherd__result *sherd__scenario_run_results(const struct sherd__scenario_run *run) {
  return run->results;
}

const struct sherd__scenario *sherd__scenario_run_scenario(const struct sherd__scenario_run *run) {
  return run->scenario;
}
