/* What a client can be seen to do: the names that scenarios have for it, one table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "engine/opcode.h"
#include "sim/scenario_parts.h"

#define BIT(kind) (1u << SHERD__SIGHT_##kind)

enum argument {
  NONE,
  ANY_NUMBER,    /* it must be given */
  MAYBE_PATTERN, /* a number whose last digits may be x; any one when it is not given */
  MAYBE_NUMBER,
  MAYBE_PATH
};

static const struct row {
  const char *name;
  uint32_t kinds;
  uint32_t op; /* of a message */
  enum argument argument;
} rows[] = {
    {"connect", BIT(CONNECT), 0, NONE},
    {"connected", BIT(CONNECT), 0, NONE},
    {"identify", BIT(MESSAGE), SHERD_OP_IDENTIFY, NONE},
    {"identified", BIT(IDENTIFIED), 0, NONE},
    {"resume", BIT(MESSAGE), SHERD_OP_RESUME, NONE},
    {"resumed", BIT(RESUMED), 0, NONE},
    {"heartbeat", BIT(MESSAGE), SHERD_OP_HEARTBEAT, NONE},
    {"presence", BIT(MESSAGE), SHERD_OP_PRESENCE_UPDATE, NONE},
    {"voice", BIT(MESSAGE), SHERD_OP_VOICE_STATE_UPDATE, NONE},
    {"members", BIT(MESSAGE), SHERD_OP_REQUEST_GUILD_MEMBERS, NONE},
    {"op", BIT(MESSAGE), 0, ANY_NUMBER},
    {"close", BIT(CLOSE), 0, MAYBE_PATTERN},
    {"lost", BIT(LOST), 0, NONE},
    {"disconnect", BIT(CLOSE) | BIT(LOST), 0, NONE},
    {"refusal", BIT(REFUSAL), 0, MAYBE_PATTERN},
    {"request", BIT(REQUEST), 0, MAYBE_PATH},
    {"tls-refusal", BIT(TLS_REFUSAL), 0, NONE},
    {"exit", BIT(EXIT), 0, MAYBE_NUMBER},
};

/* "4xxx" is 4000 to 4999. */
static bool read_pattern(struct sherd__words *words, struct sherd__wanted *wanted) {
  char word[SHERD__WORD_SIZE];
  (void)sherd__words_take(words, "code");
  struct sherd__words ahead = *words;
  if (!sherd__words_next(&ahead, word) || strcmp(word, "within") == 0 || strcmp(word, "for") == 0)
    return true;
  words->at = ahead.at;
  size_t digits = strspn(word, "0123456789"), len = digits + strspn(word + digits, "xX");
  if (!digits || len != 4 || word[len])
    return sherd__words_fail(words, "a close code is as in 4009 or 4xxx, not '%s'", word);
  wanted->low = wanted->high = 0;
  for (size_t i = 0; i < len; i++) {
    wanted->low = wanted->low * 10 + (i < digits ? (uint32_t)(word[i] - '0') : 0);
    wanted->high = wanted->high * 10 + (i < digits ? (uint32_t)(word[i] - '0') : 9);
  }
  return true;
}

static bool read_number(struct sherd__words *words, const char *what, uint32_t max,
                        struct sherd__wanted *wanted) {
  uint64_t number;
  if (!sherd__words_number(words, what, 0, max, &number))
    return false;
  wanted->low = wanted->high = (uint32_t)number;
  return true;
}

static bool is_argument_next(const struct sherd__words *words) {
  struct sherd__words ahead = *words;
  char word[SHERD__WORD_SIZE];
  return sherd__words_next(&ahead, word) && strcmp(word, "within") != 0 && strcmp(word, "for") != 0;
}

static bool read_argument(struct sherd__words *words, const struct sherd_allocator *allocator,
                          const struct row *row, struct sherd__step *step) {
  char word[SHERD__WORD_SIZE];
  switch (row->argument) {
  case ANY_NUMBER:
    return read_number(words, "an opcode", UINT32_MAX, &step->wanted);
  case MAYBE_PATTERN:
    return read_pattern(words, &step->wanted);
  case MAYBE_NUMBER:
    return !is_argument_next(words) || read_number(words, "an exit code", 255, &step->wanted);
  case MAYBE_PATH:
    if (!is_argument_next(words))
      return true;
    (void)sherd__words_next(words, word);
    step->name = sherd__strdup(allocator, word);
    step->wanted.text = step->name;
    return step->name;
  case NONE:
    break;
  }
  return true;
}

bool sherd__wanted_read(struct sherd__words *words, const struct sherd_allocator *allocator,
                        struct sherd__step *step) {
  char word[SHERD__WORD_SIZE];
  if (!sherd__words_next(words, word))
    return sherd__words_fail(words, "what? as in resume, heartbeat or close 4xxx");
  for (size_t i = 0; i < SHERD__COUNT(rows); i++) {
    const struct row *row = &rows[i];
    if (strcmp(row->name, word) != 0)
      continue;
    step->wanted = (struct sherd__wanted){.kinds = row->kinds, .high = UINT32_MAX};
    if (row->op)
      step->wanted.low = step->wanted.high = row->op;
    return read_argument(words, allocator, row, step);
  }
  return sherd__words_fail_unknown(words, "such thing as", word, &rows[0].name, SHERD__COUNT(rows),
                                   sizeof *rows);
}

static bool ends_with(const char *text, const char *end) {
  size_t text_len = text ? strlen(text) : 0, end_len = strlen(end);
  return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

bool sherd__wanted_is(const struct sherd__wanted *wanted, const struct sherd__sight *sight) {
  return wanted->kinds & 1u << sight->kind && sight->number >= wanted->low &&
         sight->number <= wanted->high && (!wanted->text || ends_with(sight->text, wanted->text));
}

/* The first row that stands for it and for nothing else. */
static const struct row *row_of(const struct sherd__sight *sight) {
  for (size_t i = 0; i < SHERD__COUNT(rows); i++)
    if (rows[i].kinds == 1u << sight->kind && (!rows[i].op || rows[i].op == sight->number) &&
        (sight->kind != SHERD__SIGHT_MESSAGE || rows[i].op || rows[i].argument == ANY_NUMBER))
      return &rows[i];
  return &rows[0]; /* every kind has its row */
}

const char *sherd__sight_name(const struct sherd__sight *sight, char out[SHERD__SIGHT_NAME_SIZE]) {
  const struct row *row = row_of(sight);
  if (sight->text)
    (void)snprintf(out, SHERD__SIGHT_NAME_SIZE, "%s %s", row->name, sight->text);
  else if (row->argument != NONE && row->argument != MAYBE_PATH)
    (void)snprintf(out, SHERD__SIGHT_NAME_SIZE, "%s %" PRIu32, row->name, sight->number);
  else
    (void)snprintf(out, SHERD__SIGHT_NAME_SIZE, "%s", row->name);
  return out;
}
