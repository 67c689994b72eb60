/* What a server can send: every compression, every split, and every kind of rubbish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "engine/upgrade.h"
#include "support/failing_alloc.h"
#include "support/host.h"

static const enum sherd_compression compressions[] = {
    SHERD_COMPRESSION_NONE, SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM,
    SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM, SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM};

static struct host host;

static void begin_in(enum sherd_data_format format, enum sherd_compression compression,
                     size_t max_message_bytes) {
  struct sherd_gateway_config config = host_config();
  config.format = format;
  config.compression = compression;
  config.max_message_bytes = max_message_bytes;
  host_init(&host, &config);
}

static void begin_with(enum sherd_compression compression, size_t max_message_bytes) {
  begin_in(SHERD_FORMAT_JSON, compression, max_message_bytes);
}

static void end(void) {
  host_deinit(&host);
}

/* --- The same events, however they come --- */

static void play(void) {
  host_to_hello(&host, 41250);
  host_grant(&host);
  host_ready(&host, 1);
  for (unsigned seq = 2; seq < 12; seq++)
    host_sayf(&host,
              "{\"t\":\"MESSAGE_CREATE\",\"s\":%u,\"op\":0,\"d\":{\"content\":\"%0*d \\u00e9 "
              "\xF0\x9F\x8F\xBA\"}}",
              seq, (int)(seq * 37), 7);
  host_frame(&host, SHERD__FRAMES_PING, "abc", 3);
  host_say(&host, "{\"op\":7}");
}

static void every_format_compression_and_split_gives_the_same_story(void **state) {
  (void)state;
  char *story = NULL;
  size_t story_len = 0;
  for (size_t way = 0; way < 8; way++)
    for (size_t split = 0; split < 48; split++) {
      enum sherd_data_format format = way < 4 ? SHERD_FORMAT_JSON : SHERD_FORMAT_ETF;
      enum sherd_compression compression = compressions[way % 4];
      if (format == SHERD_FORMAT_ETF && compression == SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM)
        continue; /* Discord has no such thing */
      begin_in(format, compression, 0);
      host.split = split;
      play();
      /* The lines that differ by nature: the request's target, and compress in IDENTIFY. */
      char *at = (char *)host.lines.data;
      size_t kept = 0;
      for (size_t from = 0; from < host.lines.len;) {
        size_t len = strlen(at + from) + 1;
        if (strncmp(at + from, "http", 4) && strncmp(at + from, "send {\"op\":2", 12)) {
          memmove(at + kept, at + from, len);
          kept += len;
        }
        from += len;
      }
      if (!story) {
        story = malloc(kept);
        story_len = kept;
        memcpy(story, at, kept);
      }
      assert_int_equal(kept, story_len);
      assert_memory_equal(at, story, story_len);
      end();
    }
  assert_non_null(memmem(story, story_len, "event MESSAGE_CREATE 11", 23));
  assert_non_null(memmem(story, story_len, "pong abc", 8));
  free(story);
}

static void identify_names_payload_compression(void **state) {
  (void)state;
  begin_with(SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM, 0);
  host_to_hello(&host, 41250);
  host_skip(&host);
  host_grant(&host);
  assert_non_null(strstr((char *)host.lines.data, "\"compress\":true"));
  host_frame(&host, SHERD__FRAMES_TEXT, "{\"op\":11}", 9); /* plain ones may come too */
  assert_int_equal(sherd_engine_stats(host.engine)->acks, 1);
  end();
}

/* The first one of a scratch: there is no memory for it yet. */
static void an_empty_message_is_one_that_ends_too_early(void **state) {
  (void)state;
  begin_with(SHERD_COMPRESSION_NONE, 0);
  host_start(&host);
  host_open(&host);
  host_upgrade(&host);
  host_frame(&host, SHERD__FRAMES_TEXT, "", 0);
  struct sherd_error_info error;
  sherd_engine_last_error(host.engine, &error);
  assert_int_equal(error.status, SHERD_ETRUNCATED);
  end();
}

/* --- zlib-stream has no edges of its own --- */

static z_stream deflater;
static uint8_t wire[1 << 16];
static size_t wire_len;

static void deflate_more(const char *text, int flush) {
  deflater.next_in = (uint8_t *)(uintptr_t)text;
  deflater.avail_in = (uInt)strlen(text);
  deflater.next_out = wire + wire_len;
  deflater.avail_out = (uInt)(sizeof wire - wire_len);
  assert_int_equal(deflate(&deflater, flush), Z_OK);
  wire_len = sizeof wire - deflater.avail_out;
}

static void begin_stream_with(size_t max_message_bytes) {
  begin_with(SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM, max_message_bytes);
  host_start(&host);
  host_open(&host);
  host_upgrade(&host);
  memset(&deflater, 0, sizeof deflater);
  assert_int_equal(deflateInit(&deflater, 6), Z_OK);
  wire_len = 0;
}

static void begin_stream(void) {
  begin_stream_with(0);
}

static void end_stream(void) {
  deflateEnd(&deflater);
  end();
}

static void messages_may_be_spread_over_frames_at_any_byte(void **state) {
  (void)state;
  begin_stream();
  deflate_more("{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}", Z_SYNC_FLUSH);
  deflate_more("{\"op\":1}", Z_SYNC_FLUSH);
  deflate_more("{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{",
               Z_SYNC_FLUSH); /* flushed in its middle */
  deflate_more("\"session_id\":\"a\",\"user\":{\"id\":\"1\"}", Z_SYNC_FLUSH);
  deflate_more("}}", Z_SYNC_FLUSH);
  deflate_more("{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":1}", Z_FULL_FLUSH);
  deflate_more("{\"op\":0,\"t\":\"B\",\"s\":3,\"d\":2}", Z_PARTIAL_FLUSH); /* no marker at all */
  deflate_more("{\"op\":0,\"t\":\"C\",\"s\":4,\"d\":3}", Z_SYNC_FLUSH);
  size_t len = wire_len;
  end_stream();
  for (size_t step = 1; step <= len; step++) {
    begin_stream();
    host.grants_at_once = true;
    for (size_t at = 0; at < len; at += step)
      host_frame(&host, SHERD__FRAMES_BINARY, wire + at, step < len - at ? step : len - at);
    assert_int_equal(host_count(&host, "event "), 5); /* CONNECTING, READY, A, B, C */
    assert_true(host_saw(&host, "event C 4"));
    end_stream();
  }
}

static void several_messages_may_share_a_frame(void **state) {
  (void)state;
  begin_stream();
  deflate_more("{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}", Z_SYNC_FLUSH);
  host_frame(&host, SHERD__FRAMES_BINARY, wire, wire_len);
  host_grant(&host);
  host_skip(&host);
  wire_len = 0;
  deflate_more("{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{\"session_id\":\"a\","
               "\"user\":{\"id\":\"1\"}}}",
               Z_SYNC_FLUSH);
  deflate_more("{\"op\":0,\"t\":\"A\",\"s\":2,\"d\":1} \n {\"op\":0,\"t\":\"B\",\"s\":3,\"d\":2}\n",
               Z_SYNC_FLUSH);
  deflate_more("{\"op\":0,\"t\":\"C\",\"s\":4,\"d\":{\"half\":", Z_SYNC_FLUSH);
  host_frame(&host, SHERD__FRAMES_BINARY, wire, wire_len);
  expect(&host, "session a seq=1");
  expect(&host, "event READY 1");
  expect(&host, "event A 2");
  expect(&host, "event B 3");
  expect_silence(&host);
  wire_len = 0;
  deflate_more("\"}}\\\"{{[\"}}{\"op\":0,\"t\":\"D\",\"s\":5,\"d\":null}", Z_SYNC_FLUSH);
  host_frame(&host, SHERD__FRAMES_BINARY, wire, wire_len);
  expect(&host, "event C 4");
  expect(&host, "event D 5");
  expect_silence(&host);
  end_stream();
}

/* The second frame of a feed begins inside a message, behind one that was handed on. */
static void the_largest_limit_is_no_limit(void **state) {
  (void)state;
  begin_stream_with(SIZE_MAX);
  struct sherd_buf frames;
  sherd__buf_init(&frames, sherd_allocator_default());
  static const char *const pieces[] = {"{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}{\"op",
                                       "\":99}"};
  for (size_t i = 0; i < 2; i++) {
    wire_len = 0;
    deflate_more(pieces[i], Z_SYNC_FLUSH);
    assert_int_equal(sherd__frames_write(host.server, SHERD__FRAMES_BINARY,
                                         (struct sherd_bytes){wire, wire_len}, &frames),
                     SHERD_OK);
  }
  host_skip(&host);
  host_raw(&host, frames.data, frames.len);
  sherd__buf_deinit(&frames);
  expect(&host, "permit");
  expect(&host, "event UNKNOWN_OPCODE 99");
  end_stream();
}

/* --- Rubbish, each kind with its own status --- */

static void fails_with(const char *status) {
  char line[100];
  struct sherd_error_info info;
  snprintf(line, sizeof line, "event DISCONNECTED %s 0", status);
  assert_true(host_saw(&host, "disconnect"));
  assert_true(host_saw(&host, line));
  sherd_engine_last_error(host.engine, &info);
  assert_string_equal(sherd_status_name(info.status), status);
  assert_non_null(strchr(info.text, ':')); /* what happened: what to do */
  assert_null(strchr(info.text, '\n'));
}

static void to_first_message(enum sherd_compression compression, size_t max_message_bytes) {
  begin_with(compression, max_message_bytes);
  host_start(&host);
  host_open(&host);
  host_upgrade(&host);
  host_skip(&host);
}

static void a_compressed_term_is_expanded(void **state) {
  (void)state;
  begin_in(SHERD_FORMAT_ETF, SHERD_COMPRESSION_NONE, 4096);
  host_to_active(&host);
  /* #{op => 0, s => 2, t => <<"A">>, d => <<"x", 200 times>>}, compressed. */
  uint8_t term[300], message[300];
  size_t len = 0;
  static const uint8_t head[] =
      "\x74\x00\x00\x00\x04\x77\x02op\x61\x00\x77\x01s\x61\x02\x77\x01t\x6d"
      "\x00\x00\x00\x01"
      "A\x77\x01"
      "d\x6d\x00\x00\x00\xc8";
  memcpy(term, head, sizeof head - 1);
  len = sizeof head - 1;
  memset(term + len, 'x', 200);
  len += 200;
  uLongf size = sizeof message - 6;
  memcpy(message, "\x83\x50\x00\x00", 4);
  message[4] = (uint8_t)(len >> 8);
  message[5] = (uint8_t)len;
  assert_int_equal(compress(message + 6, &size, term, len), Z_OK);
  host_frame(&host, SHERD__FRAMES_BINARY, message, size + 6);
  expect(&host, "event A 2");
  host_frame(&host, SHERD__FRAMES_BINARY, message, size); /* cut short */
  fails_with("SHERD_ETRUNCATED");
  end();
  begin_in(SHERD_FORMAT_ETF, SHERD_COMPRESSION_NONE, 100); /* over the limit, and says so */
  host_start(&host);
  host_open(&host);
  host_upgrade(&host);
  host_skip(&host);
  host_frame(&host, SHERD__FRAMES_BINARY, message, size + 6);
  expect(&host, "close 1009");
  fails_with("SHERD_EINFLATELIMIT");
  end();
}

static void frame_types_must_fit(void **state) {
  (void)state;
  static const uint8_t byte = 0x78;
  to_first_message(SHERD_COMPRESSION_NONE, 0);
  host_frame(&host, SHERD__FRAMES_BINARY, "{\"op\":11}", 9);
  expect(&host, "close 1003");
  fails_with("SHERD_EFRAMETYPE");
  end();
  to_first_message(SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM, 0);
  host_frame(&host, SHERD__FRAMES_TEXT, &byte, 1);
  expect(&host, "close 1003");
  fails_with("SHERD_EFRAMETYPE");
  end();
  to_first_message(SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM, 0);
  host_frame(&host, SHERD__FRAMES_TEXT, &byte, 1);
  fails_with("SHERD_EFRAMETYPE");
  end();
}

static void damaged_streams_are_noticed(void **state) {
  (void)state;
  static const uint8_t rubbish[] = {0xDE, 0xAD, 0xBE, 0xEF, 1, 2, 3, 4};
  static const struct {
    enum sherd_compression compression;
    const char *status;
  } rows[] = {{SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM, "SHERD_EZLIB"},
              {SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM, "SHERD_EZLIB"},
              {SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM, "SHERD_EZSTD"}};
  for (size_t i = 0; i < 3; i++) {
    to_first_message(rows[i].compression, 0);
    host_frame(&host, SHERD__FRAMES_BINARY, rubbish, sizeof rubbish);
    assert_true(host_saw(&host, "close"));
    fails_with(rows[i].status);
    end();
  }
  /* A payload that is cut short. */
  to_first_message(SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM, 0);
  uint8_t out[200];
  uLongf size = sizeof out;
  compress(out, &size, (const uint8_t *)"{\"op\":11,\"d\":null}", 18);
  host_frame(&host, SHERD__FRAMES_BINARY, out, size - 5);
  fails_with("SHERD_EZLIB");
  end();
}

static void a_bomb_is_stopped_at_the_limit(void **state) {
  (void)state;
  static uint8_t zeros[1 << 20], out[1 << 12];
  for (size_t i = 1; i < 3; i++) {
    to_first_message(compressions[i], 100000);
    uLongf size = sizeof out;
    memset(zeros, '[', sizeof zeros);
    assert_int_equal(compress2(out, &size, zeros, sizeof zeros, 9), Z_OK);
    host_frame(&host, SHERD__FRAMES_BINARY, out, size);
    expect(&host, "close 1009");
    fails_with("SHERD_EINFLATELIMIT");
    assert_true(sherd_engine_stats(host.engine)->bytes_inflated <= 100000);
    end();
  }
}

static void messages_over_the_limit_are_refused_before_they_come(void **state) {
  (void)state;
  static const uint8_t huge[] = {0x81, 127, 0x40, 0, 0, 0, 0, 0, 0, 0}; /* 2^62 bytes */
  to_first_message(SHERD_COMPRESSION_NONE, 0);
  host_raw(&host, huge, sizeof huge);
  expect(&host, "close 1009");
  fails_with("SHERD_ETOOBIG");
  end();
  to_first_message(SHERD_COMPRESSION_NONE, 10);
  host_raw(&host, "\x01\x06{\"op\":", 8); /* a fragment */
  host_raw(&host, "\x80\x05 11 }", 7);    /* and one byte too many */
  expect(&host, "close 1009");
  fails_with("SHERD_ETOOBIG");
  end();
}

static void texts_must_be_utf8(void **state) {
  (void)state;
  to_first_message(SHERD_COMPRESSION_NONE, 0);
  host_frame(&host, SHERD__FRAMES_TEXT, "{\"op\":11,\"d\":\"\xFF\"}", 16);
  expect(&host, "close 1007");
  fails_with("SHERD_EUTF8");
  struct sherd_error_info info;
  sherd_engine_last_error(host.engine, &info);
  assert_int_equal(info.offset, 14);
  end();
}

static void upgrades_that_are_none_are_told_apart(void **state) {
  (void)state;
  static const struct {
    const char *response, *status;
    unsigned http_status;
    const char *said; /* at the end of the line; "": nothing */
  } rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "SHERD_EUPGRADE", 200, "(HTTP 200)"},
      {"HTTP/1.1 403 Forbidden\r\n\r\n", "SHERD_EUPGRADE", 403, "(HTTP 403)"},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
       "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
       "SHERD_EUPGRADEKEY", 101, "(HTTP 101)"},
      {"SSH-2.0-OpenSSH_9.2\r\n", "SHERD_EUPGRADEHEADER", 0, ""},
      {"\x15\x03\x03", "SHERD_EUPGRADEHEADER", 0, ""}, /* an alert within TLS: nonsense */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    begin_with(SHERD_COMPRESSION_NONE, 0);
    host_start(&host);
    host_open(&host);
    host_skip(&host);
    host_raw(&host, rows[i].response, strlen(rows[i].response));
    fails_with(rows[i].status);
    struct sherd_error_info info;
    sherd_engine_last_error(host.engine, &info);
    assert_int_equal(info.http_status, rows[i].http_status);
    char line[SHERD_ERROR_TEXT_MAX + 1];
    snprintf(line, sizeof line, "%s%s%s", sherd_strerror(info.status), *rows[i].said ? " " : "",
             rows[i].said);
    assert_string_equal(info.text, line);
    end();
  }
}

/* A ws:// URL and a port that speaks TLS: some servers send an alert, in which there may be a line
 * feed (unexpected_message is 10), others only go. */
static void a_server_that_speaks_tls_is_told(void **state) {
  (void)state;
  static const struct {
    const char *answer; /* NULL: the connection is lost */
    size_t len;
    const char *status, *said;
  } rows[] = {
      {"\x15\x03\x03\x00\x02\x02\n", 7, "SHERD_EUPGRADEHEADER",
       " (the server speaks TLS: use wss://)"},
      {"\x15", 1, "SHERD_EUPGRADEHEADER", " (the server speaks TLS: use wss://)"},
      {NULL, 0, "SHERD_ELOST", " (before any answer: if the port speaks TLS, use wss://)"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd_gateway_config config = host_config();
    config.gateway_url = "ws://gateway.test";
    host_init(&host, &config);
    host_start(&host);
    host_open(&host);
    host_skip(&host);
    if (rows[i].answer)
      host_raw(&host, rows[i].answer, rows[i].len);
    else
      host_lose(&host, SHERD_ELOST);
    struct sherd_error_info info;
    sherd_engine_last_error(host.engine, &info);
    assert_string_equal(sherd_status_name(info.status), rows[i].status);
    char line[SHERD_ERROR_TEXT_MAX + 1];
    snprintf(line, sizeof line, "%s%s", sherd_strerror(info.status), rows[i].said);
    assert_string_equal(info.text, line);
    host_deinit(&host);
  }
}

/* It has answered, or was asked through TLS: the advice would be wrong. */
static void another_loss_has_nothing_to_do_with_tls(void **state) {
  (void)state;
  static const char *const urls[] = {"wss://gateway.test", "ws://gateway.test"};
  for (size_t i = 0; i < 2; i++) {
    struct sherd_gateway_config config = host_config();
    struct sherd_error_info info;
    config.gateway_url = urls[i];
    host_init(&host, &config);
    host_start(&host);
    host_open(&host);
    if (i)
      host_raw(&host, "HTTP/1.1 101", 12);
    host_lose(&host, SHERD_ELOST);
    sherd_engine_last_error(host.engine, &info);
    assert_string_equal(info.text, sherd_strerror(SHERD_ELOST));
    host_deinit(&host);
  }
}

static void a_header_of_10_megabytes_is_not_read(void **state) {
  (void)state;
  begin_with(SHERD_COMPRESSION_NONE, 0);
  host_start(&host);
  host_open(&host);
  host_skip(&host);
  char *header = malloc(10000000);
  memset(header, 'x', 10000000);
  memcpy(header, "HTTP/1.1 101 Switching Protocols\r\nX: ", 37);
  host.split = 4096;
  host_raw(&host, header, 10000000);
  fails_with("SHERD_EUPGRADETOOBIG");
  assert_true(sherd_engine_stats(host.engine)->bytes_in < 40000);
  free(header);
  end();
}

static void bytes_after_the_upgrade_are_the_first_frames(void **state) {
  (void)state;
  begin_with(SHERD_COMPRESSION_NONE, 0);
  host_start(&host);
  host_open(&host);
  char accept[40], response[400];
  sherd__websocket_accept(host.key, strlen(host.key), accept);
  int len = snprintf(response, sizeof response,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"
                     "\x81\x2a{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}",
                     accept);
  assert_int_equal(
      sherd__frames_new(sherd_allocator_default(), SHERD__FRAMES_SERVER, NULL, 1000, &host.server),
      SHERD_OK);
  host_skip(&host);
  host_raw(&host, response, (size_t)len);
  expect(&host, "permit");
  end();
}

static void one_feed_may_bring_several_messages(void **state) {
  (void)state;
  begin_with(SHERD_COMPRESSION_NONE, 0);
  host_to_active(&host);
  struct sherd_buf frames;
  sherd__buf_init(&frames, sherd_allocator_default());
  static const char *const messages[] = {"{\"op\":0,\"t\":\"LONG\",\"s\":2,\"d\":[1,2,3,4,5]}",
                                         "{\"op\":0,\"t\":\"SHORT\",\"s\":3}",
                                         "{\"op\":0,\"t\":\"LONGER\",\"s\":4,\"d\":[1,2,3,4,5,6]}"};
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(
        sherd__frames_write(host.server, SHERD__FRAMES_TEXT,
                            (struct sherd_bytes){(const uint8_t *)messages[i], strlen(messages[i])},
                            &frames),
        SHERD_OK);
  host_raw(&host, frames.data, frames.len);
  expect(&host, "event LONG 2");
  expect(&host, "event SHORT 3");
  expect(&host, "event LONGER 4");
  expect_silence(&host);
  assert_int_equal(
      sherd_engine_feed(host.engine, (struct sherd_bytes){frames.data, frames.len}, host.now_ms),
      SHERD_OK);
  assert_int_equal(/* before the first is drained */
                   sherd_engine_feed(host.engine, (struct sherd_bytes){frames.data, frames.len},
                                     host.now_ms),
                   SHERD_ESTATE);
  host_drain(&host);
  assert_int_equal(sherd_engine_stats(host.engine)->repeats, 3);
  sherd__buf_deinit(&frames);
  end();
}

/* --- Engines that share a scratch --- */

static void engines_share_a_scratch_without_harm(void **state) {
  (void)state;
  static struct host other;
  struct sherd_scratch *scratch;
  assert_int_equal(sherd_scratch_new(NULL, &scratch), SHERD_OK);
  struct sherd_gateway_config config = host_config();
  struct host *both[] = {&host, &other};
  for (size_t i = 0; i < 2; i++) {
    host_init_with(both[i], &config, scratch, NULL);
    host_to_active(both[i]);
  }
  static const char half[] = "\x01\x1d{\"op\":0,\"t\":\"HALF\",\"s\":2,\"d\":";
  host_raw(&host, half, sizeof half - 1);
  host_say(&other, "{\"op\":0,\"t\":\"WHOLE\",\"s\":2,\"d\":{\"a\":[1,2,3,4,5,6,7,8,9]}}");
  host_raw(&other, half, sizeof half - 1);
  host_raw(&host, "\x80\x02\x37}", 4);
  host_raw(&other, "\x80\x02\x38}", 4);
  expect(&host, "event HALF 2");
  expect(&other, "event WHOLE 2");
  assert_int_equal(sherd_engine_stats(other.engine)->repeats, 1);
  host_deinit(&host);
  host_deinit(&other);
  sherd_scratch_free(scratch);
}

/* --- Memory --- */

/* Each allocation in turn fails. What must hold: no crash, no leak, and the shard comes up once
 * memory is there again. */
static void every_allocation_may_fail(void **state) {
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    struct sherd_gateway_config config = host_config();
    config.compression = compressions[i];
    for (unsigned nth = 1;; nth++) {
      struct sherd__test_alloc memory;
      sherd__test_alloc_init(&memory, nth);
      if (host_init_with(&host, &config, NULL, &memory.allocator) != SHERD_OK) {
        assert_int_equal(memory.live, 0);
        continue;
      }
      struct sherd_command command = {
          .type = SHERD_COMMAND_PRESENCE,
          .as.presence = {.activity_is = SHERD_FIELD_VALUE, .activity = {.name = "x"}}};
      enum sherd_status sent = sherd_engine_send(host.engine, &command, 0);
      assert_true(sent == SHERD_OK || sent == SHERD_ENOMEM);
      host_start(&host);
      for (int tries = 0; !sherd_engine_is_connected(host.engine); tries++) {
        assert_true(tries < 10);
        if (!host.has_transport)
          host_wait(&host, 61000);
        host_open(&host);
        if (host.is_open)
          host_upgrade(&host);
        if (host.is_open)
          host_say(&host, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
        if (host.wants_permit)
          host_grant(&host);
        if (host.is_open)
          host_ready(&host, 1);
      }
      bool failed = sherd__test_alloc_has_failed(&memory);
      host_deinit(&host);
      assert_int_equal(memory.live, 0);
      if (!failed)
        break;
    }
  }
}

static void events_cost_no_allocation(void **state) {
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    if (compressions[i] == SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM)
      continue; /* a zlib stream of its own for each message */
    struct sherd_gateway_config config = host_config();
    config.compression = compressions[i];
    struct sherd__test_alloc memory;
    sherd__test_alloc_init(&memory, 0);
    assert_int_equal(host_init_with(&host, &config, NULL, &memory.allocator), SHERD_OK);
    host_to_active(&host);
    host_say(&host, "{\"op\":0,\"t\":\"MESSAGE_CREATE\",\"s\":2,\"d\":{\"content\":\"warm\"}}");
    size_t before = memory.requests;
    for (unsigned seq = 3; seq < 1000; seq++)
      host_sayf(&host, "{\"op\":0,\"t\":\"MESSAGE_CREATE\",\"s\":%u,\"d\":{\"content\":\"%u\"}}",
                seq, seq);
    assert_int_equal(memory.requests, before);
    assert_int_equal(sherd_engine_stats(host.engine)->dispatches, 999);
    host_deinit(&host);
  }
}

/* --- Memory --- */

static unsigned tokens_in_freed_blocks;

static void look_and_free(void *ctx, void *ptr) {
  if (ptr) {
    size_t size = ((union sherd__test_block *)ptr - 1)->size;
    tokens_in_freed_blocks += memmem(ptr, size, HOST_TOKEN, strlen(HOST_TOKEN)) != NULL;
  }
  sherd__test_alloc_free(ctx, ptr);
}

static void *look_and_realloc(void *ctx, void *ptr, size_t old_size, size_t size) {
  tokens_in_freed_blocks += memmem(ptr, old_size, HOST_TOKEN, strlen(HOST_TOKEN)) != NULL;
  return sherd__test_alloc_realloc(ctx, ptr, old_size, size);
}

static void freed_memory_holds_no_token(void **state) {
  (void)state;
  struct sherd__test_alloc memory;
  sherd__test_alloc_init(&memory, 0);
  memory.allocator.free = look_and_free;
  memory.allocator.realloc = look_and_realloc;
  tokens_in_freed_blocks = 0;
  struct sherd_gateway_config config = host_config();
  assert_int_equal(host_init_with(&host, &config, NULL, &memory.allocator), SHERD_OK);
  struct sherd_command command = {
      .type = SHERD_COMMAND_PRESENCE,
      .as.presence = {.activity_is = SHERD_FIELD_VALUE, .activity = {.name = "x"}}};
  assert_int_equal(host_send(&host, &command), SHERD_OK);
  host_to_active(&host);
  host_lose(&host, SHERD_ELOST);
  host_wait(&host, 1000);
  host_to_hello(&host, 41250);
  assert_true(host_saw(&host, "send {\"op\":6"));
  host_deinit(&host);
  assert_int_equal(memory.live, 0);
  assert_int_equal(tokens_in_freed_blocks, 0);
}

/* What a burst or a hostile name needed is given back. */
static void an_idle_engine_holds_little(void **state) {
  (void)state;
  struct sherd__test_alloc memory;
  sherd__test_alloc_init(&memory, 0);
  struct sherd_gateway_config config = host_config();
  struct sherd_scratch *scratch;
  assert_int_equal(sherd_scratch_new(NULL, &scratch), SHERD_OK);
  assert_int_equal(host_init_with(&host, &config, scratch, &memory.allocator), SHERD_OK);
  host_to_active(&host);
  static char text[3001];
  memset(text, 'x', sizeof text - 1);
  struct sherd_command command = {.type = SHERD_COMMAND_REQUEST_MEMBERS,
                                  .guild_id = 7,
                                  .as.members = {.query = text, .limit = 1}};
  for (int i = 0; i < 100; i++) /* written as one, when the engine is drained */
    assert_int_equal(sherd_engine_send(host.engine, &command, host.now_ms), SHERD_OK);
  host_drain(&host);
  host_sayf(&host, "{\"op\":0,\"t\":\"%s%s%s\",\"s\":2,\"d\":{}}", text, text, text);
  host_say(&host, "{\"op\":0,\"t\":\"MESSAGE_CREATE\",\"s\":3,\"d\":{}}");
  assert_int_equal(host_count(&host, "send {\"op\":8"), 100);
  assert_int_equal(sherd_engine_stats(host.engine)->dispatches, 3);
  assert_true(memory.live_bytes < 12 * 1024);
  host_deinit(&host);
  sherd_scratch_free(scratch);
}

/* --- Configuration --- */

static void configurations_are_checked(void **state) {
  (void)state;
  struct sherd_engine *engine;
  static char long_token[600];
  memset(long_token, 'x', sizeof long_token - 1);
  static char long_text[4100];
  memset(long_text, 'x', sizeof long_text - 1);
  const struct sherd_session other_shard = {.id = "a", .shard_id = 1, .shard_count = 2};
  const struct sherd_session no_text = {.id = "\xFF", .shard_count = 1}; /* no RESUME can name it */
#define REFUSED(expected, ...)                                                                     \
  do {                                                                                             \
    struct sherd_gateway_config config = host_config();                                            \
    __VA_ARGS__;                                                                                   \
    engine = (struct sherd_engine *)&config;                                                       \
    assert_int_equal(sherd_engine_new(&config, NULL, &engine), expected);                          \
    assert_null(engine);                                                                           \
  } while (0)
  REFUSED(SHERD_ETOKEN, config.token = NULL);
  REFUSED(SHERD_ETOKEN, config.token = "");
  REFUSED(SHERD_ETOKEN, config.token = "a b");
  REFUSED(SHERD_ETOKEN, config.token = "a\n");
  REFUSED(SHERD_ETOKEN, config.token = long_token);
  REFUSED(SHERD_EINVAL, config.shard_id = 1);
  REFUSED(SHERD_EINVAL, config.shard_id = 2; config.shard_count = 2);
  REFUSED(SHERD_EINVAL, config.large_threshold = 49);
  REFUSED(SHERD_EINVAL, config.large_threshold = 251);
  REFUSED(SHERD_EINVAL, config.format = (enum sherd_data_format)2);
  REFUSED(SHERD_EINVAL, config.compression = (enum sherd_compression)4);
  REFUSED(SHERD_EINVAL, config.session = &other_shard);
  REFUSED(SHERD_EINVAL, config.session = &no_text);
  struct sherd_session endless = {.shard_count = 1};
  memset(endless.id, 'x', sizeof endless.id);
  REFUSED(SHERD_EINVAL, config.session = &endless);
  endless.id[1] = '\0';
  memset(endless.resume_url, 'x', sizeof endless.resume_url);
  REFUSED(SHERD_EINVAL, config.session = &endless);
  REFUSED(SHERD_EUNSUPPORTED, config.format = SHERD_FORMAT_ETF;
          config.compression = SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM);
  REFUSED(SHERD_EURL, config.gateway_url = "https://gateway.test");
  REFUSED(SHERD_ETOOLONG, config.device = long_text);
  REFUSED(SHERD_EUTF8, config.device = "\xFF");
#undef REFUSED
  assert_int_equal(sherd_engine_new(NULL, NULL, &engine), SHERD_EINVAL);
  sherd_engine_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_format_compression_and_split_gives_the_same_story),
      cmocka_unit_test(identify_names_payload_compression),
      cmocka_unit_test(an_empty_message_is_one_that_ends_too_early),
      cmocka_unit_test(messages_may_be_spread_over_frames_at_any_byte),
      cmocka_unit_test(several_messages_may_share_a_frame),
      cmocka_unit_test(the_largest_limit_is_no_limit),
      cmocka_unit_test(a_compressed_term_is_expanded),
      cmocka_unit_test(frame_types_must_fit),
      cmocka_unit_test(damaged_streams_are_noticed),
      cmocka_unit_test(a_bomb_is_stopped_at_the_limit),
      cmocka_unit_test(messages_over_the_limit_are_refused_before_they_come),
      cmocka_unit_test(texts_must_be_utf8),
      cmocka_unit_test(upgrades_that_are_none_are_told_apart),
      cmocka_unit_test(a_server_that_speaks_tls_is_told),
      cmocka_unit_test(another_loss_has_nothing_to_do_with_tls),
      cmocka_unit_test(a_header_of_10_megabytes_is_not_read),
      cmocka_unit_test(bytes_after_the_upgrade_are_the_first_frames),
      cmocka_unit_test(one_feed_may_bring_several_messages),
      cmocka_unit_test(engines_share_a_scratch_without_harm),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(events_cost_no_allocation),
      cmocka_unit_test(freed_memory_holds_no_token),
      cmocka_unit_test(an_idle_engine_holds_little),
      cmocka_unit_test(configurations_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
