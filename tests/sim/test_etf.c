/* Sessions over ETF: what the encoder writes, byte by byte, and what clients may send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sherd/intents.h>

#include "sim/encode.h"
#include "sim/peer.h"

#define ETF "v=10&encoding=etf"

static struct sherd_buf out;

static void encode(const char *json, bool has_integers) {
  out.len = 0;
  struct sherd_bytes bytes = {(const uint8_t *)json, strlen(json)};
  assert_int_equal(sherd__encode_etf_json(bytes, has_integers, &out), SHERD_OK);
}

static void expect_hex(const char *json, const char *hex) {
  char text[2048] = "";
  for (size_t i = 0; i < out.len; i++)
    (void)snprintf(text + 2 * i, sizeof text - 2 * i, "%02x", out.data[i]);
  if (strcmp(text, hex) != 0)
    fail_msg("%s: %s, not %s", json, text, hex);
}

static int set_up(void **state) {
  (void)state;
  sherd__buf_init(&out, sherd_allocator_default());
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  sherd__buf_deinit(&out);
  return 0;
}

static void json_becomes_what_erlang_would_write(void **state) {
  (void)state;
  static const struct {
    const char *json, *hex;
  } rows[] = {
      {"null", "6400036e696c"},
      {"true", "64000474727565"},
      {"false", "64000566616c7365"},
      {"0", "6100"},
      {"255", "61ff"},
      {"256", "6200000100"},
      {"-1", "62ffffffff"},
      {"2147483647", "627fffffff"},
      {"2147483648", "6e040000000080"},
      {"-2147483648", "6280000000"},
      {"-2147483649", "6e040101000080"},
      {"1773151200000", "6e060000230cd89c01"},
      {"18446744073709551615", "6e0800ffffffffffffffff"},
      {"18446744073709551616", "4643f0000000000000"},
      {"0.5", "463fe0000000000000"},
      {"1.0", "463ff0000000000000"},
      {"-0", "6100"},
      {"\"\"", "6d00000000"},
      {"\"a\\u00e9\\n\"", "6d0000000461c3a90a"},
      {"[]", "6a"},
      {"[0,1]", "6b00020001"},
      {"[0,256]", "6c00000002610062000001006a"},
      {"[1,\"a\"]", "6c0000000261016d00000001616a"},
      {"[[0,1],2]", "6c000000026b0002000161026a"},
      {"{}", "7400000000"},
      {"{\"id\":\"1\"}", "740000000164000269646d0000000131"},
      {"{\"613425648685547541\":1}", "74000000016d0000001236313334323536343836383535343735343161"
                                     "01"},
      {"{\"\":1,\"\xc3\xa9\":2}", "74000000026d0000000061016d00000002c3a96102"},
      {"{\"shard\":[0,1]}", "740000000164000573686172646b00020001"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    encode(rows[i].json, false);
    expect_hex(rows[i].json, rows[i].hex);
  }
}

static void snowflakes_can_be_integers(void **state) {
  (void)state;
  static const struct {
    const char *json, *hex;
  } rows[] = {
      {"{\"id\":\"613425648685547541\"}", "740000000164000269646e08001500049e60538308"},
      {"{\"roles\":[\"613425648685547541\"]}",
       "7400000001640005726f6c65736c000000016e08001500049e605383086a"},
      /* permissions and what is too short or too long for one stay texts */
      {"{\"allow\":\"613425648685547541\"}",
       "7400000001640005616c6c6f776d00000012363133343235363438363835353437353431"},
      {"{\"id\":\"1\"}", "740000000164000269646d0000000131"},
      {"{\"id\":\"99999999999999999999\"}",
       "740000000164000269646d000000143939393939393939393939393939393939393939"},
      {"{\"id\":\"61342564868554754x\"}",
       "740000000164000269646d0000001236313334323536343836383535343735347"
       "8"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    encode(rows[i].json, true);
    expect_hex(rows[i].json, rows[i].hex);
  }
}

static void envelopes_have_erlangs_order(void **state) {
  (void)state;
  static const char hello[] = "{\"heartbeat_interval\":41250}";
  out.len = 0;
  assert_int_equal(sherd__encode_message(SHERD__ENCODING_ETF, 10, hello, &out), SHERD_OK);
  expect_hex("HELLO", "8374000000046400016474000000016400126865617274626561745f696e74657276616c620"
                      "000a1226400026f70610a640001736400036e696c640001746400036e696c");
  out.len = 0;
  assert_int_equal(sherd__encode_dispatch(SHERD__ENCODING_ETF, "RESUMED", 7,
                                          (struct sherd_bytes){(const uint8_t *)"{}", 2}, &out),
                   SHERD_OK);
  expect_hex("RESUMED", "83740000000464000164740000000064000"
                        "26f706100640001736107640001746400"
                        "07524553554d4544");
}

static void what_is_no_json_is_an_error(void **state) {
  (void)state;
  static const char *const rows[] = {"", "{", "[1,", "{\"a\":}", "[x]", "\"", "1e999"};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd_bytes bytes = {(const uint8_t *)rows[i], strlen(rows[i])};
    assert_int_not_equal(sherd__encode_etf_json(bytes, false, &out), SHERD_OK);
  }
}

/* --- A client that speaks it --- */

static void say(struct peer *peer, const void *term, size_t len) {
  peer_frame(peer, SHERD__FRAMES_BINARY, term, len);
}

/* The message that comes next. */
static struct sherd_value next(struct peer *peer) {
  struct sherd_value envelope;
  struct sherd_bytes term = peer_next_bytes(peer);
  assert_non_null(term.data);
  assert_int_equal(sherd_value_validate(SHERD_FORMAT_ETF, term.data, term.len, NULL), SHERD_OK);
  assert_int_equal(sherd_value_open(SHERD_FORMAT_ETF, term.data, term.len, &envelope), SHERD_OK);
  return envelope;
}

static void expect_op(struct peer *peer, uint64_t op) {
  uint64_t came = UINT64_MAX;
  assert_int_equal(sherd_value_as_u64(sherd_value_get(next(peer), "op"), &came), SHERD_OK);
  assert_int_equal(came, op);
}

/* {"op":op,"d":data} with binary keys, as clients must send it; `data` has no keys. */
static void say_op(struct peer *peer, uint8_t op, const char *data) {
  static const uint8_t head[] = {131, 116, 0, 0, 0, 2, 109, 0, 0, 0, 2, 'o', 'p', 97};
  static const uint8_t key[] = {109, 0, 0, 0, 1, 'd'};
  encode(data, false);
  struct sherd_buf message;
  sherd__buf_init(&message, sherd_allocator_default());
  assert_int_equal(sherd__buf_append(&message, head, sizeof head), SHERD_OK);
  assert_int_equal(sherd__buf_append_byte(&message, op), SHERD_OK);
  assert_int_equal(sherd__buf_append(&message, key, sizeof key), SHERD_OK);
  assert_int_equal(sherd__buf_append(&message, out.data, out.len), SHERD_OK);
  say(peer, message.data, message.len);
  sherd__buf_deinit(&message);
}

static void a_heartbeat_is_acknowledged_in_binary(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 5, .guilds = 1};
  struct net net;
  struct peer peer;
  net_open(&net, &config);
  peer_open(&peer, &net, ETF);
  expect_op(&peer, 10);
  say_op(&peer, 1, "null");
  expect_op(&peer, 11);
  say_op(&peer, 1, "251");
  expect_op(&peer, 11);
  say_op(&peer, 1, "251.0"); /* a float, as some encoders of JavaScript have it */
  expect_op(&peer, 11);
  assert_int_equal(peer.text_frames, 0);
  assert_int_equal(peer.binary_frames, 4);
  peer_free(&peer);
  net_close(&net);
}

/* IDENTIFY with its keys as binaries. */
#define KEY(length, name) "\x6d\0\0\0" length name
#define IDENTIFY_HEAD     "\x83\x74\0\0\0\x02" KEY("\x02", "op") "\x61\x02" KEY("\x01", "d")
#define IDENTIFY_TOKEN    KEY("\x05", "token") KEY("\x0f", "sherd-sim-token")
#define IDENTIFY_COMPRESS KEY("\x08", "compress") "s\x04true"
#define IDENTIFY_INTENTS  KEY("\x07", "intents") "\x61\x03" /* GUILDS, GUILD_MEMBERS */
#define IDENTIFY_PROPS    KEY("\x0a", "properties") "\x74\0\0\0\0"
#define IDENTIFY_SHARD    KEY("\x05", "shard") "\x6b\0\x02\0\x01" /* [0,1] as a STRING */
#define IDENTIFY_ETF                                                                               \
  IDENTIFY_HEAD "\x74\0\0\0\x05" IDENTIFY_TOKEN IDENTIFY_COMPRESS IDENTIFY_INTENTS IDENTIFY_PROPS  \
      IDENTIFY_SHARD

static void login(struct peer *peer, struct net *net) {
  static const char identify[] = IDENTIFY_ETF;
  peer_open(peer, net, ETF);
  expect_op(peer, 10);
  say(peer, identify, sizeof identify - 1);
}

static void a_session_begins_and_asks_in_both_forms_of_snowflakes(void **state) {
  (void)state;
  static const char asks[] = "\x83\x74\0\0\0\x02" KEY("\x02", "op") "\x61\x08" KEY(
      "\x01", "d") "\x74\0\0\0\x03" KEY("\x08", "guild_id") "%" KEY("\x05", "query") KEY("\x00", "")
      KEY("\x05", "limit") "\x61\x01";
  for (int integers = 0; integers < 2; integers++) {
    struct sherd__sim_config config = {.seed = 5, .guilds = 1, .etf_integers = integers};
    struct net net;
    struct peer peer;
    net_open(&net, &config);
    login(&peer, &net);
    struct sherd_value ready = sherd_value_get(next(&peer), "d");
    struct sherd_value id = sherd_value_path(ready, "guilds.0.id");
    sherd_snowflake guild_id = 0, said = 0;
    assert_int_equal(sherd_value_as_snowflake(id, &guild_id), SHERD_OK);
    assert_int_equal(sherd_value_type(id), integers ? SHERD_VALUE_NUMBER : SHERD_VALUE_STRING);
    struct sherd_bytes raw;
    assert_int_equal(sherd_value_raw(sherd_value_get(ready, "shard"), &raw), SHERD_OK);
    assert_memory_equal(raw.data, "\x6b\0\x02\0\x01", 5);
    struct sherd_bytes id_term;
    assert_int_equal(sherd_value_raw(id, &id_term), SHERD_OK);
    /* The id goes back as it came. */
    struct sherd_buf ask;
    sherd__buf_init(&ask, sherd_allocator_default());
    for (size_t i = 0; i < sizeof asks - 1; i++)
      assert_int_equal(asks[i] == '%' ? sherd__buf_append(&ask, id_term.data, id_term.len)
                                      : sherd__buf_append_byte(&ask, (uint8_t)asks[i]),
                       SHERD_OK);
    net_wait(&net, 100);
    assert_true(sherd_value_equals(sherd_value_get(next(&peer), "t"), "GUILD_CREATE"));
    say(&peer, ask.data, ask.len);
    sherd__buf_deinit(&ask);
    struct sherd_value chunk = next(&peer);
    assert_true(sherd_value_equals(sherd_value_get(chunk, "t"), "GUILD_MEMBERS_CHUNK"));
    assert_int_equal(sherd_value_as_snowflake(sherd_value_path(chunk, "d.guild_id"), &said),
                     SHERD_OK);
    assert_int_equal(said, guild_id);
    assert_int_equal(peer.text_frames, 0);
    peer_free(&peer);
    net_close(&net);
  }
}

static void bad_terms_are_closed_with_4002(void **state) {
  (void)state;
#define TERM(bytes)                                                                                \
  { bytes, sizeof bytes - 1 }
  static const struct {
    const char *bytes;
    size_t len;
  } rows[] = {
      TERM(""),
      TERM("\x83"),
      TERM("{\"op\":1,\"d\":null}"),
      TERM("\x83\x74\0\0\0\x02" KEY("\x02", "op") "\x61\x01" KEY("\x01", "d")),
      TERM("\x83\x74\0\0\0\x01" KEY("\x01", "d") "\x61\x01"),
      TERM("\x83\x74\0\0\0\x01" KEY("\x02", "op") "\x61\x01x"),
      /* keys that are atoms, of each kind, outside and inside */
      TERM("\x83\x74\0\0\0\x01\x64\0\x02op\x61\x01"),
      TERM("\x83\x74\0\0\0\x01\x76\0\x02op\x61\x01"),
      TERM("\x83\x74\0\0\0\x01\x73\x02op\x61\x01"),
      TERM("\x83\x74\0\0\0\x01\x77\x02op\x61\x01"),
      TERM("\x83\x74\0\0\0\x02" KEY("\x02", "op") "\x61\x03" KEY(
          "\x01", "d") "\x68\x01\x6c\0\0\0\x01\x74\0\0\0\x01\x77\x01x\x61\x01\x6a"),
      /* {"op":1,"d":[nil,nil,...]}, compressed by Erlang: a client must not */
      TERM("\x83\x50\x00\x00\x00\x92\x78\x9c\x2b\x61\x60\x60\x60\xca\x05\x12\x8c\x29\x39\x40"
           "\x52\x24\x85\x81\x39\x2f\x33\x87\xfe\x64\x16\xc8\x0d\x4c\xf9\x05\x89\x8c\x00\x1d"
           "\x68\x25\x2b"),
  };
  struct sherd__sim_config config = {.seed = 5};
  struct net net;
  struct peer peer;
  net_open(&net, &config);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    peer_open(&peer, &net, ETF);
    expect_op(&peer, 10);
    say(&peer, rows[i].bytes, rows[i].len);
    if (peer.close_code != 4002)
      fail_msg("row %zu: %d", i, peer.close_code);
    peer_expect_close(&peer, 4002, "Error while decoding payload.");
    peer_free(&peer);
  }
  net_close(&net);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(json_becomes_what_erlang_would_write),
      cmocka_unit_test(snowflakes_can_be_integers),
      cmocka_unit_test(envelopes_have_erlangs_order),
      cmocka_unit_test(what_is_no_json_is_an_error),
      cmocka_unit_test(a_heartbeat_is_acknowledged_in_binary),
      cmocka_unit_test(a_session_begins_and_asks_in_both_forms_of_snowflakes),
      cmocka_unit_test(bad_terms_are_closed_with_4002),
  };
  return cmocka_run_group_tests_name("etf", tests, set_up, tear_down);
}
