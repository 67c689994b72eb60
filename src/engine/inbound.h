/* From the bytes of a connection to gateway messages: frames, inflation, documents.
 *
 * One step at a time, so that each message can be handed on before the next one takes its place in
 * the scratch. */
#ifndef SHERD_ENGINE_INBOUND_H
#define SHERD_ENGINE_INBOUND_H

#include <stdint.h>

#include <sherd/engine.h>

#include "payload/envelope.h"

enum sherd__inbound_kind {
  SHERD__INBOUND_NOTHING = 0, /* more bytes are needed */
  SHERD__INBOUND_PROGRESS,    /* something was taken in; ask again */
  SHERD__INBOUND_MESSAGE,
  SHERD__INBOUND_PING,
  SHERD__INBOUND_CLOSE
};

/* Nothing else in it is set but what stands there for its kind. */
struct sherd__inbound_step {
  enum sherd__inbound_kind kind;
  struct sherd__envelope message; /* MESSAGE */
  struct sherd_bytes control;     /* PING: what the pong carries; CLOSE: the reason */
  uint16_t close_code;            /* CLOSE */
  uint64_t fault_offset;          /* of the byte at fault, with an error */
};

/* A connection begins or ends: what is left of the one before is dropped. */
void sherd__inbound_reset(struct sherd_engine *engine);

/* Takes one step. Errors, with which the connection is to be given up: those of frames.h and
 * inflate.h; SHERD_EFRAMETYPE; SHERD_EUTF8; those of envelope.h.
 * Lifetime: *out is good until the next step on this engine or on any that shares its scratch. */
enum sherd_status sherd__inbound_next(struct sherd_engine *engine, struct sherd__inbound_step *out);

#endif
