/* A gateway that costs nothing: it plays a stream that was made beforehand to a client that it
 * starts itself, and measures the client from the outside, so that all are measured alike.
 *
 *   bench_sender STREAM [--tls FOLDER] [--small-records] [--idle SHARDS] COMMAND [ARGUMENT]...
 *
 * What the client is told is in crowd.h. When it has seen all, it prints {"events":N}. It then is
 * ended, and one line is printed:
 *
 *   events    what the client counted
 *   cpu_s     the client's processor time, of all its threads, user's and system's, from its
 *             IDENTIFY to that line; so its start is not counted
 *   wall_s    the time for the same
 *   peak_kb   the most memory that it had resident, its start included
 *
 * With --tls all goes through TLS, with certificates that are made in FOLDER; --small-records puts
 * each message in a record of its own, as a gateway that writes it at once does, instead of 16 kB.
 *
 * With --idle the stream is to have no events; when each shard has got its READY and a little time
 * has passed, the line is {"shards":N,"rss_kb":K}. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <time.h>

#include "crowd.h"
#include "measure.h"
#include "sender_tls.h"

#define SETTLE_S 2.0
#define USAGE                                                                                      \
  "usage: bench_sender STREAM [--tls FOLDER] [--small-records] [--idle SHARDS] COMMAND "           \
  "[ARGUMENT]..."

static double begin_cpu_s, begin_wall_s;

/* The measure begins when a client identifies: before anything that it answers is sent. */
static void note_identify(struct crowd *crowd, struct sender_peer *peer,
                          enum sender_peer_result result) {
  (void)peer;
  if (result != SENDER_PEER_IDENTIFIED)
    return;
  begin_cpu_s = client_cpu_s(&crowd->client);
  begin_wall_s = measure_s(CLOCK_MONOTONIC);
}

static void play(struct crowd *crowd) {
  while (!crowd->client.events)
    crowd_turn(crowd, -1);
  double cpu_s = client_cpu_s(&crowd->client) - begin_cpu_s;
  double wall_s = measure_s(CLOCK_MONOTONIC) - begin_wall_s;
  printf("{\"events\":%" PRIu64 ",\"cpu_s\":%.6f,\"wall_s\":%.6f,\"peak_kb\":%" PRIu64 "}\n",
         crowd->client.events, cpu_s, wall_s, client_kb(&crowd->client, "VmHWM"));
}

static void idle(struct crowd *crowd) {
  while (crowd->identified < crowd->wanted || crowd_silence_s(crowd) < SETTLE_S)
    crowd_turn(crowd, 500);
  printf("{\"shards\":%" PRIu32 ",\"rss_kb\":%" PRIu64 "}\n", crowd->identified,
         client_kb(&crowd->client, "VmRSS"));
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"tls", required_argument, NULL, 't'},
                                          {"small-records", no_argument, NULL, 's'},
                                          {"idle", required_argument, NULL, 'i'},
                                          {0}};
  static struct crowd crowd;
  uint32_t idle_shards = 0;
  measure_must(argc > 2, USAGE);
  crowd.stream = stream_file_open(argv[1]);
  optind = 2;
  for (int option; (option = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
    measure_must(option != '?', USAGE);
    if (option == 't')
      crowd.place.tls = sender_tls_new(optarg);
    else if (option == 's')
      crowd.place.has_small_records = true;
    else
      idle_shards = (uint32_t)strtoul(optarg, NULL, 10);
  }
  measure_must(optind < argc, USAGE);
  crowd.wanted = idle_shards ? idle_shards : 1;
  crowd.place.has_patience = true;
  crowd.heard = note_identify;
  crowd_open(&crowd, crowd.stream.events, argv + optind);
  if (idle_shards)
    idle(&crowd);
  else
    play(&crowd);
  client_end(&crowd.client);
  return EXIT_SUCCESS;
}
