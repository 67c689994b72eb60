#include "sim/faults.h"

#include <stdio.h>
#include <string.h>

#include <sherd/intents.h>

#include "sim/entities.h"
#include "sim/events.h"
#include "sim/gateway_parts.h"

#define GARBAGE_BYTES_MAX (1u << 20)

struct sherd__sim_faults *sherd__sim_faults(struct sherd__sim *sim) {
  return &sim->faults;
}

static bool is_meant(const struct sherd__sim_session *session, const struct sherd__sim *sim) {
  return !sim->faults.has_shard || (session && session->shard_id == sim->faults.shard);
}

/* For every open WebSocket that is meant. One that is freed meanwhile cannot be: clients end
 * through the host. */
#define EACH_OPEN(sim, client)                                                                     \
  for (struct sherd__sim_client * (client) = (sim)->clients; (client); (client) = (client)->next)  \
    if ((client)->state == SHERD__SIM_OPEN && is_meant((client)->session, (sim)))

uint32_t sherd__fault_drop(struct sherd__sim *sim) {
  uint32_t count = 0;
  EACH_OPEN(sim, client) {
    sherd__client_cut(client);
    count++;
  }
  return count;
}

uint32_t sherd__fault_half_frame(struct sherd__sim *sim) {
  uint32_t count = 0;
  EACH_OPEN(sim, client) {
    size_t before = client->out.len;
    sherd__client_send(client, SHERD_OP_HEARTBEAT_ACK, "null");
    client->out.len -= (client->out.len - before) / 2;
    client->is_reset = true;
    sherd__client_cut(client);
    count++;
  }
  return count;
}

/* A session that is closed with 1000 or 1001 is over, whoever says it, and 4009 says that it has
 * timed out: whoever tries to resume it learns so by op 9.
 * Source: Discord's documentation, Gateway, disconnecting; gateway close event codes. */
static bool ends_session(uint16_t code) {
  return code == 1000 || code == 1001 || code == SHERD__CLOSE_SESSION_TIMED_OUT;
}

void sherd__fault_close_client(struct sherd__sim_client *client, uint16_t code,
                               const char *reason) {
  if (client->session && ends_session(code))
    sherd__session_end(client->session);
  sherd__client_close_with(client, code, reason);
}

uint32_t sherd__fault_close(struct sherd__sim *sim, uint16_t code, const char *reason) {
  uint32_t count = 0;
  EACH_OPEN(sim, client) {
    sherd__fault_close_client(client, code, reason);
    count++;
  }
  return count;
}

uint32_t sherd__fault_op(struct sherd__sim *sim, uint32_t op, const char *data) {
  uint32_t count = 0;
  EACH_OPEN(sim, client) {
    sherd__client_send(client, op, data);
    count++;
  }
  return count;
}

/* As Discord does: after op 9 the connection has no session, and is there for another IDENTIFY. */
void sherd__fault_invalidate_client(struct sherd__sim_client *client, bool may_resume) {
  if (client->session && may_resume)
    sherd__session_detach(client->session);
  else if (client->session)
    sherd__session_end(client->session);
  client->sim->stats.invalid_sessions++;
  sherd__client_send(client, SHERD_OP_INVALID_SESSION, may_resume ? "true" : "false");
}

uint32_t sherd__fault_invalid_session(struct sherd__sim *sim, bool may_resume) {
  uint32_t count = 0;
  EACH_OPEN(sim, client) {
    sherd__fault_invalidate_client(client, may_resume);
    count++;
  }
  return count;
}

uint32_t sherd__fault_message(struct sherd__sim *sim, struct sherd_bytes json) {
  uint32_t count = 0;
  EACH_OPEN(sim, client) {
    if (client->format == SHERD_FORMAT_JSON) {
      sherd__client_send_json(client, json);
      count++;
    }
  }
  return count;
}

/* --- Bytes that mean nothing --- */

static uint32_t roll_garbage(struct sherd__sim *sim, uint32_t bytes) {
  sim->message.len = 0;
  for (uint32_t i = 0; i < bytes && i < GARBAGE_BYTES_MAX; i++)
    if (sherd__buf_append_byte(&sim->message, (uint8_t)sherd__dice_roll(&sim->dice)))
      return 0;
  return 1;
}

uint32_t sherd__fault_garbage(struct sherd__sim *sim, uint32_t bytes) {
  uint32_t count = 0;
  EACH_OPEN(sim, client) {
    if (!roll_garbage(sim, bytes))
      return 0;
    /* No frame begins with its reserved bits set, so that this cannot happen to be a good one. */
    if (sim->message.len)
      sim->message.data[0] |= 0x70;
    sherd__client_write_raw(client, sherd__buf_bytes(&sim->message));
    count++;
  }
  return count;
}

static bool write_frame(struct sherd__sim_client *client, enum sherd__frames_opcode opcode,
                        struct sherd_bytes payload) {
  size_t before = client->out.len;
  if (sherd__frames_write(client->frames, opcode, payload, &client->out)) {
    sherd__client_cut(client);
    return false;
  }
  client->sim->stats.bytes_out += client->out.len - before;
  sherd__client_touch(client);
  return true;
}

uint32_t sherd__fault_garbage_message(struct sherd__sim *sim, uint32_t bytes) {
  uint32_t count = 0;
  EACH_OPEN(sim, client) {
    if (!roll_garbage(sim, bytes))
      return 0;
    (void)write_frame(client, SHERD__FRAMES_BINARY, sherd__buf_bytes(&sim->message));
    count++;
  }
  return count;
}

/* --- Pieces --- */

/* One fragment, in a header of our own: the frame layer writes whole messages alone.
 * Source: RFC 6455 section 5.2. */
static void write_fragment(struct sherd__sim_client *client, uint8_t first_byte,
                           struct sherd_bytes piece) {
  uint8_t head[4] = {first_byte, (uint8_t)piece.len};
  size_t head_len = 2;
  if (piece.len > 125) {
    head[1] = 126;
    head[2] = (uint8_t)(piece.len >> 8);
    head[3] = (uint8_t)piece.len;
    head_len = 4;
  }
  sherd__client_write_raw(client, (struct sherd_bytes){head, head_len});
  sherd__client_write_raw(client, piece);
}

void sherd__fault_write_pieces(struct sherd__sim_client *client, enum sherd__frames_opcode opcode,
                               struct sherd_bytes message) {
  /* A flush of zlib-stream may be spread over messages; anything else has to stay one, zstd-stream
   * too. Source: Discord's documentation, Gateway, transport compression. */
  bool is_stream = client->compression == SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM;
  uint32_t max =
      client->sim->faults.piece_bytes < UINT16_MAX ? client->sim->faults.piece_bytes : UINT16_MAX;
  for (size_t at = 0; at < message.len && client->state == SHERD__SIM_OPEN; at += max) {
    size_t len = message.len - at < max ? message.len - at : max;
    struct sherd_bytes piece = {message.data + at, len};
    bool is_last = at + len == message.len;
    if (is_stream)
      (void)write_frame(client, opcode, piece);
    else
      write_fragment(client, (uint8_t)((is_last ? 0x80 : 0) | (at ? 0 : opcode)), piece);
  }
}

/* --- Through sessions --- */

uint32_t sherd__fault_dispatch(struct sherd__sim *sim, const char *name, struct sherd_bytes data) {
  uint32_t type = 0, count = 0;
  struct sherd__sim_session *session, *next;
  while (type < SHERD_EVENT_TYPE_COUNT &&
         (!sherd__sim_event_row(type)->name || strcmp(sherd__sim_event_row(type)->name, name) != 0))
    type++;
  if (type == SHERD_EVENT_TYPE_COUNT)
    return 0;
  struct sherd__dispatch *dispatch = sherd__dispatch_new(sim->allocator, type, data);
  for (session = dispatch ? sim->sessions : NULL; session; session = next) {
    next = session->next;
    if (!is_meant(session, sim))
      continue;
    sherd__session_add(session, dispatch);
    count++;
  }
  sherd__dispatch_release(dispatch);
  return count;
}

static uint32_t count_sessions(const struct sherd__sim *sim) {
  uint32_t count = 0;
  for (const struct sherd__sim_session *session = sim->sessions; session; session = session->next)
    count++;
  return count;
}

uint32_t sherd__fault_burst(struct sherd__sim *sim, uint32_t events) {
  for (uint32_t i = 0; i < sim->config.shards; i++)
    for (uint32_t n = 0; n < events && sherd__lane_is_alive(&sim->lanes[i].stream); n++) {
      struct sherd__dispatch *dispatch;
      if (sherd__lane_next(&sim->lanes[i].stream, 1, sim->without_content > 0, &sim->print,
                           &dispatch))
        return 0;
      sherd__sim_deliver(sim, dispatch, false);
      sherd__dispatch_release(dispatch);
    }
  return count_sessions(sim);
}

/* Members that nobody has met make its size; ids are the guild's own and those that follow. */
static struct sherd_bytes print_large_guild(struct sherd__sim *sim, sherd_snowflake id,
                                            size_t bytes) {
  struct sherd__print *print = &sim->print;
  sherd__print_reset(print);
  sherd__print(print,
               "{'id':'%ju','name':'A large guild','owner_id':'%ju','large':true,"
               "'unavailable':false,'roles':[],'emojis':[],'channels':[],'threads':[],"
               "'presences':[],'voice_states':[],'stickers':[],'features':[],'members':[",
               id, id + 1);
  for (uint32_t i = 1; print->out.len < bytes && !print->status; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "member_%u", i);
    sherd__print_comma(print);
    sherd__print(print,
                 "{'user':{'id':'%ju','username':%s,'discriminator':'0','avatar':null,"
                 "'global_name':%s,'bot':false},'nick':null,'roles':[],'joined_at':%s,"
                 "'deaf':false,'mute':false,'flags':0}",
                 id + i, name, name, SHERD__TIME(sherd__snowflake_ms(id)));
  }
  sherd__print(print, "]}");
  return sherd__print_since(print, 0);
}

uint32_t sherd__fault_large_guild(struct sherd__sim *sim, size_t bytes) {
  sherd_snowflake id = sim->world.guilds.count
                           ? sim->world.guilds.items[0].id
                           : sherd__snowflake(sherd__snowflake_ms(sim->world.application_id), 1, 1);
  struct sherd_bytes data = print_large_guild(sim, id, bytes);
  return sim->print.status ? 0 : sherd__fault_dispatch(sim, "GUILD_CREATE", data);
}
