/* Takes the fleet's events, on its loop threads. */
#include <sherd/ndjson.h>

#include "base/logging.h"
#include "base/mem.h"
#include "sink/relay.h"

/* Lines are written outside of the mutex: most of them fit on the stack. */
#define SCRATCH_BYTES 16384

/* In place of a number: an event of the session is lost, so that none may be marked any more. The
 * next process then has the gateway send again what came since. */
#define BROKEN UINT64_MAX

struct line {
  char *text;
  size_t len;
  char *heap; /* NULL: it is in the scratch */
  enum sherd_status status;
};

static void write_line(struct sherd__relay *relay, const struct sherd_fleet_event *event,
                       char *scratch, struct line *line) {
  const struct sherd_allocator *allocator = relay->config.allocator;
  *line = (struct line){.text = scratch};
  line->status =
      sherd_event_to_ndjson(event->event, event->shard_id, scratch, SCRATCH_BYTES, &line->len);
  if (line->status == SHERD_ENOSPACE) {
    size_t size = line->len + 1;
    line->text = line->heap = sherd__malloc(allocator, size);
    line->status = line->heap ? sherd_event_to_ndjson(event->event, event->shard_id, line->heap,
                                                      size, &line->len)
                              : SHERD_ENOMEM;
  }
  if (line->status)
    line->len = 0;
  if (line->status && line->status != SHERD_ENOMEM)
    sherd__log(&relay->config.log, SHERD_LOG_WARN, event->shard_id, "hub.damaged",
               "event=%s status=%s", event->event->name, sherd_status_name(line->status));
}

/* The tag changes with READY only: it is a costly hash. */
static uint64_t tag_of(struct sherd__mark *row, const struct sherd_fleet_event *event) {
  const char *session = event->session ? event->session->id : event->event->session;
  if (event->event->type == SHERD_EVENT_READY)
    *row = (struct sherd__mark){0};
  if (!row->tag && row->seq != BROKEN && session && session[0])
    row->tag = sherd_session_tag(session);
  return row->tag;
}

static void fail(struct sherd__relay *relay, struct sherd__mark *row) {
  relay->has_failed = true;
  relay->wake_at_bytes = 0;
  if (row)
    *row = (struct sherd__mark){0, BROKEN};
}

static void append(struct sherd__relay *relay, const struct sherd_fleet_event *event,
                   const struct line *line) {
  const struct sherd_event *what = event->event;
  enum sherd_status status = sherd__marks_make(
      &relay->latest, event->set,
      event->shard_count > event->shard_id ? event->shard_count : event->shard_id + 1);
  struct sherd__mark *row = sherd__marks_at(&relay->latest, event->set, event->shard_id);
  if (status || !row) {
    fail(relay, row);
    return;
  }
  struct sherd__record record = {.tag = tag_of(row, event),
                                 .seq = what->seq,
                                 .has_seq = what->has_seq,
                                 .set = event->set,
                                 .shard_id = event->shard_id,
                                 .type = (uint16_t)what->type,
                                 .is_shadow = event->is_shadow};
  if (line->status == SHERD_ENOMEM ||
      sherd__stream_append(&relay->stream, &record,
                           (struct sherd_bytes){(const uint8_t *)line->text, line->len},
                           what->type == SHERD_EVENT_READY ? event->session : NULL)) {
    fail(relay, row);
    return;
  }
  if (what->type == SHERD_EVENT_SESSION_LOST)
    *row = (struct sherd__mark){0};
  else if (what->has_seq && row->tag)
    row->seq = what->seq;
}

static void count(struct sherd__relay *relay, const struct sherd_fleet_event *event,
                  const struct line *line) {
  relay->stats.offered++;
  relay->stats.shadows += event->is_shadow;
  relay->stats.damaged += line->status != SHERD_OK;
  relay->stats.bytes += line->len;
}

void sherd__relay_offer(struct sherd__relay *relay, const struct sherd_fleet_event *event) {
  char scratch[SCRATCH_BYTES];
  struct line line = {0};
  if (!event->is_shadow)
    write_line(relay, event, scratch, &line);

  uv_mutex_lock(&relay->mutex);
  append(relay, event, &line);
  count(relay, event, &line);
  bool holds = !relay->wants_hold && relay->stream.bytes >= relay->hold_at_bytes;
  bool wakes = holds || relay->stream.bytes >= relay->wake_at_bytes;
  if (holds)
    relay->wants_hold = true;
  if (wakes)
    relay->wake_at_bytes = UINT64_MAX;
  uv_mutex_unlock(&relay->mutex);

  sherd__free(relay->config.allocator, line.heap);
  if (holds)
    sherd__relay_apply_hold(relay);
  if (wakes)
    relay->config.wake(relay->config.ctx);
}
