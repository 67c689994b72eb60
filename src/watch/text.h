/* Text that is written piece by piece; a failure is remembered, and shows in the end. */
#ifndef SHERD_WATCH_TEXT_H
#define SHERD_WATCH_TEXT_H

#include "base/buf.h"

struct sherd__writing {
  struct sherd_buf *out;
  enum sherd_status status;
};

/* At most 511 bytes a call: names, numbers, sentences. */
__attribute__((format(printf, 2, 3))) void sherd__write_text(struct sherd__writing *writing,
                                                             const char *format, ...);

/* A JSON string with its quotes; also right between the quotes of a Prometheus label. */
void sherd__write_quoted(struct sherd__writing *writing, const char *text);

#endif
