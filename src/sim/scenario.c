#include "sim/scenario.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "sim/scenario_parts.h"
#include "sim/world.h"

#define STEPS_MAX      10000
#define LINE_BYTES_MAX 65536

#define WITHIN_MS     10000 /* of an expectation that names no time */
#define TIME_LIMIT_MS 60000

struct parser {
  struct sherd__scenario *scenario;
  const struct sherd_allocator *allocator;
  struct sherd__scenario_error *error;
  bool has_begun; /* past the comment at the top */
};

#define BLANKS " \t"

/* The length of a text without the blanks at its end. */
static size_t trimmed_len(const char *text, size_t len) {
  while (len && strchr(BLANKS "\r", text[len - 1]))
    len--;
  return len;
}

/* --- Settings --- */

enum unit {
  NUMBER,
  TIME,
  SWITCH
};

#define FIELD(name) offsetof(struct sherd__scenario_settings, name)

static const struct setting {
  const char *name;
  enum unit unit;
  uint32_t min, max;
  size_t field;
} settings[] = {
    {"guilds", NUMBER, 0, SHERD__WORLD_GUILDS_MAX, FIELD(guilds)},
    {"rate", NUMBER, 0, 1000000, FIELD(rate)},
    {"events", NUMBER, 0, UINT32_MAX - 1, FIELD(events)},
    {"shards", NUMBER, 1, 65536, FIELD(shards)},
    {"heartbeat-interval", TIME, 100, 3600000, FIELD(heartbeat_interval_ms)},
    {"max-concurrency", NUMBER, 1, 4096, FIELD(max_concurrency)},
    {"starts-a-day", NUMBER, 1, UINT32_MAX - 1, FIELD(starts_a_day)},
    {"session-ttl", TIME, 1, 86400000, FIELD(session_ttl_ms)},
    {"replay-events", NUMBER, 1, 1u << 24, FIELD(replay_events)},
    {"time-limit", TIME, 1, 86400000, FIELD(time_limit_ms)},
    {"tls", SWITCH, 0, 1, FIELD(tls)},
};

static bool read_value(struct sherd__words *words, const struct setting *setting, uint64_t *out) {
  switch (setting->unit) {
  case NUMBER:
    return sherd__words_number(words, setting->name, setting->min, setting->max, out);
  case TIME:
    return sherd__words_time(words, setting->name, out) &&
           ((*out >= setting->min && *out <= setting->max) ||
            sherd__words_fail(words, "%s wants a time from %" PRIu32 "ms to %" PRIu32 "ms",
                              setting->name, setting->min, setting->max));
  case SWITCH:
    *out = sherd__words_take(words, "on");
    return *out || sherd__words_take(words, "off") ||
           sherd__words_fail(words, "%s wants on or off", setting->name);
  }
  return false;
}

static bool read_setting(struct parser *parser, struct sherd__words *words) {
  char word[SHERD__WORD_SIZE];
  uint64_t value;
  if (parser->scenario->count)
    return sherd__words_fail(words, "settings stand before the first step; move it up");
  if (!sherd__words_next(words, word))
    return sherd__words_fail(words, "set what? as in set guilds 5");
  for (size_t i = 0; i < SHERD__COUNT(settings); i++)
    if (strcmp(settings[i].name, word) == 0) {
      if (!read_value(words, &settings[i], &value) || !sherd__words_end(words))
        return false;
      uint32_t number = (uint32_t)value;
      memcpy((char *)&parser->scenario->settings + settings[i].field, &number, sizeof number);
      return true;
    }
  return sherd__words_fail_unknown(words, "setting", word, &settings[0].name,
                                   SHERD__COUNT(settings), sizeof *settings);
}

/* --- Steps --- */

static bool read_expect(struct sherd__words *words, const struct sherd_allocator *allocator,
                        struct sherd__step *step) {
  bool is_no = sherd__words_take(words, "no");
  step->kind = is_no ? SHERD__STEP_EXPECT_NO : SHERD__STEP_EXPECT;
  step->number = WITHIN_MS;
  if (!sherd__wanted_read(words, allocator, step))
    return false;
  /* "for" alone makes sense of what must not happen; "within" can be said of both. */
  if (sherd__words_take(words, "within") || (is_no && sherd__words_take(words, "for")))
    return sherd__words_time(words, "within", &step->number);
  return true;
}

static bool read_after(struct sherd__words *words, struct sherd__step *step) {
  struct sherd__words ahead = *words;
  char number[SHERD__WORD_SIZE], unit[SHERD__WORD_SIZE];
  bool is_events = sherd__words_next(&ahead, number) && sherd__words_next(&ahead, unit) &&
                   (strcmp(unit, "events") == 0 || strcmp(unit, "event") == 0);
  step->kind = is_events ? SHERD__STEP_AFTER_EVENTS : SHERD__STEP_AFTER;
  if (!is_events)
    return sherd__words_time(words, "after", &step->number);
  if (!sherd__words_number(words, "after", 1, UINT32_MAX, &step->number))
    return false;
  words->at = ahead.at;
  return true;
}

static bool read_trigger(struct sherd__words *words, const struct sherd_allocator *allocator,
                         const char *word, struct sherd__step *step) {
  if (strcmp(word, "at") == 0) {
    step->kind = SHERD__STEP_AT;
    return sherd__words_time(words, "at", &step->number);
  }
  if (strcmp(word, "after") == 0)
    return read_after(words, step);
  step->kind = SHERD__STEP_WHEN;
  return sherd__wanted_read(words, allocator, step);
}

static struct sherd__step *add_step(struct parser *parser, const char *said) {
  struct sherd__scenario *scenario = parser->scenario;
  if (scenario->count == scenario->cap) {
    uint32_t cap = scenario->cap ? scenario->cap * 2 : 16;
    struct sherd__step *steps = sherd__realloc(parser->allocator, scenario->steps,
                                               scenario->cap * sizeof *steps, cap * sizeof *steps);
    if (!steps)
      return NULL;
    scenario->steps = steps;
    scenario->cap = cap;
  }
  struct sherd__step *step = &scenario->steps[scenario->count];
  *step = (struct sherd__step){.line = parser->error->line, .shard = SHERD__SCENARIO_UNSET};
  step->said = sherd__strdup(parser->allocator, said);
  if (!step->said)
    return NULL;
  scenario->count++;
  return step;
}

static bool is_trigger(const char *word) {
  return strcmp(word, "at") == 0 || strcmp(word, "after") == 0 || strcmp(word, "when") == 0;
}

static bool read_step(struct parser *parser, const char *said) {
  struct sherd__words words = {said, parser->error};
  char word[SHERD__WORD_SIZE];
  if (parser->scenario->count == STEPS_MAX)
    return sherd__words_fail(&words, "there are more than %d steps", STEPS_MAX);
  struct sherd__step *step = add_step(parser, said);
  if (!step)
    return false;
  if (sherd__words_take(&words, "expect"))
    return read_expect(&words, parser->allocator, step) && sherd__words_end(&words);
  struct sherd__words ahead = words;
  if (sherd__words_next(&ahead, word) && is_trigger(word)) {
    words.at = ahead.at;
    return read_trigger(&words, parser->allocator, word, step) && sherd__words_end(&words);
  }
  return sherd__act_read(&words, parser->allocator, step) && sherd__words_end(&words);
}

/* Whether a line begins with a trigger. */
static bool begins_with_trigger(struct sherd__words words) {
  char word[SHERD__WORD_SIZE];
  return sherd__words_next(&words, word) && is_trigger(word);
}

/* A trigger may have what it triggers, be it another trigger, behind a colon. */
static bool read_steps(struct parser *parser, char *line) {
  char *colon;
  while (begins_with_trigger((struct sherd__words){line, parser->error}) &&
         (colon = strchr(line, ':'))) {
    line[trimmed_len(line, (size_t)(colon - line))] = '\0';
    if (!read_step(parser, line))
      return false;
    line = colon + 1;
    line += strspn(line, BLANKS);
  }
  return read_step(parser, line);
}

/* --- Lines --- */

/* The comment at the top is the story; its lines are joined. */
static bool add_to_story(struct parser *parser, const char *text) {
  struct sherd__scenario *scenario = parser->scenario;
  size_t before = scenario->story ? strlen(scenario->story) : 0, len = strlen(text);
  if (!len)
    return true;
  size_t old_size = before ? before + 1 : 0;
  char *story = sherd__realloc(parser->allocator, scenario->story, old_size, old_size + len + 1);
  if (!story)
    return false;
  if (before)
    story[before++] = ' ';
  memcpy(story + before, text, len + 1);
  scenario->story = story;
  return true;
}

static bool read_line(struct parser *parser, char *line) {
  struct sherd__words words = {line, parser->error};
  if (*line == '#') {
    line++;
    line += strspn(line, BLANKS);
    return parser->has_begun || add_to_story(parser, line);
  }
  parser->has_begun |= parser->scenario->story != NULL;
  if (!*line)
    return true;
  parser->has_begun = true;
  if (sherd__words_take(&words, "set"))
    return read_setting(parser, &words);
  return read_steps(parser, line);
}

/* Copies a line without the blanks around it. */
static bool take_line(struct parser *parser, struct sherd_bytes *source) {
  const uint8_t *end = memchr(source->data, '\n', source->len);
  size_t len = end ? (size_t)(end - source->data) : source->len;
  const uint8_t *from = source->data;
  source->data += len + (end != NULL);
  source->len -= len + (end != NULL);
  struct sherd__words words = {"", parser->error};
  if (len > LINE_BYTES_MAX)
    return sherd__words_fail(&words, "the line has more than %d bytes", LINE_BYTES_MAX);
  if (memchr(from, '\0', len))
    return sherd__words_fail(&words, "there is a NUL in the line; this is no text file");
  len = trimmed_len((const char *)from, len);
  while (len && strchr(BLANKS, *from)) {
    from++;
    len--;
  }
  char *line = sherd__malloc(parser->allocator, len + 1);
  if (!line)
    return false;
  memcpy(line, from, len);
  line[len] = '\0';
  bool is_good = read_line(parser, line);
  sherd__free(parser->allocator, line);
  return is_good;
}

static bool read_all(struct parser *parser, struct sherd_bytes source) {
  struct sherd__words words = {"", parser->error};
  while (source.len) {
    parser->error->line++;
    if (!take_line(parser, &source))
      return false;
  }
  if (!parser->scenario->count)
    return sherd__words_fail(&words, "there is no step; say at least what to expect, as in "
                                     "expect identify");
  return true;
}

/* --- Life --- */

enum sherd_status sherd__scenario_new(const struct sherd_allocator *allocator,
                                      struct sherd_bytes source, struct sherd__scenario **out,
                                      struct sherd__scenario_error *error) {
  allocator = sherd__allocator_or_default(allocator);
  struct sherd__scenario *scenario = sherd__calloc(allocator, sizeof *scenario);
  *out = NULL;
  *error = (struct sherd__scenario_error){0};
  if (!scenario)
    return SHERD_ENOMEM;
  scenario->allocator = allocator;
  memset(&scenario->settings, 0xff, sizeof scenario->settings);
  scenario->settings.time_limit_ms = TIME_LIMIT_MS;
  scenario->settings.tls = 0;
  struct parser parser = {.scenario = scenario, .allocator = allocator, .error = error};
  if (read_all(&parser, source)) {
    *out = scenario;
    return SHERD_OK;
  }
  sherd__scenario_free(scenario);
  return *error->text ? SHERD_EINVAL : SHERD_ENOMEM;
}

void sherd__scenario_free(struct sherd__scenario *scenario) {
  if (!scenario)
    return;
  const struct sherd_allocator *allocator = scenario->allocator;
  for (uint32_t i = 0; i < scenario->count; i++) {
    sherd__free(allocator, scenario->steps[i].said);
    sherd__free(allocator, scenario->steps[i].name);
    sherd__free(allocator, scenario->steps[i].text);
  }
  sherd__free(allocator, scenario->steps);
  sherd__free(allocator, scenario->story);
  sherd__free(allocator, scenario);
}
