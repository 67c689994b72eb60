/* POST /sim/drop: connections that end, at once and on purpose. */
#include <string.h>

#include "sim/rest_call.h"

enum how {
  BY_TCP = 0,   /* without a word */
  BY_RESET,     /* a TCP reset */
  BY_CLOSE,     /* a close frame */
  BY_RECONNECT, /* op 7 */
  BY_INVALID    /* op 9 */
};

struct drop {
  enum how how;
  uint64_t code;                        /* of the close frame */
  bool is_resumable;                    /* what op 9 says */
  bool has_shard;                       /* only connections of ... */
  uint64_t shard;                       /* ... this one */
  char session[SHERD__SESSION_ID_SIZE]; /* only of this session; "": of any */
};

static bool read_how(struct sherd_value how, struct drop *out) {
  static const struct {
    const char *name;
    enum how how;
  } rows[] = {{"tcp", BY_TCP}, {"reset", BY_RESET}, {"op7", BY_RECONNECT}, {"op9", BY_INVALID}};
  if (!sherd_value_exists(how))
    return true;
  if (sherd_value_as_u64(how, &out->code) == SHERD_OK) {
    out->how = BY_CLOSE;
    /* Source: RFC 6455 section 7.4: these are all that a close frame can have. */
    return out->code >= 1000 && out->code <= 4999 && out->code != 1004 && out->code != 1005 &&
           out->code != 1006 && out->code != 1015;
  }
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (sherd_value_equals(how, rows[i].name)) {
      out->how = rows[i].how;
      return true;
    }
  return false;
}

static bool read_drop(struct sherd_value body, struct drop *out) {
  struct sherd_value shard = sherd_value_get(body, "shard");
  struct sherd_value session = sherd_value_get(body, "session");
  struct sherd_value resumable = sherd_value_get(body, "resumable");
  *out = (struct drop){.is_resumable = true, .has_shard = sherd_value_exists(shard)};
  if (sherd_value_exists(body) && sherd_value_type(body) != SHERD_VALUE_OBJECT)
    return false;
  if (out->has_shard && sherd_value_as_u64(shard, &out->shard))
    return false;
  if (sherd_value_exists(session) &&
      sherd_value_as_str_copy(session, out->session, sizeof out->session, NULL))
    return false;
  if (sherd_value_exists(resumable) && sherd_value_as_bool(resumable, &out->is_resumable))
    return false;
  return read_how(sherd_value_get(body, "how"), out);
}

static bool is_meant(const struct drop *drop, const struct sherd__sim_client *client) {
  const struct sherd__sim_session *session = client->session;
  if (client->state != SHERD__SIM_OPEN)
    return false;
  if (drop->has_shard && (!session || session->shard_id != drop->shard))
    return false;
  return !*drop->session || (session && strcmp(session->id, drop->session) == 0);
}

static void drop_one(struct sherd__sim_client *client, const struct drop *drop) {
  switch (drop->how) {
  case BY_TCP:
    sherd__client_cut(client);
    break;
  case BY_RESET:
    client->is_reset = true;
    sherd__client_cut(client);
    break;
  case BY_CLOSE:
    sherd__fault_close_client(client, (uint16_t)drop->code,
                              sherd__sim_close_text((uint16_t)drop->code));
    break;
  case BY_RECONNECT:
    sherd__client_send(client, SHERD_OP_RECONNECT, "null");
    break;
  case BY_INVALID:
    sherd__fault_invalidate_client(client, drop->is_resumable);
    break;
  }
}

void sherd__control_post_drop(struct sherd__rest_call *call) {
  struct drop drop;
  uint32_t count = 0;
  if (!read_drop(call->body, &drop)) {
    sherd__control_error(call, 400,
                         "give \"how\": \"tcp\", \"reset\", \"op7\", \"op9\" (with \"resumable\") "
                         "or a close code, and to choose connections a \"shard\" or a \"session\"");
    return;
  }
  /* Clients end through the host, later: the list stays as it is meanwhile. */
  for (struct sherd__sim_client *client = call->sim->clients; client; client = client->next)
    if (is_meant(&drop, client)) {
      drop_one(client, &drop);
      count++;
    }
  sherd__rest_ok(call);
  sherd__print(call->print, "{'dropped':%u}\n", count);
}
