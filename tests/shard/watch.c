#include "watch.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WAIT_NS UINT64_C(10000000000)

void watch_init(struct watch *watch) {
  memset(watch, 0, sizeof *watch);
  assert_int_equal(uv_mutex_init(&watch->mutex), 0);
  assert_int_equal(uv_cond_init(&watch->changed), 0);
}

void watch_deinit(struct watch *watch) {
  uv_cond_destroy(&watch->changed);
  uv_mutex_destroy(&watch->mutex);
}

void watch_describe(const struct sherd_event *event, char out[WATCH_TEXT]) {
  switch (event->type) {
  case SHERD_EVENT_CONNECTING:
    snprintf(out, WATCH_TEXT, "CONNECTING%s", event->resuming ? " resuming" : "");
    break;
  case SHERD_EVENT_DISCONNECTED:
    snprintf(out, WATCH_TEXT, "DISCONNECTED %s %u%s%s", sherd_status_name(event->status),
             event->close_code, event->reconnecting ? " reconnecting" : "",
             event->resuming ? " resuming" : "");
    break;
  case SHERD_EVENT_SESSION_LOST:
    snprintf(out, WATCH_TEXT, "SESSION_LOST %s last=%llu", sherd_status_name(event->status),
             (unsigned long long)event->last_seq);
    break;
  case SHERD_EVENT_COMMAND_DROPPED:
    snprintf(out, WATCH_TEXT, "COMMAND_DROPPED %u %s", event->op, sherd_status_name(event->status));
    break;
  case SHERD_EVENT_CLOSED:
    snprintf(out, WATCH_TEXT, "CLOSED %s", sherd_status_name(event->status));
    break;
  default:
    snprintf(out, WATCH_TEXT, "%s %llu", event->name, (unsigned long long)event->seq);
    break;
  }
}

static void on_event(struct sherd_shard *shard, const struct sherd_event *event, void *user) {
  struct watch *watch = user;
  uv_mutex_lock(&watch->mutex);
  if (watch->count < WATCH_LINES)
    watch_describe(event, watch->lines[watch->count]);
  watch->count++;
  uv_cond_broadcast(&watch->changed);
  uv_mutex_unlock(&watch->mutex);
  if (watch->hook)
    watch->hook(watch, shard, event);
}

struct sherd_shard_config watch_config(struct watch *watch, const struct script_server *server) {
  return (struct sherd_shard_config){
      .gateway =
          {
              .token = WATCH_TOKEN,
              .gateway_url = server ? script_server_url(server) : NULL,
              .intents = SHERD_INTENT_GUILDS | SHERD_INTENT_GUILD_MESSAGES,
              .close_timeout_ms = 1000,
          },
      .on_event = watch ? on_event : NULL,
      .user = watch,
      .proxy = "",
  };
}

struct sherd_shard *watch_shard(const struct sherd_shard_config *config) {
  struct sherd_shard *shard;
  assert_int_equal(sherd_shard_new(config, &shard), SHERD_OK);
  return shard;
}

static bool begins_with(const char *line, const char *prefix) {
  return strncmp(line, prefix, strlen(prefix)) == 0;
}

static unsigned count(const struct watch *watch, const char *prefix) {
  unsigned found = 0;
  for (unsigned i = 0; i < watch->count && i < WATCH_LINES; i++)
    found += begins_with(watch->lines[i], prefix);
  return found;
}

unsigned watch_count(struct watch *watch, const char *prefix) {
  uv_mutex_lock(&watch->mutex);
  unsigned found = count(watch, prefix);
  uv_mutex_unlock(&watch->mutex);
  return found;
}

bool watch_wait_nth(struct watch *watch, const char *prefix, unsigned n) {
  uint64_t deadline_ns = uv_hrtime() + WAIT_NS;
  uv_mutex_lock(&watch->mutex);
  while (count(watch, prefix) <= n && uv_hrtime() < deadline_ns)
    uv_cond_timedwait(&watch->changed, &watch->mutex, deadline_ns - uv_hrtime());
  bool came = count(watch, prefix) > n;
  uv_mutex_unlock(&watch->mutex);
  return came;
}

bool watch_wait(struct watch *watch, const char *prefix) {
  return watch_wait_nth(watch, prefix, 0);
}

void watch_expect(struct watch *watch, const char *expected) {
  static char all[WATCH_LINES * WATCH_TEXT];
  uv_mutex_lock(&watch->mutex);
  size_t len = 0;
  all[0] = '\0';
  for (unsigned i = 0; i < watch->count && i < WATCH_LINES; i++)
    len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i ? "\n" : "", watch->lines[i]);
  uv_mutex_unlock(&watch->mutex);
  assert_string_equal(all, expected);
}

void watch_done(struct sherd_shard *shard, enum sherd_status status, void *user) {
  struct watch *watch = user;
  (void)shard;
  uv_mutex_lock(&watch->mutex);
  watch->done_count++;
  watch->done_status = status;
  uv_cond_broadcast(&watch->changed);
  uv_mutex_unlock(&watch->mutex);
}

bool watch_wait_done(struct watch *watch, unsigned wanted) {
  uint64_t deadline_ns = uv_hrtime() + WAIT_NS;
  uv_mutex_lock(&watch->mutex);
  while (watch->done_count < wanted && uv_hrtime() < deadline_ns)
    uv_cond_timedwait(&watch->changed, &watch->mutex, deadline_ns - uv_hrtime());
  bool came = watch->done_count >= wanted;
  uv_mutex_unlock(&watch->mutex);
  return came;
}

unsigned watch_open_descriptors(void) {
  unsigned found = 0;
  DIR *directory = opendir("/proc/self/fd");
  assert_non_null(directory);
  while (readdir(directory))
    found++;
  closedir(directory);
  return found;
}
