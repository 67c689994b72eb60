/* One try, through libcurl. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>
#include <openssl/x509_vfy.h>
#include <uv.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/token.h"
#include "engine/upgrade.h"
#include "net/failure.h"
#include "net/rest.h"
#include "net/tls.h"

#define TIMEOUT_MS 15000
#define PATH       "/gateway/bot"

struct request {
  const struct sherd_rest_config *config;
  const struct sherd__rest_host *host;
  CURL *curl;
  struct curl_slist *headers; /* hold the token */
  char *url;
  char *host_name;
  uint16_t port;
  struct sherd_buf body;
  bool is_too_long;
  char detail[CURL_ERROR_SIZE]; /* in curl's words */
};

/* --- What comes back --- */

static size_t on_body(char *data, size_t size, size_t count, void *user) {
  struct request *request = user;
  size_t len = size * count;
  request->is_too_long |= len > SHERD__REST_BODY_BYTES_MAX - request->body.len;
  if (request->is_too_long || sherd__buf_append(&request->body, data, len))
    return CURL_WRITEFUNC_ERROR;
  return len;
}

/* Another result than 0 ends the transfer. */
static int on_progress(void *user, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up) {
  const struct request *request = user;
  (void)down_total, (void)down, (void)up_total, (void)up;
  return sherd__rest_is_cancelled(request->host);
}

/* --- What is asked --- */

/* Takes the URL apart, for it must be of HTTP, and its host stands in every error. */
static enum sherd_status set_url(struct request *request, const char *api_url) {
  char *scheme = NULL, *path = NULL, *port = NULL;
  char whole[1024];
  enum sherd_status status = SHERD_EINVAL;
  CURLU *parts = curl_url();
  if (!parts)
    return SHERD_ENOMEM;
  if (curl_url_set(parts, CURLUPART_URL, api_url, 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
      (strcasecmp(scheme, "https") == 0 || strcasecmp(scheme, "http") == 0) &&
      curl_url_get(parts, CURLUPART_HOST, &request->host_name, 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_PATH, &path, 0) == CURLUE_OK) {
    size_t len = strlen(path);
    while (len && path[len - 1] == '/')
      len--;
    int whole_len = snprintf(whole, sizeof whole, "%.*s" PATH, (int)len, path);
    request->port = (uint16_t)strtoul(port, NULL, 10);
    if (whole_len < (int)sizeof whole &&
        curl_url_set(parts, CURLUPART_PATH, whole, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_URL, &request->url, 0) == CURLUE_OK)
      status = SHERD_OK;
  }
  curl_free(scheme);
  curl_free(path);
  curl_free(port);
  curl_url_cleanup(parts);
  return status;
}

static enum sherd_status add_header(struct request *request, const char *line) {
  struct curl_slist *headers = curl_slist_append(request->headers, line);
  if (!headers)
    return SHERD_ENOMEM;
  request->headers = headers;
  return SHERD_OK;
}

static enum sherd_status set_headers(struct request *request) {
  char line[SHERD__TOKEN_SIZE + 32];
  snprintf(line, sizeof line, "Authorization: Bot %s", request->config->token);
  enum sherd_status status = add_header(request, line);
  sherd__wipe(line, sizeof line);
  return status ? status : add_header(request, "Accept: application/json");
}

static void set_protocols(CURL *curl) {
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
}

/* As the shard's own TLS has it: a file that is given is all that is trusted; without it the
 * environment's stand in for what libcurl was built with, which does not look there itself. */
static enum sherd_status set_authorities(const struct request *request) {
  CURL *curl = request->curl;
  const char *given = request->config->ca_file;
  const char *file = given ? given : sherd__tls_env_ca_file();
  const char *dir = given ? NULL : sherd__tls_env_ca_dir();
  if ((file && curl_easy_setopt(curl, CURLOPT_CAINFO, file)) ||
      ((given || dir) && curl_easy_setopt(curl, CURLOPT_CAPATH, dir)))
    return SHERD_ENOMEM;
  return SHERD_OK;
}

/* Options whose values are whole and known to libcurl cannot be refused but for want of memory,
 * which the strings' ones tell. */
static enum sherd_status set_options(struct request *request) {
  const struct sherd_rest_config *config = request->config;
  CURL *curl = request->curl;
  long timeout_ms =
      config->timeout_ms && config->timeout_ms < INT_MAX ? (long)config->timeout_ms : TIMEOUT_MS;
  set_protocols(curl);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, request);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, request);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, request->detail);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, request->headers);
  if (curl_easy_setopt(curl, CURLOPT_URL, request->url) ||
      curl_easy_setopt(curl, CURLOPT_USERAGENT, SHERD__USER_AGENT) ||
      (config->proxy && curl_easy_setopt(curl, CURLOPT_PROXY, config->proxy)))
    return SHERD_ENOMEM;
  return set_authorities(request);
}

/* --- What it means --- */

static enum sherd_status status_of_verify(CURL *curl) {
  long verify = X509_V_OK;
  curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &verify);
  switch (verify) {
  case X509_V_OK:
  case X509_V_ERR_UNSPECIFIED: /* libcurl's own check of the name comes before it notes a result */
    return SHERD_ETLSHOST;
  case X509_V_ERR_CERT_HAS_EXPIRED:
  case X509_V_ERR_CERT_NOT_YET_VALID:
    return SHERD_ETLSEXPIRED;
  default:
    return SHERD_ETLSCA;
  }
}

/* The step that took too long. (libcurl's time of connecting is not there before TLS's is; its own
 * port is.) */
static enum sherd_status status_of_timeout(CURL *curl) {
  curl_off_t lookup_us = 0, pretransfer_us = 0;
  long local_port = 0;
  curl_easy_getinfo(curl, CURLINFO_NAMELOOKUP_TIME_T, &lookup_us);
  curl_easy_getinfo(curl, CURLINFO_LOCAL_PORT, &local_port);
  curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &pretransfer_us);
  if (!lookup_us)
    return SHERD_EDNS;
  if (!local_port)
    return SHERD_ECONNECTTIMEOUT;
  return pretransfer_us ? SHERD_ELOST : SHERD_ETLS;
}

static enum sherd_status status_of_connect(long os_error) {
  if (os_error == -UV_ECONNREFUSED)
    return SHERD_ECONNREFUSED;
  return os_error == -UV_ETIMEDOUT ? SHERD_ECONNECTTIMEOUT : SHERD_ECONNECT;
}

static enum sherd_status status_of_curl(const struct request *request, CURLcode code,
                                        long os_error) {
  switch (code) {
  case CURLE_OK:
    return SHERD_OK;
  case CURLE_OUT_OF_MEMORY:
    return SHERD_ENOMEM;
  case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, or no HTTP at all */
  case CURLE_WEIRD_SERVER_REPLY:
    return SHERD_ERESTBODY;
  case CURLE_WRITE_ERROR:
    return request->is_too_long ? SHERD_ERESTBODY : SHERD_ENOMEM;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return SHERD_EDNS;
  case CURLE_COULDNT_CONNECT:
    return status_of_connect(os_error);
  case CURLE_OPERATION_TIMEDOUT:
    return status_of_timeout(request->curl);
  case CURLE_SSL_CONNECT_ERROR:
    return SHERD_ETLS;
  case CURLE_PEER_FAILED_VERIFICATION:
    return status_of_verify(request->curl);
  case CURLE_SSL_CACERT_BADFILE:
    return SHERD_ETLSCAFILE;
  default:
    return SHERD_ELOST;
  }
}

static enum sherd_status status_of_http(long http_status) {
  if (http_status == 200)
    return SHERD_OK;
  return http_status == 401 ? SHERD_ERESTAUTH : SHERD_EREST;
}

/* Keeps curl's words to one line of ASCII. */
static void clean(char *text) {
  for (; *text; text++)
    if (*text < ' ' || *text > '~')
      *text = '?';
}

/* Fills in `result` for a try that failed. */
static void explain(struct request *request, struct sherd__failure failure,
                    struct sherd__rest_try *result) {
  const struct sherd__route route = {.host = request->host_name ? request->host_name : "api_url",
                                     .port = request->port};
  clean(request->detail);
  if (!failure.detail)
    failure.detail = request->detail;
  sherd__failure_describe(&failure, &route, &result->error);
}

/* Judges what curl came to, if there was no answer. */
static enum sherd_status judge_transport(struct request *request, CURLcode code,
                                         struct sherd__rest_try *result) {
  long os_error = 0, proxy_status = 0;
  curl_easy_getinfo(request->curl, CURLINFO_OS_ERRNO, &os_error);
  curl_easy_getinfo(request->curl, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  struct sherd__failure failure = {.status = status_of_curl(request, code, os_error)};
  if (!failure.status)
    return SHERD_OK;
  if (proxy_status && proxy_status / 100 != 2) {
    failure.status = proxy_status == 407 ? SHERD_EPROXYAUTH : SHERD_EPROXY;
    failure.http_status = (uint16_t)proxy_status;
  }
  if (request->is_too_long)
    failure.detail = "its body is over 64 KiB";
  result->may_be_repeated =
      failure.status == SHERD_ELOST || failure.status == SHERD_ECONNECTTIMEOUT;
  explain(request, failure, result);
  if (!failure.http_status)
    result->error.os_error = (int)os_error;
  return failure.status;
}

static uint64_t retry_after_ms(struct request *request) {
  curl_off_t header_s = 0;
  uint64_t body_ms = sherd__rest_read_retry_after_ms(sherd__buf_bytes(&request->body));
  curl_easy_getinfo(request->curl, CURLINFO_RETRY_AFTER, &header_s);
  uint64_t header_ms = header_s > 0 && header_s < INT_MAX ? (uint64_t)header_s * 1000 : 0;
  /* The header is rounded to seconds, up or down: the later of the two is never too early. */
  return body_ms > header_ms ? body_ms : header_ms;
}

static enum sherd_status judge_answer(struct request *request, struct sherd_gateway_bot *out,
                                      struct sherd__rest_try *result) {
  long http_status = 0;
  curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &http_status);
  struct sherd__failure failure = {.status = status_of_http(http_status),
                                   .http_status = (uint16_t)http_status};
  if (!failure.status)
    failure.status = sherd__rest_read_body(sherd__buf_bytes(&request->body), out, &failure.detail);
  else
    result->retry_after_ms = retry_after_ms(request);
  if (!failure.status)
    return SHERD_OK;
  result->may_be_repeated = http_status == 429 || http_status / 100 == 5;
  explain(request, failure, result);
  result->error.retry_after_ms = result->retry_after_ms;
  return failure.status;
}

/* --- The try --- */

static void init_curl(void) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

static enum sherd_status prepare(struct request *request) {
  static uv_once_t once = UV_ONCE_INIT;
  const struct sherd_rest_config *config = request->config;
  uv_once(&once, init_curl);
  sherd__buf_init(&request->body, sherd_allocator_default());
  enum sherd_status status = set_url(request, config->api_url ? config->api_url : SHERD_API_URL);
  if (status) {
    snprintf(request->detail, sizeof request->detail,
             "no URL that begins with https:// or http://");
    return status;
  }
  if (!sherd__token_is_good(config->token))
    return SHERD_ETOKEN;
  request->curl = curl_easy_init();
  if (!request->curl)
    return SHERD_ENOMEM;
  status = set_headers(request);
  return status ? status : set_options(request);
}

static void clean_up(struct request *request) {
  curl_easy_cleanup(request->curl);
  for (struct curl_slist *header = request->headers; header; header = header->next)
    sherd__wipe(header->data, strlen(header->data));
  curl_slist_free_all(request->headers);
  curl_free(request->url);
  curl_free(request->host_name);
  sherd__buf_deinit(&request->body);
}

enum sherd_status sherd__rest_try(const struct sherd_rest_config *config,
                                  const struct sherd__rest_host *host,
                                  struct sherd_gateway_bot *out, struct sherd__rest_try *result) {
  struct request request = {.config = config, .host = host};
  memset(out, 0, sizeof *out);
  memset(result, 0, sizeof *result);
  enum sherd_status status = prepare(&request);
  if (status)
    explain(&request, (struct sherd__failure){.status = status}, result);
  else
    status = judge_transport(&request, curl_easy_perform(request.curl), result);
  if (!status)
    status = judge_answer(&request, out, result);
  clean_up(&request);
  return status;
}
