/* Members by their rows, and how a value may be shown. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/settings_value.h"

static size_t size_of(enum sherd__setting_type type) {
  switch (type) {
  case SHERD__SETTING_SWITCH:
  case SHERD__SETTING_BOOL:
    return sizeof(bool);
  case SHERD__SETTING_TEXT:
    return sizeof(char *);
  case SHERD__SETTING_U32:
  case SHERD__SETTING_TIME:
    return sizeof(uint32_t);
  case SHERD__SETTING_CHOICE:
    return sizeof(unsigned);
  case SHERD__SETTING_SIZE:
  case SHERD__SETTING_BITS:
    return sizeof(uint64_t);
  case SHERD__SETTING_RANGE:
    return sizeof(struct sherd__range);
  case SHERD__SETTING_ADDRESS:
    return sizeof(struct sherd__address);
  case SHERD__SETTING_NAMES:
    return sizeof(struct sherd__names);
  }
  return 0;
}

bool sherd__setting_equals(const struct sherd__setting *row, const struct sherd__run_settings *a,
                           const struct sherd__run_settings *b) {
  const char *at = (const char *)a + row->offset, *bt = (const char *)b + row->offset;
  if (row->type != SHERD__SETTING_TEXT)
    return memcmp(at, bt, size_of(row->type)) == 0;
  const char *a_text, *b_text;
  memcpy(&a_text, at, sizeof a_text);
  memcpy(&b_text, bt, sizeof b_text);
  return a_text && b_text ? strcmp(a_text, b_text) == 0 : a_text == b_text;
}

static void swap_bytes(void *a, void *b, size_t size) {
  char kept[sizeof(struct sherd__names)];
  memcpy(kept, a, size);
  memcpy(a, b, size);
  memcpy(b, kept, size);
}

void sherd__setting_swap(const struct sherd__setting *row, struct sherd__run_settings *a,
                         struct sherd__run_settings *b) {
  size_t index = (size_t)(row - sherd__settings_table);
  swap_bytes((char *)a + row->offset, (char *)b + row->offset, size_of(row->type));
  swap_bytes(&a->origins_[index], &b->origins_[index], sizeof a->origins_[index]);
}

/* --- Showing --- */

/* Three parts of base64 with points between, some 70 bytes: no path, no address and no name is so.
 */
static bool is_like_token(const char *word, size_t len) {
  size_t points = 0;
  for (size_t i = 0; i < len; i++) {
    if (!isalnum((unsigned char)word[i]) && !strchr("-_.", word[i]))
      return false;
    points += word[i] == '.';
  }
  return len >= 50 && points == 2;
}

bool sherd__looks_like_token(const char *text) {
  static const char separators[] = " \t,;=:\"'";
  for (const char *at = text + strspn(text, separators); *at; at += strspn(at, separators)) {
    size_t len = strcspn(at, separators);
    if (is_like_token(at, len))
      return true;
    at += len;
  }
  return false;
}

void sherd__setting_show(const struct sherd__setting *row, const char *text,
                         char out[SHERD__SHOWN_SIZE]) {
  if ((row && row->is_secret) || sherd__looks_like_token(text)) {
    (void)snprintf(out, SHERD__SHOWN_SIZE, "(not shown)");
    return;
  }
  size_t cut = 0;
  (void)snprintf(out, SHERD__SHOWN_SIZE - 4, "%s", text);
  for (char *c = out; *c; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7f)
      *c = '?';
  if (strlen(text) > strlen(out)) {
    /* What is cut ends at a whole character. */
    (void)sherd__utf8_is_valid((const uint8_t *)out, strlen(out), &cut);
    (void)snprintf(out + (cut ? cut : strlen(out)), 4, "...");
  }
}
