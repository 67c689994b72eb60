/* What each close code of the gateway means for the session: one table. */
#ifndef SHERD_ENGINE_CLOSE_CODE_H
#define SHERD_ENGINE_CLOSE_CODE_H

#include <stdint.h>

#include <sherd/status.h>

/* What to do when a connection has ended. */
enum sherd__verdict {
  SHERD__VERDICT_RESUME,      /* reconnect, and resume the session if there is one */
  SHERD__VERDICT_RESUME_ONCE, /* the same, but only if the last try did not end so too */
  SHERD__VERDICT_NEW_SESSION, /* reconnect, and identify anew */
  SHERD__VERDICT_STOP         /* reconnecting cannot help */
};

struct sherd__close_code {
  uint16_t code;
  enum sherd__verdict verdict;
  enum sherd_status status;
};

/* The row of a close code that the server sent; one that is not in the table may be resumed, with
 * SHERD_ESERVERCLOSED. Lifetime: static. */
const struct sherd__close_code *sherd__close_code_find(uint16_t code);

/* What we close with. Only 1000 and 1001 end a session; any other code keeps it.
 * Source: Discord's documentation, Gateway, disconnecting. */
#define SHERD__CLOSE_END_SESSION  1000
#define SHERD__CLOSE_KEEP_SESSION 4000

#endif
