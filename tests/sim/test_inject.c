/* Every dispatch on demand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sherd/intents.h>

#include "sim/events.h"
#include "sim/inject.h"
#include "sim/peer.h"

static char session_id[64];

static void begin(struct net *net, struct peer *peer, uint32_t guilds, uint64_t intents) {
  struct sherd__sim_config config = {.seed = 5, .guilds = guilds};
  net_open(net, &config);
  peer_login(peer, net, 0, 1, intents, session_id);
  net_wait(net, 1000);
  assert_int_equal(peer_drain(peer, "GUILD_CREATE"), intents & SHERD_INTENT_GUILDS ? guilds : 0);
}

static void end(struct net *net, struct peer *peer) {
  peer_free(peer);
  net_close(net);
}

/* The dispatches; READY and RESUMED are a session's own, and cannot be had. */
#define EACH_TYPE(type)                                                                            \
  for (uint32_t type = SHERD_EVENT_READY; type < SHERD_EVENT_TYPE_COUNT; type++)                   \
    if (type != SHERD_EVENT_READY && type != SHERD_EVENT_RESUMED)

static void inject(struct net *net, struct peer *peer, enum sherd_event_type type) {
  const char *name = sherd__sim_event_row(type)->name;
  enum sherd_status status = sherd__sim_inject(net->sim, 0, type);
  net_flush(net);
  if (status || peer_drain(peer, name) == 0)
    fail_msg("%s: %s", name, sherd_strerror(status));
}

static void each_type_can_be_had_in_a_fresh_world(void **state) {
  (void)state;
  EACH_TYPE(type) {
    struct net net;
    struct peer peer;
    begin(&net, &peer, 2, SHERD_INTENTS_ALL);
    inject(&net, &peer, type);
    end(&net, &peer);
  }
}

/* Nothing runs out. */
static void all_types_can_be_had_again_and_again(void **state) {
  (void)state;
  struct net net;
  struct peer peer;
  begin(&net, &peer, 2, SHERD_INTENTS_ALL);
  for (int round = 0; round < 30; round++)
    EACH_TYPE(type) {
      inject(&net, &peer, type);
      if (type == SHERD_EVENT_GUILD_DELETE)
        inject(&net, &peer, SHERD_EVENT_GUILD_CREATE);
    }
  assert_int_equal(sherd__sim_inject(net.sim, 0, SHERD_EVENT_READY), SHERD_EUNSUPPORTED);
  assert_int_equal(sherd__sim_inject(net.sim, 0, SHERD_EVENT_RESUMED), SHERD_EUNSUPPORTED);
  end(&net, &peer);
}

static void intents_hold_for_them(void **state) {
  (void)state;
  struct net net;
  struct peer peer;
  begin(&net, &peer, 2, 0);
  EACH_TYPE(type) {
    const struct sherd__sim_event *row = sherd__sim_event_row(type);
    assert_int_equal(sherd__sim_inject(net.sim, 0, type), SHERD_OK);
    if (type == SHERD_EVENT_GUILD_DELETE)
      assert_int_equal(sherd__sim_inject(net.sim, 0, SHERD_EVENT_GUILD_CREATE), SHERD_OK);
    net_flush(&net);
    uint32_t count = peer_drain(&peer, row->name);
    if (!row->guild_intents && !count)
      fail_msg("%s did not come", row->name);
    /* What is about the bot itself comes without. */
    bool may_be_own = type == SHERD_EVENT_GUILD_MEMBER_UPDATE ||
                      type == SHERD_EVENT_THREAD_MEMBERS_UPDATE ||
                      type == SHERD_EVENT_VOICE_STATE_UPDATE;
    if (row->guild_intents && count && !may_be_own)
      fail_msg("%s came without its intent", row->name);
  }
  end(&net, &peer);
}

static bool is_unavailable(struct sherd_value guild) {
  bool truth = false;
  (void)sherd_value_as_bool(sherd_value_get(guild, "unavailable"), &truth);
  return truth;
}

/* While a guild is away, nothing is told of it; who logs in hears that it is away. */
static void an_outage_begins_and_ends(void **state) {
  (void)state;
  struct net net;
  struct peer peer, late;
  size_t count = 0;
  begin(&net, &peer, 1, SHERD_INTENTS_ALL);
  assert_int_equal(sherd__sim_inject(net.sim, 0, SHERD_EVENT_GUILD_DELETE), SHERD_OK);
  net_flush(&net);
  struct sherd_value gone = peer_expect(&peer, "GUILD_DELETE");
  assert_true(is_unavailable(gone));
  assert_int_equal(sherd_value_count(gone, &count), SHERD_OK);
  assert_int_equal(count, 2);
  assert_int_equal(sherd__sim_inject(net.sim, 0, SHERD_EVENT_GUILD_ROLE_CREATE), SHERD_ENOTFOUND);
  net_wait(&net, 5000);
  peer_login(&late, &net, 0, 1, SHERD_INTENTS_ALL, session_id);
  net_wait(&net, 100);
  assert_true(is_unavailable(peer_expect(&late, "GUILD_CREATE")));
  assert_int_equal(sherd__sim_inject(net.sim, 0, SHERD_EVENT_GUILD_CREATE), SHERD_OK);
  net_flush(&net);
  struct sherd_value back = peer_expect(&peer, "GUILD_CREATE");
  assert_false(is_unavailable(back));
  assert_true(sherd_value_exists(sherd_value_get(back, "channels")));
  assert_false(is_unavailable(peer_expect(&late, "GUILD_CREATE")));
  assert_int_equal(sherd__sim_inject(net.sim, 0, SHERD_EVENT_GUILD_ROLE_CREATE), SHERD_OK);
  peer_free(&late);
  end(&net, &peer);
}

/* The stream goes on elsewhere, and stands still when no guild is left. */
static void a_stream_leaves_out_guilds_that_are_away(void **state) {
  (void)state;
  struct sherd__sim_config config = {.seed = 5, .guilds = 4, .shards = 2, .rate = 100};
  struct net net;
  struct peer peer;
  net_open(&net, &config);
  peer_login(&peer, &net, 1, 2, SHERD_INTENTS_ALL, session_id);
  net_wait(&net, 1000);
  assert_true(peer_drain(&peer, NULL) > 50);
  for (int i = 0; i < 4; i++)
    assert_int_equal(sherd__sim_inject(net.sim, 1, SHERD_EVENT_GUILD_DELETE), SHERD_OK);
  net_flush(&net);
  (void)peer_drain(&peer, NULL);
  net_wait(&net, 10000);
  assert_int_equal(peer_drain(&peer, NULL), 0);
  assert_int_equal(sherd__sim_inject(net.sim, 1, SHERD_EVENT_GUILD_CREATE), SHERD_OK);
  net_wait(&net, 10000);
  assert_true(peer_drain(&peer, NULL) > 200);
  end(&net, &peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_type_can_be_had_in_a_fresh_world),
      cmocka_unit_test(all_types_can_be_had_again_and_again),
      cmocka_unit_test(intents_hold_for_them),
      cmocka_unit_test(an_outage_begins_and_ends),
      cmocka_unit_test(a_stream_leaves_out_guilds_that_are_away),
  };
  return cmocka_run_group_tests_name("inject", tests, NULL, NULL);
}
