/* The gateway's rules, over raw frames in memory, with a fake clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sherd/intents.h>

#include "sim/peer.h"

#define ALL   SHERD_INTENTS_ALL
#define PLAIN "v=10&encoding=json"

static const struct sherd__sim_config small = {.seed = 5, .guilds = 3};

static void opens_with_hello(void **state) {
  (void)state;
  struct net net;
  struct peer peer;
  net_open(&net, &small);
  peer_open(&peer, &net, PLAIN);
  assert_int_equal(peer.http_status, 101);
  assert_non_null(strstr((const char *)peer.http.data, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  uint64_t interval_ms = 0;
  sherd_value_as_u64(sherd_value_get(peer_expect_op(&peer, 10), "heartbeat_interval"),
                     &interval_ms);
  assert_int_equal(interval_ms, 41250);
  peer_free(&peer);
  net_close(&net);
}

static void a_plain_request_is_left_to_http(void **state) {
  (void)state;
  static const char request[] = "GET /api/v10/gateway HTTP/1.1\r\nHost: x\r\n\r\n";
  struct net net;
  struct sherd__sim_client *client;
  net_open(&net, &small);
  assert_int_equal(sherd__sim_client_new(net.sim, NULL, 0, &client), SHERD_OK);
  for (size_t i = 0; i < sizeof request - 1; i++) /* byte by byte */
    sherd__sim_client_feed(client, (struct sherd_bytes){(const uint8_t *)request + i, 1}, 0);
  assert_int_equal(sherd__sim_client_state(client), SHERD__SIM_HTTP);
  struct sherd_bytes head = sherd__sim_client_head(client);
  assert_int_equal(head.len, sizeof request - 1);
  assert_memory_equal(head.data, request, head.len);
  sherd__sim_client_free(client, 0);
  net_close(&net);
}

static void a_bad_handshake_is_refused(void **state) {
  (void)state;
  static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n";
  struct net net;
  struct sherd__sim_client *client;
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  net_open(&net, &small);
  assert_int_equal(sherd__sim_client_new(net.sim, NULL, 0, &client), SHERD_OK);
  sherd__sim_client_feed(client, (struct sherd_bytes){(const uint8_t *)request, sizeof request - 1},
                         0);
  assert_int_equal(sherd__sim_client_state(client), SHERD__SIM_CLOSED);
  sherd__sim_client_take(client, &out);
  assert_memory_equal(out.data, "HTTP/1.1 400", 12);
  sherd__buf_deinit(&out);
  sherd__sim_client_free(client, 0);
  net_close(&net);
}

/* A wss:// URL, where there is no TLS: the client is not left waiting. */
static void tls_is_refused_at_once(void **state) {
  (void)state;
  static const uint8_t hello[] = {0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3};
  struct net net;
  struct sherd__sim_client *client;
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  net_open(&net, &small);
  assert_int_equal(sherd__sim_client_new(net.sim, NULL, 0, &client), SHERD_OK);
  sherd__sim_client_feed(client, (struct sherd_bytes){hello, sizeof hello}, 0);
  assert_int_equal(sherd__sim_client_state(client), SHERD__SIM_CLOSED);
  sherd__sim_client_take(client, &out);
  assert_memory_equal(out.data, "HTTP/1.1 400", 12);
  sherd__buf_deinit(&out);
  sherd__sim_client_free(client, 0);
  net_close(&net);
}

static void bad_queries_are_closed_with_their_codes(void **state) {
  (void)state;
  static const struct {
    const char *query;
    int code;
  } rows[] = {
      {"encoding=json", 4012},
      {"v=6&encoding=json", 4012},
      {"v=11&encoding=json", 4012},
      {"v=10&encoding=xml", 4002},
      {"v=10&encoding=json&compress=brotli", 4002},
  };
  struct net net;
  struct peer peer;
  net_open(&net, &small);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    peer_open(&peer, &net, rows[i].query);
    assert_int_equal(peer.http_status, 101);
    assert_null(peer_next(&peer));
    peer_expect_close(&peer, rows[i].code, NULL);
    peer_free(&peer);
  }
  net_close(&net);
}

/* Discord still takes it, and older libraries ask for it. */
static void version_9_is_let_in_and_named(void **state) {
  (void)state;
  struct net net;
  struct peer peer;
  uint64_t version = 0;
  net_open(&net, &small);
  peer_open(&peer, &net, "v=9&encoding=json");
  peer_expect_op(&peer, 10);
  peer_say(&peer, IDENTIFY("\"intents\":0"));
  struct sherd_value ready = peer_expect(&peer, "READY");
  assert_int_equal(sherd_value_as_u64(sherd_value_get(ready, "v"), &version), SHERD_OK);
  assert_int_equal(version, 9);
  peer_free(&peer);
  net_close(&net);
}

/* One message on a fresh connection, and the close code that answers it. */
static void bad_first_messages_are_closed_with_their_codes(void **state) {
  (void)state;
  static const struct {
    const char *message;
    int code;
    const char *reason;
  } rows[] = {
      {"{\"op\":0,\"d\":null}", 4001, "Unknown opcode."},
      {"{\"op\":12,\"d\":null}", 4001, "Unknown opcode."},
      {"{\"op\":10,\"d\":null}", 4001, "Unknown opcode."},
      {"{\"op\":1,\"d\":\"no\"}", 4001, "Unknown opcode."},
      {"{\"op\":2,\"d\":7}", 4001, "Unknown opcode."},
      {"{\"op\":6,\"d\":null}", 4001, "Unknown opcode."},
      {"{", 4002, "Error while decoding payload."},
      {"", 4002, "Error while decoding payload."},
      {"[]", 4002, "Error while decoding payload."},
      {"{\"d\":null}", 4002, "Error while decoding payload."},
      {"{\"op\":\"1\",\"d\":null}", 4002, "Error while decoding payload."},
      {"{\"op\":1,\"d\":null}x", 4002, "Error while decoding payload."},
      {"{\"op\":1,\"d\":\"\xff\"}", 4002, "Error while decoding payload."},
      {"{\"op\":3,\"d\":{}}", 4003, "Not authenticated."},
      {"{\"op\":4,\"d\":{}}", 4003, "Not authenticated."},
      {"{\"op\":8,\"d\":{}}", 4003, "Not authenticated."},
      {"{\"op\":31,\"d\":{}}", 4003, "Not authenticated."},
      {"{\"op\":43,\"d\":{}}", 4003, "Not authenticated."},
      {"{\"op\":2,\"d\":{\"token\":\"wrong\",\"properties\":{},\"intents\":0}}", 4004,
       "Authentication failed."},
      {"{\"op\":2,\"d\":{\"properties\":{},\"intents\":0}}", 4004, "Authentication failed."},
      {"{\"op\":6,\"d\":{\"token\":\"wrong\",\"session_id\":\"x\",\"seq\":1}}", 4004,
       "Authentication failed."},
      {IDENTIFY("\"intents\":0,\"shard\":[1,1]"), 4010, "Invalid shard."},
      {IDENTIFY("\"intents\":0,\"shard\":[0,0]"), 4010, "Invalid shard."},
      {IDENTIFY("\"intents\":0,\"shard\":[-1,2]"), 4010, "Invalid shard."},
      {IDENTIFY("\"intents\":0,\"shard\":\"0/1\""), 4010, "Invalid shard."},
      {IDENTIFY("\"large_threshold\":50"), 4013, "Invalid intent(s)."},
      {IDENTIFY("\"intents\":131072"), 4013, "Invalid intent(s)."},
      {IDENTIFY("\"intents\":\"1\""), 4013, "Invalid intent(s)."},
      {IDENTIFY("\"intents\":2"), 4014, "Disallowed intent(s)."},
  };
  struct sherd__sim_config config = small;
  config.disallowed_intents = SHERD_INTENT_GUILD_MEMBERS;
  struct net net;
  struct peer peer;
  net_open(&net, &config);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    peer_open(&peer, &net, PLAIN);
    peer_expect_op(&peer, 10);
    peer_say(&peer, rows[i].message);
    if (peer.close_code != rows[i].code)
      fail_msg("%s: %d", rows[i].message, peer.close_code);
    peer_expect_close(&peer, rows[i].code, rows[i].reason);
    peer_free(&peer);
  }
  net_close(&net);
}

static void too_many_guilds_on_a_shard_need_sharding(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 1, .guilds = 2501, .max_concurrency = 2};
  struct net net;
  struct peer peer;
  char id[64];
  net_open(&net, &config);
  peer_open(&peer, &net, PLAIN);
  peer_expect_op(&peer, 10);
  peer_say(&peer, IDENTIFY("\"intents\":0"));
  peer_expect_close(&peer, 4011, "Sharding required.");
  peer_free(&peer);
  peer_login(&peer, &net, 0, 2, 0, id);
  peer_free(&peer);
  net_close(&net);
}

static void messages_may_have_4096_bytes_and_no_more(void **state) {
  (void)state;
  struct net net;
  struct peer peer;
  char message[5000];
  net_open(&net, &small);
  peer_open(&peer, &net, PLAIN);
  peer_expect_op(&peer, 10);
  memset(message, ' ', sizeof message);
  memcpy(message, "{\"op\":1,\"d\":null}", 17);
  peer_frame(&peer, SHERD__FRAMES_BINARY, message, 4096); /* binary will do too */
  peer_expect_op(&peer, 11);
  peer_frame(&peer, SHERD__FRAMES_TEXT, message, 4097);
  peer_expect_close(&peer, 4002, "Error while decoding payload.");
  peer_free(&peer);
  net_close(&net);
}

static void messages_may_come_in_fragments_and_bytes(void **state) {
  (void)state;
  /* {"op":1,"d":null} in three frames, masked with zero, a ping between them */
  static const char bytes[] = "\x01\x88\0\0\0\0{\"op\":1,"
                              "\x89\x82\0\0\0\0hi"
                              "\x00\x84\0\0\0\0\"d\":"
                              "\x80\x85\0\0\0\0null}";
  struct net net;
  struct peer peer;
  net_open(&net, &small);
  peer_open(&peer, &net, PLAIN);
  peer_expect_op(&peer, 10);
  for (size_t i = 0; i < sizeof bytes - 1; i++)
    peer_raw(&peer, bytes + i, 1);
  peer_expect_op(&peer, 11);
  assert_null(peer_next(&peer));
  peer_free(&peer);
  net_close(&net);
}

static void broken_frames_end_the_connection(void **state) {
  (void)state;
  struct net net;
  struct peer peer;
  net_open(&net, &small);
  peer_open(&peer, &net, PLAIN);
  peer_raw(&peer, "\x81\x02{}", 4); /* not masked */
  peer_expect_close(&peer, 1002, NULL);
  peer_free(&peer);
  peer_open(&peer, &net, PLAIN);
  peer_raw(&peer, "\x82\xff\x40\0\0\0\0\0\0\0\0\0\0\0", 14); /* 2^62 bytes to come */
  peer_expect_close(&peer, 1009, NULL);
  peer_free(&peer);
  net_close(&net);
}

static void heartbeats_are_acked_and_missed(void **state) {
  (void)state;
  struct net net;
  struct peer peer;
  net_open(&net, &small);
  peer_open(&peer, &net, PLAIN);
  peer_expect_op(&peer, 10);
  net_wait(&net, 61000);
  peer_say(&peer, "{\"op\":1,\"d\":null}"); /* before IDENTIFY too */
  peer_expect_op(&peer, 11);
  net_wait(&net, 61874);
  assert_false(peer.is_gone);
  net_wait(&net, 1);                                    /* one and a half intervals */
  peer_expect_close(&peer, 4009, "Session timed out."); /* it had none to resume */
  peer_free(&peer);
  char session_id[64];
  peer_login(&peer, &net, 0, 1, ALL, session_id);
  net_wait(&net, 61875);
  peer_expect_close(&peer, 4000, "Unknown error.");
  peer_free(&peer);
  net_close(&net);
}

static void ask_to_resume(struct peer *peer, const char *session_id) {
  peer_sayf(peer,
            "{\"op\":6,\"d\":{\"token\":\"sherd-sim-token\",\"session_id\":\"%s\",\"seq\":1}}",
            session_id);
}

/* Connected or not. A RESUME then finds nothing. */
static void sessions_end_of_age(void **state) {
  (void)state;
  struct sherd__sim_config config = small;
  config.session_age_ms = 50000;
  struct net net;
  struct peer peer, lost;
  char ids[2][64];
  net_open(&net, &config);
  peer_login(&peer, &net, 0, 1, 0, ids[0]);
  net_wait(&net, 6000);
  peer_login(&lost, &net, 0, 1, 0, ids[1]);
  peer_lose(&lost);
  net_wait(&net, 43999);
  assert_false(peer.is_gone);
  net_wait(&net, 1);
  peer_expect_close(&peer, 4009, "Session timed out.");
  net_wait(&net, 6000);
  for (size_t i = 0; i < 2; i++) {
    struct peer again;
    bool may_resume = true;
    peer_open(&again, &net, PLAIN);
    peer_expect_op(&again, 10);
    ask_to_resume(&again, ids[i]);
    assert_int_equal(sherd_value_as_bool(peer_expect_op(&again, 9), &may_resume), SHERD_OK);
    assert_false(may_resume);
    peer_free(&again);
  }
  peer_free(&lost);
  peer_free(&peer);
  net_close(&net);
}

/* Where one is to resume, and what becomes of who does not, when that is strict. */
static void the_resume_url_is_checked(void **state) {
  (void)state;
  static const struct {
    const char *host;
    bool resumes, is_strict, is_elsewhere;
    int code;             /* 0: none */
    uint16_t resume_port; /* 0: it is the host that is another */
  } rows[] = {
      {"localhost", true, true, false, 0, 0},
      {"127.0.0.1:80", true, true, true, 4000, 0},
      {"127.0.0.1:80", true, false, true, 0, 0},
      {"localhost:80", false, true, true, 4000, 0},
      {"localhost:80", false, false, true, 0, 0},
      {"127.0.0.1", false, true, false, 0, 0},
      {"127.0.0.1:8080", true, true, false, 0, 8080},
      {"127.0.0.1:80", true, true, true, 4000, 8080},
      {"127.0.0.1", true, true, true, 4000, 8080},
      {"127.0.0.1:8080x", true, true, true, 4000, 8080},
      {"127.0.0.1:73616", true, true, true, 4000, 8080}, /* 8080 and 65536 */
      {"127.0.0.1:8080", false, true, true, 4000, 8080},
      {"127.0.0.1:80", false, true, false, 0, 8080},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd__sim_config config = small;
    config.strict_resume_url = rows[i].is_strict;
    struct net net;
    struct peer peer, again;
    char session_id[64];
    net_open(&net, &config);
    if (rows[i].resume_port)
      sherd__sim_set_address(net.sim, false, "127.0.0.1", 80, "127.0.0.1", rows[i].resume_port);
    peer_login(&peer, &net, 0, 1, 0, session_id);
    peer_lose(&peer);
    net_wait(&net, 6000);
    peer_open_at(&again, &net, rows[i].host, PLAIN);
    peer_expect_op(&again, 10);
    if (rows[i].resumes)
      ask_to_resume(&again, session_id);
    else
      peer_say(&again, IDENTIFY("\"intents\":0"));
    if (again.close_code != rows[i].code)
      fail_msg("row %zu: %d", i, again.close_code);
    const struct sherd__sim_stats *stats = sherd__sim_stats(net.sim);
    assert_int_equal(stats->resumes_elsewhere, rows[i].resumes && rows[i].is_elsewhere);
    assert_int_equal(stats->identifies_elsewhere, !rows[i].resumes && rows[i].is_elsewhere);
    peer_free(&again);
    peer_free(&peer);
    net_close(&net);
  }
}

static void who_asks_for_nothing_is_let_go(void **state) {
  (void)state;
  struct net net;
  struct peer silent;
  net_open(&net, &small);
  peer_begin(&silent, &net, "");
  peer_raw(&silent, "GET / HTTP/1.1\r\n", 16);
  net_wait(&net, 29999);
  assert_false(silent.is_gone);
  net_wait(&net, 1);
  assert_true(silent.is_gone);
  peer_free(&silent);
  net_close(&net);
}

/* Pings are answered, but not stored for one who never reads. */
static void pings_are_answered_within_bounds(void **state) {
  (void)state;
  struct net net;
  struct peer peer;
  struct sherd_buf out;
  static uint8_t pings[8 * 131];
  sherd__buf_init(&out, sherd_allocator_default());
  net_open(&net, &small);
  peer_open(&peer, &net, PLAIN);
  for (size_t i = 0; i < 8; i++) {
    pings[131 * i] = 0x89;
    pings[131 * i + 1] = 0x80 | 125;
  }
  for (int i = 0; i < 1000; i++)
    sherd__sim_client_feed(peer.client, (struct sherd_bytes){pings, sizeof pings}, net.now_ms);
  sherd__sim_client_take(peer.client, &out);
  assert_in_range(out.len, 200000, 300000); /* of a million */
  sherd__buf_deinit(&out);
  peer_free(&peer);
  net_close(&net);
}

static void more_than_120_messages_a_minute_are_too_many(void **state) {
  (void)state;
  struct net net;
  struct peer peer;
  net_open(&net, &small);
  peer_open(&peer, &net, PLAIN);
  for (int i = 0; i < 120; i++) {
    net_wait(&net, i == 60 ? 30000 : 0);
    peer_say(&peer, "{\"op\":1,\"d\":null}");
  }
  net_wait(&net, 30000); /* the first 60 are a minute old */
  for (int i = 0; i < 60; i++)
    peer_say(&peer, "{\"op\":1,\"d\":null}");
  assert_int_equal(peer.close_code, 0);
  peer_say(&peer, "{\"op\":1,\"d\":null}");
  peer_expect_close(&peer, 4008, "Rate limited.");
  peer_free(&peer);
  net_close(&net);
}

static void identify_gives_ready_and_the_guilds(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 5, .guilds = 6, .shards = 2};
  struct net net;
  struct peer peer;
  net_open(&net, &config);
  sherd__sim_set_address(net.sim, true, "127.0.0.1", 4000, "localhost", 4000);
  peer_open(&peer, &net, PLAIN);
  peer_expect_op(&peer, 10);
  peer_say(&peer, IDENTIFY("\"intents\":53608447,\"shard\":[1,2]"));
  struct sherd_value ready = peer_expect_op(&peer, 0);
  uint64_t number = 0;
  assert_int_equal(peer.seq, 1);
  assert_true(
      sherd_value_equals(sherd_value_get(ready, "resume_gateway_url"), "wss://localhost:4000"));
  assert_int_equal(sherd_value_as_u64(sherd_value_path(ready, "shard.0"), &number), SHERD_OK);
  assert_int_equal(number, 1);
  size_t guilds = 0;
  assert_int_equal(sherd_value_count(sherd_value_get(ready, "guilds"), &guilds), SHERD_OK);
  assert_int_equal(guilds, 3);
  assert_null(peer_next(&peer)); /* they come over time */
  net_wait(&net, 5);
  assert_int_equal(peer_drain(&peer, "GUILD_CREATE"), 1);
  net_wait(&net, 1000);
  assert_int_equal(peer_drain(&peer, "GUILD_CREATE"), 2);
  peer_say(&peer, IDENTIFY("\"intents\":0"));
  peer_expect_close(&peer, 4005, "Already authenticated.");
  peer_free(&peer);
  net_close(&net);
}

/* The same names, another URL: whoever came through the second is sent to the first. */
static void the_resume_url_is_another_host(void **state) {
  (void)state;
  struct net net;
  struct peer peer;
  net_open(&net, &small);
  sherd__sim_set_address(net.sim, false, "127.0.0.1", 4000, "localhost", 4000);
  peer_open_at(&peer, &net, "localhost:4000", PLAIN);
  peer_say(&peer, IDENTIFY("\"intents\":0"));
  assert_true(sherd_value_equals(sherd_value_get(peer_expect(&peer, "READY"), "resume_gateway_url"),
                                 "ws://127.0.0.1:4000"));
  peer_free(&peer);
  net_close(&net);
}

static void identifies_are_limited_by_bucket(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 5, .shards = 4, .max_concurrency = 2};
  struct net net;
  struct peer peers[3];
  bool is_resumable = true;
  net_open(&net, &config);
  for (int i = 0; i < 3; i++) {
    peer_open(&peers[i], &net, PLAIN);
    peer_expect_op(&peers[i], 10);
    peer_sayf(&peers[i], IDENTIFY("\"intents\":0,\"shard\":[%d,4]"), i);
  }
  peer_expect(&peers[0], "READY");
  peer_expect(&peers[1], "READY");
  assert_int_equal(sherd_value_as_bool(peer_expect_op(&peers[2], 9), &is_resumable), SHERD_OK);
  assert_false(is_resumable);
  net_wait(&net, 5000);
  peer_sayf(&peers[2], IDENTIFY("\"intents\":0,\"shard\":[%d,4]"), 2); /* on the same connection */
  peer_expect(&peers[2], "READY");
  struct sherd__sim_start_info info = sherd__sim_start_info(net.sim, net.now_ms);
  assert_int_equal(info.shards, 4);
  assert_int_equal(info.max_concurrency, 2);
  assert_int_equal(info.total, 1000);
  assert_int_equal(info.remaining, 997);
  assert_int_equal(info.reset_after_ms, 86400000 - 5000);
  for (int i = 0; i < 3; i++)
    peer_free(&peers[i]);
  net_close(&net);
}

static void a_day_has_so_many_identifies(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 5, .starts_a_day = 2};
  struct net net;
  struct peer peers[3];
  char id[64];
  net_open(&net, &config);
  peer_login(&peers[0], &net, 0, 1, 0, id);
  net_wait(&net, 5000);
  peer_login(&peers[1], &net, 0, 1, 0, id);
  net_wait(&net, 5000);
  peer_open(&peers[2], &net, PLAIN);
  peer_say(&peers[2], IDENTIFY("\"intents\":0"));
  for (int i = 0; i < 3; i++) { /* all sessions end */
    peer_expect_close(&peers[i], 4004, "Authentication failed.");
    peer_free(&peers[i]);
  }
  net_wait(&net, 86400000);
  peer_login(&peers[0], &net, 0, 1, 0, id);
  peer_free(&peers[0]);
  net_close(&net);
}

static void intents_decide_what_comes(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 5, .guilds = 3, .rate = 1000};
  struct net net;
  struct peer peer;
  char id[64];
  net_open(&net, &config);
  peer_login(&peer, &net, 0, 1, SHERD_INTENT_GUILD_MESSAGES, id);
  net_wait(&net, 2000);
  struct sherd_value envelope;
  uint32_t blanks = 0;
  for (const char *text; (text = peer_next(&peer));) {
    assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, text, strlen(text), &envelope), SHERD_OK);
    struct sherd_value type = sherd_value_get(envelope, "t");
    assert_false(sherd_value_equals(type, "GUILD_CREATE"));
    assert_false(sherd_value_equals(type, "TYPING_START"));
    assert_false(sherd_value_equals(type, "PRESENCE_UPDATE"));
    assert_false(sherd_value_equals(type, "MESSAGE_REACTION_ADD"));
    if (sherd_value_equals(type, "MESSAGE_CREATE")) {
      assert_true(sherd_value_exists(sherd_value_path(envelope, "d.guild_id")));
      blanks += sherd_value_equals(sherd_value_path(envelope, "d.content"), "");
    }
  }
  assert_true(blanks > 400);
  peer_free(&peer);
  net_close(&net);
}

/* Guild events go by the formula, those without a guild to shard 0; also to a session whose count
 * is not the advised one. */
static void events_are_routed_by_shard(void **state) {
  (void)state;
  struct sherd__sim_config config = {
      .seed = 5, .guilds = 12, .shards = 2, .rate = 1000, .max_concurrency = 16};
  struct net net;
  struct peer peers[5];
  static const uint32_t ids[5][2] = {{0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}};
  char id[64];
  net_open(&net, &config);
  for (int i = 0; i < 5; i++) {
    net_wait(&net, 5000);
    peer_login(&peers[i], &net, ids[i][0], ids[i][1], ALL, id);
    for (int k = 0; k < i; k++)
      peer_say(&peers[k], "{\"op\":1,\"d\":null}");
  }
  net_wait(&net, 3000);
  for (int i = 0; i < 5; i++) {
    uint32_t of_guilds = 0, others = 0;
    struct sherd_value envelope;
    for (const char *text; (text = peer_next(&peers[i]));) {
      assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, text, strlen(text), &envelope),
                       SHERD_OK);
      sherd_snowflake guild_id;
      struct sherd_value type = sherd_value_get(envelope, "t");
      if (sherd_value_as_snowflake(sherd_value_path(envelope, "d.guild_id"), &guild_id) ==
          SHERD_OK) {
        assert_int_equal((guild_id >> 22) % ids[i][1], ids[i][0]);
        of_guilds++;
      }
      others += sherd_value_equals(type, "MESSAGE_CREATE") &&
                !sherd_value_exists(sherd_value_path(envelope, "d.guild_id"));
    }
    assert_true(of_guilds > 500);
    assert_int_equal(others > 0, ids[i][0] == 0);
    peer_free(&peers[i]);
  }
  net_close(&net);
}

static void the_stream_has_its_rate_and_its_end(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 5, .guilds = 3, .rate = 200, .max_events = 1000};
  struct net net;
  struct peer peer;
  char id[64];
  net_open(&net, &config);
  peer_login(&peer, &net, 0, 1, ALL, id);
  net_wait(&net, 15); /* three GUILD_CREATEs, 5 ms apart */
  assert_int_equal(peer_drain(&peer, NULL), 3);
  net_wait(&net, 1000);
  assert_int_equal(peer_drain(&peer, NULL), 200);
  net_wait(&net, 30000);
  assert_int_equal(peer_drain(&peer, NULL), 800);
  peer_free(&peer);
  net_close(&net);
}

static void every_compression_gives_the_same_messages(void **state) {
  (void)state;
  static const char *const queries[] = {PLAIN, PLAIN "&compress=zlib-stream",
                                        PLAIN "&compress=zstd-stream", PLAIN};
  struct sherd__sim_config config = {.seed = 5, .guilds = 3, .rate = 500, .max_events = 1500};
  struct sherd_buf first;
  sherd__buf_init(&first, sherd_allocator_default());
  for (int i = 0; i < 4; i++) {
    struct net net;
    struct peer peer;
    net_open(&net, &config);
    peer_open(&peer, &net, queries[i]);
    peer_expect_op(&peer, 10);
    if (i == 3) {
      peer.payload_zlib = true;
      assert_int_equal(sherd__inflater_new(sherd_allocator_default(),
                                           SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM, &peer.inflater),
                       SHERD_OK);
    }
    peer_say(&peer, i == 3 ? IDENTIFY("\"intents\":53608447,\"compress\":true")
                           : IDENTIFY("\"intents\":53608447"));
    net_wait(&net, 10000);
    peer_say(&peer, "{\"op\":1,\"d\":1}");
    if (i == 0)
      assert_int_equal(sherd__buf_append(&first, peer.messages.data, peer.messages.len), SHERD_OK);
    assert_int_equal(peer.messages.len, first.len);
    assert_memory_equal(peer.messages.data, first.data, first.len);
    assert_int_equal(peer.binary_frames > 1000, i != 0);
    assert_int_equal(peer.text_frames > 0, i == 0 || i == 3);
    peer_free(&peer);
    net_close(&net);
  }
  sherd__buf_deinit(&first);
}

static void pings_are_answered_and_closes_too(void **state) {
  (void)state;
  struct net net;
  struct peer peer;
  net_open(&net, &small);
  peer_open(&peer, &net, PLAIN);
  peer_frame(&peer, SHERD__FRAMES_CLOSE, "\x0f\xa0", 2);
  peer_expect_close(&peer, 4000, NULL);
  peer_free(&peer);
  net_close(&net);
}

static void a_slow_reader_makes_the_stream_wait(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 5, .guilds = 1, .rate = 100000};
  struct net net;
  struct peer peer;
  char id[64];
  net_open(&net, &config);
  peer_login(&peer, &net, 0, 1, ALL, id);
  /* nothing is taken for a long time */
  for (uint64_t ms = 0; ms < 2000; ms++)
    sherd__sim_tick(net.sim, ++net.now_ms);
  uint64_t produced = sherd__sim_stats(net.sim)->dispatches;
  assert_in_range(produced, 1000, 60000); /* 200,000 were due */
  net_wait(&net, 100);
  assert_true(sherd__sim_stats(net.sim)->dispatches > produced + 5000);
  peer_free(&peer);
  net_close(&net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(opens_with_hello),
      cmocka_unit_test(a_plain_request_is_left_to_http),
      cmocka_unit_test(a_bad_handshake_is_refused),
      cmocka_unit_test(tls_is_refused_at_once),
      cmocka_unit_test(bad_queries_are_closed_with_their_codes),
      cmocka_unit_test(version_9_is_let_in_and_named),
      cmocka_unit_test(bad_first_messages_are_closed_with_their_codes),
      cmocka_unit_test(too_many_guilds_on_a_shard_need_sharding),
      cmocka_unit_test(messages_may_have_4096_bytes_and_no_more),
      cmocka_unit_test(messages_may_come_in_fragments_and_bytes),
      cmocka_unit_test(broken_frames_end_the_connection),
      cmocka_unit_test(heartbeats_are_acked_and_missed),
      cmocka_unit_test(sessions_end_of_age),
      cmocka_unit_test(the_resume_url_is_checked),
      cmocka_unit_test(who_asks_for_nothing_is_let_go),
      cmocka_unit_test(pings_are_answered_within_bounds),
      cmocka_unit_test(more_than_120_messages_a_minute_are_too_many),
      cmocka_unit_test(identify_gives_ready_and_the_guilds),
      cmocka_unit_test(the_resume_url_is_another_host),
      cmocka_unit_test(identifies_are_limited_by_bucket),
      cmocka_unit_test(a_day_has_so_many_identifies),
      cmocka_unit_test(intents_decide_what_comes),
      cmocka_unit_test(events_are_routed_by_shard),
      cmocka_unit_test(the_stream_has_its_rate_and_its_end),
      cmocka_unit_test(every_compression_gives_the_same_messages),
      cmocka_unit_test(pings_are_answered_and_closes_too),
      cmocka_unit_test(a_slow_reader_makes_the_stream_wait),
  };
  return cmocka_run_group_tests_name("gateway", tests, NULL, NULL);
}
