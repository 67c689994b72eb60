#include "net/proxy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include <sherd/version.h>

#include "base/mem.h"

/* --- The request --- */

static enum sherd_status append_login(const struct sherd__proxy *proxy, struct sherd_buf *out) {
  unsigned char base64[(SHERD__PROXY_LOGIN_MAX + 2) / 3 * 4 + 1];
  char line[sizeof base64 + 64];
  if (!*proxy->login)
    return SHERD_OK;
  EVP_EncodeBlock(base64, (const unsigned char *)proxy->login, (int)strlen(proxy->login));
  int len = snprintf(line, sizeof line, "Proxy-Authorization: Basic %s\r\n", (const char *)base64);
  enum sherd_status status = sherd__buf_append(out, line, (size_t)len);
  sherd__wipe(base64, sizeof base64);
  sherd__wipe(line, sizeof line);
  return status;
}

enum sherd_status sherd__proxy_request(const struct sherd__proxy *proxy, const char *host,
                                       uint16_t port, struct sherd_buf *out) {
  char target[SHERD__PROXY_HOST_MAX + 16], head[2 * sizeof target + 64];
  const char *format = strchr(host, ':') ? "[%s]:%u" : "%s:%u";
  snprintf(target, sizeof target, format, host, port);
  int len = snprintf(head, sizeof head, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", target, target);
  static const char tail[] = "User-Agent: sherd/" SHERD_VERSION "\r\n\r\n";
  enum sherd_status status = sherd__buf_append(out, head, (size_t)len);
  if (!status)
    status = append_login(proxy, out);
  if (!status)
    status = sherd__buf_append(out, tail, sizeof tail - 1);
  return status;
}

/* --- The reply --- */

/* Where the digits of the status stand in "HTTP/1.1 200". */
#define CODE_AT  9
#define CODE_END 12

static bool fits_status_line(size_t at, uint8_t byte) {
  static const char pattern[] = "HTTP/1.? ";
  if (at >= CODE_END)
    return byte == ' ' || byte == '\r' || byte == '\n';
  if (at >= CODE_AT || pattern[at] == '?')
    return isdigit(byte) != 0;
  return byte == pattern[at];
}

/* Takes one byte of the status line, up to the one that follows the code. */
static enum sherd_status take_status(struct sherd__proxy_reply *reply, uint8_t byte) {
  size_t at = reply->total - 1;
  if (!fits_status_line(at, byte)) {
    reply->http_status = 0;
    return SHERD_EPROXY;
  }
  if (at >= CODE_AT && at < CODE_END)
    reply->http_status = (uint16_t)(10 * reply->http_status + byte - '0');
  if (at < CODE_END || reply->http_status / 100 == 2)
    return SHERD_EAGAIN;
  return reply->http_status == 407 ? SHERD_EPROXYAUTH : SHERD_EPROXY;
}

static enum sherd_status take(struct sherd__proxy_reply *reply, uint8_t byte) {
  enum sherd_status status = SHERD_EAGAIN;
  if (++reply->total > SHERD__PROXY_REPLY_BYTES_MAX)
    return SHERD_EPROXY;
  if (reply->total <= CODE_END + 1)
    status = take_status(reply, byte);
  if (status != SHERD_EAGAIN)
    return status;
  if (byte == '\n' && !reply->line_has_text)
    return SHERD_OK;
  if (byte != '\r')
    reply->line_has_text = byte != '\n';
  return SHERD_EAGAIN;
}

enum sherd_status sherd__proxy_reply_feed(struct sherd__proxy_reply *reply,
                                          struct sherd_bytes *in) {
  enum sherd_status status = SHERD_EAGAIN;
  while (in->len && status == SHERD_EAGAIN) {
    status = take(reply, *in->data);
    in->data++;
    in->len--;
  }
  return status;
}
