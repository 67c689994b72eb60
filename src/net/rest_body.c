#include <string.h>
#include <strings.h>

#include <sherd/value.h>

#include "net/rest.h"

#define MS_PER_S 1000.0

/* A day: whatever is over that is as good as never. */
#define RETRY_AFTER_S_MAX 86400.0

static bool read_u32(struct sherd_value object, const char *key, uint32_t least, uint32_t *out) {
  uint64_t number;
  if (sherd_value_as_u64(sherd_value_get(object, key), &number) || number < least ||
      number > UINT32_MAX)
    return false;
  *out = (uint32_t)number;
  return true;
}

static bool read_url(struct sherd_value object, char *out, size_t cap) {
  size_t len;
  return sherd_value_as_str_copy(sherd_value_get(object, "url"), out, cap, &len) == SHERD_OK &&
         strlen(out) == len &&
         (strncasecmp(out, "wss://", 6) == 0 || strncasecmp(out, "ws://", 5) == 0);
}

static const char *find_fault(struct sherd_bytes body, struct sherd_gateway_bot *out) {
  struct sherd_value object;
  if (sherd_value_validate(SHERD_FORMAT_JSON, body.data, body.len, NULL) ||
      sherd_value_open(SHERD_FORMAT_JSON, body.data, body.len, &object))
    return "it is no JSON";
  struct sherd_value limit = sherd_value_get(object, "session_start_limit");
  if (!read_url(object, out->url, sizeof out->url))
    return "url is not as documented";
  if (!read_u32(object, "shards", 1, &out->shards))
    return "shards is not as documented";
  if (!read_u32(limit, "total", 0, &out->total) ||
      !read_u32(limit, "remaining", 0, &out->remaining) ||
      sherd_value_as_u64(sherd_value_get(limit, "reset_after"), &out->reset_after_ms) ||
      !read_u32(limit, "max_concurrency", 1, &out->max_concurrency))
    return "session_start_limit is not as documented";
  return NULL;
}

enum sherd_status sherd__rest_read_body(struct sherd_bytes body, struct sherd_gateway_bot *out,
                                        const char **fault) {
  memset(out, 0, sizeof *out);
  *fault = find_fault(body, out);
  if (!*fault)
    return SHERD_OK;
  memset(out, 0, sizeof *out);
  return SHERD_ERESTBODY;
}

uint64_t sherd__rest_read_retry_after_ms(struct sherd_bytes body) {
  struct sherd_value object;
  double seconds;
  if (sherd_value_open(SHERD_FORMAT_JSON, body.data, body.len, &object) ||
      sherd_value_as_f64(sherd_value_get(object, "retry_after"), &seconds) || !(seconds > 0))
    return 0;
  if (seconds > RETRY_AFTER_S_MAX)
    seconds = RETRY_AFTER_S_MAX;
  return (uint64_t)(seconds * MS_PER_S) + 1; /* rounded up: never too early */
}
