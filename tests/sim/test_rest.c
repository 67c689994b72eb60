/* Discord's HTTP API, as libraries use it before they connect and while they run. */
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

static const struct sherd__sim_config config = {.seed = 3, .guilds = 3, .shards = 1};

/* The simulator, a bot's HTTP, and where it is. */
struct scene {
  struct net net;
  struct asker asker;
  char application[32], guild[32], channel[32], dm[32], dm_user[32];
};

static void open_scene(struct scene *scene) {
  net_open(&scene->net, &config);
  asker_init(&scene->asker, &scene->net);
  struct sherd_value world = ask_json(&scene->asker, 200, "GET", "/sim/world", NULL);
  strcpy(scene->application, text_at(world, "application_id"));
  strcpy(scene->guild, text_at(world, "guilds.0.id"));
  strcpy(scene->channel, text_at(world, "guilds.0.channel_id"));
  strcpy(scene->dm, text_at(world, "direct_messages.0.id"));
  strcpy(scene->dm_user, text_at(world, "direct_messages.0.user_id"));
}

static void close_scene(struct scene *scene) {
  asker_deinit(&scene->asker);
  net_close(&scene->net);
}

/* A path of the parts, in one of a few places that are used in turn. */
static const char *path(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *path(const char *format, ...) {
  static char paths[4][256];
  static size_t next;
  char *out = paths[next++ % 4];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(out, sizeof paths[0], format, args);
  va_end(args);
  return out;
}

/* --- Errors --- */

static void what_is_not_there_has_discords_shape(void **state) {
  (void)state;
  static const char *const nowhere[] = {"/",
                                        "/api/v10/nope",
                                        "/api/v8/gateway",
                                        "/users/@me/",
                                        "/api/v10/channels//messages",
                                        "/api/v10/gateway/bot/x"};
  struct scene scene;
  open_scene(&scene);
  for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
    assert_string_equal(ask(&scene.asker, 404, "GET", nowhere[i], NULL),
                        "{\"message\": \"404: Not Found\", \"code\": 0}");
  assert_string_equal(ask(&scene.asker, 405, "PATCH", "/api/v10/gateway", "{}"),
                      "{\"message\": \"405: Method Not Allowed\", \"code\": 0}");
  close_scene(&scene);
}

static void only_the_right_token_is_let_in(void **state) {
  (void)state;
  static const char *const wrong[] = {NULL,
                                      "",
                                      "Bot ",
                                      "Bot nope",
                                      "sherd-sim-token",
                                      "Bearer sherd-sim-token",
                                      "Bot sherd-sim-tokenx"};
  static const char *const routes[] = {"/users/@me", "/gateway/bot", "/oauth2/applications/@me",
                                       "/guilds/1", "/applications/1/commands"};
  struct scene scene;
  open_scene(&scene);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    for (size_t j = 0; j < sizeof routes / sizeof *routes; j++) {
      scene.asker.authorization = wrong[i];
      assert_string_equal(ask(&scene.asker, 401, "GET", routes[j], NULL),
                          "{\"message\": \"401: Unauthorized\", \"code\": 0}");
    }
  (void)ask_json(&scene.asker, 200, "GET", "/gateway", NULL); /* this one is for everybody */
  close_scene(&scene);
}

static void bad_bodies_are_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"", "{", "{}}", "{\"content\":\"\\ud800\"}", "\xff", "nope"};
  struct scene scene;
  open_scene(&scene);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    expect_number(
        ask_json(&scene.asker, 400, "POST", path("/channels/%s/messages", scene.channel), bad[i]),
        "code", 50109);
  close_scene(&scene);
}

/* --- Reading --- */

static void a_bot_finds_itself(void **state) {
  (void)state;
  struct scene scene;
  open_scene(&scene);
  struct sherd_value user = ask_json(&scene.asker, 200, "GET", "/api/v10/users/@me", NULL);
  expect_text(user, "username", "sherd-sim");
  expect_text(user, "id", scene.application);
  assert_true(scene.asker.answer.is_limited);
  static const char *const applications[] = {"/applications/@me", "/oauth2/applications/@me",
                                             "/api/v9/applications/@me"};
  for (size_t i = 0; i < 3; i++) {
    struct sherd_value it = ask_json(&scene.asker, 200, "GET", applications[i], NULL);
    expect_text(it, "id", scene.application);
    expect_text(it, "bot.id", scene.application);
    assert_true(sherd_value_exists(sherd_value_path(it, "owner.username")));
  }
  struct sherd_value gateway = ask_json(&scene.asker, 200, "GET", "/gateway/bot", NULL);
  expect_text(gateway, "url", "ws://127.0.0.1:80");
  expect_number(gateway, "shards", 1);
  expect_number(gateway, "session_start_limit.remaining", 1000);
  close_scene(&scene);
}

static void the_world_can_be_read(void **state) {
  (void)state;
  struct scene scene;
  open_scene(&scene);
  struct asker *asker = &scene.asker;
  expect_text(ask_json(asker, 200, "GET", path("/guilds/%s", scene.guild), NULL), "id",
              scene.guild);
  expect_number(ask_json(asker, 404, "GET", "/guilds/1", NULL), "code", 10004);
  expect_text(ask_json(asker, 200, "GET", path("/guilds/%s/roles", scene.guild), NULL), "0.name",
              "@everyone");
  expect_text(ask_json(asker, 200, "GET", path("/guilds/%s/channels", scene.guild), NULL),
              "0.guild_id", scene.guild);
  expect_text(ask_json(asker, 200, "GET", path("/channels/%s", scene.channel), NULL), "guild_id",
              scene.guild);
  expect_text(ask_json(asker, 200, "GET", path("/channels/%s", scene.dm), NULL), "recipients.0.id",
              scene.dm_user);
  expect_number(ask_json(asker, 404, "GET", "/channels/x", NULL), "code", 10003);
  expect_text(ask_json(asker, 200, "GET", path("/users/%s", scene.dm_user), NULL), "id",
              scene.dm_user);
  expect_number(ask_json(asker, 404, "GET", "/users/7", NULL), "code", 10013);
  struct sherd_value own =
      ask_json(asker, 200, "GET", path("/guilds/%s/members/@me", scene.guild), NULL);
  expect_text(own, "user.id", scene.application);
  expect_number(ask_json(asker, 404, "GET", path("/guilds/%s/members/5", scene.guild), NULL),
                "code", 10007);
  expect_count(ask_json(asker, 200, "GET", "/users/@me/guilds?limit=2", NULL), "", 2);
  expect_text(ask_json(asker, 200, "POST", "/users/@me/channels",
                       path("{\"recipient_id\":\"%s\"}", scene.dm_user)),
              "id", scene.dm);
  expect_number(ask_json(asker, 403, "POST", "/users/@me/channels", "{\"recipient_id\":\"5\"}"),
                "code", 50007);
  close_scene(&scene);
}

/* Pages as libraries take them: from the last id that they have seen. */
static void members_come_in_pages_by_id(void **state) {
  (void)state;
  struct scene scene;
  char after[32] = "0";
  size_t pages = 0, members = 0, count;
  open_scene(&scene);
  do {
    struct sherd_value list =
        ask_json(&scene.asker, 200, "GET",
                 path("/guilds/%s/members?limit=50&after=%s", scene.guild, after), NULL);
    assert_int_equal(sherd_value_count(list, &count), SHERD_OK);
    for (size_t i = 0; i < count; i++) {
      sherd_snowflake id = 0, last = strtoull(after, NULL, 10);
      assert_int_equal(
          sherd_value_as_snowflake(sherd_value_path(sherd_value_at(list, i), "user.id"), &id),
          SHERD_OK);
      assert_true(id > last);
      (void)snprintf(after, sizeof after, "%ju", (uintmax_t)id);
    }
    members += count;
    pages++;
  } while (count == 50);
  expect_number(ask_json(&scene.asker, 200, "GET", "/sim/world", NULL), "guilds.0.members",
                members);
  assert_int_equal(pages, members / 50 + 1);
  close_scene(&scene);
}

/* --- Commands --- */

static void commands_are_remembered(void **state) {
  (void)state;
  struct scene scene;
  open_scene(&scene);
  struct asker *asker = &scene.asker;
  const char *all = path("/applications/%s/commands", scene.application);
  char id[32];
  struct sherd_value made = ask_json(
      asker, 201, "POST", all,
      "{\"name\":\"ping\",\"description\":\"Answers\",\"id\":\"7\",\"options\":[{\"type\":3,"
      "\"name\":\"text\",\"description\":\"x\"}]}");
  strcpy(id, text_at(made, "id"));
  assert_string_not_equal(id, "7");
  expect_text(made, "application_id", scene.application);
  expect_number(made, "type", 1);
  expect_text(made, "options.0.name", "text");
  assert_false(sherd_value_exists(sherd_value_get(made, "guild_id")));
  /* the same name: the same command */
  made = ask_json(asker, 200, "POST", all, "{\"name\":\"ping\",\"description\":\"Other\"}");
  expect_text(made, "id", id);
  expect_text(made, "description", "Other");
  expect_count(made, "options", 0);
  /* ... but of another kind it is another */
  (void)ask_json(asker, 201, "POST", all, "{\"name\":\"ping\",\"type\":2}");
  expect_count(ask_json(asker, 200, "GET", all, NULL), "", 2);
  made = ask_json(asker, 200, "PATCH", path("/applications/%s/commands/%s", scene.application, id),
                  "{\"nsfw\":true}");
  expect_text(made, "description", "Other");
  expect_text(made, "id", id);
  bool nsfw = false;
  assert_int_equal(sherd_value_as_bool(sherd_value_get(made, "nsfw"), &nsfw), SHERD_OK);
  assert_true(nsfw);
  (void)ask(asker, 204, "DELETE", path("/applications/%s/commands/%s", scene.application, id),
            NULL);
  expect_number(ask_json(asker, 404, "GET",
                         path("/applications/%s/commands/%s", scene.application, id), NULL),
                "code", 10063);
  expect_count(ask_json(asker, 200, "GET", all, NULL), "", 1);
  close_scene(&scene);
}

/* A PUT is all that there is afterwards, and what stays keeps its id. */
static void a_put_replaces_all_of_its_scope(void **state) {
  (void)state;
  struct scene scene;
  char global[256], local[256], id[32];
  open_scene(&scene);
  struct asker *asker = &scene.asker;
  (void)snprintf(global, sizeof global, "/applications/%s/commands", scene.application);
  (void)snprintf(local, sizeof local, "/applications/%s/guilds/%s/commands", scene.application,
                 scene.guild);
  (void)ask_json(asker, 201, "POST", global, "{\"name\":\"stays\",\"description\":\"x\"}");
  struct sherd_value list =
      ask_json(asker, 200, "PUT", local,
               "[{\"name\":\"a\",\"description\":\"1\"},{\"name\":\"b\",\"description\":\"2\"}]");
  expect_text(list, "1.guild_id", scene.guild);
  strcpy(id, text_at(list, "1.id"));
  list =
      ask_json(asker, 200, "PUT", local,
               "[{\"name\":\"b\",\"description\":\"3\"},{\"name\":\"c\",\"description\":\"4\"}]");
  expect_count(list, "", 2);
  expect_text(list, "0.id", id);
  expect_text(list, "0.description", "3");
  expect_count(ask_json(asker, 200, "GET", local, NULL), "", 2);
  expect_count(ask_json(asker, 200, "PUT", local, "[]"), "", 0);
  expect_count(ask_json(asker, 200, "GET", global, NULL), "", 1);
  close_scene(&scene);
}

static void bad_commands_change_nothing(void **state) {
  (void)state;
  static const char *const bad[] = {"{}", "{\"name\":5}", "{\"name\":\"\"}", "[]", "3"};
  struct scene scene;
  char all[256], many[8192] = "[";
  open_scene(&scene);
  struct asker *asker = &scene.asker;
  (void)snprintf(all, sizeof all, "/applications/%s/commands", scene.application);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    expect_number(ask_json(asker, 400, "POST", all, bad[i]), "code", 50035);
  expect_number(ask_json(asker, 400, "PUT", all, "[{\"name\":\"a\"},{}]"), "code", 50035);
  expect_number(ask_json(asker, 400, "PUT", all, "{}"), "code", 50035);
  for (int i = 0; i < 132; i++)
    (void)snprintf(many + strlen(many), sizeof many - strlen(many), "%s{\"name\":\"c%d\"}",
                   i ? "," : "", i);
  strcat(many, "]");
  expect_number(ask_json(asker, 400, "PUT", all, many), "code", 30032);
  expect_number(ask_json(asker, 404, "POST", "/applications/9/commands", "{\"name\":\"a\"}"),
                "code", 10002);
  expect_number(ask_json(asker, 403, "POST",
                         path("/applications/%s/guilds/9/commands", scene.application),
                         "{\"name\":\"a\"}"),
                "code", 50001);
  expect_count(ask_json(asker, 200, "GET", all, NULL), "", 0);
  char *large = calloc(1, 70000);
  strcpy(large, "{\"name\":\"a\",\"description\":\"");
  memset(large + strlen(large), 'x', 66000);
  strcat(large, "\"}");
  expect_text(ask_json(asker, 400, "POST", all, large), "errors.options._errors.0.code",
              "APPLICATION_COMMAND_TOO_LARGE");
  const char *id = text_at(ask_json(asker, 201, "POST", all, "{\"name\":\"a\"}"), "id");
  expect_text(ask_json(asker, 400, "PATCH", path("%s/%s", all, id), large),
              "errors.options._errors.0.code", "APPLICATION_COMMAND_TOO_LARGE");
  /* nor in small steps */
  memset(large, 0, 70000);
  strcpy(large, "{\"0\":\"");
  memset(large + strlen(large), 'x', 50000);
  strcat(large, "\"}");
  (void)ask_json(asker, 200, "PATCH", path("%s/%s", all, id), large);
  large[2] = '1';
  (void)ask_json(asker, 200, "PATCH", path("%s/%s", all, id), large);
  large[2] = '2';
  (void)ask_json(asker, 400, "PATCH", path("%s/%s", all, id), large);
  free(large);
  close_scene(&scene);
}

/* --- Messages --- */

static void open_bot(struct scene *scene, struct peer *bot) {
  char session[64];
  peer_login(bot, &scene->net, 0, 1, SHERD_INTENTS_ALL, session);
  net_wait(&scene->net, 1000);
  (void)peer_drain(bot, NULL);
}

static void what_a_bot_writes_comes_as_an_event(void **state) {
  (void)state;
  struct scene scene;
  struct peer bot;
  char id[32];
  open_scene(&scene);
  struct asker *asker = &scene.asker;
  open_bot(&scene, &bot);
  struct sherd_value made =
      ask_json(asker, 200, "POST", path("/channels/%s/messages", scene.channel),
               "{\"content\":\"pong \\u00e9\",\"nonce\":\"9\",\"embeds\":[{\"title\":\"E\"}],"
               "\"message_reference\":{\"message_id\":\"5\"}}");
  strcpy(id, text_at(made, "id"));
  expect_text(made, "content", "pong \xc3\xa9");
  expect_number(made, "type", 19);
  assert_false(sherd_value_exists(sherd_value_get(made, "guild_id")));
  struct sherd_value event = peer_expect(&bot, "MESSAGE_CREATE");
  expect_text(event, "id", id);
  expect_text(event, "content", "pong \xc3\xa9");
  expect_text(event, "author.id", scene.application);
  expect_text(event, "guild_id", scene.guild);
  expect_text(event, "embeds.0.title", "E");
  expect_text(event, "nonce", "9");
  assert_true(sherd_value_exists(sherd_value_path(event, "member.joined_at")));
  /* edited, reacted to, deleted */
  const char *own = path("/channels/%s/messages/%s", scene.channel, id);
  made = ask_json(asker, 200, "PATCH", own, "{\"content\":\"other\"}");
  expect_text(made, "embeds.0.title", "E");
  event = peer_expect(&bot, "MESSAGE_UPDATE");
  expect_text(event, "content", "other");
  assert_int_equal(sherd_value_type(sherd_value_get(event, "edited_timestamp")),
                   SHERD_VALUE_STRING);
  expect_text(ask_json(asker, 200, "GET", own, NULL), "content", "other");
  (void)ask(asker, 204, "PUT",
            path("/channels/%s/messages/%s/reactions/pot:123/@me", scene.channel, id), NULL);
  event = peer_expect(&bot, "MESSAGE_REACTION_ADD");
  expect_text(event, "emoji.id", "123");
  expect_text(event, "emoji.name", "pot");
  assert_string_equal(
      ask(asker, 204, "DELETE", path("/channels/%s/messages/%s", scene.channel, id), NULL), "");
  expect_text(peer_expect(&bot, "MESSAGE_DELETE"), "id", id);
  expect_number(
      ask_json(asker, 404, "GET", path("/channels/%s/messages/%s", scene.channel, id), NULL),
      "code", 10008);
  peer_free(&bot);
  close_scene(&scene);
}

/* Whether a member's roles have that id. */
static bool has_role(struct sherd_value member, const char *role) {
  struct sherd_value roles = sherd_value_get(member, "roles");
  size_t count = 0;
  bool has_it = false;
  assert_int_equal(sherd_value_count(roles, &count), SHERD_OK);
  for (size_t i = 0; i < count; i++)
    has_it |= sherd_value_equals(sherd_value_at(roles, i), role);
  return has_it;
}

static void roles_are_given_and_taken(void **state) {
  (void)state;
  struct scene scene;
  struct peer bot;
  char role[32], managed[32], member[128];
  open_scene(&scene);
  struct asker *asker = &scene.asker;
  struct sherd_value roles =
      ask_json(asker, 200, "GET", path("/guilds/%s/roles", scene.guild), NULL);
  strcpy(managed, text_at(roles, "1.id"));
  strcpy(role, text_at(roles, "2.id"));
  struct sherd_value page = /* whoever comes after the bot */
      ask_json(asker, 200, "GET",
               path("/guilds/%s/members?limit=1&after=%s", scene.guild, scene.application), NULL);
  (void)snprintf(member, sizeof member, "/guilds/%s/members/%s", scene.guild,
                 text_at(page, "0.user.id"));
  (void)ask(asker, 204, "DELETE", path("%s/roles/%s", member, role), NULL);
  open_bot(&scene, &bot);
  for (int gives = 1; gives >= 0; gives--)
    for (int again = 0; again < 2; again++) { /* and once more: nothing changes, nothing is told */
      assert_string_equal(
          ask(asker, 204, gives ? "PUT" : "DELETE", path("%s/roles/%s", member, role), NULL), "");
      assert_int_equal(has_role(ask_json(asker, 200, "GET", member, NULL), role), gives);
      if (again) {
        assert_null(peer_next(&bot));
        continue;
      }
      struct sherd_value event = peer_expect(&bot, "GUILD_MEMBER_UPDATE");
      expect_text(event, "guild_id", scene.guild);
      assert_int_equal(has_role(event, role), gives);
    }
  expect_number(ask_json(asker, 404, "PUT", path("/guilds/5/members/6/roles/7"), NULL), "code",
                10004);
  expect_number(
      ask_json(asker, 404, "PUT", path("/guilds/%s/members/6/roles/%s", scene.guild, role), NULL),
      "code", 10007);
  expect_number(ask_json(asker, 404, "PUT", path("%s/roles/7", member), NULL), "code", 10011);
  const char *const fixed[] = {scene.guild /* @everyone */, managed};
  for (size_t i = 0; i < 2; i++)
    expect_number(ask_json(asker, 400, "DELETE", path("%s/roles/%s", member, fixed[i]), NULL),
                  "code", 50028);
  peer_free(&bot);
  close_scene(&scene);
}

/* Of the bot itself it is told without GUILD_MEMBERS; of others it is not. */
static void a_bot_hears_of_its_own_roles(void **state) {
  (void)state;
  struct scene scene;
  struct peer bot;
  char role[32], session[64];
  open_scene(&scene);
  struct asker *asker = &scene.asker;
  strcpy(role,
         text_at(ask_json(asker, 200, "GET", path("/guilds/%s/roles", scene.guild), NULL), "2.id"));
  peer_login(&bot, &scene.net, 0, 1, SHERD_INTENT_GUILDS, session);
  net_wait(&scene.net, 1000);
  (void)peer_drain(&bot, NULL);
  (void)ask(asker, 204, "PUT", path("/guilds/%s/members/@me/roles/%s", scene.guild, role), NULL);
  expect_text(peer_expect(&bot, "GUILD_MEMBER_UPDATE"), "user.id", scene.application);
  peer_free(&bot);
  close_scene(&scene);
}

static void direct_messages_are_of_no_guild(void **state) {
  (void)state;
  struct scene scene;
  struct peer bot;
  open_scene(&scene);
  open_bot(&scene, &bot);
  (void)ask_json(&scene.asker, 200, "POST", path("/channels/%s/messages", scene.dm),
                 "{\"content\":\"psst\"}");
  struct sherd_value event = peer_expect(&bot, "MESSAGE_CREATE");
  expect_text(event, "channel_id", scene.dm);
  expect_number(event, "channel_type", 1);
  assert_false(sherd_value_exists(sherd_value_get(event, "guild_id")));
  peer_free(&bot);
  close_scene(&scene);
}

/* A body of several parts, and what is seen of it: the size of each file, or the error's code. */
static void check_parts(const char *content_type, const char *body, size_t files,
                        const unsigned *sizes, unsigned code) {
  struct scene scene;
  open_scene(&scene);
  scene.asker.content_type = content_type;
  const char *all = path("/channels/%s/messages", scene.channel);
  if (code) {
    expect_number(ask_json(&scene.asker, 400, "POST", all, body), "code", code);
  } else {
    struct sherd_value made = ask_json(&scene.asker, 200, "POST", all, body);
    expect_count(made, "attachments", files);
    for (size_t i = 0; i < files; i++) {
      const char *size = path("attachments.%zu.size", i);
      expect_number(made, size, sizes[i]);
    }
  }
  close_scene(&scene);
}

#define PART(name, rest) "\r\nContent-Disposition: form-data; name=\"" name "\"" rest
#define SAYS             PART("payload_json", "\r\n\r\n{\"content\":\"x\"}")
#define SAYS_NOTHING     PART("payload_json", "\r\n\r\n{}")

static void files_are_attachments(void **state) {
  (void)state;
  static const unsigned sizes[10] = {3, 0};
  static const unsigned tricky[] = {11};
#define X "multipart/form-data; boundary=x"
  check_parts(X, "--x" SAYS "\r\n--x--", 0, NULL, 0);
  check_parts(X,
              "--x" PART("files[0]", "; filename=\"a.txt\"\r\n\r\nabc") "\r\n--x" PART(
                  "files[1]", "; filename=\"b\"\r\n\r\n") "\r\n--x" SAYS_NOTHING "\r\n--x--\r\n",
              2, sizes, 0);
  /* What is empty may have no line of its own; a preamble; padding; quotes; another delimiter. */
  check_parts("Multipart/Form-Data;boundary=\"x\"; charset=utf-8",
              "hello\r\n--x  " SAYS "\r\n--x" PART("files[0]", "; filename=\"b\"\r\n\r\n--x--"), 1,
              sizes + 1, 0);
  check_parts(X,
              "--x" SAYS "\r\n--x" PART("f", "; filename=\"b\"\r\n\r\n1\r\n--y\r\n--z") "\r\n--x--",
              1, tricky, 0);
  check_parts(X, "--x" SAYS_NOTHING "\r\n--x--", 0, NULL, 50006);
  check_parts(X, "--x" PART("files[0]", "; filename=\"b\"\r\n\r\nabc") "\r\n--x--", 0, NULL, 50109);
  check_parts(X, "--x" SAYS, 0, NULL, 50109); /* cut off */
  check_parts(X, "--y" SAYS "\r\n--y--", 0, NULL, 50109);
  check_parts("multipart/form-data", "--x" SAYS "\r\n--x--", 0, NULL, 50109);
#undef X
}

static void an_attachment_is_as_discord_says(void **state) {
  (void)state;
  struct scene scene;
  struct peer bot;
  char id[32];
  open_scene(&scene);
  open_bot(&scene, &bot);
  scene.asker.content_type = "multipart/form-data; boundary=x";
  struct sherd_value made =
      ask_json(&scene.asker, 200, "POST", path("/channels/%s/messages", scene.channel),
               "--x" PART("files[0]", "; filename=\"a b\xc3\xa9.png\"\r\nContent-Type: image/png"
                                      "\r\n\r\nabc") "\r\n--x" SAYS "\r\n--x--");
  strcpy(id, text_at(made, "attachments.0.id"));
  assert_string_not_equal(id, text_at(made, "id"));
  struct sherd_value event = peer_expect(&bot, "MESSAGE_CREATE");
  expect_text(event, "attachments.0.id", id);
  expect_text(event, "attachments.0.filename", "a_b__.png");
  expect_text(event, "attachments.0.content_type", "image/png");
  expect_text(
      event, "attachments.0.url",
      path("https://cdn.example-media.test/attachments/%s/%s/a_b__.png", scene.channel, id));
  expect_text(event, "content", "x");
  peer_free(&bot);
  close_scene(&scene);
}

/* With files a library sends several parts, and JSON is one of them. */
static void json_is_found_among_parts(void **state) {
  (void)state;
  static const char body[] =
      "--x\r\nContent-Disposition: form-data; name=\"files[0]\"; filename=\"a\"\r\n\r\n{}\r\n"
      "--x\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n"
      "Content-Type: application/json\r\n\r\n{\"content\":\"with a file\"}\r\n--x--\r\n";
  struct scene scene;
  open_scene(&scene);
  scene.asker.content_type = "multipart/form-data; boundary=x";
  expect_text(
      ask_json(&scene.asker, 200, "POST", path("/channels/%s/messages", scene.channel), body),
      "content", "with a file");
  expect_number(ask_json(&scene.asker, 400, "POST", path("/channels/%s/messages", scene.channel),
                         "--x\r\nname=\"payload_json\"\r\n\r\n{}"),
                "code", 50109);
  close_scene(&scene);
}

static void messages_have_discords_limits(void **state) {
  (void)state;
  struct scene scene;
  char long_text[4200] = "{\"content\":\"";
  open_scene(&scene);
  struct asker *asker = &scene.asker;
  char messages[128];
  (void)snprintf(messages, sizeof messages, "/channels/%s/messages", scene.channel);
  expect_number(ask_json(asker, 400, "POST", messages, "{}"), "code", 50006);
  expect_number(ask_json(asker, 400, "POST", messages, "{\"content\":\"\",\"embeds\":[]}"), "code",
                50006);
  expect_number(ask_json(asker, 400, "POST", messages, "{\"content\":4}"), "code", 50035);
  (void)ask_json(asker, 200, "POST", messages, "{\"embeds\":[{}]}");
  for (int i = 0; i < 2000; i++)
    strcat(long_text, "\xc3\xa4");
  strcpy(long_text + strlen(long_text), "\"}");
  (void)ask_json(asker, 200, "POST", messages, long_text);
  strcpy(long_text + strlen(long_text) - 2, "!\"}");
  expect_text(ask_json(asker, 400, "POST", messages, long_text), "errors.content._errors.0.code",
              "BASE_TYPE_MAX_LENGTH");
  char *embeds = calloc(1, 70000);
  strcpy(embeds, "{\"embeds\":[{\"title\":\"");
  memset(embeds + strlen(embeds), 'x', 66000);
  strcat(embeds, "\"}]}");
  expect_text(ask_json(asker, 400, "POST", messages, embeds), "errors.embeds._errors.0.code",
              "MAX_EMBED_SIZE_EXCEEDED");
  free(embeds);
  const char *id = text_at(ask_json(asker, 200, "POST", messages, "{\"content\":\"x\"}"), "id");
  expect_number(ask_json(asker, 400, "PATCH", path("%s/%s", messages, id), "{\"content\":4}"),
                "code", 50035);
  expect_number(ask_json(asker, 404, "POST", "/channels/5/messages", "{\"content\":\"x\"}"), "code",
                10003);
  struct sherd_value channels =
      ask_json(asker, 200, "GET", path("/guilds/%s/channels", scene.guild), NULL);
  expect_number(channels, "0.type", 4); /* a category */
  const char *category = path("/channels/%s/messages", text_at(channels, "0.id"));
  expect_number(ask_json(asker, 400, "POST", category, "{\"content\":\"x\"}"), "code", 50008);
  close_scene(&scene);
}

/* Only so many are kept; the oldest can then be edited no more. */
static void old_messages_are_forgotten(void **state) {
  (void)state;
  struct scene scene;
  char first[32], messages[128];
  open_scene(&scene);
  (void)snprintf(messages, sizeof messages, "/channels/%s/messages", scene.channel);
  strcpy(first,
         text_at(ask_json(&scene.asker, 200, "POST", messages, "{\"content\":\"0\"}"), "id"));
  for (int i = 0; i < 255; i++)
    (void)ask_json(&scene.asker, 200, "POST", messages, "{\"content\":\"1\"}");
  (void)ask_json(&scene.asker, 200, "GET", path("%s/%s", messages, first), NULL);
  (void)ask_json(&scene.asker, 200, "POST", messages, "{\"content\":\"2\"}");
  (void)ask_json(&scene.asker, 404, "GET", path("%s/%s", messages, first), NULL);
  close_scene(&scene);
}

/* An interaction in a guild's channel, as the bot sees it. */
struct interaction {
  char id[32], token[64], channel[32];
};

static void interact(struct scene *scene, struct peer *bot, struct interaction *out) {
  (void)ask_json(&scene->asker, 200, "POST", "/sim/events",
                 path("{\"t\":\"INTERACTION_CREATE\",\"guild\":\"%s\"}", scene->guild));
  struct sherd_value event = peer_expect(bot, "INTERACTION_CREATE");
  strcpy(out->id, text_at(event, "id"));
  strcpy(out->token, text_at(event, "token"));
  strcpy(out->channel, text_at(event, "channel_id"));
}

static void interactions_are_answered_in_their_channel(void **state) {
  (void)state;
  struct scene scene;
  struct peer bot;
  struct interaction it;
  char callback[160], webhook[160];
  open_scene(&scene);
  struct asker *asker = &scene.asker;
  open_bot(&scene, &bot);
  interact(&scene, &bot, &it);
  asker->authorization = NULL; /* its own token is all that it takes */
  (void)snprintf(callback, sizeof callback, "/interactions/%s/%s/callback", it.id, it.token);
  (void)snprintf(webhook, sizeof webhook, "/webhooks/%s/%s", scene.application, it.token);
  expect_number(ask_json(asker, 404, "POST", webhook, "{\"content\":\"early\"}"), "code", 10015);
  expect_number(ask_json(asker, 400, "POST", callback, "{}"), "code", 50035);
  expect_number(ask_json(asker, 400, "POST", callback, "{\"type\":4,\"data\":{}}"), "code", 50006);
  (void)ask(asker, 204, "POST", callback, "{\"type\":4,\"data\":{\"content\":\"pong\"}}");
  assert_null(asker->answer.content_type);
  struct sherd_value event = peer_expect(&bot, "MESSAGE_CREATE");
  expect_text(event, "content", "pong");
  expect_text(event, "channel_id", it.channel);
  expect_number(ask_json(asker, 400, "POST", callback, "{\"type\":5}"), "code", 40060);
  expect_text(ask_json(asker, 200, "POST", webhook, "{\"content\":\"more\"}"), "content", "more");
  expect_text(peer_expect(&bot, "MESSAGE_CREATE"), "content", "more");
  (void)ask_json(asker, 200, "POST", webhook, "{\"content\":\"psst\",\"flags\":64}");
  assert_null(peer_next(&bot)); /* ephemeral */
  expect_text(ask_json(asker, 200, "PATCH", path("%s/messages/@original", webhook),
                       "{\"content\":\"pong!\"}"),
              "content", "pong!");
  expect_text(peer_expect(&bot, "MESSAGE_UPDATE"), "content", "pong!");
  expect_text(ask_json(asker, 200, "GET", path("%s/messages/@original", webhook), NULL), "content",
              "pong!");
  (void)ask(asker, 204, "DELETE", path("%s/messages/@original", webhook), NULL);
  (void)peer_expect(&bot, "MESSAGE_DELETE");
  expect_number(ask_json(asker, 404, "GET", path("%s/messages/@original", webhook), NULL), "code",
                10008);
  peer_free(&bot);
  close_scene(&scene);
}

static void interactions_may_be_answered_later(void **state) {
  (void)state;
  struct scene scene;
  struct peer bot;
  struct interaction it;
  open_scene(&scene);
  struct asker *asker = &scene.asker;
  open_bot(&scene, &bot);
  interact(&scene, &bot, &it);
  struct sherd_value with = ask_json(
      asker, 200, "POST", path("/interactions/%s/%s/callback?with_response=true", it.id, it.token),
      "{\"type\":5}");
  expect_text(with, "interaction.id", it.id);
  expect_text(with, "resource.message.channel_id", it.channel);
  (void)peer_expect(&bot, "MESSAGE_CREATE");
  (void)ask_json(asker, 200, "PATCH",
                 path("/webhooks/%s/%s/messages/@original", scene.application, it.token),
                 "{\"content\":\"done\"}");
  expect_text(peer_expect(&bot, "MESSAGE_UPDATE"), "content", "done");
  /* those that nobody made, or with somebody else's token */
  expect_number(ask_json(asker, 404, "POST", path("/interactions/5/%s/callback", it.token),
                         "{\"type\":4,\"data\":{\"content\":\"x\"}}"),
                "code", 10062);
  expect_number(ask_json(asker, 404, "POST", path("/interactions/%s/x/callback", it.id),
                         "{\"type\":4,\"data\":{\"content\":\"x\"}}"),
                "code", 10062);
  expect_number(
      ask_json(asker, 404, "POST", path("/webhooks/5/%s", it.token), "{\"content\":\"x\"}"), "code",
      10015);
  /* one that says nothing */
  interact(&scene, &bot, &it);
  (void)ask(asker, 204, "POST", path("/interactions/%s/%s/callback", it.id, it.token),
            "{\"type\":9,\"data\":{}}");
  assert_null(peer_next(&bot));
  assert_string_equal(ask(asker, 204, "POST", path("/channels/%s/typing", scene.channel), NULL),
                      "");
  peer_free(&bot);
  close_scene(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_not_there_has_discords_shape),
      cmocka_unit_test(only_the_right_token_is_let_in),
      cmocka_unit_test(bad_bodies_are_refused),
      cmocka_unit_test(a_bot_finds_itself),
      cmocka_unit_test(the_world_can_be_read),
      cmocka_unit_test(members_come_in_pages_by_id),
      cmocka_unit_test(commands_are_remembered),
      cmocka_unit_test(a_put_replaces_all_of_its_scope),
      cmocka_unit_test(bad_commands_change_nothing),
      cmocka_unit_test(what_a_bot_writes_comes_as_an_event),
      cmocka_unit_test(roles_are_given_and_taken),
      cmocka_unit_test(a_bot_hears_of_its_own_roles),
      cmocka_unit_test(direct_messages_are_of_no_guild),
      cmocka_unit_test(files_are_attachments),
      cmocka_unit_test(an_attachment_is_as_discord_says),
      cmocka_unit_test(json_is_found_among_parts),
      cmocka_unit_test(messages_have_discords_limits),
      cmocka_unit_test(old_messages_are_forgotten),
      cmocka_unit_test(interactions_are_answered_in_their_channel),
      cmocka_unit_test(interactions_may_be_answered_later),
  };
  return cmocka_run_group_tests_name("rest", tests, NULL, NULL);
}
