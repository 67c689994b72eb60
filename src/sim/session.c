/* Sessions: they outlive their connections. */
#include <stdio.h>
#include <string.h>

#include <sherd/intents.h>

#include "base/mem.h"
#include "sim/gateway_parts.h"
#include "sim/guild_create.h"

/* The list of those that hear what this session hears. */
static struct sherd__sim_session **lane_of(const struct sherd__sim_session *session) {
  struct sherd__sim *sim = session->sim;
  return session->shard_count == sim->config.shards ? &sim->lanes[session->shard_id].sessions
                                                    : &sim->strays;
}

struct sherd__sim_session *sherd__session_new(struct sherd__sim_client *client, uint32_t shard_id,
                                              uint32_t shard_count, uint64_t intents,
                                              uint32_t large_threshold) {
  struct sherd__sim *sim = client->sim;
  struct sherd__sim_session *session = sherd__calloc(sim->allocator, sizeof *session);
  if (!session)
    return NULL;
  *session = (struct sherd__sim_session){
      .sim = sim,
      .next = sim->sessions,
      .shard_id = shard_id,
      .shard_count = shard_count,
      .intents = intents,
      .large_threshold = large_threshold,
      .is_at_resume_host = client->url || !client->is_resume_host,
      /* Without GUILDS there is no GUILD_CREATE to wait for. */
      .next_guild = intents & SHERD_INTENT_GUILDS ? 0 : sim->world.guilds.count,
      .guild_ms = sim->now_ms + sim->config.guild_pause_ms,
      .expires_ms = UINT64_MAX,
      .ages_ms = sim->config.session_age_ms ? sim->now_ms + sim->config.session_age_ms : UINT64_MAX,
  };
  (void)snprintf(session->id, sizeof session->id, "%016jx%016jx",
                 (uintmax_t)sherd__dice_roll(&sim->dice), (uintmax_t)sherd__dice_roll(&sim->dice));
  sherd__ring_init(&session->ring, sim->allocator, sim->config.replay_events,
                   sim->config.replay_bytes);
  sim->sessions = session;
  struct sherd__sim_session **lane = lane_of(session);
  session->next_in_lane = *lane;
  *lane = session;
  sim->without_content += !(intents & SHERD_INTENT_MESSAGE_CONTENT);
  sim->stats.sessions++;
  sherd__session_attach(session, client, 0);
  sherd__sim_due(sim, session->guild_ms);
  sherd__sim_due(sim, session->ages_ms);
  return session;
}

static void unlink_session(struct sherd__sim_session *session) {
  struct sherd__sim_session **link = &session->sim->sessions;
  while (*link != session)
    link = &(*link)->next;
  *link = session->next;
  link = lane_of(session);
  while (*link != session)
    link = &(*link)->next_in_lane;
  *link = session->next_in_lane;
}

void sherd__session_end(struct sherd__sim_session *session) {
  struct sherd__sim *sim = session->sim;
  if (session->client)
    session->client->session = NULL;
  unlink_session(session);
  sim->without_content -= !(session->intents & SHERD_INTENT_MESSAGE_CONTENT);
  sherd__ring_deinit(&session->ring);
  sherd__free(sim->allocator, session);
}

struct sherd__sim_session *sherd__session_find(struct sherd__sim *sim, struct sherd_bytes id) {
  struct sherd__sim_session *session = sim->sessions;
  while (session && (id.len != strlen(session->id) || memcmp(session->id, id.data, id.len) != 0))
    session = session->next;
  return session;
}

static void tell_produced(struct sherd__sim_session *session, struct sherd__dispatch *dispatch) {
  struct sherd__sim *sim = session->sim;
  sim->stats.dispatches++;
  sim->stats.dispatched_bytes += dispatch->len;
  sherd__note_dispatch(session, dispatch);
  struct sherd__sim_produced produced = {
      .shard_id = session->shard_id,
      .shard_count = session->shard_count,
      .session_id = session->id,
      .seq = session->ring.newest_seq,
      .dispatch = dispatch,
  };
  if (sim->config.produced)
    sim->config.produced(sim->config.produced_ctx, &produced);
}

void sherd__session_add(struct sherd__sim_session *session, struct sherd__dispatch *dispatch) {
  struct sherd__sim_client *client = session->client;
  if (sherd__ring_add(&session->ring, dispatch)) {
    if (client)
      sherd__client_cut(client);
    return;
  }
  tell_produced(session, dispatch);
  if (!client)
    return;
  session->unsent_bytes += dispatch->len;
  /* A reader so slow that the ring has gone over it cannot be served any more. */
  if (session->sent_seq + 1 < session->ring.oldest_seq)
    sherd__client_cut(client);
  else
    sherd__client_pump(client);
}

void sherd__session_add_printed(struct sherd__sim_session *session, enum sherd_event_type type) {
  struct sherd__sim *sim = session->sim;
  struct sherd__dispatch *dispatch =
      sim->print.status
          ? NULL
          : sherd__dispatch_new(sim->allocator, type, sherd__print_since(&sim->print, 0));
  if (dispatch)
    sherd__session_add(session, dispatch);
  else if (session->client)
    sherd__client_cut(session->client);
  sherd__dispatch_release(dispatch);
}

void sherd__session_attach(struct sherd__sim_session *session, struct sherd__sim_client *client,
                           uint64_t seq) {
  session->client = client;
  client->session = session;
  session->expires_ms = UINT64_MAX;
  session->sent_seq = seq;
  session->unsent_bytes = 0;
  for (uint64_t at = seq + 1; at <= session->ring.newest_seq; at++)
    session->unsent_bytes += sherd__ring_at(&session->ring, at)->len;
  sherd__sim_wake_lanes(session->sim);
}

void sherd__session_detach(struct sherd__sim_session *session) {
  struct sherd__sim *sim = session->sim;
  session->client->session = NULL;
  session->client = NULL;
  session->unsent_bytes = 0;
  session->expires_ms = sim->now_ms + sim->config.session_ttl_ms;
  sherd__sim_due(sim, session->expires_ms);
  sherd__sim_wake_lanes(sim); /* it holds nobody up any more */
}

bool sherd__session_has_guild(const struct sherd__sim_session *session, sherd_snowflake guild_id) {
  return sherd__shard_of(guild_id, session->shard_count) == session->shard_id;
}

struct sherd__guild *sherd__session_guild(const struct sherd__sim_session *session,
                                          sherd_snowflake guild_id) {
  if (!sherd__session_has_guild(session, guild_id))
    return NULL;
  return sherd__world_guild(&session->sim->world, guild_id);
}

bool sherd__session_is_loaded(const struct sherd__sim_session *session) {
  return session->next_guild == session->sim->world.guilds.count;
}

/* Goes over the guilds of other shards, so that the last own one ends the loading. */
static void skip_foreign_guilds(struct sherd__sim_session *session) {
  const struct sherd__world *world = &session->sim->world;
  while (session->next_guild < world->guilds.count &&
         !sherd__session_has_guild(session, world->guilds.items[session->next_guild].id))
    session->next_guild++;
}

/* How many other sessions are looked at for a guild that was told to them in the same words. */
#define NEIGHBOURS 4

/* The same GUILD_CREATE, when another session of the lane has it: many sessions that begin at about
 * the same time then hold each guild once. Or NULL. */
static struct sherd__dispatch *find_same(const struct sherd__sim_session *session,
                                         struct sherd_bytes data) {
  const struct sherd__sim_session *other = session->next_in_lane;
  for (int i = 0; other && i < NEIGHBOURS; i++, other = other->next_in_lane) {
    uint64_t end = other->ring.oldest_seq + 2 * (uint64_t)session->sim->world.guilds.count + 2;
    for (uint64_t seq = other->ring.oldest_seq; seq <= other->ring.newest_seq && seq < end; seq++) {
      struct sherd__dispatch *dispatch = sherd__ring_at(&other->ring, seq);
      if (dispatch->type == SHERD_EVENT_GUILD_CREATE && dispatch->len == data.len &&
          memcmp(dispatch->data, data.data, data.len) == 0)
        return dispatch;
    }
  }
  return NULL;
}

/* Gives it the GUILD_CREATE that is in the print. */
static void add_guild_create(struct sherd__sim_session *session) {
  struct sherd__sim *sim = session->sim;
  struct sherd__dispatch *same =
      sim->print.status ? NULL : find_same(session, sherd__print_since(&sim->print, 0));
  if (same)
    sherd__session_add(session, same);
  else
    sherd__session_add_printed(session, SHERD_EVENT_GUILD_CREATE);
}

void sherd__session_load(struct sherd__sim_session *session) {
  struct sherd__sim *sim = session->sim;
  skip_foreign_guilds(session);
  if (!sherd__session_is_loaded(session)) {
    struct sherd__view view = {&sim->print, &sim->world};
    struct sherd__guild *guild = &sim->world.guilds.items[session->next_guild++];
    sherd__print_reset(&sim->print);
    if (guild->is_away)
      sherd__print(&sim->print, "{'id':'%ju','unavailable':true}", guild->id);
    else
      sherd__view_guild_create(&view, guild, session->intents, session->large_threshold);
    session->guild_ms += sim->config.guild_pause_ms;
    skip_foreign_guilds(session);
    add_guild_create(session);
  }
  if (sherd__session_is_loaded(session))
    sherd__sim_wake_lanes(sim);
}
