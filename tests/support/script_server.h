/* A gateway on the loopback that does as a script says, on a thread of its own: for what no good
 * server does, and for tests that want to see each step. JSON, no TLS; compressed bytes are sent as
 * they are given.
 *
 * Each connection runs a script: the n-th the n-th one, those after the last one the last one. By
 * itself the server only answers heartbeats and close frames. In texts, $S is the next sequence
 * number of the session, and $URL the server's own ws:// URL.
 *
 *   static const struct script_step script[] = {
 *       SCRIPT_UPGRADE, SCRIPT_HELLO, SCRIPT_EXPECT(2), SCRIPT_READY,
 *       SCRIPT_TEXT("{\"op\":0,\"s\":$S,\"t\":\"TYPING_START\",\"d\":{}}"), SCRIPT_CLOSE(4000),
 *       SCRIPT_END};
 */
#ifndef SHERD_TESTS_SCRIPT_SERVER_H
#define SHERD_TESTS_SCRIPT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum script_act {
  SCRIPT_ACT_END = 0,
  SCRIPT_ACT_REQUEST, /* awaits the HTTP request and says nothing */
  SCRIPT_ACT_UPGRADE, /* awaits it and answers as it should */
  SCRIPT_ACT_RAW,     /* sends bytes as they are */
  SCRIPT_ACT_FILL,    /* sends `number` times the letter a */
  SCRIPT_ACT_TEXT,    /* sends a text frame */
  SCRIPT_ACT_BINARY,  /* sends a binary frame */
  SCRIPT_ACT_FLOOD,  /* sends `number` dispatches MESSAGE_CREATE, each with `text` as its content */
  SCRIPT_ACT_EXPECT, /* awaits a message with the opcode `number` */
  SCRIPT_ACT_SIGNAL, /* awaits script_server_signal() */
  SCRIPT_ACT_DEAF,   /* from now on, answers nothing */
  SCRIPT_ACT_CLOSE,  /* sends a close frame with the code `number` */
  SCRIPT_ACT_DROP    /* ends the TCP connection */
};

struct script_step {
  enum script_act act;
  uint32_t number;
  const char *text;
  size_t len; /* of RAW and BINARY */
};

#define SCRIPT_END                                                                                 \
  { SCRIPT_ACT_END, 0, NULL, 0 }
#define SCRIPT_REQUEST                                                                             \
  { SCRIPT_ACT_REQUEST, 0, NULL, 0 }
#define SCRIPT_UPGRADE                                                                             \
  { SCRIPT_ACT_UPGRADE, 0, NULL, 0 }
/* `bytes` is a literal, which may hold NUL. */
#define SCRIPT_RAW(bytes)                                                                          \
  { SCRIPT_ACT_RAW, 0, bytes, sizeof(bytes) - 1 }
#define SCRIPT_FILL(count)                                                                         \
  { SCRIPT_ACT_FILL, count, NULL, 0 }
#define SCRIPT_TEXT(json)                                                                          \
  { SCRIPT_ACT_TEXT, 0, json, 0 }
#define SCRIPT_BINARY(bytes)                                                                       \
  { SCRIPT_ACT_BINARY, 0, bytes, sizeof(bytes) - 1 }
#define SCRIPT_FLOOD(count, content)                                                               \
  { SCRIPT_ACT_FLOOD, count, content, 0 }
#define SCRIPT_EXPECT(op)                                                                          \
  { SCRIPT_ACT_EXPECT, op, NULL, 0 }
#define SCRIPT_SIGNAL                                                                              \
  { SCRIPT_ACT_SIGNAL, 0, NULL, 0 }
#define SCRIPT_DEAF                                                                                \
  { SCRIPT_ACT_DEAF, 0, NULL, 0 }
#define SCRIPT_CLOSE(code)                                                                         \
  { SCRIPT_ACT_CLOSE, code, NULL, 0 }
#define SCRIPT_DROP                                                                                \
  { SCRIPT_ACT_DROP, 0, NULL, 0 }

/* A limit that no test lives to see: where it is set, what ends did not wait for it. */
#define SCRIPT_HOUR_MS 3600000

#define SCRIPT_HELLO_MS(interval_ms)                                                               \
  SCRIPT_TEXT("{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":" #interval_ms "}}")
#define SCRIPT_HELLO SCRIPT_HELLO_MS(41250)
#define SCRIPT_READY                                                                               \
  SCRIPT_TEXT("{\"t\":\"READY\",\"s\":$S,\"op\":0,\"d\":{\"v\":10,\"user\":{\"id\":\"81\"},"       \
              "\"guilds\":[],\"session_id\":\"scripted\",\"resume_gateway_url\":\"$URL\","         \
              "\"application\":{\"id\":\"1\",\"flags\":0}}}")
#define SCRIPT_RESUMED           SCRIPT_TEXT("{\"t\":\"RESUMED\",\"s\":$S,\"op\":0,\"d\":{}}")
#define SCRIPT_DISPATCH(name, d) SCRIPT_TEXT("{\"t\":\"" name "\",\"s\":$S,\"op\":0,\"d\":" d "}")
/* The way to READY. */
#define SCRIPT_LOGIN SCRIPT_UPGRADE, SCRIPT_HELLO, SCRIPT_EXPECT(2), SCRIPT_READY

struct script_server;

/* Starts a server on a free port of 127.0.0.1. The scripts, each ended by SCRIPT_END, must outlive
 * it. NULL on failure. */
struct script_server *script_server_start(const struct script_step *const *scripts, size_t count);
/* The same with one script for all connections. */
struct script_server *script_server_start_one(const struct script_step *script);
/* Ends all connections, and the server. */
void script_server_stop(struct script_server *server);

/* ws://127.0.0.1:PORT. Lifetime: that of the server. */
const char *script_server_url(const struct script_server *server);

/* Lets connections go on that wait in SCRIPT_SIGNAL; kept for one that is not there yet. */
void script_server_signal(struct script_server *server);

/* What came, over all connections, in order. */
#define SCRIPT_OP_REQUEST (-1) /* an HTTP request: the whole of it */
#define SCRIPT_OP_CLOSE   (-2) /* a close frame: its code as a decimal */
#define SCRIPT_OP_GONE    (-3) /* a TCP connection has ended */

/* Waits, at most 10 s, for the n-th message, from 0, with the opcode `op` or one of the above.
 * NULL when it does not come. Lifetime: that of the server. */
const char *script_server_wait(struct script_server *server, int op, unsigned n);

/* How many of them have come. */
unsigned script_server_count(struct script_server *server, int op);

#endif
