#include "memory_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_BYTES 16384

static void must(enum sherd_status status, const char *what) {
  if (status == SHERD_OK)
    return;
  fprintf(stderr, "the engine: %s: %s\n", what, sherd_strerror(status));
  exit(EXIT_FAILURE);
}

static void find_key(struct memory_client *client, struct sherd_bytes request) {
  static const char name[] = "Sec-WebSocket-Key: ";
  const uint8_t *at = memmem(request.data, request.len, name, sizeof name - 1);
  if (at && client->key[0] == '\0')
    memcpy(client->key, at + sizeof name - 1, SHERD__WEBSOCKET_KEY_SIZE);
}

static void drain(struct memory_client *client) {
  struct sherd_output out;
  while (sherd_engine_next(client->engine, &out)) {
    if (out.type == SHERD_OUTPUT_EVENT)
      client->on_event(&out.as.event, client->user);
    else if (out.type == SHERD_OUTPUT_CONNECT)
      must(sherd_engine_opened(client->engine, 0), "opened");
    else if (out.type == SHERD_OUTPUT_WRITE)
      find_key(client, out.as.write);
    else if (out.type == SHERD_OUTPUT_PERMIT)
      must(sherd_engine_granted(client->engine, 0), "granted");
  }
}

void memory_client_feed(struct memory_client *client, struct sherd_bytes bytes) {
  while (bytes.len > 0) {
    size_t len = bytes.len < READ_BYTES ? bytes.len : READ_BYTES;
    must(sherd_engine_feed(client->engine, (struct sherd_bytes){bytes.data, len}, 0), "feed");
    drain(client);
    bytes.data += len;
    bytes.len -= len;
  }
}

void memory_client_open(struct memory_client *client, const struct sherd_gateway_config *config) {
  struct sherd_gateway_config own = *config;
  char accept[SHERD__WEBSOCKET_ACCEPT_SIZE + 1], response[256];
  own.token = "bench-engine-token";
  own.gateway_url = "ws://127.0.0.1:1";
  must(sherd_engine_new(&own, NULL, &client->engine), "new");
  must(sherd_engine_start(client->engine, 0), "start");
  drain(client);
  sherd__websocket_accept(client->key, strlen(client->key), accept);
  int len = snprintf(response, sizeof response,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
  memory_client_feed(client, (struct sherd_bytes){(const uint8_t *)response, (size_t)len});
}

void memory_client_close(struct memory_client *client) {
  sherd_engine_free(client->engine);
}
