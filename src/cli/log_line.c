/* One record as one line. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sherd/config.h>

#include "cli/log_pairs.h"
#include "cli/logs.h"
#include "payload/json.h"

/* Room for what comes last: the mark that something was cut, the end, the line feed. */
#define LAST_SIZE 32

struct line {
  char *out;
  size_t len;
  size_t cap; /* until the end only */
  enum sherd__log_format format;
  bool is_cut;
};

/* --- Text that fits, or not --- */

static bool put(struct line *line, const char *text, size_t len) {
  if (len > line->cap - line->len)
    return false;
  memcpy(line->out + line->len, text, len);
  line->len += len;
  return true;
}

static bool put_text(struct line *line, const char *text) {
  return put(line, text, strlen(text));
}

static bool put_string(struct line *line, const char *text) {
  struct sherd_bytes rest = {(const uint8_t *)text, strlen(text)}, part;
  char escape[6];
  bool fits = put(line, "\"", 1);
  while (fits && sherd__json_next_part(&rest, escape, &part))
    fits = put(line, (const char *)part.data, part.len);
  return fits && put(line, "\"", 1);
}

/* --- What a value is --- */

/* Numbers beyond 15 digits are texts, as Discord's ids are: many readers would round them. */
static bool is_number(const char *text) {
  size_t whole = 0, digits;
  text += *text == '-';
  whole = strspn(text, "0123456789");
  digits = whole;
  if (!whole || (whole > 1 && *text == '0'))
    return false;
  text += whole;
  if (*text == '.') {
    size_t fraction = strspn(text + 1, "0123456789");
    if (!fraction)
      return false;
    digits += fraction;
    text += 1 + fraction;
  }
  return !*text && digits <= 15;
}

static bool is_json_literal(const struct sherd__log_pair *pair) {
  return !pair->is_quoted && (is_number(pair->value) || strcmp(pair->value, "true") == 0 ||
                              strcmp(pair->value, "false") == 0);
}

/* What logfmt takes without quotes. */
static bool is_bare(const char *value) {
  for (const char *c = value; *c; c++)
    if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '"' || *c == '=' || *c == '\\')
      return false;
  return *value != '\0';
}

static bool put_value(struct line *line, const struct sherd__log_pair *pair) {
  bool is_plain = line->format == SHERD__LOG_JSON ? is_json_literal(pair) : is_bare(pair->value);
  return is_plain ? put_text(line, pair->value) : put_string(line, pair->value);
}

/* --- Pairs --- */

/* The names that a line has already: a pair of that name gets another. */
static bool is_taken(const char *key) {
  static const char *const taken[] = {"ts", "level", "shard", "event", "text", "cut"};
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    if (strcmp(key, taken[i]) == 0)
      return true;
  return false;
}

static bool put_key(struct line *line, const char *key, const char *more) {
  if (line->format == SHERD__LOG_JSON)
    return put_text(line, ",\"") && put_text(line, key) && put_text(line, more) &&
           put_text(line, "\":");
  return put_text(line, " ") && put_text(line, key) && put_text(line, more) && put_text(line, "=");
}

/* All of the pair, or nothing. */
static void put_pair(struct line *line, const char *key, const struct sherd__log_pair *pair) {
  size_t start = line->len;
  line->is_cut |= pair->is_cut;
  if (put_key(line, key, pair->key == key && is_taken(key) ? "_" : "") && put_value(line, pair))
    return;
  line->len = start;
  line->is_cut = true;
}

/* Words that are no pairs make a text of their own, in their order. */
static void add_word(struct sherd__log_pair *words, const struct sherd__log_pair *word) {
  size_t len = strlen(words->value), more = strlen(word->value);
  words->is_cut |= word->is_cut;
  if (len + 1 + more >= sizeof words->value) {
    words->is_cut = true;
    return;
  }
  if (len)
    words->value[len++] = ' ';
  memcpy(words->value + len, word->value, more + 1);
}

static void put_pairs(struct line *line, const char *text) {
  struct sherd__log_pair pair, words = {.key = "", .is_quoted = true};
  while (sherd__log_pair_next(&text, &pair)) {
    if (*pair.key)
      put_pair(line, pair.key, &pair);
    else
      add_word(&words, &pair);
  }
  if (*words.value)
    put_pair(line, "text", &words);
}

/* --- The line --- */

static void put_time(struct line *line, uint64_t unix_ms) {
  struct sherd__log_pair pair = {.is_quoted = true};
  time_t seconds = (time_t)(unix_ms / 1000);
  struct tm utc;
  if (!gmtime_r(&seconds, &utc))
    memset(&utc, 0, sizeof utc);
  size_t len = strftime(pair.value, sizeof pair.value, "%Y-%m-%dT%H:%M:%S", &utc);
  (void)snprintf(pair.value + len, sizeof pair.value - len, ".%03uZ", (unsigned)(unix_ms % 1000));
  put_pair(line, "ts", &pair);
}

static void put_word(struct line *line, const char *key, const char *text) {
  struct sherd__log_pair pair = {.is_quoted = true};
  (void)snprintf(pair.value, sizeof pair.value, "%s", text);
  put_pair(line, key, &pair);
}

static void put_shard(struct line *line, uint32_t shard_id) {
  struct sherd__log_pair pair = {.is_quoted = false};
  (void)snprintf(pair.value, sizeof pair.value, "%" PRIu32, shard_id);
  if (shard_id != SHERD_NEVER)
    put_pair(line, "shard", &pair);
}

/* The first pair has no sign before it. */
static void open_line(struct line *line) {
  if (line->format == SHERD__LOG_JSON)
    line->out[0] = '{';
  else
    memmove(line->out, line->out + 1, --line->len);
}

static size_t close_line(struct line *line) {
  bool is_json = line->format == SHERD__LOG_JSON;
  line->cap += LAST_SIZE;
  if (line->is_cut)
    (void)put_text(line, is_json ? ",\"cut\":true" : " cut=true");
  (void)put_text(line, is_json ? "}\n" : "\n");
  line->out[line->len] = '\0';
  return line->len;
}

size_t sherd__log_write(enum sherd__log_format format, uint64_t unix_ms,
                        const struct sherd_log_record *record, char out[SHERD__LOG_LINE_SIZE]) {
  struct line line = {.out = out, .cap = SHERD__LOG_LINE_SIZE - 1 - LAST_SIZE, .format = format};
  put_time(&line, unix_ms);
  put_word(&line, "level", sherd_log_level_name(record->level));
  put_shard(&line, record->shard_id);
  put_word(&line, "event", record->event);
  put_pairs(&line, record->text);
  open_line(&line);
  return close_line(&line);
}
