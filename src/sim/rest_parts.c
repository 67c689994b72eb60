#include "sim/rest_parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Takes what stands before `end` off the front, and `end`; false when that is not there. */
static bool take_until(struct sherd_bytes *from, const char *end, struct sherd_bytes *out) {
  size_t skip = strlen(end);
  const uint8_t *at = from->len ? memmem(from->data, from->len, end, skip) : NULL;
  if (!at)
    return false;
  *out = (struct sherd_bytes){from->data, (size_t)(at - from->data)};
  *from = (struct sherd_bytes){at + skip, from->len - out->len - skip};
  return true;
}

static bool begins_with(struct sherd_bytes bytes, const char *text) {
  return bytes.len >= strlen(text) && memcmp(bytes.data, text, strlen(text)) == 0;
}

/* boundary=x, or boundary="x". */
static bool read_boundary(const char *content_type, char out[SHERD__REST_BOUNDARY_MAX + 1]) {
  const char *at = strcasestr(content_type, "boundary=");
  at = at ? at + strlen("boundary=") : "";
  bool is_quoted = *at == '"';
  at += is_quoted;
  size_t len = strcspn(at, is_quoted ? "\"" : "; \t");
  if (!len || len > SHERD__REST_BOUNDARY_MAX)
    return false;
  memcpy(out, at, len);
  out[len] = '\0';
  return true;
}

bool sherd__rest_parts_begin(struct sherd__rest_parts *parts, const char *content_type,
                             struct sherd_bytes body) {
  char boundary[SHERD__REST_BOUNDARY_MAX + 1];
  struct sherd_bytes preamble;
  if (!content_type || strncasecmp(content_type, "multipart/form-data", 19) != 0 ||
      !read_boundary(content_type, boundary))
    return false;
  (void)snprintf(parts->delimiter, sizeof parts->delimiter, "\r\n--%s", boundary);
  parts->rest = body;
  /* The first one may be all that the body begins with. */
  if (begins_with(body, parts->delimiter + 2))
    parts->rest = (struct sherd_bytes){body.data + strlen(parts->delimiter) - 2,
                                       body.len - strlen(parts->delimiter) + 2};
  else if (!take_until(&parts->rest, parts->delimiter, &preamble))
    return false;
  return true;
}

/* The text between the quotes behind `key`, as in ` name="`. */
static struct sherd_bytes parameter(struct sherd_bytes line, const char *key) {
  struct sherd_bytes before, value;
  if (take_until(&line, key, &before) && take_until(&line, "\"", &value))
    return value;
  return (struct sherd_bytes){NULL, 0};
}

static void read_header(struct sherd_bytes line, struct sherd__rest_part *out) {
  static const char disposition[] = "Content-Disposition:", type[] = "Content-Type:";
  const char *text = (const char *)line.data;
  if (line.len > strlen(disposition) && strncasecmp(text, disposition, strlen(disposition)) == 0) {
    out->name = parameter(line, " name=\"");
    out->filename = parameter(line, " filename=\"");
  } else if (line.len > strlen(type) && strncasecmp(text, type, strlen(type)) == 0) {
    out->type = (struct sherd_bytes){line.data + strlen(type), line.len - strlen(type)};
    for (; out->type.len && *out->type.data == ' '; out->type.len--)
      out->type.data++;
  }
}

bool sherd__rest_parts_next(struct sherd__rest_parts *parts, struct sherd__rest_part *out) {
  struct sherd_bytes line;
  *out = (struct sherd__rest_part){0};
  if (begins_with(parts->rest, "--") || !take_until(&parts->rest, "\r\n", &line))
    return false;
  do {
    if (!take_until(&parts->rest, "\r\n", &line))
      return false;
    if (line.len)
      read_header(line, out);
  } while (line.len);
  /* What is empty has its delimiter at once, whose line end is that of the header. */
  if (begins_with(parts->rest, parts->delimiter + 2)) {
    size_t skip = strlen(parts->delimiter) - 2;
    parts->rest = (struct sherd_bytes){parts->rest.data + skip, parts->rest.len - skip};
    return true;
  }
  return take_until(&parts->rest, parts->delimiter, &out->data);
}
