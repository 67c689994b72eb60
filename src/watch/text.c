#include "watch/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "payload/format_writer.h"

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
  if (writing->status == SHERD_OK)
    writing->status = sherd__json_put_str(writing->out, text, strlen(text));
}
