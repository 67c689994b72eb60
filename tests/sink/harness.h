/* A hub with a loop of its own thread, a fake fleet and a store in memory. */
#ifndef SHERD_TESTS_SINK_HARNESS_H
#define SHERD_TESTS_SINK_HARNESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <sherd/store.h>

#include "event.h"
#include "sink/hub.h"

struct harness {
  uv_loop_t loop;
  uv_thread_t thread;
  uv_async_t quit;
  struct sherd__hub *hub;
  struct sherd_store *store; /* of set 0 */
  struct sherd__hub_config config;
  char dir[64];
  char path[96]; /* of a socket */
  atomic_bool is_held;
  atomic_uint holds, ends;
  atomic_int finished; /* 1 when done was called */
  uint64_t untaken;
  char why[128];
  atomic_uint_fast64_t finish_timeout_ms; /* TSan does not see that libuv orders threads */
  atomic_uint hold_logs;
};

/* Fills in a configuration with the socket and a store of 8 shards; nothing else. */
void harness_init(struct harness *harness);

/* Makes the hub and runs it. */
void harness_start(struct harness *harness);

/* Finishes it, and frees everything but the store. Gives what was left untaken. */
uint64_t harness_stop(struct harness *harness, uint64_t timeout_ms);

/* Frees the store and the directory. */
void harness_deinit(struct harness *harness);

/* Offers MESSAGE_CREATE number `seq` of the shard's session "session-SHARD", with about so many
 * bytes of text; waits before it while the fleet is held. */
void harness_say(struct harness *harness, uint32_t shard, uint64_t seq, size_t bytes);
void harness_ready(struct harness *harness, uint32_t shard);

/* The mark that a consumer has in the store; 0: none. */
uint64_t harness_mark(struct harness *harness, const char *name, uint32_t shard);

/* Waits for a condition, ten seconds at the most. */
#define WAIT_FOR(condition)                                                                        \
  do {                                                                                             \
    unsigned tries_ = 0;                                                                           \
    while (!(condition) && tries_++ < 10000)                                                       \
      harness_rest();                                                                              \
    assert_true(condition);                                                                        \
  } while (0)
void harness_rest(void); /* a millisecond */

/* --- A client of the socket --- */

struct reader {
  int fd;
  char *buf; /* grows */
  size_t len, at, cap;
};

/* Connects; with `request` sends that line first. */
void reader_open(struct reader *reader, const struct harness *harness, const char *request);
void reader_take(struct reader *reader, int fd); /* any descriptor; it is closed at the end */
void reader_send(struct reader *reader, const char *text);
/* The next line without its line feed, or NULL at the end; fails after ten seconds. */
const char *reader_line(struct reader *reader);
/* Whether there is a line, or the end, within so many milliseconds. */
bool reader_has(struct reader *reader, int timeout_ms);
void reader_close(struct reader *reader);

/* Holds a line against a text; a "*" at its end stands for anything. */
#define assert_line(reader, expected) reader_expect(reader, expected, __FILE__, __LINE__)
void reader_expect(struct reader *reader, const char *expected, const char *file, int line);

/* The number behind `"key":` in a line. */
uint64_t number_in(const char *line, const char *key);

#endif
