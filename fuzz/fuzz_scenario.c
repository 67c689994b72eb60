/* A scenario file. Properties:
 *   - what parses, written down from what it was read to, parses again to the same;
 *   - what does not is refused with one line of text, for a line that the file has;
 *   - no memory leaks, whichever allocation fails, and its want is said. */
#include <inttypes.h>

#include "../tests/support/failing_alloc.h"
#include "base/buf.h"
#include "fuzz.h"
#include "sim/scenario.h"

static void put(struct sherd_buf *out, const char *text) {
  fuzz_append(out, text, strlen(text));
}

static void put_setting(struct sherd_buf *out, const char *name, uint32_t value, const char *unit) {
  char line[64];
  if (value == SHERD__SCENARIO_UNSET)
    return;
  snprintf(line, sizeof line, "set %s %" PRIu32 "%s\n", name, value, unit);
  put(out, line);
}

/* Writes a scenario as a file that says the same. */
static void write_down(const struct sherd__scenario *scenario, struct sherd_buf *out) {
  const struct sherd__scenario_settings *settings = &scenario->settings;
  if (scenario->story) {
    put(out, "# ");
    put(out, scenario->story);
    put(out, "\n");
  }
  put_setting(out, "guilds", settings->guilds, "");
  put_setting(out, "rate", settings->rate, "");
  put_setting(out, "events", settings->events, "");
  put_setting(out, "shards", settings->shards, "");
  put_setting(out, "heartbeat-interval", settings->heartbeat_interval_ms, "ms");
  put_setting(out, "max-concurrency", settings->max_concurrency, "");
  put_setting(out, "starts-a-day", settings->starts_a_day, "");
  put_setting(out, "session-ttl", settings->session_ttl_ms, "ms");
  put_setting(out, "replay-events", settings->replay_events, "");
  put_setting(out, "time-limit", settings->time_limit_ms, "ms");
  put(out, settings->tls ? "set tls on\n" : "set tls off\n");
  for (uint32_t i = 0; i < scenario->count; i++) {
    put(out, scenario->steps[i].said);
    put(out, "\n");
  }
}

static bool is_same_text(const char *a, const char *b) {
  return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_same_step(const struct sherd__step *a, const struct sherd__step *b) {
  FUZZ_CHECK(is_same_text(a->said, b->said));
  FUZZ_CHECK(a->kind == b->kind && a->act == b->act);
  FUZZ_CHECK(a->wanted.kinds == b->wanted.kinds);
  FUZZ_CHECK(a->wanted.low == b->wanted.low && a->wanted.high == b->wanted.high);
  FUZZ_CHECK(is_same_text(a->wanted.text, b->wanted.text));
  FUZZ_CHECK(a->number == b->number && a->count == b->count && a->extra == b->extra);
  FUZZ_CHECK(a->shard == b->shard);
  FUZZ_CHECK(is_same_text(a->name, b->name) && is_same_text(a->text, b->text));
}

static void check_same(const struct sherd__scenario *a, const struct sherd__scenario *b) {
  FUZZ_CHECK(is_same_text(a->story, b->story));
  FUZZ_CHECK(memcmp(&a->settings, &b->settings, sizeof a->settings) == 0);
  FUZZ_CHECK(a->count == b->count);
  for (uint32_t i = 0; i < a->count; i++)
    check_same_step(&a->steps[i], &b->steps[i]);
}

static size_t count_lines(struct sherd_bytes source) {
  size_t lines = source.len && source.data[source.len - 1] != '\n';
  for (size_t i = 0; i < source.len; i++)
    lines += source.data[i] == '\n';
  return lines;
}

/* A scenario without a step is at fault as a whole, and may have no line at all. */
static void check_error(const struct sherd__scenario_error *error, struct sherd_bytes source) {
  size_t len = strnlen(error->text, sizeof error->text);
  FUZZ_CHECK(len > 0 && len < sizeof error->text);
  FUZZ_CHECK(!strchr(error->text, '\n'));
  FUZZ_CHECK(error->line <= count_lines(source));
  FUZZ_CHECK(error->line > 0 || source.len == 0);
}

static void check_round_trip(const struct sherd__scenario *scenario) {
  struct sherd__scenario *again;
  struct sherd__scenario_error error;
  struct sherd_buf file;
  sherd__buf_init(&file, sherd_allocator_default());
  write_down(scenario, &file);
  FUZZ_CHECK(sherd__scenario_new(NULL, sherd__buf_bytes(&file), &again, &error) == SHERD_OK);
  check_same(scenario, again);
  sherd__scenario_free(again);
  sherd__buf_deinit(&file);
}

/* Without memory a scenario is not read; a fault that comes before is still told. */
static void check_no_memory(struct sherd_bytes source, size_t fail_at) {
  struct sherd__test_alloc alloc;
  struct sherd__scenario *scenario;
  struct sherd__scenario_error error;
  sherd__test_alloc_init(&alloc, fail_at);
  enum sherd_status status = sherd__scenario_new(&alloc.allocator, source, &scenario, &error);
  FUZZ_CHECK(status == SHERD_ENOMEM && !scenario);
  FUZZ_CHECK(alloc.live == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes source = {data, size};
  struct sherd__test_alloc alloc;
  struct sherd__scenario *scenario;
  struct sherd__scenario_error error;
  sherd__test_alloc_init(&alloc, 0);
  enum sherd_status status = sherd__scenario_new(&alloc.allocator, source, &scenario, &error);
  FUZZ_CHECK(status == SHERD_OK || status == SHERD_EINVAL);
  if (status) {
    FUZZ_CHECK(!scenario);
    check_error(&error, source);
  } else {
    check_round_trip(scenario);
  }
  sherd__scenario_free(scenario);
  FUZZ_CHECK(alloc.live == 0);
  check_no_memory(source, 1 + size % alloc.requests);
  return 0;
}
