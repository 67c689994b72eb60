/* Requests: what a consumer asks for, one JSON object a line, and the line that answers it.
 *
 *   {"op":"update_presence","id":1,"status":"idle"}
 *   {"shard":null,"s":null,"t":"RESULT","d":{"id":1,"op":"update_presence","status":"SHERD_OK",...
 *
 * docs/commands.md has all shapes. Pure: what is asked for is done elsewhere (cli/requests.h). */
#ifndef SHERD_SINK_REQUEST_H
#define SHERD_SINK_REQUEST_H

#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/command.h>
#include <sherd/error.h>
#include <sherd/status.h>

#include "base/buf.h"

#define SHERD__REQUEST_IDS_MAX   1000 /* snowflakes in one list */
#define SHERD__REQUEST_ECHO_SIZE 256  /* the id's JSON, with the NUL */

/* More text than this could not be sent: Discord's limit on a command. */
#define SHERD__REQUEST_TEXT_SIZE (SHERD_COMMAND_BYTES_MAX + 8)

enum sherd__request_op {
  SHERD__REQUEST_UPDATE_PRESENCE = 0,
  SHERD__REQUEST_UPDATE_VOICE_STATE,
  SHERD__REQUEST_GUILD_MEMBERS,
  SHERD__REQUEST_CHANNEL_INFO,
  SHERD__REQUEST_SOUNDBOARD_SOUNDS,
  SHERD__REQUEST_STATUS,
  SHERD__REQUEST_RESHARD
};

/* One request. It must stay where it was parsed: `command` points into it. */
struct sherd__request {
  enum sherd__request_op op;
  uint32_t shard_id;                 /* UPDATE_PRESENCE; SHERD_NEVER: all */
  uint32_t shard_count;              /* RESHARD */
  struct sherd_command command;      /* all but STATUS and RESHARD */
  char id[SHERD__REQUEST_ECHO_SIZE]; /* to be echoed: JSON; "null" when there was none */
  const char *op_name;               /* to be echoed; NULL when it was none. Lifetime: static */
  /* Private. */
  uint32_t seen_;
  size_t text_len_;
  char text_[SHERD__REQUEST_TEXT_SIZE];
  sherd_snowflake ids_[SHERD__REQUEST_IDS_MAX];
};

/* Reads one line, with or without its line feed. `id` and `op_name` are good on an error too, as
 * far as they could be read. Ranges, intents and lengths are the shard's to judge; here is judged
 * what it would not be told of: names, types, what is missing or twice.
 * Errors, *error saying what it is about: SHERD_EJSON (SHERD_EUTF8, SHERD_EDEPTH, SHERD_ETRUNCATED)
 * with the offset of the byte at fault; SHERD_EINVAL; SHERD_ETOOLONG for more text than a command
 * may have. */
enum sherd_status sherd__request_parse(struct sherd_bytes line, struct sherd__request *out,
                                       struct sherd_error_info *error);

/* Appends a RESULT line. `id` is JSON, `op` and `text` are texts, `op` may be NULL. `value` is JSON
 * that answers a question, or of no length. Errors: SHERD_ENOMEM, and `out` is as it was. */
enum sherd_status sherd__result_write(const char *id, const char *op, enum sherd_status status,
                                      const char *text, struct sherd_bytes value,
                                      struct sherd_buf *out);

#endif
