/* A gateway for many busy shards, or for one whose events are timed: deals one stream's events out,
 * and measures the client from the outside.
 *
 *   bench_dealer STREAM COMPRESSION [--shards N] [--events N] [--rate N] [--threads N] [--stamps]
 *                COMMAND [ARGUMENT]...
 *
 * STREAM is of JSON without compression; COMPRESSION, "none" or "zlib-stream", is what the shards
 * are given. What the client is told is in crowd.h, and PEER_THREADS is in its environment. Once
 * all shards have had their READY the measure begins: with --rate so many events are written in a
 * second, one at a time, to one shard after the other; without, each shard is given all of its own
 * as fast as it reads.
 *
 * When the client has seen all, one line is printed: {"shards":N,"events":N,"cpu_s":S,"wall_s":S},
 * of the events without READY. With --stamps the client writes down when it took each (stamps.h),
 * and the line has that too.
 *
 * A client of one thread stays on the second core; of more, it has them all. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <time.h>

#include "crowd.h"
#include "deal.h"
#include "measure.h"
#include "stamps.h"
#include "wire.h"

#define SETTLE_S    0.3
#define SPIN_NS     200000 /* the last of a wait, in which it does not sleep */
#define WARM_EVENTS 100    /* the first of those that are timed are not: guilds, cold code */
#define USAGE                                                                                      \
  "usage: bench_dealer STREAM COMPRESSION [--shards N] [--events N] [--rate N] [--threads N] "     \
  "[--stamps] COMMAND [ARGUMENT]..."

struct dealer {
  struct crowd crowd;
  struct deal deal;
  struct stamps stamps;
  uint64_t rate; /* 0: as fast as they are read */
  bool has_stamps;
};

/* --- Sending --- */

static void wait_until(uint64_t when_ns) {
  if (measure_ns(CLOCK_MONOTONIC) + SPIN_NS < when_ns) {
    uint64_t wake_ns = when_ns - SPIN_NS;
    struct timespec wake = {(time_t)(wake_ns / 1000000000), (long)(wake_ns % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL) == EINTR)
      ;
  }
  while (measure_ns(CLOCK_MONOTONIC) < when_ns)
    ;
}

static void say(struct dealer *it, uint32_t shard, struct sherd_bytes frames) {
  struct sender_peer *peer = it->crowd.shards[shard];
  while (sender_peer_has_more(peer))
    crowd_turn(&it->crowd, 10);
  sender_peer_say(peer, &it->crowd.place, frames);
  errno = 0;
  measure_must(sender_peer_write(peer, &it->crowd.place), "the client closed a connection");
}

static void send_paced(struct dealer *it) {
  uint64_t begin_ns = measure_ns(CLOCK_MONOTONIC);
  for (uint64_t n = 0; n < it->deal.events; n++) {
    struct sherd_bytes frame = deal_take(&it->deal, n);
    wait_until(begin_ns + n * 1000000000 / it->rate);
    if (it->has_stamps)
      it->stamps.sent[1 + n] = measure_ns(CLOCK_MONOTONIC);
    say(it, (uint32_t)(n % it->deal.count), frame);
  }
}

static void send_all(struct dealer *it) {
  for (uint32_t i = 0; i < it->deal.count; i++)
    say(it, i, it->deal.shards[i]);
}

static void run(struct dealer *it) {
  struct crowd *crowd = &it->crowd;
  while (crowd->identified < crowd->wanted || crowd_silence_s(crowd) < SETTLE_S)
    crowd_turn(crowd, 50);
  double begin_cpu_s = client_cpu_s(&crowd->client), begin_s = measure_s(CLOCK_MONOTONIC);
  if (it->rate)
    send_paced(it);
  else
    send_all(it);
  while (!crowd->client.events)
    crowd_turn(crowd, -1);
  double cpu_s = client_cpu_s(&crowd->client) - begin_cpu_s;
  double wall_s = measure_s(CLOCK_MONOTONIC) - begin_s;
  printf("{\"shards\":%" PRIu32 ",\"events\":%" PRIu64 ",\"cpu_s\":%.6f,\"wall_s\":%.6f",
         crowd->wanted, it->deal.events, cpu_s, wall_s);
  if (it->has_stamps) {
    printf(",");
    stamps_print(&it->stamps, WARM_EVENTS);
  }
  printf("}\n");
}

/* --- What is asked for --- */

static uint64_t number(const char *text, uint64_t max) {
  char *end;
  uint64_t value = strtoull(text, &end, 10);
  errno = 0;
  measure_must(*text && !*end && value <= max, USAGE);
  return value;
}

int main(int argc, char **argv) {
  static const struct option options[] = {
      {"shards", required_argument, NULL, 's'}, {"events", required_argument, NULL, 'e'},
      {"rate", required_argument, NULL, 'r'},   {"threads", required_argument, NULL, 't'},
      {"stamps", no_argument, NULL, 'm'},       {0}};
  static struct dealer it;
  uint64_t events = 0;
  uint32_t shards = 1;
  const char *threads = "1";
  measure_must(argc > 3, USAGE);
  optind = 3;
  for (int option; (option = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
    measure_must(option != '?', USAGE);
    if (option == 's')
      shards = (uint32_t)number(optarg, 10000);
    else if (option == 'e')
      events = number(optarg, UINT32_MAX);
    else if (option == 'r')
      it.rate = number(optarg, 1000000);
    else if (option == 't')
      threads = optarg;
    else
      it.has_stamps = true;
  }
  measure_must(optind < argc && shards > 0, USAGE);
  struct stream_file json = stream_file_open(argv[1]);
  deal_make(&it.deal, &json, wire_compression(argv[2]), shards, events);
  measure_must(!it.has_stamps || (it.rate && shards == 1 && it.deal.events > WARM_EVENTS),
               "stamps are for one shard, a rate, and more events");
  if (it.has_stamps)
    it.stamps = stamps_make(1 + it.deal.events);
  setenv("PEER_THREADS", threads, 1);
  it.crowd.client.has_all_cores = number(threads, 1024) > 1;
  it.crowd.stream = it.deal.stream;
  it.crowd.wanted = shards;
  crowd_open(&it.crowd, shards + it.deal.events, argv + optind);
  run(&it);
  client_end(&it.crowd.client);
  return EXIT_SUCCESS;
}
