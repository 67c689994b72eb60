#include "engine/url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *split_scheme(const char *base, bool *tls) {
  if (strncasecmp(base, "wss://", 6) == 0) {
    *tls = true;
    return base + 6;
  }
  if (strncasecmp(base, "ws://", 5) == 0) {
    *tls = false;
    return base + 5;
  }
  return NULL;
}

static bool is_clean(const char *text) {
  for (; *text; text++)
    if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7F)
      return false;
  return true;
}

static enum sherd_status split_port(const char *at, size_t len, bool tls, uint16_t *out) {
  if (len == 0) {
    *out = tls ? 443 : 80;
    return SHERD_OK;
  }
  uint32_t port = 0;
  for (size_t i = 1; i < len; i++) {
    if (at[i] < '0' || at[i] > '9' || port > 65535)
      return SHERD_EURL;
    port = port * 10 + (uint32_t)(at[i] - '0');
  }
  if (at[0] != ':' || port == 0 || port > 65535)
    return SHERD_EURL;
  *out = (uint16_t)port;
  return SHERD_OK;
}

/* host, host:port, [v6] or [v6]:port. */
static enum sherd_status split_authority(const char *at, size_t len, struct sherd__url *out) {
  const char *host = at;
  size_t host_len = 0;
  const char *rest;
  if (len && at[0] == '[') {
    const char *bracket = memchr(at, ']', len);
    if (!bracket)
      return SHERD_EURL;
    host = at + 1;
    host_len = (size_t)(bracket - host);
    rest = bracket + 1;
  } else {
    const char *colon = memchr(at, ':', len);
    rest = colon ? colon : at + len;
    host_len = (size_t)(rest - at);
  }
  if (host_len == 0 || host_len > SHERD__URL_HOST_MAX || memchr(at, '@', len))
    return SHERD_EURL;
  memcpy(out->host, host, host_len);
  out->host[host_len] = '\0';
  return split_port(rest, (size_t)(at + len - rest), out->tls, &out->port);
}

static bool is_ours(const char *parameter, size_t len) {
  static const char *const names[] = {"v", "encoding", "compress"};
  const char *equals = memchr(parameter, '=', len);
  size_t name_len = equals ? (size_t)(equals - parameter) : len;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strlen(names[i]) == name_len && memcmp(names[i], parameter, name_len) == 0)
      return true;
  return false;
}

static enum sherd_status append(struct sherd__url *out, const char *text, size_t len) {
  size_t have = strlen(out->target);
  if (len > SHERD__URL_TARGET_MAX - have)
    return SHERD_EURL;
  memcpy(out->target + have, text, len);
  out->target[have + len] = '\0';
  return SHERD_OK;
}

static enum sherd_status append_foreign(struct sherd__url *out, const char *query) {
  while (*query) {
    size_t len = strcspn(query, "&");
    if (len && !is_ours(query, len)) {
      enum sherd_status status = append(out, query, len);
      if (!status)
        status = append(out, "&", 1);
      if (status)
        return status;
    }
    query += len + (query[len] == '&');
  }
  return SHERD_OK;
}

static const char *query_of(enum sherd_data_format format, enum sherd_compression compression,
                            char *out, size_t size) {
  const char *compress = "";
  if (compression == SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM)
    compress = "&compress=zlib-stream";
  else if (compression == SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM)
    compress = "&compress=zstd-stream";
  snprintf(out, size, "v=%d&encoding=%s%s", SHERD_GATEWAY_VERSION,
           format == SHERD_FORMAT_ETF ? "etf" : "json", compress);
  return out;
}

enum sherd_status sherd__url_parse(const char *base, enum sherd_data_format format,
                                   enum sherd_compression compression, struct sherd__url *out) {
  *out = (struct sherd__url){0};
  const char *at = split_scheme(base, &out->tls);
  if (!at || !is_clean(at))
    return SHERD_EURL;
  size_t len = strcspn(at, "/?#");
  enum sherd_status status = split_authority(at, len, out);
  if (status)
    return status;
  at += len;
  if (*at != '/' && (status = append(out, "/", 1)))
    return status;
  size_t path = strcspn(at, "?#");
  if ((status = append(out, at, path)) || (status = append(out, "?", 1)))
    return status;
  at += path;
  if (strchr(at, '#')) /* a fragment has no meaning here (RFC 6455 section 3) */
    return SHERD_EURL;
  if (*at == '?' && (status = append_foreign(out, at + 1)))
    return status;
  char query[64];
  query_of(format, compression, query, sizeof query);
  return append(out, query, strlen(query));
}
