#include "engine/upgrade.h"

#include <stdio.h>
#include <string.h>

#include <nettle/base64.h>
#include <nettle/sha1.h>

#define KEY_BYTES       16
#define WEBSOCKET_GUID  "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455 section 1.3 */
#define HTTP_VERSION    "HTTP/1."
#define STATUS_SWITCHES 101
#define TLS_ALERT       0x15 /* a record's first byte. Source: RFC 8446 section 5.1 */

_Static_assert(BASE64_ENCODE_RAW_LENGTH(KEY_BYTES) == SHERD__WEBSOCKET_KEY_SIZE, "key size");
_Static_assert(BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) == SHERD__WEBSOCKET_ACCEPT_SIZE,
               "accept size");

void sherd__upgrade_init(struct sherd__upgrade *upgrade, const struct sherd_allocator *allocator) {
  *upgrade = (struct sherd__upgrade){0};
  sherd__buf_init(&upgrade->line, allocator);
}

void sherd__upgrade_deinit(struct sherd__upgrade *upgrade) {
  sherd__buf_deinit(&upgrade->line);
}

void sherd__websocket_accept(const char *key, size_t key_len,
                             char out[SHERD__WEBSOCKET_ACCEPT_SIZE + 1]) {
  struct sha1_ctx sha1;
  uint8_t digest[SHA1_DIGEST_SIZE];
  sha1_init(&sha1);
  sha1_update(&sha1, key_len, (const uint8_t *)key);
  sha1_update(&sha1, strlen(WEBSOCKET_GUID), (const uint8_t *)WEBSOCKET_GUID);
  sha1_digest(&sha1, sizeof digest, digest);
  base64_encode_raw(out, sizeof digest, digest);
  out[SHERD__WEBSOCKET_ACCEPT_SIZE] = '\0';
}

/* --- The request --- */

static enum sherd_status append_texts(struct sherd_buf *out, const char *const *texts,
                                      size_t count) {
  size_t size = 0;
  for (size_t i = 0; i < count; i++)
    size += strlen(texts[i]);
  enum sherd_status status = sherd__buf_reserve(out, size);
  for (size_t i = 0; i < count && !status; i++)
    status = sherd__buf_append(out, texts[i], strlen(texts[i]));
  return status;
}

static void make_key(struct sherd__upgrade *upgrade, const struct sherd__random *random) {
  uint8_t nonce[KEY_BYTES];
  sherd__random_fill(random, nonce, sizeof nonce);
  base64_encode_raw(upgrade->key, sizeof nonce, nonce);
  upgrade->key[SHERD__WEBSOCKET_KEY_SIZE] = '\0';
}

enum sherd_status sherd__upgrade_request(struct sherd__upgrade *upgrade, const char *host,
                                         uint16_t port, bool tls, const char *target,
                                         const struct sherd__random *random,
                                         struct sherd_buf *out) {
  bool is_ipv6 = strchr(host, ':');
  char port_text[sizeof ":65535"] = "";
  if (port != (tls ? 443 : 80))
    snprintf(port_text, sizeof port_text, ":%u", port);
  make_key(upgrade, random);
  const char *const texts[] = {
      "GET ",
      target,
      " HTTP/1.1\r\nHost: ",
      is_ipv6 ? "[" : "",
      host,
      is_ipv6 ? "]" : "",
      port_text,
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ",
      upgrade->key,
      "\r\nSec-WebSocket-Version: 13\r\nUser-Agent: " SHERD__USER_AGENT "\r\n\r\n",
  };
  return append_texts(out, texts, sizeof texts / sizeof *texts);
}

/* --- Texts of a header --- */

static uint8_t lower(uint8_t byte) {
  return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

/* `text` is in lower case. */
static bool equals(struct sherd_bytes bytes, const char *text) {
  if (bytes.len != strlen(text))
    return false;
  for (size_t i = 0; i < bytes.len; i++)
    if (lower(bytes.data[i]) != (uint8_t)text[i])
      return false;
  return true;
}

static bool is_blank(uint8_t byte) {
  return byte == ' ' || byte == '\t';
}

static struct sherd_bytes trim(struct sherd_bytes bytes) {
  while (bytes.len && is_blank(bytes.data[0])) {
    bytes.data++;
    bytes.len--;
  }
  while (bytes.len && is_blank(bytes.data[bytes.len - 1]))
    bytes.len--;
  return bytes;
}

/* Takes what comes before the first `separator`, or all; what is left comes after it. */
static struct sherd_bytes split(struct sherd_bytes *rest, char separator) {
  const uint8_t *at = rest->len ? memchr(rest->data, separator, rest->len) : NULL;
  struct sherd_bytes head = {rest->data, at ? (size_t)(at - rest->data) : rest->len};
  size_t taken = head.len + (at ? 1 : 0);
  if (taken)
    *rest = (struct sherd_bytes){rest->data + taken, rest->len - taken};
  return head;
}

static bool lists(struct sherd_bytes list, const char *token) {
  while (list.len)
    if (equals(trim(split(&list, ',')), token))
      return true;
  return false;
}

/* Source: RFC 9110 section 5.6.2. */
static bool is_token(struct sherd_bytes bytes) {
  for (size_t i = 0; i < bytes.len; i++) {
    uint8_t byte = bytes.data[i];
    bool is_alnum = (byte >= '0' && byte <= '9') || (lower(byte) >= 'a' && lower(byte) <= 'z');
    if (!is_alnum && (byte == 0 || !strchr("!#$%&'*+-.^_`|~", byte)))
      return false;
  }
  return bytes.len > 0;
}

/* Whether there are no control characters but tabs. Source: RFC 9110 section 5.5. */
static bool is_field_text(struct sherd_bytes bytes) {
  for (size_t i = 0; i < bytes.len; i++)
    if ((bytes.data[i] < ' ' && bytes.data[i] != '\t') || bytes.data[i] == 0x7F)
      return false;
  return true;
}

static bool is_digit(uint8_t byte) {
  return byte >= '0' && byte <= '9';
}

/* --- The response --- */

/* HTTP/1.0 is good enough to refuse us with, not to switch protocols. */
static enum sherd_status read_status_line(struct sherd__upgrade *upgrade, struct sherd_bytes line) {
  const uint8_t *at = line.data;
  size_t prefix = strlen(HTTP_VERSION);
  if (line.len < prefix + 5 || memcmp(at, HTTP_VERSION, prefix) != 0 || !is_digit(at[prefix]) ||
      at[prefix + 1] != ' ' || !is_field_text(line))
    return SHERD_EUPGRADEHEADER;
  const uint8_t *code = at + prefix + 2;
  bool ends = line.len == prefix + 5 || code[3] == ' ';
  if (code[0] == '0' || !is_digit(code[0]) || !is_digit(code[1]) || !is_digit(code[2]) || !ends)
    return SHERD_EUPGRADEHEADER;
  upgrade->http_status = (uint16_t)((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
  if (upgrade->http_status != STATUS_SWITCHES)
    return SHERD_EUPGRADE;
  return at[prefix] == '1' ? SHERD_OK : SHERD_EUPGRADEHEADER;
}

static enum sherd_status read_accept(struct sherd__upgrade *upgrade, struct sherd_bytes value) {
  char accept[SHERD__WEBSOCKET_ACCEPT_SIZE + 1];
  if (upgrade->has_accept)
    return SHERD_EUPGRADEHEADER; /* RFC 6455 section 11.3.3: once */
  sherd__websocket_accept(upgrade->key, SHERD__WEBSOCKET_KEY_SIZE, accept);
  if (value.len != SHERD__WEBSOCKET_ACCEPT_SIZE || memcmp(value.data, accept, value.len) != 0)
    return SHERD_EUPGRADEKEY;
  upgrade->has_accept = true;
  return SHERD_OK;
}

static enum sherd_status read_field(struct sherd__upgrade *upgrade, struct sherd_bytes line) {
  size_t line_len = line.len;
  struct sherd_bytes name = split(&line, ':'), value = trim(line);
  /* A name may neither begin nor end with a blank: such a line would be the end of the one before,
   * or a way to smuggle. Source: RFC 9112 sections 5.1, 5.2. */
  if (name.len == line_len || !is_token(name) || !is_field_text(value))
    return SHERD_EUPGRADEHEADER;
  if (equals(name, "upgrade"))
    upgrade->has_upgrade |= lists(value, "websocket");
  else if (equals(name, "connection"))
    upgrade->has_connection |= lists(value, "upgrade");
  else if (equals(name, "sec-websocket-accept"))
    return read_accept(upgrade, value);
  else if (equals(name, "sec-websocket-extensions") || equals(name, "sec-websocket-protocol"))
    return SHERD_EUPGRADEHEADER; /* none was asked for */
  else if (equals(name, "transfer-encoding") ||
           (equals(name, "content-length") && !equals(value, "0")))
    return SHERD_EUPGRADEHEADER; /* a body, which would be taken for frames */
  return SHERD_OK;
}

/* Reads one line with its end; an empty one ends the header. */
static enum sherd_status read_line(struct sherd__upgrade *upgrade, struct sherd_bytes line,
                                   bool *done) {
  if (line.len < 2 || line.data[line.len - 2] != '\r')
    return SHERD_EUPGRADEHEADER;
  line.len -= 2;
  if (!upgrade->http_status)
    return read_status_line(upgrade, line);
  if (line.len)
    return read_field(upgrade, line);
  *done = upgrade->has_upgrade && upgrade->has_connection && upgrade->has_accept;
  return *done ? SHERD_OK : SHERD_EUPGRADEHEADER;
}

/* Keeps a line's beginning until the rest comes. What is no HTTP at all may never end a line, so
 * that is looked for at once. */
static enum sherd_status keep(struct sherd__upgrade *upgrade, struct sherd_bytes piece) {
  enum sherd_status status = sherd__buf_append(&upgrade->line, piece.data, piece.len);
  if (status || upgrade->http_status)
    return status;
  size_t prefix = strlen(HTTP_VERSION);
  size_t len = upgrade->line.len < prefix ? upgrade->line.len : prefix;
  return len && memcmp(upgrade->line.data, HTTP_VERSION, len) != 0 ? SHERD_EUPGRADEHEADER
                                                                   : SHERD_OK;
}

/* Reads the line that `piece` ends. */
static enum sherd_status end_line(struct sherd__upgrade *upgrade, struct sherd_bytes piece,
                                  bool *done) {
  if (upgrade->line.len == 0)
    return read_line(upgrade, piece, done);
  enum sherd_status status = sherd__buf_append(&upgrade->line, piece.data, piece.len);
  if (status)
    return status;
  status = read_line(upgrade, sherd__buf_bytes(&upgrade->line), done);
  upgrade->line.len = 0;
  return status;
}

enum sherd_status sherd__upgrade_feed(struct sherd__upgrade *upgrade, struct sherd_bytes in,
                                      size_t *used, bool *done) {
  enum sherd_status status = SHERD_OK;
  *used = 0;
  *done = false;
  if (in.len && !upgrade->response_bytes)
    upgrade->is_tls = in.data[0] == TLS_ALERT; /* HTTP never begins so */
  while (*used < in.len && !*done && !status) {
    size_t room = SHERD__UPGRADE_BYTES_MAX - upgrade->response_bytes;
    size_t left = in.len - *used;
    const uint8_t *at = in.data + *used;
    const uint8_t *newline = memchr(at, '\n', left < room ? left : room);
    if (!newline && left >= room)
      return SHERD_EUPGRADETOOBIG;
    struct sherd_bytes piece = {at, newline ? (size_t)(newline - at) + 1 : left};
    *used += piece.len;
    upgrade->response_bytes += piece.len;
    status = newline ? end_line(upgrade, piece, done) : keep(upgrade, piece);
  }
  if (*done)
    sherd__buf_deinit(&upgrade->line);
  return status;
}
