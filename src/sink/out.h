/* What goes out to one consumer: lines that wait to be written to a descriptor without waiting, and
 * how far they have come. Lines are never mixed: each is put in whole.
 *
 * A descriptor that others have too (stdout, as a rule) is left as it is: no O_NONBLOCK is set on
 * it, which would be seen by all of them. See sherd__out_open(). */
#ifndef SHERD_SINK_OUT_H
#define SHERD_SINK_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/status.h>

#include "base/buf.h"
#include "sink/stream.h"

/* Events are put in until so much waits to be written: what a pipe takes at once. */
#define SHERD__OUT_BYTES 65536

enum sherd__out_kind {
  SHERD__OUT_SOCKET = 0, /* written without waiting, and without a signal */
  SHERD__OUT_OWN,        /* a description of our own that does not wait: a pipe, a terminal */
  SHERD__OUT_SHARED,     /* one of others: written in small pieces, when there is room */
  SHERD__OUT_FILE        /* a file, or a device that is always ready: waits for the disk only */
};

struct sherd__out {
  enum sherd__out_kind kind;
  int fd;       /* -1: what is put in is forgotten */
  bool owns_fd; /* closes it at the end */
  bool is_pipe; /* it can be known what its reader has not read */
  struct sherd_buf buf;
  size_t at;            /* what is before is written */
  uint64_t put_bytes;   /* in sum */
  size_t line_bytes;    /* of the last event */
  struct sherd_buf way; /* which events are on their way: where each ends, and its n */
  size_t way_at;
};

/* Takes a socket. */
void sherd__out_init(struct sherd__out *out, const struct sherd_allocator *allocator, int fd);

/* Takes any other descriptor, which stays the caller's. A pipe or a terminal is opened anew by its
 * name in /proc, to have a description of our own; where that cannot be, it is SHARED: poll() says
 * when a pipe takes PIPE_BUF bytes at least. */
void sherd__out_open(struct sherd__out *out, const struct sherd_allocator *allocator, int fd);

/* A new description of a pipe or a terminal, that does not wait; the mode of the one it has stays
 * with those who share it. -1: there can be none. */
int sherd__out_open_anew(int fd);

/* Closes the descriptor if it is ours. */
void sherd__out_deinit(struct sherd__out *out);

/* Bytes that are not written yet. */
static inline size_t sherd__out_waiting(const struct sherd__out *out) {
  return out->buf.len - out->at;
}

/* Puts in an event; with `n` as {"n":123,...}. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__out_event(struct sherd__out *out, const struct sherd__record *record,
                                   bool with_n);

/* Puts in one line, or several. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__out_lines(struct sherd__out *out, struct sherd_bytes lines);

/* Writes what can be written. SHERD_OK when that was all, SHERD_EAGAIN when not.
 * Errors: SHERD_ELOST when nobody reads any more; SHERD_ESYSTEM: errno says why. */
enum sherd_status sherd__out_write(struct sherd__out *out);

/* What the reader has not read yet of what was written; 0 where it cannot be known. */
uint64_t sherd__out_unread(const struct sherd__out *out);

/* The last event that has arrived as a whole, when all but `unread` bytes of what was written have;
 * 0: none has since it was last asked. */
uint64_t sherd__out_arrived(struct sherd__out *out, uint64_t unread);

/* Nobody waits any more for the events that are on their way. */
static inline void sherd__out_forget_way(struct sherd__out *out) {
  out->way_at = out->way.len;
}

/* Whether events are on their way still. */
static inline bool sherd__out_is_busy(const struct sherd__out *out) {
  return out->way.len > out->way_at;
}

#endif
