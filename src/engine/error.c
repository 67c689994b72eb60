#include "engine/error.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static void replace_token(char *text, size_t size, const struct sherd__secret *token) {
  static const char mark[] = "[token]";
  char *at;
  while (token->len && (at = memmem(text, strlen(text), token->text, token->len))) {
    char rest[SHERD_ERROR_TEXT_MAX + 1];
    snprintf(rest, sizeof rest, "%s", at + token->len);
    snprintf(at, size - (size_t)(at - text), "%s%s", mark, rest);
  }
}

static void replace_unprintable(char *text) {
  size_t fault;
  while (!sherd__utf8_is_valid((const uint8_t *)text, strlen(text), &fault))
    text[fault] = '?';
  for (; *text; text++)
    if ((unsigned char)*text < ' ' || *text == 0x7F)
      *text = '?';
    else if ((unsigned char)text[0] == 0xC2 && (unsigned char)text[1] < 0xA0) /* U+0080 to U+009F */
      text[0] = text[1] = '?';
}

void sherd__error_describe(struct sherd_error_info *info, const char *detail,
                           const struct sherd__secret *token) {
  /* Cut after the token is gone: half a token would no longer be recognised. */
  char clean[2 * SHERD_ERROR_TEXT_MAX + 1];
  snprintf(clean, sizeof clean, "%s", detail ? detail : "");
  replace_token(clean, sizeof clean, token);
  replace_unprintable(clean);
  char text[sizeof clean + SHERD_ERROR_TEXT_MAX];
  if (*clean)
    snprintf(text, sizeof text, "%s (%s)", sherd_strerror(info->status), clean);
  else
    snprintf(text, sizeof text, "%s", sherd_strerror(info->status));
  size_t len = strlen(text);
  if (len > SHERD_ERROR_TEXT_MAX)
    len = SHERD_ERROR_TEXT_MAX;
  memcpy(info->text, text, len);
  info->text[len] = '\0';
  replace_unprintable(info->text);
}
