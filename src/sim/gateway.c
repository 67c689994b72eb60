#include "sim/gateway.h"

#include <stdio.h>
#include <string.h>

#include <sherd/intents.h>

#include "base/mem.h"
#include "sim/gateway_parts.h"

#define SHARDS_MAX 65536
#define RATE_MAX   1000000

static uint32_t or_default(uint32_t value, uint32_t standard) {
  return value ? value : standard;
}

static void fill_in(struct sherd__sim_config *config) {
  config->allocator = sherd__allocator_or_default(config->allocator);
  config->shards = or_default(config->shards, 1);
  config->heartbeat_interval_ms = or_default(config->heartbeat_interval_ms, 41250);
  config->max_concurrency = or_default(config->max_concurrency, 1);
  config->starts_a_day = or_default(config->starts_a_day, 1000);
  config->session_ttl_ms = or_default(config->session_ttl_ms, 180000);
  config->guild_pause_ms = or_default(config->guild_pause_ms, 5);
  config->replay_events = or_default(config->replay_events, 65536);
  config->replay_bytes = config->replay_bytes ? config->replay_bytes : (size_t)64 << 20;
  config->token = config->token ? config->token : SHERD__SIM_TOKEN;
}

static bool is_sane(const struct sherd__sim_config *config) {
  return config->shards <= SHARDS_MAX && config->guilds <= SHERD__WORLD_GUILDS_MAX &&
         config->rate <= RATE_MAX && config->max_concurrency <= SHERD__CONCURRENCY_MAX &&
         config->replay_events <= 1u << 24 && *config->token;
}

static enum sherd_status make_lanes(struct sherd__sim *sim) {
  sim->lanes = sherd__calloc(sim->allocator, sim->config.shards * sizeof *sim->lanes);
  if (!sim->lanes)
    return SHERD_ENOMEM;
  for (uint32_t i = 0; i < sim->config.shards; i++)
    if (sherd__lane_init(&sim->lanes[i].stream, &sim->world, i))
      return SHERD_ENOMEM;
  return SHERD_OK;
}

static enum sherd_status make(struct sherd__sim *sim) {
  const struct sherd__sim_config *config = &sim->config;
  sherd__dice_init(&sim->dice, sherd__grain_derive(config->seed, 13));
  sherd__dice_init(&sim->control_dice, sherd__grain_derive(config->seed, 14));
  sim->token = sherd__strdup(sim->allocator, config->token);
  sim->config.token = sim->token;
  sim->journal.secret = sim->token ? sim->token : "";
  if (!sim->token)
    return SHERD_ENOMEM;
  enum sherd_status status = sherd__start_limits_init(
      &sim->starts, sim->allocator, config->max_concurrency, config->starts_a_day);
  if (!status)
    status = sherd__world_init(&sim->world, sim->allocator, config->seed, config->shards,
                               config->guilds);
  if (!status)
    status = make_lanes(sim);
  if (!status)
    status = sherd__sim_set_address(sim, false, "127.0.0.1", 80, "localhost", 80);
  return status;
}

enum sherd_status sherd__sim_new(const struct sherd__sim_config *config, uint64_t now_ms,
                                 struct sherd__sim **out) {
  struct sherd__sim_config filled = *config;
  fill_in(&filled);
  *out = NULL;
  if (!is_sane(&filled))
    return SHERD_EINVAL;
  struct sherd__sim *sim = sherd__calloc(filled.allocator, sizeof *sim);
  if (!sim)
    return SHERD_ENOMEM;
  sim->config = filled;
  sim->allocator = filled.allocator;
  sim->world.allocator = filled.allocator;
  sim->now_ms = now_ms;
  sim->sweep_ms = sim->lanes_ms = UINT64_MAX;
  sherd__print_init(&sim->print, sim->allocator);
  sherd__journal_init(&sim->journal, sim->allocator);
  sherd__rest_items_init(&sim->commands, sim->allocator);
  sherd__rest_items_init(&sim->messages, sim->allocator);
  sherd__rest_items_init(&sim->replies, sim->allocator);
  sherd__buf_init(&sim->message, sim->allocator);
  sherd__buf_init(&sim->compressed, sim->allocator);
  enum sherd_status status = make(sim);
  if (status)
    sherd__sim_free(sim);
  else
    *out = sim;
  return status;
}

void sherd__sim_free(struct sherd__sim *sim) {
  if (!sim)
    return;
  while (sim->sessions)
    sherd__session_end(sim->sessions);
  for (uint32_t i = 0; sim->lanes && i < sim->config.shards; i++)
    sherd__lane_deinit(&sim->lanes[i].stream);
  sherd__free(sim->allocator, sim->lanes);
  sherd__world_deinit(&sim->world);
  sherd__start_limits_deinit(&sim->starts);
  sherd__print_deinit(&sim->print);
  sherd__journal_deinit(&sim->journal);
  sherd__rest_items_deinit(&sim->commands);
  sherd__rest_items_deinit(&sim->messages);
  sherd__rest_items_deinit(&sim->replies);
  sherd__buf_deinit(&sim->message);
  sherd__buf_deinit(&sim->compressed);
  if (sim->token)
    sherd__wipe(sim->token, strlen(sim->token));
  sherd__free(sim->allocator, sim->token);
  sherd__free(sim->allocator, sim);
}

static bool write_url(char *out, bool tls, const char *host, uint16_t port) {
  bool is_ipv6 = strchr(host, ':');
  int len = snprintf(out, SHERD__SIM_URL_SIZE, "%s://%s%s%s:%u", tls ? "wss" : "ws",
                     is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", port);
  return len > 0 && len < SHERD__SIM_URL_SIZE;
}

enum sherd_status sherd__sim_set_address(struct sherd__sim *sim, bool tls, const char *host,
                                         uint16_t port, const char *resume_host,
                                         uint16_t resume_port) {
  if (!write_url(sim->url, tls, host, port) ||
      !write_url(sim->resume_url, tls, resume_host, resume_port))
    return SHERD_EINVAL;
  (void)snprintf(sim->resume_host, sizeof sim->resume_host, "%s", resume_host);
  sim->resume_port = port == resume_port ? 0 : resume_port;
  return SHERD_OK;
}

void sherd__sim_set_public(struct sherd__sim *sim) {
  sim->is_public = true;
}

const char *sherd__sim_url(const struct sherd__sim *sim) {
  return sim->url;
}

void sherd__sim_see(const struct sherd__sim *sim, enum sherd__sight_kind kind, uint32_t number,
                    const char *text) {
  struct sherd__sight sight = {kind, number, text};
  if (sim->config.watch)
    sim->config.watch(sim->config.watch_ctx, &sight);
}

const struct sherd__sim_stats *sherd__sim_stats(const struct sherd__sim *sim) {
  return &sim->stats;
}

struct sherd__sim_start_info sherd__sim_start_info(struct sherd__sim *sim, uint64_t now_ms) {
  struct sherd__start_limits *starts = &sim->starts;
  sherd__start_limits_refresh(starts, now_ms);
  return (struct sherd__sim_start_info){
      .shards = sim->config.shards,
      .total = starts->total,
      .remaining = starts->remaining,
      .max_concurrency = starts->max_concurrency,
      .reset_after_ms = starts->reset_ms ? starts->reset_ms - now_ms : 0,
  };
}

/* Libraries send it bare or with the prefix of the HTTP API; Discord takes both. */
bool sherd__sim_is_token(const struct sherd__sim *sim, struct sherd_bytes token) {
  if (token.len >= 4 && memcmp(token.data, "Bot ", 4) == 0) {
    token.data += 4;
    token.len -= 4;
  }
  return token.len == strlen(sim->token) && memcmp(token.data, sim->token, token.len) == 0;
}

struct sherd__sim_client *sherd__sim_next_ready(struct sherd__sim *sim) {
  struct sherd__sim_client *client = sim->ready_first;
  if (!client)
    return NULL;
  sim->ready_first = client->next_ready;
  if (!sim->ready_first)
    sim->ready_last = NULL;
  client->next_ready = NULL;
  client->is_ready = false;
  return client;
}

/* --- Who gets what --- */

/* Events of no guild go to shard 0. Source: Discord's documentation, Gateway, sharding. */
static bool is_routed_to(const struct sherd__sim_session *session,
                         const struct sherd__dispatch *dispatch) {
  if (!dispatch->guild_id)
    return session->shard_id == 0;
  return sherd__session_has_guild(session, dispatch->guild_id);
}

static bool may_have(const struct sherd__sim_session *session,
                     const struct sherd__dispatch *dispatch, bool is_of_stream) {
  const struct sherd__sim_config *config = &session->sim->config;
  if (is_of_stream && config->max_events && session->streamed >= config->max_events)
    return false;
  if (dispatch->intents && !(dispatch->intents & session->intents))
    return false;
  /* Not before its GUILD_CREATE, which tells of the change already. */
  if (dispatch->guild_id && dispatch->guild_index >= session->next_guild)
    return false;
  return is_routed_to(session, dispatch);
}

static void offer(struct sherd__sim_session *session, struct sherd__dispatch *dispatch,
                  bool is_of_stream) {
  if (!may_have(session, dispatch, is_of_stream))
    return;
  session->streamed += is_of_stream;
  bool blank = dispatch->blank && !(session->intents & SHERD_INTENT_MESSAGE_CONTENT);
  sherd__session_add(session, blank ? dispatch->blank : dispatch);
}

void sherd__sim_deliver(struct sherd__sim *sim, struct sherd__dispatch *dispatch,
                        bool is_of_stream) {
  uint32_t shard = dispatch->guild_id ? sherd__shard_of(dispatch->guild_id, sim->config.shards) : 0;
  struct sherd__sim_session *session, *next;
  for (session = sim->lanes[shard].sessions; session; session = next) {
    next = session->next_in_lane;
    offer(session, dispatch, is_of_stream);
  }
  for (session = sim->strays; session; session = next) {
    next = session->next_in_lane;
    offer(session, dispatch, is_of_stream);
  }
}

/* --- The streams --- */

enum appetite {
  NOBODY, /* there is no session that wants more of the stream */
  FULL,   /* one cannot keep up */
  HUNGRY
};

static enum appetite appetite_of(const struct sherd__sim_session *sessions) {
  enum appetite appetite = NOBODY;
  for (; sessions; sessions = sessions->next_in_lane) {
    uint32_t max = sessions->sim->config.max_events;
    if (sessions->client && sessions->unsent_bytes > SHERD__SIM_LAG_BYTES)
      return FULL;
    if (sherd__session_is_loaded(sessions) && (!max || sessions->streamed < max))
      appetite = HUNGRY;
  }
  return appetite;
}

static bool may_run(const struct sherd__sim *sim, const struct sherd__sim_lane *lane) {
  enum appetite own = appetite_of(lane->sessions), strays = appetite_of(sim->strays);
  return own != FULL && strays != FULL && (own == HUNGRY || strays == HUNGRY) &&
         sherd__lane_is_alive(&lane->stream);
}

static uint64_t due_ms(const struct sherd__sim *sim, const struct sherd__sim_lane *lane) {
  uint64_t after_us = (lane->done + 1) * 1000000 / sim->config.rate;
  return lane->since_ms + (after_us + 999) / 1000;
}

static void run_lane(struct sherd__sim *sim, struct sherd__sim_lane *lane, uint64_t now_ms) {
  while (may_run(sim, lane)) {
    if (!lane->is_running) {
      lane->is_running = true;
      lane->since_ms = now_ms;
      lane->done = 0;
    }
    uint64_t at_ms = due_ms(sim, lane);
    if (at_ms > now_ms) {
      sim->lanes_ms = at_ms < sim->lanes_ms ? at_ms : sim->lanes_ms;
      return;
    }
    struct sherd__dispatch *dispatch;
    lane->done++;
    if (sherd__lane_next(&lane->stream, 1000000 / sim->config.rate, sim->without_content > 0,
                         &sim->print, &dispatch))
      continue; /* for want of memory, or of a guild, this one does not happen */
    sherd__sim_deliver(sim, dispatch, true);
    sherd__dispatch_release(dispatch);
  }
  lane->is_running = false;
}

static void run_lanes(struct sherd__sim *sim, uint64_t now_ms) {
  sim->lanes_ms = UINT64_MAX;
  for (uint32_t i = 0; i < sim->config.shards; i++)
    run_lane(sim, &sim->lanes[i], now_ms);
}

void sherd__sim_wake_lanes(struct sherd__sim *sim) {
  if (sim->config.rate)
    sim->lanes_ms = 0;
}

/* --- Heartbeats, and the life of sessions --- */

void sherd__sim_due(struct sherd__sim *sim, uint64_t at_ms) {
  if (at_ms < sim->sweep_ms)
    sim->sweep_ms = at_ms;
}

/* How long a connection may be silent. The documentation says that one without heartbeats is closed
 * and that the client will resume: 4000. Without a session there is nothing to resume, and 4009
 * tells the client to begin one, as Spacebar does. One and a half intervals leave a late beat its
 * way. */
static uint64_t patience_ms(const struct sherd__sim_client *client) {
  uint64_t interval_ms = client->sim->config.heartbeat_interval_ms;
  return client->state == SHERD__SIM_AWAIT_HEAD ? SHERD__SIM_HEAD_MS
                                                : interval_ms + interval_ms / 2;
}

static void sweep_client(struct sherd__sim_client *client, uint64_t now_ms) {
  uint64_t end_ms = client->beat_ms + patience_ms(client);
  if (client->state != SHERD__SIM_OPEN && client->state != SHERD__SIM_AWAIT_HEAD)
    return;
  if (client->hello_ms) {
    sherd__client_hello(client);
    return;
  }
  if (now_ms < end_ms)
    sherd__sim_due(client->sim, end_ms);
  else if (client->state == SHERD__SIM_OPEN)
    sherd__client_close(client, client->session ? SHERD__CLOSE_UNKNOWN_ERROR
                                                : SHERD__CLOSE_SESSION_TIMED_OUT);
  else
    sherd__client_cut(client);
}

/* "Your session timed out. Reconnect and start a new one." Source: Discord's documentation, Opcodes
 * and Status Codes, close code 4009. */
static void end_of_age(struct sherd__sim_session *session) {
  struct sherd__sim_client *client = session->client;
  sherd__session_end(session);
  if (client)
    sherd__client_close(client, SHERD__CLOSE_SESSION_TIMED_OUT);
}

static void sweep_session(struct sherd__sim_session *session, uint64_t now_ms) {
  if (now_ms >= session->expires_ms) {
    sherd__session_end(session);
    return;
  }
  if (now_ms >= session->ages_ms) {
    end_of_age(session);
    return;
  }
  while (!sherd__session_is_loaded(session) && session->guild_ms <= now_ms &&
         session->unsent_bytes <= SHERD__SIM_LAG_BYTES)
    sherd__session_load(session);
  /* One that lags is looked at again when its connection has caught up. */
  if (!sherd__session_is_loaded(session) && session->guild_ms > now_ms)
    sherd__sim_due(session->sim, session->guild_ms);
  sherd__sim_due(session->sim, session->expires_ms);
  sherd__sim_due(session->sim, session->ages_ms);
}

static void sweep(struct sherd__sim *sim, uint64_t now_ms) {
  sim->sweep_ms = UINT64_MAX;
  struct sherd__sim_client *client, *next_client;
  for (client = sim->clients; client; client = next_client) {
    next_client = client->next;
    sweep_client(client, now_ms);
  }
  struct sherd__sim_session *session, *next_session;
  for (session = sim->sessions; session; session = next_session) {
    next_session = session->next;
    sweep_session(session, now_ms);
  }
}

void sherd__sim_tick(struct sherd__sim *sim, uint64_t now_ms) {
  sim->now_ms = now_ms;
  if (now_ms >= sim->sweep_ms)
    sweep(sim, now_ms);
  if (now_ms >= sim->lanes_ms)
    run_lanes(sim, now_ms);
}

uint64_t sherd__sim_deadline(const struct sherd__sim *sim) {
  return sim->sweep_ms < sim->lanes_ms ? sim->sweep_ms : sim->lanes_ms;
}
