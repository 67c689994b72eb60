/* Request Guild Members (op 8), answered in chunks.
 * Source: Discord's documentation, Gateway Events, Request Guild Members; Rate Limited. */
#include <string.h>
#include <strings.h>

#include <sherd/intents.h>

#include "base/mem.h"
#include "sim/entities.h"
#include "sim/gateway_parts.h"
#include "sim/text.h"

#define CHUNK_MEMBERS   1000
#define QUERY_LIMIT_MAX 100
#define USER_IDS_MAX    100
#define NONCE_BYTES_MAX 32
#define QUERY_SIZE      512

/* Below this a number cannot be a snowflake, and comes back as a number. */
#define SNOWFLAKE_MIN (UINT64_C(1) << 22)

struct request {
  struct sherd__sim_session *session;
  struct sherd__guild *guild;
  bool by_ids;
  struct sherd_value ids; /* one, or a list */
  char query[QUERY_SIZE];
  uint64_t limit;
  bool presences;
  char nonce[NONCE_BYTES_MAX + 1];
  bool has_nonce;
  uint32_t *picked; /* indexes into the guild's members */
  uint32_t picked_count;
  uint32_t chunk_count;
};

static bool is_full_list(const struct request *request) {
  return !request->by_ids && !*request->query && request->limit == 0;
}

/* Either user_ids, or query with limit. An empty query beside user_ids, as hikari sends, counts as
 * none. A nonce that is too long is ignored. */
static bool read_request(struct sherd_value data, struct request *out) {
  struct sherd_value query = sherd_value_get(data, "query");
  out->ids = sherd_value_get(data, "user_ids");
  out->by_ids = sherd_value_type(out->ids) != SHERD_VALUE_NULL;
  (void)sherd_value_as_bool(sherd_value_get(data, "presences"), &out->presences);
  out->has_nonce = sherd_value_as_str_copy(sherd_value_get(data, "nonce"), out->nonce,
                                           sizeof out->nonce, NULL) == SHERD_OK;
  bool has_query = sherd_value_as_str_copy(query, out->query, sizeof out->query, NULL) == SHERD_OK;
  if (out->by_ids)
    return !has_query || !*out->query;
  return has_query && sherd_value_as_u64(sherd_value_get(data, "limit"), &out->limit) == SHERD_OK;
}

static bool begins_with(const char *name, const char *query) {
  return strncasecmp(name, query, strlen(query)) == 0;
}

static bool matches(const struct request *request, const struct sherd__member *member) {
  const struct sherd__user *user = &request->session->sim->world.users.items[member->user];
  return begins_with(user->is_bot ? "sherd-sim" : SHERD__USERNAME(user->grain), request->query) ||
         (member->nick_grain && begins_with(SHERD__TITLE(member->nick_grain), request->query));
}

static void pick_by_query(struct request *request) {
  uint64_t limit = request->limit;
  if (is_full_list(request))
    limit = UINT32_MAX;
  else if (limit == 0 || limit > QUERY_LIMIT_MAX)
    limit = QUERY_LIMIT_MAX;
  const struct sherd__guild *guild = request->guild;
  for (uint32_t i = 0; i < guild->members.count && request->picked_count < limit; i++)
    if (matches(request, &guild->members.items[i]))
      request->picked[request->picked_count++] = i;
}

/* Calls for each id that was asked for, up to as many as are answered. */
static void each_id(struct request *request,
                    void (*call)(struct request *request, sherd_snowflake id)) {
  sherd_snowflake id;
  struct sherd_value item;
  uint32_t count = 0;
  if (sherd_value_as_snowflake(request->ids, &id) == SHERD_OK)
    call(request, id);
  struct sherd_value_iter iter = sherd_value_iterate(request->ids);
  while (count++ < USER_IDS_MAX && sherd_value_next(&iter, NULL, &item))
    if (sherd_value_as_snowflake(item, &id) == SHERD_OK)
      call(request, id);
}

static const struct sherd__member *find(const struct request *request, sherd_snowflake id) {
  return sherd__guild_member(&request->session->sim->world, request->guild, id);
}

static void pick_one(struct request *request, sherd_snowflake id) {
  const struct sherd__member *member = find(request, id);
  if (member && request->picked_count < request->guild->members.count)
    request->picked[request->picked_count++] = (uint32_t)(member - request->guild->members.items);
}

static void print_missing(struct request *request, sherd_snowflake id) {
  struct sherd__print *print = &request->session->sim->print;
  if (find(request, id))
    return;
  sherd__print_comma(print);
  sherd__print(print, id < SNOWFLAKE_MIN ? "%ju" : "'%ju'", id);
}

static void print_members(const struct request *request, uint32_t from, uint32_t to) {
  struct sherd__sim *sim = request->session->sim;
  struct sherd__view view = {&sim->print, &sim->world};
  SHERD__VIEW_LIST(&view, to - from,
                   sherd__view_member(&view, request->guild,
                                      &request->guild->members.items[request->picked[from + i]],
                                      SHERD__MEMBER_WHOLE));
}

static void print_presences(const struct request *request, uint32_t from, uint32_t to) {
  struct sherd__sim *sim = request->session->sim;
  struct sherd__view view = {&sim->print, &sim->world};
  sherd__print(&sim->print, ",'presences':[");
  for (uint32_t i = from; i < to; i++) {
    const struct sherd__member *member = &request->guild->members.items[request->picked[i]];
    if (!member->online)
      continue;
    sherd__print_comma(&sim->print);
    sherd__print(&sim->print, "{");
    sherd__view_presence_fields(&view, member);
    sherd__print(&sim->print, "}");
  }
  sherd__print(&sim->print, "]");
}

static void print_nonce(const struct request *request) {
  if (request->has_nonce)
    sherd__print(&request->session->sim->print, ",'nonce':%s", request->nonce);
}

static void send_chunk(struct request *request, uint32_t index) {
  struct sherd__print *print = &request->session->sim->print;
  uint32_t from = index * CHUNK_MEMBERS, to = from + CHUNK_MEMBERS;
  if (to > request->picked_count)
    to = request->picked_count;
  sherd__print_reset(print);
  sherd__print(print, "{'guild_id':'%ju','members':", request->guild->id);
  print_members(request, from, to);
  sherd__print(print, ",'chunk_index':%u,'chunk_count':%u", index, request->chunk_count);
  if (request->by_ids && index == 0) {
    sherd__print(print, ",'not_found':[");
    each_id(request, print_missing);
    sherd__print(print, "]");
  }
  if (request->presences && request->session->intents & SHERD_INTENT_GUILD_PRESENCES)
    print_presences(request, from, to);
  print_nonce(request);
  sherd__print(print, "}");
  sherd__session_add_printed(request->session, SHERD_EVENT_GUILD_MEMBERS_CHUNK);
}

/* All members may be asked for once in 30 s, guild by guild, whoever asks. */
static bool is_too_soon(const struct request *request) {
  struct sherd__sim *sim = request->session->sim;
  struct sherd__guild *guild = request->guild;
  uint64_t free_ms = guild->members_asked_ms + SHERD__MEMBERS_WINDOW_MS;
  if (!guild->was_asked || sim->now_ms >= free_ms) {
    guild->was_asked = true;
    guild->members_asked_ms = sim->now_ms;
    return false;
  }
  sherd__print_reset(&sim->print);
  sherd__print(&sim->print, "{'opcode':8,'retry_after':%f,'meta':{'guild_id':'%ju'",
               (double)(free_ms - sim->now_ms) / 1000.0, guild->id);
  print_nonce(request);
  sherd__print(&sim->print, "}}");
  sherd__session_add_printed(request->session, SHERD_EVENT_RATE_LIMITED);
  return true;
}

bool sherd__command_members(struct sherd__sim_session *session, struct sherd_value data) {
  struct request request = {.session = session};
  const struct sherd_allocator *allocator = session->sim->allocator;
  sherd_snowflake guild_id;
  if (sherd_value_as_snowflake(sherd_value_get(data, "guild_id"), &guild_id) ||
      !read_request(data, &request))
    return false;
  request.guild = sherd__session_guild(session, guild_id);
  if (!request.guild)
    return true;
  /* The documentation asks for the intent and does not say what happens without: no answer. */
  if (is_full_list(&request) &&
      (!(session->intents & SHERD_INTENT_GUILD_MEMBERS) || is_too_soon(&request)))
    return true;
  request.picked = sherd__malloc(allocator, request.guild->members.count * sizeof *request.picked);
  if (!request.picked)
    return true;
  if (request.by_ids)
    each_id(&request, pick_one);
  else
    pick_by_query(&request);
  /* One chunk comes at least, be it empty. */
  request.chunk_count = request.picked_count ? (request.picked_count - 1) / CHUNK_MEMBERS + 1 : 1;
  for (uint32_t i = 0; i < request.chunk_count; i++)
    send_chunk(&request, i);
  sherd__free(allocator, request.picked);
  return true;
}
