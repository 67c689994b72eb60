/* One connection: the HTTP upgrade, frames in, messages out. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sherd/command.h>

#include "base/mem.h"
#include "engine/upgrade.h"
#include "sim/encode.h"
#include "sim/events.h"
#include "sim/gateway_parts.h"
#include "sim/http_head.h"

/* Frames over this are refused by their length alone; those under it get Discord's own answer. */
#define FRAMES_BYTES_MAX (1u << 20)

/* An empty buffer may keep so much: who gets an event now and then allocates nothing, and who has
 * been sent its guilds does not hold their room for ever. */
#define RESTING_BYTES 8192

/* The first byte of a TLS ClientHello's record. Source: RFC 8446 section 5.1. */
#define TLS_HANDSHAKE 0x16

/* With payload compression a message may come plain; short ones do. */
#define PAYLOAD_BYTES_MIN 128

void sherd__client_touch(struct sherd__sim_client *client) {
  struct sherd__sim *sim = client->sim;
  if (client->is_ready)
    return;
  client->is_ready = true;
  if (sim->ready_last)
    sim->ready_last->next_ready = client;
  else
    sim->ready_first = client;
  sim->ready_last = client;
}

static void untouch(struct sherd__sim_client *client) {
  struct sherd__sim *sim = client->sim;
  struct sherd__sim_client **link = &sim->ready_first, *previous = NULL;
  while (*link && *link != client) {
    previous = *link;
    link = &previous->next_ready;
  }
  if (!*link)
    return;
  *link = client->next_ready;
  if (sim->ready_last == client)
    sim->ready_last = previous;
}

enum sherd_status sherd__sim_client_new(struct sherd__sim *sim, void *user, uint64_t now_ms,
                                        struct sherd__sim_client **out) {
  struct sherd__sim_client *client = sherd__calloc(sim->allocator, sizeof *client);
  *out = NULL;
  if (!client)
    return SHERD_ENOMEM;
  client->sim = sim;
  client->user = user;
  sherd__buf_init(&client->head, sim->allocator);
  sherd__buf_init(&client->out, sim->allocator);
  sherd__buf_init(&client->message, sim->allocator);
  client->next = sim->clients;
  if (sim->clients)
    sim->clients->previous = client;
  sim->clients = client;
  sim->now_ms = now_ms;
  sim->stats.connections++;
  client->beat_ms = now_ms;
  sherd__sim_due(sim, now_ms + SHERD__SIM_HEAD_MS);
  *out = client;
  return SHERD_OK;
}

void sherd__sim_client_free(struct sherd__sim_client *client, uint64_t now_ms) {
  struct sherd__sim *sim = client->sim;
  sim->now_ms = now_ms;
  if (client->state == SHERD__SIM_OPEN)
    sherd__sim_see(sim, SHERD__SIGHT_LOST, 0, NULL);
  if (client->frames)
    sherd__note_client(client, SHERD__JOURNAL_GONE, 0, 0);
  if (client->session)
    sherd__session_detach(client->session);
  if (client->is_ready)
    untouch(client);
  if (client->previous)
    client->previous->next = client->next;
  else
    sim->clients = client->next;
  if (client->next)
    client->next->previous = client->previous;
  sherd__buf_deinit(&client->head);
  sherd__buf_deinit(&client->out);
  sherd__buf_deinit(&client->message);
  sherd__free(sim->allocator, client->url);
  sherd__frames_free(client->frames);
  sherd__deflater_free(client->deflater);
  sherd__free(sim->allocator, client);
}

void *sherd__sim_client_user(const struct sherd__sim_client *client) {
  return client->user;
}

enum sherd__sim_client_state sherd__sim_client_state(const struct sherd__sim_client *client) {
  return client->state;
}

bool sherd__sim_client_is_reset(const struct sherd__sim_client *client) {
  return client->is_reset;
}

struct sherd_bytes sherd__sim_client_head(const struct sherd__sim_client *client) {
  return sherd__buf_bytes(&client->head);
}

static void enter(struct sherd__sim_client *client, enum sherd__sim_client_state state) {
  client->state = state;
  sherd__client_touch(client);
}

/* --- Out --- */

static void write_frame(struct sherd__sim_client *client, enum sherd__frames_opcode opcode,
                        struct sherd_bytes payload) {
  size_t before = client->out.len;
  if (sherd__frames_write(client->frames, opcode, payload, &client->out)) {
    sherd__client_cut(client);
    return;
  }
  client->sim->stats.bytes_out += client->out.len - before;
  sherd__client_touch(client);
}

static void write_message(struct sherd__sim_client *client, enum sherd__frames_opcode opcode,
                          struct sherd_bytes message) {
  uint32_t piece_bytes = client->sim->faults.piece_bytes;
  if (piece_bytes && message.len > piece_bytes)
    sherd__fault_write_pieces(client, opcode, message);
  else
    write_frame(client, opcode, message);
}

/* Sends what is in the simulator's message buffer. Text is for JSON that is not compressed; all
 * else is binary. */
static void send_message(struct sherd__sim_client *client) {
  struct sherd__sim *sim = client->sim;
  struct sherd_bytes message = sherd__buf_bytes(&sim->message);
  bool is_plain =
      !client->deflater || (client->compression == SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM &&
                            message.len < PAYLOAD_BYTES_MIN);
  if (is_plain) {
    write_message(client,
                  client->format == SHERD_FORMAT_JSON ? SHERD__FRAMES_TEXT : SHERD__FRAMES_BINARY,
                  message);
    return;
  }
  sim->compressed.len = 0;
  if (sherd__deflater_feed(client->deflater, message, &sim->compressed))
    sherd__client_cut(client);
  else
    write_message(client, SHERD__FRAMES_BINARY, sherd__buf_bytes(&sim->compressed));
}

static enum sherd__encoding encoding_of(const struct sherd__sim_client *client) {
  if (client->format == SHERD_FORMAT_JSON)
    return SHERD__ENCODING_JSON;
  return client->sim->config.etf_integers ? SHERD__ENCODING_ETF_INTEGERS : SHERD__ENCODING_ETF;
}

void sherd__client_send(struct sherd__sim_client *client, uint32_t op, const char *data) {
  if (client->state != SHERD__SIM_OPEN)
    return;
  client->sim->message.len = 0;
  if (sherd__encode_message(encoding_of(client), op, data, &client->sim->message)) {
    sherd__client_cut(client);
    return;
  }
  sherd__note_client(client, SHERD__JOURNAL_SENT, op, client->sim->message.len);
  send_message(client);
}

void sherd__client_send_dispatch(struct sherd__sim_client *client, const char *name, uint64_t seq,
                                 struct sherd_bytes data) {
  struct sherd__sim *sim = client->sim;
  sim->message.len = 0;
  if (sherd__encode_dispatch(encoding_of(client), name, seq, data, &sim->message))
    sherd__client_cut(client);
  else
    send_message(client);
}

void sherd__client_send_json(struct sherd__sim_client *client, struct sherd_bytes json) {
  struct sherd__sim *sim = client->sim;
  sim->message.len = 0;
  if (sherd__buf_append(&sim->message, json.data, json.len))
    sherd__client_cut(client);
  else
    send_message(client);
}

void sherd__client_write_raw(struct sherd__sim_client *client, struct sherd_bytes bytes) {
  if (sherd__buf_append(&client->out, bytes.data, bytes.len)) {
    sherd__client_cut(client);
    return;
  }
  client->sim->stats.bytes_out += bytes.len;
  sherd__client_touch(client);
}

void sherd__client_close_with(struct sherd__sim_client *client, uint16_t code, const char *reason) {
  size_t before = client->out.len;
  if (sherd__frames_write_close(client->frames, code, reason, &client->out)) {
    sherd__client_cut(client);
    return;
  }
  client->sim->stats.bytes_out += client->out.len - before;
  client->sim->stats.closes++;
  sherd__note_client(client, SHERD__JOURNAL_CLOSED, code, 0);
  enter(client, SHERD__SIM_CLOSED);
}

void sherd__client_close(struct sherd__sim_client *client, enum sherd__sim_close code) {
  if (client->state != SHERD__SIM_OPEN)
    return;
  sherd__sim_see(client->sim, SHERD__SIGHT_REFUSAL, (uint32_t)code, NULL);
  sherd__client_close_with(client, (uint16_t)code, sherd__sim_close_text((uint16_t)code));
}

void sherd__client_cut(struct sherd__sim_client *client) {
  if (client->state != SHERD__SIM_CUT)
    enter(client, SHERD__SIM_CUT);
}

/* Cuts the connection in the middle of the dispatch that was written last. */
static void drop(struct sherd__sim_client *client, size_t frame_start) {
  size_t half = (client->out.len - frame_start) / 2;
  client->out.len -= half;
  client->sim->stats.bytes_out -= half;
  client->sim->stats.drops++;
  sherd__client_cut(client);
}

/* Whether this is the dispatch at which the session's shard is to lose its connection, once. */
static bool is_to_drop(struct sherd__sim_session *session, uint64_t seq) {
  struct sherd__sim *sim = session->sim;
  bool *was_dropped = &sim->lanes[session->shard_id % sim->config.shards].was_dropped;
  if (!sim->config.drop_after || seq != sim->config.drop_after || *was_dropped)
    return false;
  *was_dropped = true;
  return true;
}

static void write_dispatch(struct sherd__sim_client *client, uint64_t seq) {
  struct sherd__sim_faults *faults = &client->sim->faults;
  struct sherd__sim_session *session = client->session;
  struct sherd__dispatch *dispatch = sherd__ring_at(&session->ring, seq);
  struct sherd_bytes data = {dispatch->data, dispatch->len};
  size_t before = client->out.len;
  session->sent_seq = seq;
  session->unsent_bytes -= dispatch->len;
  if (faults->skip_seqs) {
    faults->skip_seqs--;
    return;
  }
  const char *name = sherd__sim_event_row(dispatch->type)->name;
  sherd__client_send_dispatch(client, name, faults->misses_seq ? 0 : seq, data);
  if (faults->repeats_seq)
    sherd__client_send_dispatch(client, name, seq, data);
  faults->misses_seq = faults->repeats_seq = false;
  if (is_to_drop(session, seq))
    drop(client, before);
}

void sherd__client_pump(struct sherd__sim_client *client) {
  struct sherd__sim_session *session = client->session;
  if (!session)
    return;
  bool lagged = session->unsent_bytes > SHERD__SIM_LAG_BYTES;
  while (client->state == SHERD__SIM_OPEN && client->out.len < SHERD__SIM_OUT_BYTES &&
         session->sent_seq < session->ring.newest_seq)
    write_dispatch(client, session->sent_seq + 1);
  if (lagged && session->unsent_bytes <= SHERD__SIM_LAG_BYTES) {
    sherd__sim_due(client->sim, client->sim->now_ms);
    sherd__sim_wake_lanes(client->sim);
  }
}

void sherd__sim_buf_rest(struct sherd_buf *buf) {
  if (buf->len == 0 && buf->cap > RESTING_BYTES)
    sherd__buf_deinit(buf);
}

void sherd__sim_client_take(struct sherd__sim_client *client, struct sherd_buf *out) {
  struct sherd_buf empty = *out;
  *out = client->out;
  client->out = empty;
  sherd__client_pump(client);
  if (out->len == 0)
    sherd__sim_buf_rest(&client->out);
}

/* --- The upgrade --- */

static void append_text(struct sherd__sim_client *client, const char *text) {
  if (sherd__buf_append(&client->out, text, strlen(text)))
    sherd__client_cut(client);
  client->sim->stats.bytes_out += strlen(text);
  sherd__client_touch(client);
}

static void refuse(struct sherd__sim_client *client, const char *answer) {
  append_text(client, answer);
  if (client->state != SHERD__SIM_CUT)
    enter(client, SHERD__SIM_CLOSED);
}

static void accept_upgrade(struct sherd__sim_client *client, const struct sherd__http_head *head) {
  char accept[SHERD__WEBSOCKET_ACCEPT_SIZE + 1], answer[256];
  sherd__websocket_accept((const char *)head->key.data, head->key.len, accept);
  (void)snprintf(answer, sizeof answer,
                 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                 accept);
  append_text(client, answer);
}

/* Takes encoding and compression from the query; false when one is unknown. */
static bool read_query(struct sherd__sim_client *client, struct sherd_bytes target) {
  static const struct {
    const char *name;
    enum sherd_compression compression;
  } compressions[] = {{"zlib-stream", SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM},
                      {"zstd-stream", SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM}};
  bool is_known = !sherd__http_query_is(target, "compress", "");
  for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++)
    if (sherd__http_query_is(target, "compress", compressions[i].name)) {
      client->compression = compressions[i].compression;
      is_known = true;
    }
  if (sherd__http_query_is(target, "encoding", "etf"))
    client->format = SHERD_FORMAT_ETF;
  else if (sherd__http_query_is(target, "encoding", "") &&
           !sherd__http_query_is(target, "encoding", "json"))
    return false;
  return is_known;
}

void sherd__client_hello(struct sherd__sim_client *client) {
  struct sherd__sim *sim = client->sim;
  char data[96];
  if (client->hello_ms > sim->now_ms) {
    sherd__sim_due(sim, client->hello_ms);
    return;
  }
  client->hello_ms = 0;
  (void)snprintf(data, sizeof data, "{\"heartbeat_interval\":%u,\"_trace\":[\"sherd-sim\"]}",
                 sim->config.heartbeat_interval_ms);
  sherd__client_send(client, SHERD_OP_HELLO, data);
  client->beat_ms = sim->now_ms;
  sherd__sim_due(sim, client->beat_ms + sim->config.heartbeat_interval_ms * UINT64_C(3) / 2);
}

/* When it is due; 0: now. */
static uint64_t hello_ms(const struct sherd__sim *sim) {
  uint64_t delay_ms = sim->faults.hello_delay_ms;
  return delay_ms == SHERD__HELLO_NEVER ? SHERD__HELLO_NEVER
         : delay_ms                     ? sim->now_ms + delay_ms
                                        : 0;
}

/* For want of memory it is not remembered, and another URL is told. */
static void remember_url(struct sherd__sim_client *client, struct sherd_bytes authority) {
  struct sherd__sim *sim = client->sim;
  char url[SHERD__SIM_URL_SIZE];
  if (!sim->is_public || !sherd__http_authority_is_good(authority))
    return;
  (void)snprintf(url, sizeof url, "%s://%.*s", sim->url[2] == 's' ? "wss" : "ws",
                 (int)authority.len, (const char *)authority.data);
  client->url = sherd__strdup(sim->allocator, url);
}

/* Whether it came to where resume_gateway_url points. */
static bool is_for_resume(const struct sherd__sim *sim, const struct sherd__http_head *head) {
  return sim->resume_port ? head->port == sim->resume_port
                          : strcasecmp(head->host, sim->resume_host) == 0;
}

/* Discord answers the upgrade first, and only then closes with a code that says what is wrong. */
static void open_websocket(struct sherd__sim_client *client, const struct sherd__http_head *head) {
  struct sherd__sim *sim = client->sim;
  accept_upgrade(client, head);
  if (sherd__frames_new(sim->allocator, SHERD__FRAMES_SERVER, NULL, FRAMES_BYTES_MAX,
                        &client->frames)) {
    sherd__client_cut(client);
    return;
  }
  enter(client, SHERD__SIM_OPEN);
  sherd__sim_see(sim, SHERD__SIGHT_CONNECT, 0, NULL);
  sherd__note_client(client, SHERD__JOURNAL_CONNECTED, 0, 0);
  client->is_resume_host = sim->is_public || is_for_resume(sim, head);
  remember_url(client, head->authority);
  if (sherd__http_query_is(head->target, "v", "9"))
    client->version = 9;
  else if (sherd__http_query_is(head->target, "v", "10"))
    client->version = 10;
  if (!client->version) {
    sherd__client_close(client, SHERD__CLOSE_INVALID_API_VERSION);
  } else if (!read_query(client, head->target)) {
    client->format = SHERD_FORMAT_JSON;
    sherd__client_close(client, SHERD__CLOSE_DECODE_ERROR);
  } else if (client->compression &&
             sherd__deflater_new(sim->allocator, client->compression, &client->deflater)) {
    sherd__client_cut(client);
  } else {
    client->hello_ms = hello_ms(sim);
    sherd__client_hello(client);
  }
}

static void refuse_as_bad(struct sherd__sim_client *client) {
  refuse(client, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\n"
                 "Content-Length: 0\r\n\r\n");
}

/* Gives what of `in` comes after the head, once that is whole. */
static struct sherd_bytes feed_head(struct sherd__sim_client *client, struct sherd_bytes in) {
  struct sherd_bytes nothing = {NULL, 0};
  size_t before = client->head.len;
  if (sherd__buf_append(&client->head, in.data, in.len)) {
    sherd__client_cut(client);
    return nothing;
  }
  size_t size = sherd__http_head_size(sherd__buf_bytes(&client->head));
  if (size == 0) {
    /* Who begins with TLS waits for an answer, and never ends a line. */
    if (client->head.len && client->head.data[0] == TLS_HANDSHAKE)
      refuse_as_bad(client);
    else if (client->head.len > SHERD__HTTP_HEAD_BYTES_MAX)
      refuse(client, "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n"
                     "Content-Length: 0\r\n\r\n");
    return nothing;
  }
  struct sherd__http_head head;
  sherd__http_head_read((struct sherd_bytes){client->head.data, size}, &head);
  if (!head.is_websocket) {
    enter(client, SHERD__SIM_HTTP);
    return nothing;
  }
  if (head.is_good)
    open_websocket(client, &head);
  else
    refuse_as_bad(client);
  sherd__buf_deinit(&client->head);
  return (struct sherd_bytes){in.data + (size - before), in.len - (size - before)};
}

/* --- Frames in --- */

/* JSON may come in text and in binary frames. */
static void take_data(struct sherd__sim_client *client, const struct sherd__frame_part *part) {
  if (part->is_first && part->is_last) {
    sherd__rules_message(client, part->data);
    return;
  }
  if (part->is_first)
    client->message.len = 0;
  if (client->message.len + part->data.len > SHERD_COMMAND_BYTES_MAX)
    sherd__client_close(client, SHERD__CLOSE_DECODE_ERROR);
  else if (sherd__buf_append(&client->message, part->data.data, part->data.len))
    sherd__client_cut(client);
  else if (part->is_last)
    sherd__rules_message(client, sherd__buf_bytes(&client->message));
  if (part->is_last || client->state != SHERD__SIM_OPEN)
    sherd__buf_deinit(&client->message);
}

/* 1000 and 1001 end the session; anything else, also no code at all, keeps it.
 * Source: Discord's documentation, Gateway, disconnecting. */
static void take_close(struct sherd__sim_client *client, uint16_t code) {
  sherd__sim_see(client->sim, SHERD__SIGHT_CLOSE, code, NULL);
  sherd__note_client(client, SHERD__JOURNAL_CLOSED_BY_BOT, code, 0);
  if (client->session && (code == 1000 || code == 1001))
    sherd__session_end(client->session);
  if (sherd__frames_write_close(client->frames, code, NULL, &client->out))
    sherd__client_cut(client);
  else
    enter(client, SHERD__SIM_CLOSED);
}

static void take_part(struct sherd__sim_client *client, const struct sherd__frame_part *part) {
  switch (part->kind) {
  case SHERD__FRAME_DATA:
    take_data(client, part);
    break;
  case SHERD__FRAME_PING: /* one who pings and does not read gets no more of it */
    if (client->out.len < SHERD__SIM_OUT_BYTES)
      write_frame(client, SHERD__FRAMES_PONG, part->data);
    break;
  case SHERD__FRAME_CLOSE:
    take_close(client, part->close_code);
    break;
  case SHERD__FRAME_PONG:
  case SHERD__FRAME_NONE:
    break;
  }
}

static void feed_frames(struct sherd__sim_client *client, struct sherd_bytes in) {
  sherd__frames_input(client->frames, in);
  while (client->state == SHERD__SIM_OPEN) {
    struct sherd__frame_part part;
    enum sherd_status status = sherd__frames_next(client->frames, &part);
    if (status) {
      sherd__sim_see(client->sim, SHERD__SIGHT_REFUSAL, sherd__frames_close_code(status), NULL);
      sherd__client_close_with(client, sherd__frames_close_code(status), NULL);
      return;
    }
    if (part.kind == SHERD__FRAME_NONE)
      return;
    take_part(client, &part);
  }
}

void sherd__sim_client_feed(struct sherd__sim_client *client, struct sherd_bytes in,
                            uint64_t now_ms) {
  client->sim->now_ms = now_ms;
  if (client->state == SHERD__SIM_AWAIT_HEAD)
    in = feed_head(client, in);
  if (client->state == SHERD__SIM_OPEN && in.len)
    feed_frames(client, in);
}
