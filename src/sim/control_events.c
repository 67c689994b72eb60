/* POST /sim/events: an event, here and now. */
#include <string.h>

#include "sim/events.h"
#include "sim/inject.h"
#include "sim/rest_call.h"
#include "sim/rest_merge.h"

#define NAME_SIZE 64

/* A `d` over this is not shown in the answer. */
#define SHOWN_BYTES_MAX ((size_t)256 << 10)

/* What is asked for. */
struct wish {
  enum sherd_event_type type;
  sherd_snowflake guild_id; /* 0: none was said */
  struct sherd__guild *guild;
  bool is_dm;
  bool has_shard;
  uint64_t shard;
  char session[SHERD__SESSION_ID_SIZE]; /* "": none was said */
  struct sherd_value data;              /* the whole `d`, or absent */
  struct sherd_value with;              /* a patch to what the world makes, or absent */
};

static const char advice_name[] =
    "give \"t\", the name of one of Discord's dispatches, as in \"MESSAGE_CREATE\"";
static const char advice_data[] = "\"d\" and \"with\" are objects; give one of them, or none";
static const char advice_place[] =
    "\"guild\" is an id, \"dm\" true or false, \"shard\" a number and \"session\" a session's id; "
    "GET /sim/world and GET /sim/sessions have them";
static const char advice_guild[] = "there is no such guild to make an event in; see GET /sim/world";
static const char advice_made[] = "the world does not make this one by itself; give its \"d\"";
static const char advice_nothing[] = "there is nothing in the world just now that this could "
                                     "happen to; try again, or give its \"d\"";

/* --- Reading --- */

static bool read_place(struct sherd_value body, struct wish *out) {
  struct sherd_value guild = sherd_value_get(body, "guild"), dm = sherd_value_get(body, "dm");
  struct sherd_value shard = sherd_value_get(body, "shard");
  struct sherd_value session = sherd_value_get(body, "session");
  out->has_shard = sherd_value_exists(shard);
  return (!sherd_value_exists(guild) ||
          sherd_value_as_snowflake(guild, &out->guild_id) == SHERD_OK) &&
         (!sherd_value_exists(dm) || sherd_value_as_bool(dm, &out->is_dm) == SHERD_OK) &&
         (!out->has_shard || sherd_value_as_u64(shard, &out->shard) == SHERD_OK) &&
         (!sherd_value_exists(session) ||
          sherd_value_as_str_copy(session, out->session, sizeof out->session, NULL) == SHERD_OK);
}

/* Gives what is wrong with the request, or NULL. */
static const char *read_wish(struct sherd_value body, struct wish *out) {
  char name[NAME_SIZE];
  size_t len = 0;
  *out = (struct wish){
      .data = sherd_value_get(body, "d"),
      .with = sherd_value_get(body, "with"),
  };
  if (sherd_value_as_str_copy(sherd_value_get(body, "t"), name, sizeof name, &len))
    return advice_name;
  out->type = sherd_event_type_find(name, len);
  if (out->type == SHERD_EVENT_UNKNOWN)
    return advice_name;
  bool has_data = sherd_value_exists(out->data), has_with = sherd_value_exists(out->with);
  if ((has_data && has_with) || (has_data && sherd_value_type(out->data) != SHERD_VALUE_OBJECT) ||
      (has_with && sherd_value_type(out->with) != SHERD_VALUE_OBJECT))
    return advice_data;
  return read_place(body, out) ? NULL : advice_place;
}

/* --- Making --- */

/* The guild that a given `d` is of. */
static sherd_snowflake guild_of(const struct wish *wish) {
  sherd_snowflake id = wish->guild_id;
  bool is_guild = wish->type == SHERD_EVENT_GUILD_CREATE ||
                  wish->type == SHERD_EVENT_GUILD_UPDATE || wish->type == SHERD_EVENT_GUILD_DELETE;
  if (!id && !wish->is_dm)
    (void)sherd_value_as_snowflake(sherd_value_get(wish->data, is_guild ? "id" : "guild_id"), &id);
  return id;
}

static struct sherd__dispatch *take_given(struct sherd__sim *sim, const struct wish *wish) {
  const struct sherd__sim_event *row = sherd__sim_event_row(wish->type);
  struct sherd_bytes raw = {NULL, 0};
  (void)sherd_value_raw(wish->data, &raw);
  struct sherd__dispatch *made = sherd__dispatch_new(sim->allocator, wish->type, raw);
  if (!made)
    return NULL;
  made->guild_id = guild_of(wish);
  made->intents = made->guild_id ? row->guild_intents : row->dm_intents;
  return made;
}

static struct sherd_value open_dispatch(const struct sherd__dispatch *dispatch) {
  struct sherd_value value;
  (void)sherd_value_open(SHERD_FORMAT_JSON, dispatch->data, dispatch->len, &value);
  return value;
}

/* A copy of `like` with what is in the print as its `d`; NULL when there is no memory. */
static struct sherd__dispatch *remake(const struct sherd__sim *sim,
                                      const struct sherd__dispatch *like) {
  struct sherd__dispatch *made =
      sim->print.status
          ? NULL
          : sherd__dispatch_new(sim->allocator, like->type, sherd__print_since(&sim->print, 0));
  if (made) {
    made->guild_id = like->guild_id;
    made->guild_index = like->guild_index;
    made->intents = like->intents;
  }
  return made;
}

/* Lays the patch over what the world made. The form without content stays without. */
static struct sherd__dispatch *patch(struct sherd__sim *sim, struct sherd__dispatch *made,
                                     struct sherd_value with) {
  static const char *const content[] = {"content",    "embeds", "attachments",
                                        "components", "poll",   NULL};
  sherd__print_reset(&sim->print);
  sherd__merge_patch(&sim->print, open_dispatch(made), with);
  struct sherd__dispatch *patched = remake(sim, made);
  if (patched && made->blank) {
    sherd__print_reset(&sim->print);
    sherd__print(&sim->print, "{");
    sherd__merge_pairs(&sim->print, open_dispatch(patched), content, false);
    sherd__merge_pairs(&sim->print, open_dispatch(made->blank), content, true);
    sherd__print(&sim->print, "}");
    patched->blank = remake(sim, made->blank);
  }
  if (patched && made->blank && !patched->blank) {
    sherd__dispatch_release(patched);
    patched = NULL;
  }
  sherd__dispatch_release(made);
  return patched;
}

static struct sherd__dispatch *make(struct sherd__rest_call *call, const struct wish *wish) {
  struct sherd__sim *sim = call->sim;
  struct sherd__dispatch *made = NULL;
  uint32_t shard = wish->guild       ? sherd__shard_of(wish->guild->id, sim->config.shards)
                   : wish->has_shard ? (uint32_t)(wish->shard % sim->config.shards)
                                     : 0;
  struct sherd__lane_wish lane_wish = {
      .type = wish->type,
      .guild = wish->guild,
      .is_dm = wish->is_dm,
      .with_blank = sim->without_content > 0,
      .dice = &sim->control_dice,
  };
  enum sherd_status status = sherd__sim_make(sim, shard, &lane_wish, &made);
  if (status == SHERD_EUNSUPPORTED)
    sherd__control_error(call, 400, advice_made);
  else if (status == SHERD_ENOTFOUND)
    sherd__control_error(call, 409, advice_nothing);
  else if (status == SHERD_OK && sherd_value_exists(wish->with))
    made = patch(sim, made, wish->with);
  return made;
}

/* --- Giving --- */

static bool is_for(const struct sherd__sim_session *session, const struct wish *wish,
                   const struct sherd__dispatch *dispatch) {
  const struct sherd__guild *guild = sherd__world_guild(&session->sim->world, dispatch->guild_id);
  if (dispatch->intents && !(dispatch->intents & session->intents))
    return false;
  /* Not before its GUILD_CREATE. */
  if (guild && guild - session->sim->world.guilds.items >= session->next_guild)
    return false;
  if (*wish->session || wish->has_shard)
    return (!*wish->session || strcmp(session->id, wish->session) == 0) &&
           (!wish->has_shard || session->shard_id == wish->shard);
  return dispatch->guild_id ? sherd__session_has_guild(session, dispatch->guild_id)
                            : session->shard_id == 0;
}

static uint32_t give(struct sherd__sim *sim, const struct wish *wish,
                     struct sherd__dispatch *dispatch) {
  uint32_t count = 0;
  for (struct sherd__sim_session *session = sim->sessions; session; session = session->next)
    if (is_for(session, wish, dispatch)) {
      bool blank = dispatch->blank && !(session->intents & SHERD_INTENT_MESSAGE_CONTENT);
      sherd__session_add(session, blank ? dispatch->blank : dispatch);
      count++;
    }
  return count;
}

static void tell(struct sherd__rest_call *call, const struct sherd__dispatch *dispatch,
                 uint32_t count) {
  sherd__rest_ok(call);
  sherd__print(call->print, "{'t':%s,'sessions':%u", sherd__sim_event_row(dispatch->type)->name,
               count);
  if (!count)
    sherd__print(call->print, ",'note':'no session is on that shard with an intent for it; "
                              "see GET /sim/sessions'");
  if (dispatch->len <= SHOWN_BYTES_MAX)
    sherd__print(call->print, ",'d':%.*s", (int)dispatch->len, (const char *)dispatch->data);
  sherd__print(call->print, "}\n");
}

void sherd__control_post_event(struct sherd__rest_call *call) {
  struct wish wish;
  const char *advice = read_wish(call->body, &wish);
  wish.guild = sherd__world_guild(&call->sim->world, wish.guild_id);
  if (!advice && !sherd_value_exists(wish.data) && wish.guild_id && !wish.guild)
    advice = advice_guild;
  if (advice) {
    sherd__control_error(call, 400, advice);
    return;
  }
  struct sherd__dispatch *dispatch =
      sherd_value_exists(wish.data) ? take_given(call->sim, &wish) : make(call, &wish);
  if (dispatch)
    tell(call, dispatch, give(call->sim, &wish, dispatch));
  else if (!call->print->out.len)
    sherd__control_error(call, 500, "out of memory; free some");
  sherd__dispatch_release(dispatch);
}
