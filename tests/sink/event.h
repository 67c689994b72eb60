/* Events of a fleet for tests of the hub. */
#ifndef SHERD_TESTS_SINK_EVENT_H
#define SHERD_TESTS_SINK_EVENT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sherd/fleet.h>

/* What an event points to. It must stay where it was made. */
struct test_event {
  struct sherd_fleet_event fleet;
  struct sherd_event event;
  struct sherd_session session;
};

/* A dispatch of a session, with `json` as its `d`, which must outlive it. */
static inline void test_dispatch(struct test_event *out, enum sherd_event_type type,
                                 uint32_t shard_id, const char *session, uint64_t seq,
                                 const char *json) {
  memset(out, 0, sizeof *out);
  out->event.type = type;
  out->event.name = sherd_event_type_name(type);
  out->event.session = session;
  out->event.seq = seq;
  out->event.has_seq = true;
  (void)sherd_value_open(SHERD_FORMAT_JSON, json, strlen(json), &out->event.data);
  out->fleet.event = &out->event;
  out->fleet.shard_id = shard_id;
  out->fleet.shard_count = 8;
}

/* The READY of a session. */
static inline void test_ready(struct test_event *out, uint32_t shard_id, const char *session,
                              uint64_t seq) {
  test_dispatch(out, SHERD_EVENT_READY, shard_id, session, seq, "{\"v\":10}");
  (void)snprintf(out->session.id, sizeof out->session.id, "%s", session);
  out->session.seq = seq;
  out->session.shard_id = shard_id;
  out->session.shard_count = 8;
  out->session.user_id = 1;
  out->fleet.session = &out->session;
}

/* The end of one. */
static inline void test_lost(struct test_event *out, uint32_t shard_id) {
  memset(out, 0, sizeof *out);
  out->event.type = SHERD_EVENT_SESSION_LOST;
  out->event.name = sherd_event_type_name(SHERD_EVENT_SESSION_LOST);
  out->event.session = "";
  out->event.status = SHERD_EINVALIDSESSION;
  out->fleet.event = &out->event;
  out->fleet.shard_id = shard_id;
  out->fleet.shard_count = 8;
}

#endif
