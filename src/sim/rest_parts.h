/* The parts of a body of type multipart/form-data: with files, libraries send JSON as one of
 * several. Source: RFC 7578; RFC 2046 section 5.1; Discord's documentation, Reference, Uploading
 * Files. */
#ifndef SHERD_SIM_REST_PARTS_H
#define SHERD_SIM_REST_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <sherd/bytes.h>

#define SHERD__REST_BOUNDARY_MAX 70

struct sherd__rest_parts {
  struct sherd_bytes rest; /* after the delimiter that came last */
  char delimiter[sizeof "\r\n--" + SHERD__REST_BOUNDARY_MAX];
};

/* Borrowed from the body; empty when it has none. */
struct sherd__rest_part {
  struct sherd_bytes name, filename, type, data;
};

/* False when `content_type` (NULL: none) is another, or the body has no part. Lifetime: borrows
 * `body`. */
bool sherd__rest_parts_begin(struct sherd__rest_parts *parts, const char *content_type,
                             struct sherd_bytes body);

/* Gives the next one; false after the last, and where one is not whole. */
bool sherd__rest_parts_next(struct sherd__rest_parts *parts, struct sherd__rest_part *out);

#endif
