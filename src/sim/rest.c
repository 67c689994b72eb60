#include "sim/rest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define READ_BYTES 16384

/* Rounds without a byte before it is believed that nothing more comes: libmicrohttpd goes from
 * reading to answering in several. */
#define QUIET_ROUNDS 4

struct sherd__rest {
  const struct sherd_allocator *allocator;
  struct sherd__sim *sim;
  struct MHD_Daemon *daemon;
  uint64_t now_ms;
  struct sherd__sim_server_faults *faults; /* the server's */
};

struct sherd__rest_client {
  struct sherd__rest *rest;
  int fd; /* our end; libmicrohttpd has the other */
};

/* --- What is served --- */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status,
                              const char *body) {
  struct MHD_Response *response =
      MHD_create_response_from_buffer(strlen(body), (void *)body, MHD_RESPMEM_MUST_COPY);
  if (!response)
    return MHD_NO;
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
  enum MHD_Result result = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return result;
}

/* Discord's shape for being too fast; for trouble of its own it has none.
 * Source: Discord's documentation, Rate Limits. */
static enum MHD_Result answer_error(const struct sherd__sim_server_faults *faults,
                                    struct MHD_Connection *connection) {
  char body[192] = "", seconds[16];
  uint32_t retry_after_s = (faults->rest_retry_after_ms + 999) / 1000;
  if (faults->rest_status == MHD_HTTP_TOO_MANY_REQUESTS)
    (void)snprintf(body, sizeof body,
                   "{\"message\": \"You are being rate limited.\", \"retry_after\": %" PRIu32
                   ".0, \"global\": false}",
                   retry_after_s);
  struct MHD_Response *response =
      MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_COPY);
  if (!response)
    return MHD_NO;
  (void)snprintf(seconds, sizeof seconds, "%" PRIu32, retry_after_s);
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
  if (retry_after_s)
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
  enum MHD_Result result = MHD_queue_response(connection, faults->rest_status, response);
  MHD_destroy_response(response);
  return result;
}

/* The path without /api and the version; NULL when it is of another version. */
static const char *route_of(const char *url) {
  static const char *const versions[] = {"/v9/", "/v10/"};
  if (strncmp(url, "/api/", 5) == 0)
    url += 4;
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
    if (strncmp(url, versions[i], strlen(versions[i])) == 0)
      return url + strlen(versions[i]) - 1;
  return url;
}

static bool is_authorized(const struct sherd__rest *rest, struct MHD_Connection *connection) {
  const char *header =
      MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
  if (!header || strncmp(header, "Bot ", 4) != 0)
    return false;
  struct sherd_bytes token = {(const uint8_t *)header, strlen(header)};
  return sherd__sim_is_token(rest->sim, token);
}

static enum MHD_Result get_gateway(const struct sherd__rest *rest,
                                   struct MHD_Connection *connection) {
  char body[512];
  (void)snprintf(body, sizeof body, "{\"url\": \"%s\"}", sherd__sim_url(rest->sim));
  return answer(connection, MHD_HTTP_OK, body);
}

static enum MHD_Result get_gateway_bot(const struct sherd__rest *rest,
                                       struct MHD_Connection *connection) {
  if (!is_authorized(rest, connection))
    return answer(connection, MHD_HTTP_UNAUTHORIZED,
                  "{\"message\": \"401: Unauthorized\", \"code\": 0}");
  struct sherd__sim_start_info info = sherd__sim_start_info(rest->sim, rest->now_ms);
  char body[768];
  (void)snprintf(body, sizeof body,
                 "{\"url\": \"%s\", \"shards\": %" PRIu32 ", \"session_start_limit\": "
                 "{\"total\": %" PRIu32 ", \"remaining\": %" PRIu32 ", \"reset_after\": %" PRIu64
                 ", \"max_concurrency\": %" PRIu32 "}}",
                 sherd__sim_url(rest->sim), info.shards, info.total, info.remaining,
                 info.reset_after_ms, info.max_concurrency);
  return answer(connection, MHD_HTTP_OK, body);
}

static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload_data,
                              size_t *upload_data_size, void **request) {
  static int seen;
  struct sherd__rest *rest = user;
  (void)version;
  (void)upload_data;
  if (!*request) { /* the first call for each request is only its head */
    *request = &seen;
    return MHD_YES;
  }
  if (*upload_data_size) { /* a body, which nothing here wants */
    *upload_data_size = 0;
    return MHD_YES;
  }
  struct sherd__sim_server_faults *faults = rest->faults;
  sherd__sim_see(rest->sim, SHERD__SIGHT_REQUEST, faults->rest_errors ? faults->rest_status : 0,
                 url);
  if (faults->rest_errors) {
    faults->rest_errors--;
    return answer_error(faults, connection);
  }
  const char *route = route_of(url);
  bool is_gateway = strcmp(route, "/gateway") == 0, is_bot = strcmp(route, "/gateway/bot") == 0;
  if (!is_gateway && !is_bot)
    return answer(connection, MHD_HTTP_NOT_FOUND, "{\"message\": \"404: Not Found\", \"code\": 0}");
  if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
    return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                  "{\"message\": \"405: Method Not Allowed\", \"code\": 0}");
  return is_bot ? get_gateway_bot(rest, connection) : get_gateway(rest, connection);
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
  /* With select() it could not see descriptors over 1023. */
  unsigned flags = MHD_USE_NO_LISTEN_SOCKET;
  if (MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES)
    flags |= MHD_USE_EPOLL;
  rest->daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, rest, MHD_OPTION_END);
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
    status = push(client, &in);
    (void)MHD_run(client->rest->daemon);
    if (!status)
      status = pull(client, out, is_ended);
    if (in.len != in_before || out->len != out_before)
      quiet = 0;
  }
  return status == SHERD_OK && in.len ? SHERD_ELOST : status;
}
