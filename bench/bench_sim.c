/* What the simulator can carry, on real sockets of the loopback: idle clients, and events.
 *
 *   bench_sim [CLIENTS]
 *
 * The server is a process of its own, whose memory and processor time are read from the outside.
 * The clients are this process: they identify, count frames and look at nothing else, so that they
 * cost less than what they measure. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <sherd/intents.h>

#include "payload/format_writer.h"
#include "sim/server.h"

#define READ_BYTES    (256u << 10)
#define IDLE_CLIENTS  10000
#define WAVE          4000 /* IDENTIFYs at once: a little less than there are buckets */
#define WAVE_PAUSE_MS 5200
#define RUN_MS        4000

static void die(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- The server's process --- */

struct server {
  pid_t pid;
  uint16_t port;
};

static void serve(const struct sherd__sim_config *config, int port_fd) {
  struct sherd__sim_server_options options = {.sim = *config};
  struct sherd__sim_server *server;
  uv_loop_t loop;
  char error[256];
  signal(SIGPIPE, SIG_IGN);
  uv_loop_init(&loop);
  if (sherd__sim_server_new(&loop, &options, &server, error, sizeof error)) {
    fprintf(stderr, "%s\n", error);
    exit(1);
  }
  uint16_t port = sherd__sim_server_port(server);
  if (write(port_fd, &port, sizeof port) != sizeof port)
    exit(1);
  uv_run(&loop, UV_RUN_DEFAULT); /* until it is killed */
  exit(0);
}

static struct server start(const struct sherd__sim_config *config) {
  int ends[2];
  struct server server = {0};
  if (pipe(ends) < 0 || (server.pid = fork()) < 0)
    die("cannot start the server");
  if (server.pid == 0)
    serve(config, ends[1]);
  close(ends[1]);
  if (read(ends[0], &server.port, sizeof server.port) != sizeof server.port)
    die("the server did not start");
  close(ends[0]);
  return server;
}

static void stop(const struct server *server) {
  kill(server->pid, SIGKILL);
  waitpid(server->pid, NULL, 0);
}

static double cpu_s(const struct server *server) {
  char path[64], line[1024];
  unsigned long user = 0, system = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)server->pid);
  FILE *file = fopen(path, "r");
  if (!file || !fgets(line, sizeof line, file))
    die(path);
  fclose(file);
  sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
         &system);
  return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double memory_bytes(const struct server *server) {
  char path[64];
  unsigned long pages = 0;
  snprintf(path, sizeof path, "/proc/%d/statm", (int)server->pid);
  FILE *file = fopen(path, "r");
  if (!file || fscanf(file, "%*u %lu", &pages) != 1)
    die(path);
  fclose(file);
  return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* --- Clients --- */

struct client {
  int fd;
  bool is_upgraded;
  uint8_t head[16]; /* of a frame, as far as it came; before that the end of the HTTP answer */
  size_t head_len;
  uint64_t left; /* of the frame's payload */
  uint64_t frames;
};

struct crowd {
  int epoll;
  struct client *clients;
  uint32_t count;
  uint64_t frames, bytes;
};

/* One binary frame, masked with zeros. */
static size_t put_frame(char *out, const void *data, size_t len) {
  const uint8_t shorter[] = {0x82, (uint8_t)(0x80 | len), 0, 0, 0, 0};
  const uint8_t longer[] = {0x82, 0xFE, (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, 0};
  size_t head_len = len < 126 ? sizeof shorter : sizeof longer;
  memcpy(out, len < 126 ? shorter : longer, head_len);
  memcpy(out + head_len, data, len);
  return head_len + len;
}

static void put_key(struct sherd_buf *out, const char *key) {
  (void)sherd__etf_put_str(out, key, strlen(key));
}

static size_t put_etf_identify(char *to, uint32_t shard, uint32_t shards) {
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  (void)sherd__etf_put_version(&out);
  (void)sherd__etf_put_map(&out, 2);
  put_key(&out, "op");
  (void)sherd__etf_put_int(&out, false, 2);
  put_key(&out, "d");
  (void)sherd__etf_put_map(&out, 4);
  put_key(&out, "token");
  put_key(&out, SHERD__SIM_TOKEN);
  put_key(&out, "intents");
  (void)sherd__etf_put_int(&out, false, SHERD_INTENTS_ALL);
  put_key(&out, "properties");
  (void)sherd__etf_put_map(&out, 0);
  put_key(&out, "shard");
  (void)sherd__etf_put_list(&out, 2);
  (void)sherd__etf_put_int(&out, false, shard);
  (void)sherd__etf_put_int(&out, false, shards);
  (void)sherd__etf_put_list_end(&out);
  size_t len = put_frame(to, out.data, out.len);
  sherd__buf_deinit(&out);
  return len;
}

static size_t put_identify(char *to, bool is_etf, uint32_t shard, uint32_t shards) {
  char text[256];
  if (is_etf)
    return put_etf_identify(to, shard, shards);
  int len = snprintf(text, sizeof text,
                     "{\"op\":2,\"d\":{\"token\":\"" SHERD__SIM_TOKEN "\",\"intents\":%" PRIu64
                     ",\"shard\":[%" PRIu32 ",%" PRIu32 "],\"properties\":{}}}",
                     (uint64_t)SHERD_INTENTS_ALL, shard, shards);
  return put_frame(to, text, (size_t)len);
}

static void join(struct crowd *crowd, uint16_t port, const char *query, uint32_t shard,
                 uint32_t shards) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct client *client = &crowd->clients[crowd->count++];
  char text[1024];
  *client = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&address, sizeof address) < 0)
    die("cannot connect");
  int len = snprintf(text, sizeof text,
                     "GET /?v=10%s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                     "Sec-WebSocket-Version: 13\r\n\r\n",
                     query);
  len += (int)put_identify(text + len, strstr(query, "etf"), shard, shards);
  if (send(client->fd, text, (size_t)len, 0) != len)
    die("cannot identify");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
  if (epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
    die("epoll_ctl");
}

/* Goes past the answer to the upgrade: its end is an empty line. */
static size_t skip_answer(struct client *client, const uint8_t *in, size_t len) {
  static const char end[] = "\r\n\r\n";
  size_t at = 0;
  while (at < len && client->head_len < 4) {
    client->head_len = in[at] == (uint8_t)end[client->head_len] ? client->head_len + 1
                       : in[at] == '\r'                         ? 1
                                                                : 0;
    at++;
  }
  client->is_upgraded = client->head_len == 4;
  if (client->is_upgraded)
    client->head_len = 0;
  return at;
}

/* The size of a frame's head as its first bytes say; 0 when they do not yet. */
static size_t head_size(const struct client *client) {
  if (client->head_len < 2)
    return 0;
  return client->head[1] == 126 ? 4 : client->head[1] == 127 ? 10 : 2;
}

static void count_frames(struct client *client, const uint8_t *in, size_t len) {
  size_t at = client->is_upgraded ? 0 : skip_answer(client, in, len);
  while (at < len) {
    if (client->left) {
      uint64_t step = client->left < len - at ? client->left : len - at;
      client->left -= step;
      at += step;
      continue;
    }
    client->head[client->head_len++] = in[at++];
    size_t size = head_size(client);
    if (!size || client->head_len < size)
      continue;
    client->left = size == 2 ? client->head[1] : 0;
    for (size_t i = 2; i < size; i++)
      client->left = client->left << 8 | client->head[i];
    client->head_len = 0;
    client->frames++;
  }
}

/* Reads for so long; gives what came. */
static void listen_for(struct crowd *crowd, uint64_t ms) {
  static uint8_t buf[READ_BYTES];
  struct epoll_event events[256];
  uint64_t end_ms = now_ms() + ms;
  while (now_ms() < end_ms) {
    int ready = epoll_wait(crowd->epoll, events, 256, 10);
    for (int i = 0; i < ready; i++) {
      struct client *client = events[i].data.ptr;
      ssize_t got = recv(client->fd, buf, sizeof buf, MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN)) {
        fprintf(stderr, "a client was let go: %s\n", got ? strerror(errno) : "the end");
        exit(1);
      }
      if (got < 0)
        continue;
      uint64_t before = client->frames;
      count_frames(client, buf, (size_t)got);
      crowd->frames += client->frames - before;
      crowd->bytes += (uint64_t)got;
    }
  }
}

static struct crowd crowd_of(uint32_t count) {
  struct crowd crowd = {.epoll = epoll_create1(EPOLL_CLOEXEC),
                        .clients = calloc(count, sizeof *crowd.clients)};
  if (crowd.epoll < 0 || !crowd.clients)
    die("cannot make clients");
  return crowd;
}

static void leave(struct crowd *crowd) {
  for (uint32_t i = 0; i < crowd->count; i++)
    close(crowd->clients[i].fd);
  close(crowd->epoll);
  free(crowd->clients);
}

/* --- What is measured --- */

static void allow_descriptors(uint32_t count) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
    die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < count + 64) {
    fprintf(stderr, "only %ju descriptors are allowed; raise ulimit -n\n",
            (uintmax_t)limit.rlim_cur);
    exit(1);
  }
}

static void measure_idle(uint32_t count, uint32_t shards, uint32_t guilds, const char *query) {
  struct sherd__sim_config config = {.seed = 1,
                                     .shards = shards,
                                     .guilds = guilds,
                                     .max_concurrency = 4096,
                                     .starts_a_day = 1000000};
  struct server server = start(&config);
  struct crowd crowd = crowd_of(count);
  double empty = memory_bytes(&server);
  /* Each client is a shard of its own: one bucket lets in one session in 5 s. */
  while (crowd.count < count) {
    for (uint32_t i = 0; i < WAVE && crowd.count < count; i++)
      join(&crowd, server.port, query, crowd.count % shards, shards);
    listen_for(&crowd, WAVE_PAUSE_MS);
  }
  listen_for(&crowd, 1000);
  double full = memory_bytes(&server), cpu = cpu_s(&server);
  listen_for(&crowd, RUN_MS);
  cpu = cpu_s(&server) - cpu;
  printf("%6" PRIu32 " idle clients%-21s %5" PRIu32 " shards %5" PRIu32
         " guilds  %6.1f kB a session  %4.1f%% of a core  %" PRIu64 " messages\n",
         count, query, shards, guilds, (full - empty) / count / 1000.0, cpu * 100000.0 / RUN_MS,
         crowd.frames);
  leave(&crowd);
  stop(&server);
}

static void measure_events(uint32_t count, uint32_t shards, const char *query) {
  struct sherd__sim_config config = {.seed = 1,
                                     .shards = shards,
                                     .guilds = 20 * shards,
                                     .rate = 1000000,
                                     .max_concurrency = 4096,
                                     .starts_a_day = 1000000};
  struct server server = start(&config);
  struct crowd crowd = crowd_of(count);
  for (uint32_t i = 0; i < count; i++) {
    join(&crowd, server.port, query, i % shards, shards);
    if (i % shards == shards - 1 && i + 1 < count)
      listen_for(&crowd, WAVE_PAUSE_MS);
  }
  listen_for(&crowd, 1500);
  uint64_t frames = crowd.frames, bytes = crowd.bytes, since_ms = now_ms();
  double cpu = cpu_s(&server);
  listen_for(&crowd, RUN_MS);
  double wall = (double)(now_ms() - since_ms) / 1000.0;
  cpu = cpu_s(&server) - cpu;
  double events = (double)(crowd.frames - frames);
  printf("%6" PRIu32 " busy clients%-21s %5" PRIu32
         " shards  %9.0f events/s  %9.0f a second of a core  %5.0f bytes each\n",
         count, query, shards, events / wall, events / cpu, (double)(crowd.bytes - bytes) / events);
  leave(&crowd);
  stop(&server);
}

int main(int argc, char **argv) {
  uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : IDLE_CLIENTS;
  allow_descriptors(count);
  measure_events(16, 16, "");
  measure_events(16, 16, "&encoding=etf");
  measure_events(16, 16, "&compress=zlib-stream");
  measure_idle(count, count, 20, "");
  measure_idle(count, count, count, "");
  return 0;
}
