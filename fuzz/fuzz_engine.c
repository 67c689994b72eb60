/* The whole engine: one or two of them on one scratch, driven by a script of bytes that says what
 * the server, the network, the clock and the user do, legal or not. Properties:
 *   - what the host is asked for makes sense: nothing is written but on an open transport, nothing
 *     after a close frame, nothing at all between ENDED and the next start;
 *   - what is written is good frames of good documents under 4096 bytes, an IDENTIFY only with a
 *     permission, a RESUME only of a session, and never 121 payloads in 60 s;
 *   - sequence numbers rise, and each hole is told before what comes after it;
 *   - no tick leaves a deadline that is over; no memory leaks, whichever allocation fails. */
#include <math.h>

#include <sherd.h>
#include <zstd.h>

#include "../tests/support/failing_alloc.h"
#include "../tests/unit/walk_agreement.h"
#include "base/mem.h"
#include "deflate.h"
#include "engine/frames.h"
#include "engine/inflate.h"
#include "engine/opcode.h"
#include "engine/upgrade.h"
#include "payload/writer.h"

#define TOKEN          "the-token-that-must-not-show"
#define SEND_LIMIT     120
#define SEND_WINDOW_MS 60000

struct host {
  struct sherd_engine *engine;
  enum sherd_compression compression;
  enum sherd_data_format format;
  uint64_t now_ms;
  uint8_t cuts; /* how what the server sends is cut */

  /* The wire. */
  bool is_asked, is_open; /* a transport */
  bool is_closing;        /* the engine's close frame has been written */
  bool has_ended;
  char key[SHERD__WEBSOCKET_KEY_SIZE + 1];
  struct sherd__frames *server; /* once the request has come */
  z_stream *zlib;
  ZSTD_CCtx *zstd;
  struct sherd_buf message; /* of the engine, as far as it has come */

  /* What is known. */
  bool wants_permit, may_identify;
  bool has_session;
  bool has_last;
  uint64_t last_seq, gap_seq;
  uint64_t sent_ms[SEND_LIMIT];
  uint64_t sent;
};

static void fixed_random(void *ctx, void *out, size_t len) {
  memset(out, *(uint8_t *)ctx, len);
}

/* --- What the engine writes --- */

static void forget_wire(struct host *host) {
  sherd__frames_free(host->server);
  host->server = NULL;
  if (host->zlib)
    deflateEnd(host->zlib);
  free(host->zlib);
  host->zlib = NULL;
  ZSTD_freeCCtx(host->zstd);
  host->zstd = NULL;
  host->message.len = 0;
  host->is_asked = host->is_open = host->is_closing = host->may_identify = false;
}

static void take_request(struct host *host, struct sherd_bytes written) {
  static const char name[] = "Sec-WebSocket-Key: ";
  FUZZ_CHECK(written.len > 4 && memcmp(written.data, "GET ", 4) == 0);
  FUZZ_CHECK(memcmp(written.data + written.len - 4, "\r\n\r\n", 4) == 0);
  const char *key = memmem(written.data, written.len, name, sizeof name - 1);
  FUZZ_CHECK(key != NULL);
  memcpy(host->key, key + sizeof name - 1, SHERD__WEBSOCKET_KEY_SIZE);
  FUZZ_CHECK(sherd__frames_new(sherd_allocator_default(), SHERD__FRAMES_SERVER, NULL,
                               SHERD_COMMAND_BYTES_MAX, &host->server) == SHERD_OK);
}

static void take_message(struct host *host, struct sherd_bytes document) {
  struct sherd_value value;
  uint64_t op;
  FUZZ_CHECK(sherd_value_validate(host->format, document.data, document.len, NULL) == SHERD_OK);
  FUZZ_CHECK(sherd_value_open(host->format, document.data, document.len, &value) == SHERD_OK);
  FUZZ_CHECK(sherd_value_as_u64(sherd_value_get(value, "op"), &op) == SHERD_OK);
  FUZZ_CHECK(sherd_value_exists(sherd_value_get(value, "d")));
  if (op == SHERD_OP_IDENTIFY) {
    FUZZ_CHECK(host->may_identify);
    host->may_identify = false;
  }
  FUZZ_CHECK(op != SHERD_OP_RESUME || host->has_session);
  uint64_t *slot = &host->sent_ms[host->sent % SEND_LIMIT];
  FUZZ_CHECK(host->sent < SEND_LIMIT || *slot + SEND_WINDOW_MS <= host->now_ms);
  *slot = host->now_ms;
  host->sent++;
}

static void take_frames(struct host *host, struct sherd_bytes written) {
  struct sherd__frame_part part;
  sherd__frames_input(host->server, written);
  for (;;) {
    FUZZ_CHECK(sherd__frames_next(host->server, &part) == SHERD_OK);
    if (part.kind == SHERD__FRAME_NONE)
      return;
    FUZZ_CHECK(!host->is_closing);
    if (part.kind == SHERD__FRAME_CLOSE)
      host->is_closing = true;
    if (part.kind != SHERD__FRAME_DATA)
      continue;
    FUZZ_CHECK(part.is_text == (host->format == SHERD_FORMAT_JSON));
    fuzz_append(&host->message, part.data.data, part.data.len);
    if (!part.is_last)
      continue;
    take_message(host, sherd__buf_bytes(&host->message));
    host->message.len = 0;
  }
}

/* --- What the engine tells --- */

/* Of READY, the first number of a session; of RESUMED, one that may have come before. */
static void take_dispatch(struct host *host, const struct sherd_event *event) {
  bool is_first = event->type == SHERD_EVENT_READY || !host->has_last;
  if (event->type == SHERD_EVENT_READY)
    host->has_last = event->has_seq;
  if (!event->has_seq || (event->type == SHERD_EVENT_RESUMED && event->seq <= host->last_seq))
    return;
  FUZZ_CHECK(is_first || event->type == SHERD_EVENT_RESUMED || event->seq == host->last_seq + 1 ||
             (event->seq > host->last_seq && event->seq == host->gap_seq));
  host->has_last = true;
  host->last_seq = event->seq;
}

static void take_event(struct host *host, const struct sherd_event *event) {
  size_t len;
  FUZZ_CHECK(event->name && strlen(event->name) && event->session);
  if (sherd_value_exists(event->data)) {
    sherd_value_to_json(event->data, NULL, 0, &len); /* reads all of it */
    FUZZ_CHECK(walk_agrees(event->data));
  }
  switch (event->type) {
  case SHERD_EVENT_SEQUENCE_GAP:
    FUZZ_CHECK(host->has_last && event->expected_seq == host->last_seq + 1);
    FUZZ_CHECK(event->seq > event->expected_seq);
    host->gap_seq = event->seq;
    return;
  case SHERD_EVENT_SESSION_LOST:
    FUZZ_CHECK(!host->has_last || event->last_seq == host->last_seq);
    FUZZ_CHECK(strlen(event->session) > 0);
    host->has_last = false;
    return;
  case SHERD_EVENT_CONNECTING:
  case SHERD_EVENT_DISCONNECTED:
  case SHERD_EVENT_COMMAND_DROPPED:
  case SHERD_EVENT_UNKNOWN_OPCODE:
  case SHERD_EVENT_CLOSED:
    return;
  default:
    take_dispatch(host, event);
  }
}

static void take_output(struct host *host, const struct sherd_output *out) {
  FUZZ_CHECK(!host->has_ended);
  switch (out->type) {
  case SHERD_OUTPUT_CONNECT:
    FUZZ_CHECK(!host->is_asked && out->as.connect.host[0] && out->as.connect.port);
    host->is_asked = true;
    return;
  case SHERD_OUTPUT_WRITE:
    FUZZ_CHECK(host->is_open && out->as.write.len);
    if (host->server)
      take_frames(host, out->as.write);
    else
      take_request(host, out->as.write);
    return;
  case SHERD_OUTPUT_DISCONNECT:
    FUZZ_CHECK(host->is_asked);
    forget_wire(host);
    return;
  case SHERD_OUTPUT_PERMIT:
    FUZZ_CHECK(!host->wants_permit);
    host->wants_permit = true;
    return;
  case SHERD_OUTPUT_PERMIT_CANCEL:
    FUZZ_CHECK(host->wants_permit);
    host->wants_permit = false;
    return;
  case SHERD_OUTPUT_EVENT:
    take_event(host, &out->as.event);
    return;
  case SHERD_OUTPUT_SESSION:
    host->has_session = sherd_session_is_set(out->as.session);
    if (!host->has_session)
      host->has_last = false;
    return;
  case SHERD_OUTPUT_ENDED:
    FUZZ_CHECK(!host->is_asked && !host->wants_permit);
    host->has_ended = true;
    return;
  }
}

static void drain(struct host *host) {
  struct sherd_output out;
  struct sherd_error_info info;
  while (sherd_engine_next(host->engine, &out))
    take_output(host, &out);
  sherd_engine_last_error(host->engine, &info);
  FUZZ_CHECK(memchr(info.text, 0, sizeof info.text) && !strstr(info.text, TOKEN));
  FUZZ_CHECK(sherd_engine_is_alive(host->engine) == !host->has_ended);
  FUZZ_CHECK(!sherd_engine_is_connected(host->engine) || host->is_open);
  struct sherd_session session;
  bool has_session = sherd_engine_session(host->engine, &session) == SHERD_OK;
  FUZZ_CHECK(!has_session || host->has_session); /* one without a number cannot be resumed */
  FUZZ_CHECK(!has_session || !host->has_last || session.seq == host->last_seq);
  double latency = sherd_engine_heartbeat_latency(host->engine);
  FUZZ_CHECK(isnan(latency) || latency >= 0);
}

/* --- What the server does --- */

static void feed(struct host *host, struct sherd_bytes stream) {
  struct fuzz_cuts cuts = fuzz_cuts_from(host->cuts);
  while (stream.len && host->is_open) {
    struct sherd_bytes piece = fuzz_piece(&cuts, &stream);
    FUZZ_CHECK(sherd_engine_feed(host->engine, piece, host->now_ms) == SHERD_OK);
    drain(host);
    fuzz_piece_free(piece);
  }
}

static void say_frame(struct host *host, enum sherd__frames_opcode opcode,
                      struct sherd_bytes payload) {
  struct sherd_buf wire;
  if (!host->server)
    return;
  sherd__buf_init(&wire, sherd_allocator_default());
  if (sherd__frames_write(host->server, opcode, payload, &wire) == SHERD_OK)
    feed(host, sherd__buf_bytes(&wire));
  sherd__buf_deinit(&wire);
}

static void compress_zlib(struct host *host, struct sherd_bytes plain, int flush,
                          struct sherd_buf *out) {
  if (!host->zlib) {
    host->zlib = calloc(1, sizeof *host->zlib);
    FUZZ_CHECK(host->zlib &&
               deflateInit2(host->zlib, 1, Z_DEFLATED, 9, 1, Z_DEFAULT_STRATEGY) == Z_OK);
  }
  host->zlib->next_in = plain.data;
  host->zlib->avail_in = (uInt)plain.len;
  do {
    uint8_t chunk[1024];
    host->zlib->next_out = chunk;
    host->zlib->avail_out = sizeof chunk;
    deflate(host->zlib, flush);
    fuzz_append(out, chunk, sizeof chunk - host->zlib->avail_out);
  } while (host->zlib->avail_out == 0);
  if (flush == Z_FINISH)
    deflateReset(host->zlib);
}

static void compress_zstd(struct host *host, struct sherd_bytes plain, struct sherd_buf *out) {
  if (!host->zstd) {
    host->zstd = ZSTD_createCCtx();
    FUZZ_CHECK(host->zstd != NULL);
    ZSTD_CCtx_setParameter(host->zstd, ZSTD_c_compressionLevel, 1);
    ZSTD_CCtx_setParameter(host->zstd, ZSTD_c_windowLog, 10);
    ZSTD_CCtx_setParameter(host->zstd, ZSTD_c_hashLog, 6);
  }
  ZSTD_inBuffer in = {plain.data, plain.len, 0};
  size_t left;
  do {
    uint8_t chunk[1024];
    ZSTD_outBuffer buffer = {chunk, sizeof chunk, 0};
    left = ZSTD_compressStream2(host->zstd, &buffer, &in, ZSTD_e_flush);
    FUZZ_CHECK(!ZSTD_isError(left));
    fuzz_append(out, chunk, buffer.pos);
  } while (left);
}

/* A document as a message of this connection. */
static void say(struct host *host, struct sherd_bytes document) {
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  bool is_json = host->format == SHERD_FORMAT_JSON;
  switch (host->compression) {
  case SHERD_COMPRESSION_NONE:
    say_frame(host, is_json ? SHERD__FRAMES_TEXT : SHERD__FRAMES_BINARY, document);
    break;
  case SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM:
    if (document.len % 2) { /* each message may be plain or not */
      say_frame(host, SHERD__FRAMES_TEXT, document);
      break;
    }
    compress_zlib(host, document, Z_FINISH, &wire);
    say_frame(host, SHERD__FRAMES_BINARY, sherd__buf_bytes(&wire));
    break;
  case SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM:
    compress_zlib(host, document, Z_SYNC_FLUSH, &wire);
    say_frame(host, SHERD__FRAMES_BINARY, sherd__buf_bytes(&wire));
    break;
  case SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM:
    compress_zstd(host, document, &wire);
    say_frame(host, SHERD__FRAMES_BINARY, sherd__buf_bytes(&wire));
    break;
  }
  sherd__buf_deinit(&wire);
}

static void write_hello(struct sherd__writer *writer, struct sherd_bytes *script) {
  sherd__writer_map(writer, 1);
  sherd__writer_key(writer, "heartbeat_interval");
  sherd__writer_u64(writer, fuzz_number(script, 1 + fuzz_byte(script) % 3));
}

static void write_ready(struct sherd__writer *writer, struct sherd_bytes *script) {
  static const char *const urls[] = {"wss://resume.test", "ws://resume.test", "http://no", ""};
  static const char *const ids[] = {"session-a", "session-b", ""};
  sherd__writer_map(writer, 3);
  sherd__writer_key(writer, "user");
  sherd__writer_map(writer, 1);
  sherd__writer_key(writer, "id");
  sherd__writer_snowflake(writer, fuzz_byte(script));
  sherd__writer_key(writer, "session_id");
  sherd__writer_str(writer, ids[fuzz_byte(script) % 3]);
  sherd__writer_key(writer, "resume_gateway_url");
  sherd__writer_str(writer, urls[fuzz_byte(script) % 4]);
}

static void write_dispatch(struct host *host, struct sherd__writer *writer,
                           struct sherd_bytes *script) {
  static const char *const names[] = {"READY", "RESUMED", "MESSAGE_CREATE", "RATE_LIMITED",
                                      "A_NAME_OF_TOMORROW"};
  uint8_t name = fuzz_byte(script), step = fuzz_byte(script);
  sherd__writer_map(writer, 4);
  sherd__writer_key(writer, "op");
  sherd__writer_u64(writer, SHERD_OP_DISPATCH);
  sherd__writer_key(writer, "s");
  if (step == 0xFF)
    sherd__writer_null(writer);
  else /* the next number, mostly; repeats and holes too */
    sherd__writer_u64(writer, host->last_seq + (step < 0xC0 ? 1u : step % 8u * 3u) -
                                  (step < 0xC0 ? 0u : 6u));
  sherd__writer_key(writer, "t");
  sherd__writer_str(writer, names[name % 5]);
  sherd__writer_key(writer, "d");
  if (name % 5 == 0)
    write_ready(writer, script);
  else
    sherd__writer_str(writer, names[fuzz_byte(script) % 5]);
}

static void write_other(struct sherd__writer *writer, struct sherd_bytes *script) {
  static const uint32_t ops[] = {SHERD_OP_HELLO,     SHERD_OP_HEARTBEAT_ACK,
                                 SHERD_OP_HEARTBEAT, SHERD_OP_INVALID_SESSION,
                                 SHERD_OP_RECONNECT, 99};
  uint32_t op = ops[fuzz_byte(script) % 6];
  sherd__writer_map(writer, 2);
  sherd__writer_key(writer, "op");
  sherd__writer_u64(writer, op);
  sherd__writer_key(writer, "d");
  if (op == SHERD_OP_HELLO)
    write_hello(writer, script);
  else
    sherd__writer_bool(writer, fuzz_byte(script) % 2);
}

/* Makes a document of Erlang's one compressed term. */
static void compress_term(struct sherd_buf *document) {
  uint32_t size = (uint32_t)document->len - 1; /* without the version byte */
  uint8_t term[1024] = {document->data[0],     80,
                        (uint8_t)(size >> 24), (uint8_t)(size >> 16),
                        (uint8_t)(size >> 8),  (uint8_t)size};
  uLongf len = sizeof term - 6;
  FUZZ_CHECK(compress(term + 6, &len, document->data + 1, size) == Z_OK);
  document->len = 0;
  fuzz_append(document, term, 6 + len);
}

/* One message, with a flush in its middle now and then, or compressed by itself. */
static void say_message(struct host *host, struct sherd_bytes *script, bool is_dispatch) {
  struct sherd__writer writer;
  struct sherd_buf document;
  sherd__buf_init(&document, sherd_allocator_default());
  sherd__writer_begin(&writer, host->format, &document);
  if (is_dispatch)
    write_dispatch(host, &writer, script);
  else
    write_other(&writer, script);
  FUZZ_CHECK(sherd__writer_finish(&writer) == SHERD_OK);
  uint8_t cut = fuzz_byte(script);
  if (cut % 16 == 15 && host->format == SHERD_FORMAT_ETF)
    compress_term(&document);
  struct sherd_bytes whole = sherd__buf_bytes(&document);
  if (cut >= 0xF0) {
    struct sherd_bytes head = fuzz_take(&whole, cut - 0xEF);
    say(host, head);
  }
  say(host, whole);
  sherd__buf_deinit(&document);
}

static void answer_upgrade(struct host *host) {
  char accept[SHERD__WEBSOCKET_ACCEPT_SIZE + 1], response[256];
  sherd__websocket_accept(host->key, SHERD__WEBSOCKET_KEY_SIZE, accept);
  int len = snprintf(response, sizeof response,
                     "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
  feed(host, (struct sherd_bytes){(const uint8_t *)response, (size_t)len});
}

static void say_close(struct host *host, uint16_t code) {
  struct sherd_buf wire;
  if (!host->server)
    return;
  sherd__buf_init(&wire, sherd_allocator_default());
  FUZZ_CHECK(sherd__frames_write_close(host->server, code, "so", &wire) == SHERD_OK);
  feed(host, sherd__buf_bytes(&wire));
  sherd__buf_deinit(&wire);
}

/* --- What the host and the user do --- */

static void open_transport(struct host *host) {
  bool due = host->is_asked && !host->is_open;
  if (due)
    host->is_open = true;
  FUZZ_CHECK((sherd_engine_opened(host->engine, host->now_ms) == SHERD_OK) == due);
}

static void lose_transport(struct host *host) {
  bool due = host->is_asked;
  if (due)
    forget_wire(host);
  FUZZ_CHECK((sherd_engine_lost(host->engine, SHERD_ELOST, NULL, host->now_ms) == SHERD_OK) == due);
}

static void grant(struct host *host) {
  bool due = host->wants_permit;
  host->wants_permit = false;
  host->may_identify |= due;
  FUZZ_CHECK((sherd_engine_granted(host->engine, host->now_ms) == SHERD_OK) == due);
}

static void start(struct host *host) {
  bool due = host->has_ended;
  host->has_ended = false;
  enum sherd_status status = sherd_engine_start(host->engine, host->now_ms);
  FUZZ_CHECK(status == (due ? SHERD_OK : SHERD_EALREADY));
}

static void wait_for(struct host *host, uint64_t ms) {
  uint64_t until_ms = host->now_ms + ms;
  for (int ticks = 0; ticks < 300; ticks++) {
    uint64_t deadline_ms = sherd_engine_deadline(host->engine);
    if (deadline_ms > until_ms)
      break;
    if (deadline_ms > host->now_ms)
      host->now_ms = deadline_ms;
    FUZZ_CHECK(sherd_engine_tick(host->engine, host->now_ms) == SHERD_OK);
    drain(host);
    FUZZ_CHECK(sherd_engine_deadline(host->engine) > host->now_ms);
  }
  if (sherd_engine_deadline(host->engine) > until_ms)
    host->now_ms = until_ms;
}

static void send_command(struct host *host, struct sherd_bytes *script) {
  uint8_t kind = fuzz_byte(script), count = fuzz_byte(script);
  struct sherd_command command = {.guild_id = fuzz_byte(script)};
  sherd_snowflake ids[] = {1, UINT64_MAX};
  command.type = (enum sherd_command_type)(kind % 5);
  if (command.type == SHERD_COMMAND_PRESENCE) {
    command.as.presence.status_is = SHERD_FIELD_VALUE;
    command.as.presence.status = (enum sherd_presence_status)(kind / 5 % 5);
    command.as.presence.activity_is = kind & 0x80 ? SHERD_FIELD_VALUE : SHERD_FIELD_UNSET;
    command.as.presence.activity.name = "digging";
  } else if (command.type == SHERD_COMMAND_REQUEST_MEMBERS) {
    command.as.members.query = kind & 0x80 ? "a" : "";
  } else if (command.type == SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS) {
    command.as.soundboard_guilds.ids = ids;
    command.as.soundboard_guilds.count = 2;
  }
  for (unsigned i = 0; i <= count % 160u; i++) {
    enum sherd_status status = sherd_engine_send(host->engine, &command, host->now_ms);
    FUZZ_CHECK(status == SHERD_OK || status == SHERD_ENOTCONNECTED || status == SHERD_EINVAL ||
               status == SHERD_EMISSINGINTENT || status == SHERD_EQUEUEFULL ||
               status == SHERD_ERATELIMITED || status == SHERD_ENOMEM);
    drain(host);
  }
}

static void step(struct host *host, uint8_t what, struct sherd_bytes *script) {
  switch (what % 16) {
  case 0:
    start(host);
    break;
  case 1:
    open_transport(host);
    break;
  case 2:
    answer_upgrade(host);
    break;
  case 3:
    grant(host);
    break;
  case 4:
  case 5:
    say_message(host, script, true);
    break;
  case 6:
  case 7:
    say_message(host, script, false);
    break;
  case 8:
    say_frame(host, SHERD__FRAMES_PING, fuzz_take(script, fuzz_byte(script)));
    break;
  case 9:
    say_close(host, (uint16_t)(fuzz_byte(script) % 2 ? 4000 + fuzz_byte(script) % 16 : 1000));
    break;
  case 10:
    lose_transport(host);
    break;
  case 11:
    wait_for(host, fuzz_number(script, 1 + fuzz_byte(script) % 3));
    break;
  case 12:
    send_command(host, script);
    break;
  case 13:
    FUZZ_CHECK(sherd_engine_close(host->engine, what & 16, host->now_ms) == SHERD_OK);
    break;
  case 14:
    FUZZ_CHECK(sherd_engine_hold(host->engine, what & 16, host->now_ms) == SHERD_OK);
    break;
  default:
    if (what & 16)
      say(host, fuzz_take(script, fuzz_byte(script)));
    else
      feed(host, fuzz_take(script, fuzz_byte(script)));
  }
  drain(host);
}

/* --- The whole --- */

static bool begin(struct host *host, uint8_t kind, struct sherd_bytes *script,
                  const struct sherd_engine_host *services) {
  static const struct sherd_session given = {
      .id = "given", .resume_url = "wss://given.test", .seq = 5, .user_id = 7, .shard_count = 1};
  *host = (struct host){.compression = (enum sherd_compression)(kind % 4),
                        .format = (enum sherd_data_format)(kind / 4 % 2),
                        .cuts = fuzz_byte(script),
                        .has_ended = true};
  struct sherd_gateway_config config = {
      .token = TOKEN,
      .gateway_url = kind & 8 ? "ws://gateway.test:8080/?x=1" : NULL,
      .intents = kind & 16 ? SHERD_INTENT_GUILD_MEMBERS : 513,
      .compression = host->compression,
      .format = host->format,
      .session = kind & 32 ? &given : NULL,
      .max_attempts = kind & 64 ? 2 : 0,
      .max_message_bytes = kind & 128 ? 300 : 0,
      .max_queued_commands = 150,
  };
  if (config.session) {
    host->has_session = host->has_last = true;
    host->last_seq = given.seq;
  }
  sherd__buf_init(&host->message, sherd_allocator_default());
  enum sherd_status status = sherd_engine_new(&config, services, &host->engine);
  FUZZ_CHECK(status == SHERD_OK || status == SHERD_ENOMEM ||
             (status == SHERD_EUNSUPPORTED && host->format == SHERD_FORMAT_ETF &&
              host->compression == SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM));
  FUZZ_CHECK((status == SHERD_OK) == (host->engine != NULL));
  return host->engine;
}

static void end(struct host *host) {
  forget_wire(host);
  sherd__buf_deinit(&host->message);
  sherd_engine_free(host->engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes script = {data, size};
  struct sherd__test_alloc alloc;
  struct host hosts[2] = {{0}};
  uint8_t kinds[2] = {fuzz_byte(&script), fuzz_byte(&script)}, dice = fuzz_byte(&script);
  sherd__test_alloc_init(&alloc, (size_t)fuzz_number(&script, 2));
  struct sherd_engine_host services = {
      .allocator = &alloc.allocator, .random = fixed_random, .random_ctx = &dice};
  bool good = sherd_scratch_new(&alloc.allocator, &services.scratch) == SHERD_OK;
  good = good && begin(&hosts[0], kinds[0], &script, &services);
  good = good && begin(&hosts[1], kinds[1], &script, &services);
  while (good && script.len) {
    uint8_t what = fuzz_byte(&script);
    step(&hosts[what >> 7], what, &script);
  }
  end(&hosts[0]);
  end(&hosts[1]);
  sherd_scratch_free(services.scratch);
  FUZZ_CHECK(alloc.live == 0);
  return 0;
}
