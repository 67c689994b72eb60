/* What each opcode of the server means in each state.
 * Source: Discord's documentation, Opcodes and Status Codes; Gateway, connection lifecycle. */
#ifndef SHERD_ENGINE_GATEWAY_H
#define SHERD_ENGINE_GATEWAY_H

#include <sherd/engine.h>

#include "payload/envelope.h"

/* Takes one message of the server. */
void sherd__gateway_take(struct sherd_engine *engine, const struct sherd__envelope *message);

#endif
