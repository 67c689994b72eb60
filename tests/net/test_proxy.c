/* Proxies without a socket: URLs, the environment, the request and the reply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/proxy.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static void a_url_gives_host_port_and_login(void **state) {
  (void)state;
  static const struct {
    const char *url, *host;
    uint16_t port;
    const char *login;
  } rows[] = {
      {"", "", 0, ""},
      {"http://proxy", "proxy", 80, ""},
      {"HTTP://proxy:3128/", "proxy", 3128, ""},
      {"proxy.local:65535", "proxy.local", 65535, ""},
      {"http://[::1]:8080", "::1", 8080, ""},
      {"[fe80::1]", "fe80::1", 80, ""},
      {"http://user:pass@10.0.0.1:1", "10.0.0.1", 1, "user:pass"},
      {"http://user@proxy", "proxy", 80, "user:"},
      {"http://a%40b:p%3Aq%2f@proxy:1", "proxy", 1, "a@b:p:q/"},
      {"http://u:p@ss@proxy:1", "proxy", 1, "u:p@ss"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct sherd__proxy proxy;
    assert_int_equal(sherd__proxy_parse(rows[i].url, &proxy), SHERD_OK);
    assert_string_equal(proxy.host, rows[i].host);
    assert_int_equal(proxy.port, rows[i].port);
    assert_string_equal(proxy.login, rows[i].login);
  }
}

static void a_malformed_url_is_refused(void **state) {
  (void)state;
  static const char *const urls[] = {
      "https://proxy",       "socks5://proxy",     "http://",           "http://:80",
      "http://proxy:0",      "http://proxy:65536", "http://proxy:",     "http://proxy:8x",
      "http://proxy:123456", "http://proxy/path",  "http://[::1",       "http://[::1]x:80",
      "http://pro xy",       "http://pro\r\nxy",   "http://u%zz@proxy", "http://u%4@proxy",
      "http://u%0d@proxy",   "http://[]:80",
  };
  struct sherd__proxy proxy;
  for (size_t i = 0; i < COUNT(urls); i++) {
    assert_int_equal(sherd__proxy_parse(urls[i], &proxy), SHERD_EINVAL);
    assert_string_equal(proxy.host, "");
    assert_string_equal(proxy.login, "");
  }
  char url[1200];
  memset(url, 'a', sizeof url);
  memcpy(url + 600, "@proxy", 7); /* a login that is too long */
  assert_int_equal(sherd__proxy_parse(url, &proxy), SHERD_EINVAL);
  url[600] = 'a';
  assert_int_equal(sherd__proxy_parse(url, &proxy), SHERD_EINVAL); /* a host that is */
}

static void a_list_exempts_hosts_and_what_is_under_them(void **state) {
  (void)state;
  static const struct {
    const char *list, *host;
    uint16_t port;
    bool exempt;
  } rows[] = {
      {"", "discord.gg", 443, false},
      {"*", "discord.gg", 443, true},
      {" , *", "discord.gg", 443, true},
      {"discord.gg", "discord.gg", 443, true},
      {"discord.gg", "gateway.discord.gg", 443, true},
      {".discord.gg", "gateway.discord.gg", 443, true},
      {".discord.gg", "discord.gg", 443, true},
      {"discord.gg", "notdiscord.gg", 443, false},
      {"gateway.discord.gg", "discord.gg", 443, false},
      {"DISCORD.gg.", "Gateway.Discord.GG.", 443, true},
      {"discord.gg:443", "discord.gg", 443, true},
      {"discord.gg:80", "discord.gg", 443, false},
      {"discord.gg:x", "discord.gg", 443, false},
      {"localhost,127.0.0.1 ::1", "127.0.0.1", 1, true},
      {"localhost,127.0.0.1 ::1", "::1", 1, true},
      {"[::1]:2", "::1", 2, true},
      {"[::1]:2", "::1", 1, false},
      {"[::1", "::1", 1, false},
      {".", "discord.gg", 443, false},
  };
  for (size_t i = 0; i < COUNT(rows); i++)
    if (sherd__proxy_is_exempt(rows[i].list, rows[i].host, rows[i].port) != rows[i].exempt)
      fail_msg("no_proxy=\"%s\" and %s:%u", rows[i].list, rows[i].host, rows[i].port);
}

static char *environment[16]; /* names and values by turns */

static char *get(const char *name) {
  for (size_t i = 0; environment[i]; i += 2)
    if (strcmp(environment[i], name) == 0)
      return environment[i + 1];
  return NULL;
}

static const char *chosen(const char *proxy, bool tls) {
  static struct sherd__proxy out;
  assert_int_equal(sherd__proxy_choose(proxy, get, "gateway.discord.gg", 443, tls, &out), SHERD_OK);
  return out.host;
}

static void the_environment_is_asked_unless_a_proxy_is_given(void **state) {
  (void)state;
  struct sherd__proxy out;
  memset(environment, 0, sizeof environment);
  assert_string_equal(chosen(NULL, true), "");
  char *all[] = {"HTTPS_PROXY", "http://upper", "HTTP_PROXY",
                 "http://cgi",  "http_proxy",   "http://plain"};
  memcpy(environment, all, sizeof all);
  assert_string_equal(chosen(NULL, true), "upper");
  assert_string_equal(chosen(NULL, false), "plain");
  assert_string_equal(chosen("http://given", true), "given");
  assert_string_equal(chosen("", true), "");
  environment[6] = "https_proxy";
  environment[7] = "http://lower";
  assert_string_equal(chosen(NULL, true), "lower");
  environment[7] = ""; /* as good as absent */
  assert_string_equal(chosen(NULL, true), "upper");
  environment[4] = "no_proxy"; /* in place of http_proxy */
  environment[5] = "example.org,.discord.gg";
  assert_string_equal(chosen(NULL, false), "");
  assert_string_equal(chosen(NULL, true), "");
  assert_string_equal(chosen("http://given", true), "given");
  environment[1] = "socks5://upper";
  assert_string_equal(chosen(NULL, true), "");
  environment[5] = "example.org";
  assert_int_equal(sherd__proxy_choose(NULL, get, "discord.gg", 443, true, &out), SHERD_EINVAL);
}

static void expect_request(const char *url, const char *host, const char *expected) {
  struct sherd__proxy proxy;
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  assert_int_equal(sherd__proxy_parse(url, &proxy), SHERD_OK);
  assert_int_equal(sherd__proxy_request(&proxy, host, 443, &out), SHERD_OK);
  assert_int_equal(sherd__buf_append_byte(&out, 0), SHERD_OK);
  const char *agent = strstr((const char *)out.data, "User-Agent: sherd/");
  assert_non_null(agent);
  assert_string_equal(strchr(agent, '\n'), "\n\r\n");
  assert_int_equal(agent - (const char *)out.data, strlen(expected));
  assert_memory_equal(out.data, expected, strlen(expected));
  sherd__buf_deinit(&out);
}

static void the_request_names_the_host_twice(void **state) {
  (void)state;
  expect_request("proxy", "discord.gg",
                 "CONNECT discord.gg:443 HTTP/1.1\r\nHost: discord.gg:443\r\n");
  expect_request("proxy", "::1", "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n");
  /* The example of RFC 7617 section 2. */
  expect_request("http://Aladdin:open%20sesame@proxy", "a",
                 "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n"
                 "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
}

/* Feeds a reply whole, then cut at each byte: the same must come of it. */
static void expect_reply(const char *text, enum sherd_status expected, uint16_t http_status,
                         const char *rest) {
  size_t len = strlen(text);
  for (size_t cut = 0; cut <= len; cut++) {
    struct sherd__proxy_reply reply = {0};
    struct sherd_bytes in = {(const uint8_t *)text, cut};
    enum sherd_status status = sherd__proxy_reply_feed(&reply, &in);
    if (status == SHERD_EAGAIN) {
      assert_int_equal(in.len, 0);
      in.len = len - cut;
      status = sherd__proxy_reply_feed(&reply, &in);
    } else {
      in.len += len - cut;
    }
    assert_string_equal(sherd_status_name(status), sherd_status_name(expected));
    assert_int_equal(reply.http_status, http_status);
    if (rest)
      assert_string_equal((const char *)in.data, rest);
  }
}

static void each_reply_has_its_status(void **state) {
  (void)state;
  expect_reply("HTTP/1.1 200 Connection established\r\n\r\nrest", SHERD_OK, 200, "rest");
  expect_reply("HTTP/1.0 204\r\nVia: x\r\nX: \r\n\r\n", SHERD_OK, 204, "");
  expect_reply("HTTP/1.1 200 OK\n\nrest", SHERD_OK, 200, "rest");
  expect_reply("HTTP/1.1 200 OK\r\nVia: x\r\n", SHERD_EAGAIN, 200, NULL);
  expect_reply("", SHERD_EAGAIN, 0, NULL);
  expect_reply("HTTP/1.1 407 Proxy Authentication Required\r\n", SHERD_EPROXYAUTH, 407, NULL);
  expect_reply("HTTP/1.1 403 Forbidden\r\n\r\n", SHERD_EPROXY, 403, NULL);
  expect_reply("HTTP/1.1 502\r\n", SHERD_EPROXY, 502, NULL);
  expect_reply("HTTP/1.1 100 Continue\r\n", SHERD_EPROXY, 100, NULL);
  expect_reply("SSH-2.0-OpenSSH_9.2\r\n", SHERD_EPROXY, 0, NULL);
  expect_reply("\n\n", SHERD_EPROXY, 0, NULL);
  expect_reply("HTTP/2.0 200 OK\r\n", SHERD_EPROXY, 0, NULL);
  expect_reply("HTTP/1.1 2000 OK\r\n", SHERD_EPROXY, 0, NULL);
  expect_reply("HTTP/1.1 2x0 OK\r\n", SHERD_EPROXY, 0, NULL);
}

static void a_reply_without_end_is_refused(void **state) {
  (void)state;
  struct sherd__proxy_reply reply = {0};
  struct sherd_bytes in = {(const uint8_t *)"HTTP/1.1 200 ", 13};
  assert_int_equal(sherd__proxy_reply_feed(&reply, &in), SHERD_EAGAIN);
  for (size_t total = 13; total < SHERD__PROXY_REPLY_BYTES_MAX; total++) {
    in = (struct sherd_bytes){(const uint8_t *)"x", 1};
    assert_int_equal(sherd__proxy_reply_feed(&reply, &in), SHERD_EAGAIN);
  }
  in = (struct sherd_bytes){(const uint8_t *)"x", 1};
  assert_int_equal(sherd__proxy_reply_feed(&reply, &in), SHERD_EPROXY);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_url_gives_host_port_and_login),
      cmocka_unit_test(a_malformed_url_is_refused),
      cmocka_unit_test(a_list_exempts_hosts_and_what_is_under_them),
      cmocka_unit_test(the_environment_is_asked_unless_a_proxy_is_given),
      cmocka_unit_test(the_request_names_the_host_twice),
      cmocka_unit_test(each_reply_has_its_status),
      cmocka_unit_test(a_reply_without_end_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
