/* A snapshot as text. All are pure, and append to `out`; each gives SHERD_OK or SHERD_ENOMEM. */
#ifndef SHERD_WATCH_RENDER_H
#define SHERD_WATCH_RENDER_H

#include "base/buf.h"
#include "watch/snapshot.h"

/* Prometheus's text format (version 0.0.4), clean under `promtool check metrics`. Histograms and
 * counters end as Prometheus wants, units are base units. With more than `max_shard_rows` shards
 * the series that carry a label "shard" are left out, so that ten thousand shards do not make a
 * hundred thousand series. metrics.c */
enum sherd_status sherd__render_metrics(const struct sherd__snapshot *snapshot,
                                        size_t max_shard_rows, struct sherd_buf *out);

/* One JSON object on one line, for machines: stable names, units in them. status_json.c */
enum sherd_status sherd__render_status_json(const struct sherd__snapshot *snapshot,
                                            struct sherd_buf *out);

/* Reads what sherd__render_status_json() has written (without its line feed too): the arrays are
 * allocated with `allocator` and freed by sherd__snapshot_free_rows(). Errors: SHERD_EJSON for what
 * is no such object, SHERD_ENOMEM. status_read.c */
enum sherd_status sherd__read_status_json(struct sherd_bytes json,
                                          const struct sherd_allocator *allocator,
                                          struct sherd__snapshot *out);
void sherd__snapshot_free_rows(struct sherd__snapshot *snapshot,
                               const struct sherd_allocator *allocator);

/* A table for people, at most `width` columns wide (0: no limit): a head that says how the fleet
 * does, a row a shard, or, with many, only those that want attention (not connected, slow, with
 * errors) and how many there are besides. status_table.c */
enum sherd_status sherd__render_status_table(const struct sherd__snapshot *snapshot, size_t width,
                                             bool all_shards, struct sherd_buf *out);

/* One line for a terminal, without line feed: while shards start a bar with count and time left
 * ("[=====>    ] 512/1024 shards, 1 min 40 s left"), also "waiting until 14:02:00 UTC for new
 * session starts"; after that the status line (shards up, events a second, latency, lag, memory).
 * `before` is the snapshot of the time before, for rates; NULL: none. progress.c */
enum sherd_status sherd__render_progress(const struct sherd__snapshot *snapshot,
                                         const struct sherd__snapshot *before, size_t width,
                                         struct sherd_buf *out);

/* Whether to say 200: healthz (the process does its work: not failed) and readyz (all shards were
 * connected and nine in ten are now), and one line that says why (not). health.c */
bool sherd__is_healthy(const struct sherd__snapshot *snapshot, const char **why);
bool sherd__is_ready(const struct sherd__snapshot *snapshot, const char **why);

#endif
