#include "net/failure.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <uv.h>

/* A host is cut to this many bytes, so that there is room for the rest. */
#define HOST_SHOWN 80

/* libuv's numbers from here down are not the system's. */
#define NOT_OF_THE_SYSTEM (-3000)

static int os_error(int uv_error) {
#ifdef _WIN32
  (void)uv_error;
  return 0;
#else
  return uv_error < 0 && uv_error > NOT_OF_THE_SYSTEM ? -uv_error : 0;
#endif
}

static void append(struct sherd_error_info *info, const char *before, const char *text,
                   const char *after) {
  size_t len = strlen(info->text);
  snprintf(info->text + len, sizeof info->text - len, "%s%s%s", before, text, after);
}

static void append_place(struct sherd_error_info *info, const char *host, uint16_t port) {
  char place[HOST_SHOWN + 16];
  bool is_bare_v6 = strchr(host, ':') && *host != '[';
  int len = snprintf(place, sizeof place, is_bare_v6 ? "[%.*s]" : "%.*s", HOST_SHOWN, host);
  if (port)
    snprintf(place + len, sizeof place - (size_t)len, ":%u", port);
  for (char *at = place; *at; at++)
    if (*at <= ' ' || *at > '~')
      *at = '?';
  append(info, "", place, "");
}

static void append_details(struct sherd_error_info *info, const struct sherd__failure *failure,
                           const char *before, const char *after) {
  char text[128];
  if (failure->detail && *failure->detail)
    append(info, before, failure->detail, after);
  if (failure->http_status) {
    snprintf(text, sizeof text, "HTTP %u", failure->http_status);
    append(info, before, text, after);
  }
  if (failure->uv_error)
    append(info, before, uv_strerror_r(failure->uv_error, text, sizeof text), after);
}

static void begin(const struct sherd__failure *failure, const struct sherd__route *route,
                  struct sherd_error_info *out) {
  *out = (struct sherd_error_info){
      .status = failure->status,
      .http_status = failure->http_status,
      .os_error = os_error(failure->uv_error),
  };
  append_place(out, route->host, route->port);
  if (route->proxy_host) {
    append(out, " through the proxy ", "", "");
    append_place(out, route->proxy_host, route->proxy_port);
  }
}

void sherd__failure_locate(const struct sherd__failure *failure, const struct sherd__route *route,
                           struct sherd_error_info *out) {
  begin(failure, route, out);
  append_details(out, failure, ": ", "");
}

void sherd__failure_describe(const struct sherd__failure *failure, const struct sherd__route *route,
                             struct sherd_error_info *out) {
  begin(failure, route, out);
  append(out, ": ", sherd_strerror(failure->status), "");
  append_details(out, failure, " (", ")");
}
