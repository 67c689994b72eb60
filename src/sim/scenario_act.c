/* What a scenario can do: the names and what follows them. */
#include <string.h>

#include <sherd/status.h>
#include <sherd/value.h>

#include "base/mem.h"
#include "sim/events.h"
#include "sim/faults.h"
#include "sim/scenario_parts.h"

#define GARBAGE_BYTES_MAX 1000000
#define GUILD_BYTES_MAX   64000000
#define EVENTS_MAX        1000000
#define SHARD_MAX         65535

struct reader {
  struct sherd__words *words;
  const struct sherd_allocator *allocator;
  struct sherd__step *step;
};

static bool fail(const struct reader *reader, const char *text) {
  return sherd__words_fail(reader->words, "%s", text);
}

/* Does nothing but say which act it is. */
static bool become(const struct reader *reader, enum sherd__act act) {
  reader->step->act = act;
  return true;
}

static bool read_drop(const struct reader *reader) {
  return become(reader, SHERD__ACT_DROP);
}

static bool read_half_frame(const struct reader *reader) {
  return become(reader, SHERD__ACT_HALF_FRAME);
}

static bool read_terminate(const struct reader *reader) {
  return become(reader, SHERD__ACT_TERMINATE);
}

static bool copy(const struct reader *reader, const char *text, char **out) {
  *out = sherd__strdup(reader->allocator, text);
  return *out;
}

static bool read_close(const struct reader *reader) {
  if (!sherd__words_number(reader->words, "close", 1000, 4999, &reader->step->number))
    return false;
  const char *reason = sherd__words_rest(reader->words);
  return become(reader, SHERD__ACT_CLOSE) &&
         (!*reason || copy(reader, reason, &reader->step->text));
}

/* JSON that is none is the author's mistake, not a fault to be tried: there is 'send' for that. */
static bool read_json(const struct reader *reader, const char *json) {
  return sherd_value_validate(SHERD_FORMAT_JSON, (const uint8_t *)json, strlen(json), NULL) ==
             SHERD_OK ||
         sherd__words_fail(reader->words, "'%.64s' is not JSON", json);
}

static bool read_op(const struct reader *reader) {
  if (!sherd__words_number(reader->words, "op", 0, UINT32_MAX, &reader->step->number))
    return false;
  const char *data = sherd__words_rest(reader->words);
  bool needs_truth = reader->step->number == 9;
  if (needs_truth && strcmp(data, "true") != 0 && strcmp(data, "false") != 0)
    return fail(reader, "op 9 wants true or false: whether the session may be resumed");
  data = *data ? data : "null";
  return become(reader, SHERD__ACT_OP) && read_json(reader, data) &&
         copy(reader, data, &reader->step->text);
}

static bool read_send(const struct reader *reader) {
  const char *message = sherd__words_rest(reader->words);
  if (!*message)
    return fail(reader, "send what? as in send {\"op\":7,\"d\":null}");
  return become(reader, SHERD__ACT_SEND) && copy(reader, message, &reader->step->text);
}

static bool read_dispatch(const struct reader *reader) {
  static const char *const names[] = {
#define NAME(name, guild_intents, dm_intents, weight) #name,
      SHERD__SIM_EVENT_MAP(NAME)
#undef NAME
  };
  char word[SHERD__WORD_SIZE];
  if (!sherd__words_next(reader->words, word))
    return fail(reader, "dispatch what? as in dispatch MESSAGE_DELETE {\"id\":\"1\"}");
  size_t i = 0;
  while (i < SHERD__COUNT(names) && strcmp(names[i], word) != 0)
    i++;
  if (i == SHERD__COUNT(names))
    return sherd__words_fail_unknown(reader->words, "event", word, names, SHERD__COUNT(names),
                                     sizeof *names);
  const char *data = sherd__words_rest(reader->words);
  return become(reader, SHERD__ACT_DISPATCH) && read_json(reader, data) &&
         copy(reader, word, &reader->step->name) && copy(reader, data, &reader->step->text);
}

static bool read_garbage(const struct reader *reader) {
  (void)become(reader, sherd__words_take(reader->words, "message") ? SHERD__ACT_GARBAGE_MESSAGE
                                                                   : SHERD__ACT_GARBAGE);
  return sherd__words_size(reader->words, "garbage", GARBAGE_BYTES_MAX, &reader->step->number);
}

static bool read_acks(const struct reader *reader) {
  reader->step->number = sherd__words_take(reader->words, "on");
  if (!reader->step->number && !sherd__words_take(reader->words, "off"))
    return fail(reader, "acks wants on or off");
  return become(reader, SHERD__ACT_ACKS);
}

static bool read_ignore(const struct reader *reader) {
  reader->step->number = 1;
  if (sherd__words_take(reader->words, "identify"))
    return become(reader, SHERD__ACT_IGNORE_IDENTIFY);
  return become(reader, SHERD__ACT_IGNORE_IDENTIFY) &&
         sherd__words_number(reader->words, "ignore", 1, 1000, &reader->step->number) &&
         (sherd__words_take(reader->words, "identifies") ||
          sherd__words_take(reader->words, "identify") ||
          fail(reader,
               "only IDENTIFY can be ignored, as in ignore identify or ignore 2 identifies"));
}

static bool read_hello(const struct reader *reader) {
  (void)become(reader, SHERD__ACT_HELLO);
  reader->step->number = 0;
  if (sherd__words_take(reader->words, "at-once"))
    return true;
  if (sherd__words_take(reader->words, "never")) {
    reader->step->number = SHERD__HELLO_NEVER;
    return true;
  }
  if (!sherd__words_take(reader->words, "after"))
    return fail(reader, "hello wants after TIME, never or at-once");
  return sherd__words_time(reader->words, "hello after", &reader->step->number);
}

static bool read_sequence(const struct reader *reader) {
  if (sherd__words_take(reader->words, "repeat"))
    return become(reader, SHERD__ACT_SEQUENCE_REPEAT);
  if (sherd__words_take(reader->words, "missing"))
    return become(reader, SHERD__ACT_SEQUENCE_MISSING);
  if (!sherd__words_take(reader->words, "skip"))
    return fail(reader, "sequence wants skip N, repeat or missing");
  return become(reader, SHERD__ACT_SEQUENCE_SKIP) &&
         sherd__words_number(reader->words, "sequence skip", 1, EVENTS_MAX, &reader->step->number);
}

static bool read_split(const struct reader *reader) {
  reader->step->number = 0;
  return become(reader, SHERD__ACT_SPLIT) &&
         (sherd__words_take(reader->words, "off") ||
          sherd__words_size(reader->words, "split", UINT16_MAX, &reader->step->number));
}

static bool read_trickle(const struct reader *reader) {
  (void)sherd__words_take(reader->words, "for");
  return become(reader, SHERD__ACT_TRICKLE) &&
         sherd__words_time(reader->words, "trickle", &reader->step->number);
}

static bool read_hold(const struct reader *reader) {
  (void)sherd__words_take(reader->words, "for");
  return become(reader, SHERD__ACT_HOLD) &&
         sherd__words_time(reader->words, "hold", &reader->step->number);
}

static bool read_burst(const struct reader *reader) {
  return become(reader, SHERD__ACT_BURST) &&
         sherd__words_number(reader->words, "burst", 1, EVENTS_MAX, &reader->step->number) &&
         (sherd__words_take(reader->words, "events") || true);
}

static bool read_large_guild(const struct reader *reader) {
  return become(reader, SHERD__ACT_LARGE_GUILD) &&
         sherd__words_size(reader->words, "large-guild", GUILD_BYTES_MAX, &reader->step->number);
}

/* "for N connections", or for good; `noun` in the singular. */
static bool read_for(const struct reader *reader, const char *noun) {
  char word[SHERD__WORD_SIZE];
  uint64_t count;
  size_t len = strlen(noun);
  reader->step->count = UINT32_MAX;
  if (!sherd__words_take(reader->words, "for"))
    return true;
  if (!sherd__words_number(reader->words, "for", 1, 1000000, &count))
    return false;
  reader->step->count = (uint32_t)count;
  bool is_noun = sherd__words_next(reader->words, word) && strncmp(word, noun, len) == 0 &&
                 (!word[len] || strcmp(word + len, "s") == 0);
  return is_noun || sherd__words_fail(reader->words, "for how many? as in for 2 %ss", noun);
}

static bool read_rest(const struct reader *reader) {
  uint64_t retry_after_ms = 0;
  (void)become(reader, SHERD__ACT_REST);
  reader->step->number = 0;
  if (sherd__words_take(reader->words, "ok"))
    return true;
  if (!sherd__words_number(reader->words, "rest", 400, 599, &reader->step->number) ||
      !read_for(reader, "request"))
    return false;
  if (sherd__words_take(reader->words, "retry-after") &&
      !sherd__words_time(reader->words, "retry-after", &retry_after_ms))
    return false;
  reader->step->extra = (uint32_t)retry_after_ms;
  return true;
}

static bool read_certificate(const struct reader *reader) {
  static const char *const names[] = {"good", "expired", "foreign", "wrong-host"};
  char word[SHERD__WORD_SIZE];
  (void)become(reader, SHERD__ACT_CERTIFICATE);
  if (!sherd__words_next(reader->words, word))
    return fail(reader, "which certificate? good, expired, foreign or wrong-host");
  for (size_t i = 0; i < SHERD__COUNT(names); i++)
    if (strcmp(names[i], word) == 0)
      return copy(reader, word, &reader->step->name) && read_for(reader, "connection");
  return sherd__words_fail_unknown(reader->words, "certificate", word, names, SHERD__COUNT(names),
                                   sizeof *names);
}

/* Whether it is done to connections or sessions, which may then be those of one shard. */
enum whom {
  ALL,
  CHOSEN
};

static const struct row {
  const char *name;
  bool (*read)(const struct reader *reader);
  enum whom whom;
} rows[] = {
    {"drop", read_drop, CHOSEN},        {"half-frame", read_half_frame, CHOSEN},
    {"close", read_close, CHOSEN},      {"op", read_op, CHOSEN},
    {"send", read_send, CHOSEN},        {"dispatch", read_dispatch, CHOSEN},
    {"garbage", read_garbage, CHOSEN},  {"acks", read_acks, ALL},
    {"ignore", read_ignore, ALL},       {"hello", read_hello, ALL},
    {"sequence", read_sequence, ALL},   {"split", read_split, ALL},
    {"trickle", read_trickle, ALL},     {"hold", read_hold, ALL},
    {"burst", read_burst, ALL},         {"large-guild", read_large_guild, ALL},
    {"rest", read_rest, ALL},           {"certificate", read_certificate, ALL},
    {"terminate", read_terminate, ALL},
};

/* "shard=1", if that comes next. */
static bool read_shard(const struct reader *reader, const struct row *row) {
  static const char key[] = "shard=";
  struct sherd__words ahead = *reader->words;
  char word[SHERD__WORD_SIZE];
  if (!sherd__words_next(&ahead, word) || strncmp(word, key, strlen(key)) != 0)
    return true;
  if (row->whom == ALL)
    return sherd__words_fail(reader->words, "%s is for all shards; take '%s' away", row->name,
                             word);
  struct sherd__words number = {word + strlen(key), reader->words->error};
  uint64_t shard;
  if (!sherd__words_number(&number, "shard=", 0, SHARD_MAX, &shard))
    return false;
  reader->words->at = ahead.at;
  reader->step->shard = (uint32_t)shard;
  return true;
}

bool sherd__act_read(struct sherd__words *words, const struct sherd_allocator *allocator,
                     struct sherd__step *step) {
  /* What a step may begin with besides; for the spelling. */
  static const char *const others[] = {"at", "after", "when", "expect", "set"};
  const char *names[SHERD__COUNT(rows) + SHERD__COUNT(others)];
  struct reader reader = {words, allocator, step};
  char word[SHERD__WORD_SIZE];
  step->kind = SHERD__STEP_DO;
  if (!sherd__words_next(words, word))
    return sherd__words_fail(words, "there is nothing to do here; name an action, as in drop");
  for (size_t i = 0; i < SHERD__COUNT(rows); i++) {
    if (strcmp(rows[i].name, word) == 0)
      return read_shard(&reader, &rows[i]) && rows[i].read(&reader);
    names[i] = rows[i].name;
  }
  memcpy(names + SHERD__COUNT(rows), others, sizeof others);
  return sherd__words_fail_unknown(words, "step", word, names, SHERD__COUNT(names), sizeof *names);
}
