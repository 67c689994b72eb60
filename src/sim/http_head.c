#include "sim/http_head.h"

#include <string.h>
#include <strings.h>

#define KEY_SIZE 24

static struct sherd_bytes slice(const uint8_t *from, const uint8_t *to) {
  return (struct sherd_bytes){from, (size_t)(to - from)};
}

static bool is_text(struct sherd_bytes bytes, const char *text) {
  return bytes.len == strlen(text) && strncasecmp((const char *)bytes.data, text, bytes.len) == 0;
}

static struct sherd_bytes trim(struct sherd_bytes bytes) {
  while (bytes.len && (bytes.data[0] == ' ' || bytes.data[0] == '\t')) {
    bytes.data++;
    bytes.len--;
  }
  while (bytes.len && (bytes.data[bytes.len - 1] == ' ' || bytes.data[bytes.len - 1] == '\t'))
    bytes.len--;
  return bytes;
}

/* Takes what stands before `separator`, or all, off the front. */
static struct sherd_bytes take(struct sherd_bytes *from, const char *separator) {
  size_t skip = strlen(separator);
  const uint8_t *at = from->len ? memmem(from->data, from->len, separator, skip) : NULL;
  struct sherd_bytes taken = at ? slice(from->data, at) : *from;
  from->data += at ? taken.len + skip : taken.len;
  from->len -= at ? taken.len + skip : taken.len;
  return taken;
}

/* Whether a comma-separated list has `token`, in any case. */
static bool has_token(struct sherd_bytes list, const char *token) {
  while (list.len)
    if (is_text(trim(take(&list, ",")), token))
      return true;
  return false;
}

size_t sherd__http_head_size(struct sherd_bytes in) {
  const uint8_t *end = in.len ? memmem(in.data, in.len, "\r\n\r\n", 4) : NULL;
  return end ? (size_t)(end - in.data) + 4 : 0;
}

static uint16_t read_port(struct sherd_bytes digits) {
  uint32_t port = 0;
  for (size_t i = 0; i < digits.len && port <= UINT16_MAX; i++) {
    if (digits.data[i] < '0' || digits.data[i] > '9')
      return 0;
    port = port * 10 + (uint32_t)(digits.data[i] - '0');
  }
  return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* "name:port", "[::1]:port" or either without the port. */
static void read_host(struct sherd_bytes value, struct sherd__http_head *out) {
  struct sherd_bytes host, rest = value;
  if (value.len && value.data[0] == '[') {
    rest = slice(value.data + 1, value.data + value.len);
    host = take(&rest, "]");
    (void)take(&rest, ":");
  } else {
    host = take(&rest, ":");
  }
  if (host.len >= SHERD__HTTP_HOST_SIZE)
    host.len = 0;
  if (host.len)
    memcpy(out->host, host.data, host.len);
  out->host[host.len] = '\0';
  out->port = read_port(rest);
}

/* What the headers say together. */
struct headers {
  bool upgrades;   /* Upgrade: websocket */
  bool connection; /* Connection: upgrade */
  bool version;    /* Sec-WebSocket-Version: 13 */
};

static void read_header(struct sherd_bytes line, struct sherd__http_head *out,
                        struct headers *headers) {
  struct sherd_bytes name = take(&line, ":"), value = trim(line);
  if (is_text(name, "Host")) {
    out->authority = value;
    read_host(value, out);
  } else if (is_text(name, "Upgrade"))
    headers->upgrades |= has_token(value, "websocket");
  else if (is_text(name, "Connection"))
    headers->connection |= has_token(value, "upgrade");
  else if (is_text(name, "Sec-WebSocket-Version"))
    headers->version |= is_text(value, "13");
  else if (is_text(name, "Sec-WebSocket-Key"))
    out->key = value;
}

void sherd__http_head_read(struct sherd_bytes head, struct sherd__http_head *out) {
  *out = (struct sherd__http_head){0};
  struct headers headers = {0};
  struct sherd_bytes line = take(&head, "\r\n");
  struct sherd_bytes method = take(&line, " ");
  out->target = take(&line, " ");
  while (head.len)
    read_header(take(&head, "\r\n"), out, &headers);
  out->is_websocket = headers.upgrades;
  out->is_good = headers.upgrades && headers.connection && headers.version &&
                 out->key.len == KEY_SIZE && is_text(method, "GET") && is_text(line, "HTTP/1.1");
}

static bool is_alphanumeric(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z');
}

/* The length of a name, an IPv4 address, or an IPv6 address in its brackets; 0 for anything else.
 * Source: RFC 3986 section 3.2.2, without percent-encoding and later address forms. */
static size_t host_length(struct sherd_bytes in) {
  bool is_ipv6 = in.len && in.data[0] == '[';
  size_t len = is_ipv6;
  while (len < in.len && (is_alphanumeric(in.data[len]) || in.data[len] == '.' ||
                          in.data[len] == (is_ipv6 ? ':' : '-')))
    len++;
  if (!is_ipv6)
    return len;
  return len > 1 && len < in.len && in.data[len] == ']' ? len + 1 : 0;
}

bool sherd__http_authority_is_good(struct sherd_bytes authority) {
  size_t len = host_length(authority);
  if (len == 0 || authority.len >= SHERD__HTTP_HOST_SIZE)
    return false;
  if (len == authority.len)
    return true;
  unsigned port = 0;
  if (authority.data[len++] != ':' || authority.len - len > 5)
    return false;
  for (size_t i = len; i < authority.len; i++) {
    if (authority.data[i] < '0' || authority.data[i] > '9')
      return false;
    port = port * 10 + (unsigned)(authority.data[i] - '0');
  }
  return port > 0 && port <= UINT16_MAX;
}

bool sherd__http_query_is(struct sherd_bytes target, const char *name, const char *value) {
  struct sherd_bytes query = target;
  (void)take(&query, "?");
  while (query.len) {
    struct sherd_bytes pair = take(&query, "&");
    if (is_text(take(&pair, "="), name))
      return !*value || (pair.len == strlen(value) && memcmp(pair.data, value, pair.len) == 0);
  }
  return false;
}
