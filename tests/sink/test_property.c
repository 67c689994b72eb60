/* Random offers, consumers and ends of the process, against a model that is told what each consumer
 * wants and knows nothing of streams and cursors:
 *
 *   - each consumer is shown, in order, exactly what it wants and has not taken before; what it
 *     misses by its policy is told to it, to the event, at the place where it is missing;
 *   - nothing that was taken is shown again, in this process or the next;
 *   - a consumer that blocks misses nothing of a session that goes on, whatever ends;
 *   - memory stays within the bound, the fleet being held in time.
 *
 * SHERD_WORLDS says how many worlds; each is the work of its number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sherd/alloc.h>

#include "event.h"
#include "sink/relay.h"

#define SHARDS       4
#define CONSUMERS    5
#define GUILDS       3
#define EVENTS_MAX   40000
#define SESSIONS_MAX 4000
#define SEQS_MAX     4000
#define STEPS        4000
#define READ_EVENTS  4 /* one read of a loop thread: so many come though the fleet is held */
#define BODY_MAX     60000

static const enum sherd_event_type types[] = {SHERD_EVENT_MESSAGE_CREATE, SHERD_EVENT_TYPING_START,
                                              SHERD_EVENT_PRESENCE_UPDATE};

struct happening {
  uint32_t shard, session; /* a session's number in the world */
  uint64_t seq;            /* 0: none */
  unsigned type;           /* index in types; 3: READY; 4: SESSION_LOST */
  unsigned guild;          /* from 1; 0: none */
  bool is_shadow;
};

struct client {
  const char *name;
  enum sherd__consumer_policy policy;
  uint32_t queue_bytes;
  unsigned types; /* bits; 0: all */
  unsigned guild; /* 0: all */
  bool is_known;  /* to this process */
  struct sherd__consumer *consumer;
  uint64_t given, taken, shown, acked; /* as the model has it: n */
  uint64_t carried;                    /* missed before its last connection, and not told of yet */
  struct {
    uint32_t session;
    uint64_t seq;
  } marks[SHARDS], old[SHARDS]; /* taken now, and at the process's start */
  uint64_t began[SHARDS];       /* what came up to there was before its time */
  uint32_t began_session[SHARDS];
};

static struct world {
  uint32_t dice;
  struct sherd_store *store;
  struct sherd__relay relay;
  bool is_held;
  unsigned read_left;
  unsigned wakes, holds, restarts, drops, shown;
  struct happening events[EVENTS_MAX];
  uint32_t count; /* of this process */
  uint32_t sessions;
  struct {
    uint32_t session; /* 0: none */
    uint64_t ready, seq;
    struct happening log[SEQS_MAX]; /* by seq */
  } shards[SHARDS];
  struct client clients[CONSUMERS];
  uint8_t seen[CONSUMERS][SHARDS][SEQS_MAX]; /* of the present session */
} world;

static uint32_t roll(uint32_t sides) {
  world.dice = world.dice * UINT32_C(1664525) + UINT32_C(1013904223);
  return (uint32_t)((uint64_t)(world.dice >> 4) * sides >> 28);
}

static void hold(void *ctx, bool held) {
  (void)ctx;
  assert_true(held != world.is_held);
  world.is_held = held;
  world.holds += held;
  world.read_left = READ_EVENTS;
}

static struct sherd_store *store_of(void *ctx, uint32_t set) {
  (void)ctx;
  return set == 0 ? world.store : NULL;
}

static void wake(void *ctx) {
  (void)ctx;
  world.wakes++;
}

/* --- The gateway --- */

static const char *session_name(uint32_t session) {
  static char name[32];
  (void)snprintf(name, sizeof name, "session-%u", session);
  return name;
}

/* The biggest line is far beyond the scratch, the smallest one short. */
static const char *body(const struct happening *what) {
  static char text[BODY_MAX + 100];
  size_t len = roll(8) ? roll(600) : roll(BODY_MAX);
  char *at = text + (what->guild ? snprintf(text, 64, "{\"guild_id\":\"%u\",\"x\":\"", what->guild)
                                 : snprintf(text, 64, "{\"x\":\""));
  memset(at, 'x', len);
  memcpy(at + len, "\"}", 3);
  return text;
}

static uint64_t memory_max(void) {
  uint64_t most = world.relay.config.queue_bytes;
  for (unsigned i = 0; i < CONSUMERS; i++) {
    const struct client *client = &world.clients[i];
    if (!client->consumer)
      continue;
    uint64_t bound = client->consumer->queue_bytes;
    if (client->consumer->policy != SHERD__POLICY_BLOCK)
      bound += SHERD__RELAY_SLACK_BYTES;
    most = bound > most ? bound : most;
  }
  return most + 2 * (SHERD__BLOCK_BYTES + sizeof(struct sherd__block)) +
         (READ_EVENTS + 1) * (BODY_MAX + 1000);
}

static void offer(const struct happening *what) {
  struct test_event event;
  if (what->type == 4)
    test_lost(&event, what->shard);
  else if (what->type == 3)
    test_ready(&event, what->shard, session_name(what->session), what->seq);
  else
    test_dispatch(&event, types[what->type], what->shard, session_name(what->session), what->seq,
                  body(what));
  event.fleet.is_shadow = what->is_shadow;
  assert_true(world.count + 1 < EVENTS_MAX);
  world.events[++world.count] = *what;
  sherd__relay_offer(&world.relay, &event.fleet);
  assert_true(world.relay.stream.n == world.count);
  assert_true(world.relay.stream.memory_bytes <= memory_max());
}

static void say(struct happening *what) {
  what->session = world.shards[what->shard].session;
  what->seq = ++world.shards[what->shard].seq;
  assert_true(what->seq < SEQS_MAX);
  world.shards[what->shard].log[what->seq] = *what;
  offer(what);
}

static void begin_session(uint32_t shard) {
  struct happening ready = {.shard = shard, .type = 3};
  if (world.shards[shard].session && roll(2)) {
    struct happening lost = {.shard = shard, .type = 4};
    offer(&lost);
  }
  world.shards[shard].session = ++world.sessions;
  world.shards[shard].ready = 1;
  world.shards[shard].seq = 0;
  for (unsigned i = 0; i < CONSUMERS; i++)
    memset(world.seen[i][shard], 0, sizeof world.seen[i][shard]);
  say(&ready);
}

static void something_happens(void) {
  struct happening what = {.shard = roll(SHARDS),
                           .type = roll(3),
                           .guild = roll(GUILDS + 1),
                           .is_shadow = roll(20) == 0};
  if (world.is_held && world.read_left-- == 0) {
    world.read_left = 0;
    return;
  }
  if (!world.shards[what.shard].session || roll(300) == 0)
    begin_session(what.shard);
  else
    say(&what);
}

/* --- What a consumer should see --- */

static bool is_in_filter(const struct client *client, const struct happening *what) {
  if (client->types && (what->type > 2 || !(client->types >> what->type & 1)))
    return false;
  return !client->guild || what->type == 4 || what->guild == client->guild;
}

static bool is_due(const struct client *client, const struct happening *what) {
  if (what->is_shadow)
    return false;
  if (what->seq && client->old[what->shard].session == what->session &&
      what->seq <= client->old[what->shard].seq)
    return false;
  return is_in_filter(client, what);
}

static void model_takes(struct client *client, uint64_t until) {
  for (; client->taken < until; client->taken++) {
    const struct happening *what = &world.events[client->taken + 1];
    if (!what->seq)
      continue;
    client->marks[what->shard].session = what->session;
    client->marks[what->shard].seq = what->seq;
  }
}

static uint64_t count_due(const struct client *client, uint64_t from, uint64_t before) {
  uint64_t count = 0;
  for (uint64_t n = from + 1; n < before; n++)
    count += is_due(client, &world.events[n]);
  return count;
}

static void see(struct client *client) {
  struct sherd__cursor *cursor = &client->consumer->cursor;
  const struct sherd__record *record = sherd__relay_give(&world.relay, client->consumer);
  uint64_t until = record ? record->n : world.relay.end.n + 1;
  assert_int_equal(client->carried + count_due(client, client->given, until),
                   cursor->missed_events);
  client->carried = 0;
  if (client->policy == SHERD__POLICY_BLOCK)
    assert_int_equal(cursor->missed_events, 0);
  cursor->missed_events = cursor->missed_bytes = 0;
  client->given = until - 1;
  if (!record) {
    if (client->taken >= client->shown)
      model_takes(client, client->given);
    return;
  }
  const struct happening *what = &world.events[record->n];
  assert_true(is_due(client, what));
  if (what->seq && client->marks[what->shard].session == what->session)
    assert_true(what->seq > client->marks[what->shard].seq);
  if (what->seq && what->session == world.shards[what->shard].session)
    world.seen[client - world.clients][what->shard][what->seq] = 1;
  client->given = client->shown = record->n;
  world.shown++;
}

static void acknowledge(struct client *client, uint64_t n) {
  assert_int_equal(sherd__relay_ack(&world.relay, client->consumer, n), SHERD_OK);
  client->acked = n > client->acked ? n : client->acked;
  model_takes(client, n == client->shown ? client->given : n);
}

/* Before it is absent: what is on its way comes again. */
static void forget_given(struct client *client) {
  const struct sherd__cursor *cursor = &client->consumer->cursor;
  client->carried += count_due(client, client->given, cursor->given.n + 1);
  assert_int_equal(client->carried, cursor->missed_events);
  client->given = client->taken;
  client->shown = client->acked;
}

/* --- What consumers do --- */

static void connect_client(struct client *client) {
  struct sherd__consumer *consumer = sherd__relay_find(&world.relay, client->name);
  if (!consumer) {
    assert_int_equal(sherd__relay_add(&world.relay, client->name, &consumer), SHERD_OK);
    client->given = client->taken = world.count;
    for (unsigned i = 0; i < SHARDS; i++) {
      /* It begins with what comes now. */
      client->marks[i].session = client->began_session[i] = world.shards[i].session;
      client->marks[i].seq = client->began[i] = world.shards[i].seq;
      client->old[i] = client->marks[i];
    }
  }
  client->consumer = consumer;
  client->is_known = true;
  consumer->id = 1 + (uint64_t)(client - world.clients);
  consumer->policy = client->policy;
  consumer->queue_bytes = client->queue_bytes;
  consumer->has_acks = true;
  struct sherd__filter *filter = &consumer->cursor.filter;
  sherd__filter_deinit(filter);
  filter->allocator = sherd_allocator_default();
  filter->has_types = client->types;
  for (unsigned i = 0; i < 3; i++)
    if (client->types >> i & 1)
      filter->types[types[i] / 64] |= UINT64_C(1) << types[i] % 64;
  if (client->guild) {
    char text[32];
    struct sherd_value list;
    size_t len = (size_t)snprintf(text, sizeof text, "[\"99\",\"%u\"]", client->guild);
    assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, text, len, &list), SHERD_OK);
    assert_int_equal(sherd__filter_set_guilds(filter, list), SHERD_OK);
  }
}

static void look(void) {
  uint64_t dropped[CONSUMERS] = {0};
  for (unsigned i = 0; i < CONSUMERS; i++)
    if (world.clients[i].is_known)
      dropped[i] = world.clients[i].consumer->cursor.dropped;
  sherd__relay_look(&world.relay);
  sherd__relay_keep_bounds(&world.relay);
  for (unsigned i = 0; i < CONSUMERS; i++) {
    struct client *client = &world.clients[i];
    if (!client->is_known)
      continue;
    /* Where it was moved on to is the stream's affair; what it missed is checked when it sees. */
    const struct sherd__cursor *cursor = &client->consumer->cursor;
    if (cursor->acked_n > client->taken && client->policy != SHERD__POLICY_BLOCK) {
      model_takes(client, cursor->taken.n);
      client->acked = cursor->acked_n;
      if (client->shown < client->acked)
        client->shown = client->acked;
    }
    world.drops += cursor->dropped > dropped[i];
    if (client->consumer->is_over) {
      forget_given(client);
      sherd__relay_absent(&world.relay, client->consumer);
    }
  }
}

static void client_acts(struct client *client) {
  if (!client->is_known)
    return;
  bool is_here = client->consumer->id;
  switch (roll(16)) {
  case 0:
    if (is_here) {
      forget_given(client);
      sherd__relay_absent(&world.relay, client->consumer);
    } else {
      connect_client(client);
    }
    break;
  case 1:
    if (is_here)
      acknowledge(client, client->shown);
    break;
  case 2:
  case 3:
    if (is_here && client->shown > client->taken)
      acknowledge(client, client->taken + roll((uint32_t)(client->shown - client->taken) + 1));
    break;
  default:
    for (uint32_t i = roll(40); is_here && i > 0; i--)
      see(client);
    if (roll(3) && is_here)
      acknowledge(client, client->shown);
    break;
  }
}

static void settle(void) {
  sherd__relay_settle(&world.relay);
  (void)sherd__relay_sleep(&world.relay);
  assert_true(world.relay.stream.memory_bytes <= memory_max());
}

/* --- The process --- */

static void start_process(void) {
  struct sherd__relay_config config = {.allocator = sherd_allocator_default(),
                                       .queue_bytes = 300000,
                                       .hold = hold,
                                       .store = store_of,
                                       .wake = wake};
  assert_int_equal(sherd__relay_init(&world.relay, &config), SHERD_OK);
  world.is_held = false;
  world.count = 0;
  for (unsigned i = 0; i < CONSUMERS; i++) {
    struct client *client = &world.clients[i];
    client->is_known = false;
    client->consumer = NULL;
    client->given = client->taken = client->shown = client->acked = client->carried = 0;
    memcpy(client->old, client->marks, sizeof client->old);
  }
}

/* Those that the store has are there, absent, and have the marks that the model knows of. */
static void check_stored(void) {
  for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    const char *name = sherd_store_consumer_name(world.store, i);
    if (!name)
      continue;
    struct client *client = world.clients;
    while (strcmp(client->name, name) != 0)
      client++;
    client->consumer = sherd__relay_find(&world.relay, name);
    assert_non_null(client->consumer);
    client->is_known = true;
  }
}

static void resume(uint32_t shard) {
  struct sherd_session session;
  enum sherd_status status = sherd_store_load(world.store, shard, &session);
  if (!world.shards[shard].session)
    return;
  if (status || strcmp(session.id, session_name(world.shards[shard].session)) != 0) {
    begin_session(shard); /* as for the store's own, which is the session before */
    return;
  }
  uint64_t lowest = world.shards[shard].seq;
  for (unsigned i = 0; i < CONSUMERS; i++) {
    const struct client *client = &world.clients[i];
    if (client->is_known && client->old[shard].seq < lowest)
      lowest = client->old[shard].seq;
  }
  assert_int_equal(session.seq, lowest);
  for (uint64_t seq = session.seq + 1; seq <= world.shards[shard].seq; seq++) {
    offer(&world.shards[shard].log[seq]);
    look();
    settle();
  }
}

static void drain(void);

/* Killed at any moment: what the store has is all that is left. */
static void restart(void) {
  sherd__relay_deinit(&world.relay);
  start_process();
  world.restarts++;
  sherd__relay_meet(&world.relay, 1);
  check_stored();
  /* What is due again fits: the fleet would be held otherwise, and this test has none. */
  for (unsigned i = 0; i < CONSUMERS; i++)
    if (world.clients[i].is_known)
      connect_client(&world.clients[i]);
  for (uint32_t shard = 0; shard < SHARDS; shard++) {
    resume(shard);
    drain();
  }
}

static void drain(void) {
  look();
  for (unsigned i = 0; i < CONSUMERS; i++) {
    struct client *client = &world.clients[i];
    if (!client->is_known)
      continue;
    if (!client->consumer->id)
      connect_client(client);
    while (client->given < world.relay.end.n)
      see(client);
    acknowledge(client, client->shown);
  }
  settle();
  assert_false(world.is_held);
}

/* Whoever blocks has seen all that it wanted of the sessions that are there. */
static void check_ledger(void) {
  for (unsigned i = 0; i < CONSUMERS; i++) {
    const struct client *client = &world.clients[i];
    if (!client->is_known || client->policy != SHERD__POLICY_BLOCK)
      continue;
    for (unsigned shard = 0; shard < SHARDS; shard++) {
      uint32_t session = world.shards[shard].session;
      uint64_t from = client->began_session[shard] == session ? client->began[shard] : 0;
      for (uint64_t seq = from + 1; session && seq <= world.shards[shard].seq; seq++) {
        const struct happening *what = &world.shards[shard].log[seq];
        if (!what->is_shadow && is_in_filter(client, what))
          assert_int_equal(world.seen[i][shard][seq], 1);
      }
    }
  }
}

static void play(uint32_t seed) {
  static const char *const names[CONSUMERS] = {"stdout", "worker", "audit", "cache", "late"};
  memset(&world, 0, sizeof world);
  world.dice = seed * UINT32_C(2654435761) + 1;
  assert_int_equal(sherd_store_memory_new(NULL, 8, &world.store), SHERD_OK);
  for (unsigned i = 0; i < CONSUMERS; i++) {
    struct client *client = &world.clients[i];
    client->name = names[i];
    client->policy = i == 0 ? SHERD__POLICY_BLOCK : (enum sherd__consumer_policy)roll(3);
    client->queue_bytes = 100000 + roll(1500000);
    client->types = i && roll(2) ? 1 + roll(7) : 0;
    client->guild = i && roll(3) == 0 ? 1 + roll(GUILDS) : 0;
  }
  start_process();
  connect_client(&world.clients[0]);
  for (unsigned step = 0; step < STEPS && world.count < EVENTS_MAX - 3000; step++) {
    /* Now and then the hub's thread has no turn for long. */
    for (uint32_t i = roll(100) ? roll(12) : 400; i > 0; i--)
      something_happens();
    struct client *client = &world.clients[roll(CONSUMERS)];
    if (roll(3) == 0)
      look();
    if (!client->is_known && roll(50) == 0 && world.relay.set_count)
      connect_client(client);
    client_acts(client);
    if (roll(3) == 0)
      settle();
    if (roll(400) == 0)
      restart();
  }
  drain();
  check_ledger();
  sherd__relay_deinit(&world.relay);
  sherd_store_free(world.store);
}

static void worlds_hold_what_is_promised(void **state) {
  const char *text = getenv("SHERD_WORLDS");
  uint32_t count = text ? (uint32_t)strtoul(text, NULL, 10) : 40;
  unsigned restarts = 0, drops = 0, holds = 0, shown = 0;
  (void)state;
  for (uint32_t seed = 1; seed <= count; seed++) {
    play(seed);
    restarts += world.restarts;
    drops += world.drops;
    holds += world.holds;
    shown += world.shown;
  }
  print_message("%u worlds: %u lines shown, %u restarts, %u drops, %u holds\n", count, shown,
                restarts, drops, holds);
  assert_true(restarts > count && drops > count && holds > count && shown > 1000 * count);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(worlds_hold_what_is_promised)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
