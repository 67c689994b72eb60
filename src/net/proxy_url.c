/* Which proxy to use: its URL, and the environment. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/proxy.h"

#define PORT_DEFAULT 80

/* A slice of text. */
struct span {
  const char *at;
  size_t len;
};

/* --- The URL --- */

static int hex_value(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  digit = (char)(digit | 0x20);
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Decodes user and password. Without a password there is still a colon (RFC 7617 section 2). */
static enum sherd_status parse_login(struct span text, char *out) {
  size_t len = 0;
  bool has_colon = false;
  for (size_t i = 0; i < text.len; i++) {
    char byte = text.at[i];
    has_colon |= byte == ':';
    if (byte == '%') {
      int high = i + 2 < text.len ? hex_value(text.at[i + 1]) : -1;
      int low = high < 0 ? -1 : hex_value(text.at[i + 2]);
      if (low < 0)
        return SHERD_EINVAL;
      byte = (char)(high * 16 + low);
      i += 2;
    }
    if (iscntrl((unsigned char)byte) || len + 1 >= SHERD__PROXY_LOGIN_MAX)
      return SHERD_EINVAL;
    out[len++] = byte;
  }
  if (!has_colon)
    out[len++] = ':';
  out[len] = '\0';
  return SHERD_OK;
}

static enum sherd_status parse_port(struct span text, uint16_t *out) {
  unsigned long port = 0;
  if (!text.len || text.len > 5)
    return SHERD_EINVAL;
  for (size_t i = 0; i < text.len; i++) {
    if (!isdigit((unsigned char)text.at[i]))
      return SHERD_EINVAL;
    port = 10 * port + (unsigned long)(text.at[i] - '0');
  }
  if (!port || port > UINT16_MAX)
    return SHERD_EINVAL;
  *out = (uint16_t)port;
  return SHERD_OK;
}

/* Cuts host[:port] or [address][:port] in two. A bare address of IPv6 has no port. */
static bool split_port(struct span text, struct span *host, struct span *port) {
  *port = (struct span){NULL, 0};
  if (text.len && *text.at == '[') {
    const char *close = memchr(text.at, ']', text.len);
    if (!close)
      return false;
    *host = (struct span){text.at + 1, (size_t)(close - text.at) - 1};
    size_t rest = text.len - host->len - 2;
    if (rest)
      *port = (struct span){close + 2, rest - 1};
    return !rest || close[1] == ':';
  }
  const char *colon = memchr(text.at, ':', text.len);
  bool has_port = colon && !memchr(colon + 1, ':', text.len - (size_t)(colon + 1 - text.at));
  *host = text;
  if (!has_port)
    return true;
  host->len = (size_t)(colon - text.at);
  *port = (struct span){colon + 1, text.len - host->len - 1};
  return true;
}

static enum sherd_status parse_authority(struct span text, struct sherd__proxy *out) {
  struct span host, port;
  if (!split_port(text, &host, &port) || !host.len || host.len > SHERD__PROXY_HOST_MAX)
    return SHERD_EINVAL;
  for (size_t i = 0; i < host.len; i++)
    if (!isalnum((unsigned char)host.at[i]) && !strchr("-._:%", host.at[i]))
      return SHERD_EINVAL;
  memcpy(out->host, host.at, host.len);
  out->host[host.len] = '\0';
  out->port = PORT_DEFAULT;
  return port.at ? parse_port(port, &out->port) : SHERD_OK;
}

static enum sherd_status parse(const char *url, struct sherd__proxy *out) {
  const char *scheme_end = strstr(url, "://");
  if (scheme_end) {
    if (strncasecmp(url, "http://", 7) != 0)
      return SHERD_EINVAL;
    url = scheme_end + 3;
  }
  struct span text = {url, strcspn(url, "/")};
  if (url[text.len] && url[text.len + 1])
    return SHERD_EINVAL; /* a path */
  const char *at = memrchr(text.at, '@', text.len);
  if (at) {
    enum sherd_status status = parse_login((struct span){url, (size_t)(at - url)}, out->login);
    if (status)
      return status;
    text = (struct span){at + 1, text.len - (size_t)(at + 1 - url)};
  }
  return parse_authority(text, out);
}

enum sherd_status sherd__proxy_parse(const char *url, struct sherd__proxy *out) {
  memset(out, 0, sizeof *out);
  if (!*url)
    return SHERD_OK;
  enum sherd_status status = parse(url, out);
  if (status)
    memset(out, 0, sizeof *out);
  return status;
}

/* --- The environment --- */

static struct span trim_dots(struct span text) {
  while (text.len && *text.at == '.') {
    text.at++;
    text.len--;
  }
  while (text.len && text.at[text.len - 1] == '.')
    text.len--;
  return text;
}

/* Whether `host` is `name` or under it. */
static bool is_under(struct span host, struct span name) {
  if (!name.len || host.len < name.len)
    return false;
  const char *tail = host.at + host.len - name.len;
  if (strncasecmp(tail, name.at, name.len) != 0)
    return false;
  return host.len == name.len || tail[-1] == '.';
}

static bool entry_names(struct span entry, struct span host, uint16_t port) {
  struct span name, digits;
  uint16_t only = port;
  if (!split_port(entry, &name, &digits) || (digits.at && parse_port(digits, &only)))
    return false;
  return only == port && is_under(host, trim_dots(name));
}

bool sherd__proxy_is_exempt(const char *list, const char *host, uint16_t port) {
  static const char separators[] = ", \t";
  struct span target = trim_dots((struct span){host, strlen(host)});
  for (;;) {
    list += strspn(list, separators);
    struct span entry = {list, strcspn(list, separators)};
    if (!entry.len)
      return false;
    if ((entry.len == 1 && *entry.at == '*') || entry_names(entry, target, port))
      return true;
    list += entry.len;
  }
}

static const char *look_up(char *(*get)(const char *name), const char *name, const char *other) {
  const char *value = get(name);
  return (!value || !*value) && other ? get(other) : value;
}

enum sherd_status sherd__proxy_choose(const char *proxy, char *(*get)(const char *name),
                                      const char *host, uint16_t port, bool tls,
                                      struct sherd__proxy *out) {
  if (!proxy) {
    proxy = tls ? look_up(get, "https_proxy", "HTTPS_PROXY") : look_up(get, "http_proxy", NULL);
    const char *exempt = look_up(get, "no_proxy", "NO_PROXY");
    if (!proxy || (exempt && sherd__proxy_is_exempt(exempt, host, port)))
      proxy = "";
  }
  return sherd__proxy_parse(proxy, out);
}
