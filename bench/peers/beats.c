/* A gateway for many idle shards: says HELLO and READY, answers heartbeats, and looks whether they
 * are on time and what that costs.
 *
 *   bench_beats STREAM COMPRESSION SHARDS INTERVAL_MS SECONDS COMMAND [ARGUMENT]...
 *
 * STREAM is of JSON without compression, for its READY; COMPRESSION, "none" or "zlib-stream", is
 * what the shards are given. What the client is told is in crowd.h. The measure begins when all
 * have had their READY, and lasts for SECONDS. Then one line is printed:
 *
 *   shards, interval_ms
 *   cpu_percent   of one core, for the client
 *   rss_kb        what it has resident
 *   expected      heartbeats: of each shard the first within an interval of its IDENTIFY, then one
 *                 an interval after the one before, up to the end
 *   sent          of those, what has come, GRACE_MS after the end
 *   late_ms       how much later than that one came, the worst; a first one is late after an
 *                 interval
 *   late_p99_ms   the same of those that were not the first, the 99th of a hundred */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <time.h>

#include "crowd.h"
#include "measure.h"
#include "wire.h"

#define SHARDS_MAX 20000
#define GRACE_MS   250
#define SETTLE_S   0.5
#define USAGE                                                                                      \
  "usage: bench_beats STREAM COMPRESSION SHARDS INTERVAL_MS SECONDS COMMAND [ARGUMENT]..."

/* Of one shard, in seconds of CLOCK_MONOTONIC. */
struct pulse {
  double identified_s;
  double first_s, last_s;
  uint64_t beats;
};

static struct {
  struct crowd crowd;
  struct pulse *pulses;
  double interval_s;
  double *late_s; /* of each that was not a first one */
  size_t late_count, late_cap;
  double worst_s;
} it;

/* --- Hearing --- */

static void note_late(double late_s) {
  if (it.late_count == it.late_cap) {
    it.late_cap = it.late_cap ? 2 * it.late_cap : SHARDS_MAX;
    it.late_s = realloc(it.late_s, it.late_cap * sizeof *it.late_s);
    measure_must(it.late_s, "out of memory");
  }
  it.late_s[it.late_count++] = late_s;
}

static void note_beat(struct pulse *pulse, double now_s) {
  double due_s = (pulse->beats ? pulse->last_s : pulse->identified_s) + it.interval_s;
  double late_s = now_s > due_s ? now_s - due_s : 0;
  if (pulse->beats)
    note_late(late_s);
  else
    pulse->first_s = now_s;
  if (late_s > it.worst_s)
    it.worst_s = late_s;
  pulse->last_s = now_s;
  pulse->beats++;
}

static void hear(struct crowd *crowd, struct sender_peer *peer, enum sender_peer_result result) {
  (void)crowd;
  if (!peer->is_identified)
    return;
  double now_s = measure_s(CLOCK_MONOTONIC);
  struct pulse *pulse = &it.pulses[peer->index];
  if (result == SENDER_PEER_IDENTIFIED)
    pulse->identified_s = now_s;
  while (pulse->beats < peer->beats)
    note_beat(pulse, now_s);
}

/* --- What came of it --- */

/* One whose first has not come by then owes it, and is late. */
static uint64_t expected_of(const struct pulse *pulse, double end_s) {
  if (!pulse->beats)
    return end_s > pulse->identified_s + it.interval_s;
  if (end_s < pulse->first_s)
    return 0;
  return 1 + (uint64_t)((end_s - pulse->first_s) / it.interval_s);
}

static int compare(const void *a, const void *b) {
  double one, other;
  memcpy(&one, a, sizeof one);
  memcpy(&other, b, sizeof other);
  return (one > other) - (one < other);
}

static void report(double cpu_share, double end_s) {
  const struct crowd *crowd = &it.crowd;
  uint64_t expected = 0, sent = 0;
  for (uint32_t i = 0; i < crowd->wanted; i++) {
    uint64_t of = expected_of(&it.pulses[i], end_s);
    expected += of;
    sent += it.pulses[i].beats < of ? it.pulses[i].beats : of;
  }
  qsort(it.late_s, it.late_count, sizeof *it.late_s, compare);
  double p99_s = it.late_count ? it.late_s[(it.late_count - 1) * 99 / 100] : 0;
  printf("{\"shards\":%" PRIu32 ",\"interval_ms\":%.0f,\"cpu_percent\":%.3f,\"rss_kb\":%" PRIu64
         ",\"expected\":%" PRIu64 ",\"sent\":%" PRIu64 ",\"late_ms\":%.2f,\"late_p99_ms\":%.2f}\n",
         crowd->wanted, it.interval_s * 1000, cpu_share * 100, client_kb(&crowd->client, "VmRSS"),
         expected, sent, it.worst_s * 1000, p99_s * 1000);
}

static void turn_until(double when_s) {
  for (double now_s; (now_s = measure_s(CLOCK_MONOTONIC)) < when_s;)
    crowd_turn(&it.crowd, 1 + (int)((when_s - now_s) * 1000));
}

static void run(double seconds) {
  struct crowd *crowd = &it.crowd;
  while (crowd->identified < crowd->wanted)
    crowd_turn(crowd, -1);
  turn_until(measure_s(CLOCK_MONOTONIC) + SETTLE_S);
  double begin_cpu_s = client_cpu_s(&crowd->client), begin_s = measure_s(CLOCK_MONOTONIC);
  double end_s = begin_s + seconds;
  turn_until(end_s);
  double cpu_s = client_cpu_s(&crowd->client) - begin_cpu_s;
  double cpu_share = cpu_s / (measure_s(CLOCK_MONOTONIC) - begin_s);
  turn_until(end_s + GRACE_MS / 1000.0);
  report(cpu_share, end_s);
}

int main(int argc, char **argv) {
  static const char answer[] = "{\"t\":null,\"s\":null,\"op\":11,\"d\":null}";
  struct crowd *crowd = &it.crowd;
  measure_must(argc > 6, USAGE);
  struct stream_file json = stream_file_open(argv[1]);
  enum sherd_compression compression = wire_compression(argv[2]);
  crowd->wanted = (uint32_t)strtoul(argv[3], NULL, 10);
  uint32_t interval_ms = (uint32_t)strtoul(argv[4], NULL, 10);
  double seconds = strtod(argv[5], NULL);
  errno = 0;
  measure_must(crowd->wanted && crowd->wanted <= SHARDS_MAX && interval_ms && seconds > 0, USAGE);
  it.interval_s = interval_ms / 1000.0;
  it.pulses = calloc(crowd->wanted, sizeof *it.pulses);
  measure_must(it.pulses, "out of memory");
  crowd->stream = wire_idle(&json, compression, interval_ms);
  crowd->place.answer =
      wire_anywhere(compression, (struct sherd_bytes){(const uint8_t *)answer, sizeof answer - 1});
  crowd->heard = hear;
  crowd_open(crowd, 0, argv + 6);
  run(seconds);
  client_end(&crowd->client);
  return EXIT_SUCCESS;
}
