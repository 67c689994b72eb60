/* A loop of the test's own, in a thread of its own: libuv writes with SIGPIPE, which is its user's
 * to keep off. Only that thread is shielded, so that the library's threads are seen as they are. */
#ifndef SHERD_TESTS_SUPPORT_BROKEN_PIPE_H
#define SHERD_TESTS_SUPPORT_BROKEN_PIPE_H

#include <pthread.h>
#include <signal.h>

static inline void block_broken_pipe(void) {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, NULL);
}

#endif
