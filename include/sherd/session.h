/* What must be kept to resume a session: on another connection, in another process, elsewhere.
 *
 * A session holds no token. Whoever has both can continue it within the few minutes that Discord
 * keeps it. */
#ifndef SHERD_SESSION_H
#define SHERD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/status.h>
#include <sherd/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHERD_SESSION_ID_MAX  255 /* bytes, without the NUL */
#define SHERD_SESSION_URL_MAX 511 /* bytes, without the NUL */

/* Plain and copyable. Zeroed, it is no session. */
struct sherd_session {
  char id[SHERD_SESSION_ID_MAX + 1];          /* READY's session_id; "" when there is none */
  char resume_url[SHERD_SESSION_URL_MAX + 1]; /* READY's resume_gateway_url, or "" */
  uint64_t seq;                               /* the last sequence number received */
  sherd_snowflake user_id;                    /* the bot's own user */
  uint32_t shard_id;
  uint32_t shard_count;
};

/* Whether there is a session to resume. Thread-safe. */
bool sherd_session_is_set(const struct sherd_session *session);

#ifdef __cplusplus
}
#endif
#endif
