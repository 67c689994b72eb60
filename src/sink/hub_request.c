/* What is asked of the hub, and the answers. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sherd/config.h>

#include "sink/hub_parts.h"

/* --- Answers --- */

/* Whoever asks on without reading the answers is let go: events alone never wait for that much. One
 * answer may be of any size, as the status of ten thousand shards is. */
static void put_answer(struct sherd__peer *peer, const struct sherd_buf *lines) {
  size_t events_bytes = SHERD__OUT_BYTES + peer->out.line_bytes;
  if (sherd__out_waiting(&peer->out) > SHERD__HUB_RESULT_BYTES + events_bytes)
    sherd__peer_close(peer, "it does not read its results");
  else if (sherd__out_lines(&peer->out, sherd__buf_bytes(lines)))
    sherd__peer_close(peer, "out of memory");
}

__attribute__((format(printf, 4, 5))) static void
put_result(struct sherd__peer *peer, const struct sherd__hub_request *request,
           enum sherd_status status, const char *format, ...) {
  struct sherd_buf line;
  char text[256];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  sherd__buf_init(&line, peer->hub->allocator);
  if (!sherd__result_write(request ? request->id : "null", request ? request->op_name : NULL,
                           status, text, (struct sherd_bytes){0}, &line))
    put_answer(peer, &line);
  sherd__buf_deinit(&line);
}

void sherd__peer_refuse(struct sherd__peer *peer, enum sherd_status status, const char *text) {
  put_result(peer, NULL, status, "%s", text);
}

/* --- subscribe --- */

/* Somebody else may have the name still, and be dead. */
static bool is_free(struct sherd__peer *peer, const struct sherd__consumer *consumer) {
  if (!consumer->id)
    return true;
  for (struct sherd__peer *other = peer->hub->peers; other; other = other->next)
    if (other->consumer == consumer && !other->is_std && sherd__peer_is_dead(other)) {
      sherd__peer_close(other, "it has gone");
      sherd__peer_free(other);
      return true;
    }
  return false;
}

static enum sherd_status find_or_add(struct sherd__peer *peer,
                                     const struct sherd__hub_request *request,
                                     struct sherd__consumer **out) {
  struct sherd__relay *relay = &peer->hub->relay;
  *out = request->name[0] ? sherd__relay_find(relay, request->name) : NULL;
  if (!*out)
    return sherd__relay_add(relay, request->name, out);
  return is_free(peer, *out) ? SHERD_OK : SHERD_ESTATE;
}

static bool may_subscribe(struct sherd__peer *peer, const struct sherd__hub_request *request) {
  const struct sherd__hub_config *config = &peer->hub->config;
  if (peer->is_std)
    put_result(peer, request, SHERD_ESTATE, "stdout has all events already: ask on the socket");
  else if (peer->consumer)
    put_result(peer, request, SHERD_EALREADY, "this connection has subscribed: unsubscribe first");
  else if (peer->hub->is_finishing)
    put_result(peer, request, SHERD_ECLOSED, "this process is about to end: come to the next one");
  else if (request->queue_bytes && (request->queue_bytes < SHERD__HUB_QUEUE_BYTES_MIN ||
                                    request->queue_bytes > config->max_queue_bytes))
    put_result(peer, request, SHERD_EINVAL, "'queue_bytes' wants a number from %d to %zu",
               SHERD__HUB_QUEUE_BYTES_MIN, config->max_queue_bytes);
  else
    return true;
  return false;
}

static void set_wishes(struct sherd__peer *peer, struct sherd__hub_request *request,
                       struct sherd__consumer *consumer) {
  consumer->id = peer->id;
  consumer->policy = request->policy;
  consumer->has_acks = request->has_acks;
  consumer->has_own_queue = request->queue_bytes != 0;
  consumer->queue_bytes =
      request->queue_bytes ? request->queue_bytes : peer->hub->config.queue_bytes;
  sherd__filter_deinit(&consumer->cursor.filter);
  consumer->cursor.filter = request->filter;
  request->filter = (struct sherd__filter){0};
}

static void subscribe(struct sherd__peer *peer, struct sherd__hub_request *request) {
  struct sherd__consumer *consumer;
  if (!may_subscribe(peer, request))
    return;
  enum sherd_status status = find_or_add(peer, request, &consumer);
  if (status == SHERD_ESTATE)
    put_result(peer, request, status, "'%s' is connected: give another name, or end that one",
               request->name);
  else if (status == SHERD_EQUEUEFULL)
    put_result(peer, request, status, "there are %d consumers with names: unsubscribe one by name",
               SHERD_STORE_CONSUMERS_MAX);
  else if (status)
    put_result(peer, request, status, "%s", sherd_strerror(status));
  if (status)
    return;
  set_wishes(peer, request, consumer);
  peer->consumer = consumer;
  sherd__relay_settle(&peer->hub->relay); /* its bound holds before it knows that it is in */
  sherd__log(&peer->hub->config.log, SHERD_LOG_INFO, SHERD_NEVER, "hub.subscribed",
             "id=%" PRIu64 " consumer=%s acks=%s queue_bytes=%" PRIu64, peer->id,
             consumer->name[0] ? consumer->name : "-", consumer->has_acks ? "true" : "false",
             consumer->queue_bytes);
  put_result(peer, request, SHERD_OK, "events follow");
}

/* --- unsubscribe --- */

static void forget(struct sherd__peer *peer, const struct sherd__hub_request *request) {
  struct sherd__consumer *consumer = sherd__relay_find(&peer->hub->relay, request->name);
  if (!consumer) {
    put_result(peer, request, SHERD_ENOTFOUND, "there is no consumer '%s'", request->name);
    return;
  }
  if (peer->consumer != consumer && !is_free(peer, consumer)) {
    put_result(peer, request, SHERD_ESTATE, "'%s' is connected: end that connection first",
               request->name);
    return;
  }
  if (peer->is_std && peer->consumer == consumer) {
    put_result(peer, request, SHERD_ESTATE, "stdout is in use: start without it first");
    return;
  }
  if (peer->consumer == consumer) {
    sherd__out_forget_way(&peer->out);
    peer->consumer = NULL;
  }
  enum sherd_status status = sherd__relay_remove(&peer->hub->relay, consumer, true);
  sherd__log(&peer->hub->config.log, SHERD_LOG_INFO, SHERD_NEVER, "hub.forgotten",
             "id=%" PRIu64 " consumer=%s", peer->id, request->name);
  put_result(peer, request, status, "%s",
             status ? sherd_strerror(status) : "its events are not kept any more");
}

static void unsubscribe(struct sherd__peer *peer, const struct sherd__hub_request *request) {
  struct sherd__consumer *consumer = peer->consumer;
  if (request->name[0]) {
    forget(peer, request);
    return;
  }
  if (!consumer || peer->is_std) {
    put_result(peer, request, SHERD_ESTATE, "this connection has not subscribed");
    return;
  }
  sherd__out_forget_way(&peer->out);
  peer->consumer = NULL;
  bool is_kept = consumer->name[0] != '\0';
  if (is_kept)
    sherd__relay_absent(&peer->hub->relay, consumer);
  else
    (void)sherd__relay_remove(&peer->hub->relay, consumer, false);
  put_result(peer, request, SHERD_OK, "%s",
             is_kept ? "its events are kept until it subscribes again" : "no more events follow");
}

/* --- ack --- */

/* It is answered only when it fails. */
static void ack(struct sherd__peer *peer, const struct sherd__hub_request *request) {
  struct sherd__consumer *consumer = peer->consumer;
  if (!consumer || !consumer->has_acks)
    put_result(peer, request, SHERD_ESTATE, "acks want a subscription with \"ack\":true");
  else if (sherd__relay_ack(&peer->hub->relay, consumer, request->n))
    put_result(peer, request, SHERD_ERANGE,
               "'n' is behind an earlier ack, or beyond the last line sent, %" PRIu64,
               consumer->cursor.shown_n);
}

void sherd__peer_request(struct sherd__peer *peer, struct sherd_bytes line) {
  struct sherd__hub *hub = peer->hub;
  struct sherd__hub_request request;
  struct sherd_error_info error;
  struct sherd_buf answer;
  enum sherd_status status = sherd__hub_request_parse(line, hub->allocator, &request, &error);
  if (status == SHERD_ENOTFOUND) {
    sherd__buf_init(&answer, hub->allocator);
    hub->config.answer(hub->config.ctx, line, &answer);
    put_answer(peer, &answer);
    sherd__buf_deinit(&answer);
  } else if (status) {
    put_result(peer, &request, status, "%s", error.status ? error.text : sherd_strerror(status));
  } else if (request.op == SHERD__HUB_SUBSCRIBE) {
    subscribe(peer, &request);
  } else if (request.op == SHERD__HUB_UNSUBSCRIBE) {
    unsubscribe(peer, &request);
  } else {
    ack(peer, &request);
  }
  sherd__hub_request_deinit(&request);
}
