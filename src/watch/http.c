#include "watch/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>

#include "base/mem.h"
#include "watch/render.h"

#define CONNECTIONS_MAX 32
#define TIMEOUT_S       10
#define REQUEST_BYTES   8192

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define PLAIN_TYPE   "text/plain; charset=utf-8"

struct sherd__watch_http {
  const struct sherd_allocator *allocator;
  struct sherd__watch_http_config config;
  struct MHD_Daemon *daemon;
};

/* --- Answers --- */

struct answer {
  unsigned status;
  const char *type;
  struct sherd_buf body;
  enum sherd_status outcome;
};

static void say(struct answer *answer, unsigned status, const char *text) {
  answer->status = status;
  answer->type = PLAIN_TYPE;
  answer->outcome = sherd__buf_append(&answer->body, text, strlen(text));
  if (answer->outcome == SHERD_OK)
    answer->outcome = sherd__buf_append_byte(&answer->body, '\n');
}

typedef bool (*health_fn)(const struct sherd__snapshot *snapshot, const char **why);

static void say_health(struct answer *answer, const struct sherd__snapshot *snapshot,
                       health_fn is_good) {
  const char *why;
  unsigned status = is_good(snapshot, &why) ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
  say(answer, status, why);
}

static void say_metrics(struct answer *answer, const struct sherd__snapshot *snapshot,
                        size_t max_shard_rows) {
  answer->status = MHD_HTTP_OK;
  answer->type = METRICS_TYPE;
  answer->outcome = sherd__render_metrics(snapshot, max_shard_rows, &answer->body);
}

static bool is_known(const char *path) {
  return strcmp(path, "/metrics") == 0 || strcmp(path, "/healthz") == 0 ||
         strcmp(path, "/readyz") == 0;
}

static void find_answer(const struct sherd__watch_http *http, const char *method, const char *path,
                        struct answer *answer) {
  if (!is_known(path)) {
    say(answer, MHD_HTTP_NOT_FOUND, "there are /metrics, /healthz and /readyz");
    return;
  }
  if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
    say(answer, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD");
    return;
  }
  const struct sherd__snapshot *snapshot = http->config.take(http->config.ctx);
  if (!snapshot) {
    say(answer, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
    return;
  }
  if (strcmp(path, "/metrics") == 0)
    say_metrics(answer, snapshot, http->config.max_shard_rows);
  else if (strcmp(path, "/healthz") == 0)
    say_health(answer, snapshot, sherd__is_healthy);
  else
    say_health(answer, snapshot, sherd__is_ready);
  http->config.release(http->config.ctx, snapshot);
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, const struct answer *answer) {
  struct MHD_Response *response =
      answer->outcome ? NULL
                      : MHD_create_response_from_buffer(answer->body.len, answer->body.data,
                                                        MHD_RESPMEM_MUST_COPY);
  if (!response)
    return MHD_NO;
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
  if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
  MHD_destroy_response(response);
  return result;
}

/* The first call for a request is only its head, and the calls for a body, which is not wanted,
 * throw it away. */
static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload_data,
                              size_t *upload_data_size, void **state) {
  static int seen;
  const struct sherd__watch_http *http = user;
  (void)version;
  (void)upload_data;
  if (!*state || *upload_data_size) {
    *state = &seen;
    *upload_data_size = 0;
    return MHD_YES;
  }
  struct answer answer = {0};
  sherd__buf_init(&answer.body, http->allocator);
  find_answer(http, method, url, &answer);
  enum MHD_Result result = send_answer(connection, &answer);
  sherd__buf_deinit(&answer.body);
  return result;
}

/* --- Life --- */

static bool read_address(const char *host, uint16_t port, struct sockaddr_storage *out) {
  struct sockaddr_in *v4 = (struct sockaddr_in *)out;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
  memset(out, 0, sizeof *out);
  if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return true;
  }
  if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    return true;
  }
  return false;
}

static enum sherd_status fail(struct sherd_error_info *error, enum sherd_status status,
                              int os_error, const char *host, uint16_t port, const char *why) {
  if (error) {
    *error = (struct sherd_error_info){.status = status, .os_error = os_error};
    snprintf(error->text, sizeof error->text, "cannot serve metrics at %.64s port %u: %s", host,
             (unsigned)port, why);
  }
  return status;
}

static struct MHD_Daemon *start(struct sherd__watch_http *http,
                                const struct sockaddr_storage *address) {
  unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD;
  if (MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES)
    flags |= MHD_USE_EPOLL;
  if (address->ss_family == AF_INET6)
    flags |= MHD_USE_IPv6;
  return MHD_start_daemon(flags, 0, NULL, NULL, handle, http, MHD_OPTION_SOCK_ADDR, address,
                          MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                          MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES,
                          MHD_OPTION_END);
}

enum sherd_status sherd__watch_http_new(const struct sherd__watch_http_config *config,
                                        struct sherd__watch_http **out,
                                        struct sherd_error_info *error) {
  const struct sherd_allocator *allocator = sherd__allocator_or_default(NULL);
  const char *host = config->host && *config->host ? config->host : "127.0.0.1";
  struct sockaddr_storage address;
  *out = NULL;
  if (!read_address(host, config->port, &address))
    return fail(error, SHERD_EINVAL, 0, host, config->port,
                "give an address such as 127.0.0.1 or ::1, not a name");
  struct sherd__watch_http *http = sherd__calloc(allocator, sizeof *http);
  if (!http)
    return fail(error, SHERD_ENOMEM, 0, host, config->port, sherd_strerror(SHERD_ENOMEM));
  http->allocator = allocator;
  http->config = *config;
  http->config.host = NULL; /* the caller's text */
  errno = 0;
  http->daemon = start(http, &address);
  if (!http->daemon) {
    int os_error = errno;
    sherd__free(allocator, http);
    return fail(error, SHERD_ESYSTEM, os_error, host, config->port,
                os_error ? strerror(os_error) : "the HTTP server did not start");
  }
  *out = http;
  return SHERD_OK;
}

uint16_t sherd__watch_http_port(const struct sherd__watch_http *http) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
  return info ? info->port : 0;
}

void sherd__watch_http_free(struct sherd__watch_http *http) {
  if (!http)
    return;
  MHD_stop_daemon(http->daemon);
  sherd__free(http->allocator, http);
}
