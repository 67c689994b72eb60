/* Doing what requests ask for, and answering them. */
#ifndef SHERD_CLI_REQUESTS_H
#define SHERD_CLI_REQUESTS_H

#include <sherd/bytes.h>
#include <sherd/fleet.h>

#include "base/buf.h"

/* Who does it. The first two have the signatures of sherd_fleet_send() and sherd_fleet_reshard(),
 * and are these but in tests. */
struct sherd__request_doer {
  enum sherd_status (*send)(struct sherd_fleet *fleet, uint32_t shard_id,
                            const struct sherd_command *command, struct sherd_error_info *error);
  enum sherd_status (*reshard)(struct sherd_fleet *fleet, uint32_t shard_count,
                               struct sherd_error_info *error);
  struct sherd_fleet *fleet;
  /* Appends the state of things: one JSON object, with or without a line feed after it. Errors:
   * SHERD_ENOMEM. */
  enum sherd_status (*render_status)(void *ctx, struct sherd_buf *out);
  void *ctx;
};

/* Does what one line asks for, and appends the line that says how it went; nothing only when there
 * is no memory for it. Thread-safe as far as the doer is. */
void sherd__cli_answer(const struct sherd__request_doer *doer, struct sherd_bytes line,
                       struct sherd_buf *out);

#endif
