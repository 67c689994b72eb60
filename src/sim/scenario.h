/* Scenarios: what goes wrong, when, and what the client must do about it, as text.
 *
 * A file is read to a list of steps, which are done one after the other: a step waits for its time
 * or for something to happen, does something, or expects something. docs/scenarios.md has the
 * grammar; this is its only other description, and the parser knows neither sockets nor time. */
#ifndef SHERD_SIM_SCENARIO_H
#define SHERD_SIM_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/bytes.h>
#include <sherd/status.h>

#include "sim/sight.h"

#define SHERD__SCENARIO_UNSET UINT32_MAX

/* What a file may set before its steps; SHERD__SCENARIO_UNSET where it does not. */
struct sherd__scenario_settings {
  uint32_t guilds, rate, events, shards;
  uint32_t heartbeat_interval_ms, max_concurrency, starts_a_day, session_ttl_ms, replay_events;
  uint32_t time_limit_ms; /* for everything; 60 s */
  uint32_t tls;           /* 1: with certificates of its own; 0 */
};

/* Sights of certain kinds. */
struct sherd__wanted {
  uint32_t kinds;     /* bit k: enum sherd__sight_kind k */
  uint32_t low, high; /* what `number` may be */
  const char *text;   /* what `text` ends with; NULL: anything */
};

enum sherd__step_kind {
  SHERD__STEP_AT,           /* number: ms after the start */
  SHERD__STEP_AFTER,        /* number: ms after the step before */
  SHERD__STEP_AFTER_EVENTS, /* number: dispatches made after the step before */
  SHERD__STEP_WHEN,         /* wanted */
  SHERD__STEP_DO,           /* act, and what it needs */
  SHERD__STEP_EXPECT,       /* wanted, within number ms after the mark */
  SHERD__STEP_EXPECT_NO     /* wanted, not for number ms after the mark */
};

enum sherd__act {
  SHERD__ACT_DROP,
  SHERD__ACT_HALF_FRAME,
  SHERD__ACT_CLOSE,           /* number: code; text: reason or NULL */
  SHERD__ACT_OP,              /* number: opcode; text: `d` */
  SHERD__ACT_SEND,            /* text: the message */
  SHERD__ACT_DISPATCH,        /* name; text: `d` */
  SHERD__ACT_GARBAGE,         /* number: bytes */
  SHERD__ACT_GARBAGE_MESSAGE, /* number: bytes */
  SHERD__ACT_ACKS,            /* number: 1 on, 0 off */
  SHERD__ACT_IGNORE_IDENTIFY, /* number: how many */
  SHERD__ACT_HELLO,           /* number: ms, or SHERD__HELLO_NEVER */
  SHERD__ACT_SEQUENCE_SKIP,   /* number: how many */
  SHERD__ACT_SEQUENCE_REPEAT,
  SHERD__ACT_SEQUENCE_MISSING,
  SHERD__ACT_SPLIT,       /* number: bytes, 0 off */
  SHERD__ACT_TRICKLE,     /* number: ms */
  SHERD__ACT_HOLD,        /* number: ms */
  SHERD__ACT_BURST,       /* number: events */
  SHERD__ACT_LARGE_GUILD, /* number: bytes */
  SHERD__ACT_REST,        /* number: status, count: requests, extra: retry-after in ms */
  SHERD__ACT_CERTIFICATE, /* name; count: connections */
  SHERD__ACT_TERMINATE
};

struct sherd__step {
  uint32_t line;
  char *said; /* as it stands in the file */
  enum sherd__step_kind kind;
  enum sherd__act act;
  struct sherd__wanted wanted;
  uint64_t number;
  uint32_t count;
  uint32_t extra;
  uint32_t shard; /* of an act: of which one; SHERD__SCENARIO_UNSET: of all */
  char *name;     /* NULL: none */
  char *text;     /* NULL: none */
};

struct sherd__scenario {
  const struct sherd_allocator *allocator;
  char *story; /* the comment that the file begins with, on one line */
  struct sherd__scenario_settings settings;
  struct sherd__step *steps;
  uint32_t count, cap;
};

struct sherd__scenario_error {
  uint32_t line;
  char text[384]; /* what is wrong there, and what to do */
};

/* Reads a scenario. Errors: SHERD_EINVAL, and *error says where and why; SHERD_ENOMEM. */
enum sherd_status sherd__scenario_new(const struct sherd_allocator *allocator,
                                      struct sherd_bytes source, struct sherd__scenario **out,
                                      struct sherd__scenario_error *error);
/* NULL is allowed. */
void sherd__scenario_free(struct sherd__scenario *scenario);

/* Whether a sight is one of those. */
bool sherd__wanted_is(const struct sherd__wanted *wanted, const struct sherd__sight *sight);

/* The word that scenarios have for a sight, as in "resume", with its number where that says more.
 * Gives `out`. */
#define SHERD__SIGHT_NAME_SIZE 96
const char *sherd__sight_name(const struct sherd__sight *sight, char out[SHERD__SIGHT_NAME_SIZE]);

#endif
