#include "sim/rest_api.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "sim/http_head.h"
#include "sim/rest_call.h"
#include "sim/rest_parts.h"

/* --- Routes --- */

static void get_gateway(struct sherd__rest_call *call);
static void get_gateway_bot(struct sherd__rest_call *call);

#define TOKEN SHERD__REST_TOKEN
#define BODY  (SHERD__REST_TOKEN | SHERD__REST_JSON)

#define COMMAND_ROUTES(prefix)                                                                     \
  {"GET", prefix "/commands", sherd__rest_get_commands, TOKEN},                                    \
      {"PUT", prefix "/commands", sherd__rest_put_commands, BODY},                                 \
      {"POST", prefix "/commands", sherd__rest_post_command, BODY},                                \
      {"GET", prefix "/commands/{}", sherd__rest_get_command, TOKEN},                              \
      {"PATCH", prefix "/commands/{}", sherd__rest_patch_command, BODY}, {                         \
    "DELETE", prefix "/commands/{}", sherd__rest_delete_command, TOKEN                             \
  }

static const struct sherd__rest_route routes[] = {
    {"GET", "/gateway", get_gateway, SHERD__REST_ANYBODY},
    {"GET", "/gateway/bot", get_gateway_bot, TOKEN},
    {"GET", "/users/@me", sherd__rest_get_own_user, TOKEN},
    {"GET", "/users/@me/guilds", sherd__rest_get_own_guilds, TOKEN},
    {"POST", "/users/@me/channels", sherd__rest_open_dm, BODY},
    {"GET", "/users/{}", sherd__rest_get_user, TOKEN},
    {"GET", "/applications/@me", sherd__rest_get_application, TOKEN},
    {"GET", "/oauth2/applications/@me", sherd__rest_get_application, TOKEN},
    COMMAND_ROUTES("/applications/{}"),
    COMMAND_ROUTES("/applications/{}/guilds/{}"),
    {"GET", "/guilds/{}", sherd__rest_get_guild, TOKEN},
    {"GET", "/guilds/{}/channels", sherd__rest_get_channels, TOKEN},
    {"GET", "/guilds/{}/roles", sherd__rest_get_roles, TOKEN},
    {"GET", "/guilds/{}/members", sherd__rest_get_members, TOKEN},
    {"GET", "/guilds/{}/members/{}", sherd__rest_get_member, TOKEN},
    {"PUT", "/guilds/{}/members/{}/roles/{}", sherd__rest_put_member_role, TOKEN},
    {"DELETE", "/guilds/{}/members/{}/roles/{}", sherd__rest_delete_member_role, TOKEN},
    {"GET", "/channels/{}", sherd__rest_get_channel, TOKEN},
    {"POST", "/channels/{}/typing", sherd__rest_post_typing, TOKEN},
    {"POST", "/channels/{}/messages", sherd__rest_post_message, BODY},
    {"GET", "/channels/{}/messages/{}", sherd__rest_get_message, TOKEN},
    {"PATCH", "/channels/{}/messages/{}", sherd__rest_patch_message, BODY},
    {"DELETE", "/channels/{}/messages/{}", sherd__rest_delete_message, TOKEN},
    {"PUT", "/channels/{}/messages/{}/reactions/{}/@me", sherd__rest_put_reaction, TOKEN},
    /* The interaction's own token is all that Discord asks for here. */
    {"POST", "/interactions/{}/{}/callback", sherd__rest_answer_interaction, SHERD__REST_JSON},
    {"POST", "/webhooks/{}/{}", sherd__rest_post_followup, SHERD__REST_JSON},
    {"GET", "/webhooks/{}/{}/messages/{}", sherd__rest_get_reply, SHERD__REST_ANYBODY},
    {"PATCH", "/webhooks/{}/{}/messages/{}", sherd__rest_patch_reply, SHERD__REST_JSON},
    {"DELETE", "/webhooks/{}/{}/messages/{}", sherd__rest_delete_reply, SHERD__REST_ANYBODY},
};

bool sherd__rest_is_control(const char *path) {
  return strncmp(path, "/sim/", 5) == 0 || strcmp(path, "/sim") == 0;
}

/* The path without /api and the version. One of a version that Discord has no longer stays as it
 * is, and is then not found. */
static const char *route_of(const char *path) {
  static const char *const versions[] = {"/v9/", "/v10/"};
  if (strncmp(path, "/api/", 5) == 0)
    path += 4;
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
    if (strncmp(path, versions[i], strlen(versions[i])) == 0)
      return path + strlen(versions[i]) - 1;
  return path;
}

/* Whether the path is the route's; fills in the arguments. */
static bool matches(const char *route, const char *path, struct sherd__rest_call *call) {
  size_t arg = 0;
  while (*route && *path) {
    if (strncmp(route, "{}", 2) != 0) {
      if (*route++ != *path++)
        return false;
      continue;
    }
    size_t len = strcspn(path, "/");
    if (len == 0 || arg == SHERD__REST_ARGS_MAX)
      return false;
    call->args[arg] = (struct sherd_bytes){(const uint8_t *)path, len};
    call->ids[arg] = sherd__rest_id(call->args[arg]);
    arg++;
    route += 2;
    path += len;
  }
  return !*route && !*path;
}

/* The route for a request; *is_known tells whether the path has another method. */
static const struct sherd__rest_route *find_route(const struct sherd__rest_route *from,
                                                  size_t count, const char *path,
                                                  struct sherd__rest_call *call, bool *is_known) {
  *is_known = false;
  for (size_t i = 0; i < count; i++)
    if (matches(from[i].path, path, call)) {
      if (strcmp(from[i].method, call->request->method) == 0)
        return &from[i];
      *is_known = true;
    }
  return NULL;
}

/* --- Needs --- */

static bool is_authorized(const struct sherd__rest_call *call) {
  const char *header = call->request->authorization;
  if (!header || strncmp(header, "Bot ", 4) != 0)
    return false;
  struct sherd_bytes token = {(const uint8_t *)header, strlen(header)};
  return sherd__sim_is_token(call->sim, token);
}

/* The body, or that part of it which is JSON. */
static struct sherd_bytes json_of(const struct sherd__rest_request *request) {
  struct sherd__rest_parts parts;
  struct sherd__rest_part part;
  if (!sherd__rest_parts_begin(&parts, request->content_type, request->body))
    return request->body;
  while (sherd__rest_parts_next(&parts, &part))
    if (part.name.len == 12 && memcmp(part.name.data, "payload_json", 12) == 0)
      return part.data;
  return (struct sherd_bytes){NULL, 0};
}

static bool read_body(struct sherd__rest_call *call) {
  struct sherd_bytes json = json_of(call->request);
  return json.len &&
         sherd_value_validate(SHERD_FORMAT_JSON, json.data, json.len, NULL) == SHERD_OK &&
         sherd_value_open(SHERD_FORMAT_JSON, json.data, json.len, &call->body) == SHERD_OK;
}

static void refuse_body(struct sherd__rest_call *call, bool is_control) {
  if (is_control)
    sherd__control_error(call, 400, "the body is not JSON; send one JSON object");
  else
    sherd__rest_error(call->answer, 400, "The request body contains invalid JSON.", 50109);
}

/* --- Answers --- */

void sherd__rest_error(struct sherd__rest_answer *answer, unsigned status, const char *message,
                       unsigned code) {
  answer->status = status;
  answer->content_type = "application/json";
  sherd__print(answer->body, "{'message': %s, 'code': %u}", message, code);
}

void sherd__rest_too_many(struct sherd__rest_answer *answer, uint32_t retry_after_ms) {
  answer->status = 429;
  answer->content_type = "application/json";
  sherd__print(answer->body,
               "{'message': 'You are being rate limited.', 'retry_after': %f, 'global': false}",
               (double)retry_after_ms / 1000.0);
}

void sherd__rest_ok(struct sherd__rest_call *call) {
  call->answer->status = 200;
  call->answer->content_type = "application/json";
}

void sherd__rest_no_content(struct sherd__rest_call *call) {
  call->answer->status = 204;
  call->answer->content_type = NULL;
}

void sherd__rest_unknown(struct sherd__rest_call *call, const char *what, unsigned code) {
  char message[64];
  (void)snprintf(message, sizeof message, "Unknown %s", what);
  sherd__rest_error(call->answer, 404, message, code);
}

void sherd__rest_invalid(struct sherd__rest_call *call, const char *field, const char *code,
                         const char *message) {
  call->answer->status = 400;
  call->answer->content_type = "application/json";
  sherd__print(call->print,
               "{'message': 'Invalid Form Body', 'code': 50035, 'errors': {%s: {'_errors': "
               "[{'code': %s, 'message': %s}]}}}",
               field, code, message);
}

/* --- Where the gateway is --- */

/* On a public listener a bot elsewhere is told to come the way that it came: the address that we
 * listen on, perhaps 0.0.0.0, says nothing to it. */
static void print_url(struct sherd__rest_call *call) {
  const struct sherd__sim *sim = call->sim;
  const char *host = call->request->host;
  struct sherd_bytes authority = {(const uint8_t *)host, host ? strlen(host) : 0};
  char url[SHERD__SIM_URL_SIZE];
  if (sim->is_public && sherd__http_authority_is_good(authority)) {
    (void)snprintf(url, sizeof url, "%s://%s", sim->url[2] == 's' ? "wss" : "ws", host);
    sherd__print(call->print, "%s", url);
  } else {
    sherd__print(call->print, "%s", sim->url);
  }
}

static void get_gateway(struct sherd__rest_call *call) {
  sherd__rest_ok(call);
  sherd__print(call->print, "{'url': ");
  print_url(call);
  sherd__print(call->print, "}");
}

static void get_gateway_bot(struct sherd__rest_call *call) {
  struct sherd__sim_start_info info = sherd__sim_start_info(call->sim, call->sim->now_ms);
  sherd__rest_ok(call);
  sherd__print(call->print, "{'url': ");
  print_url(call);
  sherd__print(call->print,
               ", 'shards': %u, 'session_start_limit': {'total': %u, 'remaining': %u, "
               "'reset_after': %ju, 'max_concurrency': %u}}",
               info.shards, info.total, info.remaining, (uintmax_t)info.reset_after_ms,
               info.max_concurrency);
}

/* --- One request --- */

static void answer_no_route(struct sherd__rest_call *call, bool is_control, bool is_known) {
  if (is_control)
    sherd__control_error(call, is_known ? 405 : 404,
                         is_known ? "this path takes another method; see docs/simulator.md"
                                  : "there is no such path; GET /sim lists them");
  else if (is_known)
    sherd__rest_error(call->answer, 405, "405: Method Not Allowed", 0);
  else
    sherd__rest_error(call->answer, 404, "404: Not Found", 0);
}

static void answer_too_big(struct sherd__rest_call *call, bool is_control) {
  if (is_control)
    sherd__control_error(call, 413, "the body is over 1 MiB; send less");
  else
    sherd__rest_error(call->answer, 413,
                      "Request entity too large. Try sending something smaller in size", 40005);
}

static void run_route(struct sherd__rest_call *call, const struct sherd__rest_route *route,
                      bool is_control) {
  bool has_body = read_body(call);
  if (route->needs & SHERD__REST_TOKEN && !is_authorized(call))
    sherd__rest_error(call->answer, 401, "401: Unauthorized", 0);
  else if (call->request->is_too_big)
    answer_too_big(call, is_control);
  else if (!has_body && (route->needs & SHERD__REST_JSON || call->request->body.len))
    refuse_body(call, is_control);
  else
    route->answer(call);
}

/* Discord's buckets are of a route and its most important id. */
static uint64_t bucket_of(const struct sherd__rest_call *call,
                          const struct sherd__rest_route *route) {
  uint64_t hash =
      sherd__fnv1a((struct sherd_bytes){(const uint8_t *)route->path, strlen(route->path)});
  return sherd__grain_derive(hash ^ (uint64_t)*route->method, call->ids[0]);
}

void sherd__rest_answer(struct sherd__sim *sim, const struct sherd__rest_request *request,
                        uint64_t now_ms, struct sherd__rest_answer *answer) {
  struct sherd__rest_call call = {
      .sim = sim, .request = request, .answer = answer, .print = answer->body};
  const struct sherd__rest_route *from = routes;
  size_t count = sizeof routes / sizeof *routes;
  bool is_control = sherd__rest_is_control(request->path), is_known = false;
  sim->now_ms = now_ms;
  sherd__print_reset(answer->body);
  answer->content_type = NULL;
  answer->is_limited = answer->wants_errors = false;
  if (is_control && !sherd__control_may(&call))
    return;
  if (is_control)
    from = sherd__control_routes(&count);
  const char *path = is_control ? request->path : route_of(request->path);
  const struct sherd__rest_route *route = find_route(from, count, path, &call, &is_known);
  if (!route) {
    answer_no_route(&call, is_control, is_known);
    return;
  }
  answer->is_limited = !is_control;
  answer->bucket = bucket_of(&call, route);
  run_route(&call, route, is_control);
}

void sherd__rest_note(struct sherd__sim *sim, const struct sherd__rest_request *request,
                      unsigned status) {
  struct sherd_bytes json = json_of(request), none = {NULL, 0};
  bool is_json =
      json.len && sherd_value_validate(SHERD_FORMAT_JSON, json.data, json.len, NULL) == SHERD_OK;
  bool is_text = sherd__utf8_is_valid((const uint8_t *)request->path, strlen(request->path), NULL);
  struct sherd__journal_entry entry = {
      .kind = SHERD__JOURNAL_REQUEST,
      .time_ms = sim->now_ms,
      .number = status,
      .bytes = request->body.len,
      .method = request->method,
      .path = is_text ? request->path : "(not UTF-8)",
      .body = is_json ? json : none,
  };
  sherd__journal_add(&sim->journal, &entry);
}

/* --- What handlers use --- */

uint64_t sherd__rest_number(const struct sherd__rest_call *call, const char *name, uint64_t min,
                            uint64_t max, uint64_t standard) {
  const char *text = call->request->query(call->request->query_ctx, name);
  uint64_t number = 0;
  if (!text || !*text)
    return standard;
  for (; *text; text++) {
    if (*text < '0' || *text > '9' || number > (UINT64_MAX - 9) / 10)
      return standard;
    number = number * 10 + (uint64_t)(*text - '0');
  }
  return number < min ? min : number > max ? max : number;
}

sherd_snowflake sherd__rest_id(struct sherd_bytes text) {
  uint64_t number = 0;
  if (text.len == 0 || text.len > 20)
    return 0;
  for (size_t i = 0; i < text.len; i++) {
    uint8_t digit = (uint8_t)(text.data[i] - '0');
    if (digit > 9 || number > (UINT64_MAX - digit) / 10)
      return 0;
    number = number * 10 + digit;
  }
  return number;
}

struct sherd__lane *sherd__rest_lane(struct sherd__sim *sim, const struct sherd__guild *guild) {
  return &sim->lanes[guild ? sherd__shard_of(guild->id, sim->config.shards) : 0].stream;
}

sherd_snowflake sherd__rest_new_id(struct sherd__lane *lane) {
  lane->now_us += 1000;
  return sherd__snowflake(lane->now_us / 1000, lane->shard, lane->counter++);
}
