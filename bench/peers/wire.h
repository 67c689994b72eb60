/* What a gateway says on one connection: messages, compressed one after the other, in frames. */
#ifndef BENCH_PEERS_WIRE_H
#define BENCH_PEERS_WIRE_H

#include <sherd/bytes.h>
#include <sherd/config.h>

#include "base/buf.h"
#include "stream_file.h"

struct wire;

/* "none" or "zlib-stream"; exits when it is neither. */
enum sherd_compression wire_compression(const char *name);

struct wire *wire_new(enum sherd_compression compression);
void wire_free(struct wire *wire);

/* Appends a frame to `out`. */
void wire_say(struct wire *wire, struct sherd_bytes message, struct sherd_buf *out);

/* The frame of a message that is understood at any time, whatever was said before. */
struct sherd_bytes wire_anywhere(enum sherd_compression compression, struct sherd_bytes message);

/* The stream of a bot for which nothing happens: HELLO with an interval, and as READY that of
 * `json`, a stream of JSON without compression. */
struct stream_file wire_idle(const struct stream_file *json, enum sherd_compression compression,
                             uint32_t interval_ms);

#endif
