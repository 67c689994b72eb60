#include "sim/scenario_words.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"

#define DAY_MS UINT64_C(86400000)

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

static void skip_blanks(struct sherd__words *words) {
  while (is_blank(*words->at))
    words->at++;
}

bool sherd__words_next(struct sherd__words *words, char out[SHERD__WORD_SIZE]) {
  skip_blanks(words);
  size_t len = 0;
  for (; *words->at && !is_blank(*words->at); words->at++)
    if (len < SHERD__WORD_SIZE - 1)
      out[len++] = *words->at;
  out[len] = '\0';
  return len > 0;
}

bool sherd__words_take(struct sherd__words *words, const char *word) {
  struct sherd__words ahead = *words;
  char next[SHERD__WORD_SIZE];
  if (!sherd__words_next(&ahead, next) || strcmp(next, word) != 0)
    return false;
  words->at = ahead.at;
  return true;
}

const char *sherd__words_rest(struct sherd__words *words) {
  skip_blanks(words);
  const char *rest = words->at;
  words->at += strlen(words->at);
  return rest;
}

bool sherd__words_fail(struct sherd__words *words, const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vsnprintf(words->error->text, sizeof words->error->text, format, args);
  va_end(args);
  return false;
}

bool sherd__words_end(struct sherd__words *words) {
  char word[SHERD__WORD_SIZE];
  return !sherd__words_next(words, word) ||
         sherd__words_fail(words, "'%s' is too much here; take it away", word);
}

/* --- Numbers with a unit --- */

struct unit {
  const char *name;
  uint64_t factor;
};

static const struct unit *find_unit(const struct unit *units, const char *name) {
  while (units->name && strcasecmp(units->name, name) != 0)
    units++;
  return units->name ? units : NULL;
}

/* Reads digits and one of the units, which may stand apart. */
static bool read_quantity(struct sherd__words *words, const char *word, const struct unit *units,
                          uint64_t max, uint64_t *out) {
  const char *at = word;
  char apart[SHERD__WORD_SIZE];
  struct sherd__words ahead = *words;
  uint64_t number = 0;
  for (; isdigit((unsigned char)*at) && number <= max; at++)
    number = number * 10 + (uint64_t)(*at - '0');
  const struct unit *unit = at == word ? NULL : find_unit(units, at);
  if (!*at && sherd__words_next(&ahead, apart) && find_unit(units, apart)) {
    unit = find_unit(units, apart);
    words->at = ahead.at;
  }
  if (!unit || number > max / unit->factor)
    return false;
  *out = number * unit->factor;
  return true;
}

bool sherd__words_number(struct sherd__words *words, const char *what, uint64_t min, uint64_t max,
                         uint64_t *out) {
  static const struct unit none[] = {{"", 1}, {NULL, 0}};
  char word[SHERD__WORD_SIZE];
  (void)sherd__words_next(words, word);
  return (read_quantity(words, word, none, max, out) && *out >= min) ||
         sherd__words_fail(words,
                           "%s wants a whole number from %" PRIu64 " to %" PRIu64 ", not '%s'",
                           what, min, max, word);
}

bool sherd__words_time(struct sherd__words *words, const char *what, uint64_t *out_ms) {
  static const struct unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {NULL, 0}};
  char word[SHERD__WORD_SIZE];
  (void)sherd__words_next(words, word);
  return (read_quantity(words, word, units, DAY_MS, out_ms)) ||
         sherd__words_fail(words, "%s wants a time as in 500ms, 2s or 1m, not '%s'", what, word);
}

bool sherd__words_size(struct sherd__words *words, const char *what, uint64_t max,
                       uint64_t *out_bytes) {
  static const struct unit units[] = {
      {"", 1}, {"bytes", 1}, {"kB", 1000}, {"MB", 1000000}, {NULL, 0}};
  char word[SHERD__WORD_SIZE];
  (void)sherd__words_next(words, word);
  return (read_quantity(words, word, units, max, out_bytes) && *out_bytes) ||
         sherd__words_fail(
             words, "%s wants a size as in 512, 64kB or 40MB, %" PRIu64 " bytes at most, not '%s'",
             what, max, word);
}

/* --- Spelling --- */

static const char *name_at(const void *names, size_t index, size_t stride) {
  const char *name;
  memcpy(&name, (const char *)names + index * stride, sizeof name);
  return name;
}

bool sherd__words_fail_unknown(struct sherd__words *words, const char *what, const char *word,
                               const void *names, size_t count, size_t stride) {
  const char *nearest = sherd__nearest(word, names, count, stride);
  struct sherd__scenario_error *error = words->error;
  size_t len;
  if (nearest)
    return sherd__words_fail(words, "there is no %s '%s'; did you mean '%s'?", what, word, nearest);
  (void)sherd__words_fail(words, "there is no %s '%s'; there are", what, word);
  for (size_t i = 0; i < count; i++) {
    len = strlen(error->text);
    (void)snprintf(error->text + len, sizeof error->text - len, "%s %s", i ? "," : "",
                   name_at(names, i, stride));
  }
  return false;
}
