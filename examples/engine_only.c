/* The engine without our loop, threads or sockets: a program that has its own gives it bytes and
 * the time, and does what it says. This one has poll() and a plain blocking socket, speaks ws:// to
 * the simulator, prints the names of the first events and leaves.
 *
 *   sherd sim --listen 127.0.0.1:4000 &
 *   SHERD_TOKEN=sherd-sim-token SHERD_GATEWAY_URL=ws://127.0.0.1:4000 ./engine_only [EVENTS] */
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sherd.h>

struct host {
  struct sherd_engine *engine;
  int fd; /* -1: no transport */
  long events_left;
  bool ended;
  enum sherd_status status; /* once ended: why */
};

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int dial(const char *name, uint16_t port) {
  char service[6];
  snprintf(service, sizeof service, "%" PRIu16, port);
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct addrinfo *list = NULL;
  if (getaddrinfo(name, service, &hints, &list) != 0)
    return -1;
  int fd = -1;
  for (struct addrinfo *at = list; at && fd < 0; at = at->ai_next) {
    fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
    if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
      close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(list);
  return fd;
}

static void hang_up(struct host *host) {
  if (host->fd >= 0)
    close(host->fd);
  host->fd = -1;
}

static void lose(struct host *host, enum sherd_status why) {
  hang_up(host);
  sherd_engine_lost(host->engine, why, NULL, now_ms());
}

static void open_transport(struct host *host, const struct sherd_output *out) {
  if (out->as.connect.tls) { /* wss:// would begin TLS on the socket here */
    lose(host, SHERD_ETLS);
    return;
  }
  host->fd = dial(out->as.connect.host, out->as.connect.port);
  if (host->fd < 0)
    lose(host, SHERD_ECONNECT);
  else
    sherd_engine_opened(host->engine, now_ms());
}

static void write_all(struct host *host, struct sherd_bytes bytes) {
  while (bytes.len > 0) {
    ssize_t sent = send(host->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0)
      return; /* the socket's end shows when it is next read */
    bytes.data += sent;
    bytes.len -= (size_t)sent;
  }
}

static void take_event(struct host *host, const struct sherd_event *event) {
  printf("%s\n", event->name);
  if (event->has_seq && --host->events_left == 0)
    sherd_engine_close(host->engine, false, now_ms());
}

/* Does what the engine says, until it has nothing more to say. */
static void obey(struct host *host) {
  struct sherd_output out;
  while (sherd_engine_next(host->engine, &out)) {
    switch (out.type) {
    case SHERD_OUTPUT_CONNECT:
      open_transport(host, &out);
      break;
    case SHERD_OUTPUT_WRITE:
      write_all(host, out.as.write);
      break;
    case SHERD_OUTPUT_DISCONNECT:
      hang_up(host);
      break;
    case SHERD_OUTPUT_PERMIT: /* the only shard here need not queue for its IDENTIFY */
      sherd_engine_granted(host->engine, now_ms());
      break;
    case SHERD_OUTPUT_EVENT:
      take_event(host, &out.as.event);
      break;
    case SHERD_OUTPUT_ENDED:
      host->ended = true;
      host->status = out.as.ended;
      break;
    case SHERD_OUTPUT_PERMIT_CANCEL:
    case SHERD_OUTPUT_SESSION: /* a program that outlives its process would keep it */
      break;
    }
  }
}

static int wait_ms(const struct sherd_engine *engine) {
  uint64_t deadline = sherd_engine_deadline(engine);
  uint64_t now = now_ms();
  if (deadline <= now)
    return 0;
  return deadline - now > 60000 ? 60000 : (int)(deadline - now);
}

static void wait_and_tell(struct host *host) {
  uint8_t bytes[16384];
  struct pollfd socket = {.fd = host->fd, .events = POLLIN}; /* poll() skips a negative fd */
  if (poll(&socket, 1, wait_ms(host->engine)) > 0) {
    ssize_t got = recv(host->fd, bytes, sizeof bytes, 0);
    if (got > 0)
      sherd_engine_feed(host->engine, (struct sherd_bytes){bytes, (size_t)got}, now_ms());
    else if (got == 0 || errno != EINTR)
      lose(host, SHERD_ELOST);
    obey(host); /* before `bytes` goes */
  }
  sherd_engine_tick(host->engine, now_ms());
}

int main(int argc, char **argv) {
  struct host host = {.fd = -1, .events_left = argc > 1 ? atol(argv[1]) : 100};
  const struct sherd_gateway_config config = {
      .token = getenv("SHERD_TOKEN"),
      .gateway_url = getenv("SHERD_GATEWAY_URL"),
      .intents = SHERD_INTENTS_ALL_UNPRIVILEGED,
      .compression = SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM,
      .max_attempts = 3,
  };
  host.status = sherd_engine_new(&config, NULL, &host.engine);
  if (host.status == SHERD_OK)
    host.status = sherd_engine_start(host.engine, now_ms());
  while (host.status == SHERD_OK && !host.ended) {
    obey(&host);
    if (!host.ended)
      wait_and_tell(&host);
  }
  hang_up(&host);
  sherd_engine_free(host.engine);
  if (host.status != SHERD_OK)
    fprintf(stderr, "%s\n", sherd_strerror(host.status));
  return host.status == SHERD_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
