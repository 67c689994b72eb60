/* What a consumer asks of the hub itself, one JSON object a line:
 *
 *   {"op":"subscribe","name":"worker","ack":true,"policy":"block","queue_bytes":1048576,
 *    "types":["MESSAGE_CREATE"],"guilds":["123"],"id":"any"}
 *   {"op":"unsubscribe","name":"worker"}
 *   {"op":"ack","n":123}
 *
 * All but `op` and, for ack, `n` may be left out. docs/sinks.md says what they mean. Pure. */
#ifndef SHERD_SINK_SUBSCRIBE_H
#define SHERD_SINK_SUBSCRIBE_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/error.h>
#include <sherd/store.h>

#include "sink/filter.h"
#include "sink/hub_stats.h"
#include "sink/request.h"

enum sherd__hub_op {
  SHERD__HUB_SUBSCRIBE = 0,
  SHERD__HUB_UNSUBSCRIBE,
  SHERD__HUB_ACK
};

struct sherd__hub_request {
  enum sherd__hub_op op;
  const char *op_name;                    /* Lifetime: static */
  char id[SHERD__REQUEST_ECHO_SIZE];      /* to be echoed: JSON; "null" when there was none */
  char name[SHERD_CONSUMER_NAME_MAX + 1]; /* "": none */
  bool has_acks;
  enum sherd__consumer_policy policy;
  uint32_t queue_bytes; /* 0: it did not say */
  struct sherd__filter filter;
  uint64_t n;
};

/* Reads one line, with or without its line feed. `id` and `op_name` are good on SHERD_EINVAL too.
 * Errors: SHERD_ENOTFOUND when the line is not one of these requests, and somebody else is to
 * answer it; SHERD_EINVAL, *error saying what it is about; SHERD_ENOMEM. */
enum sherd_status sherd__hub_request_parse(struct sherd_bytes line,
                                           const struct sherd_allocator *allocator,
                                           struct sherd__hub_request *out,
                                           struct sherd_error_info *error);

/* Frees the filter, also after an error. */
void sherd__hub_request_deinit(struct sherd__hub_request *request);

#endif
