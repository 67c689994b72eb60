/* What does not go together, and what follows. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sys/un.h>
#include <sysexits.h>

#include <sherd/status.h>

#include "base/mem.h"
#include "cli/settings_load.h"
#include "cli/settings_value.h"
#include "engine/url.h"
#include "net/proxy.h"

#define SOCKET_PATH_MAX (sizeof((struct sockaddr_un *)0)->sun_path - 1)

/* A row is blamed by the place that its value comes from. */
#define COMPLAIN(loading, member, ...) complain(loading, SHERD__ROW(member), __VA_ARGS__)

__attribute__((format(printf, 3, 4))) static void complain(struct sherd__loading *loading,
                                                           size_t row, const char *format, ...) {
  char place[SHERD__PLACE_SIZE], text[SHERD__WHY_SIZE];
  bool is_flag = loading->settings->origins_[row].source == SHERD__FROM_FLAG;
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  sherd__setting_place(loading->settings, row, place);
  sherd__loading_complain(loading, is_flag ? EX_USAGE : EX_CONFIG, "%s: %s", place, text);
}

static bool begins_with(const char *text, const char *start) {
  return strncmp(text, start, strlen(start)) == 0;
}

/* --- The bot, and Discord --- */

static void check_presence(struct sherd__loading *loading) {
  const struct sherd__run_settings *settings = loading->settings;
  bool is_streaming = settings->activity_type == SHERD_ACTIVITY_STREAMING;
  if (!settings->activity && settings->activity_state)
    COMPLAIN(loading, activity_state, "wants an activity too");
  if (!settings->activity && settings->activity_url)
    COMPLAIN(loading, activity_url, "wants an activity too");
  if (settings->activity && settings->activity_url && !is_streaming)
    COMPLAIN(loading, activity_url, "is for activity_type = streaming only");
}

static void check_urls(struct sherd__loading *loading) {
  const struct sherd__run_settings *settings = loading->settings;
  struct sherd__url url;
  struct sherd__proxy proxy;
  if (settings->gateway &&
      sherd__url_parse(settings->gateway, settings->format, settings->compression, &url))
    COMPLAIN(loading, gateway,
             "the gateway wants ws:// or wss://, a host and perhaps a port, as "
             "in wss://gateway.discord.gg");
  if (!begins_with(settings->api, "http://") && !begins_with(settings->api, "https://"))
    COMPLAIN(loading, api, "the API wants http:// or https://, as in %s",
             sherd__settings_table[SHERD__ROW(api)].initial);
  if (settings->proxy && sherd__proxy_parse(settings->proxy, &proxy))
    COMPLAIN(loading, proxy,
             "the proxy wants http://host:port, perhaps with user:password@ before "
             "the host, or none");
  sherd__wipe(&proxy, sizeof proxy);
}

static void check_gateway(struct sherd__loading *loading) {
  const struct sherd__run_settings *settings = loading->settings;
  if (settings->format == SHERD_FORMAT_ETF &&
      settings->compression == SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM)
    COMPLAIN(loading, compression,
             "payload-zlib goes with format = json only; zlib-stream and zstd-stream go with both");
  if (settings->range.is_set && !settings->shards)
    COMPLAIN(loading, range, "a range wants the number of shards that the bot has in all: shards");
  else if (settings->range.is_set && settings->range.last >= settings->shards)
    COMPLAIN(loading, range, "the last shard of %u is %u", (unsigned)settings->shards,
             (unsigned)settings->shards - 1);
}

/* --- Sinks and consumers --- */

static void check_sink(struct sherd__loading *loading) {
  struct sherd__run_settings *settings = loading->settings;
  settings->sink_kind = SHERD__SINK_NONE;
  if (strcmp(settings->sink, "stdout") == 0)
    settings->sink_kind = SHERD__SINK_STDOUT;
  else if (begins_with(settings->sink, "unix:") && settings->sink[strlen("unix:")])
    settings->sink_kind = SHERD__SINK_UNIX;
  else if (begins_with(settings->sink, "nats:"))
    COMPLAIN(loading, sink, "NATS is not in this version; there are stdout, none and unix:PATH");
  else if (strcmp(settings->sink, "none") != 0)
    COMPLAIN(loading, sink, "not one of stdout, none and unix:PATH");
  if (settings->stdout_taken == SHERD__STDOUT_ACKED && !settings->has_stdin)
    COMPLAIN(loading, stdout_taken, "acked wants stdin = on: that is where acknowledgements come");
}

/* Who is blamed is the one that somebody wrote. */
static void check_queues(struct sherd__loading *loading) {
  const struct sherd__run_settings *settings = loading->settings;
  bool is_written = settings->origins_[SHERD__ROW(queue_bytes)].source != SHERD__FROM_DEFAULT;
  if (settings->queue_bytes <= settings->max_queue_bytes)
    return;
  if (is_written)
    COMPLAIN(loading, queue_bytes, "queue is more than max_queue allows");
  else
    COMPLAIN(loading, max_queue_bytes, "max_queue is less than queue, which is %s",
             sherd__settings_table[SHERD__ROW(queue_bytes)].initial);
}

/* The one on standard output is a consumer of its own. */
static void check_consumers(struct sherd__loading *loading) {
  const struct sherd__run_settings *settings = loading->settings;
  uint32_t own = settings->sink_kind == SHERD__SINK_STDOUT;
  for (uint32_t i = 0; i < settings->consumers.count; i++)
    if (strcmp(settings->consumers.names[i], "stdout") == 0)
      COMPLAIN(loading, consumers, "'stdout' is the name of the consumer on standard output");
  if (settings->consumers.count + own > SHERD_STORE_CONSUMERS_MAX)
    COMPLAIN(loading, consumers, "there can be %u names beside standard output",
             (unsigned)(SHERD_STORE_CONSUMERS_MAX - own));
}

/* --- Places: the store and the socket --- */

bool sherd__control_default(char *const *environment, char *out, size_t size) {
  const char *folder = sherd__environment_get(environment, "RUNTIME_DIRECTORY");
  if (!folder)
    folder = sherd__environment_get(environment, "XDG_RUNTIME_DIR");
  int len = folder ? snprintf(out, size, "%s/sherd.sock", folder) : -1;
  return len >= 0 && (size_t)len < size && (size_t)len <= SOCKET_PATH_MAX;
}

static char *keep(struct sherd__loading *loading, const char *text) {
  char *copy = sherd__strdup(loading->settings->allocator_, text);
  if (!copy)
    sherd__loading_complain(loading, EX_OSERR, "out of memory");
  return copy;
}

static void place_store(struct sherd__loading *loading) {
  struct sherd__run_settings *settings = loading->settings;
  const char *folder = sherd__environment_get(loading->sources->environment, "STATE_DIRECTORY");
  char path[4096];
  if (!settings->store) {
    int len = folder ? snprintf(path, sizeof path, "%s/sessions", folder) : -1;
    if (len >= 0 && (size_t)len < sizeof path)
      settings->default_store_ = keep(loading, path);
    settings->store_path = settings->default_store_;
  } else if (begins_with(settings->store, "nats:")) {
    COMPLAIN(loading, store, "NATS is not in this version; give a file, or memory");
  } else if (strcmp(settings->store, "memory") != 0) {
    settings->store_path = settings->store;
  }
}

/* One socket serves consumers and requests alike. */
static void place_socket(struct sherd__loading *loading) {
  struct sherd__run_settings *settings = loading->settings;
  bool is_sink = settings->sink_kind == SHERD__SINK_UNIX;
  const char *sink_path = is_sink ? settings->sink + strlen("unix:") : NULL;
  char path[SOCKET_PATH_MAX + 2];
  settings->socket_path = sink_path;
  if (settings->control && is_sink && strcmp(settings->control, sink_path) != 0)
    COMPLAIN(loading, control,
             "the sink's socket takes requests too; leave control away, or give "
             "it the same path");
  else if (settings->control && strcmp(settings->control, "none") != 0)
    settings->socket_path = settings->control;
  else if (!settings->control && !is_sink &&
           sherd__control_default(loading->sources->environment, path, sizeof path)) {
    settings->socket_path = settings->default_socket_ = keep(loading, path);
    settings->is_socket_default = true;
  }
  if (settings->socket_path && strlen(settings->socket_path) > SOCKET_PATH_MAX)
    complain(loading, is_sink ? SHERD__ROW(sink) : SHERD__ROW(control),
             "the path of a unix socket has at most %zu bytes", SOCKET_PATH_MAX);
}

void sherd__loading_finish(struct sherd__loading *loading) {
  struct sherd__run_settings *settings = loading->settings;
  if (settings->proxy && strcmp(settings->proxy, "none") == 0)
    settings->proxy[0] = '\0';
  settings->token_is_in_environment_ =
      sherd__environment_get(loading->sources->environment, "SHERD_TOKEN") != NULL;
  check_presence(loading);
  check_urls(loading);
  check_gateway(loading);
  check_sink(loading);
  check_queues(loading);
  check_consumers(loading);
  place_store(loading);
  place_socket(loading);
}

const char *sherd__run_settings_token_file(const struct sherd__run_settings *settings) {
  bool is_flag = settings->origins_[SHERD__ROW(token_file)].source == SHERD__FROM_FLAG;
  return is_flag || !settings->token_is_in_environment_ ? settings->token_file : NULL;
}
