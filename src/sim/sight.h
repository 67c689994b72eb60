/* What the simulator sees its clients do, told as it happens: what scenarios are judged by. */
#ifndef SHERD_SIM_SIGHT_H
#define SHERD_SIM_SIGHT_H

#include <stdint.h>

enum sherd__sight_kind {
  SHERD__SIGHT_CONNECT = 0, /* a WebSocket was opened */
  SHERD__SIGHT_MESSAGE,     /* `number`: its opcode */
  SHERD__SIGHT_IDENTIFIED,  /* a session has begun: READY was sent */
  SHERD__SIGHT_RESUMED,     /* a session goes on: RESUMED was sent */
  SHERD__SIGHT_CLOSE,       /* the client sent a close frame; `number`: its code, 0 for none */
  SHERD__SIGHT_LOST,        /* the client's end of the connection is gone without a close frame */
  SHERD__SIGHT_REFUSAL,     /* it broke a rule and was closed; `number`: with which code */
  SHERD__SIGHT_REQUEST,     /* of the HTTP API; `number`: the status of a fault that answers it, 0
                               when it is served; `text`: its path */
  SHERD__SIGHT_TLS_REFUSAL, /* the TLS handshake failed; `text`: why */
  SHERD__SIGHT_EXIT         /* the client's process ended; `number`: its exit code, 128 and more for
                               a signal. The simulator does not see it: whoever started it does. */
};

struct sherd__sight {
  enum sherd__sight_kind kind;
  uint32_t number;
  const char *text; /* NULL when there is none. Lifetime: the call. */
};

typedef void (*sherd__sight_fn)(void *ctx, const struct sherd__sight *sight);

#endif
