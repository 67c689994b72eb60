#include "sim/rest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "sim/rest_api.h"

#define READ_BYTES 16384

/* Rounds without a byte, or a piece of a body, before it is believed that nothing more comes:
 * libmicrohttpd goes from reading to answering in several. */
#define QUIET_ROUNDS 4

struct sherd__rest {
  const struct sherd_allocator *allocator;
  struct sherd__sim *sim;
  struct MHD_Daemon *daemon;
  uint64_t now_ms;
  uint64_t handled;                        /* how often libmicrohttpd has had something for us */
  struct sherd__sim_server_faults *faults; /* the server's */
  struct sherd__print print;               /* the body of an answer */
};

struct sherd__rest_client {
  struct sherd__rest *rest;
  int fd; /* our end; libmicrohttpd has the other */
};

/* A request in the making. */
struct upload {
  const struct sherd_allocator *allocator;
  struct sherd_buf body;
  bool is_too_big;
};

/* --- Requests --- */

static struct upload *begin_upload(const struct sherd__rest *rest) {
  struct upload *upload = sherd__calloc(rest->allocator, sizeof *upload);
  if (upload) {
    upload->allocator = rest->allocator;
    sherd__buf_init(&upload->body, rest->allocator);
  }
  return upload;
}

/* What is over the limit is read all the same, so that the answer can be. */
static void take_upload(struct upload *upload, const char *data, size_t len) {
  if (upload->body.len + len > SHERD__REST_BODY_BYTES_MAX ||
      sherd__buf_append(&upload->body, data, len)) {
    upload->is_too_big = true;
    sherd__buf_deinit(&upload->body);
  }
}

static void end_upload(void *user, struct MHD_Connection *connection, void **request,
                       enum MHD_RequestTerminationCode why) {
  struct upload *upload = *request;
  (void)user;
  (void)connection;
  (void)why;
  if (!upload)
    return;
  sherd__buf_deinit(&upload->body);
  sherd__free(upload->allocator, upload);
  *request = NULL;
}

static const char *header_of(struct MHD_Connection *connection, const char *name) {
  return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const char *query_of(void *connection, const char *name) {
  return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

/* --- Answers --- */

static void add_header(struct MHD_Response *response, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void add_header(struct MHD_Response *response, const char *name, const char *format, ...) {
  char text[64];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  (void)MHD_add_response_header(response, name, text);
}

/* One of Discord's buckets, never near its end: the libraries' own accounts are not tested here,
 * and a bot under test shall not wait. Source: Discord's documentation, Rate Limits. */
static void add_limits(struct MHD_Response *response, uint64_t bucket) {
  add_header(response, "X-RateLimit-Limit", "50");
  add_header(response, "X-RateLimit-Remaining", "49");
  add_header(response, "X-RateLimit-Reset", "%jd.000", (intmax_t)time(NULL) + 1);
  add_header(response, "X-RateLimit-Reset-After", "1.000");
  add_header(response, "X-RateLimit-Bucket", "%016" PRIx64, bucket);
}

static void add_429(struct MHD_Response *response, uint32_t retry_after_ms) {
  add_header(response, "X-RateLimit-Limit", "50");
  add_header(response, "X-RateLimit-Remaining", "0");
  add_header(response, "X-RateLimit-Reset-After", "%.3f", (double)retry_after_ms / 1000.0);
  add_header(response, "X-RateLimit-Scope", "user");
}

static enum MHD_Result send_answer(struct MHD_Connection *connection,
                                   const struct sherd__rest_answer *answer,
                                   uint32_t retry_after_ms) {
  const struct sherd_buf *body = &answer->body->out;
  struct MHD_Response *response =
      answer->body->status
          ? NULL
          : MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_COPY);
  if (!response)
    return MHD_NO;
  if (answer->content_type)
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
  /* Discord's API and gateway are two hosts, ours are one: a client that keeps its connections
   * shall not send its WebSocket's upgrade on one that is HTTP's. aiohttp would. */
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
  if (retry_after_ms)
    add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "%" PRIu32,
               retry_after_ms / 1000 + (retry_after_ms % 1000 > 0));
  if (answer->status == MHD_HTTP_TOO_MANY_REQUESTS)
    add_429(response, retry_after_ms);
  else if (answer->is_limited)
    add_limits(response, answer->bucket);
  enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
  MHD_destroy_response(response);
  return result;
}

/* One of the faults: Discord's shape for being too fast; for trouble of its own it has none. */
static uint32_t fail_on_purpose(struct sherd__sim_server_faults *faults,
                                struct sherd__rest_answer *answer) {
  uint32_t retry_after_ms = faults->rest_retry_after_ms;
  faults->rest_errors--;
  sherd__print_reset(answer->body);
  answer->content_type = "application/json";
  answer->status = faults->rest_status;
  if (faults->rest_status == MHD_HTTP_TOO_MANY_REQUESTS)
    sherd__rest_too_many(answer, retry_after_ms);
  return retry_after_ms;
}

/* What was asked for at /sim/rest. */
static void take_errors(struct sherd__sim_server_faults *faults,
                        const struct sherd__rest_answer *answer) {
  if (!answer->wants_errors)
    return;
  faults->rest_errors = answer->errors.count;
  faults->rest_status = answer->errors.status;
  faults->rest_retry_after_ms = answer->errors.retry_after_ms;
}

static enum MHD_Result handle_whole(struct sherd__rest *rest, struct MHD_Connection *connection,
                                    const struct sherd__rest_request *request) {
  struct sherd__rest_answer answer = {.body = &rest->print};
  bool is_control = sherd__rest_is_control(request->path);
  uint32_t retry_after_ms = 0;
  if (rest->faults->rest_errors && !is_control) {
    retry_after_ms = fail_on_purpose(rest->faults, &answer);
  } else {
    sherd__rest_answer(rest->sim, request, rest->now_ms, &answer);
    take_errors(rest->faults, &answer);
  }
  if (!is_control) { /* what testers ask is not the bot's */
    sherd__rest_note(rest->sim, request, answer.status);
    sherd__sim_see(rest->sim, SHERD__SIGHT_REQUEST, answer.status, request->path);
  }
  return send_answer(connection, &answer, retry_after_ms);
}

static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload_data,
                              size_t *upload_data_size, void **state) {
  struct sherd__rest *rest = user;
  struct upload *upload = *state;
  (void)version;
  rest->handled++;
  if (!upload) { /* the first call for each request is only its head */
    *state = begin_upload(rest);
    return *state ? MHD_YES : MHD_NO;
  }
  if (*upload_data_size) {
    if (!upload->is_too_big)
      take_upload(upload, upload_data, *upload_data_size);
    *upload_data_size = 0;
    return MHD_YES;
  }
  struct sherd__rest_request request = {
      .method = method,
      .path = url,
      .authorization = header_of(connection, MHD_HTTP_HEADER_AUTHORIZATION),
      .host = header_of(connection, MHD_HTTP_HEADER_HOST),
      .origin = header_of(connection, MHD_HTTP_HEADER_ORIGIN),
      .content_type = header_of(connection, MHD_HTTP_HEADER_CONTENT_TYPE),
      .body = sherd__buf_bytes(&upload->body),
      .is_too_big = upload->is_too_big,
      .query = query_of,
      .query_ctx = connection,
  };
  return handle_whole(rest, connection, &request);
}

/* --- Life --- */

enum sherd_status sherd__rest_new(const struct sherd_allocator *allocator, struct sherd__sim *sim,
                                  struct sherd__sim_server_faults *faults,
                                  struct sherd__rest **out) {
  struct sherd__rest *rest = sherd__calloc(allocator, sizeof *rest);
  *out = NULL;
  if (!rest)
    return SHERD_ENOMEM;
  rest->allocator = allocator;
  rest->sim = sim;
  rest->faults = faults;
  sherd__print_init(&rest->print, allocator);
  /* With select() it could not see descriptors over 1023. */
  unsigned flags = MHD_USE_NO_LISTEN_SOCKET;
  if (MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES)
    flags |= MHD_USE_EPOLL;
  rest->daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, rest, MHD_OPTION_NOTIFY_COMPLETED,
                                  end_upload, NULL, MHD_OPTION_END);
  if (!rest->daemon) {
    sherd__free(allocator, rest);
    return SHERD_ESYSTEM;
  }
  *out = rest;
  return SHERD_OK;
}

void sherd__rest_free(struct sherd__rest *rest) {
  if (!rest)
    return;
  MHD_stop_daemon(rest->daemon);
  sherd__print_deinit(&rest->print);
  sherd__free(rest->allocator, rest);
}

static bool make_nonblocking(int fd) {
  return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

enum sherd_status sherd__rest_client_new(struct sherd__rest *rest,
                                         struct sherd__rest_client **out) {
  struct sherd__rest_client *client = sherd__calloc(rest->allocator, sizeof *client);
  struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fds[2];
  *out = NULL;
  if (!client)
    return SHERD_ENOMEM;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) {
    sherd__free(rest->allocator, client);
    return SHERD_ESYSTEM;
  }
  client->rest = rest;
  client->fd = fds[0];
  /* On failure libmicrohttpd closes its end itself. */
  bool added = make_nonblocking(fds[0]) && make_nonblocking(fds[1]);
  if (!added)
    close(fds[1]);
  else
    added = MHD_add_connection(rest->daemon, fds[1], (const struct sockaddr *)&peer, sizeof peer) ==
            MHD_YES;
  if (!added) {
    sherd__rest_client_free(client);
    return SHERD_ESYSTEM;
  }
  *out = client;
  return SHERD_OK;
}

void sherd__rest_client_free(struct sherd__rest_client *client) {
  if (!client)
    return;
  close(client->fd);
  (void)MHD_run(client->rest->daemon); /* lets it notice */
  sherd__free(client->rest->allocator, client);
}

/* --- Bytes through --- */

/* Writes as much as goes. */
static enum sherd_status push(struct sherd__rest_client *client, struct sherd_bytes *in) {
  while (in->len) {
    ssize_t sent = send(client->fd, in->data, in->len, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0)
      return errno == EAGAIN ? SHERD_OK : SHERD_ELOST;
    in->data += sent;
    in->len -= (size_t)sent;
  }
  return SHERD_OK;
}

/* Reads all that is there. */
static enum sherd_status pull(struct sherd__rest_client *client, struct sherd_buf *out,
                              bool *is_ended) {
  for (;;) {
    if (sherd__buf_reserve(out, READ_BYTES))
      return SHERD_ENOMEM;
    ssize_t got = recv(client->fd, out->data + out->len, READ_BYTES, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return errno == EAGAIN ? SHERD_OK : SHERD_ELOST;
    *is_ended = got == 0;
    if (*is_ended)
      return SHERD_OK;
    out->len += (size_t)got;
  }
}

enum sherd_status sherd__rest_client_feed(struct sherd__rest_client *client, struct sherd_bytes in,
                                          uint64_t now_ms, struct sherd_buf *out, bool *is_ended) {
  enum sherd_status status = SHERD_OK;
  client->rest->now_ms = now_ms;
  *is_ended = false;
  for (int quiet = 0; quiet < QUIET_ROUNDS && !status && !*is_ended; quiet++) {
    size_t in_before = in.len, out_before = out->len;
    uint64_t handled_before = client->rest->handled;
    status = push(client, &in);
    (void)MHD_run(client->rest->daemon);
    if (!status)
      status = pull(client, out, is_ended);
    if (in.len != in_before || out->len != out_before || client->rest->handled != handled_before)
      quiet = 0;
  }
  return status == SHERD_OK && in.len ? SHERD_ELOST : status;
}
