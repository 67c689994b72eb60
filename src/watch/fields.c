#include "watch/fields.h"

#define COUNT(list)             (sizeof(list) / sizeof *(list))
#define TEXT_SIZE(type, member) sizeof(((type *)NULL)->member)

#define GAUGE   SHERD__METRIC_GAUGE
#define COUNTER SHERD__METRIC_COUNTER
#define NONE    SHERD__METRIC_NONE, NULL, NULL

#define FIELD(type, kind, member, ...)                                                             \
  { #member, SHERD__FIELD_##kind, offsetof(type, member), 0, __VA_ARGS__ }
#define TEXT(type, member)                                                                         \
  { #member, SHERD__FIELD_TEXT, offsetof(type, member), TEXT_SIZE(type, member), NONE }

#define OF_PROCESS(kind, member, ...) FIELD(struct sherd__snapshot, kind, member, __VA_ARGS__)

/* The names of process_* are those of Prometheus's own client libraries. */
static const struct sherd__field process[] = {
    OF_PROCESS(U64, unix_ms, NONE),
    OF_PROCESS(MS, uptime_ms, GAUGE, "sherd_uptime_seconds", "How long the process has run"),
    OF_PROCESS(U32, pid, NONE),
    OF_PROCESS(U64, resident_bytes, GAUGE, "process_resident_memory_bytes",
               "Memory of the process that is in RAM"),
    OF_PROCESS(F64, cpu_s, COUNTER, "process_cpu_seconds_total",
               "Processor time used, user and system"),
    OF_PROCESS(STATUS, last_error, NONE),
    TEXT(struct sherd__snapshot, last_error_text),
};

#define OF_FLEET(kind, member, ...) FIELD(struct sherd_fleet_status, kind, member, __VA_ARGS__)

static const struct sherd__field fleet[] = {
    OF_FLEET(PHASE, phase, NONE), /* its metric has labels of its own */
    OF_FLEET(U32, set, COUNTER, "reshardings_total", "How often the number of shards was changed"),
    OF_FLEET(U32, shard_count, GAUGE, "size", "The number of shards that the bot has in all"),
    OF_FLEET(U32, first_shard, NONE),
    OF_FLEET(U32, last_shard, NONE),
    OF_FLEET(U32, shards, GAUGE, "shards", "Shards that this process has"),
    OF_FLEET(U32, started, GAUGE, "shards_started", "Of them, those that were connected once"),
    OF_FLEET(U32, connected, GAUGE, "shards_connected", "Of them, those that are connected now"),
    OF_FLEET(U32, failed, GAUGE, "shards_failed", "Of them, those that have ended for good"),
    OF_FLEET(U32, resumes_pending, GAUGE, "resumes_pending",
             "Stored sessions that are being resumed"),
    OF_FLEET(U32, reshard_count, GAUGE, "reshard_target",
             "The number of shards that a re-sharding goes to, or 0"),
    OF_FLEET(U32, reshard_started, GAUGE, "reshard_shards_started",
             "Of those shards, the ones that were connected once"),
    OF_FLEET(BOOL, is_held, GAUGE, "held", "1 while nobody reads, because a consumer is slow"),
    OF_FLEET(MS, held_ms, COUNTER, "held_seconds_total",
             "For how long nobody has read, because a consumer was slow"),
    OF_FLEET(U64, holds, COUNTER, "holds_total", "How often reading was stopped"),
    OF_FLEET(U32, max_concurrency, GAUGE, "identify_concurrency",
             "Sessions that may begin in 5 seconds, as Discord says"),
    OF_FLEET(U32, starts_remaining, GAUGE, "session_starts_remaining",
             "Sessions that may still begin before Discord's daily reset"),
    OF_FLEET(U32, starts_total, GAUGE, "session_starts_limit",
             "Sessions that may begin between two daily resets"),
    OF_FLEET(U64, waits_until_unix_ms, NONE),
    OF_FLEET(MS, eta_ms, GAUGE, "start_eta_seconds",
             "About how long until all shards have started"),
};

#define OF_GATEWAY(member, metric, help)                                                           \
  FIELD(struct sherd_engine_stats, U64, member, COUNTER, metric, help)

static const struct sherd__field gateway[] = {
    OF_GATEWAY(bytes_in, "received_bytes_total", "Bytes from the gateway, compressed"),
    OF_GATEWAY(bytes_out, "sent_bytes_total", "Bytes to the gateway"),
    OF_GATEWAY(bytes_inflated, "inflated_bytes_total", "Bytes of messages, inflated"),
    OF_GATEWAY(messages, "messages_total", "Messages of any opcode from the gateway"),
    OF_GATEWAY(dispatches, "dispatches_total", "Dispatches handed on"),
    OF_GATEWAY(repeats, "repeats_total", "Dispatches dropped, because they had come already"),
    OF_GATEWAY(gaps, "sequence_gaps_total", "Gaps that the gateway left in its sequence numbers"),
    OF_GATEWAY(missed, "missed_events_total", "Sequence numbers inside those gaps"),
    OF_GATEWAY(connects, "connects_total", "Connections made"),
    OF_GATEWAY(identifies, "identifies_total", "IDENTIFYs sent"),
    OF_GATEWAY(resumes_sent, "resumes_sent_total", "RESUMEs sent"),
    OF_GATEWAY(resumes, "resumes_total", "Sessions resumed"),
    OF_GATEWAY(sessions_lost, "sessions_lost_total", "Sessions that could not be continued"),
    OF_GATEWAY(heartbeats, "heartbeats_total", "Heartbeats sent"),
    OF_GATEWAY(acks, "heartbeat_acks_total", "Heartbeats acknowledged"),
    OF_GATEWAY(zombies, "zombies_total", "Connections given up for a missing acknowledgement"),
    OF_GATEWAY(commands, "commands_total", "Commands sent"),
};

#define OF_HUB(kind, member, ...) FIELD(struct sherd__hub_stats, kind, member, __VA_ARGS__)

static const struct sherd__field hub[] = {
    OF_HUB(U64, offered, COUNTER, "events_total", "Events that came to the sinks"),
    OF_HUB(U64, shadows, COUNTER, "shadow_events_total",
           "Of them, those that the other set of a re-sharding has shown"),
    OF_HUB(U64, damaged, COUNTER, "damaged_events_total",
           "Of them, those that could not be written as JSON"),
    OF_HUB(U64, bytes, COUNTER, "bytes_total", "Bytes of the lines of events"),
    OF_HUB(U64, memory_bytes, GAUGE, "memory_bytes", "Lines that wait in memory for a consumer"),
    OF_HUB(BOOL, is_holding, GAUGE, "holding", "1 while a consumer's bound stops the reading"),
    OF_HUB(SIZE, consumers, GAUGE, "consumers", "Consumers, with those that are away"),
};

#define OF_CONSUMER(kind, member, ...)                                                             \
  FIELD(struct sherd__consumer_stats, kind, member, __VA_ARGS__)

static const struct sherd__field consumer[] = {
    TEXT(struct sherd__consumer_stats, name),
    OF_CONSUMER(U64, id, NONE),
    OF_CONSUMER(POLICY, policy, NONE),
    OF_CONSUMER(BOOL, is_connected, GAUGE, "connected", "1 while the consumer is there"),
    OF_CONSUMER(BOOL, has_acks, NONE),
    OF_CONSUMER(U64, lag_events, GAUGE, "lag_events", "Events that the consumer has not taken yet"),
    OF_CONSUMER(U64, lag_bytes, GAUGE, "lag_bytes", "Bytes that the consumer has not taken yet"),
    OF_CONSUMER(U64, sent, COUNTER, "sent_total", "Lines sent to the consumer"),
    OF_CONSUMER(U64, dropped, COUNTER, "dropped_total",
                "Lines that the consumer has missed by its policy drop_oldest"),
    OF_CONSUMER(U64, skipped, COUNTER, "skipped_total",
                "Lines that the consumer did not want, or had taken before"),
};

#define OF_SHARD(kind, member, ...) FIELD(struct sherd__shard_row, kind, member, __VA_ARGS__)

static const struct sherd__field shard[] = {
    OF_SHARD(U32, id, NONE),
    OF_SHARD(BOOL, is_alive, NONE),
    OF_SHARD(BOOL, is_connected, GAUGE, "connected", "1 while the shard is connected"),
    OF_SHARD(BOOL, has_session, NONE),
    OF_SHARD(F64, latency_s, GAUGE, "heartbeat_latency_seconds",
             "From the newest acknowledged heartbeat to its acknowledgement"),
    OF_SHARD(U64, seq, GAUGE, "sequence", "The last sequence number that came"),
    OF_SHARD(STATUS, last_error, NONE),
    OF_SHARD(U16, close_code, NONE),
};

const struct sherd__fields sherd__fields_process = {"", process, COUNT(process)};
const struct sherd__fields sherd__fields_fleet = {"sherd_fleet_", fleet, COUNT(fleet)};
const struct sherd__fields sherd__fields_gateway = {"sherd_gateway_", gateway, COUNT(gateway)};
const struct sherd__fields sherd__fields_hub = {"sherd_sink_", hub, COUNT(hub)};
const struct sherd__fields sherd__fields_consumer = {"sherd_consumer_", consumer, COUNT(consumer)};
const struct sherd__fields sherd__fields_shard = {"sherd_shard_", shard, COUNT(shard)};

const char *sherd__policy_name(enum sherd__consumer_policy policy) {
  switch (policy) {
  case SHERD__POLICY_BLOCK:
    return "block";
  case SHERD__POLICY_DROP_OLDEST:
    return "drop_oldest";
  case SHERD__POLICY_DISCONNECT:
    return "disconnect";
  }
  return "unknown";
}
