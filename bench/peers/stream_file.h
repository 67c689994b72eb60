/* A stream that was made beforehand: what a gateway sends on one connection, in its very bytes.
 *
 * The file is a head of STREAM_HEAD_BYTES, one line of JSON filled up with spaces, and then the
 * WebSocket frames: HELLO, READY, each guild, the events. */
#ifndef BENCH_PEERS_STREAM_FILE_H
#define BENCH_PEERS_STREAM_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>

#define STREAM_HEAD_BYTES 256

/* The head's line; what each number is stands in struct stream_file. */
#define STREAM_HEAD_FORMAT "{\"events\":%ju,\"hello_bytes\":%ju,\"text_bytes\":%ju,\"user\":%ju}"

struct stream_file {
  struct sherd_bytes hello; /* the frames up to IDENTIFY */
  struct sherd_bytes rest;  /* those after it */
  uint64_t events;          /* dispatches in it; the last one's number */
  uint64_t text_bytes;      /* of all messages, once inflated */
  uint64_t user_id;         /* the bot's, as READY names it */
};

/* Maps a file, for as long as the process lives, and touches each page of it. Exits with a line on
 * stderr when it is none. */
struct stream_file stream_file_open(const char *path);

/* Takes the next frame of `*bytes` from its front and gives its payload; a length of 0 at the end.
 * Exits when the frame is cut off. */
struct sherd_bytes stream_file_next(struct sherd_bytes *bytes);

#endif
