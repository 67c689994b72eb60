/* A client that does nothing: what of an event's way to a callback is the system's alone. It waits
 * by epoll, reads, and finds the frames' ends; the text is not looked at.
 *
 * It is a peer as the others are, for a stream without compression, but knows the one who sends: no
 * TLS, no messages in pieces, no pings. Writes down when each event came (stamps.h). */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"
#include "stamps.h"

#define READ_BYTES 65536

static const char upgrade[] = "GET /?v=10&encoding=json HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                              "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                              "Sec-WebSocket-Version: 13\r\n\r\n";

/* A frame whose mask is 0, which changes nothing. */
static const char identify[] = "\x81\x8f\0\0\0\0{\"op\":2,\"d\":{}}";

struct bare {
  int fd;
  struct stamps stamps;
  uint64_t events, wanted;
  bool is_greeted; /* HELLO, the first frame, has come */
  uint8_t head[10];
  size_t head_len;
  uint64_t left; /* of the frame's payload */
};

static const char *environment(const char *name) {
  const char *value = getenv(name);
  measure_must(value, name);
  return value;
}

static void send_all(const struct bare *bare, const char *text, size_t len) {
  measure_must(send(bare->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len, "send");
}

static void dial(struct bare *bare) {
  unsigned port = 0;
  measure_must(sscanf(environment("PEER_GATEWAY"), "ws://127.0.0.1:%u", &port) == 1,
               "PEER_GATEWAY is not ws://127.0.0.1:PORT");
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
  bare->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  measure_must(bare->fd >= 0 &&
                   connect(bare->fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                   setsockopt(bare->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) == 0,
               "connect");
}

/* Reads the answer byte by byte: what comes behind it is not its own. */
static void shake_hands(struct bare *bare) {
  char end[4] = {0};
  send_all(bare, upgrade, sizeof upgrade - 1);
  while (memcmp(end, "\r\n\r\n", sizeof end) != 0) {
    memmove(end, end + 1, sizeof end - 1);
    measure_must(recv(bare->fd, end + sizeof end - 1, 1, 0) == 1, "no upgrade");
  }
}

static void take_frame(struct bare *bare) {
  if (!bare->is_greeted) {
    bare->is_greeted = true;
    send_all(bare, identify, sizeof identify - 1);
    return;
  }
  bare->stamps.taken[bare->events++] = measure_ns(CLOCK_MONOTONIC);
  if (bare->events != bare->wanted)
    return;
  printf("{\"events\":%ju}\n", (uintmax_t)bare->events);
  fflush(stdout);
}

/* Takes a byte of a frame's head. True: it is whole, and `left` is known. Source: RFC 6455 section
 * 5.2. */
static bool take_head(struct bare *bare, uint8_t byte) {
  bare->head[bare->head_len++] = byte;
  if (bare->head_len < 2)
    return false;
  size_t wide = bare->head[1] == 126 ? 2 : bare->head[1] == 127 ? 8 : 0;
  if (bare->head_len < 2 + wide)
    return false;
  bare->left = wide ? 0 : bare->head[1];
  for (size_t i = 0; i < wide; i++)
    bare->left = bare->left << 8 | bare->head[2 + i];
  bare->head_len = 0;
  return true;
}

static void take(struct bare *bare, const uint8_t *bytes, size_t len) {
  for (size_t at = 0; at < len;) {
    if (bare->left == 0) {
      take_head(bare, bytes[at++]);
      continue;
    }
    size_t step = bare->left < len - at ? (size_t)bare->left : len - at;
    at += step;
    bare->left -= step;
    if (bare->left == 0)
      take_frame(bare);
  }
}

int main(void) {
  static struct bare bare;
  static uint8_t bytes[READ_BYTES];
  bare.wanted = strtoull(environment("PEER_EVENTS"), NULL, 10);
  bare.stamps = stamps_find(bare.wanted);
  dial(&bare);
  shake_hands(&bare);
  struct epoll_event event = {.events = EPOLLIN};
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  measure_must(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, bare.fd, &event) == 0, "epoll");
  for (;;) {
    measure_must(epoll_wait(epoll, &event, 1, -1) == 1 || errno == EINTR, "epoll_wait");
    ssize_t got = recv(bare.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    measure_must(got > 0 || (got < 0 && errno == EAGAIN), "the sender is gone");
    if (got > 0)
      take(&bare, bytes, (size_t)got);
  }
}
