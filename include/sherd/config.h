/* How a shard talks to the gateway: what it says in IDENTIFY, and its limits.
 *
 * Zeroed, every optional field has its default, which stands beside it. Texts are copied. */
#ifndef SHERD_CONFIG_H
#define SHERD_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include <sherd/command.h>
#include <sherd/session.h>
#include <sherd/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHERD_GATEWAY_VERSION 10
#define SHERD_GATEWAY_URL     "wss://gateway.discord.gg"

/* Compression of what the server sends; what the client sends is never compressed.
 * Source: Discord's documentation, Gateway, encoding and compression. */
enum sherd_compression {
  SHERD_COMPRESSION_NONE = 0,
  /* Each message may be a zlib stream of its own. JSON only. (hikari's name; it is no stream.) */
  SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM,
  SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM, /* compress=zlib-stream: one context a connection */
  SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM  /* compress=zstd-stream: one context a connection */
};

/* Whose code inflates. What is whole both take, and put out the same. */
enum sherd_inflater {
  SHERD_INFLATER_NATIVE = 0, /* Sherd's: made for streams of many small messages; it keeps 33 kB a
                                shard for zlib-stream, and the window for zstd-stream */
  SHERD_INFLATER_ZLIB        /* zlib's, and libzstd's */
};

/* "No such limit", for the fields below that say so. */
#define SHERD_NEVER UINT32_MAX

struct sherd_gateway_config {
  const char *token;       /* the bare bot token; required */
  const char *gateway_url; /* NULL: SHERD_GATEWAY_URL; ws:// or wss://, may have a query */

  uint32_t shard_id;
  uint32_t shard_count; /* 0: 1 */
  uint64_t intents;     /* SHERD_INTENT_... */
  uint64_t capabilities;
  enum sherd_compression compression;
  enum sherd_data_format format;
  uint32_t large_threshold;              /* 50 to 250; 0: 250 */
  const char *os;                        /* properties of IDENTIFY; NULL: the system's name */
  const char *browser;                   /* NULL: "sherd" */
  const char *device;                    /* NULL: "sherd" */
  const struct sherd_presence *presence; /* the first presence; NULL: online, nothing else */
  const struct sherd_session *session;   /* resume this instead of beginning anew; NULL: none */

  size_t max_message_bytes;     /* a message, inflated; 0: 64 MiB */
  uint32_t max_queued_commands; /* accepted and not yet sent; 0: 128 */
  uint32_t max_attempts; /* attempts in a row that do not reach READY or RESUMED before the shard
                            gives up; 0: never gives up */
  uint32_t upgrade_timeout_ms; /* the answer to the HTTP upgrade; 0: 10 s */
  uint32_t hello_timeout_ms;   /* HELLO; 0: 20 s */
  uint32_t ready_timeout_ms;   /* READY or RESUMED, after asking; 0: 10 min; SHERD_NEVER: none.
                                  (Discord's documentation: in an outage a client may wait long,
                                  and shall keep beating.) */
  uint32_t close_timeout_ms;   /* the peer's answer to our close frame; 0: 5 s */
  enum sherd_inflater inflater;
};

#ifdef __cplusplus
}
#endif
#endif
