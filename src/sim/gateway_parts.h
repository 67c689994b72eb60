/* What the files of the gateway share, and nobody else sees. */
#ifndef SHERD_SIM_GATEWAY_PARTS_H
#define SHERD_SIM_GATEWAY_PARTS_H

#include <sherd/config.h>
#include <sherd/value.h>

#include "engine/frames.h"
#include "engine/opcode.h"
#include "sim/close_codes.h"
#include "sim/control_journal.h"
#include "sim/deflate.h"
#include "sim/dice.h"
#include "sim/entities.h"
#include "sim/faults.h"
#include "sim/gateway.h"
#include "sim/limits.h"
#include "sim/print.h"
#include "sim/rest_items.h"
#include "sim/ring.h"
#include "sim/stream.h"
#include "sim/world.h"

#define SHERD__SESSION_ID_SIZE 33 /* 32 hexadecimal digits */
#define SHERD__SIM_URL_SIZE    320

/* More than this unsent makes a stream wait for its reader. */
#define SHERD__SIM_LAG_BYTES (4u << 20)

/* A connection may take this long to ask for something. */
#define SHERD__SIM_HEAD_MS 30000

/* A connection's output is filled up to this from its session's ring. */
#define SHERD__SIM_OUT_BYTES (256u << 10)

struct sherd__sim_session {
  struct sherd__sim *sim;
  struct sherd__sim_session *next;         /* of all */
  struct sherd__sim_session *next_in_lane; /* of those on a lane, or on none */
  struct sherd__sim_client *client;        /* NULL: its connection is gone */
  char id[SHERD__SESSION_ID_SIZE];
  uint32_t shard_id, shard_count;
  uint64_t intents;
  uint32_t large_threshold;
  bool is_at_resume_host; /* it is to be resumed there, not where new ones begin */
  struct sherd__ring ring;
  uint64_t sent_seq;   /* the last one written to the connection */
  size_t unsent_bytes; /* of `d`, after sent_seq */
  uint32_t next_guild; /* index into the world's guilds: GUILD_CREATE was sent for those before */
  uint64_t guild_ms;   /* when the next GUILD_CREATE is due */
  uint64_t expires_ms; /* when it dies; UINT64_MAX while it has a connection */
  uint64_t ages_ms;    /* when it is too old, connected or not; UINT64_MAX: never */
  uint64_t streamed;   /* events of the stream that it was given */
};

/* One shard's stream, and those who listen. */
struct sherd__sim_lane {
  struct sherd__lane stream;
  struct sherd__sim_session *sessions;
  uint64_t since_ms; /* when it began to run; its n-th event is due n / rate seconds later */
  uint64_t done;     /* events since then */
  bool is_running;
  bool was_dropped; /* drop_after has struck */
};

struct sherd__sim_client {
  struct sherd__sim *sim;
  void *user;
  struct sherd__sim_client *next, *previous; /* of all */
  struct sherd__sim_client *next_ready;
  bool is_ready; /* in the list of those */
  enum sherd__sim_client_state state;
  struct sherd_buf head;
  struct sherd_buf out;
  struct sherd_buf message; /* one that came in pieces */
  struct sherd__frames *frames;
  struct sherd__deflater *deflater; /* NULL: no compression */
  enum sherd_compression compression;
  uint8_t version; /* 10, or 9, which Discord still takes */
  enum sherd_data_format format;
  bool is_resume_host; /* it came through the host of resume_gateway_url */
  char *url;           /* on a public listener: what it came through; NULL: not known */
  struct sherd__sim_session *session;
  uint64_t beat_ms;  /* the last heartbeat, or HELLO, or when it came */
  uint64_t hello_ms; /* when HELLO, held back, is due; 0: it was sent */
  bool is_reset;     /* CUT, and with a reset */
  struct sherd__send_log sends;
};

struct sherd__sim {
  struct sherd__sim_config config; /* with the defaults filled in */
  const struct sherd_allocator *allocator;
  char *token;
  char resume_host[SHERD__SIM_URL_SIZE];
  uint16_t resume_port; /* if it is this that tells; 0: the host does */
  char url[SHERD__SIM_URL_SIZE], resume_url[SHERD__SIM_URL_SIZE];
  struct sherd__world world;
  struct sherd__sim_lane *lanes;     /* config.shards of them */
  struct sherd__sim_session *strays; /* sessions of another shard count: they hear every lane */
  struct sherd__sim_session *sessions;
  struct sherd__sim_client *clients;
  struct sherd__sim_client *ready_first, *ready_last;
  struct sherd__start_limits starts;
  struct sherd__dice dice;         /* session ids, voice sessions */
  struct sherd__dice control_dice; /* events on demand */
  struct sherd__journal journal;
  struct sherd__rest_items commands; /* of the application; scope: the guild, or 0 */
  struct sherd__rest_items messages; /* that the bot wrote; scope: the channel */
  struct sherd__rest_items replies;  /* to interactions; scope: their token's hash */
  bool is_public;                    /* bots are told to come by the name that they asked with */
  struct sherd__print print;
  struct sherd_buf message;    /* one message, encoded */
  struct sherd_buf compressed; /* the same, compressed */
  struct sherd__sim_stats stats;
  struct sherd__sim_faults faults;
  uint32_t without_content; /* sessions without MESSAGE_CONTENT */
  uint64_t now_ms;
  uint64_t sweep_ms; /* when a client or a session has something due */
  uint64_t lanes_ms; /* when a lane has */
};

/* --- client.c --- */

/* Has the host look at the client. */
void sherd__client_touch(struct sherd__sim_client *client);

/* Sends one message in the session's format and compression. */
void sherd__client_send(struct sherd__sim_client *client, uint32_t op, const char *data);

/* Closes with a code and Discord's words. The session stays. */
void sherd__client_close(struct sherd__sim_client *client, enum sherd__sim_close code);

/* Lets go in the middle of things, also for want of memory. */
void sherd__client_cut(struct sherd__sim_client *client);

/* Says HELLO, if it is time. */
void sherd__client_hello(struct sherd__sim_client *client);

/* Sends one dispatch; `seq` 0: without. */
void sherd__client_send_dispatch(struct sherd__sim_client *client, const char *name, uint64_t seq,
                                 struct sherd_bytes data);

/* Sends JSON text, whatever it is, as one message. */
void sherd__client_send_json(struct sherd__sim_client *client, struct sherd_bytes json);

/* Appends bytes to the output as they are. */
void sherd__client_write_raw(struct sherd__sim_client *client, struct sherd_bytes bytes);

/* Closes with any code. */
void sherd__client_close_with(struct sherd__sim_client *client, uint16_t code, const char *reason);

/* Fills the output from the session's ring. */
void sherd__client_pump(struct sherd__sim_client *client);

/* --- session.c --- */

/* Makes a session and connects it. NULL when there is no memory. */
struct sherd__sim_session *sherd__session_new(struct sherd__sim_client *client, uint32_t shard_id,
                                              uint32_t shard_count, uint64_t intents,
                                              uint32_t large_threshold);
/* Ends and frees it; its connection, if any, goes on without. */
void sherd__session_end(struct sherd__sim_session *session);
struct sherd__sim_session *sherd__session_find(struct sherd__sim *sim, struct sherd_bytes id);

/* Gives a dispatch the session's next number, and sends it on if there is a connection. */
void sherd__session_add(struct sherd__sim_session *session, struct sherd__dispatch *dispatch);

/* The same for what is in the simulator's print, made for this session alone. */
void sherd__session_add_printed(struct sherd__sim_session *session, enum sherd_event_type type);

/* Connects it to a client that has everything up to `seq`. */
void sherd__session_attach(struct sherd__sim_session *session, struct sherd__sim_client *client,
                           uint64_t seq);
/* Its connection is gone, or no longer its own. */
void sherd__session_detach(struct sherd__sim_session *session);

/* Whether it is on the guild's shard. */
bool sherd__session_has_guild(const struct sherd__sim_session *session, sherd_snowflake guild_id);

/* The guild, if the session has it; else NULL. */
struct sherd__guild *sherd__session_guild(const struct sherd__sim_session *session,
                                          sherd_snowflake guild_id);

/* Sends the GUILD_CREATE that is due. */
void sherd__session_load(struct sherd__sim_session *session);
bool sherd__session_is_loaded(const struct sherd__sim_session *session);

/* --- gateway.c --- */

/* Gives a dispatch to every session that may have it. */
void sherd__sim_deliver(struct sherd__sim *sim, struct sherd__dispatch *dispatch,
                        bool is_of_stream);
/* Something is due at that time. */
void sherd__sim_due(struct sherd__sim *sim, uint64_t at_ms);
/* Wakes the lanes: somebody has come, or has caught up. */
void sherd__sim_wake_lanes(struct sherd__sim *sim);

/* --- control_note.c --- */

/* Notes a session's newest dispatch in the journal. */
void sherd__note_dispatch(const struct sherd__sim_session *session,
                          struct sherd__dispatch *dispatch);
/* Notes what happens on a connection. */
void sherd__note_client(const struct sherd__sim_client *client, enum sherd__journal_kind kind,
                        uint32_t number, size_t bytes);

/* --- faults.c --- */

/* Closes a connection with any code, and sends op 9 on one: what both faults and POST /sim/drop do.
 * Sessions end by 1000, 1001 and 4009, and when they may not be resumed. */
void sherd__fault_close_client(struct sherd__sim_client *client, uint16_t code, const char *reason);
void sherd__fault_invalidate_client(struct sherd__sim_client *client, bool may_resume);

/* Appends one message in pieces of faults.piece_bytes. */
void sherd__fault_write_pieces(struct sherd__sim_client *client, enum sherd__frames_opcode opcode,
                               struct sherd_bytes message);

/* --- rules.c, commands.c --- */

/* The `d` of SOUNDBOARD_SOUNDS and of CHANNEL_INFO. */
void sherd__view_sounds(const struct sherd__view *view, const struct sherd__guild *guild);
void sherd__view_channel_info(const struct sherd__view *view, const struct sherd__guild *guild,
                              bool with_status, bool with_start_time);

/* Handles one whole message of a client. */
void sherd__rules_message(struct sherd__sim_client *client, struct sherd_bytes message);

/* Handles the `d` of ops 3, 4, 8, 31 and 43; false when it has the wrong shape. */
bool sherd__command_presence(struct sherd__sim_session *session, struct sherd_value data);
bool sherd__command_voice_state(struct sherd__sim_session *session, struct sherd_value data);
bool sherd__command_members(struct sherd__sim_session *session, struct sherd_value data);
bool sherd__command_sounds(struct sherd__sim_session *session, struct sherd_value data);
bool sherd__command_channel_info(struct sherd__sim_session *session, struct sherd_value data);

#endif
