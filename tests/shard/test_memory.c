/* Memory: none for an event on the callback path, no copy of its data, all of it given back, and
 * what happens when there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "counting_alloc.h"
#include "support/heap_count.h"
#include "watch.h"

/* Messages come in bursts that one read takes in. (One that is cut by the end of a read is kept
 * until its rest comes, which costs a piece of memory a read.) */
#define SHARDS       2
#define BURSTS       40
#define BURST_EVENTS 50

struct fixture {
  struct watch watch;
  struct counting_alloc alloc;
  struct script_server *server;
  struct sherd_runtime *runtime;
  struct sherd_shard_config config;
};

static void begin(struct fixture *fixture, const struct script_step *script) {
  watch_init(&fixture->watch);
  counting_init(&fixture->alloc);
  fixture->server = script_server_start_one(script);
  struct sherd_runtime_config config = {.allocator = &fixture->alloc.allocator,
                                        .max_concurrency = SHARDS};
  assert_int_equal(sherd_runtime_new(&config, &fixture->runtime), SHERD_OK);
  fixture->config = watch_config(&fixture->watch, fixture->server);
  fixture->config.runtime = fixture->runtime;
}

static void end(struct fixture *fixture) {
  assert_int_equal(sherd_runtime_free(fixture->runtime), SHERD_OK);
  assert_int_equal(atomic_load(&fixture->alloc.live), 0);
  script_server_stop(fixture->server);
  watch_deinit(&fixture->watch);
}

/* --- None per event --- */

/* Where the events' bytes were. */
struct sightings {
  uv_mutex_t mutex;
  uv_cond_t grown;
  unsigned count;
  const uint8_t *lowest, *highest;
  size_t heap; /* what the loop's thread had asked the heap for by then, libuv and all */
};

static void sight(struct watch *watch, struct sherd_shard *shard, const struct sherd_event *event) {
  struct sightings *seen = watch->user;
  struct sherd_bytes raw;
  (void)shard;
  if (event->type != SHERD_EVENT_MESSAGE_CREATE || sherd_value_raw(event->data, &raw) != SHERD_OK)
    return;
  uv_mutex_lock(&seen->mutex);
  if (!seen->lowest || raw.data < seen->lowest)
    seen->lowest = raw.data;
  if (raw.data > seen->highest)
    seen->highest = raw.data;
  seen->count++;
  seen->heap = heap_count();
  uv_cond_broadcast(&seen->grown);
  uv_mutex_unlock(&seen->mutex);
}

/* Returns the heap's requests by then. */
static size_t wait_for(struct sightings *seen, unsigned count) {
  uint64_t deadline_ns = uv_hrtime() + UINT64_C(10000000000);
  uv_mutex_lock(&seen->mutex);
  while (seen->count < count && uv_hrtime() < deadline_ns)
    uv_cond_timedwait(&seen->grown, &seen->mutex, deadline_ns - uv_hrtime());
  unsigned came = seen->count;
  size_t heap = seen->heap;
  uv_mutex_unlock(&seen->mutex);
  assert_int_equal(came, count);
  return heap;
}

/* Every shard gets all the bursts, one after the other, over the same loop. */
static void count_allocations(const struct script_step *script,
                              enum sherd_compression compression) {
  struct fixture f;
  struct sightings seen = {.count = 0};
  struct sherd_shard *shards[SHARDS];
  uv_mutex_init(&seen.mutex);
  uv_cond_init(&seen.grown);
  begin(&f, script);
  f.watch.hook = sight;
  f.watch.user = &seen;
  f.config.gateway.compression = compression;
  f.config.gateway.shard_count = SHARDS;
  for (unsigned i = 0; i < SHARDS; i++) {
    f.config.gateway.shard_id = i;
    shards[i] = watch_shard(&f.config);
    assert_int_equal(sherd_shard_start(shards[i]), SHERD_OK);
  }
  size_t requests = 0, heap = 0, heap_now = 0;
  for (unsigned burst = 1; burst <= BURSTS * SHARDS; burst++) {
    script_server_signal(f.server);
    heap_now = wait_for(&seen, burst * BURST_EVENTS);
    if (burst == 2 * SHARDS) { /* the buffers have their size */
      requests = atomic_load(&f.alloc.requests);
      heap = heap_now;
    }
  }
  assert_int_equal(atomic_load(&f.alloc.requests), requests);
  assert_int_equal(heap_now, heap);
  /* All lay in the loop's one buffer. */
  assert_in_range(seen.highest - seen.lowest, 0, 65536);
  for (unsigned i = 0; i < SHARDS; i++)
    sherd_shard_free(shards[i]);
  end(&f);
  uv_cond_destroy(&seen.grown);
  uv_mutex_destroy(&seen.mutex);
}

/* A day between heartbeats: none is sent meanwhile. */
#define CALM_HELLO SCRIPT_HELLO_MS(86400000)

static void make_plain(struct script_step steps[4 + 2 * BURSTS + 1]) {
  static const struct script_step login[] = {SCRIPT_UPGRADE, CALM_HELLO, SCRIPT_EXPECT(2),
                                             SCRIPT_READY};
  memcpy(steps, login, sizeof login);
  for (unsigned i = 0; i < BURSTS; i++) {
    steps[4 + 2 * i] = (struct script_step)SCRIPT_SIGNAL;
    steps[5 + 2 * i] = (struct script_step)SCRIPT_FLOOD(BURST_EVENTS, "hello");
  }
  steps[4 + 2 * BURSTS] = (struct script_step)SCRIPT_END;
}

static void plain_events_cost_no_allocation(void **state) {
  static struct script_step steps[4 + 2 * BURSTS + 1];
  (void)state;
  make_plain(steps);
  count_allocations(steps, SHERD_COMPRESSION_NONE);
}

/* --- The same, compressed --- */

/* Compresses one message after the other into binary steps. */
struct press {
  enum sherd_compression compression;
  z_stream zlib;
  ZSTD_CCtx *zstd;
  struct script_step *next;
  uint8_t *at, *end;
};

static void press_message(struct press *press, const char *json) {
  size_t room = (size_t)(press->end - press->at), len;
  if (press->compression == SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM) {
    ZSTD_inBuffer in = {json, strlen(json), 0};
    ZSTD_outBuffer out = {press->at, room, 0};
    assert_int_equal(ZSTD_compressStream2(press->zstd, &out, &in, ZSTD_e_flush), 0);
    len = out.pos;
  } else {
    press->zlib.next_in = (Bytef *)(uintptr_t)json;
    press->zlib.avail_in = (uInt)strlen(json);
    press->zlib.next_out = press->at;
    press->zlib.avail_out = (uInt)room;
    if (press->compression == SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM) {
      assert_int_equal(deflate(&press->zlib, Z_FINISH), Z_STREAM_END);
      assert_int_equal(deflateReset(&press->zlib), Z_OK);
    } else {
      assert_int_equal(deflate(&press->zlib, Z_SYNC_FLUSH), Z_OK);
    }
    len = room - press->zlib.avail_out;
  }
  *press->next++ = (struct script_step){SCRIPT_ACT_BINARY, 0, (const char *)press->at, len};
  press->at += len;
}

static void press_script(struct press *press) {
  char json[256];
  uint64_t seq = 1;
  *press->next++ = (struct script_step)SCRIPT_UPGRADE;
  press_message(press, "{\"op\":10,\"d\":{\"heartbeat_interval\":86400000}}");
  *press->next++ = (struct script_step)SCRIPT_EXPECT(2);
  press_message(press, "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"v\":10,\"user\":{\"id\":\"81\"},"
                       "\"guilds\":[],\"session_id\":\"pressed\","
                       "\"resume_gateway_url\":\"ws://127.0.0.1:1\"}}");
  for (unsigned burst = 0; burst < BURSTS; burst++) {
    *press->next++ = (struct script_step)SCRIPT_SIGNAL;
    for (unsigned i = 0; i < BURST_EVENTS; i++) {
      snprintf(json, sizeof json,
               "{\"t\":\"MESSAGE_CREATE\",\"s\":%llu,\"op\":0,\"d\":{\"content\":\"%u\"}}",
               (unsigned long long)++seq, i * burst);
      press_message(press, json);
    }
  }
}

static void count_compressed(enum sherd_compression compression) {
  enum {
    BYTES = 1024 * 1024,
    STEPS = 4 + BURSTS * (1 + BURST_EVENTS) + 1
  };
  struct script_step *steps = calloc(STEPS, sizeof *steps);
  uint8_t *bytes = malloc(BYTES);
  struct press press = {
      .compression = compression, .next = steps, .at = bytes, .end = bytes + BYTES};
  assert_int_equal(deflateInit(&press.zlib, 6), Z_OK);
  press.zstd = ZSTD_createCCtx();
  press_script(&press);
  deflateEnd(&press.zlib);
  ZSTD_freeCCtx(press.zstd);
  count_allocations(steps, compression);
  free(bytes);
  free(steps);
}

static void events_with_zlib_each_cost_no_allocation(void **state) {
  (void)state;
  count_compressed(SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM);
}

static void events_of_a_zlib_stream_cost_no_allocation(void **state) {
  (void)state;
  count_compressed(SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM);
}

static void events_of_a_zstd_stream_cost_no_allocation(void **state) {
  (void)state;
  count_compressed(SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM);
}

/* --- One per event that is pulled --- */

static void pull_burst(struct sherd_shard *shard) {
  struct sherd_event *event;
  for (unsigned i = 0; i < BURST_EVENTS;) {
    assert_int_equal(sherd_shard_next(shard, 10000, &event), SHERD_OK);
    i += event->type == SHERD_EVENT_MESSAGE_CREATE;
    sherd_event_release(event);
  }
}

static void an_event_that_is_pulled_costs_one_block(void **state) {
  static struct script_step steps[4 + 2 * BURSTS + 1];
  struct fixture f;
  (void)state;
  make_plain(steps);
  begin(&f, steps);
  f.config.on_event = NULL;
  struct sherd_shard *shard = watch_shard(&f.config);
  assert_int_equal(sherd_shard_start(shard), SHERD_OK);
  size_t requests = 0;
  for (unsigned burst = 1; burst <= BURSTS; burst++) {
    script_server_signal(f.server);
    pull_burst(shard);
    if (burst == 2)
      requests = atomic_load(&f.alloc.requests);
  }
  assert_int_equal(atomic_load(&f.alloc.requests) - requests, (BURSTS - 2) * BURST_EVENTS);
  sherd_shard_free(shard);
  end(&f);
}

/* --- Without memory --- */

/* An event that cannot be kept for pulling is not lost silently: the run ends, saying so, and the
 * end comes all the same. */
static void an_event_that_cannot_be_kept_ends_the_run(void **state) {
  static const struct script_step large[] = {
      SCRIPT_LOGIN, SCRIPT_SIGNAL, SCRIPT_FLOOD(3, "a rather long text: it is long"), SCRIPT_END};
  struct fixture f;
  struct sherd_event *event;
  (void)state;
  begin(&f, large);
  f.config.on_event = NULL;
  struct sherd_shard *shard = watch_shard(&f.config);
  assert_int_equal(sherd_shard_start(shard), SHERD_OK);
  atomic_store(&f.alloc.refuse_over_bytes, 1); /* none at all */
  script_server_signal(f.server);
  assert_int_equal(sherd_shard_join(shard, 10000), SHERD_ENOMEM);
  struct sherd_error_info error;
  sherd_last_error(shard, &error);
  assert_int_equal(error.status, SHERD_ENOMEM);
  assert_true(strlen(error.text) > 0);
  enum sherd_event_type last = SHERD_EVENT_UNKNOWN;
  enum sherd_status why = SHERD_OK;
  while (sherd_shard_next(shard, SHERD_FOREVER, &event) == SHERD_OK) {
    last = event->type;
    why = event->status;
    sherd_event_release(event);
  }
  assert_int_equal(last, SHERD_EVENT_CLOSED);
  assert_int_equal(why, SHERD_ENOMEM);
  assert_int_equal(sherd_shard_start(shard), SHERD_ENOMEM); /* it cannot keep the next CLOSED */
  assert_int_equal(sherd_shard_start_async(shard, NULL, NULL), SHERD_ENOMEM);
  assert_int_equal(sherd_shard_close_async(shard, NULL, NULL), SHERD_ENOMEM);
  assert_false(sherd_shard_is_alive(shard));
  sherd_shard_free(shard);
  end(&f);
}

/* Every request in turn is refused from some size on: what cannot be made leaves nothing behind. */
static void making_a_shard_without_memory_leaves_nothing(void **state) {
  static const struct script_step nothing[] = {SCRIPT_END};
  struct fixture f;
  struct sherd_shard *shard;
  (void)state;
  begin(&f, nothing);
  f.config.on_event = NULL;
  f.config.proxy = "http://user:password@127.0.0.1:1";
  size_t before = atomic_load(&f.alloc.live);
  enum sherd_status status = SHERD_ENOMEM;
  for (size_t limit = 1; status == SHERD_ENOMEM; limit += 8) {
    assert_in_range(limit, 1, 100000);
    atomic_store(&f.alloc.refuse_over_bytes, limit);
    status = sherd_shard_new(&f.config, &shard);
    if (status == SHERD_ENOMEM) {
      assert_null(shard);
      assert_int_equal(atomic_load(&f.alloc.live), before);
    }
  }
  assert_int_equal(status, SHERD_OK);
  atomic_store(&f.alloc.refuse_over_bytes, 0);
  sherd_shard_free(shard);
  end(&f);
}

static void a_runtime_without_memory_leaves_nothing(void **state) {
  struct counting_alloc alloc;
  struct sherd_runtime *runtime;
  (void)state;
  counting_init(&alloc);
  struct sherd_runtime_config config = {.allocator = &alloc.allocator, .threads = 2};
  enum sherd_status status = SHERD_ENOMEM;
  for (size_t limit = 1; status == SHERD_ENOMEM; limit += limit / 4 + 8) {
    atomic_store(&alloc.refuse_over_bytes, limit);
    status = sherd_runtime_new(&config, &runtime);
    if (status == SHERD_ENOMEM) {
      assert_null(runtime);
      assert_int_equal(atomic_load(&alloc.live), 0);
    }
  }
  assert_int_equal(status, SHERD_OK);
  assert_int_equal(sherd_runtime_free(runtime), SHERD_OK);
  assert_int_equal(atomic_load(&alloc.live), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_events_cost_no_allocation),
      cmocka_unit_test(events_with_zlib_each_cost_no_allocation),
      cmocka_unit_test(events_of_a_zlib_stream_cost_no_allocation),
      cmocka_unit_test(events_of_a_zstd_stream_cost_no_allocation),
      cmocka_unit_test(an_event_that_is_pulled_costs_one_block),
      cmocka_unit_test(an_event_that_cannot_be_kept_ends_the_run),
      cmocka_unit_test(making_a_shard_without_memory_leaves_nothing),
      cmocka_unit_test(a_runtime_without_memory_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
