/* What it costs to pass events on: a hub whose loop has a thread of its own, and threads that offer
 * as fast as they can.
 *
 *   bench_hub [EVENTS]
 *
 * The fleet is a fake one: it waits while it is held. Each event is a MESSAGE_CREATE of Discord's
 * usual size. Processor time is that of all threads of this process. */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <sherd/ndjson.h>

#include "sink/hub.h"

#define SHARDS 64

static const char message[] =
    "{\"type\":0,\"tts\":false,\"timestamp\":\"2026-11-24T14:03:05.123000+00:00\",\"pinned\":false,"
    "\"nonce\":\"1310265370246045696\",\"mentions\":[],\"mention_roles\":[],\"mention_everyone\":"
    "false,\"member\":{\"roles\":[\"1014547311043489933\",\"1014547311043489934\"],\"premium_"
    "since\":"
    "null,\"pending\":false,\"nick\":\"digger\",\"mute\":false,\"joined_at\":"
    "\"2022-09-01T01:02:03.000000+00:00\",\"flags\":0,\"deaf\":false,\"avatar\":null},\"id\":"
    "\"1310265371194150923\",\"flags\":0,\"embeds\":[],\"edited_timestamp\":null,\"content\":"
    "\"a sherd is a shard that somebody dug up and kept\",\"components\":[],\"channel_id\":"
    "\"1014547311043489936\",\"author\":{\"username\":\"digger\",\"public_flags\":0,\"id\":"
    "\"81384788765712384\",\"global_name\":\"Digger\",\"discriminator\":\"0\",\"avatar\":"
    "\"a_f3a1c0ffee00000000000000000000000\"},\"attachments\":[],\"guild_id\":"
    "\"1014547311043489932\"}";

static struct bench {
  uv_loop_t loop;
  struct sherd__hub *hub;
  struct sherd_store *store;
  uv_async_t quit;
  atomic_bool is_held;
  atomic_uint holds;
  uint64_t each;
} bench;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static double now_s(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void hold(void *ctx, bool held) {
  (void)ctx;
  bench.is_held = held;
  bench.holds += held;
}

static struct sherd_store *store_of(void *ctx, uint32_t set) {
  (void)ctx;
  (void)set;
  return bench.store;
}

static void answer(void *ctx, struct sherd_bytes line, struct sherd_buf *out) {
  (void)ctx;
  (void)line;
  (void)out;
}

static void done(void *ctx, uint64_t untaken) {
  (void)ctx;
  if (untaken)
    printf("%" PRIu64 " events were not taken\n", untaken);
  uv_close((uv_handle_t *)&bench.quit, NULL);
}

static void on_quit(uv_async_t *async) {
  (void)async;
  sherd__hub_finish(bench.hub, 60000, done, NULL);
}

static void run(void *arg) {
  (void)arg;
  uv_run(&bench.loop, UV_RUN_DEFAULT);
}

/* A loop thread of the fleet: its shards in turn. */
static void offer(void *arg) {
  uint32_t thread = (uint32_t)(uintptr_t)arg;
  struct sherd_event event = {
      .type = SHERD_EVENT_MESSAGE_CREATE, .name = "MESSAGE_CREATE", .has_seq = true};
  struct sherd_fleet_event fleet = {.event = &event, .shard_count = SHARDS};
  char session[64];
  event.session = session;
  (void)sherd_value_open(SHERD_FORMAT_JSON, message, sizeof message - 1, &event.data);
  for (uint64_t i = 0; i < bench.each; i++) {
    fleet.shard_id = thread * 16 + (uint32_t)i % 16;
    event.seq = i / 16 + 1;
    (void)snprintf(session, i < 16 ? sizeof session : 0, "%08x%08x%016x", thread, 7u,
                   fleet.shard_id);
    while (bench.is_held)
      sched_yield();
    sherd__hub_offer(bench.hub, &fleet);
  }
}

static void start(const struct sherd__hub_config *template) {
  struct sherd__hub_config config = *template;
  struct sherd_error_info error;
  config.loop = &bench.loop;
  config.hold = hold;
  config.store = store_of;
  config.answer = answer;
  if (uv_loop_init(&bench.loop) || sherd_store_memory_new(NULL, SHARDS, &bench.store) ||
      uv_async_init(&bench.loop, &bench.quit, on_quit))
    die("cannot start");
  if (sherd__hub_new(&config, &bench.hub, &error)) {
    fprintf(stderr, "%s\n", error.text);
    exit(1);
  }
  bench.is_held = false;
  bench.holds = 0;
}

static void measure(const char *what, const struct sherd__hub_config *config, uint32_t threads,
                    uint64_t events, void (*begin)(void)) {
  uv_thread_t hub, offering[4];
  struct sherd__hub_stats stats;
  start(config);
  if (begin)
    begin();
  bench.each = events / threads;
  if (uv_thread_create(&hub, run, NULL))
    die("cannot make a thread");
  double wall_s = now_s(CLOCK_MONOTONIC), cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID);
  for (uint32_t i = 0; i < threads; i++)
    if (uv_thread_create(&offering[i], offer, (void *)(uintptr_t)i))
      die("cannot make a thread");
  for (uint32_t i = 0; i < threads; i++)
    uv_thread_join(&offering[i]);
  uv_async_send(&bench.quit);
  uv_thread_join(&hub);
  cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
  wall_s = now_s(CLOCK_MONOTONIC) - wall_s;
  sherd__hub_stats(bench.hub, &stats, NULL, 0);
  printf("%-34s %u threads  %9.0f events/s  %6.0f ns of processor an event  %5.0f MB/s  %u holds\n",
         what, threads, (double)stats.offered / wall_s, cpu_s * 1e9 / (double)stats.offered,
         (double)stats.bytes / wall_s / 1e6, (unsigned)bench.holds);
  sherd__hub_free(bench.hub);
  sherd_store_free(bench.store);
  uv_loop_close(&bench.loop);
}

/* What each event costs before the hub has it: its line, which each loop thread writes for itself.
 */
static void measure_lines(uint64_t events) {
  struct sherd_event event = {
      .type = SHERD_EVENT_MESSAGE_CREATE, .name = "MESSAGE_CREATE", .has_seq = true};
  char line[sizeof message + 200];
  size_t len = 0;
  (void)sherd_value_open(SHERD_FORMAT_JSON, message, sizeof message - 1, &event.data);
  double cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID);
  for (event.seq = 1; event.seq <= events; event.seq++)
    if (sherd_event_to_ndjson(&event, 0, line, sizeof line, &len))
      die("cannot write a line");
  cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
  printf("a line of %zu bytes, %-17s 1 thread   %25.0f ns of processor an event, of all below\n",
         len, "written alone", cpu_s * 1e9 / (double)events);
}

/* A process of its own that reads and looks at nothing. */
static pid_t read_all(int fd, int unwanted_fd) {
  static char buf[1 << 18];
  pid_t pid = fork();
  if (pid < 0)
    die("fork");
  if (pid)
    return pid;
  close(unwanted_fd);
  while (read(fd, buf, sizeof buf) > 0)
    ;
  _exit(0);
}

static void measure_pipe(uint32_t threads, uint64_t events) {
  int ends[2];
  if (pipe(ends) < 0)
    die("pipe");
  pid_t reader = read_all(ends[0], ends[1]);
  close(ends[0]);
  measure("to a pipe, taken when read",
          &(struct sherd__hub_config){.stdout_fd = ends[1], .stdin_fd = -1}, threads, events, NULL);
  close(ends[1]);
  waitpid(reader, NULL, 0);
}

static void measure_null(uint32_t threads, uint64_t events) {
  int fd = open("/dev/null", O_WRONLY);
  if (fd < 0)
    die("/dev/null");
  measure("to /dev/null", &(struct sherd__hub_config){.stdout_fd = fd, .stdin_fd = -1}, threads,
          events, NULL);
  close(fd);
}

/* Ten that read all, and one that wants one guild's events of one type. */
#define READERS 11
static pid_t readers[READERS];
static char path[64];

static void connect_readers(void) {
  static const char all[] = "{\"op\":\"subscribe\"}\n";
  static const char some[] = "{\"op\":\"subscribe\",\"types\":[\"MESSAGE_CREATE\"],"
                             "\"guilds\":[\"1\"]}\n";
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, path, sizeof path);
  for (unsigned i = 0; i < READERS; i++) {
    const char *request = i ? all : some;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        write(fd, request, strlen(request)) < 0)
      die(path);
    readers[i] = read_all(fd, -1);
    close(fd);
  }
}

static void measure_readers(uint32_t threads, uint64_t events) {
  snprintf(path, sizeof path, "/tmp/bench-hub-%d", (int)getpid());
  measure("to ten consumers, filtered for one",
          &(struct sherd__hub_config){.stdout_fd = -1, .stdin_fd = -1, .unix_path = path}, threads,
          events, connect_readers);
  for (unsigned i = 0; i < READERS; i++)
    waitpid(readers[i], NULL, 0);
}

int main(int argc, char **argv) {
  uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
  setvbuf(stdout, NULL, _IOLBF, 0);
  signal(SIGPIPE, SIG_IGN);
  measure_lines(events);
  for (uint32_t threads = 1; threads <= 4; threads *= 4) {
    measure_null(threads, events);
    measure_pipe(threads, events);
    measure_readers(threads, events / 4);
  }
  return 0;
}
