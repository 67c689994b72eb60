#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/frames.h"
#include "measure.h"
#include "sim/deflate.h"

#define ZLIB_HEAD_BYTES 2

struct wire {
  enum sherd_compression compression;
  struct sherd__deflater *deflater; /* NULL: without compression */
  struct sherd__frames *frames;
  struct sherd_buf message;
};

enum sherd_compression wire_compression(const char *name) {
  if (strcmp(name, "zlib-stream") == 0)
    return SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM;
  measure_must(strcmp(name, "none") == 0, "the compression is to be none or zlib-stream");
  return SHERD_COMPRESSION_NONE;
}

struct wire *wire_new(enum sherd_compression compression) {
  const struct sherd_allocator *allocator = sherd_allocator_default();
  struct wire *wire = calloc(1, sizeof *wire);
  measure_must(wire, "out of memory");
  wire->compression = compression;
  sherd__buf_init(&wire->message, allocator);
  measure_must(sherd__frames_new(allocator, SHERD__FRAMES_SERVER, NULL, 1, &wire->frames) ==
                       SHERD_OK &&
                   (!compression ||
                    sherd__deflater_new(allocator, compression, &wire->deflater) == SHERD_OK),
               "out of memory");
  return wire;
}

void wire_free(struct wire *wire) {
  sherd__deflater_free(wire->deflater);
  sherd__frames_free(wire->frames);
  sherd__buf_deinit(&wire->message);
  free(wire);
}

static struct sherd_bytes squeeze(struct wire *wire, struct sherd_bytes message) {
  if (!wire->deflater)
    return message;
  wire->message.len = 0;
  measure_must(sherd__deflater_feed(wire->deflater, message, &wire->message) == SHERD_OK,
               "out of memory");
  return sherd__buf_bytes(&wire->message);
}

static void put(struct wire *wire, struct sherd_bytes payload, struct sherd_buf *out) {
  enum sherd__frames_opcode opcode = wire->deflater ? SHERD__FRAMES_BINARY : SHERD__FRAMES_TEXT;
  measure_must(sherd__frames_write(wire->frames, opcode, payload, out) == SHERD_OK,
               "out of memory");
}

void wire_say(struct wire *wire, struct sherd_bytes message, struct sherd_buf *out) {
  put(wire, squeeze(wire, message), out);
}

/* What a fresh stream begins with refers to nothing outside itself; only its head has to go. */
struct sherd_bytes wire_anywhere(enum sherd_compression compression, struct sherd_bytes message) {
  struct wire *wire = wire_new(compression);
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  struct sherd_bytes payload = squeeze(wire, message);
  if (wire->deflater) {
    payload.data += ZLIB_HEAD_BYTES;
    payload.len -= ZLIB_HEAD_BYTES;
  }
  put(wire, payload, &out);
  wire_free(wire);
  return sherd__buf_bytes(&out);
}

struct stream_file wire_idle(const struct stream_file *json, enum sherd_compression compression,
                             uint32_t interval_ms) {
  char hello[64];
  int len = snprintf(hello, sizeof hello,
                     "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":%u}}",
                     (unsigned)interval_ms);
  struct wire *wire = wire_new(compression);
  struct sherd_buf out;
  struct sherd_bytes rest = json->rest;
  sherd__buf_init(&out, sherd_allocator_default());
  wire_say(wire, (struct sherd_bytes){(const uint8_t *)hello, (size_t)len}, &out);
  wire_free(wire);
  /* A heartbeat may be answered before READY, so that refers to nothing. */
  return (struct stream_file){.hello = sherd__buf_bytes(&out),
                              .rest = wire_anywhere(compression, stream_file_next(&rest)),
                              .events = 1,
                              .user_id = json->user_id};
}
