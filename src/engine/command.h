/* The commands that a user gives: checked, and encoded.
 * Source: Discord's documentation, Gateway Events, send events. */
#ifndef SHERD_ENGINE_COMMAND_H
#define SHERD_ENGINE_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/command.h>
#include <sherd/error.h>

#include "base/buf.h"

/* Checks a command other than a presence against its ranges and the session's intents. On an error,
 * *info says what was wrong: text, missing_intents. Errors: SHERD_EINVAL, SHERD_EMISSINGINTENT. */
enum sherd_status sherd__command_check(const struct sherd_command *command, uint64_t intents,
                                       struct sherd_error_info *info);

/* Appends a command other than a presence, which was checked. Errors: SHERD_ETOOLONG, SHERD_EUTF8,
 * SHERD_ENOMEM; `out` is then as it was. */
enum sherd_status sherd__command_encode(const struct sherd_command *command,
                                        enum sherd_data_format format, struct sherd_buf *out);

/* The opcode of a command. */
uint32_t sherd__command_op(enum sherd_command_type type);

/* Whether it asks for all members of a guild, which Discord allows once in a while only. */
bool sherd__command_is_full_list(const struct sherd_command *command);

#endif
