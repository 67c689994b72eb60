#include "cli/log_pairs.h"

#include <ctype.h>
#include <string.h>

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* --- Values --- */

static void put(struct sherd__log_pair *pair, size_t *len, const char *bytes, size_t count) {
  if (count >= sizeof pair->value - *len) {
    pair->is_cut = true;
    return;
  }
  memcpy(pair->value + *len, bytes, count);
  *len += count;
}

/* Takes a character, or one byte of what is none. */
static const char *put_character(struct sherd__log_pair *pair, size_t *len, const char *at) {
  size_t left = strnlen(at, 4), size = 1;
  while (size <= left && !sherd__utf8_is_valid((const uint8_t *)at, size, NULL))
    size++;
  if (size <= left) {
    put(pair, len, at, size);
    return at + size;
  }
  put(pair, len, REPLACEMENT, strlen(REPLACEMENT));
  return at + 1;
}

/* A quote that ends a value has a blank or nothing behind it: texts from elsewhere are not always
 * escaped. */
static bool is_end_quote(const char *at) {
  return *at == '"' && (at[1] == ' ' || !at[1]);
}

static bool has_end_quote(const char *at) {
  for (; *at; at += *at == '\\' && at[1] ? 2 : 1)
    if (is_end_quote(at))
      return true;
  return false;
}

/* Takes what stands behind a backslash. */
static const char *put_escaped(struct sherd__log_pair *pair, size_t *len, const char *at) {
  static const char letters[] = "nrt\"\\", meanings[] = "\n\r\t\"\\";
  const char *letter = *at ? strchr(letters, *at) : NULL;
  if (!letter) {
    put(pair, len, "\\", 1);
    return at;
  }
  put(pair, len, meanings + (letter - letters), 1);
  return at + 1;
}

static const char *read_quoted(struct sherd__log_pair *pair, const char *at) {
  size_t len = 0;
  pair->is_quoted = true;
  while (!is_end_quote(at))
    at = *at == '\\' ? put_escaped(pair, &len, at + 1) : put_character(pair, &len, at);
  pair->value[len] = '\0';
  return at + 1;
}

static const char *read_bare(struct sherd__log_pair *pair, const char *at) {
  size_t len = 0;
  while (*at && *at != ' ')
    at = put_character(pair, &len, at);
  pair->value[len] = '\0';
  return at;
}

/* --- Pairs --- */

static size_t key_len(const char *at) {
  size_t len = 0;
  while (isalnum((unsigned char)at[len]) || (at[len] && strchr("_.-", at[len])))
    len++;
  return len;
}

bool sherd__log_pair_next(const char **text, struct sherd__log_pair *out) {
  const char *at = *text + strspn(*text, " ");
  size_t len = key_len(at);
  *out = (struct sherd__log_pair){.key = ""};
  if (!*at)
    return false;
  if (len && len < sizeof out->key && at[len] == '=') {
    memcpy(out->key, at, len);
    at += len + 1;
  }
  if (*out->key && *at == '"' && has_end_quote(at + 1))
    *text = read_quoted(out, at + 1);
  else
    *text = read_bare(out, at);
  return true;
}
