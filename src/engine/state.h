/* What an engine is made of. Each stage has its own file; this is the struct that they share. */
#ifndef SHERD_ENGINE_STATE_H
#define SHERD_ENGINE_STATE_H

#include <sherd/engine.h>

#include "base/buf.h"
#include "base/random.h"
#include "engine/backoff.h"
#include "engine/close_code.h"
#include "engine/command_queue.h"
#include "engine/frames.h"
#include "engine/heartbeat.h"
#include "engine/inflate.h"
#include "engine/limiter.h"
#include "engine/member_limits.h"
#include "engine/outputs.h"
#include "engine/presence.h"
#include "engine/settings.h"
#include "engine/upgrade.h"
#include "engine/url.h"
#include "payload/boundary.h"

/* The bytes that came, on their way to messages (inbound.c). */
struct sherd__inbound {
  struct sherd_bytes in;     /* not looked at yet; the host's */
  struct sherd_buf expanded; /* the plain form of the ETF document that was handed on last */
  struct sherd_buf parked;   /* the part of a message that came, while its rest is awaited */
  bool has_input;            /* `in`, or what the frames were given, is not used up */
  size_t done;               /* what of the scratch has been handed on */
  uint64_t turn;             /* of the scratch, when it was taken last; 0: not on this connection */
  bool has_documents;        /* the scratch holds whole messages that are not handed on yet */
  bool in_boundary;          /* a document came in several flushes; its end is being looked for */
  size_t boundary_fed;       /* up to where of the scratch */
  struct sherd__boundary boundary;
};

/* The session, and what is known of it beyond what is saved (session.c). */
struct sherd__session_state {
  struct sherd_session saved;
  bool has_seq; /* saved.seq means something: a session may begin at 0 */
  bool suspect; /* it was closed with 4003 or 4005: one more such close and it is given up */
  uint32_t resume_url_failures; /* attempts in a row at its resume URL that came to nothing */
  uint32_t unanswered_resumes;  /* RESUMEs in a row that the server ended without a replay */
  bool has_user_id;
  sherd_snowflake user_id;
};

struct sherd_engine {
  const struct sherd_allocator *allocator;
  struct sherd_log log;
  struct sherd__random random;
  struct sherd_scratch *scratch;
  bool own_scratch;
  struct sherd__settings settings;
  struct sherd__presence presence;
  struct sherd_engine_stats stats;
  struct sherd_error_info last_error;

  enum sherd_engine_state state;
  uint64_t now_ms;            /* the newest time that was told */
  uint64_t state_deadline_ms; /* when this state has lasted too long; UINT64_MAX: never */
  uint64_t held_since_ms;     /* while the host is held: when that began, or this state */
  struct sherd__outputs outputs;
  char old_session_id[SHERD_SESSION_ID_MAX + 1]; /* for events that are still queued */
  struct sherd_buf out;                          /* bytes that the outputs' writes point into */

  /* Over all connections. */
  struct sherd__session_state session;
  struct sherd__backoff backoff;
  struct sherd__limiter limiter;
  struct sherd__member_limits member_limits;
  struct sherd__command_queue queue;
  bool commands_fresh;      /* some were accepted and not looked at for sending */
  uint32_t failed_attempts; /* in a row, without READY or RESUMED */
  bool was_active;          /* since start */
  bool close_resumable;     /* CLOSING: keep the session */
  bool ending;              /* the last outputs are being made */
  enum sherd_status ended;

  /* This connection. */
  struct sherd__url url;
  bool uses_resume_url;
  bool is_replaying;      /* a dispatch has come after RESUME */
  bool handshake_due;     /* RESUME or IDENTIFY waits for the send limit */
  bool presence_pending;  /* changed while it could not be sent */
  uint64_t presence_beat; /* heartbeats that had been sent when op 3 was: an ACK for a later one
                             says that it arrived */
  bool presence_unconfirmed;
  uint64_t active_since_ms;
  struct sherd__upgrade upgrade;
  struct sherd__frames *frames;
  struct sherd__inflater *inflater;
  struct sherd__inbound inbound;
  struct sherd__heartbeat heartbeat;
  struct sherd_buf name; /* the name of an event that is not in the list */
};

/* The only writer of the state: logs the edge and arms the state's deadline. */
void sherd__enter(struct sherd_engine *engine, enum sherd_engine_state state, uint64_t deadline_ms);

/* Arms the deadline anew, `timeout_ms` from now; SHERD_NEVER: none. For the states whose time
 * counts from something that happens in them. */
void sherd__await(struct sherd_engine *engine, uint32_t timeout_ms);

#endif
