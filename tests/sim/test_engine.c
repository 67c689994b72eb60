/* The engine against the simulator, in memory, with one fake clock: what was produced is what
 * comes, event by event, however often the connection is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sherd/engine.h>
#include <sherd/intents.h>
#include <sherd/ndjson.h>

#include "sim/gateway.h"

#define EVENTS_MAX 20000

/* One wire between the two, and what was produced and seen. */
struct wire {
  struct sherd__sim *sim;
  struct sherd__sim_client *client;
  struct sherd_engine *engine;
  uint64_t now_ms;
  uint64_t produced[EVENTS_MAX], seen[EVENTS_MAX]; /* hashes, by sequence number from 1 */
  uint64_t produced_count, seen_count;
  uint32_t connects;
  enum sherd_status ended;
  bool has_ended;
  struct sherd_buf lines; /* NDJSON, when it has an allocator */
};

/* The hash of the JSON that a value is, so that both formats have the same. */
static uint64_t hash_of(struct sherd_value value) {
  size_t len = 0;
  (void)sherd_value_to_json(value, NULL, 0, &len);
  char *text = malloc(len + 1);
  assert_non_null(text);
  assert_int_equal(sherd_value_to_json(value, text, len + 1, NULL), SHERD_OK);
  uint64_t hash = sherd__fnv1a((struct sherd_bytes){(const uint8_t *)text, len});
  free(text);
  return hash;
}

static void note_produced(void *ctx, const struct sherd__sim_produced *it) {
  struct wire *wire = ctx;
  assert_true(it->seq < EVENTS_MAX);
  assert_int_equal(it->seq, ++wire->produced_count);
  struct sherd_value data;
  assert_int_equal(
      sherd_value_open(SHERD_FORMAT_JSON, it->dispatch->data, it->dispatch->len, &data), SHERD_OK);
  wire->produced[it->seq] = hash_of(data);
}

/* Keeps what a program would write of it. */
static void keep_line(struct wire *wire, const struct sherd_event *event) {
  size_t len = 0;
  if (!wire->lines.allocator)
    return;
  (void)sherd_event_to_ndjson(event, 0, NULL, 0, &len);
  assert_int_equal(sherd__buf_reserve(&wire->lines, len + 1), SHERD_OK);
  char *to = (char *)wire->lines.data + wire->lines.len;
  assert_int_equal(sherd_event_to_ndjson(event, 0, to, len + 1, NULL), SHERD_OK);
  wire->lines.len += len;
}

static void note_seen(struct wire *wire, const struct sherd_event *event) {
  keep_line(wire, event);
  if (!event->seq)
    return;
  assert_int_equal(event->seq, ++wire->seen_count);
  wire->seen[event->seq] = hash_of(event->data);
}

static void lose(struct wire *wire) {
  if (wire->client)
    sherd__sim_client_free(wire->client, wire->now_ms);
  wire->client = NULL;
}

/* Says to the engine's host what the engine wants. */
static void obey(struct wire *wire, const struct sherd_output *out) {
  switch (out->type) {
  case SHERD_OUTPUT_CONNECT:
    wire->connects++;
    assert_int_equal(sherd__sim_client_new(wire->sim, wire, wire->now_ms, &wire->client), SHERD_OK);
    assert_int_equal(sherd_engine_opened(wire->engine, wire->now_ms), SHERD_OK);
    break;
  case SHERD_OUTPUT_WRITE:
    if (wire->client)
      sherd__sim_client_feed(wire->client, out->as.write, wire->now_ms);
    break;
  case SHERD_OUTPUT_DISCONNECT:
    lose(wire);
    break;
  case SHERD_OUTPUT_PERMIT:
    (void)sherd_engine_granted(wire->engine, wire->now_ms);
    break;
  case SHERD_OUTPUT_EVENT:
    note_seen(wire, &out->as.event);
    break;
  case SHERD_OUTPUT_ENDED:
    wire->has_ended = true;
    wire->ended = out->as.ended;
    break;
  case SHERD_OUTPUT_PERMIT_CANCEL:
  case SHERD_OUTPUT_SESSION:
    break;
  }
}

static void drain_engine(struct wire *wire) {
  struct sherd_output out;
  while (sherd_engine_next(wire->engine, &out))
    obey(wire, &out);
}

/* Brings the simulator's bytes to the engine, in pieces of a few. */
static void carry(struct wire *wire) {
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  sherd__sim_client_take(wire->client, &out);
  enum sherd__sim_client_state state = sherd__sim_client_state(wire->client);
  for (size_t at = 0, step = 1; at < out.len; at += step, step = step * 7 % 4093 + 1) {
    size_t len = out.len - at < step ? out.len - at : step;
    (void)sherd_engine_feed(wire->engine, (struct sherd_bytes){out.data + at, len}, wire->now_ms);
    drain_engine(wire);
  }
  if (out.len && wire->client)
    carry(wire);
  sherd__buf_deinit(&out);
  if (wire->client && (state == SHERD__SIM_CUT || state == SHERD__SIM_CLOSED)) {
    lose(wire);
    (void)sherd_engine_lost(wire->engine, SHERD_ELOST, NULL, wire->now_ms);
    drain_engine(wire);
  }
}

static void settle(struct wire *wire) {
  drain_engine(wire);
  while (sherd__sim_next_ready(wire->sim))
    if (wire->client)
      carry(wire);
}

static void run_for(struct wire *wire, uint64_t ms) {
  uint64_t end_ms = wire->now_ms + ms;
  settle(wire);
  while (wire->now_ms < end_ms) {
    uint64_t sim_ms = sherd__sim_deadline(wire->sim);
    uint64_t engine_ms = sherd_engine_deadline(wire->engine);
    uint64_t next_ms = sim_ms < engine_ms ? sim_ms : engine_ms;
    if (next_ms > wire->now_ms)
      wire->now_ms = next_ms < end_ms ? next_ms : end_ms;
    sherd__sim_tick(wire->sim, wire->now_ms);
    (void)sherd_engine_tick(wire->engine, wire->now_ms);
    settle(wire);
  }
}

static void open_wire_with(struct wire *wire, const struct sherd__sim_config *sim_config,
                           const struct sherd_gateway_config *engine_config,
                           const struct sherd_engine_host *host) {
  struct sherd__sim_config config = *sim_config;
  *wire = (struct wire){.now_ms = 1000};
  config.produced = note_produced;
  config.produced_ctx = wire;
  assert_int_equal(sherd__sim_new(&config, wire->now_ms, &wire->sim), SHERD_OK);
  assert_int_equal(sherd_engine_new(engine_config, host, &wire->engine), SHERD_OK);
  assert_int_equal(sherd_engine_start(wire->engine, wire->now_ms), SHERD_OK);
}

static void open_wire(struct wire *wire, const struct sherd__sim_config *sim_config,
                      const struct sherd_gateway_config *engine_config) {
  open_wire_with(wire, sim_config, engine_config, NULL);
}

static void close_wire(struct wire *wire) {
  sherd_engine_free(wire->engine);
  lose(wire);
  sherd__sim_free(wire->sim);
}

static struct sherd_gateway_config engine_config(enum sherd_data_format format,
                                                 enum sherd_compression compression) {
  return (struct sherd_gateway_config){
      .format = format,
      .token = SHERD__SIM_TOKEN,
      .gateway_url = "ws://127.0.0.1:80",
      .intents = SHERD_INTENTS_ALL,
      .compression = compression,
  };
}

static struct wire wire;

static void every_compression_brings_every_event_through_cuts(void **state) {
  (void)state;
  static const struct {
    enum sherd_data_format format;
    enum sherd_compression compression;
  } rows[] = {
      {SHERD_FORMAT_JSON, SHERD_COMPRESSION_NONE},
      {SHERD_FORMAT_JSON, SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM},
      {SHERD_FORMAT_JSON, SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM},
      {SHERD_FORMAT_JSON, SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM},
      {SHERD_FORMAT_ETF, SHERD_COMPRESSION_NONE},
      {SHERD_FORMAT_ETF, SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM},
      {SHERD_FORMAT_ETF, SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd_gateway_config config = engine_config(rows[i].format, rows[i].compression);
    struct sherd__sim_config sim = {.seed = 21, .guilds = 4, .rate = 50, .drop_after = 200};
    open_wire(&wire, &sim, &config);
    run_for(&wire, 40000);
    for (int cut = 0; cut < 5; cut++) { /* and cuts that nobody planned */
      lose(&wire);
      (void)sherd_engine_lost(wire.engine, SHERD_ELOST, NULL, wire.now_ms);
      run_for(&wire, 40000);
    }
    assert_int_equal(sherd_engine_state(wire.engine), SHERD_ENGINE_ACTIVE);
    assert_true(wire.seen_count > 8000);
    assert_int_equal(wire.seen_count, wire.produced_count);
    assert_memory_equal(wire.seen, wire.produced, (wire.seen_count + 1) * sizeof *wire.seen);
    assert_int_equal(sherd__sim_stats(wire.sim)->resumes, 6);
    assert_int_equal(sherd__sim_stats(wire.sim)->resumes_elsewhere, 0);
    assert_int_equal(sherd__sim_stats(wire.sim)->drops, 1);
    assert_int_equal(sherd__sim_stats(wire.sim)->sessions, 1);
    close_wire(&wire);
  }
}

/* Dice that always fall alike: the two sessions shall differ in nothing but their format. */
static void roll_sevens(void *ctx, void *out, size_t len) {
  (void)ctx;
  memset(out, 7, len);
}

static void record(enum sherd_data_format format, enum sherd_compression compression,
                   struct sherd_buf *out) {
  struct sherd_gateway_config config = engine_config(format, compression);
  struct sherd_engine_host host = {.random = roll_sevens};
  struct sherd__sim_config sim = {.seed = 33, .guilds = 6, .rate = 60, .drop_after = 300};
  open_wire_with(&wire, &sim, &config, &host);
  sherd__buf_init(&wire.lines, sherd_allocator_default());
  run_for(&wire, 60000);
  assert_true(wire.seen_count > 3000);
  *out = wire.lines;
  close_wire(&wire);
}

static void etf_and_json_give_the_same_lines(void **state) {
  (void)state;
  static const enum sherd_compression compressions[] = {SHERD_COMPRESSION_NONE,
                                                        SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM,
                                                        SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM};
  struct sherd_buf json, etf;
  record(SHERD_FORMAT_JSON, SHERD_COMPRESSION_NONE, &json);
  for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++) {
    record(SHERD_FORMAT_ETF, compressions[i], &etf);
    assert_int_equal(etf.len, json.len);
    assert_memory_equal(etf.data, json.data, json.len);
    sherd__buf_deinit(&etf);
  }
  sherd__buf_deinit(&json);
}

static void an_hour_of_heartbeats_passes(void **state) {
  (void)state;
  struct sherd_gateway_config config = engine_config(SHERD_FORMAT_JSON, SHERD_COMPRESSION_NONE);
  struct sherd__sim_config sim = {.seed = 21};
  open_wire(&wire, &sim, &config);
  run_for(&wire, 3600000);
  assert_int_equal(sherd_engine_state(wire.engine), SHERD_ENGINE_ACTIVE);
  assert_int_equal(wire.connects, 1);
  assert_in_range(sherd__sim_stats(wire.sim)->heartbeats, 86, 88); /* 3600 / 41.25 */
  close_wire(&wire);
}

static void a_close_ends_the_session_at_the_simulator(void **state) {
  (void)state;
  struct sherd_gateway_config config =
      engine_config(SHERD_FORMAT_JSON, SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM);
  struct sherd__sim_config sim = {.seed = 21, .guilds = 2, .rate = 100};
  open_wire(&wire, &sim, &config);
  run_for(&wire, 1000);
  assert_int_equal(sherd_engine_close(wire.engine, false, wire.now_ms), SHERD_OK);
  run_for(&wire, 10000);
  assert_true(wire.has_ended);
  assert_int_equal(wire.ended, SHERD_OK);
  uint64_t produced = wire.produced_count;
  run_for(&wire, 10000); /* nothing is produced for a session that is gone */
  assert_int_equal(wire.produced_count, produced);
  close_wire(&wire);
}

static void a_wrong_token_is_the_end(void **state) {
  (void)state;
  struct sherd_gateway_config config = engine_config(SHERD_FORMAT_JSON, SHERD_COMPRESSION_NONE);
  struct sherd__sim_config sim = {.seed = 21, .token = "another-token"};
  open_wire(&wire, &sim, &config);
  run_for(&wire, 10000);
  assert_true(wire.has_ended);
  assert_int_equal(wire.ended, SHERD_EAUTH);
  assert_int_equal(wire.connects, 1);
  close_wire(&wire);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_compression_brings_every_event_through_cuts),
      cmocka_unit_test(etf_and_json_give_the_same_lines),
      cmocka_unit_test(an_hour_of_heartbeats_passes),
      cmocka_unit_test(a_close_ends_the_session_at_the_simulator),
      cmocka_unit_test(a_wrong_token_is_the_end),
  };
  return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
