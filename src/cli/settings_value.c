#include "cli/settings_value.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/consumer_name.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "cli/address.h"
#include "cli/quantity.h"

/* Where a value is read to, and where what is wrong with it is said. */
struct target {
  const struct sherd__setting *row;
  const struct sherd_allocator *allocator;
  void *member;
  char *why;
};

__attribute__((format(printf, 2, 3))) static bool want(const struct target *target,
                                                       const char *format, ...) {
  va_list args;
  va_start(args, format);
  (void)vsnprintf(target->why, SHERD__WHY_SIZE, format, args);
  va_end(args);
  return false;
}

/* --- Choices --- */

static size_t count_choices(const struct sherd__setting *row) {
  size_t count = 0;
  while (row->choices && row->choices[count].name)
    count++;
  return count;
}

void sherd__setting_choices(const struct sherd__setting *row, char *out, size_t size) {
  size_t count = count_choices(row), len = 0;
  *out = '\0';
  for (size_t i = 0; i < count && len < size; i++)
    len += (size_t)snprintf(out + len, size - len, "%s%s",
                            i == 0           ? ""
                            : i == count - 1 ? " or "
                                             : ", ",
                            row->choices[i].name);
}

static const struct sherd__setting_choice *find_choice(const struct sherd__setting *row,
                                                       const char *text) {
  size_t count = count_choices(row);
  for (size_t i = 0; i < count; i++)
    if (strcasecmp(row->choices[i].name, text) == 0)
      return &row->choices[i];
  return NULL;
}

static bool want_choice(const struct target *target, const char *text) {
  const struct sherd__setting *row = target->row;
  const char *nearest =
      sherd__nearest(text, row->choices, count_choices(row), sizeof *row->choices);
  char all[SHERD__WHY_SIZE - 100];
  sherd__setting_choices(row, all, sizeof all);
  if (nearest)
    return want(target, "not one of %s; did you mean '%s'?", all, nearest);
  return want(target, "not one of %s", all);
}

static bool read_choice(const struct target *target, const char *text) {
  const struct sherd__setting_choice *choice = find_choice(target->row, text);
  if (!choice)
    return want_choice(target, text);
  unsigned value = (unsigned)choice->value;
  memcpy(target->member, &value, sizeof value); /* enums are unsigned */
  return true;
}

/* --- Lists --- */

/* Takes the next of the words that commas or blanks part; false when there is none. What does not
 * fit is cut, and then is nothing that anybody knows. */
static bool next_word(const char **at, char *out, size_t size) {
  static const char separators[] = ", \t";
  *at += strspn(*at, separators);
  size_t len = strcspn(*at, separators);
  (void)snprintf(out, size, "%.*s", (int)len, *at);
  *at += len;
  return len > 0;
}

/* A list is long: the word is named, and where they stand. */
static bool want_name(const struct target *target, const char *word) {
  const struct sherd__setting *row = target->row;
  char shown[SHERD__SHOWN_SIZE];
  const char *nearest =
      sherd__nearest(word, row->choices, count_choices(row), sizeof *row->choices);
  sherd__setting_show(row, word, shown);
  if (nearest)
    return want(target, "there is no '%s'; did you mean '%s'?", shown, nearest);
  return want(target, "there is no '%s'; man sherd-run has the names", shown);
}

static bool read_bits(const struct target *target, const char *text) {
  uint64_t sum = 0, number;
  char word[64];
  bool is_empty = true;
  for (const char *at = text; next_word(&at, word, sizeof word); is_empty = false) {
    const struct sherd__setting_choice *choice = find_choice(target->row, word);
    if (!choice && !sherd__quantity_number(word, &number))
      return want_name(target, word);
    sum |= choice ? choice->value : number;
  }
  if (is_empty)
    return want(target, "wants names or numbers with commas between; 'none' for none");
  memcpy(target->member, &sum, sizeof sum);
  return true;
}

static bool read_names(const struct target *target, const char *text) {
  struct sherd__names names = {.count = 0};
  char word[SHERD_CONSUMER_NAME_MAX + 2];
  for (const char *at = text; next_word(&at, word, sizeof word);) {
    if (!sherd__consumer_is_name(word))
      return want(target, "a name has letters, digits, '-', '_' and '.', %d at most",
                  SHERD_CONSUMER_NAME_MAX);
    for (uint32_t i = 0; i < names.count; i++)
      if (strcmp(names.names[i], word) == 0)
        return want(target, "'%s' stands twice", word);
    if (names.count == target->row->max)
      return want(target, "there can be %u names", (unsigned)target->row->max);
    memcpy(names.names[names.count++], word, strlen(word) + 1);
  }
  memcpy(target->member, &names, sizeof names);
  return true;
}

/* --- Numbers --- */

static bool read_u32(const struct target *target, const char *text) {
  const struct sherd__setting *row = target->row;
  const struct sherd__setting_choice *choice = find_choice(row, text);
  uint64_t number = choice ? choice->value : 0;
  if (!choice && (!sherd__quantity_number(text, &number) || number < row->min || number > row->max))
    return want(target, "wants a whole number from %u to %u%s%s", (unsigned)row->min,
                (unsigned)row->max, row->choices ? ", or " : "",
                row->choices ? row->choices->name : "");
  uint32_t value = (uint32_t)number;
  memcpy(target->member, &value, sizeof value);
  return true;
}

static bool read_time(const struct target *target, const char *text) {
  const struct sherd__setting *row = target->row;
  const struct sherd__setting_choice *choice = find_choice(row, text);
  uint64_t ms = choice ? choice->value : 0;
  if (!choice && (!sherd__quantity_time(text, &ms) || ms < row->min || ms > row->max)) {
    char min[SHERD__QUANTITY_SIZE], max[SHERD__QUANTITY_SIZE];
    sherd__quantity_write_time(row->min, min);
    sherd__quantity_write_time(row->max, max);
    return want(target,
                "wants a time from %s to %s with its unit, as in 500ms, 10s, 5min or 2h%s%s", min,
                max, row->choices ? ", or " : "", row->choices ? row->choices->name : "");
  }
  uint32_t value = (uint32_t)ms;
  memcpy(target->member, &value, sizeof value);
  return true;
}

static bool read_size(const struct target *target, const char *text) {
  const struct sherd__setting *row = target->row;
  uint64_t bytes;
  if (!sherd__quantity_size(text, &bytes) || bytes < row->min || bytes > row->max) {
    char min[SHERD__QUANTITY_SIZE], max[SHERD__QUANTITY_SIZE];
    sherd__quantity_write_size(row->min, min);
    sherd__quantity_write_size(row->max, max);
    return want(target, "wants a size from %s to %s, as in 65536, 512K, 16M or 1G", min, max);
  }
  memcpy(target->member, &bytes, sizeof bytes);
  return true;
}

static bool read_range(const struct target *target, const char *text) {
  struct sherd__range range;
  uint64_t first, last;
  char left[16];
  const char *dash = strchr(text, '-');
  size_t len = dash ? (size_t)(dash - text) : sizeof left;
  if (len < sizeof left)
    (void)snprintf(left, sizeof left, "%.*s", (int)len, text);
  if (len >= sizeof left || !sherd__quantity_number(left, &first) ||
      !sherd__quantity_number(dash + 1, &last) || first > last || last > target->row->max)
    return want(target, "wants the first shard and the last, as in 0-15");
  memset(&range, 0, sizeof range); /* its padding too: values are compared by their bytes */
  range.is_set = true;
  range.first = (uint32_t)first;
  range.last = (uint32_t)last;
  memcpy(target->member, &range, sizeof range);
  return true;
}

/* --- The rest --- */

static bool read_bool(const struct target *target, const char *text) {
  static const char *const words[] = {"on", "off", "yes", "no", "true", "false", "1", "0"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcasecmp(text, words[i]) == 0) {
      bool value = i % 2 == 0;
      memcpy(target->member, &value, sizeof value);
      return true;
    }
  return want(target, "wants on or off");
}

static bool read_address(const struct target *target, const char *text) {
  struct sherd__address address = {.port = 0};
  if (!sherd__address_read(text, address.host, sizeof address.host, &address.port))
    return want(target, "wants ADDRESS:PORT, as in 127.0.0.1:9100");
  memcpy(target->member, &address, sizeof address);
  return true;
}

static bool read_text(const struct target *target, const char *text) {
  size_t len = strlen(text);
  char *old, *copy;
  if (len < target->row->min || len > target->row->max)
    return want(target, "wants a text of %u to %u bytes", (unsigned)target->row->min,
                (unsigned)target->row->max);
  for (size_t i = 0; i < len; i++)
    if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
      return want(target, "has a control character at byte %zu", i);
  if (!sherd__utf8_is_valid((const uint8_t *)text, len, NULL))
    return want(target, "is not UTF-8");
  if (sherd__looks_like_token(text))
    return want(target, "this looks like the token itself; put it alone into a file of mode 0600 "
                        "for token_file, or into SHERD_TOKEN");
  copy = sherd__strdup(target->allocator, text);
  if (!copy)
    return want(target, "%s", "");
  memcpy(&old, target->member, sizeof old);
  sherd__free(target->allocator, old);
  memcpy(target->member, &copy, sizeof copy);
  return true;
}

bool sherd__setting_read(const struct sherd__setting *row, const char *text,
                         struct sherd__run_settings *settings, char why[SHERD__WHY_SIZE]) {
  static bool (*const readers[])(const struct target *target, const char *text) = {
      [SHERD__SETTING_SWITCH] = read_bool,   [SHERD__SETTING_BOOL] = read_bool,
      [SHERD__SETTING_TEXT] = read_text,     [SHERD__SETTING_U32] = read_u32,
      [SHERD__SETTING_TIME] = read_time,     [SHERD__SETTING_SIZE] = read_size,
      [SHERD__SETTING_CHOICE] = read_choice, [SHERD__SETTING_BITS] = read_bits,
      [SHERD__SETTING_RANGE] = read_range,   [SHERD__SETTING_ADDRESS] = read_address,
      [SHERD__SETTING_NAMES] = read_names,
  };
  struct target target = {row, settings->allocator_, (char *)settings + row->offset, why};
  return readers[row->type](&target, text);
}
