/* The simulator's own part of the HTTP API: events on demand, connections that are dropped, the
 * ledger, the beginning anew; and who may ask for all that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sherd/intents.h>

#include "sim/asker.h"
#include "sim/control_journal.h"
#include "sim/http_head.h"
#include "support/failing_alloc.h"

#define TOKEN "sherd-sim-token"

static const struct sherd__sim_config config = {
    .seed = 3, .guilds = 4, .shards = 2, .max_concurrency = 2};

static void open_bot(struct net *net, struct peer *bot, uint32_t shard, uint64_t intents,
                     char session[64]) {
  peer_login(bot, net, shard, 2, intents, session);
  net_wait(net, 1000);
  (void)peer_drain(bot, NULL);
}

/* --- Who may --- */

static void paths_are_listed_and_others_refused(void **state) {
  (void)state;
  struct net net;
  struct asker asker;
  net_open(&net, &config);
  asker_init(&asker, &net);
  assert_non_null(strstr(ask(&asker, 200, "GET", "/sim", NULL), "\"POST /sim/drop\""));
  assert_non_null(strstr(ask(&asker, 404, "GET", "/sim/nope", NULL), "GET /sim lists them"));
  assert_non_null(strstr(ask(&asker, 405, "GET", "/sim/reset", NULL), "another method"));
  assert_non_null(strstr(ask(&asker, 400, "POST", "/sim/events", "{"), "send one JSON object"));
  assert_non_null(strstr(ask(&asker, 400, "POST", "/sim/drop", "{"), "send one JSON object"));
  (void)ask(&asker, 404, "GET", "/simulator", NULL); /* Discord's, not ours */
  assert_null(strstr((const char *)asker.body.out.data, "error"));
  asker_deinit(&asker);
  net_close(&net);
}

static void browsers_and_foreign_names_are_refused(void **state) {
  (void)state;
  static const char *const good[] = {"127.0.0.1:4000", "localhost:1", "[::1]:4000", "localhost"};
  static const char *const bad[] = {
      NULL, "", "evil.test", "127.0.0.1.evil.test", "localhost.evil", "[::2]:4000"};
  struct net net;
  struct asker asker;
  net_open(&net, &config);
  asker_init(&asker, &net);
  asker.authorization = NULL;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    asker.host = good[i];
    (void)ask_json(&asker, 200, "GET", "/sim/stats", NULL);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    asker.host = bad[i];
    (void)ask_json(&asker, 403, "POST", "/sim/reset", NULL);
  }
  asker.host = good[0];
  asker.origin = "http://127.0.0.1:4000";
  (void)ask_json(&asker, 403, "POST", "/sim/reset", NULL);
  asker_deinit(&asker);
  net_close(&net);
}

static void a_public_one_wants_the_token(void **state) {
  (void)state;
  struct net net;
  struct asker asker;
  net_open(&net, &config);
  sherd__sim_set_public(net.sim);
  asker_init(&asker, &net);
  asker.host = "sim.example.test";
  (void)ask_json(&asker, 200, "GET", "/sim/stats", NULL);
  asker.authorization = "Bot nope";
  (void)ask_json(&asker, 401, "GET", "/sim/stats", NULL);
  asker.authorization = NULL;
  assert_non_null(strstr(ask(&asker, 401, "POST", "/sim/reset", NULL), "Authorization: Bot TOKEN"));
  asker_deinit(&asker);
  net_close(&net);
}

/* --- The way back to a public one --- */

static void hosts_are_validated(void **state) {
  (void)state;
  static const char *const good[] = {"a",        "a.example-1.test", "10.0.0.1:4000",
                                     "[::1]:80", "[fe80::1]",        "x:65535"};
  static const char *const bad[] = {
      "",     ":80", "a:",     "a:0",     "a:65536", "a:123456", "a:8x",     "a/b",  "a b", "a\"b",
      "[::1", "[]",  "[::1]x", "a:80:80", "a@b",     "a\r\n",    "\xc3\xa4", "[a.b", "a?b", "a#b"};
  char host[SHERD__HTTP_HOST_SIZE + 1];
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    if (!sherd__http_authority_is_good(
            (struct sherd_bytes){(const uint8_t *)good[i], strlen(good[i])}))
      fail_msg("%s", good[i]);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (sherd__http_authority_is_good(
            (struct sherd_bytes){(const uint8_t *)bad[i], strlen(bad[i])}))
      fail_msg("%s", bad[i]);
  memset(host, 'a', sizeof host);
  assert_false(sherd__http_authority_is_good(
      (struct sherd_bytes){(const uint8_t *)host, SHERD__HTTP_HOST_SIZE}));
  assert_true(sherd__http_authority_is_good(
      (struct sherd_bytes){(const uint8_t *)host, SHERD__HTTP_HOST_SIZE - 1}));
}

static void a_public_one_is_where_one_asked(void **state) {
  (void)state;
  struct net net;
  struct asker asker;
  struct peer bot;
  net_open(&net, &config);
  asker_init(&asker, &net);
  asker.host = "sim.example.test:8443";
  expect_text(ask_json(&asker, 200, "GET", "/gateway", NULL), "url", "ws://127.0.0.1:80");
  sherd__sim_set_public(net.sim);
  expect_text(ask_json(&asker, 200, "GET", "/gateway", NULL), "url", "ws://sim.example.test:8443");
  expect_text(ask_json(&asker, 200, "GET", "/gateway/bot", NULL), "url",
              "ws://sim.example.test:8443");
  assert_int_equal(sherd__sim_set_address(net.sim, true, "0.0.0.0", 443, "0.0.0.0", 443), SHERD_OK);
  expect_text(ask_json(&asker, 200, "GET", "/gateway", NULL), "url", "wss://sim.example.test:8443");
  asker.host = "a\"b";
  expect_text(ask_json(&asker, 200, "GET", "/gateway", NULL), "url", "wss://0.0.0.0:443");
  peer_open_at(&bot, &net, "sim.example.test:8443", "v=10&encoding=json");
  (void)peer_expect_op(&bot, 10);
  peer_say(&bot, IDENTIFY("\"intents\":0,\"shard\":[0,2]"));
  expect_text(peer_expect(&bot, "READY"), "resume_gateway_url", "wss://sim.example.test:8443");
  peer_free(&bot);
  asker_deinit(&asker);
  net_close(&net);
}

/* --- Events --- */

static void an_event_of_the_world_comes_at_once(void **state) {
  (void)state;
  struct net net;
  struct asker asker;
  struct peer bots[2];
  char sessions[2][64];
  net_open(&net, &config);
  asker_init(&asker, &net);
  for (uint32_t i = 0; i < 2; i++)
    open_bot(&net, &bots[i], i, SHERD_INTENTS_ALL, sessions[i]);
  struct sherd_value world = ask_json(&asker, 200, "GET", "/sim/world", NULL);
  for (uint32_t i = 0; i < 4; i++) {
    char target[96], guild[32];
    uint64_t shard = 9;
    world = ask_json(&asker, 200, "GET", "/sim/world", NULL);
    struct sherd_value row = sherd_value_at(sherd_value_get(world, "guilds"), i);
    strcpy(guild, text_at(row, "id"));
    assert_int_equal(sherd_value_as_u64(sherd_value_get(row, "shard"), &shard), SHERD_OK);
    (void)snprintf(target, sizeof target, "{\"t\":\"MESSAGE_CREATE\",\"guild\":\"%s\"}", guild);
    struct sherd_value told = ask_json(&asker, 200, "POST", "/sim/events", target);
    expect_number(told, "sessions", 1);
    struct sherd_value event = peer_expect(&bots[shard], "MESSAGE_CREATE");
    expect_text(event, "guild_id", guild);
    expect_text(event, "id", text_at(told, "d.id"));
    assert_false(sherd_value_exists(sherd_value_path(event, "author.bot")));
    assert_null(peer_next(&bots[1 - shard]));
  }
  expect_number(
      ask_json(&asker, 200, "POST", "/sim/events", "{\"t\":\"TYPING_START\",\"dm\":true}"),
      "sessions", 1);
  assert_false(
      sherd_value_exists(sherd_value_get(peer_expect(&bots[0], "TYPING_START"), "guild_id")));
  for (uint32_t i = 0; i < 2; i++)
    peer_free(&bots[i]);
  asker_deinit(&asker);
  net_close(&net);
}

/* What a tester has to say is laid over what the world makes, so that the rest is whole. */
static void a_patch_changes_what_the_world_makes(void **state) {
  (void)state;
  struct net net;
  struct asker asker;
  struct peer sees, blind;
  char session[64];
  net_open(&net, &config);
  asker_init(&asker, &net);
  open_bot(&net, &sees, 0, SHERD_INTENTS_ALL, session);
  net_wait(&net, 5000);
  open_bot(&net, &blind, 0, SHERD_INTENTS_ALL & ~SHERD_INTENT_MESSAGE_CONTENT, session);
  (void)ask_json(&asker, 200, "POST", "/sim/events",
                 "{\"t\":\"MESSAGE_CREATE\",\"with\":{\"content\":\"!ping\",\"tts\":true,"
                 "\"mentions\":[],\"author\":{\"username\":\"ceramist\",\"avatar\":null}}}");
  struct sherd_value event = peer_expect(&sees, "MESSAGE_CREATE");
  expect_text(event, "content", "!ping");
  expect_text(event, "author.username", "ceramist");
  assert_true(sherd_value_exists(sherd_value_path(event, "author.id")));
  assert_false(sherd_value_exists(sherd_value_path(event, "author.avatar")));
  expect_number(event, "type", 0);
  event = peer_expect(&blind, "MESSAGE_CREATE");
  expect_text(event, "author.username", "ceramist");
  bool tts = false;
  assert_int_equal(sherd_value_as_bool(sherd_value_get(event, "tts"), &tts), SHERD_OK);
  assert_true(tts);
  expect_text(event, "content", ""); /* as Discord does, without the intent */
  peer_free(&sees);
  peer_free(&blind);
  asker_deinit(&asker);
  net_close(&net);
}

static void a_given_event_goes_out_as_it_stands(void **state) {
  (void)state;
  struct net net;
  struct asker asker;
  struct peer bots[2];
  char sessions[2][64], body[256];
  net_open(&net, &config);
  asker_init(&asker, &net);
  for (uint32_t i = 0; i < 2; i++)
    open_bot(&net, &bots[i], i, SHERD_INTENT_GUILDS, sessions[i]);
  /* no place was said: shard 0 */
  expect_number(ask_json(&asker, 200, "POST", "/sim/events",
                         "{\"t\":\"ENTITLEMENT_CREATE\",\"d\":{\"x\": [1,  2]}}"),
                "sessions", 1);
  expect_number(peer_expect(&bots[0], "ENTITLEMENT_CREATE"), "x.1", 2);
  /* by the guild's id, also one that is not of the world: 4 << 22 and 5 << 22 */
  (void)ask_json(&asker, 200, "POST", "/sim/events",
                 "{\"t\":\"GUILD_DELETE\",\"d\":{\"id\":\"20971520\",\"unavailable\":true}}");
  expect_text(peer_expect(&bots[1], "GUILD_DELETE"), "id", "20971520");
  (void)ask_json(&asker, 200, "POST", "/sim/events",
                 "{\"t\":\"CHANNEL_CREATE\",\"d\":{\"guild_id\":\"16777216\"}}");
  expect_text(peer_expect(&bots[0], "CHANNEL_CREATE"), "guild_id", "16777216");
  /* by shard, and by session */
  (void)ask_json(&asker, 200, "POST", "/sim/events",
                 "{\"t\":\"USER_UPDATE\",\"shard\":1,\"d\":{\"id\":\"1\"}}");
  expect_text(peer_expect(&bots[1], "USER_UPDATE"), "id", "1");
  (void)snprintf(body, sizeof body, "{\"t\":\"USER_UPDATE\",\"session\":\"%s\",\"d\":{}}",
                 sessions[1]);
  expect_number(ask_json(&asker, 200, "POST", "/sim/events", body), "sessions", 1);
  (void)peer_expect(&bots[1], "USER_UPDATE");
  assert_null(peer_next(&bots[0]));
  /* intents count as ever */
  struct sherd_value told =
      ask_json(&asker, 200, "POST", "/sim/events",
               "{\"t\":\"MESSAGE_CREATE\",\"d\":{\"guild_id\":\"16777216\"}}");
  expect_number(told, "sessions", 0);
  assert_non_null(strstr(text_at(told, "note"), "GET /sim/sessions"));
  for (uint32_t i = 0; i < 2; i++)
    peer_free(&bots[i]);
  asker_deinit(&asker);
  net_close(&net);
}

static void events_that_cannot_be_say_why(void **state) {
  (void)state;
  static const struct {
    const char *body, *advice;
  } rows[] = {
      {"[]", "the name of one of Discord's dispatches"},
      {"{}", "the name of one of Discord's dispatches"},
      {"{\"t\":\"NOPE\"}", "the name of one of Discord's dispatches"},
      {"{\"t\":\"SESSION_LOST\"}", "the name of one of Discord's dispatches"},
      {"{\"t\":\"READY\"}", "give its \\\"d\\\""},
      {"{\"t\":\"MESSAGE_CREATE\",\"d\":5}", "are objects"},
      {"{\"t\":\"MESSAGE_CREATE\",\"d\":{},\"with\":{}}", "give one of them"},
      {"{\"t\":\"MESSAGE_CREATE\",\"guild\":\"7\"}", "no such guild"},
      {"{\"t\":\"MESSAGE_CREATE\",\"guild\":\"x\"}", "\\\"guild\\\" is an id"},
      {"{\"t\":\"MESSAGE_CREATE\",\"shard\":\"0\"}", "\\\"shard\\\" a number"},
      {"{\"t\":\"MESSAGE_CREATE\",\"dm\":1}", "\\\"dm\\\" true or false"},
  };
  struct net net;
  struct asker asker;
  net_open(&net, &config);
  asker_init(&asker, &net);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (!strstr(ask(&asker, 400, "POST", "/sim/events", rows[i].body), rows[i].advice))
      fail_msg("%s: %s", rows[i].body, (const char *)asker.body.out.data);
  asker_deinit(&asker);
  net_close(&net);
}

/* --- Drops --- */

/* A bot on each shard; the drop must be felt on shard 1 alone. */
static void drop(const char *body, struct net *net, struct peer bots[2], char sessions[2][64]) {
  struct asker asker;
  net_open(net, &config);
  asker_init(&asker, net);
  for (uint32_t i = 0; i < 2; i++)
    open_bot(net, &bots[i], i, SHERD_INTENT_GUILDS, sessions[i]);
  expect_number(ask_json(&asker, 200, "POST", "/sim/drop", body), "dropped", 1);
  assert_null(peer_next(&bots[0]));
  assert_false(bots[0].is_gone);
  asker_deinit(&asker);
}

static void resume(struct net *net, const char *session, bool is_good) {
  struct peer bot;
  peer_open_at(&bot, net, "localhost", "v=10&encoding=json");
  (void)peer_expect_op(&bot, 10);
  peer_sayf(&bot, "{\"op\":6,\"d\":{\"token\":\"" TOKEN "\",\"session_id\":\"%s\",\"seq\":1}}",
            session);
  bot.seq = 1;
  if (is_good)
    (void)peer_expect(&bot, "RESUMED");
  else
    (void)peer_expect_op(&bot, 9);
  peer_free(&bot);
}

static void end(struct net *net, struct peer bots[2]) {
  peer_free(&bots[0]);
  peer_free(&bots[1]);
  net_close(net);
}

static void connections_are_dropped_in_each_way(void **state) {
  (void)state;
  static const struct {
    const char *body;
    int code; /* 0: without a word */
    bool may_resume;
  } rows[] = {
      {"{\"shard\":1}", 0, true},
      {"{\"shard\":1,\"how\":\"tcp\"}", 0, true},
      {"{\"shard\":1,\"how\":\"reset\"}", 0, true},
      {"{\"shard\":1,\"how\":4000}", 4000, true},
      {"{\"shard\":1,\"how\":4008}", 4008, true},
      {"{\"shard\":1,\"how\":1001}", 1001, false},
      {"{\"shard\":1,\"how\":1000}", 1000, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct net net;
    struct peer bots[2];
    char sessions[2][64];
    drop(rows[i].body, &net, bots, sessions);
    net_flush(&net);
    assert_true(bots[1].is_gone);
    assert_int_equal(bots[1].close_code, rows[i].code);
    resume(&net, sessions[1], rows[i].may_resume);
    end(&net, bots);
  }
}

static void ops_ask_the_bot_to_go(void **state) {
  (void)state;
  static const struct {
    const char *body;
    int op;
    bool data, may_resume;
  } rows[] = {
      {"{\"shard\":1,\"how\":\"op7\"}", 7, false, true},
      {"{\"shard\":1,\"how\":\"op9\"}", 9, true, true},
      {"{\"shard\":1,\"how\":\"op9\",\"resumable\":false}", 9, false, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct net net;
    struct peer bots[2];
    char sessions[2][64];
    bool data = false;
    drop(rows[i].body, &net, bots, sessions);
    (void)sherd_value_as_bool(peer_expect_op(&bots[1], rows[i].op), &data);
    assert_int_equal(data, rows[i].data);
    assert_false(bots[1].is_gone);
    resume(&net, sessions[1], rows[i].may_resume);
    end(&net, bots);
  }
}

static void a_session_is_dropped_by_its_id(void **state) {
  (void)state;
  struct net net;
  struct asker asker;
  struct peer bots[2];
  char sessions[2][64], body[128];
  net_open(&net, &config);
  asker_init(&asker, &net);
  for (uint32_t i = 0; i < 2; i++)
    open_bot(&net, &bots[i], i, 0, sessions[i]);
  (void)snprintf(body, sizeof body, "{\"session\":\"%s\"}", sessions[0]);
  expect_number(ask_json(&asker, 200, "POST", "/sim/drop", body), "dropped", 1);
  assert_true(bots[0].is_gone);
  assert_false(bots[1].is_gone);
  expect_number(ask_json(&asker, 200, "POST", "/sim/drop", body), "dropped", 0);
  expect_number(ask_json(&asker, 200, "POST", "/sim/drop", NULL), "dropped", 1); /* all */
  assert_true(bots[1].is_gone);
  static const char *const bad[] = {"[]",
                                    "{\"how\":\"x\"}",
                                    "{\"how\":999}",
                                    "{\"how\":1005}",
                                    "{\"how\":5000}",
                                    "{\"shard\":\"1\"}",
                                    "{\"session\":4}",
                                    "{\"resumable\":1}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_non_null(strstr(ask(&asker, 400, "POST", "/sim/drop", bad[i]), "give \\\"how\\\""));
  end(&net, bots);
  asker_deinit(&asker);
}

/* --- The ledger --- */

/* Counts the ledger's lines with that text; gives the number of the last line in *newest. */
static size_t count_lines(struct asker *asker, const char *query, const char *text,
                          uint64_t *newest) {
  char target[64];
  size_t count = 0;
  (void)snprintf(target, sizeof target, "/sim/ledger%s", query);
  const char *at = ask(asker, 200, "GET", target, NULL);
  assert_string_equal(asker->answer.content_type, "application/x-ndjson");
  while (*at) {
    const char *line_end = strchr(at, '\n');
    struct sherd_value line;
    uint64_t number;
    assert_non_null(line_end);
    assert_int_equal(sherd_value_validate(SHERD_FORMAT_JSON, at, (size_t)(line_end - at), NULL),
                     SHERD_OK);
    assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, at, (size_t)(line_end - at), &line),
                     SHERD_OK);
    assert_int_equal(sherd_value_as_u64(sherd_value_get(line, "n"), &number), SHERD_OK);
    if (newest)
      *newest = number;
    count += memmem(at, (size_t)(line_end - at), text, strlen(text)) != NULL;
    at = line_end + 1;
  }
  return count;
}

static void the_ledger_has_what_went_over_the_wire(void **state) {
  (void)state;
  struct net net;
  struct asker asker;
  struct peer bot;
  char session[64], query[64];
  uint64_t newest = 0;
  net_open(&net, &config);
  asker_init(&asker, &net);
  peer_login(&bot, &net, 0, 2, SHERD_INTENT_GUILDS, session);
  net_wait(&net, 1000);
  size_t guilds = peer_drain(&bot, "GUILD_CREATE");
  assert_true(guilds > 0);
  assert_int_equal(count_lines(&asker, "", "\"what\":\"connected\"", &newest), 1);
  assert_int_equal(count_lines(&asker, "", "\"t\":\"GUILD_CREATE\"", NULL), guilds);
  assert_int_equal(count_lines(&asker, "", "\"t\":\"READY\"", NULL), 1);
  assert_int_equal(count_lines(&asker, "", "\"what\":\"sent\",\"op\":10", NULL), 1);
  assert_int_equal(count_lines(&asker, "", "\"what\":\"received\",\"op\":2", NULL), 1);
  /* from where one has read */
  (void)snprintf(query, sizeof query, "?since=%ju", (uintmax_t)newest);
  assert_int_equal(count_lines(&asker, query, "", NULL), 0);
  peer_say(&bot, "{\"op\":1,\"d\":1}");
  (void)ask_json(&asker, 200, "GET", "/users/@me", NULL);
  (void)ask_json(&asker, 404, "POST", "/nope", "{\"a\": 1}");
  assert_int_equal(count_lines(&asker, query, "", NULL), 4);
  assert_int_equal(count_lines(&asker, query, session, NULL), 2);
  assert_int_equal(count_lines(&asker, query, "\"received\",\"shard\":0,\"session\":", NULL), 1);
  assert_int_equal(count_lines(&asker, query,
                               "\"method\":\"POST\",\"path\":\"/nope\",\"status\":404,\"bytes\":8,"
                               "\"body\":{\"a\":1}",
                               NULL),
                   1);
  (void)snprintf(query, sizeof query, "?since=%ju&limit=1", (uintmax_t)newest);
  assert_int_equal(count_lines(&asker, query, "", NULL), 1);
  /* ends */
  peer_say(&bot, "nonsense");
  peer_expect_close(&bot, 4002, "Error while decoding payload.");
  peer_free(&bot);
  assert_int_equal(count_lines(&asker, "", "\"op\":null,\"bytes\":8", NULL), 1);
  assert_int_equal(count_lines(&asker, "", "\"what\":\"closed\"", NULL), 1);
  assert_int_equal(count_lines(&asker, "", "\"code\":4002", NULL), 1);
  assert_int_equal(count_lines(&asker, "", "\"what\":\"gone\"", NULL), 1);
  asker_deinit(&asker);
  net_close(&net);
}

static void the_token_is_nowhere_in_the_ledger(void **state) {
  (void)state;
  struct net net;
  struct asker asker;
  struct peer bot;
  char session[64];
  net_open(&net, &config);
  asker_init(&asker, &net);
  open_bot(&net, &bot, 0, SHERD_INTENTS_ALL, session);
  (void)ask(&asker, 404, "GET", "/api/v10/" TOKEN "?x=" TOKEN, NULL);
  (void)ask(&asker, 404, "POST", "/nope", "{\"content\":\"" TOKEN "\",\"" TOKEN "\":1}");
  (void)ask_json(&asker, 200, "POST", "/sim/events",
                 "{\"t\":\"USER_UPDATE\",\"d\":{\"x\":\"" TOKEN "\"}}");
  assert_non_null(strstr(text_at(peer_expect(&bot, "USER_UPDATE"), "x"), TOKEN));
  assert_int_equal(count_lines(&asker, "?d=1", TOKEN, NULL), 0);
  assert_int_equal(count_lines(&asker, "?d=1", "/api/v10/***************\"", NULL), 1);
  assert_int_equal(
      count_lines(&asker, "?d=1", "{\"content\":\"***************\",\"***************\":1}", NULL),
      1);
  assert_int_equal(count_lines(&asker, "?d=1", "\"d\":{\"x\":\"***************\"}", NULL), 1);
  peer_free(&bot);
  asker_deinit(&asker);
  net_close(&net);
}

/* A token may be anything, and the ledger stays JSON. */
static void odd_tokens_do_not_break_it(void **state) {
  (void)state;
  static const char *const tokens[] = {"\"", ",", "1", "}", "{\"a\"", "\\", "/"};
  for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
    struct sherd__sim_config odd = config;
    struct net net;
    struct asker asker;
    odd.token = tokens[i];
    net_open(&net, &odd);
    asker_init(&asker, &net);
    (void)ask(&asker, 404, "POST", "/a\"1}\\,", "{\"a\":\"1,\\\"\",\"b\":1}");
    assert_int_equal(count_lines(&asker, "?d=1", "request", NULL), 1);
    asker_deinit(&asker);
    net_close(&net);
  }
}

static void the_journal_is_bounded(void **state) {
  (void)state;
  struct sherd__test_alloc alloc;
  struct sherd__journal journal;
  struct sherd__print print;
  static char big[60000];
  sherd__test_alloc_init(&alloc, 0);
  sherd__journal_init(&journal, &alloc.allocator);
  sherd__print_init(&print, &alloc.allocator);
  for (uint64_t n = 1; n <= SHERD__JOURNAL_ENTRIES_MAX + 10; n++) {
    struct sherd__journal_entry entry = {.kind = SHERD__JOURNAL_SENT, .number = 1, .time_ms = n};
    sherd__journal_add(&journal, &entry);
    assert_int_equal(journal.newest, n);
  }
  assert_int_equal(journal.oldest, 11);
  sherd__journal_print(&journal, 11, false, &print);
  assert_memory_equal(print.out.data, "{\"n\":11,\"ms\":11,", 16);
  memset(big, ' ', sizeof big);
  memcpy(big, "{}", 2);
  for (int i = 0; i < 1000; i++) {
    struct sherd__journal_entry entry = {.kind = SHERD__JOURNAL_REQUEST,
                                         .method = "GET",
                                         .path = "/",
                                         .body = {(const uint8_t *)big, sizeof big}};
    sherd__journal_add(&journal, &entry);
    assert_true(journal.bytes <= SHERD__JOURNAL_BYTES_MAX);
  }
  assert_true(journal.newest - journal.oldest < 300);
  assert_true(alloc.live_bytes < SHERD__JOURNAL_BYTES_MAX + SHERD__JOURNAL_ENTRIES_MAX * 200);
  sherd__journal_clear(&journal);
  assert_int_equal(journal.oldest, journal.newest + 1);
  sherd__journal_deinit(&journal);
  sherd__print_deinit(&print);
  assert_int_equal(alloc.live, 0);
}

/* --- Beginning anew --- */

static void a_reset_is_like_a_new_one(void **state) {
  (void)state;
  struct net net;
  struct asker asker;
  struct peer bot;
  char session[64], *before, commands[96];
  net_open(&net, &config);
  asker_init(&asker, &net);
  before = strdup(ask(&asker, 200, "GET", "/sim/world", NULL));
  struct sherd_value world = ask_json(&asker, 200, "GET", "/sim/world", NULL);
  (void)snprintf(commands, sizeof commands, "/applications/%s/commands",
                 text_at(world, "application_id"));
  (void)ask_json(&asker, 201, "POST", commands, "{\"name\":\"x\"}");
  open_bot(&net, &bot, 0, SHERD_INTENTS_ALL, session);
  for (int i = 0; i < 50; i++)
    (void)ask_json(&asker, 200, "POST", "/sim/events", "{\"t\":\"GUILD_MEMBER_REMOVE\"}");
  assert_string_not_equal(ask(&asker, 200, "GET", "/sim/world", NULL), before);
  expect_number(ask_json(&asker, 200, "POST", "/sim/reset", NULL), "seed", 3);
  assert_true(asker.answer.wants_errors);
  assert_int_equal(asker.answer.errors.count, 0);
  (void)peer_drain(&bot, NULL);
  peer_expect_close(&bot, 4000, "Unknown error.");
  peer_free(&bot);
  resume(&net, session, false);
  assert_string_equal(ask(&asker, 200, "GET", "/sim/world", NULL), before);
  expect_count(ask_json(&asker, 200, "GET", commands, NULL), "", 0);
  expect_count(ask_json(&asker, 200, "GET", "/sim/sessions", NULL), "", 0);
  struct sherd_value stats = ask_json(&asker, 200, "GET", "/sim/stats", NULL);
  expect_number(stats, "dispatches", 0);
  expect_number(stats, "starts_remaining", 1000);
  assert_int_equal(count_lines(&asker, "?limit=1", "\"what\":\"reset\"", NULL), 1);
  /* at once, though the bucket of the last IDENTIFY would not be free yet */
  open_bot(&net, &bot, 0, SHERD_INTENTS_ALL, session);
  expect_number(ask_json(&asker, 200, "POST", "/sim/reset", "{\"seed\":8}"), "seed", 8);
  assert_string_not_equal(ask(&asker, 200, "GET", "/sim/world", NULL), before);
  assert_non_null(strstr(ask(&asker, 400, "POST", "/sim/reset", "{\"seed\":-1}"), "whole number"));
  peer_free(&bot);
  free(before);
  asker_deinit(&asker);
  net_close(&net);
}

/* --- The rest --- */

static void sessions_and_counters_are_told(void **state) {
  (void)state;
  struct net net;
  struct asker asker;
  struct peer bot;
  char session[64];
  net_open(&net, &config);
  asker_init(&asker, &net);
  open_bot(&net, &bot, 1, SHERD_INTENT_GUILDS, session);
  struct sherd_value it = ask_json(&asker, 200, "GET", "/sim/sessions", NULL);
  expect_count(it, "", 1);
  expect_text(it, "0.session", session);
  expect_number(it, "0.shard.0", 1);
  expect_number(it, "0.shard.1", 2);
  expect_number(it, "0.intents", SHERD_INTENT_GUILDS);
  expect_text(it, "0.encoding", "json");
  expect_text(it, "0.compression", "none");
  expect_number(it, "0.s", bot.seq);
  peer_lose(&bot);
  it = ask_json(&asker, 200, "GET", "/sim/sessions", NULL);
  assert_false(sherd_value_exists(sherd_value_path(it, "0.encoding")));
  it = ask_json(&asker, 200, "GET", "/sim/stats", NULL);
  expect_number(it, "sessions", 1);
  expect_number(it, "starts_remaining", 999);
  peer_free(&bot);
  asker_deinit(&asker);
  net_close(&net);
}

static void errors_are_asked_for(void **state) {
  (void)state;
  static const char *const bad[] = {"{}", "{\"status\":200}", "{\"status\":600}",
                                    "{\"status\":429,\"count\":4294967296}", "[]"};
  struct net net;
  struct asker asker;
  net_open(&net, &config);
  asker_init(&asker, &net);
  (void)ask_json(&asker, 200, "POST", "/sim/rest",
                 "{\"status\":429,\"count\":3,\"retry_after_ms\":1500}");
  assert_true(asker.answer.wants_errors);
  assert_int_equal(asker.answer.errors.count, 3);
  assert_int_equal(asker.answer.errors.status, 429);
  assert_int_equal(asker.answer.errors.retry_after_ms, 1500);
  (void)ask_json(&asker, 200, "POST", "/sim/rest", "{\"status\":503}");
  assert_int_equal(asker.answer.errors.count, 1);
  assert_int_equal(asker.answer.errors.retry_after_ms, 0);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_non_null(strstr(ask(&asker, 400, "POST", "/sim/rest", bad[i]), "from 400 to 599"));
    assert_false(asker.answer.wants_errors);
  }
  asker_deinit(&asker);
  net_close(&net);
}

/* Asks for everything that keeps or changes something, with whatever answer. */
static void ask_for_all(struct sherd__sim *sim, const char *application, const char *channel) {
  char commands[96], messages[96];
  (void)snprintf(commands, sizeof commands, "/applications/%s/commands", application);
  (void)snprintf(messages, sizeof messages, "/channels/%s/messages", channel);
  const struct {
    const char *method, *path, *body;
  } rows[] = {
      {"PUT", commands, "[{\"name\":\"a\"},{\"name\":\"b\"}]"},
      {"POST", commands, "{\"name\":\"a\",\"description\":\"x\"}"},
      {"POST", messages, "{\"content\":\"x\"}"},
      {"POST", "/sim/events", "{\"t\":\"MESSAGE_CREATE\",\"with\":{\"content\":\"y\"}}"},
      {"POST", "/sim/events", "{\"t\":\"USER_UPDATE\",\"d\":{}}"},
      {"POST", "/sim/reset", "{\"seed\":3}"},
      {"GET", "/sim/ledger", ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd__print body;
    struct sherd__rest_request request = {
        .method = rows[i].method,
        .path = rows[i].path,
        .authorization = "Bot " TOKEN,
        .host = "localhost",
        .body = {(const uint8_t *)rows[i].body, strlen(rows[i].body)},
        .query = (const char *(*)(void *, const char *))strstr,
        .query_ctx = (char[]){""},
    };
    struct sherd__rest_answer answer = {.body = &body};
    sherd__print_init(&body, sherd_allocator_default());
    sherd__rest_answer(sim, &request, 0, &answer);
    sherd__rest_note(sim, &request, answer.status);
    assert_true(answer.status == 200 || answer.status == 201 || answer.status == 500);
    sherd__print_deinit(&body);
  }
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  char application[32] = "", channel[32] = "";
  struct net net;
  struct asker asker;
  net_open(&net, &config);
  asker_init(&asker, &net);
  struct sherd_value world = ask_json(&asker, 200, "GET", "/sim/world", NULL);
  strcpy(application, text_at(world, "application_id"));
  strcpy(channel, text_at(world, "guilds.0.channel_id"));
  asker_deinit(&asker);
  net_close(&net);
  bool is_done = false;
  for (size_t n = 1; !is_done; n++) {
    struct sherd__test_alloc alloc;
    struct sherd__sim_config failing = config;
    struct sherd__sim *sim;
    sherd__test_alloc_init(&alloc, 0);
    failing.allocator = &alloc.allocator;
    failing.guilds = 1;
    assert_int_equal(sherd__sim_new(&failing, 0, &sim), SHERD_OK);
    size_t before = alloc.requests;
    alloc.fail_at = before + n;
    ask_for_all(sim, application, channel);
    is_done = alloc.requests < before + n;
    sherd__sim_free(sim);
    assert_int_equal(alloc.live, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths_are_listed_and_others_refused),
      cmocka_unit_test(browsers_and_foreign_names_are_refused),
      cmocka_unit_test(a_public_one_wants_the_token),
      cmocka_unit_test(hosts_are_validated),
      cmocka_unit_test(a_public_one_is_where_one_asked),
      cmocka_unit_test(an_event_of_the_world_comes_at_once),
      cmocka_unit_test(a_patch_changes_what_the_world_makes),
      cmocka_unit_test(a_given_event_goes_out_as_it_stands),
      cmocka_unit_test(events_that_cannot_be_say_why),
      cmocka_unit_test(connections_are_dropped_in_each_way),
      cmocka_unit_test(ops_ask_the_bot_to_go),
      cmocka_unit_test(a_session_is_dropped_by_its_id),
      cmocka_unit_test(the_ledger_has_what_went_over_the_wire),
      cmocka_unit_test(the_token_is_nowhere_in_the_ledger),
      cmocka_unit_test(odd_tokens_do_not_break_it),
      cmocka_unit_test(the_journal_is_bounded),
      cmocka_unit_test(a_reset_is_like_a_new_one),
      cmocka_unit_test(sessions_and_counters_are_told),
      cmocka_unit_test(errors_are_asked_for),
      cmocka_unit_test(each_allocation_may_fail),
  };
  return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
