/* Cuts a stream of bytes into lines, none of which may be longer than a limit. Pure. */
#ifndef SHERD_SINK_LINES_H
#define SHERD_SINK_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include <sherd/bytes.h>
#include <sherd/status.h>

#include "base/buf.h"

#define SHERD__LINE_BYTES_MAX 65536 /* of a request, without its line feed */

struct sherd__lines {
  struct sherd_buf buf;
  size_t at;     /* of the first line that is not given yet */
  size_t looked; /* so far there is no line feed */
};

void sherd__lines_init(struct sherd__lines *lines, const struct sherd_allocator *allocator);
void sherd__lines_deinit(struct sherd__lines *lines);

/* Adds bytes; lines that were given end with it. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__lines_feed(struct sherd__lines *lines, const void *data, size_t len);

/* The next whole line, without its line feed; false: none yet. Lines of white space are passed
 * over. *status, SHERD_ETOOLONG when what is there is over the limit, is SHERD_OK otherwise.
 * Lifetime: until the next feed. */
bool sherd__lines_next(struct sherd__lines *lines, struct sherd_bytes *out,
                       enum sherd_status *status);

#endif
