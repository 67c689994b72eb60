/* An engine that is fed from memory, for benches: no socket, no clock. What cannot go on ends the
 * program with a line on stderr. */
#ifndef BENCH_MEMORY_CLIENT_H
#define BENCH_MEMORY_CLIENT_H

#include <sherd/engine.h>

#include "engine/upgrade.h"

struct memory_client {
  struct sherd_engine *engine;
  void (*on_event)(const struct sherd_event *event, void *user);
  void *user;
  char key[SHERD__WEBSOCKET_KEY_SIZE + 1]; /* once the upgrade is asked for */
};

/* Makes the engine, and goes as far as the upgrade; HELLO is next. Whatever is then asked for is
 * granted. `config` needs no token and no URL. */
void memory_client_open(struct memory_client *client, const struct sherd_gateway_config *config);
void memory_client_close(struct memory_client *client);

/* Feeds as much as a read from a socket gives, again and again, and takes what comes out. */
void memory_client_feed(struct memory_client *client, struct sherd_bytes bytes);

#endif
