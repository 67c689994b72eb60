/* Sessions that outlive their connections: what is replayed is what was missed, once, in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sherd/intents.h>

#include "sim/peer.h"
#include "sim/ring.h"

#define PLAIN "v=10&encoding=json"

/* What the simulator says that it produced: the hash of each dispatch, by sequence number. */
struct account {
  uint64_t hashes[16384];
  uint64_t newest;
};

static void note(void *ctx, const struct sherd__sim_produced *it) {
  struct account *account = ctx;
  assert_int_equal(it->seq, account->newest + 1);
  account->newest = it->seq;
  assert_true(it->seq < 16384);
  account->hashes[it->seq] = sherd__dispatch_hash(it->dispatch);
}

/* Takes all that came, and holds each dispatch against the account. */
static void check_all(struct peer *peer, const struct account *account) {
  struct sherd_value envelope;
  struct sherd_bytes data;
  for (const char *text; (text = peer_next(peer));) {
    assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, text, strlen(text), &envelope), SHERD_OK);
    uint64_t seq;
    if (sherd_value_as_u64(sherd_value_get(envelope, "s"), &seq))
      continue;
    assert_int_equal(seq, peer->seq + 1);
    peer->seq = seq;
    assert_int_equal(sherd_value_raw(sherd_value_get(envelope, "d"), &data), SHERD_OK);
    assert_int_equal(sherd__fnv1a(data), account->hashes[seq]);
  }
}

static void resume(struct peer *peer, struct net *net, const char *query, const char *id,
                   uint64_t seq) {
  peer_open_at(peer, net, "localhost", query);
  peer_expect_op(peer, 10);
  peer->seq = seq;
  peer_sayf(
      peer,
      "{\"op\":6,\"d\":{\"token\":\"Bot sherd-sim-token\",\"session_id\":\"%s\",\"seq\":%ju}}", id,
      (uintmax_t)seq);
}

static void every_cut_is_made_good(void **state) {
  (void)state;
  static const char *const queries[] = {PLAIN, PLAIN "&compress=zlib-stream",
                                        PLAIN "&compress=zstd-stream"};
  struct account account = {.newest = 0};
  struct sherd__sim_config config = {
      .seed = 9, .guilds = 3, .rate = 500, .produced = note, .produced_ctx = &account};
  struct net net;
  struct peer peer;
  char id[64];
  net_open(&net, &config);
  peer_login(&peer, &net, 0, 1, SHERD_INTENTS_ALL, id);
  for (int i = 0; i < 12; i++) { /* each connection lives a second and is away for half a one */
    net_wait(&net, 1000);
    check_all(&peer, &account);
    uint64_t seq = peer.seq;
    peer_free(&peer);
    net_wait(&net, 500);
    resume(&peer, &net, queries[i % 3], id, seq);
    assert_true(account.newest > seq + 100);
  }
  check_all(&peer, &account);
  assert_int_equal(peer.seq, account.newest);
  assert_int_equal(sherd__sim_stats(net.sim)->resumes, 12);
  assert_int_equal(sherd__sim_stats(net.sim)->resumes_elsewhere, 0);
  peer_free(&peer);
  net_close(&net);
}

/* The replay ends with RESUMED, which has a number of its own; then comes what is new. */
static void resumed_comes_after_the_replay(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 9, .guilds = 2};
  struct net net;
  struct peer peer;
  char id[64];
  net_open(&net, &config);
  peer_login(&peer, &net, 0, 1, SHERD_INTENTS_ALL, id);
  peer_free(&peer); /* with its guilds still to come */
  net_wait(&net, 100);
  resume(&peer, &net, PLAIN, id, 1);
  const char *const names[] = {"GUILD_CREATE", "GUILD_CREATE", "RESUMED"};
  for (int i = 0; i < 3; i++) {
    const char *text = peer_next(&peer);
    char expected[64];
    (void)snprintf(expected, sizeof expected, "{\"t\":\"%s\",\"s\":%d,", names[i], i + 2);
    assert_memory_equal(text, expected, strlen(expected));
  }
  assert_null(peer_next(&peer));
  peer_free(&peer);
  net_close(&net);
}

static void a_shards_connection_is_cut_once_in_the_middle(void **state) {
  (void)state;
  struct account account = {.newest = 0};
  struct sherd__sim_config config = {.seed = 9,
                                     .guilds = 3,
                                     .rate = 1000,
                                     .drop_after = 50,
                                     .produced = note,
                                     .produced_ctx = &account};
  struct net net;
  struct peer peer;
  char id[64];
  net_open(&net, &config);
  peer_login(&peer, &net, 0, 1, SHERD_INTENTS_ALL, id);
  net_wait(&net, 1000);
  assert_true(peer.is_gone);
  assert_int_equal(peer.close_code, 0);
  check_all(&peer, &account);
  assert_int_equal(peer.seq, 49); /* half of the 50th came */
  peer_free(&peer);
  resume(&peer, &net, PLAIN, id, 49);
  net_wait(&net, 1000);
  assert_false(peer.is_gone);
  check_all(&peer, &account);
  assert_int_equal(peer.seq, account.newest);
  assert_int_equal(sherd__sim_stats(net.sim)->drops, 1);
  peer_free(&peer);
  net_close(&net);
}

static void expect_refusal(struct peer *peer) {
  bool may_resume = true;
  assert_int_equal(sherd_value_as_bool(peer_expect_op(peer, 9), &may_resume), SHERD_OK);
  assert_false(may_resume);
}

static void sessions_end_by_1000_1001_and_age(void **state) {
  (void)state;
  static const struct {
    const char *close; /* a frame's payload; NULL: the transport is lost */
    size_t len;
    uint64_t away_ms;
    bool lives;
  } rows[] = {
      {NULL, 0, 59999, true},
      {NULL, 0, 60000, false},
      {"\x03\xe8", 2, 100, false},
      {"\x03\xe9", 2, 100, false},
      {"\x0f\xa0", 2, 100, true},
      {"", 0, 100, true},
      {"\x0b\xb8"
       "bye",
       5, 100, true},
  };
  struct sherd__sim_config config = {.seed = 9, .session_ttl_ms = 60000};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct net net;
    struct peer peer;
    char id[64];
    net_open(&net, &config);
    peer_login(&peer, &net, 0, 1, 0, id);
    if (rows[i].close)
      peer_frame(&peer, SHERD__FRAMES_CLOSE, rows[i].close, rows[i].len);
    peer_free(&peer);
    net_wait(&net, rows[i].away_ms);
    resume(&peer, &net, PLAIN, id, 1);
    if (rows[i].lives)
      peer_expect(&peer, "RESUMED");
    else
      expect_refusal(&peer);
    peer_free(&peer);
    net_close(&net);
  }
}

static void a_close_of_the_server_keeps_the_session(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 9};
  struct net net;
  struct peer peer;
  char id[64];
  net_open(&net, &config);
  peer_login(&peer, &net, 0, 1, 0, id);
  peer_say(&peer, "{");
  peer_expect_close(&peer, 4002, NULL);
  peer_free(&peer);
  resume(&peer, &net, PLAIN, id, 1);
  peer_expect(&peer, "RESUMED");
  peer_free(&peer);
  net_close(&net);
}

static void a_sequence_of_the_future_is_refused(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 9};
  struct net net;
  struct peer peer;
  char id[64];
  net_open(&net, &config);
  peer_login(&peer, &net, 0, 1, 0, id);
  peer_free(&peer);
  resume(&peer, &net, PLAIN, id, 2);
  peer_expect_close(&peer, 4007, "Invalid seq.");
  peer_free(&peer);
  net_close(&net);
}

/* ... and IDENTIFY may follow on the same connection. */
static void an_unknown_session_is_refused(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 9};
  struct net net;
  struct peer peer;
  net_open(&net, &config);
  resume(&peer, &net, PLAIN, "0123456789abcdef0123456789abcdef", 1);
  expect_refusal(&peer);
  peer.seq = 0;
  peer_say(&peer, IDENTIFY("\"intents\":0"));
  peer_expect(&peer, "READY");
  peer_free(&peer);
  net_close(&net);
}

static void too_far_behind_cannot_be_resumed(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 9, .guilds = 3, .rate = 100, .replay_events = 64};
  struct net net;
  struct peer peer;
  char id[64];
  net_open(&net, &config);
  peer_login(&peer, &net, 0, 1, SHERD_INTENTS_ALL, id);
  net_wait(&net, 100);
  peer_drain(&peer, NULL);
  uint64_t seq = peer.seq;
  peer_free(&peer);
  net_wait(&net, 640);
  resume(&peer, &net, PLAIN, id, seq); /* 64 were missed and 64 are kept */
  peer_expect(&peer, "RESUMED");
  seq = peer.seq;
  peer_free(&peer);
  net_wait(&net, 650);
  resume(&peer, &net, PLAIN, id, seq);
  expect_refusal(&peer);
  peer_free(&peer);
  net_close(&net);
}

static void a_second_connection_takes_the_session_over(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 9, .guilds = 3, .rate = 100};
  struct net net;
  struct peer first, second;
  char id[64];
  net_open(&net, &config);
  peer_login(&first, &net, 0, 1, SHERD_INTENTS_ALL, id);
  net_wait(&net, 500);
  peer_drain(&first, NULL);
  resume(&second, &net, PLAIN, id, first.seq);
  peer_expect(&second, "RESUMED");
  peer_expect_close(&first, 4000, NULL);
  peer_free(&first);
  net_wait(&net, 500);
  assert_int_equal(peer_drain(&second, NULL), 50);
  peer_free(&second);
  net_close(&net);
}

/* It works, and is counted. */
static void a_resume_at_the_first_url_is_noticed(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 9};
  struct net net;
  struct peer peer;
  char id[64];
  net_open(&net, &config);
  peer_login(&peer, &net, 0, 1, 0, id);
  peer_free(&peer);
  peer_open(&peer, &net, PLAIN);
  peer_expect_op(&peer, 10);
  peer.seq = 1;
  peer_sayf(&peer,
            "{\"op\":6,\"d\":{\"token\":\"sherd-sim-token\",\"session_id\":\"%s\",\"seq\":1}}", id);
  peer_expect(&peer, "RESUMED");
  assert_int_equal(sherd__sim_stats(net.sim)->resumes_elsewhere, 1);
  peer_free(&peer);
  net_close(&net);
}

static struct sherd__dispatch *make_dispatch(size_t len) {
  static const uint8_t zeros[1000];
  return sherd__dispatch_new(sherd_allocator_default(), SHERD_EVENT_MESSAGE_CREATE,
                             (struct sherd_bytes){zeros, len});
}

static void the_ring_is_bounded_in_number_and_bytes(void **state) {
  (void)state;
  struct sherd__ring ring;
  sherd__ring_init(&ring, sherd_allocator_default(), 100, 5000);
  assert_int_equal(ring.max_items, 128);
  struct sherd__dispatch *small = make_dispatch(10), *large = make_dispatch(1000);
  for (int i = 1; i <= 1000; i++) {
    assert_int_equal(sherd__ring_add(&ring, small), SHERD_OK);
    assert_int_equal(ring.newest_seq, i);
    assert_int_equal(ring.oldest_seq, i <= 128 ? 1 : i - 127);
    assert_ptr_equal(sherd__ring_at(&ring, ring.oldest_seq), small);
  }
  assert_int_equal(ring.bytes, 1280);
  for (int i = 0; i < 20; i++)
    assert_int_equal(sherd__ring_add(&ring, large), SHERD_OK);
  assert_int_equal(ring.bytes, 5000);
  assert_int_equal(ring.newest_seq + 1 - ring.oldest_seq, 5);
  assert_int_equal(small->refs, 1);
  assert_int_equal(large->refs, 6);
  sherd__ring_deinit(&ring);
  assert_int_equal(large->refs, 1);
  sherd__dispatch_release(small);
  sherd__dispatch_release(large);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_cut_is_made_good),
      cmocka_unit_test(resumed_comes_after_the_replay),
      cmocka_unit_test(a_shards_connection_is_cut_once_in_the_middle),
      cmocka_unit_test(sessions_end_by_1000_1001_and_age),
      cmocka_unit_test(a_close_of_the_server_keeps_the_session),
      cmocka_unit_test(a_sequence_of_the_future_is_refused),
      cmocka_unit_test(an_unknown_session_is_refused),
      cmocka_unit_test(too_far_behind_cannot_be_resumed),
      cmocka_unit_test(a_second_connection_takes_the_session_over),
      cmocka_unit_test(a_resume_at_the_first_url_is_noticed),
      cmocka_unit_test(the_ring_is_bounded_in_number_and_bytes),
  };
  return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
