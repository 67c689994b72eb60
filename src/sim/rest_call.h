/* What the files of the HTTP API share, and nobody else sees. */
#ifndef SHERD_SIM_REST_CALL_H
#define SHERD_SIM_REST_CALL_H

#include <sherd/value.h>

#include "sim/entities.h"
#include "sim/gateway_parts.h"
#include "sim/rest_api.h"

#define SHERD__REST_ARGS_MAX 4

/* One request on its way. */
struct sherd__rest_call {
  struct sherd__sim *sim;
  const struct sherd__rest_request *request;
  struct sherd__rest_answer *answer;
  struct sherd__print *print;                    /* the answer's body */
  struct sherd_bytes args[SHERD__REST_ARGS_MAX]; /* what stands for the {} of the route */
  sherd_snowflake ids[SHERD__REST_ARGS_MAX];     /* the same as numbers; 0: it is none */
  struct sherd_value body;                       /* absent when there is none */
};

typedef void (*sherd__rest_fn)(struct sherd__rest_call *call);

enum sherd__rest_needs {
  SHERD__REST_ANYBODY = 0,
  SHERD__REST_TOKEN = 1, /* the right token */
  SHERD__REST_JSON = 2   /* a body that is one JSON value */
};

struct sherd__rest_route {
  const char *method;
  const char *path; /* each {} stands for one segment */
  sherd__rest_fn answer;
  int needs; /* enum sherd__rest_needs, together */
};

/* The simulator's own routes. Lifetime: static. */
const struct sherd__rest_route *sherd__control_routes(size_t *count);

/* Whether a request for those may be answered; if not, an error is. */
bool sherd__control_may(struct sherd__rest_call *call);

/* --- Answers --- */

/* 200 with JSON, which is then written to call->print. */
void sherd__rest_ok(struct sherd__rest_call *call);
/* 204. */
void sherd__rest_no_content(struct sherd__rest_call *call);
/* Discord's errors. */
void sherd__rest_unknown(struct sherd__rest_call *call, const char *what, unsigned code);
void sherd__rest_invalid(struct sherd__rest_call *call, const char *field, const char *code,
                         const char *message);
/* The simulator's own errors: {"error": …}, a line that says what to do. */
void sherd__control_error(struct sherd__rest_call *call, unsigned status, const char *advice);

/* --- What requests ask for --- */

/* A parameter of the query as a number from `min` to `max`, or `standard` without one. */
uint64_t sherd__rest_number(const struct sherd__rest_call *call, const char *name, uint64_t min,
                            uint64_t max, uint64_t standard);

/* Reads a snowflake in digits; 0 when it is none. */
sherd_snowflake sherd__rest_id(struct sherd_bytes text);

/* Where a channel is. */
struct sherd__rest_place {
  sherd_snowflake channel_id;
  struct sherd__guild *guild;     /* NULL: in a direct message */
  struct sherd__channel *channel; /* NULL: a thread, or a direct message */
  struct sherd__thread *thread;
  struct sherd__dm *dm;
};

/* Finds a channel, thread or direct message; false when there is none. Lifetime: until the world
 * changes. */
bool sherd__rest_find_channel(const struct sherd__sim *sim, sherd_snowflake id,
                              struct sherd__rest_place *out);

/* The lane that events of `guild` (NULL: of none) happen on. */
struct sherd__lane *sherd__rest_lane(struct sherd__sim *sim, const struct sherd__guild *guild);

/* A new id, later than all others on the lane. */
sherd_snowflake sherd__rest_new_id(struct sherd__lane *lane);

/* Guild args[0], or NULL and an answer that there is none. */
struct sherd__guild *sherd__rest_find_guild(struct sherd__rest_call *call);

/* Gives an event to everybody who may have it; what is about the bot needs no intent. `data` is its
 * `d`, `blank` the same without content (empty: no difference). Errors: SHERD_ENOMEM. */
enum sherd_status sherd__rest_dispatch(struct sherd__sim *sim, enum sherd_event_type type,
                                       const struct sherd__guild *guild, bool is_about_bot,
                                       struct sherd_bytes data, struct sherd_bytes blank);

/* The same with what is in call->print, and answers without it. */
void sherd__rest_tell_and_be_silent(struct sherd__rest_call *call, enum sherd_event_type type,
                                    const struct sherd__guild *guild, bool is_about_bot);

/* --- Discord's routes, by file --- */

void sherd__rest_get_own_user(struct sherd__rest_call *call);
void sherd__rest_get_user(struct sherd__rest_call *call);
void sherd__rest_get_own_guilds(struct sherd__rest_call *call);
void sherd__rest_open_dm(struct sherd__rest_call *call);
void sherd__rest_get_application(struct sherd__rest_call *call);
void sherd__rest_get_guild(struct sherd__rest_call *call);
void sherd__rest_get_channels(struct sherd__rest_call *call);
void sherd__rest_get_roles(struct sherd__rest_call *call);
void sherd__rest_get_members(struct sherd__rest_call *call);
void sherd__rest_get_member(struct sherd__rest_call *call);
void sherd__rest_put_member_role(struct sherd__rest_call *call);
void sherd__rest_delete_member_role(struct sherd__rest_call *call);
void sherd__rest_get_channel(struct sherd__rest_call *call);

void sherd__rest_get_commands(struct sherd__rest_call *call);
void sherd__rest_put_commands(struct sherd__rest_call *call);
void sherd__rest_post_command(struct sherd__rest_call *call);
void sherd__rest_get_command(struct sherd__rest_call *call);
void sherd__rest_patch_command(struct sherd__rest_call *call);
void sherd__rest_delete_command(struct sherd__rest_call *call);

void sherd__rest_post_message(struct sherd__rest_call *call);
void sherd__rest_get_message(struct sherd__rest_call *call);
void sherd__rest_patch_message(struct sherd__rest_call *call);
void sherd__rest_delete_message(struct sherd__rest_call *call);
void sherd__rest_put_reaction(struct sherd__rest_call *call);
void sherd__rest_post_typing(struct sherd__rest_call *call);

/* Whether call->body is something to say; if not, an error is answered. */
bool sherd__rest_is_message(struct sherd__rest_call *call);
/* Writes it to channel ids[0] and tells everybody; answers with the message, whose id is then
 * ids[1]. */
void sherd__rest_say(struct sherd__rest_call *call);

/* Whether files came with it. */
bool sherd__rest_has_files(const struct sherd__rest_call *call);
/* Writes a message's list of attachments: those files, or none; their ids are of the lane. */
void sherd__rest_write_files(struct sherd__rest_call *call, struct sherd__lane *lane);

void sherd__rest_answer_interaction(struct sherd__rest_call *call);
void sherd__rest_post_followup(struct sherd__rest_call *call);
void sherd__rest_get_reply(struct sherd__rest_call *call);
void sherd__rest_patch_reply(struct sherd__rest_call *call);
void sherd__rest_delete_reply(struct sherd__rest_call *call);

/* --- The simulator's own, by file --- */

void sherd__control_post_event(struct sherd__rest_call *call);
void sherd__control_post_drop(struct sherd__rest_call *call);
void sherd__control_post_reset(struct sherd__rest_call *call);
void sherd__control_post_rest(struct sherd__rest_call *call);
void sherd__control_get_ledger(struct sherd__rest_call *call);
void sherd__control_get_sessions(struct sherd__rest_call *call);
void sherd__control_get_stats(struct sherd__rest_call *call);
void sherd__control_get_world(struct sherd__rest_call *call);

#endif
