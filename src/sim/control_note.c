/* What the gateway's files note in the journal. */
#include "sim/gateway_parts.h"

void sherd__note_dispatch(const struct sherd__sim_session *session,
                          struct sherd__dispatch *dispatch) {
  struct sherd__sim *sim = session->sim;
  struct sherd__journal_entry entry = {
      .kind = SHERD__JOURNAL_DISPATCH,
      .time_ms = sim->now_ms,
      .session_id = session->id,
      .shard_id = session->shard_id,
      .seq = session->ring.newest_seq,
      .dispatch = dispatch,
  };
  sherd__journal_add(&sim->journal, &entry);
}

void sherd__note_client(const struct sherd__sim_client *client, enum sherd__journal_kind kind,
                        uint32_t number, size_t bytes) {
  const struct sherd__sim_session *session = client->session;
  struct sherd__journal_entry entry = {
      .kind = kind,
      .time_ms = client->sim->now_ms,
      .session_id = session ? session->id : NULL,
      .shard_id = session ? session->shard_id : 0,
      .number = number,
      .bytes = bytes,
  };
  sherd__journal_add(&client->sim->journal, &entry);
}
