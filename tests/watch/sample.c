#include "watch/sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "watch/fields.h"

static uint64_t next(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return *state;
}

static void fill_field(const struct sherd__field *field, void *of, uint64_t *state) {
  char *at = (char *)of + field->offset;
  uint64_t number = next(state);
  switch (field->kind) {
  case SHERD__FIELD_BOOL:
    *(bool *)at = number >> 63;
    break;
  case SHERD__FIELD_U16:
    *(uint16_t *)at = (uint16_t)(number >> 48);
    break;
  case SHERD__FIELD_U32:
    *(uint32_t *)at = (uint32_t)(number >> 32);
    break;
  case SHERD__FIELD_U64:
  case SHERD__FIELD_MS:
    *(uint64_t *)at = number;
    break;
  case SHERD__FIELD_SIZE:
    *(size_t *)at = number;
    break;
  case SHERD__FIELD_F64:
    *(double *)at = number >> 63 ? NAN : (double)(number >> 40) / 1000;
    break;
  case SHERD__FIELD_TEXT:
    snprintf(at, field->size, "a \"%u\"\\\n", (unsigned)(number >> 40));
    break;
  case SHERD__FIELD_PHASE:
    *(enum sherd_fleet_phase *)at = (enum sherd_fleet_phase)((number >> 40) % 8);
    break;
  case SHERD__FIELD_POLICY:
    *(enum sherd__consumer_policy *)at = (enum sherd__consumer_policy)((number >> 40) % 3);
    break;
  case SHERD__FIELD_STATUS:
    *(enum sherd_status *)at = number >> 63 ? SHERD_OK : SHERD_EBADSEQ;
    break;
  }
}

static void fill(const struct sherd__fields *fields, void *of, uint64_t *state) {
  for (size_t i = 0; i < fields->count; i++)
    fill_field(&fields->fields[i], of, state);
}

static void connect_parts(struct sample *sample) {
  sample->snapshot.shards = sample->shards;
  sample->snapshot.shard_count = SAMPLE_SHARDS;
  sample->snapshot.consumers = sample->consumers;
  sample->snapshot.consumer_count = SAMPLE_CONSUMERS;
}

void sample_fill(struct sample *sample, uint64_t seed) {
  memset(sample, 0, sizeof *sample);
  connect_parts(sample);
  fill(&sherd__fields_process, &sample->snapshot, &seed);
  fill(&sherd__fields_fleet, &sample->snapshot.fleet, &seed);
  fill(&sherd__fields_gateway, &sample->snapshot.fleet.sum, &seed);
  fill(&sherd__fields_hub, &sample->snapshot.hub, &seed);
  for (size_t i = 0; i < SAMPLE_CONSUMERS; i++)
    fill(&sherd__fields_consumer, &sample->consumers[i], &seed);
  for (size_t i = 0; i < SAMPLE_SHARDS; i++) {
    fill(&sherd__fields_shard, &sample->shards[i], &seed);
    fill(&sherd__fields_gateway, &sample->shards[i].stats, &seed);
    sample->shards[i].id = (uint32_t)i;
  }
}

void sample_running(struct sample *sample) {
  memset(sample, 0, sizeof *sample);
  connect_parts(sample);
  sample->snapshot.unix_ms = 1764079200000;
  sample->snapshot.uptime_ms = 11520000;
  sample->snapshot.pid = 4711;
  sample->snapshot.resident_bytes = 327155712;
  sample->snapshot.cpu_s = 123.45;
  sample->snapshot.fleet = (struct sherd_fleet_status){
      .phase = SHERD_FLEET_RUNNING,
      .shard_count = 1024,
      .last_shard = 1023,
      .shards = 1024,
      .started = 1024,
      .connected = 1023,
      .max_concurrency = 16,
      .starts_remaining = 988,
      .starts_total = 1000,
      .holds = 3,
      .held_ms = 4200,
      .sum = {.dispatches = 12345678, .resumes = 12},
  };
  sample->snapshot.hub = (struct sherd__hub_stats){.offered = 1000000, .memory_bytes = 1258291};
  strcpy(sample->consumers[0].name, "stdout");
  sample->consumers[0].is_connected = true;
  sample->consumers[0].sent = 999990;
  sample->consumers[0].lag_bytes = 4096;
  strcpy(sample->consumers[1].name, "worker");
  sample->consumers[1].policy = SHERD__POLICY_DROP_OLDEST;
  sample->consumers[1].dropped = 17;
  for (size_t i = 0; i < SAMPLE_SHARDS; i++)
    sample->shards[i] = (struct sherd__shard_row){.id = (uint32_t)i,
                                                  .is_alive = true,
                                                  .is_connected = i != 1,
                                                  .has_session = true,
                                                  .latency_s = i == 1 ? NAN : 0.041,
                                                  .seq = 100 + i,
                                                  .stats = {.dispatches = 99 + i}};
  sample->shards[1].last_error = SHERD_ELOST;
}
