/* The simulator's own part of the HTTP API, for whoever tests a bot. */
#include <stdio.h>
#include <string.h>

#include "sim/http_head.h"
#include "sim/rest_call.h"

/* A page of the ledger ends after so many bytes; an answer may have four times that. */
#define LEDGER_PAGE_BYTES ((size_t)256 << 10)
#define LEDGER_LINES_MAX  4000

static void get_index(struct sherd__rest_call *call);

static const struct sherd__rest_route routes[] = {
    {"GET", "/sim", get_index, SHERD__REST_ANYBODY},
    {"GET", "/sim/stats", sherd__control_get_stats, SHERD__REST_ANYBODY},
    {"GET", "/sim/sessions", sherd__control_get_sessions, SHERD__REST_ANYBODY},
    {"GET", "/sim/ledger", sherd__control_get_ledger, SHERD__REST_ANYBODY},
    {"GET", "/sim/world", sherd__control_get_world, SHERD__REST_ANYBODY},
    {"POST", "/sim/events", sherd__control_post_event, SHERD__REST_JSON},
    {"POST", "/sim/drop", sherd__control_post_drop, SHERD__REST_ANYBODY},
    {"POST", "/sim/rest", sherd__control_post_rest, SHERD__REST_JSON},
    {"POST", "/sim/reset", sherd__control_post_reset, SHERD__REST_ANYBODY},
};

const struct sherd__rest_route *sherd__control_routes(size_t *count) {
  *count = sizeof routes / sizeof *routes;
  return routes;
}

void sherd__control_error(struct sherd__rest_call *call, unsigned status, const char *advice) {
  call->answer->status = status;
  call->answer->content_type = "application/json";
  sherd__print(call->print, "{'error': %s}\n", advice);
}

/* --- Who may --- */

static bool is_loopback_name(const char *host) {
  static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t len = strlen(names[i]);
    if (strncmp(host, names[i], len) == 0 && (host[len] == '\0' || host[len] == ':'))
      return true;
  }
  return false;
}

/* On loopback everybody on the machine may; but a page in somebody's browser may not, be it by
 * asking for this address or by giving its own name to it. On a public listener, who has the bot's
 * token may. */
bool sherd__control_may(struct sherd__rest_call *call) {
  const struct sherd__rest_request *request = call->request;
  const char *token = request->authorization;
  if (request->origin) {
    sherd__control_error(call, 403, "browsers may not; ask with curl, or from a program");
  } else if (call->sim->is_public) {
    struct sherd_bytes bytes = {(const uint8_t *)token, token ? strlen(token) : 0};
    if (token && sherd__sim_is_token(call->sim, bytes))
      return true;
    sherd__control_error(call, 401,
                         "this simulator is public; add the header 'Authorization: Bot TOKEN'");
  } else if (!request->host || !is_loopback_name(request->host)) {
    sherd__control_error(call, 403, "ask at 127.0.0.1 or localhost, by that name");
  } else {
    return true;
  }
  return false;
}

/* --- Reading --- */

static void get_index(struct sherd__rest_call *call) {
  sherd__rest_ok(call);
  sherd__print(call->print, "{'paths': [");
  for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
    char line[64];
    (void)snprintf(line, sizeof line, "%s %s", routes[i].method, routes[i].path);
    sherd__print_comma(call->print);
    sherd__print(call->print, "%s", line);
  }
  sherd__print(call->print, "]}\n");
}

void sherd__control_get_stats(struct sherd__rest_call *call) {
  const struct sherd__sim *sim = call->sim;
  const struct sherd__sim_stats *stats = &sim->stats;
  const struct {
    const char *name;
    uint64_t number;
  } rows[] = {
      {"connections", stats->connections},
      {"sessions", stats->sessions},
      {"resumes", stats->resumes},
      {"resumes_refused", stats->resumes_refused},
      {"resumes_elsewhere", stats->resumes_elsewhere},
      {"invalid_sessions", stats->invalid_sessions},
      {"drops", stats->drops},
      {"closes", stats->closes},
      {"dispatches", stats->dispatches},
      {"dispatched_bytes", stats->dispatched_bytes},
      {"messages_in", stats->messages_in},
      {"heartbeats", stats->heartbeats},
      {"bytes_out", stats->bytes_out},
      {"starts_remaining", sherd__sim_start_info(call->sim, sim->now_ms).remaining},
      {"ledger_oldest", sim->journal.oldest},
      {"ledger_newest", sim->journal.newest},
  };
  sherd__rest_ok(call);
  sherd__print(call->print, "{");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sherd__print_comma(call->print);
    sherd__print(call->print, "%s:%ju", rows[i].name, (uintmax_t)rows[i].number);
  }
  sherd__print(call->print, "}\n");
}

static void print_connection(struct sherd__print *print, const struct sherd__sim_client *client) {
  static const char *const formats[] = {"json", "etf"};
  static const char *const compressions[] = {
      [SHERD_COMPRESSION_NONE] = "none",
      [SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM] = "payload",
      [SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM] = "zlib-stream",
      [SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM] = "zstd-stream",
  };
  sherd__print(print, ",'connected':%i", client != NULL);
  if (client)
    sherd__print(print, ",'encoding':%s,'compression':%s", formats[client->format],
                 compressions[client->compression]);
}

void sherd__control_get_sessions(struct sherd__rest_call *call) {
  const struct sherd__sim *sim = call->sim;
  sherd__rest_ok(call);
  sherd__print(call->print, "[");
  for (const struct sherd__sim_session *session = sim->sessions; session; session = session->next) {
    if (call->print->out.len > LEDGER_PAGE_BYTES * 3)
      break; /* some thousands: nobody reads the rest */
    sherd__print_comma(call->print);
    sherd__print(call->print, "\n{'session':%s,'shard':[%u,%u],'intents':%ju,'s':%ju,'sent':%ju",
                 session->id, session->shard_id, session->shard_count, (uintmax_t)session->intents,
                 (uintmax_t)session->ring.newest_seq, (uintmax_t)session->sent_seq);
    print_connection(call->print, session->client);
    sherd__print(call->print, "}");
  }
  sherd__print(call->print, "]\n");
}

/* Lines after number `since`, as many as fit a page; who gets some asks again with the last. */
void sherd__control_get_ledger(struct sherd__rest_call *call) {
  const struct sherd__journal *journal = &call->sim->journal;
  uint64_t since = sherd__rest_number(call, "since", 0, UINT64_MAX - 1, 0);
  uint64_t limit = sherd__rest_number(call, "limit", 1, LEDGER_LINES_MAX, 1000);
  bool with_data = sherd__rest_number(call, "d", 0, 1, 0);
  uint64_t number = since + 1 > journal->oldest ? since + 1 : journal->oldest;
  sherd__rest_ok(call);
  call->answer->content_type = "application/x-ndjson";
  for (; number <= journal->newest && limit && call->print->out.len < LEDGER_PAGE_BYTES;
       number++, limit--)
    sherd__journal_print(journal, number, with_data, call->print);
}

/* Ids to try things with: each guild with its first channel to write in, and the direct messages.
 */
void sherd__control_get_world(struct sherd__rest_call *call) {
  const struct sherd__world *world = &call->sim->world;
  sherd__rest_ok(call);
  sherd__print(call->print, "{'seed':%ju,'user_id':'%ju','application_id':'%ju','guilds':[",
               (uintmax_t)world->seed, (uintmax_t)world->users.items[0].id,
               (uintmax_t)world->application_id);
  for (uint32_t i = 0; i < world->guilds.count && call->print->out.len < LEDGER_PAGE_BYTES; i++) {
    const struct sherd__guild *guild = &world->guilds.items[i];
    uint32_t text = 0;
    while (guild->channels.items[text].type != SHERD__CHANNEL_TEXT)
      text++; /* there is always one */
    sherd__print_comma(call->print);
    sherd__print(call->print, "\n{'id':'%ju','shard':%u,'members':%u,'channel_id':'%ju'}",
                 (uintmax_t)guild->id, sherd__shard_of(guild->id, call->sim->config.shards),
                 guild->members.count, (uintmax_t)guild->channels.items[text].id);
  }
  sherd__print(call->print, "],'direct_messages':[");
  for (uint32_t i = 0; i < world->dms.count && i < 1000; i++) {
    sherd__print_comma(call->print);
    sherd__print(call->print, "\n{'id':'%ju','user_id':'%ju'}", (uintmax_t)world->dms.items[i].id,
                 (uintmax_t)world->users.items[world->dms.items[i].user].id);
  }
  sherd__print(call->print, "]}\n");
}

/* --- Failing on purpose --- */

void sherd__control_post_rest(struct sherd__rest_call *call) {
  uint64_t status = 0, count = 1, retry_after_ms = 1000;
  (void)sherd_value_as_u64(sherd_value_get(call->body, "status"), &status);
  (void)sherd_value_as_u64(sherd_value_get(call->body, "count"), &count);
  (void)sherd_value_as_u64(sherd_value_get(call->body, "retry_after_ms"), &retry_after_ms);
  if (status < 400 || status > 599 || count > UINT32_MAX || retry_after_ms > UINT32_MAX) {
    sherd__control_error(call, 400,
                         "give a \"status\" from 400 to 599, and if you like a \"count\" of "
                         "requests and \"retry_after_ms\"");
    return;
  }
  call->answer->wants_errors = true;
  call->answer->errors = (struct sherd__rest_errors){
      .count = (uint32_t)count,
      .status = (uint16_t)status,
      .retry_after_ms = status == 429 ? (uint32_t)retry_after_ms : 0,
  };
  sherd__rest_ok(call);
  sherd__print(call->print, "{'status':%ju,'count':%ju}\n", (uintmax_t)status, (uintmax_t)count);
}
