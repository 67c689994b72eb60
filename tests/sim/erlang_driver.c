/* Makes dispatches of every kind, for Erlang to read.
 *
 *   driver > records
 *
 * A record is four bytes of length, big-endian, and so many bytes. For each dispatch there are
 * three: its message in JSON, in ETF, and in ETF with snowflakes as integers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sherd/intents.h>

#include "sim/encode.h"
#include "sim/events.h"
#include "sim/inject.h"
#include "sim/peer.h"

static void put_record(const struct sherd_buf *record) {
  uint8_t len[4] = {(uint8_t)(record->len >> 24), (uint8_t)(record->len >> 16),
                    (uint8_t)(record->len >> 8), (uint8_t)record->len};
  if (fwrite(len, 1, sizeof len, stdout) != sizeof len ||
      fwrite(record->data, 1, record->len, stdout) != record->len)
    exit(1);
}

static void put_dispatch(void *ctx, const struct sherd__sim_produced *it) {
  static const enum sherd__encoding encodings[] = {SHERD__ENCODING_JSON, SHERD__ENCODING_ETF,
                                                   SHERD__ENCODING_ETF_INTEGERS};
  struct sherd_buf *record = ctx;
  struct sherd_bytes data = {it->dispatch->data, it->dispatch->len};
  const char *name = sherd__sim_event_row(it->dispatch->type)->name;
  for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
    record->len = 0;
    if (sherd__encode_dispatch(encodings[i], name, it->seq, data, record))
      exit(1);
    put_record(record);
  }
}

static void resume(struct net *net, struct peer *peer, const char *session_id) {
  peer_free(peer);
  peer_open(peer, net, "v=10");
  peer_sayf(peer,
            "{\"op\":6,\"d\":{\"token\":\"sherd-sim-token\",\"session_id\":\"%s\",\"seq\":500}}",
            session_id);
}

int main(void) {
  struct sherd_buf record;
  struct net net;
  struct peer peer;
  char session_id[64];
  sherd__buf_init(&record, sherd_allocator_default());
  struct sherd__sim_config config = {
      .seed = 11, .guilds = 8, .rate = 100, .produced = put_dispatch, .produced_ctx = &record};
  net_open(&net, &config);
  peer_login(&peer, &net, 0, 1, SHERD_INTENTS_ALL, session_id);
  for (int second = 0; second < 10; second++) {
    net_wait(&net, 1000);
    (void)peer_drain(&peer, NULL);
  }
  for (uint32_t type = SHERD_EVENT_READY; type < SHERD_EVENT_TYPE_COUNT; type++)
    (void)sherd__sim_inject(net.sim, 0, type);
  peer_lose(&peer);
  resume(&net, &peer, session_id);
  peer_free(&peer);
  net_close(&net);
  sherd__buf_deinit(&record);
  return fflush(stdout) == 0 ? 0 : 1;
}
