/* One libuv loop as connections and shards see it: what is shared by all that run on it. */
#ifndef SHERD_NET_LOOP_H
#define SHERD_NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <sherd/alloc.h>
#include <sherd/engine.h>
#include <sherd/status.h>

/* One read from a socket, and one record of TLS, fit in. */
#define SHERD__READ_BYTES 65536

struct sherd__loop;

/* A piece of work for the loop's thread; embedded in its owner. */
struct sherd__task {
  void (*run)(struct sherd__task *task);
  struct sherd__task *next; /* private */
};

/* Makes a loop with a thread of its own (`uv` NULL), or on the caller's loop, and the calling
 * thread is then the loop's until a callback of ours runs in another. A thread of ours blocks
 * SIGPIPE; on the caller's loop that signal is the caller's to ignore, as libuv wants it. Errors:
 * SHERD_ENOMEM, SHERD_ESYSTEM. */
enum sherd_status sherd__loop_new(const struct sherd_allocator *allocator, uv_loop_t *uv,
                                  struct sherd__loop **out);

/* Stops the thread, or lets go of the caller's loop, and frees it, once all tasks that were posted
 * have run. Nothing may be left on it but what is closing already, which is waited for. NULL is
 * allowed.
 * On the loop's own thread it returns at once, and the thread frees it when it ends.
 * A caller's loop that has nothing else alive on it is run for one turn, so that it can be closed;
 * one that has is let go when the caller runs it next. */
void sherd__loop_free(struct sherd__loop *loop);

uv_loop_t *sherd__loop_uv(struct sherd__loop *loop);
const struct sherd_allocator *sherd__loop_allocator(const struct sherd__loop *loop);

/* The scratch of the loop's engines. */
struct sherd_scratch *sherd__loop_scratch(struct sherd__loop *loop);

/* The buffer that sockets are read to, and the one that TLS decrypts to; SHERD__READ_BYTES each. */
uint8_t *sherd__loop_raw_buffer(struct sherd__loop *loop);
uint8_t *sherd__loop_plain_buffer(struct sherd__loop *loop);

/* Monotonic milliseconds, as the loop's timers count them, read afresh. Thread-safe. */
uint64_t sherd__loop_now_ms(const struct sherd__loop *loop);

/* Runs `task` on the loop's thread, after those posted before and never from inside this call.
 * Never fails. What is posted on a caller's loop by its own thread keeps it alive until it has run.
 * Thread-safe. */
void sherd__loop_post(struct sherd__loop *loop, struct sherd__task *task);

/* Whether the caller is on the loop's thread. Thread-safe. */
bool sherd__loop_is_own_thread(const struct sherd__loop *loop);

/* To be called first in every libuv callback of ours, so that a caller's loop knows its thread. */
void sherd__loop_enter(struct sherd__loop *loop);

#endif
