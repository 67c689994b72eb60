#include "crowd.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "measure.h"

#define EVENTS_MAX    256
#define LAST_WORDS_MS 1000
#define PATIENCE_S    120 /* for a client that is silent: it reads no more and says nothing */

/* --- Its beginning --- */

static void listen_on_loopback(struct crowd *crowd) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  crowd->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  measure_must(crowd->listener >= 0 &&
                   bind(crowd->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
                   listen(crowd->listener, SOMAXCONN) == 0 &&
                   getsockname(crowd->listener, (struct sockaddr *)&address, &size) == 0,
               "cannot listen");
  crowd->place.port = ntohs(address.sin_port);
}

static void set_number(const char *name, uint64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%" PRIu64, value);
  setenv(name, text, 1);
}

static void describe(const struct crowd *crowd, uint64_t events) {
  char text[64];
  const char *s = crowd->place.tls ? "s" : "";
  snprintf(text, sizeof text, "http%s://127.0.0.1:%u/api/v10", s, (unsigned)crowd->place.port);
  setenv("PEER_API", text, 1);
  snprintf(text, sizeof text, "ws%s://127.0.0.1:%u", s, (unsigned)crowd->place.port);
  setenv("PEER_GATEWAY", text, 1);
  setenv("PEER_TOKEN", "MTAwMDAwMDAwMDAwMDAwMDAw.sherd.bench-token", 1); /* no secret */
  set_number("PEER_EVENTS", events);
  set_number("PEER_SHARDS", crowd->wanted);
}

/* Has epoll tell of what `of` is once its descriptor is ready. */
static void watch(const struct crowd *crowd, int fd, uint32_t events, void *of) {
  struct epoll_event event = {.events = events, .data = {.ptr = of}};
  measure_must(epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

/* The client has as many as we have, and both may need them. */
static void raise_files(void) {
  struct rlimit files;
  measure_must(getrlimit(RLIMIT_NOFILE, &files) == 0, "getrlimit");
  files.rlim_cur = files.rlim_max;
  measure_must(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
}

void crowd_open(struct crowd *crowd, uint64_t events, char **command) {
  raise_files();
  signal(SIGPIPE, SIG_IGN);
  crowd->place.user_id = crowd->stream.user_id;
  crowd->place.shards = crowd->wanted;
  crowd->shards = calloc(crowd->wanted, sizeof *crowd->shards);
  crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
  measure_must(crowd->shards && crowd->epoll >= 0, "epoll_create");
  listen_on_loopback(crowd);
  describe(crowd, events);
  client_start(&crowd->client, command);
  crowd->moved_s = measure_s(CLOCK_MONOTONIC);
  watch(crowd, crowd->listener, EPOLLIN, &crowd->listener);
  watch(crowd, crowd->client.told, EPOLLIN, &crowd->client);
}

/* --- Connections --- */

static void take_connections(struct crowd *crowd) {
  int fd;
  while ((fd = accept4(crowd->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct sender_peer *peer = sender_peer_new(fd, &crowd->place);
    watch(crowd, fd, EPOLLIN | EPOLLOUT | EPOLLET, peer);
  }
  measure_must(errno == EAGAIN || errno == ECONNABORTED, "accept");
}

/* A client may close once it has said that it has seen all; before, nothing would be counted right.
 * What it says there may come after its close. */
static void drop(struct crowd *crowd, struct sender_peer *peer) {
  struct pollfd told = {.fd = crowd->client.told, .events = POLLIN};
  if (peer->is_identified && !crowd->client.events && poll(&told, 1, LAST_WORDS_MS) > 0)
    client_hear(&crowd->client);
  errno = 0;
  measure_must(!peer->is_identified || crowd->client.events,
               "the client closed a connection, or said what it must not");
  sender_peer_free(peer);
}

static void serve(struct crowd *crowd, struct sender_peer *peer) {
  enum sender_peer_result result = sender_peer_read(peer, &crowd->place, &crowd->stream);
  if (result == SENDER_PEER_GONE) {
    drop(crowd, peer);
    return;
  }
  if (result == SENDER_PEER_IDENTIFIED) {
    errno = 0;
    measure_must(crowd->identified < crowd->wanted, "there are more shards than are wanted");
    peer->index = crowd->identified;
    crowd->shards[crowd->identified++] = peer;
  }
  if (crowd->heard)
    crowd->heard(crowd, peer, result);
  if (!sender_peer_write(peer, &crowd->place))
    drop(crowd, peer);
}

/* --- Its turns --- */

double crowd_silence_s(const struct crowd *crowd) {
  return measure_s(CLOCK_MONOTONIC) - crowd->moved_s;
}

static void give_up(const struct crowd *crowd) {
  fprintf(stderr, "the client has said nothing for %d s\n", PATIENCE_S);
  client_end(&crowd->client);
  exit(EXIT_FAILURE);
}

void crowd_turn(struct crowd *crowd, int timeout_ms) {
  struct epoll_event events[EVENTS_MAX];
  int count = epoll_wait(crowd->epoll, events, EVENTS_MAX, timeout_ms);
  measure_must(count >= 0 || errno == EINTR, "epoll_wait");
  if (count > 0)
    crowd->moved_s = measure_s(CLOCK_MONOTONIC);
  else if (crowd_silence_s(crowd) > PATIENCE_S)
    give_up(crowd);
  for (int i = 0; i < count; i++) {
    if (events[i].data.ptr == &crowd->client)
      client_hear(&crowd->client);
    else if (events[i].data.ptr == &crowd->listener)
      take_connections(crowd);
    else
      serve(crowd, events[i].data.ptr);
  }
}
