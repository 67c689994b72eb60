#include "sim/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MESSAGE_BYTES_MAX (64u << 20)

void net_open(struct net *net, const struct sherd__sim_config *config) {
  *net = (struct net){0};
  assert_int_equal(sherd__sim_new(config, 0, &net->sim), SHERD_OK);
}

void net_close(struct net *net) {
  sherd__sim_free(net->sim);
}

static void fill_with_ones(void *ctx, void *out, size_t len) {
  (void)ctx;
  memset(out, 1, len);
}

/* --- What the server sends --- */

static void keep_message(struct peer *peer) {
  uint32_t len = (uint32_t)peer->whole.len;
  assert_int_equal(sherd__buf_append(&peer->messages, &len, sizeof len), SHERD_OK);
  assert_int_equal(sherd__buf_append(&peer->messages, peer->whole.data, len), SHERD_OK);
  assert_int_equal(sherd__buf_append_byte(&peer->messages, 0), SHERD_OK);
  peer->whole.len = 0;
}

static void take_data(struct peer *peer, const struct sherd__frame_part *part) {
  peer->text_frames += part->is_first && part->is_text;
  peer->binary_frames += part->is_first && !part->is_text;
  struct sherd__inflater *inflater = part->is_text && peer->payload_zlib ? NULL : peer->inflater;
  if (inflater) {
    assert_false(part->is_text);
    assert_int_equal(sherd__inflater_feed(inflater, part->data, part->is_first, part->is_last,
                                          MESSAGE_BYTES_MAX, &peer->whole),
                     SHERD_OK);
  } else {
    assert_int_equal(sherd__buf_append(&peer->whole, part->data.data, part->data.len), SHERD_OK);
  }
  if (part->is_last)
    keep_message(peer);
}

static void take_frames(struct peer *peer, struct sherd_bytes in) {
  struct sherd__frame_part part;
  sherd__frames_input(peer->frames, in);
  for (;;) {
    assert_int_equal(sherd__frames_next(peer->frames, &part), SHERD_OK);
    if (part.kind == SHERD__FRAME_NONE)
      return;
    if (part.kind == SHERD__FRAME_DATA)
      take_data(peer, &part);
    if (part.kind == SHERD__FRAME_CLOSE) {
      peer->close_code = part.close_code;
      (void)snprintf(peer->close_reason, sizeof peer->close_reason, "%.*s", (int)part.data.len,
                     (const char *)part.data.data);
    }
  }
}

static struct sherd_bytes take_http(struct peer *peer, struct sherd_bytes in) {
  size_t used = 0;
  while (!peer->is_upgraded && used < in.len) {
    assert_int_equal(sherd__buf_append_byte(&peer->http, in.data[used++]), SHERD_OK);
    size_t len = peer->http.len;
    if (len >= 4 && memcmp(peer->http.data + len - 4, "\r\n\r\n", 4) == 0) {
      peer->is_upgraded = true;
      peer->http_status = atoi((const char *)peer->http.data + strlen("HTTP/1.1 "));
    }
  }
  return (struct sherd_bytes){in.data + used, in.len - used};
}

static void receive(struct peer *peer) {
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  sherd__sim_client_take(peer->client, &out);
  while (out.len) {
    struct sherd_bytes in = take_http(peer, sherd__buf_bytes(&out));
    if (in.len)
      take_frames(peer, in);
    sherd__buf_deinit(&out);
    sherd__sim_client_take(peer->client, &out);
  }
  sherd__buf_deinit(&out);
  enum sherd__sim_client_state state = sherd__sim_client_state(peer->client);
  if (state == SHERD__SIM_CLOSED || state == SHERD__SIM_CUT)
    peer_lose(peer);
}

void net_flush(struct net *net) {
  struct sherd__sim_client *client;
  while ((client = sherd__sim_next_ready(net->sim)))
    receive(sherd__sim_client_user(client));
}

void net_wait(struct net *net, uint64_t ms) {
  uint64_t end_ms = net->now_ms + ms;
  net_flush(net);
  for (;;) {
    uint64_t next_ms = sherd__sim_deadline(net->sim);
    if (next_ms > end_ms)
      break;
    if (next_ms > net->now_ms)
      net->now_ms = next_ms;
    sherd__sim_tick(net->sim, net->now_ms);
    net_flush(net);
  }
  net->now_ms = end_ms;
  sherd__sim_tick(net->sim, end_ms);
  net_flush(net);
}

/* --- What the client sends --- */

void peer_raw(struct peer *peer, const void *data, size_t len) {
  if (peer->client)
    sherd__sim_client_feed(peer->client, (struct sherd_bytes){data, len}, peer->net->now_ms);
  net_flush(peer->net);
}

void peer_begin(struct peer *peer, struct net *net, const char *query) {
  *peer = (struct peer){.net = net};
  const struct sherd_allocator *allocator = sherd_allocator_default();
  sherd__random_init(&peer->random, fill_with_ones, NULL);
  sherd__buf_init(&peer->http, allocator);
  sherd__buf_init(&peer->whole, allocator);
  sherd__buf_init(&peer->messages, allocator);
  assert_int_equal(sherd__frames_new(allocator, SHERD__FRAMES_CLIENT, &peer->random,
                                     MESSAGE_BYTES_MAX, &peer->frames),
                   SHERD_OK);
  enum sherd_compression compression =
      strstr(query, "zlib-stream")   ? SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM
      : strstr(query, "zstd-stream") ? SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM
                                     : SHERD_COMPRESSION_NONE;
  if (compression)
    assert_int_equal(sherd__inflater_new(allocator, compression, &peer->inflater), SHERD_OK);
  assert_int_equal(sherd__sim_client_new(net->sim, peer, net->now_ms, &peer->client), SHERD_OK);
}

void peer_open_at(struct peer *peer, struct net *net, const char *host, const char *query) {
  char request[512];
  peer_begin(peer, net, query);
  int len = snprintf(request, sizeof request,
                     "GET /?%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                     "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: "
                     "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                     query, host);
  peer_raw(peer, request, (size_t)len);
}

void peer_open(struct peer *peer, struct net *net, const char *query) {
  peer_open_at(peer, net, "127.0.0.1:80", query);
}

void peer_lose(struct peer *peer) {
  if (peer->client)
    sherd__sim_client_free(peer->client, peer->net->now_ms);
  peer->client = NULL;
  peer->is_gone = true;
}

void peer_free(struct peer *peer) {
  peer_lose(peer);
  sherd__frames_free(peer->frames);
  sherd__inflater_free(peer->inflater);
  sherd__buf_deinit(&peer->http);
  sherd__buf_deinit(&peer->whole);
  sherd__buf_deinit(&peer->messages);
}

void peer_frame(struct peer *peer, enum sherd__frames_opcode opcode, const void *data, size_t len) {
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  assert_int_equal(sherd__frames_write(peer->frames, opcode, (struct sherd_bytes){data, len}, &out),
                   SHERD_OK);
  peer_raw(peer, out.data, out.len);
  sherd__buf_deinit(&out);
}

void peer_say(struct peer *peer, const char *json) {
  peer_frame(peer, SHERD__FRAMES_TEXT, json, strlen(json));
}

void peer_sayf(struct peer *peer, const char *format, ...) {
  char text[8192];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  peer_say(peer, text);
}

/* --- What came --- */

struct sherd_bytes peer_next_bytes(struct peer *peer) {
  if (peer->taken == peer->messages.len)
    return (struct sherd_bytes){NULL, 0};
  uint32_t len;
  memcpy(&len, peer->messages.data + peer->taken, sizeof len);
  const uint8_t *data = peer->messages.data + peer->taken + sizeof len;
  peer->taken += sizeof len + len + 1;
  return (struct sherd_bytes){data, len};
}

const char *peer_next(struct peer *peer) {
  struct sherd_bytes text = peer_next_bytes(peer);
  if (text.data)
    assert_int_equal(sherd_value_validate(SHERD_FORMAT_JSON, text.data, text.len, NULL), SHERD_OK);
  return (const char *)text.data;
}

static bool next_envelope(struct peer *peer, struct sherd_value *out) {
  const char *text = peer_next(peer);
  if (!text)
    return false;
  assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, text, strlen(text), out), SHERD_OK);
  uint64_t seq;
  if (sherd_value_as_u64(sherd_value_get(*out, "s"), &seq) == SHERD_OK) {
    assert_int_equal(seq, peer->seq + 1);
    peer->seq = seq;
  }
  return true;
}

struct sherd_value peer_expect_op(struct peer *peer, int op) {
  struct sherd_value envelope;
  int64_t came = -1;
  assert_true(next_envelope(peer, &envelope));
  assert_int_equal(sherd_value_as_i64(sherd_value_get(envelope, "op"), &came), SHERD_OK);
  assert_int_equal(came, op);
  return sherd_value_get(envelope, "d");
}

struct sherd_value peer_expect(struct peer *peer, const char *name) {
  struct sherd_value envelope;
  while (next_envelope(peer, &envelope))
    if (sherd_value_equals(sherd_value_get(envelope, "t"), name))
      return sherd_value_get(envelope, "d");
  fail_msg("no %s came", name);
  return envelope;
}

uint32_t peer_drain(struct peer *peer, const char *name) {
  struct sherd_value envelope;
  uint32_t count = 0;
  while (next_envelope(peer, &envelope)) {
    struct sherd_value type = sherd_value_get(envelope, "t");
    count += name ? sherd_value_equals(type, name) : sherd_value_type(type) == SHERD_VALUE_STRING;
  }
  return count;
}

void peer_expect_close(struct peer *peer, int code, const char *reason) {
  net_flush(peer->net);
  assert_int_equal(peer->close_code, code);
  if (reason)
    assert_string_equal(peer->close_reason, reason);
  assert_true(peer->is_gone);
}

void peer_login(struct peer *peer, struct net *net, uint32_t id, uint32_t count, uint64_t intents,
                char session_id[64]) {
  peer_open(peer, net, "v=10&encoding=json");
  peer_expect_op(peer, 10);
  peer_sayf(peer, IDENTIFY("\"intents\":%ju,\"shard\":[%u,%u],\"large_threshold\":250"),
            (uintmax_t)intents, id, count);
  struct sherd_value ready = peer_expect(peer, "READY");
  assert_int_equal(
      sherd_value_as_str_copy(sherd_value_get(ready, "session_id"), session_id, 64, NULL),
      SHERD_OK);
}
