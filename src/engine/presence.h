/* The bot's presence as it is to be: kept in every state, sent with IDENTIFY and as op 3.
 * Source: Discord's documentation, Gateway Events, Update Presence. */
#ifndef SHERD_ENGINE_PRESENCE_H
#define SHERD_ENGINE_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/command.h>

#include "base/buf.h"
#include "payload/writer.h"

/* What is kept. The activities are kept as the encoded list that goes out. */
struct sherd__presence {
  enum sherd_presence_status status;
  bool afk;
  bool is_idle;
  uint64_t idle_since_ms;
  struct sherd_buf activities; /* a fragment in the session's format */
};

/* Nothing playing, online, not idle. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__presence_init(struct sherd__presence *presence,
                                       enum sherd_data_format format,
                                       const struct sherd_allocator *allocator);
void sherd__presence_deinit(struct sherd__presence *presence);

/* Makes `out`, which need not be initialised, of what is kept and the fields that `update` gives.
 * *wrong, unless the call succeeds, names what was wrong with it, for a person.
 * Errors: SHERD_EINVAL, SHERD_EUTF8, SHERD_ENOMEM. */
enum sherd_status sherd__presence_merge(const struct sherd__presence *presence,
                                        const struct sherd_presence *update,
                                        enum sherd_data_format format, struct sherd__presence *out,
                                        const char **wrong);

/* Writes it as the value of op 3's `d`, or of IDENTIFY's `presence`. */
void sherd__presence_write(const struct sherd__presence *presence, struct sherd__writer *writer);

#endif
