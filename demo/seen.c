#include "seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "say.h"

void seen_init(struct seen *seen, uint32_t id, const char *compression) {
  *seen = (struct seen){.id = id, .compression = compression};
  pthread_mutex_init(&seen->lock, NULL);
}

void seen_deinit(struct seen *seen) {
  free(seen->events);
  pthread_mutex_destroy(&seen->lock);
}

static double thread_cpu_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t fnv1a(struct sherd_bytes bytes) {
  uint64_t hash = UINT64_C(0xCBF29CE484222325);
  for (size_t i = 0; i < bytes.len; i++)
    hash = (hash ^ bytes.data[i]) * UINT64_C(0x100000001B3);
  return hash;
}

static struct seen_event *add(struct seen *seen) {
  if (seen->count == seen->cap) {
    size_t cap = seen->cap ? seen->cap * 2 : 1024;
    struct seen_event *events = realloc(seen->events, cap * sizeof *events);
    if (!events) {
      seen->is_out_of_memory = true;
      return NULL;
    }
    seen->events = events;
    seen->cap = cap;
  }
  return &seen->events[seen->count++];
}

static void take_dispatch(struct seen *seen, const struct sherd_event *event) {
  struct sherd_bytes data = {NULL, 0};
  if (event->has_seq && seen->count) {
    uint64_t last = seen->events[seen->count - 1].seq;
    seen->repeats += event->seq <= last;
    seen->holes += event->seq > last + 1;
  }
  struct seen_event *row = add(seen);
  if (!row)
    return;
  sherd_value_raw(event->data, &data);
  *row = (struct seen_event){.seq = event->seq, .hash = fnv1a(data), .bytes = data.len};
  snprintf(row->name, sizeof row->name, "%s", event->name);
  if (seen->count == 1)
    seen->cpu_begin_s = thread_cpu_s();
  seen->cpu_end_s = thread_cpu_s();
}

static void tell(struct seen *seen, const struct sherd_event *event) {
  switch (event->type) {
  case SHERD_EVENT_READY:
    sherd_value_count(sherd_value_get(event->data, "guilds"), &seen->guilds);
    say_line("shard %u    READY over %s: session %s, %zu guilds", (unsigned)seen->id,
             seen->compression, event->session, seen->guilds);
    break;
  case SHERD_EVENT_DISCONNECTED:
    if (!event->reconnecting)
      break;
    seen->cuts++;
    say_line("shard %u    the connection was cut after event %llu (%s); resuming",
             (unsigned)seen->id,
             (unsigned long long)(seen->count ? seen->events[seen->count - 1].seq : 0),
             sherd_status_name(event->status));
    break;
  case SHERD_EVENT_RESUMED:
    seen->resumes++;
    say_line("shard %u    RESUMED at event %llu, on a new connection", (unsigned)seen->id,
             (unsigned long long)event->seq);
    break;
  case SHERD_EVENT_SESSION_LOST:
    seen->sessions_lost++;
    say_line("shard %u    the session was LOST after event %llu (%s)", (unsigned)seen->id,
             (unsigned long long)event->last_seq, sherd_status_name(event->status));
    break;
  default:
    break;
  }
}

static bool is_dispatch(const struct sherd_event *event) {
  return sherd_value_exists(event->data) && event->op == 0;
}

void seen_on_event(struct sherd_shard *shard, const struct sherd_event *event, void *user) {
  struct seen *seen = user;
  (void)shard;
  pthread_mutex_lock(&seen->lock);
  if (is_dispatch(event))
    take_dispatch(seen, event);
  tell(seen, event);
  pthread_mutex_unlock(&seen->lock);
}

size_t seen_count(struct seen *seen) {
  pthread_mutex_lock(&seen->lock);
  size_t count = seen->count;
  pthread_mutex_unlock(&seen->lock);
  return count;
}

size_t seen_total(struct seen *seen, size_t stream) {
  pthread_mutex_lock(&seen->lock);
  size_t total = 1 + seen->guilds + stream + 1;
  pthread_mutex_unlock(&seen->lock);
  return total;
}
