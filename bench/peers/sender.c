/* A gateway that costs nothing: it plays a stream that was made beforehand to a client that it
 * starts itself, and measures the client from the outside, so that all are measured alike.
 *
 *   bench_sender STREAM [--idle SHARDS] COMMAND [ARGUMENT]...
 *
 * The client finds in its environment where it is to go (PEER_API, PEER_GATEWAY, PEER_TOKEN), how
 * many dispatches there are (PEER_EVENTS) and how many shards it is to be (PEER_SHARDS). When it
 * has seen all, it prints {"events":N}. It then is ended, and one line is printed:
 *
 *   events    what the client counted
 *   cpu_s     the client's processor time, of all its threads, user's and system's, from its
 *             IDENTIFY to that line; so its start is not counted
 *   wall_s    the time for the same
 *   peak_kb   the most memory that it had resident, its start included
 *
 * With --idle the stream is to have no events; when each shard has got its READY and a little time
 * has passed, the line is {"shards":N,"rss_kb":K}.
 *
 * The sender stays on the machine's first core and the client on its second. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sender_peer.h"
#include "stream_file.h"

#define PEERS_MAX  512
#define PATIENCE_S 120 /* for a client that is silent: it reads no more and says nothing */
#define SETTLE_MS  2000
#define LINE_BYTES 4096

static void must(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "bench_sender: %s: %s\n", what, strerror(errno));
  exit(EXIT_FAILURE);
}

struct sender {
  struct stream_file stream;
  struct sender_peer peers[PEERS_MAX];
  size_t peer_count;
  struct sender_place place;
  int listener;
  pid_t client;
  int told; /* what the client prints */
  char line[LINE_BYTES];
  size_t line_len;
  uint32_t idle_shards; /* 0: the stream is played */
  uint32_t identified;
  double begin_cpu_s, begin_wall_s;
  double moved_s; /* when anything last happened */
};

/* --- Clocks --- */

static double seconds(clockid_t clock) {
  struct timespec now;
  must(clock_gettime(clock, &now) == 0, "a clock");
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double client_cpu_s(const struct sender *sender) {
  clockid_t clock;
  must(clock_getcpuclockid(sender->client, &clock) == 0, "the client's clock");
  return seconds(clock);
}

static uint64_t client_kb(const struct sender *sender, const char *name) {
  char path[64], line[256];
  uint64_t kb = 0;
  snprintf(path, sizeof path, "/proc/%d/status", (int)sender->client);
  FILE *file = fopen(path, "r");
  must(file, path);
  while (fgets(line, sizeof line, file))
    if (strncmp(line, name, strlen(name)) == 0)
      sscanf(line + strlen(name), ": %" SCNu64, &kb);
  fclose(file);
  return kb;
}

/* --- The two processes --- */

static void stay_on(size_t core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
    must(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

static void listen_on_loopback(struct sender *sender) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  sender->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(sender->listener >= 0 &&
           bind(sender->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
           listen(sender->listener, PEERS_MAX) == 0 &&
           getsockname(sender->listener, (struct sockaddr *)&address, &size) == 0,
       "cannot listen");
  sender->place.port = ntohs(address.sin_port);
}

static void set_number(const char *name, uint64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%" PRIu64, value);
  setenv(name, text, 1);
}

static void describe(const struct sender *sender) {
  char text[64];
  snprintf(text, sizeof text, "http://127.0.0.1:%u/api/v10", (unsigned)sender->place.port);
  setenv("PEER_API", text, 1);
  snprintf(text, sizeof text, "ws://127.0.0.1:%u", (unsigned)sender->place.port);
  setenv("PEER_GATEWAY", text, 1);
  setenv("PEER_TOKEN", "MTAwMDAwMDAwMDAwMDAwMDAw.sherd.bench-token", 1); /* no secret */
  set_number("PEER_EVENTS", sender->stream.events);
  set_number("PEER_SHARDS", sender->idle_shards ? sender->idle_shards : 1);
}

static void start_client(struct sender *sender, char **command) {
  int ends[2];
  pid_t parent = getpid();
  must(pipe(ends) == 0, "pipe");
  sender->client = fork();
  must(sender->client >= 0, "fork");
  if (sender->client == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    must(getppid() == parent, "too late");
    describe(sender);
    stay_on(1);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execvp(command[0], command);
    must(false, command[0]);
  }
  close(ends[1]);
  sender->told = ends[0];
}

static void end_client(const struct sender *sender) {
  kill(sender->client, SIGKILL);
  waitpid(sender->client, NULL, 0);
}

/* --- What the client says --- */

static void finish(struct sender *sender, uint64_t events) {
  double cpu_s = client_cpu_s(sender) - sender->begin_cpu_s;
  double wall_s = seconds(CLOCK_MONOTONIC) - sender->begin_wall_s;
  printf("{\"events\":%" PRIu64 ",\"cpu_s\":%.6f,\"wall_s\":%.6f,\"peak_kb\":%" PRIu64 "}\n",
         events, cpu_s, wall_s, client_kb(sender, "VmHWM"));
  end_client(sender);
  exit(EXIT_SUCCESS);
}

static void take_line(struct sender *sender, const char *line) {
  uint64_t events;
  if (sscanf(line, "{\"events\":%" SCNu64 "}", &events) != 1)
    fprintf(stderr, "%s\n", line);
  else if (!sender->idle_shards)
    finish(sender, events);
}

static void hear_client(struct sender *sender) {
  size_t room = sizeof sender->line - 1 - sender->line_len;
  ssize_t got = read(sender->told, sender->line + sender->line_len, room);
  if (got <= 0) {
    fprintf(stderr, "bench_sender: the client ended before it had seen all\n");
    end_client(sender);
    exit(EXIT_FAILURE);
  }
  sender->line_len += (size_t)got;
  sender->line[sender->line_len] = '\0';
  char *line = sender->line;
  for (char *end; (end = strchr(line, '\n')); line = end + 1) {
    *end = '\0';
    take_line(sender, line);
  }
  sender->line_len = strlen(line);
  if (sender->line_len == sizeof sender->line - 1)
    sender->line_len = 0; /* no line of ours is as long */
  memmove(sender->line, line, sender->line_len);
}

/* --- Connections --- */

static void take_connection(struct sender *sender) {
  int fd = accept4(sender->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0)
    return;
  must(sender->peer_count < PEERS_MAX, "too many connections");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  sender_peer_open(&sender->peers[sender->peer_count++], fd);
}

static void drop_connection(struct sender *sender, size_t i) {
  sender_peer_close(&sender->peers[i]);
  sender->peers[i] = sender->peers[--sender->peer_count];
}

/* The measure begins when a client identifies: before anything that it answers is sent. */
static void note_identify(struct sender *sender) {
  sender->identified++;
  sender->begin_cpu_s = client_cpu_s(sender);
  sender->begin_wall_s = seconds(CLOCK_MONOTONIC);
}

static bool serve(struct sender *sender, struct sender_peer *peer, short events) {
  if (events & (POLLIN | POLLHUP | POLLERR)) {
    switch (sender_peer_read(peer, &sender->place, &sender->stream)) {
    case SENDER_PEER_GONE:
      return false;
    case SENDER_PEER_IDENTIFIED:
      note_identify(sender);
      break;
    case SENDER_PEER_GOES_ON:
      break;
    }
  }
  return sender_peer_write(peer);
}

static void report_idle(struct sender *sender) {
  printf("{\"shards\":%" PRIu32 ",\"rss_kb\":%" PRIu64 "}\n", sender->identified,
         client_kb(sender, "VmRSS"));
  end_client(sender);
  exit(EXIT_SUCCESS);
}

/* Gives up on a client with which nothing happens; what is idle on purpose is reported then. */
static void look_at_the_clock(struct sender *sender, int ready) {
  double now_s = seconds(CLOCK_MONOTONIC);
  if (ready > 0)
    sender->moved_s = now_s;
  double silence_s = now_s - sender->moved_s;
  if (sender->idle_shards && sender->identified >= sender->idle_shards &&
      silence_s * 1000 >= SETTLE_MS)
    report_idle(sender);
  if (silence_s < PATIENCE_S)
    return;
  fprintf(stderr, "bench_sender: the client has said nothing for %d s\n", PATIENCE_S);
  end_client(sender);
  exit(EXIT_FAILURE);
}

static void run(struct sender *sender) {
  static struct pollfd fds[PEERS_MAX + 2];
  for (;;) {
    size_t count = sender->peer_count;
    fds[0] = (struct pollfd){.fd = sender->listener, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = sender->told, .events = POLLIN};
    for (size_t i = 0; i < count; i++)
      fds[i + 2] = (struct pollfd){
          .fd = sender->peers[i].fd,
          .events = (short)(POLLIN | (sender_peer_has_more(&sender->peers[i]) ? POLLOUT : 0))};
    int ready = poll(fds, (nfds_t)count + 2, 500);
    must(ready >= 0, "poll");
    look_at_the_clock(sender, ready);
    if (fds[1].revents)
      hear_client(sender);
    for (size_t i = count; i-- > 0;)
      if (fds[i + 2].revents && !serve(sender, &sender->peers[i], fds[i + 2].revents))
        drop_connection(sender, i);
    if (fds[0].revents)
      take_connection(sender);
  }
}

int main(int argc, char **argv) {
  static struct sender sender;
  int command = 2;
  if (argc > 4 && strcmp(argv[2], "--idle") == 0) {
    sender.idle_shards = (uint32_t)strtoul(argv[3], NULL, 10);
    command = 4;
  }
  if (argc <= command) {
    fprintf(stderr, "usage: bench_sender STREAM [--idle SHARDS] COMMAND [ARGUMENT]...\n");
    return EXIT_FAILURE;
  }
  signal(SIGPIPE, SIG_IGN);
  sender.stream = stream_file_open(argv[1]);
  sender.place.user_id = sender.stream.user_id;
  sender.place.shards = sender.idle_shards ? sender.idle_shards : 1;
  listen_on_loopback(&sender);
  start_client(&sender, argv + command);
  stay_on(0);
  sender.moved_s = seconds(CLOCK_MONOTONIC);
  run(&sender);
}
