/* The whole simulator without I/O: up to four clients and the HTTP API, driven by a script of bytes
 * that says what clients send, legal or not, when, and who does not read. Properties:
 *   - what a client is sent is one answer to its upgrade, then good frames, good streams, good
 *     documents with rising sequence numbers, a close code of the table, and nothing after it;
 *   - memory is bounded whoever does not read; none leaks, whichever allocation fails;
 *   - time never stands still: after its ticks nothing is due any more. */
#include <zstd.h>

#include "../tests/support/failing_alloc.h"
#include "../tests/unit/etf_of_json.h"
#include "base/mem.h"
#include "base/random.h"
#include "engine/frames.h"
#include "engine/inflate.h"
#include "fuzz.h"
#include "sim/close_codes.h"
#include "sim/gateway.h"
#include "sim/gateway_parts.h"
#include "sim/inject.h"
#include "sim/rest_api.h"

#define CLIENTS       4
#define STARTS        12 /* sessions in all */
#define REPLAY_BYTES  (64u << 10)
#define STEPS_MAX     4000
#define TICKS_MAX     64
#define VALIDATED_MAX (16u << 10)
#define MESSAGE_BYTES (64u << 20)
#define PATH_SIZE     512

/* Over the empty simulator: the journal, the rings with a guild too large for them, unread output,
 * the two message buffers. */
#define MEMORY_MAX ((size_t)48 << 20)

struct client {
  struct sherd__sim_client *it; /* NULL: not there */
  enum sherd_data_format format;
  enum sherd_compression compression;
  struct sherd__frames *frames;
  struct sherd__inflater *inflater;
  struct sherd_buf head, message;
  bool is_upgraded, is_closed; /* a close frame came */
  bool is_wild;                /* it sent what may hold a close frame, whose code is echoed */
  bool has_seq;
  uint64_t seq;
  char session_id[SHERD__SESSION_ID_SIZE];
};

struct world {
  struct sherd__test_alloc alloc;
  struct sherd__sim *sim;
  struct client clients[CLIENTS];
  struct sherd__print answer;
  uint64_t now_ms;
};

static void fill(void *ctx, void *out, size_t len) {
  (void)ctx;
  memset(out, 0, len); /* masks of zeros: what is sent is what the script says */
}

static struct sherd__random no_random;

/* --- What a client is sent --- */

static void forget(struct client *client) {
  sherd__frames_free(client->frames);
  sherd__inflater_free(client->inflater);
  sherd__buf_deinit(&client->head);
  sherd__buf_deinit(&client->message);
  struct client nobody = {0};
  memcpy(nobody.session_id, client->session_id, sizeof nobody.session_id); /* to be resumed */
  *client = nobody;
}

static void lose(struct world *world, struct client *client) {
  if (!client->it)
    return;
  sherd__sim_client_free(client->it, world->now_ms);
  forget(client);
}

static void take_ready(struct client *client, struct sherd_value data) {
  (void)sherd_value_as_str_copy(sherd_value_get(data, "session_id"), client->session_id,
                                sizeof client->session_id, NULL);
}

/* Numbers rise by one, from wherever a RESUME began. */
static void take_message(struct client *client, struct sherd_bytes message) {
  struct sherd_value envelope, name;
  uint64_t seq, op;
  /* A guild looks like the one before, and would take all the time. */
  if (message.len < VALIDATED_MAX)
    FUZZ_CHECK(sherd_value_validate(client->format, message.data, message.len, NULL) == SHERD_OK);
  FUZZ_CHECK(sherd_value_open(client->format, message.data, message.len, &envelope) == SHERD_OK);
  FUZZ_CHECK(sherd_value_as_u64(sherd_value_get(envelope, "op"), &op) == SHERD_OK);
  FUZZ_CHECK(sherd_value_exists(sherd_value_get(envelope, "d")));
  name = sherd_value_get(envelope, "t");
  FUZZ_CHECK((op == 0) == (sherd_value_type(name) == SHERD_VALUE_STRING));
  if (op)
    return;
  FUZZ_CHECK(sherd_value_as_u64(sherd_value_get(envelope, "s"), &seq) == SHERD_OK);
  bool is_ready = sherd_value_equals(name, "READY");
  FUZZ_CHECK(!is_ready || seq == 1);
  FUZZ_CHECK(is_ready || !client->has_seq || seq == client->seq + 1);
  client->has_seq = true;
  client->seq = seq;
  if (is_ready)
    take_ready(client, sherd_value_get(envelope, "d"));
}

static void take_data(struct client *client, const struct sherd__frame_part *part) {
  /* Payload compression leaves short messages plain, as text. */
  if (client->compression && !part->is_text) {
    FUZZ_CHECK(sherd__inflater_feed(client->inflater, part->data, part->is_first, part->is_last,
                                    MESSAGE_BYTES, &client->message) == SHERD_OK);
  } else {
    FUZZ_CHECK(part->is_text == (client->format == SHERD_FORMAT_JSON));
    fuzz_append(&client->message, part->data.data, part->data.len);
  }
  if (!part->is_last)
    return;
  take_message(client, sherd__buf_bytes(&client->message));
  client->message.len = 0;
}

static void take_close(struct client *client, uint16_t code) {
  client->is_closed = true;
  FUZZ_CHECK(client->is_wild || code == 1002 || code == 1003 || code == 1007 || code == 1009 ||
             code == 1011 || sherd__sim_close_text(code));
}

static void take_frames(struct client *client, struct sherd_bytes in) {
  struct sherd__frame_part part;
  FUZZ_CHECK(!client->is_closed);
  sherd__frames_input(client->frames, in);
  for (;;) {
    FUZZ_CHECK(sherd__frames_next(client->frames, &part) == SHERD_OK);
    if (part.kind == SHERD__FRAME_NONE)
      return;
    FUZZ_CHECK(!client->is_closed);
    if (part.kind == SHERD__FRAME_CLOSE)
      take_close(client, part.close_code);
    if (part.kind == SHERD__FRAME_DATA)
      take_data(client, &part);
  }
}

/* Gives what follows the answer to the upgrade, which is collected byte by byte. */
static struct sherd_bytes take_head(struct client *client, struct sherd_bytes in) {
  while (in.len && !client->is_upgraded) {
    fuzz_append(&client->head, in.data++, 1);
    in.len--;
    size_t len = client->head.len;
    client->is_upgraded = len >= 4 && memcmp(client->head.data + len - 4, "\r\n\r\n", 4) == 0;
  }
  if (client->is_upgraded)
    FUZZ_CHECK(memcmp(client->head.data, "HTTP/1.1 ", 9) == 0);
  return in;
}

/* Reads all there is; one that was let go is gone then. */
static void read_all(struct world *world, struct client *client) {
  struct sherd_buf out;
  sherd__buf_init(&out, &world->alloc.allocator);
  for (;;) {
    sherd__sim_client_take(client->it, &out);
    struct sherd_bytes in = take_head(client, sherd__buf_bytes(&out));
    bool is_websocket = client->head.len > 9 && memcmp(client->head.data + 9, "101", 3) == 0;
    if (in.len && is_websocket)
      take_frames(client, in);
    if (out.len == 0)
      break;
    sherd__buf_deinit(&out);
  }
  sherd__buf_deinit(&out);
  if (sherd__sim_client_state(client->it) > SHERD__SIM_OPEN)
    lose(world, client);
}

/* --- What the script does --- */

static void tick(struct world *world, uint64_t ms, unsigned readers) {
  struct sherd__sim_client *ready;
  world->now_ms += ms;
  for (int i = 0; sherd__sim_deadline(world->sim) <= world->now_ms; i++) {
    FUZZ_CHECK(i < TICKS_MAX);
    sherd__sim_tick(world->sim, world->now_ms);
    while ((ready = sherd__sim_next_ready(world->sim))) {
      struct client *client = sherd__sim_client_user(ready);
      if (readers & 1u << (client - world->clients))
        read_all(world, client);
    }
  }
}

static void open_client(struct world *world, struct client *client, uint8_t how) {
  static const struct {
    const char *query;
    enum sherd_data_format format;
    enum sherd_compression compression;
  } rows[] = {
      /* where IDENTIFY may ask for payload compression */
      {"v=10", SHERD_FORMAT_JSON, SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM},
      {"v=10&encoding=etf", SHERD_FORMAT_ETF, SHERD_COMPRESSION_NONE},
      {"v=10&compress=zlib-stream", SHERD_FORMAT_JSON, SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM},
      {"v=10&compress=zstd-stream", SHERD_FORMAT_JSON, SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM},
      {"v=10&encoding=etf&compress=zlib-stream", SHERD_FORMAT_ETF,
       SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM},
      {"v=10&encoding=etf&compress=zstd-stream", SHERD_FORMAT_ETF,
       SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM},
      {"v=10&encoding=json", SHERD_FORMAT_JSON, SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM},
      {"v=7", SHERD_FORMAT_JSON, SHERD_COMPRESSION_NONE},
      {"", SHERD_FORMAT_JSON, SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM}, /* its request is raw */
  };
  size_t at = how % (sizeof rows / sizeof *rows);
  char request[512];
  lose(world, client);
  client->format = rows[at].format;
  client->compression = rows[at].compression;
  sherd__buf_init(&client->head, sherd_allocator_default());
  sherd__buf_init(&client->message, sherd_allocator_default());
  FUZZ_CHECK(sherd__frames_new(sherd_allocator_default(), SHERD__FRAMES_CLIENT, &no_random,
                               MESSAGE_BYTES, &client->frames) == SHERD_OK);
  if (client->compression)
    FUZZ_CHECK(sherd__inflater_new(sherd_allocator_default(), client->compression,
                                   &client->inflater) == SHERD_OK);
  if (sherd__sim_client_new(world->sim, client, world->now_ms, &client->it)) {
    forget(client);
    return;
  }
  if (!*rows[at].query)
    return;
  int len = snprintf(request, sizeof request,
                     "GET /?%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade"
                     "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                     "Sec-WebSocket-Version: 13\r\n\r\n",
                     rows[at].query, how & 0x80 ? "localhost" : "127.0.0.1");
  sherd__sim_client_feed(client->it, (struct sherd_bytes){(const uint8_t *)request, (size_t)len},
                         world->now_ms);
}

static void feed(struct world *world, struct client *client, struct sherd_bytes bytes,
                 uint8_t how) {
  struct fuzz_cuts cuts = fuzz_cuts_from(how);
  while (bytes.len) {
    struct sherd_bytes piece = fuzz_piece(&cuts, &bytes);
    sherd__sim_client_feed(client->it, piece, world->now_ms);
    fuzz_piece_free(piece);
  }
}

static void send_frame(struct world *world, struct client *client, enum sherd__frames_opcode opcode,
                       struct sherd_bytes payload, uint8_t how) {
  struct sherd_buf frame;
  sherd__buf_init(&frame, sherd_allocator_default());
  if (sherd__frames_write(client->frames, opcode, payload, &frame) == SHERD_OK)
    feed(world, client, sherd__buf_bytes(&frame), how);
  sherd__buf_deinit(&frame);
}

/* A message that is mostly good, in the client's format. */
static void say(struct world *world, struct client *client, struct sherd_bytes *script) {
  static const char *const messages[] = {
      "{'op':2,'d':{'token':'sherd-sim-token','properties':{},'intents':53608447}}",
      ("{'op':2,'d':{'token':'sherd-sim-token','properties':{},'intents':1,'compress':true,"
       "'shard':[%n,2],'large_threshold':250}}"),
      "{'op':2,'d':{'token':'x','properties':{},'intents':1}}",
      "{'op':6,'d':{'token':'sherd-sim-token','session_id':'%s','seq':%n}}",
      "{'op':1,'d':%n}",
      "{'op':1,'d':null}",
      "{'op':3,'d':{'status':'idle','since':1.5,'afk':false,'activities':[]}}",
      "{'op':4,'d':{'guild_id':'%g','channel_id':'%g','self_mute':true,'self_deaf':false}}",
      "{'op':4,'d':{'guild_id':'%g','channel_id':null}}",
      "{'op':8,'d':{'guild_id':'%g','query':'','limit':0,'nonce':'n','presences':true}}",
      "{'op':8,'d':{'guild_id':'%g','query':'a','limit':%n}}",
      "{'op':8,'d':{'guild_id':'%g','user_ids':['%g',%n]}}",
      "{'op':31,'d':{'guild_ids':['%g','%n']}}",
      "{'op':43,'d':{'guild_id':'%g','fields':['status','voice_start_time']}}",
      "{'op':%n,'d':{}}",
  };
  const struct sherd__world *made = &world->sim->world;
  const char *at = messages[fuzz_byte(script) % (sizeof messages / sizeof *messages)];
  char text[512];
  size_t len = 0;
  for (; *at && len < sizeof text - 64; at++) {
    if (*at != '%') {
      text[len++] = *at == '\'' ? '"' : *at;
      continue;
    }
    uint64_t guild_id = made->guilds.count ? made->guilds.items[0].id : 1;
    at++;
    if (*at == 'n')
      len += (size_t)sprintf(text + len, "%u", fuzz_byte(script));
    else if (*at == 'g')
      len += (size_t)sprintf(text + len, "%ju",
                             (uintmax_t)(guild_id + (fuzz_byte(script) & 0xFEu ? 0 : 1)));
    else
      len +=
          (size_t)sprintf(text + len, "%s", world->clients[fuzz_byte(script) % CLIENTS].session_id);
  }
  text[len] = '\0';
  struct sherd_buf term;
  sherd__buf_init(&term, sherd_allocator_default());
  struct sherd_bytes message = {(const uint8_t *)text, len};
  if (client->format == SHERD_FORMAT_ETF) {
    struct sherd_value value;
    FUZZ_CHECK(sherd_value_open(SHERD_FORMAT_JSON, text, len, &value) == SHERD_OK);
    FUZZ_CHECK(sherd__etf_put_version(&term) == SHERD_OK);
    etf_of_json(value, KEYS_BINARY, &term);
    message = sherd__buf_bytes(&term);
  }
  send_frame(world, client, SHERD__FRAMES_BINARY, message, fuzz_byte(script) & 3);
  sherd__buf_deinit(&term);
}

static const char *query(void *ctx, const char *name) {
  bool is_known =
      strcmp(name, "limit") == 0 || strcmp(name, "since") == 0 || strcmp(name, "d") == 0;
  return is_known ? ctx : NULL;
}

/* There is always one to write in. */
static uint64_t text_channel(const struct sherd__guild *guild) {
  uint32_t i = 0;
  while (guild->channels.items[i].type != SHERD__CHANNEL_TEXT)
    i++;
  return guild->channels.items[i].id;
}

/* What a letter behind a $ stands for in a path: the id of something that is there; else 1. */
static uint64_t id_of(const struct sherd__sim *sim, char letter) {
  const struct sherd__guild *guild = sim->world.guilds.count ? sim->world.guilds.items : NULL;
  switch (letter) {
  case 'g':
    return guild ? guild->id : 1;
  case 'c':
    return guild ? text_channel(guild) : 1;
  case 'r':
    return guild ? guild->roles.items[guild->roles.count - 1].id : 1;
  case 'm':
    return sim->messages.count ? sim->messages.items[sim->messages.count - 1].id : 1;
  case 'a':
    return sim->world.application_id;
  default:
    return 1;
  }
}

/* `form` is a path without the slash at its beginning. */
static void expand_path(const struct sherd__sim *sim, struct sherd_bytes form,
                        char out[PATH_SIZE]) {
  size_t len = 0;
  out[len++] = '/';
  for (size_t i = 0; i < form.len && len < PATH_SIZE - 24; i++) {
    if (form.data[i] == '$' && i + 1 < form.len)
      len += (size_t)sprintf(out + len, "%ju", (uintmax_t)id_of(sim, (char)form.data[++i]));
    else if (form.data[i]) /* what comes through HTTP has no NUL */
      out[len++] = (char)form.data[i];
  }
  out[len] = '\0';
}

/* A request to the HTTP API. */
static void ask(struct world *world, uint8_t how, struct sherd_bytes *script) {
  static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  static const char *const paths[] = {
      "/api/v10/gateway",
      "/api/v10/gateway/bot",
      "/api/v10/users/@me",
      "/api/v10/channels/$c/messages",
      "/api/v10/guilds/$g",
      "/api/v10/applications/$a/commands",
      "/sim/events",
      "/sim/ledger",
      "/sim/sessions",
      "/sim/drop",
      "/sim/reset",
      "/sim/world",
      "/sim/stats",
      "/sim/rest",
      "/api/v10/channels/$c/messages/$m",
      "/api/v10/channels/$c/messages/$m/reactions/x/@me",
      "/api/v10/interactions/1/token/callback",
      "/api/v10/webhooks/$a/token",
      "/api/v10/webhooks/$a/token/messages/@original",
      "/api/v10/users/@me/channels",
      "/api/v10/guilds/$g/members/@me/roles/$r",
  };
  char path[PATH_SIZE], limit[4];
  const char *method = methods[fuzz_byte(script) % (sizeof methods / sizeof *methods)];
  uint8_t which = fuzz_byte(script);
  const char *known = paths[which % (sizeof paths / sizeof *paths)] + 1;
  struct sherd_bytes form = {(const uint8_t *)known, strlen(known)};
  if (which & 0x80)
    form = fuzz_take(script, which & 0x7F);
  expand_path(world->sim, form, path);
  snprintf(limit, sizeof limit, "%u", fuzz_byte(script));
  struct sherd__rest_request request = {
      .method = method,
      .path = path,
      .authorization = "Bot sherd-sim-token",
      .host = "127.0.0.1:80",
      .content_type = how & 1 ? "multipart/form-data; boundary=x" : "application/json",
      .body = fuzz_take(script, fuzz_byte(script)),
      .query = query,
      .query_ctx = limit,
  };
  struct sherd__rest_answer answer = {.body = &world->answer};
  sherd__rest_answer(world->sim, &request, world->now_ms, &answer);
  FUZZ_CHECK(answer.status >= 200 && answer.status < 600);
  sherd__rest_note(world->sim, &request, answer.status);
}

static void step(struct world *world, struct sherd_bytes *script) {
  static const uint32_t pauses_ms[] = {0, 1, 20, 1000, 5000, 41250, 61875, 200000};
  static const enum sherd__frames_opcode opcodes[] = {SHERD__FRAMES_TEXT, SHERD__FRAMES_BINARY,
                                                      SHERD__FRAMES_PING, SHERD__FRAMES_PONG,
                                                      SHERD__FRAMES_CLOSE};
  uint8_t what = fuzz_byte(script);
  struct client *client = &world->clients[what >> 4 & (CLIENTS - 1)];
  uint8_t how = fuzz_byte(script);
  switch (what & 0xF) {
  case 0:
    open_client(world, client, how);
    break;
  case 1:
    lose(world, client);
    break;
  case 2: /* raw bytes */
    if (client->it) {
      client->is_wild = true;
      feed(world, client, fuzz_take(script, how), fuzz_byte(script));
    }
    break;
  case 3: /* a frame */
    if (client->it) {
      enum sherd__frames_opcode opcode = opcodes[how % 5];
      client->is_wild |= opcode == SHERD__FRAMES_CLOSE;
      send_frame(world, client, opcode, fuzz_take(script, fuzz_byte(script)), how >> 4);
    }
    break;
  case 4: /* time, with some who do not read */
    tick(world, pauses_ms[how % 8], how >> 4);
    break;
  case 5:
    (void)sherd__sim_inject(world->sim, 0, SHERD_EVENT_READY + how % 79);
    break;
  case 6:
    ask(world, how, script);
    break;
  case 7:
    if (client->it)
      read_all(world, client);
    break;
  default:
    if (client->it)
      say(world, client, script);
  }
}

static struct sherd__sim_config config_from(struct world *world, struct sherd_bytes *script) {
  uint8_t kind = fuzz_byte(script), more = fuzz_byte(script);
  return (struct sherd__sim_config){
      .allocator = &world->alloc.allocator,
      .seed = 7,
      .shards = 1 + (kind & 1),
      .guilds = kind >> 1 & 3,
      .rate = kind & 8 ? 5 : 0,
      .max_events = kind & 16 ? 20 : 0,
      .drop_after = kind & 32 ? 9 : 0,
      .etf_integers = kind & 64,
      .strict_resume_url = kind & 128,
      .session_age_ms = more & 1 ? 100000 : 0,
      .max_concurrency = more & 2 ? 16 : 1,
      .disallowed_intents = more & 4 ? 1u << 1 : 0,
      .starts_a_day = STARTS,
      .replay_events = 16,
      .replay_bytes = REPLAY_BYTES,
  };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes script = {data, size};
  struct world world = {0};
  sherd__random_init(&no_random, fill, NULL);
  sherd__test_alloc_init(&world.alloc, fuzz_number(&script, 2));
  sherd__print_init(&world.answer, sherd_allocator_default());
  struct sherd__sim_config config = config_from(&world, &script);
  if (sherd__sim_new(&config, 0, &world.sim) == SHERD_OK) {
    size_t empty_bytes = world.alloc.live_bytes;
    for (int i = 0; i < STEPS_MAX && script.len; i++) {
      step(&world, &script);
      FUZZ_CHECK(world.alloc.live_bytes < empty_bytes + MEMORY_MAX);
    }
    for (size_t i = 0; i < CLIENTS; i++)
      if (world.clients[i].it)
        read_all(&world, &world.clients[i]);
    for (size_t i = 0; i < CLIENTS; i++)
      lose(&world, &world.clients[i]);
    sherd__sim_free(world.sim);
  }
  sherd__print_deinit(&world.answer);
  FUZZ_CHECK(world.alloc.live == 0);
  return 0;
}
