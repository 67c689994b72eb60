/* What the gateway closes a connection with: one table, in Discord's own words.
 * Source: Discord's documentation, Opcodes and Status Codes, gateway close event codes. */
#ifndef SHERD_SIM_CLOSE_CODES_H
#define SHERD_SIM_CLOSE_CODES_H

#include <stdint.h>

/* X(NAME, code, text) */
#define SHERD__SIM_CLOSE_MAP(X)                                                                    \
  X(UNKNOWN_ERROR, 4000, "Unknown error.")                                                         \
  X(UNKNOWN_OPCODE, 4001, "Unknown opcode.")                                                       \
  X(DECODE_ERROR, 4002, "Error while decoding payload.")                                           \
  X(NOT_AUTHENTICATED, 4003, "Not authenticated.")                                                 \
  X(AUTHENTICATION_FAILED, 4004, "Authentication failed.")                                         \
  X(ALREADY_AUTHENTICATED, 4005, "Already authenticated.")                                         \
  X(INVALID_SEQ, 4007, "Invalid seq.")                                                             \
  X(RATE_LIMITED, 4008, "Rate limited.")                                                           \
  X(SESSION_TIMED_OUT, 4009, "Session timed out.")                                                 \
  X(INVALID_SHARD, 4010, "Invalid shard.")                                                         \
  X(SHARDING_REQUIRED, 4011, "Sharding required.")                                                 \
  X(INVALID_API_VERSION, 4012, "Invalid API version.")                                             \
  X(INVALID_INTENTS, 4013, "Invalid intent(s).")                                                   \
  X(DISALLOWED_INTENTS, 4014, "Disallowed intent(s).")

enum sherd__sim_close {
#define SHERD__SIM_CLOSE_ENUM(name, code, text) SHERD__CLOSE_##name = (code),
  SHERD__SIM_CLOSE_MAP(SHERD__SIM_CLOSE_ENUM)
#undef SHERD__SIM_CLOSE_ENUM
};

/* Discord's words for a code; NULL for one that is not in the table. Lifetime: static. */
const char *sherd__sim_close_text(uint16_t code);

#endif
