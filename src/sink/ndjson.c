#include <sherd/ndjson.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "payload/json.h"

/* A line that is written as far as there is room, and counted beyond. */
struct line {
  char *buf;
  size_t cap;
  size_t len;
};

static void put(struct line *line, const char *text, size_t len) {
  if (line->len < line->cap && len < line->cap - line->len) {
    memcpy(line->buf + line->len, text, len);
    line->buf[line->len + len] = '\0';
  }
  line->len += len;
}

__attribute__((format(printf, 2, 3))) static void putf(struct line *line, const char *format, ...) {
  char text[160];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  put(line, text, (size_t)len);
}

/* A name that Discord has not told us of may hold anything that a JSON string may. */
static void put_name(struct line *line, const char *name) {
  struct sherd_bytes rest = {(const uint8_t *)name, strlen(name)}, part;
  char escape[6];
  while (sherd__json_next_part(&rest, escape, &part))
    put(line, (const char *)part.data, part.len);
}

static void put_disconnected(struct line *line, const struct sherd_event *event) {
  putf(line, "{\"status\":\"%s\",\"close_code\":%u,\"resuming\":%s,\"reconnecting\":%s}",
       sherd_status_name(event->status), (unsigned)event->close_code,
       event->resuming ? "true" : "false", event->reconnecting ? "true" : "false");
}

/* What the shard itself has to say. */
static void put_lifecycle(struct line *line, const struct sherd_event *event) {
  const char *status = sherd_status_name(event->status);
  switch (event->type) {
  case SHERD_EVENT_CONNECTING:
    if (event->resuming)
      putf(line, "{\"resuming\":true,\"last_seq\":%" PRIu64 "}", event->last_seq);
    else
      putf(line, "{\"resuming\":false}");
    break;
  case SHERD_EVENT_DISCONNECTED:
    put_disconnected(line, event);
    break;
  case SHERD_EVENT_SESSION_LOST:
    putf(line, "{\"status\":\"%s\",\"close_code\":%u,\"last_seq\":%" PRIu64 "}", status,
         (unsigned)event->close_code, event->last_seq);
    break;
  case SHERD_EVENT_SEQUENCE_GAP:
    putf(line, "{\"expected_seq\":%" PRIu64 "}", event->expected_seq);
    break;
  case SHERD_EVENT_COMMAND_DROPPED:
    putf(line, "{\"op\":%u,\"status\":\"%s\"}", (unsigned)event->op, status);
    break;
  case SHERD_EVENT_CLOSED:
    putf(line, "{\"status\":\"%s\"}", status);
    break;
  case SHERD_EVENT_RESHARDED:
    putf(line, "{\"shard_count\":%u}", (unsigned)event->op);
    break;
  default: /* a dispatch without `d` */
    put(line, "null", 4);
    break;
  }
}

static enum sherd_status put_data(struct line *line, struct sherd_value data) {
  size_t len = 0;
  bool has_room = line->len < line->cap;
  enum sherd_status status = sherd_value_to_json(data, has_room ? line->buf + line->len : NULL,
                                                 has_room ? line->cap - line->len : 0, &len);
  line->len += len;
  return status == SHERD_ENOSPACE ? SHERD_OK : status;
}

enum sherd_status sherd_event_to_ndjson(const struct sherd_event *event, uint32_t shard_id,
                                        char *buf, size_t cap, size_t *len) {
  if (!event)
    return SHERD_EINVAL;
  struct line line = {buf, cap, 0};
  enum sherd_status status = SHERD_OK;
  putf(&line, "{\"shard\":%u,\"s\":", (unsigned)shard_id);
  if (event->has_seq)
    putf(&line, "%" PRIu64, event->seq);
  else
    put(&line, "null", 4);
  put(&line, ",\"t\":\"", 6);
  put_name(&line, event->name);
  put(&line, "\"", 1);
  if (event->type == SHERD_EVENT_UNKNOWN_OPCODE)
    putf(&line, ",\"op\":%u", (unsigned)event->op);
  put(&line, ",\"d\":", 5);
  if (sherd_value_exists(event->data))
    status = put_data(&line, event->data);
  else
    put_lifecycle(&line, event);
  if (status)
    return status;
  put(&line, "}\n", 2);
  if (len)
    *len = line.len;
  return line.len < cap ? SHERD_OK : SHERD_ENOSPACE;
}
