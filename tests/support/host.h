/* An engine's host for tests: fake time, and a scripted server at the other end of the wire.
 *
 * Whatever the engine gives out becomes a line of text, in order, which a test reads like a
 * transcript:
 *
 *   connect gateway.test:443 tls          a transport is asked for
 *   http GET /?v=10&encoding=json         the upgrade request
 *   send {"op":1,"d":null}                a message of the client (JSON, also of an ETF session)
 *   close 4000                            a close frame
 *   pong abc
 *   disconnect
 *   permit                                an IDENTIFY is asked for
 *   cancel                                ... not any more
 *   event READY 1                         a dispatch and its sequence number ("-" for none)
 *   event DISCONNECTED SHERD_ELOST 0 resuming reconnecting
 *   event SESSION_LOST SHERD_EBADSEQ 4007 last=3
 *   event SEQUENCE_GAP 5 missing=3
 *   event COMMAND_DROPPED 8 SHERD_ECLOSED
 *   event UNKNOWN_OPCODE 99
 *   event CLOSED SHERD_OK
 *   session abc seq=3    (or: session none)
 *   ended SHERD_OK
 */
#ifndef SHERD_TESTS_HOST_H
#define SHERD_TESTS_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd.h>

#include "base/buf.h"
#include "engine/frames.h"

struct host {
  struct sherd_engine *engine;
  uint64_t now_ms;
  int dice; /* the byte that all random numbers are made of: 0xFF, the largest jitter, at first */

  /* The server's end of the wire. */
  bool has_transport; /* asked for */
  bool is_open;       /* the transport is up */
  bool is_upgraded;
  struct sherd__frames *server;
  char key[32];
  void *compressor; /* z_stream or ZSTD_CCtx */
  enum sherd_compression compression;
  enum sherd_data_format format;

  /* What the engine gave out. */
  struct sherd_buf lines; /* NUL-terminated, one after the other */
  size_t next_line;
  size_t split; /* feed at most so many bytes a call; 0: all at once */
  bool wants_permit;
  bool grants_at_once; /* no need for host_grant() */
  unsigned tokens_seen_in_logs;
  struct sherd_buf *wire; /* what the server says goes there; NULL: to the engine */

  /* For other kinds of tests: no transcript is kept when `quiet`; the hooks may be NULL. */
  bool quiet;
  void (*on_log)(struct host *, const struct sherd_log_record *, void *user);
  void (*on_output)(struct host *, const struct sherd_output *, void *user);
  void (*on_message)(struct host *, struct sherd_bytes payload, void *user);
  void *user;
};

#define HOST_TOKEN "MTQzNDgzNzAwNTEwNzMzMTA3Mw.GtEsTs.a-token-that-must-not-show"

/* A configuration that tests start from: HOST_TOKEN, wss://gateway.test, intents 513. */
struct sherd_gateway_config host_config(void);

/* Makes an engine for `config` at time 0. Fails the test when it cannot. */
void host_init(struct host *host, const struct sherd_gateway_config *config);
void host_deinit(struct host *host);

/* The same with a scratch and an allocator, either of which may be NULL, and with the status. */
enum sherd_status host_init_with(struct host *host, const struct sherd_gateway_config *config,
                                 struct sherd_scratch *scratch,
                                 const struct sherd_allocator *allocator);

/* Takes the next line and holds it against `expected`; a "*" at its end stands for anything. */
#define expect(host, expected) host_expect(host, expected, __FILE__, __LINE__)
void host_expect(struct host *host, const char *expected, const char *file, int line);
/* There is no line left. */
#define expect_silence(host) host_expect_silence(host, __FILE__, __LINE__)
void host_expect_silence(struct host *host, const char *file, int line);
/* Drops the lines that are there. */
void host_skip(struct host *host);
/* Whether one of the lines left begins with `prefix`. */
bool host_saw(struct host *host, const char *prefix);
/* The first of them that does, or NULL. */
const char *host_find(struct host *host, const char *prefix);
/* How many do. */
size_t host_count(struct host *host, const char *prefix);

/* Calls on the engine; each drains it. */
void host_start(struct host *host);
void host_close(struct host *host, bool resumable);
void host_open(struct host *host); /* the transport is up */
void host_lose(struct host *host, enum sherd_status why);
void host_grant(struct host *host);
enum sherd_status host_send(struct host *host, const struct sherd_command *command);
/* Lets time pass, with every deadline met to the millisecond. */
void host_wait_until(struct host *host, uint64_t now_ms);
void host_wait(struct host *host, uint64_t ms);

/* The server. */
void host_raw(struct host *host, const void *data, size_t len); /* bytes as they are */
void host_upgrade(struct host *host);                           /* the right 101 */
void host_say(struct host *host, const char *json);             /* a message, compressed as due */
void host_sayf(struct host *host, const char *format, ...) __attribute__((format(printf, 2, 3)));
void host_frame(struct host *host, enum sherd__frames_opcode opcode, const void *data, size_t len);
void host_close_frame(struct host *host, uint16_t code, const char *reason);

/* Ways that most tests go first. Each skips the lines of its way. */
void host_to_hello(struct host *host, unsigned interval_ms); /* start, open, upgrade, HELLO */
void host_to_active(struct host *host); /* the same with 41250, permit, READY with s 1 */
void host_ready(struct host *host, unsigned seq);

/* Takes all that the engine gives out. */
void host_drain(struct host *host);

#endif
