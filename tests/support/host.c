#include "support/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "engine/upgrade.h"
#include "payload/writer.h"

#define READY_JSON                                                                                 \
  "{\"t\":\"READY\",\"s\":%u,\"op\":0,\"d\":{\"v\":10,\"user\":{\"id\":\"1434837005107331073\"},"  \
  "\"session_id\":\"session-%u\",\"resume_gateway_url\":\"wss://resume.test\",\"guilds\":[]}}"

struct sherd_gateway_config host_config(void) {
  return (struct sherd_gateway_config){.token = HOST_TOKEN,
                                       .gateway_url = "wss://gateway.test",
                                       .intents = 513,
                                       .os = "test",
                                       .browser = "test",
                                       .device = "test"};
}

static void random_bytes(void *ctx, void *out, size_t len) {
  const struct host *host = ctx;
  memset(out, host->dice, len);
}

static void take_log(void *user, const struct sherd_log_record *record) {
  struct host *host = user;
  if (host->on_log)
    host->on_log(host, record, host->user);
  if (strstr(record->text, HOST_TOKEN))
    host->tokens_seen_in_logs++;
}

enum sherd_status host_init_with(struct host *host, const struct sherd_gateway_config *config,
                                 struct sherd_scratch *scratch,
                                 const struct sherd_allocator *allocator) {
  *host = (struct host){.dice = 0xFF, .compression = config->compression, .format = config->format};
  sherd__buf_init(&host->lines, sherd_allocator_default());
  struct sherd_engine_host services = {.allocator = allocator,
                                       .scratch = scratch,
                                       .random = random_bytes,
                                       .random_ctx = host,
                                       .log = {take_log, host, SHERD_LOG_DEBUG}};
  return sherd_engine_new(config, &services, &host->engine);
}

void host_init(struct host *host, const struct sherd_gateway_config *config) {
  assert_int_equal(host_init_with(host, config, NULL, NULL), SHERD_OK);
}

static void forget_wire(struct host *host) {
  sherd__frames_free(host->server);
  host->server = NULL;
  if (host->compression == SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM)
    ZSTD_freeCCtx(host->compressor);
  else if (host->compressor) {
    deflateEnd(host->compressor);
    free(host->compressor);
  }
  host->compressor = NULL;
  host->has_transport = host->is_open = host->is_upgraded = false;
}

void host_deinit(struct host *host) {
  forget_wire(host);
  assert_int_equal(host->tokens_seen_in_logs, 0);
  sherd_engine_free(host->engine);
  sherd__buf_deinit(&host->lines);
}

/* --- The transcript --- */

__attribute__((format(printf, 2, 3))) static void note(struct host *host, const char *format, ...) {
  if (host->quiet)
    return;
  va_list args;
  va_start(args, format);
  char *line = NULL;
  assert_true(vasprintf(&line, format, args) >= 0);
  va_end(args);
  assert_int_equal(sherd__buf_append(&host->lines, line, strlen(line) + 1), SHERD_OK);
  free(line);
}

static const char *next_line(struct host *host) {
  if (host->next_line >= host->lines.len)
    return NULL;
  const char *line = (const char *)host->lines.data + host->next_line;
  host->next_line += strlen(line) + 1;
  return line;
}

static bool matches(const char *line, const char *expected) {
  size_t len = strlen(expected);
  if (len && expected[len - 1] == '*')
    return strncmp(line, expected, len - 1) == 0;
  return strcmp(line, expected) == 0;
}

void host_expect(struct host *host, const char *expected, const char *file, int line) {
  const char *got = next_line(host);
  if (got && matches(got, expected))
    return;
  print_error("expected: %s\n     got: %s\n", expected, got ? got : "(nothing)");
  while ((got = next_line(host)))
    print_error("    then: %s\n", got);
  _fail(file, line);
}

void host_expect_silence(struct host *host, const char *file, int line) {
  const char *got = next_line(host);
  if (!got)
    return;
  print_error("expected silence\n     got: %s\n", got);
  _fail(file, line);
}

void host_skip(struct host *host) {
  host->next_line = host->lines.len = 0;
}

const char *host_find(struct host *host, const char *prefix) {
  size_t start = host->next_line;
  const char *line;
  while ((line = next_line(host)) && strncmp(line, prefix, strlen(prefix)) != 0)
    ;
  host->next_line = start;
  return line;
}

size_t host_count(struct host *host, const char *prefix) {
  size_t count = 0;
  size_t start = host->next_line;
  for (const char *line; (line = next_line(host));)
    count += strncmp(line, prefix, strlen(prefix)) == 0;
  host->next_line = start;
  return count;
}

bool host_saw(struct host *host, const char *prefix) {
  return host_find(host, prefix) != NULL;
}

/* --- What the engine gives out --- */

static void note_event(struct host *host, const struct sherd_event *event) {
  switch (event->type) {
  case SHERD_EVENT_DISCONNECTED:
    note(host, "event DISCONNECTED %s %u%s%s", sherd_status_name(event->status),
         (unsigned)event->close_code, event->resuming ? " resuming" : "",
         event->reconnecting ? " reconnecting" : "");
    break;
  case SHERD_EVENT_SESSION_LOST:
    assert_true(event->session[0]);
    note(host, "event SESSION_LOST %s %u last=%llu", sherd_status_name(event->status),
         (unsigned)event->close_code, (unsigned long long)event->last_seq);
    break;
  case SHERD_EVENT_SEQUENCE_GAP:
    note(host, "event SEQUENCE_GAP %llu missing=%llu", (unsigned long long)event->seq,
         (unsigned long long)event->expected_seq);
    break;
  case SHERD_EVENT_COMMAND_DROPPED:
    note(host, "event COMMAND_DROPPED %u %s", (unsigned)event->op,
         sherd_status_name(event->status));
    break;
  case SHERD_EVENT_UNKNOWN_OPCODE:
    note(host, "event UNKNOWN_OPCODE %u", (unsigned)event->op);
    break;
  case SHERD_EVENT_CLOSED:
    note(host, "event CLOSED %s", sherd_status_name(event->status));
    break;
  case SHERD_EVENT_CONNECTING:
    note(host, "event CONNECTING%s", event->resuming ? " resuming" : "");
    break;
  default:
    if (event->has_seq)
      note(host, "event %s %llu", event->name, (unsigned long long)event->seq);
    else
      note(host, "event %s -", event->name);
  }
}

static void note_message(struct host *host, const struct sherd_buf *message) {
  struct sherd_value value;
  char json[SHERD_COMMAND_BYTES_MAX * 2];
  assert_true(message->len <= SHERD_COMMAND_BYTES_MAX);
  assert_int_equal(sherd_value_validate(host->format, message->data, message->len, NULL), SHERD_OK);
  assert_int_equal(sherd_value_open(host->format, message->data, message->len, &value), SHERD_OK);
  assert_int_equal(sherd_value_to_json(value, json, sizeof json, NULL), SHERD_OK);
  note(host, "send %s", json);
}

static void take_http(struct host *host, struct sherd_bytes written) {
  char *request = strndup((const char *)written.data, written.len);
  char target[1024];
  assert_int_equal(sscanf(request, "GET %1023s HTTP/1.1\r\n", target), 1);
  const char *key = strcasestr(request, "Sec-WebSocket-Key: ");
  assert_non_null(key);
  assert_int_equal(sscanf(key + 19, "%31[^\r]", host->key), 1);
  note(host, "http GET %s", target);
  free(request);
}

static void take_frames(struct host *host, struct sherd_bytes written) {
  struct sherd_buf message;
  sherd__buf_init(&message, sherd_allocator_default());
  sherd__frames_input(host->server, written);
  struct sherd__frame_part part;
  do {
    assert_int_equal(sherd__frames_next(host->server, &part), SHERD_OK);
    if (part.kind == SHERD__FRAME_DATA) {
      assert_int_equal(part.is_text, host->format == SHERD_FORMAT_JSON);
      assert_int_equal(sherd__buf_append(&message, part.data.data, part.data.len), SHERD_OK);
      if (part.is_last && host->on_message)
        host->on_message(host, sherd__buf_bytes(&message), host->user);
      if (part.is_last && !host->quiet)
        note_message(host, &message);
      if (part.is_last)
        message.len = 0;
    } else if (part.kind == SHERD__FRAME_CLOSE) {
      note(host, "close %u", (unsigned)part.close_code);
    } else if (part.kind == SHERD__FRAME_PONG) {
      note(host, "pong %.*s", (int)part.data.len, (const char *)part.data.data);
    }
  } while (part.kind != SHERD__FRAME_NONE);
  sherd__buf_deinit(&message);
}

static void take_output(struct host *host, const struct sherd_output *out) {
  switch (out->type) {
  case SHERD_OUTPUT_CONNECT:
    assert_false(host->has_transport);
    host->has_transport = true;
    note(host, "connect %s:%u%s", out->as.connect.host, (unsigned)out->as.connect.port,
         out->as.connect.tls ? " tls" : "");
    break;
  case SHERD_OUTPUT_WRITE:
    assert_true(host->is_open);
    if (host->server)
      take_frames(host, out->as.write);
    else
      take_http(host, out->as.write);
    break;
  case SHERD_OUTPUT_DISCONNECT:
    assert_true(host->has_transport);
    forget_wire(host);
    note(host, "disconnect");
    break;
  case SHERD_OUTPUT_PERMIT:
    assert_false(host->wants_permit);
    host->wants_permit = true;
    note(host, "permit");
    break;
  case SHERD_OUTPUT_PERMIT_CANCEL:
    assert_true(host->wants_permit);
    host->wants_permit = false;
    note(host, "cancel");
    break;
  case SHERD_OUTPUT_EVENT:
    note_event(host, &out->as.event);
    break;
  case SHERD_OUTPUT_SESSION:
    if (sherd_session_is_set(out->as.session))
      note(host, "session %s seq=%llu", out->as.session->id,
           (unsigned long long)out->as.session->seq);
    else
      note(host, "session none");
    break;
  case SHERD_OUTPUT_ENDED:
    note(host, "ended %s", sherd_status_name(out->as.ended));
    break;
  }
}

void host_drain(struct host *host) {
  struct sherd_output out;
  while (sherd_engine_next(host->engine, &out)) {
    if (host->on_output)
      host->on_output(host, &out, host->user);
    take_output(host, &out);
    if (host->wants_permit && host->grants_at_once) {
      host->wants_permit = false;
      assert_int_equal(sherd_engine_granted(host->engine, host->now_ms), SHERD_OK);
    }
  }
}

/* --- Calls --- */

void host_start(struct host *host) {
  assert_int_equal(sherd_engine_start(host->engine, host->now_ms), SHERD_OK);
  host_drain(host);
}

void host_close(struct host *host, bool resumable) {
  assert_int_equal(sherd_engine_close(host->engine, resumable, host->now_ms), SHERD_OK);
  host_drain(host);
}

void host_open(struct host *host) {
  assert_true(host->has_transport);
  host->is_open = true;
  assert_int_equal(sherd_engine_opened(host->engine, host->now_ms), SHERD_OK);
  host_drain(host);
}

void host_lose(struct host *host, enum sherd_status why) {
  forget_wire(host);
  assert_int_equal(sherd_engine_lost(host->engine, why, NULL, host->now_ms), SHERD_OK);
  host_drain(host);
}

void host_grant(struct host *host) {
  assert_true(host->wants_permit);
  host->wants_permit = false;
  assert_int_equal(sherd_engine_granted(host->engine, host->now_ms), SHERD_OK);
  host_drain(host);
}

enum sherd_status host_send(struct host *host, const struct sherd_command *command) {
  enum sherd_status status = sherd_engine_send(host->engine, command, host->now_ms);
  host_drain(host);
  return status;
}

void host_wait_until(struct host *host, uint64_t now_ms) {
  for (;;) {
    uint64_t deadline_ms = sherd_engine_deadline(host->engine);
    if (deadline_ms > now_ms)
      break;
    if (deadline_ms > host->now_ms)
      host->now_ms = deadline_ms;
    assert_int_equal(sherd_engine_tick(host->engine, host->now_ms), SHERD_OK);
    host_drain(host);
    /* A deadline that is not met by its tick would be a busy loop in a real host. */
    assert_true(sherd_engine_deadline(host->engine) > host->now_ms);
  }
  host->now_ms = now_ms;
}

void host_wait(struct host *host, uint64_t ms) {
  host_wait_until(host, host->now_ms + ms);
}

/* --- The server --- */

void host_raw(struct host *host, const void *data, size_t len) {
  if (host->wire) {
    assert_int_equal(sherd__buf_append(host->wire, data, len), SHERD_OK);
    return;
  }
  const uint8_t *at = data;
  size_t step = host->split ? host->split : len;
  while (len && host->is_open) {
    size_t now = len < step ? len : step;
    /* A copy of just these bytes, so that a sanitizer sees a read past them. */
    uint8_t *copy = malloc(now);
    memcpy(copy, at, now);
    assert_int_equal(sherd_engine_feed(host->engine, (struct sherd_bytes){copy, now}, host->now_ms),
                     SHERD_OK);
    host_drain(host);
    free(copy);
    at += now;
    len -= now;
  }
}

void host_upgrade(struct host *host) {
  char accept[SHERD__WEBSOCKET_ACCEPT_SIZE + 1];
  char response[512];
  sherd__websocket_accept(host->key, strlen(host->key), accept);
  int len = snprintf(response, sizeof response,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
  assert_int_equal(sherd__frames_new(sherd_allocator_default(), SHERD__FRAMES_SERVER, NULL,
                                     (size_t)1 << 20, &host->server),
                   SHERD_OK);
  host_raw(host, response, (size_t)len);
  host->is_upgraded = host->is_open;
}

void host_frame(struct host *host, enum sherd__frames_opcode opcode, const void *data, size_t len) {
  struct sherd_buf frame;
  sherd__buf_init(&frame, sherd_allocator_default());
  assert_non_null(host->server);
  assert_int_equal(
      sherd__frames_write(host->server, opcode, (struct sherd_bytes){data, len}, &frame), SHERD_OK);
  host_raw(host, frame.data, frame.len);
  sherd__buf_deinit(&frame);
}

void host_close_frame(struct host *host, uint16_t code, const char *reason) {
  struct sherd_buf frame;
  sherd__buf_init(&frame, sherd_allocator_default());
  assert_int_equal(sherd__frames_write_close(host->server, code, reason, &frame), SHERD_OK);
  host_raw(host, frame.data, frame.len);
  sherd__buf_deinit(&frame);
}

static size_t deflate_message(struct host *host, const char *json, size_t len, uint8_t *out,
                              size_t cap) {
  z_stream *stream = host->compressor;
  if (!stream) {
    stream = host->compressor = calloc(1, sizeof *stream);
    assert_int_equal(deflateInit(stream, 6), Z_OK);
  }
  stream->next_in = (uint8_t *)(uintptr_t)json;
  stream->avail_in = (uInt)len;
  stream->next_out = out;
  stream->avail_out = (uInt)cap;
  int result = deflate(stream, Z_SYNC_FLUSH); /* Z_BUF_ERROR: there was nothing to flush */
  assert_true(result == Z_OK || result == Z_BUF_ERROR);
  return cap - stream->avail_out;
}

static size_t zstd_message(struct host *host, const char *json, size_t len, uint8_t *out,
                           size_t cap) {
  if (!host->compressor)
    host->compressor = ZSTD_createCCtx();
  ZSTD_inBuffer in = {json, len, 0};
  ZSTD_outBuffer to = {out, cap, 0};
  assert_int_equal(ZSTD_compressStream2(host->compressor, &to, &in, ZSTD_e_flush), 0);
  return to.pos;
}

/* The same value in ETF, as deep as the tests' messages go. */
static void write_etf(struct sherd__writer *writer, struct sherd_value value) {
  char text[4096];
  size_t count = 0, len;
  int64_t number;
  bool truth;
  struct sherd_value key, item;
  struct sherd_value_iter iter = sherd_value_iterate(value);
  sherd_value_count(value, &count);
  switch (sherd_value_type(value)) {
  case SHERD_VALUE_OBJECT:
    sherd__writer_map(writer, (uint32_t)count);
    while (sherd_value_next(&iter, &key, &item)) {
      assert_int_equal(sherd_value_as_str_copy(key, text, sizeof text, NULL), SHERD_OK);
      sherd__writer_key(writer, text);
      write_etf(writer, item);
    }
    break;
  case SHERD_VALUE_LIST:
    sherd__writer_list(writer, (uint32_t)count);
    while (sherd_value_next(&iter, NULL, &item))
      write_etf(writer, item);
    break;
  case SHERD_VALUE_STRING:
    assert_int_equal(sherd_value_as_str_copy(value, text, sizeof text, &len), SHERD_OK);
    sherd__writer_str_n(writer, text, len);
    break;
  case SHERD_VALUE_NUMBER:
    if (sherd_value_as_i64(value, &number) == SHERD_OK)
      sherd__writer_i64(writer, number);
    else
      sherd__writer_u64(writer, UINT64_MAX);
    break;
  case SHERD_VALUE_BOOL:
    assert_int_equal(sherd_value_as_bool(value, &truth), SHERD_OK);
    sherd__writer_bool(writer, truth);
    break;
  case SHERD_VALUE_NULL:
    sherd__writer_null(writer);
    break;
  }
}

/* What is no JSON stays what it is, and is no ETF either. */
static void to_format(struct host *host, const char *json, struct sherd_buf *out) {
  struct sherd__writer writer;
  struct sherd_value value;
  size_t len = strlen(json);
  if (host->format == SHERD_FORMAT_ETF &&
      sherd_value_validate(SHERD_FORMAT_JSON, json, len, NULL) == SHERD_OK) {
    sherd_value_open(SHERD_FORMAT_JSON, json, len, &value);
    sherd__writer_begin(&writer, SHERD_FORMAT_ETF, out);
    write_etf(&writer, value);
    assert_int_equal(sherd__writer_finish(&writer), SHERD_OK);
  } else {
    assert_int_equal(sherd__buf_append(out, json, len), SHERD_OK);
  }
}

static void say_bytes(struct host *host, const char *data, size_t len) {
  size_t cap = len + len / 2 + 1024;
  uint8_t *wire = malloc(cap);
  uLongf size = (uLongf)cap;
  switch (host->compression) {
  case SHERD_COMPRESSION_NONE:
    host_frame(host, host->format == SHERD_FORMAT_JSON ? SHERD__FRAMES_TEXT : SHERD__FRAMES_BINARY,
               data, len);
    break;
  case SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM:
    assert_int_equal(compress(wire, &size, (const uint8_t *)data, (uLong)len), Z_OK);
    host_frame(host, SHERD__FRAMES_BINARY, wire, size);
    break;
  case SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM:
    host_frame(host, SHERD__FRAMES_BINARY, wire, deflate_message(host, data, len, wire, cap));
    break;
  case SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM:
    host_frame(host, SHERD__FRAMES_BINARY, wire, zstd_message(host, data, len, wire, cap));
    break;
  }
  free(wire);
}

void host_say(struct host *host, const char *json) {
  struct sherd_buf message;
  sherd__buf_init(&message, sherd_allocator_default());
  to_format(host, json, &message);
  say_bytes(host, message.len ? (const char *)message.data : "", message.len);
  sherd__buf_deinit(&message);
}

void host_sayf(struct host *host, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *json = NULL;
  assert_true(vasprintf(&json, format, args) >= 0);
  va_end(args);
  host_say(host, json);
  free(json);
}

void host_to_hello(struct host *host, unsigned interval_ms) {
  if (!sherd_engine_is_alive(host->engine))
    host_start(host);
  host_open(host);
  host_upgrade(host);
  host_sayf(host, "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":%u}}",
            interval_ms);
}

void host_ready(struct host *host, unsigned seq) {
  host_sayf(host, READY_JSON, seq, 1u);
}

void host_to_active(struct host *host) {
  host_to_hello(host, 41250);
  host_grant(host);
  host_ready(host, 1);
  host_skip(host);
}
