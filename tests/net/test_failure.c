/* The line that a person reads when something goes wrong on the way to a host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <uv.h>

#include "net/failure.h"

static const char *describe(const struct sherd__failure *failure,
                            const struct sherd__route *route) {
  static struct sherd_error_info info;
  memset(&info, 0x5A, sizeof info);
  sherd__failure_describe(failure, route, &info);
  assert_int_equal(info.status, failure->status);
  assert_int_equal(info.http_status, failure->http_status);
  assert_true(strlen(info.text) <= SHERD_ERROR_TEXT_MAX);
  return info.text;
}

static void the_line_says_where_what_and_why(void **state) {
  (void)state;
  assert_string_equal(
      describe(&(struct sherd__failure){.status = SHERD_ECONNREFUSED, .uv_error = UV_ECONNREFUSED},
               &(struct sherd__route){.host = "localhost", .port = 443}),
      "localhost:443: the host refused the connection: check host, port and firewall "
      "(connection refused)");
  assert_string_equal(
      describe(&(struct sherd__failure){.status = SHERD_EPROXY, .http_status = 403},
               &(struct sherd__route){
                   .host = "::1", .port = 443, .proxy_host = "fe80::1", .proxy_port = 3128}),
      "[::1]:443 through the proxy [fe80::1]:3128: the proxy refused to connect us: check the "
      "proxy's URL and its rules (HTTP 403)");
  assert_string_equal(describe(&(struct sherd__failure){.status = SHERD_EDNS, .detail = "why"},
                               &(struct sherd__route){.host = "[::1]"}),
                      "[::1]: the host name was not found: check the URL and the machine's DNS "
                      "(why)");
}

static void an_engine_says_itself_what_happened(void **state) {
  struct sherd_error_info info;
  (void)state;
  sherd__failure_locate(
      &(struct sherd__failure){.status = SHERD_ECONNREFUSED, .uv_error = UV_ECONNREFUSED},
      &(struct sherd__route){.host = "localhost", .port = 443}, &info);
  assert_int_equal(info.status, SHERD_ECONNREFUSED);
  assert_int_equal(info.os_error, ECONNREFUSED);
  assert_string_equal(info.text, "localhost:443: connection refused");
  sherd__failure_locate(
      &(struct sherd__failure){.status = SHERD_EPROXY, .http_status = 403},
      &(struct sherd__route){.host = "::1", .port = 443, .proxy_host = "proxy", .proxy_port = 3128},
      &info);
  assert_int_equal(info.http_status, 403);
  assert_string_equal(info.text, "[::1]:443 through the proxy proxy:3128: HTTP 403");
}

static void the_systems_error_is_told_and_no_other(void **state) {
  (void)state;
  const struct sherd__route route = {.host = "a", .port = 1};
  struct sherd_error_info info;
  sherd__failure_describe(
      &(struct sherd__failure){.status = SHERD_ELOST, .uv_error = UV_ECONNRESET}, &route, &info);
  assert_int_equal(info.os_error, ECONNRESET);
  sherd__failure_describe(&(struct sherd__failure){.status = SHERD_EDNS, .uv_error = UV_EAI_NONAME},
                          &route, &info);
  assert_int_equal(info.os_error, 0);
}

static void the_line_is_printable_and_has_its_end(void **state) {
  (void)state;
  char host[300], detail[300];
  memset(host, 'h', sizeof host);
  memset(detail, 'd', sizeof detail);
  host[1] = '\n';
  host[2] = '\x1b';
  host[3] = '\xc3';
  host[sizeof host - 1] = detail[sizeof detail - 1] = '\0';
  const char *text = describe(&(struct sherd__failure){.status = SHERD_ELOST, .detail = detail},
                              &(struct sherd__route){.host = host, .port = 65535});
  assert_memory_equal(text, "h???h", 5);
  assert_non_null(strstr(text, ":65535: the connection was lost"));
  assert_int_equal(strlen(text), SHERD_ERROR_TEXT_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_line_says_where_what_and_why),
      cmocka_unit_test(an_engine_says_itself_what_happened),
      cmocka_unit_test(the_systems_error_is_told_and_no_other),
      cmocka_unit_test(the_line_is_printable_and_has_its_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
