/* What the gateway answers to each opcode, and what it does not let pass.
 * Source: Discord's documentation, Gateway; Gateway Events, send events. */
#include <string.h>

#include <sherd/command.h>
#include <sherd/intents.h>

#include "sim/decode.h"
#include "sim/entities.h"
#include "sim/gateway_parts.h"

#define LARGE_THRESHOLD_DEFAULT 50
#define LARGE_THRESHOLD_MIN     50
#define LARGE_THRESHOLD_MAX     250

/* Longer than any token or session id; what does not fit is neither. */
#define TEXT_SIZE 512

static struct sherd_bytes text_of(struct sherd_value value, char buf[TEXT_SIZE]) {
  size_t len = 0;
  if (sherd_value_as_str_copy(value, buf, TEXT_SIZE, &len))
    len = 0;
  return (struct sherd_bytes){(const uint8_t *)buf, len};
}

static bool has_right_token(const struct sherd__sim_client *client, struct sherd_value data) {
  char buf[TEXT_SIZE];
  return sherd__sim_is_token(client->sim, text_of(sherd_value_get(data, "token"), buf));
}

/* The documentation gives no `d` for IDENTIFYs that come too soon; nothing is there to resume. */
static void refuse_session(struct sherd__sim_client *client, const char *may_resume) {
  client->sim->stats.invalid_sessions++;
  sherd__client_send(client, SHERD_OP_INVALID_SESSION, may_resume);
}

/* --- IDENTIFY --- */

struct identify {
  uint32_t shard_id, shard_count;
  bool has_shard;
  uint64_t intents;
  uint32_t large_threshold;
  bool compress;
};

static bool read_shard(struct sherd_value data, struct identify *out) {
  struct sherd_value shard = sherd_value_get(data, "shard");
  uint64_t id, count;
  out->shard_count = 1;
  if (sherd_value_type(shard) == SHERD_VALUE_NULL)
    return true;
  if (sherd_value_as_u64(sherd_value_at(shard, 0), &id) ||
      sherd_value_as_u64(sherd_value_at(shard, 1), &count) || count > UINT32_MAX || id >= count)
    return false;
  out->has_shard = true;
  out->shard_id = (uint32_t)id;
  out->shard_count = (uint32_t)count;
  return true;
}

/* Its range is 50 to 250; what is outside is brought inside, since no error is documented. */
static uint32_t read_large_threshold(struct sherd_value data) {
  uint64_t number = LARGE_THRESHOLD_DEFAULT;
  (void)sherd_value_as_u64(sherd_value_get(data, "large_threshold"), &number);
  return number < LARGE_THRESHOLD_MIN   ? LARGE_THRESHOLD_MIN
         : number > LARGE_THRESHOLD_MAX ? LARGE_THRESHOLD_MAX
                                        : (uint32_t)number;
}

static bool has_too_many_guilds(const struct sherd__sim *sim, const struct identify *identify) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < sim->world.guilds.count; i++)
    count +=
        sherd__shard_of(sim->world.guilds.items[i].id, identify->shard_count) == identify->shard_id;
  return count > SHERD__WORLD_GUILDS_PER_SHARD_MAX;
}

/* Reads IDENTIFY; gives the close code that answers it, or 0. */
static enum sherd__sim_close read_identify(const struct sherd__sim_client *client,
                                           struct sherd_value data, struct identify *out) {
  const struct sherd__sim *sim = client->sim;
  *out = (struct identify){.large_threshold = read_large_threshold(data)};
  (void)sherd_value_as_bool(sherd_value_get(data, "compress"), &out->compress);
  if (sherd_value_type(data) != SHERD_VALUE_OBJECT ||
      sherd_value_type(sherd_value_get(data, "properties")) != SHERD_VALUE_OBJECT)
    return SHERD__CLOSE_UNKNOWN_OPCODE; /* "or an invalid payload for an opcode" */
  if (!has_right_token(client, data))
    return SHERD__CLOSE_AUTHENTICATION_FAILED;
  if (!read_shard(data, out))
    return SHERD__CLOSE_INVALID_SHARD;
  if (sherd_value_as_u64(sherd_value_get(data, "intents"), &out->intents) ||
      out->intents & ~SHERD_INTENTS_ALL)
    return SHERD__CLOSE_INVALID_INTENTS;
  if (out->intents & sim->config.disallowed_intents)
    return SHERD__CLOSE_DISALLOWED_INTENTS;
  if (has_too_many_guilds(sim, out))
    return SHERD__CLOSE_SHARDING_REQUIRED;
  return 0;
}

static void print_own_guilds(const struct sherd__sim_session *session) {
  struct sherd__sim *sim = session->sim;
  sherd__print(&sim->print, "[");
  for (uint32_t i = 0; i < sim->world.guilds.count; i++)
    if (sherd__session_has_guild(session, sim->world.guilds.items[i].id)) {
      sherd__print_comma(&sim->print);
      sherd__print(&sim->print, "{'id':'%ju','unavailable':true}", sim->world.guilds.items[i].id);
    }
  sherd__print(&sim->print, "]");
}

/* Another address than the one it came through; on a public listener that one, since no other is
 * known to lead here. */
static const char *resume_url_for(const struct sherd__sim_client *client) {
  if (client->url)
    return client->url;
  return client->session->is_at_resume_host ? client->sim->resume_url : client->sim->url;
}

/* With some of the undocumented keys that Discord sends along, so that clients learn to ignore
 * them. */
static void say_ready(struct sherd__sim_session *session, bool has_shard) {
  struct sherd__sim *sim = session->sim;
  struct sherd__view view = {&sim->print, &sim->world};
  sherd__print_reset(&sim->print);
  sherd__print(&sim->print,
               "{'v':%u,'user_settings':{},'user':", (unsigned)session->client->version);
  sherd__view_own_user(&view);
  sherd__print(&sim->print, ",'session_type':'normal','session_id':%s,'resume_gateway_url':%s,",
               session->id, resume_url_for(session->client));
  sherd__print(&sim->print, "'relationships':[],'private_channels':[],'presences':[],'guilds':");
  print_own_guilds(session);
  if (has_shard)
    sherd__print(&sim->print, ",'shard':[%u,%u]", session->shard_id, session->shard_count);
  sherd__print(&sim->print, ",'application':{'id':'%ju','flags':565248},'_trace':['sherd-sim']}",
               sim->world.application_id);
  sherd__session_add_printed(session, SHERD_EVENT_READY);
}

/* The day's starts are used up: Discord ends every session and resets the token.
 * Source: Discord's documentation, Gateway, session start limit. */
static void end_the_day(struct sherd__sim *sim) {
  while (sim->sessions) {
    struct sherd__sim_client *client = sim->sessions->client;
    sherd__session_end(sim->sessions);
    if (client)
      sherd__client_close(client, SHERD__CLOSE_AUTHENTICATION_FAILED);
  }
}

/* One begins at the first URL and resumes at READY's resume_gateway_url. Discord says only that who
 * resumes elsewhere is "disconnected more often": it is counted, and closed when that is wanted. */
static bool is_out_of_place(struct sherd__sim_client *client, bool is_elsewhere,
                            uint64_t *counter) {
  *counter += is_elsewhere;
  if (!is_elsewhere || !client->sim->config.strict_resume_url)
    return false;
  sherd__client_close(client, SHERD__CLOSE_UNKNOWN_ERROR);
  return true;
}

static void handle_identify(struct sherd__sim_client *client, struct sherd_value data) {
  struct sherd__sim *sim = client->sim;
  struct identify identify;
  if (sim->faults.ignore_identify) {
    sim->faults.ignore_identify--;
    return;
  }
  enum sherd__sim_close refusal = read_identify(client, data, &identify);
  if (refusal) {
    sherd__client_close(client, refusal);
    return;
  }
  if (is_out_of_place(client, client->is_resume_host && !client->url,
                      &sim->stats.identifies_elsewhere))
    return;
  sherd__start_limits_refresh(&sim->starts, sim->now_ms);
  if (sim->starts.remaining == 0) {
    end_the_day(sim);
    sherd__client_close(client, SHERD__CLOSE_AUTHENTICATION_FAILED);
    return;
  }
  if (!sherd__start_limits_take(&sim->starts, identify.shard_id, sim->now_ms)) {
    refuse_session(client, "false");
    return;
  }
  /* Ignored beside transport compression, and with ETF. */
  if (identify.compress && !client->deflater && client->format == SHERD_FORMAT_JSON) {
    client->compression = SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM;
    if (sherd__deflater_new(sim->allocator, client->compression, &client->deflater)) {
      sherd__client_cut(client);
      return;
    }
  }
  struct sherd__sim_session *session = sherd__session_new(
      client, identify.shard_id, identify.shard_count, identify.intents, identify.large_threshold);
  if (session) {
    say_ready(session, identify.has_shard);
    sherd__sim_see(sim, SHERD__SIGHT_IDENTIFIED, 0, NULL);
  } else {
    sherd__client_cut(client);
  }
}

/* --- RESUME --- */

static void take_over(struct sherd__sim_session *session, struct sherd__sim_client *client,
                      uint64_t seq) {
  struct sherd__sim *sim = session->sim;
  struct sherd__sim_client *old = session->client;
  if (old) {
    sherd__session_detach(session);
    sherd__client_close(old, SHERD__CLOSE_UNKNOWN_ERROR);
  }
  sherd__session_attach(session, client, seq);
  sim->stats.resumes++;
  /* What RESUMED pushes out of a full ring has been sent by then. */
  sherd__client_pump(client);
  /* After the replay, with a number of its own: it is a dispatch like any other. */
  sherd__print_reset(&sim->print);
  sherd__print(&sim->print, "{'_trace':['sherd-sim']}");
  sherd__session_add_printed(session, SHERD_EVENT_RESUMED);
  sherd__sim_see(sim, SHERD__SIGHT_RESUMED, 0, NULL);
}

static void handle_resume(struct sherd__sim_client *client, struct sherd_value data) {
  struct sherd__sim *sim = client->sim;
  char buf[TEXT_SIZE];
  uint64_t seq;
  if (sherd_value_type(data) != SHERD_VALUE_OBJECT ||
      sherd_value_as_u64(sherd_value_get(data, "seq"), &seq)) {
    sherd__client_close(client, SHERD__CLOSE_UNKNOWN_OPCODE);
    return;
  }
  if (!has_right_token(client, data)) {
    sherd__client_close(client, SHERD__CLOSE_AUTHENTICATION_FAILED);
    return;
  }
  struct sherd__sim_session *session =
      sherd__session_find(sim, text_of(sherd_value_get(data, "session_id"), buf));
  if (session && is_out_of_place(client, client->is_resume_host != session->is_at_resume_host,
                                 &sim->stats.resumes_elsewhere))
    return;
  if (session && seq > session->ring.newest_seq) {
    sim->stats.resumes_refused++;
    sherd__client_close(client, SHERD__CLOSE_INVALID_SEQ);
  } else if (session && seq + 1 >= session->ring.oldest_seq) {
    take_over(session, client, seq);
  } else { /* unknown, ended, expired, or too far behind: false says that it is gone */
    if (session)
      sherd__session_end(session);
    sim->stats.resumes_refused++;
    refuse_session(client, "false");
  }
}

/* --- Every message --- */

static void handle_heartbeat(struct sherd__sim_client *client, struct sherd_value data) {
  uint64_t seq;
  if (sherd_value_type(data) != SHERD_VALUE_NULL && sherd_value_as_u64(data, &seq)) {
    sherd__client_close(client, SHERD__CLOSE_UNKNOWN_OPCODE);
    return;
  }
  client->beat_ms = client->sim->now_ms;
  client->sim->stats.heartbeats++;
  if (!client->sim->faults.no_acks)
    sherd__client_send(client, SHERD_OP_HEARTBEAT_ACK, "null");
}

/* Handles what only a client with a session may send; false for what nobody may. */
static bool handle_command(struct sherd__sim_session *session, uint64_t op,
                           struct sherd_value data) {
  switch (op) {
  case SHERD_OP_PRESENCE_UPDATE:
    return sherd__command_presence(session, data);
  case SHERD_OP_VOICE_STATE_UPDATE:
    return sherd__command_voice_state(session, data);
  case SHERD_OP_REQUEST_GUILD_MEMBERS:
    return sherd__command_members(session, data);
  case SHERD_OP_REQUEST_SOUNDBOARD_SOUNDS:
    return sherd__command_sounds(session, data);
  case SHERD_OP_REQUEST_CHANNEL_INFO:
    return sherd__command_channel_info(session, data);
  default:
    return false;
  }
}

static bool is_command(uint64_t op) {
  return op == SHERD_OP_PRESENCE_UPDATE || op == SHERD_OP_VOICE_STATE_UPDATE ||
         op == SHERD_OP_REQUEST_GUILD_MEMBERS || op == SHERD_OP_REQUEST_SOUNDBOARD_SOUNDS ||
         op == SHERD_OP_REQUEST_CHANNEL_INFO;
}

static void handle(struct sherd__sim_client *client, uint64_t op, struct sherd_value data) {
  sherd__sim_see(client->sim, SHERD__SIGHT_MESSAGE, op > UINT32_MAX ? UINT32_MAX : (uint32_t)op,
                 NULL);
  if (op == SHERD_OP_HEARTBEAT)
    handle_heartbeat(client, data);
  else if (op != SHERD_OP_IDENTIFY && op != SHERD_OP_RESUME && !is_command(op))
    sherd__client_close(client, SHERD__CLOSE_UNKNOWN_OPCODE);
  else if (is_command(op) && !client->session)
    sherd__client_close(client, SHERD__CLOSE_NOT_AUTHENTICATED);
  else if (is_command(op) && !handle_command(client->session, op, data))
    sherd__client_close(client, SHERD__CLOSE_UNKNOWN_OPCODE);
  else if (!is_command(op) && client->session)
    sherd__client_close(client, SHERD__CLOSE_ALREADY_AUTHENTICATED);
  else if (op == SHERD_OP_IDENTIFY)
    handle_identify(client, data);
  else if (op == SHERD_OP_RESUME)
    handle_resume(client, data);
}

void sherd__rules_message(struct sherd__sim_client *client, struct sherd_bytes message) {
  struct sherd_value envelope;
  uint64_t op;
  client->sim->stats.messages_in++;
  bool is_good = message.len <= SHERD_COMMAND_BYTES_MAX &&
                 sherd__decode_message(client->format, message, &envelope) == SHERD_OK &&
                 sherd_value_as_u64(sherd_value_get(envelope, "op"), &op) == SHERD_OK;
  sherd__note_client(client, SHERD__JOURNAL_RECEIVED,
                     is_good && op < UINT32_MAX ? (uint32_t)op : UINT32_MAX, message.len);
  if (!sherd__send_log_add(&client->sends, client->sim->now_ms))
    sherd__client_close(client, SHERD__CLOSE_RATE_LIMITED);
  else if (!is_good)
    sherd__client_close(client, SHERD__CLOSE_DECODE_ERROR);
  else
    handle(client, op, sherd_value_get(envelope, "d"));
}
