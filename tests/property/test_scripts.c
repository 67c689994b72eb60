/* Random servers, users and times against the engine, and what must hold in every one of them:
 *
 *   - no IDENTIFY without a permit of its own;
 *   - never a 121st payload in any 60 s;
 *   - in each session every sequence number that came is delivered once, in rising order, and each
 *     hole is reported; a RESUME names the session and the last number delivered; a session that is
 *     not continued is reported lost, with that number; one that the server has ended is not
 *     resumed;
 *   - no edge of the state machine outside the table; nothing is said after the end;
 *   - each deadline is met by its tick; no memory is left; the token is in no log.
 *
 * SHERD_SCRIPTS is the number of scripts, SHERD_SEED the first seed: a failure prints the one to
 * run alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/failing_alloc.h"
#include "support/host.h"

#define SCRIPTS_DEFAULT 100000
#define STEPS_MAX       60
#define SENDS_MAX       120

struct model {
  uint64_t dice; /* the script's own random numbers */
  unsigned permits;
  uint64_t sent_ms[SENDS_MAX]; /* of the last 120 payloads */
  uint64_t sent;
  char session[64]; /* "" when there is none */
  char over[64];    /* the last session that the server has ended */
  bool doubted;     /* the session was closed with 4003 or 4005 since it was last up */
  bool has_seq;
  uint64_t last_seq;
  uint64_t gap_seq; /* a hole was reported before this number */
  uint64_t gap_expected;
  uint64_t delivered;
  bool ended;        /* nothing may come until the next start */
  unsigned sessions; /* begun by the server */
  bool spoiled;      /* rubbish on this connection may swallow what follows it */
};

static uint64_t seed;
static uint64_t
    totals[9]; /* what the scripts reached, so that a script that reaches nothing shows */
enum {
  STARTS,
  READIES,
  RESUMES,
  LOSSES,
  GAPS,
  REPEATS,
  FATALS,
  ZOMBIES,
  OVERS
};

static uint64_t roll(struct model *model) {
  uint64_t z = model->dice += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

static unsigned below(struct model *model, unsigned bound) {
  return (unsigned)(roll(model) % bound);
}

#define hold_that(truth)                                                                           \
  do {                                                                                             \
    if (!(truth)) {                                                                                \
      print_error("script with SHERD_SEED=%llu SHERD_SCRIPTS=1\n", (unsigned long long)seed);      \
      fail_msg("%s", #truth);                                                                      \
    }                                                                                              \
  } while (0)

/* --- What must hold --- */

static void check_edge(const char *text) {
  static const char *const edges[] = {"IDLE CONNECTING",
                                      "FATAL CONNECTING",
                                      "AWAIT_RETRY CONNECTING",
                                      "AWAIT_RETRY IDLE",
                                      "CONNECTING AWAIT_UPGRADE",
                                      "CONNECTING AWAIT_RETRY",
                                      "CONNECTING IDLE",
                                      "CONNECTING FATAL",
                                      "AWAIT_UPGRADE AWAIT_HELLO",
                                      "AWAIT_UPGRADE AWAIT_RETRY",
                                      "AWAIT_UPGRADE IDLE",
                                      "AWAIT_UPGRADE FATAL",
                                      "AWAIT_HELLO AWAIT_PERMIT",
                                      "AWAIT_HELLO AWAIT_RESUMED",
                                      "AWAIT_HELLO AWAIT_RETRY",
                                      "AWAIT_HELLO CLOSING",
                                      "AWAIT_HELLO FATAL",
                                      "AWAIT_PERMIT AWAIT_READY",
                                      "AWAIT_PERMIT AWAIT_RETRY",
                                      "AWAIT_PERMIT CLOSING",
                                      "AWAIT_PERMIT FATAL",
                                      "AWAIT_READY ACTIVE",
                                      "AWAIT_READY AWAIT_RETRY",
                                      "AWAIT_READY CLOSING",
                                      "AWAIT_READY FATAL",
                                      "AWAIT_RESUMED ACTIVE",
                                      "AWAIT_RESUMED AWAIT_RETRY",
                                      "AWAIT_RESUMED CLOSING",
                                      "AWAIT_RESUMED FATAL",
                                      "ACTIVE ACTIVE",
                                      "ACTIVE CONNECTING",
                                      "ACTIVE AWAIT_RETRY",
                                      "ACTIVE CLOSING",
                                      "ACTIVE FATAL",
                                      "CLOSING IDLE"};
  char from[32], to[32], edge[80];
  hold_that(sscanf(text, "from=%31s to=%31s", from, to) == 2);
  snprintf(edge, sizeof edge, "%s %s", from, to);
  for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
    if (strcmp(edges[i], edge) == 0)
      return;
  bool is_in_table = false;
  print_error("edge %s\n", edge);
  hold_that(is_in_table);
}

static void on_log(struct host *host, const struct sherd_log_record *record, void *user) {
  (void)host;
  (void)user;
  if (strcmp(record->event, "state") == 0)
    check_edge(record->text);
}

static void on_message(struct host *host, struct sherd_bytes payload, void *user) {
  struct model *model = user;
  struct sherd_value value;
  uint64_t op, seq;
  hold_that(payload.len <= SHERD_COMMAND_BYTES_MAX);
  hold_that(sherd_value_validate(host->format, payload.data, payload.len, NULL) == SHERD_OK);
  hold_that(sherd_value_open(host->format, payload.data, payload.len, &value) == SHERD_OK);
  hold_that(sherd_value_as_u64(sherd_value_get(value, "op"), &op) == SHERD_OK);
  uint64_t *slot = &model->sent_ms[model->sent % SENDS_MAX];
  hold_that(model->sent < SENDS_MAX || host->now_ms - *slot > 60000);
  *slot = host->now_ms;
  model->sent++;
  if (op == 2) {
    hold_that(model->permits > 0);
    model->permits--;
    hold_that(!model->session[0]);
  } else if (op == 6) {
    hold_that(model->has_seq);
    hold_that(strcmp(model->session, model->over) != 0);
    hold_that(sherd_value_equals(sherd_value_path(value, "d.session_id"), model->session));
    hold_that(sherd_value_as_u64(sherd_value_path(value, "d.seq"), &seq) == SHERD_OK);
    hold_that(seq == model->last_seq);
  } else if (op == 1) {
    struct sherd_value d = sherd_value_get(value, "d");
    hold_that(model->has_seq ? sherd_value_as_u64(d, &seq) == SHERD_OK && seq == model->last_seq
                             : sherd_value_type(d) == SHERD_VALUE_NULL);
  } else {
    hold_that(op == 3 || op == 4 || op == 8);
    hold_that(sherd_engine_is_connected(host->engine));
  }
}

static void check_dispatch(struct model *model, const struct sherd_event *event) {
  hold_that(strcmp(event->session, model->session) == 0);
  if (!event->has_seq || (event->type == SHERD_EVENT_RESUMED && event->seq <= model->last_seq))
    return;
  if (model->has_seq) {
    hold_that(event->seq > model->last_seq);
    bool hole = event->seq - model->last_seq > 1;
    hold_that(hole == (model->gap_seq == event->seq));
    hold_that(!hole || model->gap_expected == model->last_seq + 1);
    model->gap_seq = 0;
  }
  model->has_seq = true;
  model->last_seq = event->seq;
  model->delivered++;
}

static void on_event(struct model *model, const struct sherd_event *event) {
  struct sherd_event *kept;
  hold_that(!model->ended);
  hold_that(sherd_event_retain(event, &kept) == SHERD_OK);
  hold_that(strcmp(kept->name, event->name) == 0 && strcmp(kept->session, event->session) == 0);
  hold_that(sherd_value_type(kept->data) == sherd_value_type(event->data));
  sherd_event_release(kept);
  switch (event->type) {
  case SHERD_EVENT_READY:
    hold_that(!model->session[0]);
    snprintf(model->session, sizeof model->session, "%s", event->session);
    model->doubted = false;
    model->has_seq = event->has_seq;
    model->last_seq = event->seq;
    totals[READIES]++;
    break;
  case SHERD_EVENT_SEQUENCE_GAP:
    hold_that(event->expected_seq < event->seq);
    model->gap_seq = event->seq;
    model->gap_expected = event->expected_seq;
    totals[GAPS]++;
    break;
  case SHERD_EVENT_SESSION_LOST:
    hold_that(model->session[0] && strcmp(event->session, model->session) == 0);
    hold_that(!model->has_seq || event->last_seq == model->last_seq);
    hold_that(event->status != SHERD_OK);
    model->session[0] = '\0';
    model->has_seq = false;
    totals[LOSSES]++;
    break;
  case SHERD_EVENT_CLOSED:
    totals[FATALS] += event->status != SHERD_OK;
    break;
  case SHERD_EVENT_DISCONNECTED:
    totals[ZOMBIES] += event->status == SHERD_EZOMBIE;
    hold_that(event->status != SHERD_OK);
    break;
  case SHERD_EVENT_CONNECTING:
  case SHERD_EVENT_COMMAND_DROPPED:
  case SHERD_EVENT_UNKNOWN_OPCODE:
    break;
  case SHERD_EVENT_RESUMED:
    totals[RESUMES]++;
    model->doubted =
        false; /* in ACTIVE too, where it has no such meaning, but nothing is doubted */
    check_dispatch(model, event);
    break;
  default:
    check_dispatch(model, event);
  }
}

static void on_output(struct host *host, const struct sherd_output *out, void *user) {
  struct model *model = user;
  (void)host;
  if (out->type == SHERD_OUTPUT_EVENT) {
    on_event(model, &out->as.event);
  } else if (out->type == SHERD_OUTPUT_SESSION && !sherd_session_is_set(out->as.session)) {
    model->session[0] = '\0'; /* lost, or closed by the user */
    model->has_seq = false;
  } else if (out->type == SHERD_OUTPUT_ENDED) {
    hold_that(!sherd_engine_is_alive(host->engine));
    model->ended = true;
  } else {
    hold_that(!model->ended);
  }
}

/* --- The script --- */

static void say_ready(struct host *host, struct model *model) {
  static const char *const urls[] = {"\"wss://resume.test\"", "null", "\"ws://plain.test\"",
                                     "\"rubbish\""};
  host_sayf(host,
            "{\"t\":\"READY\",\"s\":%u,\"op\":0,\"d\":{\"user\":{\"id\":\"5\"},"
            "\"session_id\":\"s%u\",\"resume_gateway_url\":%s}}",
            below(model, 3), ++model->sessions, urls[below(model, 20) < 17 ? 0 : below(model, 4)]);
}

/* A dispatch; when it must be delivered, it is. */
static void say_dispatch(struct host *host, struct model *model, uint64_t seq) {
  enum sherd_engine_state state = sherd_engine_state(host->engine);
  bool due = (state == SHERD_ENGINE_ACTIVE || state == SHERD_ENGINE_AWAIT_RESUMED) &&
             (!model->has_seq || seq > model->last_seq);
  uint64_t delivered = model->delivered;
  host_sayf(host, "{\"t\":\"MESSAGE_CREATE\",\"s\":%llu,\"op\":0,\"d\":{\"id\":\"%u\"}}",
            (unsigned long long)seq, below(model, 1000));
  hold_that(model->spoiled || model->delivered == delivered + due);
  totals[REPEATS] += !due && state == SHERD_ENGINE_ACTIVE;
}

/* Whether what the server said last ended the connection, and not something before it. */
static bool was_taken(struct host *host, enum sherd_engine_state before, enum sherd_status status,
                      uint16_t close_code) {
  struct sherd_error_info info;
  sherd_engine_last_error(host->engine, &info);
  return before != SHERD_ENGINE_CLOSING && !host->is_open && info.close_code == close_code &&
         (!status || info.status == status);
}

static void end_session(struct model *model, const char *session) {
  if (!*session)
    return;
  snprintf(model->over, sizeof model->over, "%s", session);
  totals[OVERS]++;
}

static void say_invalid_session(struct host *host, struct model *model) {
  static const char *const answers[] = {"{\"op\":9,\"d\":true}", "{\"op\":9,\"d\":false}",
                                        "{\"op\":9}", "{\"op\":9,\"d\":1}"};
  enum sherd_engine_state before = sherd_engine_state(host->engine);
  char session[sizeof model->session];
  memcpy(session, model->session, sizeof session);
  unsigned answer = below(model, 4);
  host_say(host, answers[answer]);
  if (answer && was_taken(host, before, SHERD_EINVALIDSESSION, 0))
    end_session(model, session);
}

static void say_close(struct host *host, struct model *model, uint16_t code) {
  enum sherd_engine_state before = sherd_engine_state(host->engine);
  char session[sizeof model->session];
  memcpy(session, model->session, sizeof session);
  host_close_frame(host, code, "because");
  if (!was_taken(host, before, SHERD_OK, code))
    return;
  bool doubtful = code == 4003 || code == 4005;
  if (code == 4007 || code == 4009 || (doubtful && model->doubted))
    end_session(model, session);
  model->doubted |= doubtful && session[0];
}

static void say_something(struct host *host, struct model *model) {
  static const char *const others[] = {
      "{\"op\":1,\"d\":null}",
      "{\"op\":7,\"d\":null}",
      "{\"op\":11}",
      "{\"op\":99,\"d\":[1,2]}",
      "{\"op\":2,\"d\":{}}",
      "{\"op\":10,\"d\":{\"heartbeat_interval\":0}}",
      "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}",
      "{\"t\":\"RESUMED\",\"s\":null,\"op\":0,\"d\":{}}",
      "{\"t\":\"TYPING_START\",\"s\":null,\"op\":0,\"d\":{}}",
      ("{\"t\":\"RATE_LIMITED\",\"s\":null,\"op\":0,\"d\":{\"opcode\":8,\"retry_after\":3.5,"
       "\"meta\":{\"guild_id\":\"7\"}}}"),
      "{\"op\":0}",
      "{\"op\":",
      "[]",
      "",
      "nonsense",
      "{\"op\":0,\"s\":18446744073709551615,\"t\":\"\\u0041\",\"d\":{}}",
      "{\"op\":4294967296}",
  };
  /* A document that is not whole waits for more in a stream without edges. */
  model->spoiled |= host->compression == SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM;
  host_say(host, others[below(model, sizeof others / sizeof *others)]);
}

static void say_what_is_due(struct host *host, struct model *model) {
  static const unsigned intervals[] = {41250, 41250, 41250, 1000, 50, 1, 4000000};
  switch (sherd_engine_state(host->engine)) {
  case SHERD_ENGINE_AWAIT_HELLO:
    host_sayf(host, "{\"op\":10,\"d\":{\"heartbeat_interval\":%u}}", intervals[below(model, 7)]);
    break;
  case SHERD_ENGINE_AWAIT_READY:
    say_ready(host, model);
    break;
  case SHERD_ENGINE_AWAIT_RESUMED:
    if (below(model, 3))
      say_dispatch(host, model, model->last_seq + 1);
    else if (below(model, 10))
      host_sayf(host, "{\"t\":\"RESUMED\",\"s\":%llu,\"op\":0,\"d\":{}}",
                (unsigned long long)model->last_seq + 1);
    else
      say_ready(host, model);
    break;
  default:
    for (unsigned i = below(model, 4); i && host->is_open; i--)
      host_say(host, "{\"op\":11}");
    if (host->is_open)
      say_dispatch(host, model, model->last_seq + 1 + (below(model, 12) ? 0 : below(model, 5)));
  }
}

static void say_rubbish(struct host *host, struct model *model) {
  uint8_t bytes[64];
  model->spoiled = true;
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)roll(model);
  size_t len = below(model, sizeof bytes);
  if (below(model, 2))
    host_raw(host, bytes, len);
  else
    host_frame(host, below(model, 2) ? SHERD__FRAMES_BINARY : SHERD__FRAMES_TEXT, bytes, len);
}

static void server_step(struct host *host, struct model *model) {
  static const uint16_t codes[] = {1000, 1001, 1011, 3000, 4000, 4001, 4002, 4003, 4003,
                                   4005, 4005, 4006, 4007, 4008, 4009, 4500, 4004, 4014};
  unsigned dice = below(model, 100);
  host->split = below(model, 4) ? 0 : 1 + below(model, 9);
  if (dice < 62)
    say_what_is_due(host, model);
  else if (dice < 65)
    say_invalid_session(host, model);
  else if (dice < 82)
    say_something(host, model);
  else if (dice < 87)
    say_dispatch(host, model, below(model, 20));
  else if (dice < 90)
    host_frame(host, SHERD__FRAMES_PING, "ping", below(model, 5));
  else if (dice < 93)
    say_close(host, model, codes[below(model, sizeof codes / sizeof *codes)]);
  else if (dice < 96)
    host_lose(host, below(model, 2) ? SHERD_ELOST : SHERD_ECONNREFUSED);
  else
    say_rubbish(host, model);
}

static void handshake_step(struct host *host, struct model *model) {
  static const char *const answers[] = {"HTTP/1.1 403 Forbidden\r\n\r\n",
                                        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n", "\r\n\r\n",
                                        "HTTP/1.1 1"};
  unsigned dice = below(model, 100);
  if (!host->is_open) {
    model->spoiled = false;
    if (dice < 85)
      host_open(host);
    else
      host_lose(host, dice < 95 ? SHERD_ECONNREFUSED : SHERD_ETLSCA);
  } else if (dice < 85) {
    host->split = below(model, 3) ? 0 : 1 + below(model, 30);
    host_upgrade(host);
  } else if (dice < 92) {
    const char *answer = answers[below(model, 4)];
    host_raw(host, answer, strlen(answer));
  } else if (dice < 96) {
    host_lose(host, SHERD_ELOST);
  } else {
    host_wait(host, 15000);
  }
}

static void user_step(struct host *host, struct model *model) {
  static const uint64_t waits_ms[] = {0, 1, 10, 900, 5000, 41250, 61000, 700000};
  struct sherd_command commands[] = {
      {.type = SHERD_COMMAND_VOICE_STATE, .guild_id = 7},
      {.type = SHERD_COMMAND_REQUEST_MEMBERS, .guild_id = 7},
      {.type = SHERD_COMMAND_REQUEST_MEMBERS, .guild_id = 8, .as.members = {.limit = 200}},
      {.type = SHERD_COMMAND_PRESENCE, .as.presence = {.afk_is = SHERD_FIELD_VALUE, .afk = true}}};
  unsigned dice = below(model, 100);
  if (dice < 50) {
    host_wait(host, waits_ms[below(model, 8)]);
  } else if (dice < 80) {
    for (unsigned n = below(model, 8) ? 1 : below(model, 200); n; n--)
      host_send(host, &commands[below(model, 4)]);
  } else if (dice < 84) {
    hold_that(sherd_engine_hold(host->engine, below(model, 2), host->now_ms) == SHERD_OK);
    host_drain(host);
  } else if (dice < 87) {
    host_close(host, below(model, 2));
  } else if (dice < 90) {
    enum sherd_status status = sherd_engine_granted(host->engine, host->now_ms);
    hold_that(status == SHERD_OK || status == SHERD_ESTATE);
    if (status == SHERD_OK) {
      hold_that(host->wants_permit);
      host->wants_permit = false;
      model->permits++;
    }
    host_drain(host);
  }
}

static void step(struct host *host, struct model *model) {
  if (host->wants_permit && below(model, 10)) {
    model->permits++;
    host_grant(host);
    hold_that(model->permits <= 1);
  } else if (!sherd_engine_is_alive(host->engine)) {
    model->ended = false;
    totals[STARTS]++;
    host_start(host);
  } else if (!below(model, 4) || !host->has_transport) {
    user_step(host, model);
    if (!host->has_transport)
      host_wait(host, 61000);
  } else if (!host->is_upgraded) {
    handshake_step(host, model);
  } else {
    server_step(host, model);
  }
}

static void run_script(void) {
  static const enum sherd_compression compressions[] = {SHERD_COMPRESSION_NONE,
                                                        SHERD_COMPRESSION_NONE,
                                                        SHERD_COMPRESSION_NONE,
                                                        SHERD_COMPRESSION_NONE,
                                                        SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM,
                                                        SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM,
                                                        SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM};
  struct model model = {.dice = seed};
  struct host host;
  struct sherd__test_alloc memory;
  sherd__test_alloc_init(&memory, 0);
  struct sherd_gateway_config config = host_config();
  config.intents = SHERD_INTENTS_ALL;
  config.compression = compressions[below(&model, 7)];
  if (config.compression != SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM && below(&model, 2))
    config.format = SHERD_FORMAT_ETF;
  config.max_attempts = below(&model, 8) ? 0 : 1 + below(&model, 4);
  config.max_message_bytes = below(&model, 8) ? 0 : 200;
  hold_that(host_init_with(&host, &config, NULL, &memory.allocator) == SHERD_OK);
  host.quiet = true;
  host.dice = (int)below(&model, 256);
  host.on_output = on_output;
  host.on_message = on_message;
  host.on_log = on_log;
  host.user = &model;
  for (unsigned steps = 5 + below(&model, STEPS_MAX); steps; steps--)
    step(&host, &model);
  host_deinit(&host);
  hold_that(memory.live == 0);
}

static uint64_t from_environment(const char *name, uint64_t fallback) {
  const char *text = getenv(name);
  return text && *text ? strtoull(text, NULL, 10) : fallback;
}

static void random_scripts_hold_the_invariants(void **state) {
  (void)state;
  uint64_t first = from_environment("SHERD_SEED", 1);
  uint64_t count = from_environment("SHERD_SCRIPTS", SCRIPTS_DEFAULT);
  for (seed = first; seed < first + count; seed++)
    run_script();
  print_message(
      "%llu scripts: %llu starts, %llu readies, %llu resumes, %llu sessions lost, %llu "
      "holes, %llu repeats, %llu fatal ends, %llu zombies, %llu sessions ended by the server\n",
      (unsigned long long)count, (unsigned long long)totals[STARTS],
      (unsigned long long)totals[READIES], (unsigned long long)totals[RESUMES],
      (unsigned long long)totals[LOSSES], (unsigned long long)totals[GAPS],
      (unsigned long long)totals[REPEATS], (unsigned long long)totals[FATALS],
      (unsigned long long)totals[ZOMBIES], (unsigned long long)totals[OVERS]);
  if (count >= 1000) /* the scripts go everywhere, or they prove little */
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++)
      assert_true(totals[i] > count / 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(random_scripts_hold_the_invariants)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
