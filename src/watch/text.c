#include "watch/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "payload/json.h"

static void put(struct sherd__writing *writing, const void *text, size_t len) {
  if (writing->status == SHERD_OK)
    writing->status = sherd__buf_append(writing->out, text, len);
}

void sherd__write_text(struct sherd__writing *writing, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (len > 0)
    put(writing, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
}

void sherd__write_quoted(struct sherd__writing *writing, const char *text) {
  size_t len = strlen(text);
  put(writing, "\"", 1);
  for (;;) {
    size_t plain = sherd__json_plain_len((const uint8_t *)text, len);
    put(writing, text, plain);
    if (plain == len)
      break;
    char escape[6];
    put(writing, escape, sherd__json_escape((uint8_t)text[plain], escape));
    text += plain + 1;
    len -= plain + 1;
  }
  put(writing, "\"", 1);
}
