/* Certificates that must not be trusted, seen by a shard: each has its own status, and on the first
 * connection it is the end, since trying again cannot help. */
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "sim/authority.h"
#include "watch.h"

#define DAY_S 86400L

/* --- A server that shakes hands, and hangs up --- */

struct tls_server {
  int listener;
  char url[64];
  SSL_CTX *context;
  uv_thread_t thread;
  bool waits; /* before the handshake: */
  uv_sem_t has_accepted, may_go_on;
};

static void shake_hands(struct tls_server *server, int fd) {
  SSL *ssl = SSL_new(server->context);
  SSL_set_fd(ssl, fd);
  if (SSL_accept(ssl) == 1)
    SSL_shutdown(ssl);
  SSL_free(ssl);
}

static void serve(void *arg) {
  struct tls_server *server = arg;
  int fd;
  while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
    if (server->waits) {
      uv_sem_post(&server->has_accepted);
      uv_sem_wait(&server->may_go_on);
    }
    shake_hands(server, fd);
    close(fd);
  }
}

/* `server` is zeroed, or says that it waits. */
static void tls_server_start(struct tls_server *server, const char *cert, const char *key) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  server->context = SSL_CTX_new(TLS_server_method());
  assert_int_equal(SSL_CTX_use_certificate_chain_file(server->context, cert), 1);
  assert_int_equal(SSL_CTX_use_PrivateKey_file(server->context, key, SSL_FILETYPE_PEM), 1);
  server->listener = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
  assert_int_equal(listen(server->listener, 16), 0);
  getsockname(server->listener, (struct sockaddr *)&address, &size);
  snprintf(server->url, sizeof server->url, "wss://127.0.0.1:%u", ntohs(address.sin_port));
  assert_int_equal(uv_thread_create(&server->thread, serve, server), 0);
}

static void tls_server_stop(struct tls_server *server) {
  shutdown(server->listener, SHUT_RDWR);
  uv_thread_join(&server->thread);
  close(server->listener);
  SSL_CTX_free(server->context);
}

/* --- Authorities and certificates, in a directory of their own --- */

struct files {
  char directory[64];
  char ca[96], other_ca[96], cert[96], key[96];
};

static int make_files(void **state) {
  signal(SIGPIPE, SIG_IGN); /* for the server's thread: OpenSSL writes without MSG_NOSIGNAL */
  struct files *files = calloc(1, sizeof *files);
  strcpy(files->directory, "/tmp/sherd-tls-XXXXXX");
  assert_non_null(mkdtemp(files->directory));
  snprintf(files->ca, sizeof files->ca, "%s/ca.pem", files->directory);
  snprintf(files->other_ca, sizeof files->other_ca, "%s/other.pem", files->directory);
  snprintf(files->cert, sizeof files->cert, "%s/cert.pem", files->directory);
  snprintf(files->key, sizeof files->key, "%s/key.pem", files->directory);
  struct sherd__authority *other = sherd__authority_new("another authority");
  assert_true(sherd__authority_write(other, files->other_ca));
  sherd__authority_free(other);
  *state = files;
  return 0;
}

static int remove_files(void **state) {
  struct files *files = *state;
  unlink(files->ca);
  unlink(files->other_ca);
  unlink(files->cert);
  unlink(files->key);
  rmdir(files->directory);
  free(files);
  return 0;
}

static void begin_server(struct files *files, struct tls_server *server, const char *names,
                         long from_s, long to_s) {
  struct sherd__authority *authority = sherd__authority_new("the authority");
  assert_true(sherd__authority_write(authority, files->ca));
  assert_true(sherd__authority_issue(authority, names, from_s, to_s, files->cert, files->key));
  sherd__authority_free(authority);
  tls_server_start(server, files->cert, files->key);
}

/* Meets a server with such a certificate, trusting `ca_file`. */
static void meet(struct files *files, const char *names, long from_s, long to_s,
                 const char *ca_file, enum sherd_status expected, bool is_final) {
  struct tls_server server = {0};
  struct watch watch;
  char line[WATCH_TEXT];
  begin_server(files, &server, names, from_s, to_s);
  watch_init(&watch);
  struct sherd_shard_config config = watch_config(&watch, NULL);
  config.gateway.gateway_url = server.url;
  config.ca_file = ca_file;
  struct sherd_shard *shard = watch_shard(&config);
  assert_int_equal(sherd_shard_start_async(shard, watch_done, &watch), SHERD_OK);
  snprintf(line, sizeof line, "DISCONNECTED %s 0%s", sherd_status_name(expected),
           is_final ? "" : " reconnecting");
  if (!watch_wait(&watch, "DISCONNECTED"))
    fail();
  assert_int_equal(watch_count(&watch, line), 1);
  struct sherd_error_info error;
  sherd_last_error(shard, &error);
  assert_string_equal(sherd_status_name(error.status), sherd_status_name(expected));
  char *said = strstr(error.text, sherd_strerror(error.status));
  assert_non_null(said); /* what happened: what to do, and once */
  assert_null(strstr(said + 1, sherd_strerror(error.status)));
  if (is_final) {
    assert_true(watch_wait_done(&watch, 1));
    assert_int_equal(watch.done_status, expected);
    assert_int_equal(sherd_shard_join(shard, 0), expected);
  }
  sherd_shard_free(shard);
  watch_deinit(&watch);
  tls_server_stop(&server);
}

/* The proof that the others fail for their own reason: here TLS is up, and then the server goes. */
static void a_good_certificate(void **state) {
  struct files *files = *state;
  meet(files, "IP:127.0.0.1", -60, DAY_S, files->ca, SHERD_ELOST, false);
}

static void a_certificate_of_another_authority(void **state) {
  struct files *files = *state;
  meet(files, "IP:127.0.0.1", -60, DAY_S, files->other_ca, SHERD_ETLSCA, true);
}

static void a_certificate_that_the_system_does_not_know(void **state) {
  struct files *files = *state;
  meet(files, "IP:127.0.0.1", -60, DAY_S, NULL, SHERD_ETLSCA, true);
}

static void an_expired_certificate(void **state) {
  struct files *files = *state;
  meet(files, "IP:127.0.0.1", -2 * DAY_S, -DAY_S, files->ca, SHERD_ETLSEXPIRED, true);
}

static void a_certificate_of_tomorrow(void **state) {
  struct files *files = *state;
  meet(files, "IP:127.0.0.1", DAY_S, 2 * DAY_S, files->ca, SHERD_ETLSEXPIRED, true);
}

static void a_certificate_for_another_host(void **state) {
  struct files *files = *state;
  meet(files, "DNS:gateway.test,IP:127.0.0.2", -60, DAY_S, files->ca, SHERD_ETLSHOST, true);
}

static void a_server_without_tls(void **state) {
  static const struct script_step plain[] = {
      SCRIPT_RAW("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), SCRIPT_DROP, SCRIPT_END};
  struct watch watch;
  char url[64];
  (void)state;
  watch_init(&watch);
  struct script_server *server = script_server_start_one(plain);
  struct sherd_shard_config config = watch_config(&watch, server);
  snprintf(url, sizeof url, "wss%s", script_server_url(server) + strlen("ws"));
  config.gateway.gateway_url = url;
  struct sherd_shard *shard = watch_shard(&config);
  assert_int_equal(sherd_shard_start_async(shard, NULL, NULL), SHERD_OK);
  assert_true(watch_wait(&watch, "DISCONNECTED SHERD_ETLS 0 reconnecting"));
  sherd_shard_free(shard);
  script_server_stop(server);
  watch_deinit(&watch);
}

/* Held in the midst of the handshake, which goes on; the server's goodbye after it is not read. */
static void a_hold_during_the_handshake(void **state) {
  struct files *files = *state;
  struct tls_server server = {.waits = true};
  struct watch watch;
  assert_int_equal(uv_sem_init(&server.has_accepted, 0), 0);
  assert_int_equal(uv_sem_init(&server.may_go_on, 0), 0);
  begin_server(files, &server, "IP:127.0.0.1", -60, DAY_S);
  watch_init(&watch);
  struct sherd_shard_config config = watch_config(&watch, NULL);
  config.gateway.gateway_url = server.url;
  config.ca_file = files->ca;
  struct sherd_shard *shard = watch_shard(&config);
  assert_int_equal(sherd_shard_start_async(shard, NULL, NULL), SHERD_OK);
  uv_sem_wait(&server.has_accepted);
  sherd_shard_hold(shard, true);
  uv_sem_post(&server.may_go_on);
  struct sherd_engine_stats stats = {0};
  for (unsigned i = 0; i < 500 && !stats.connects; i++) {
    assert_int_equal(sherd_shard_join(shard, 20), SHERD_ETIMEDOUT);
    assert_int_equal(sherd_shard_stats(shard, &stats), SHERD_OK);
  }
  assert_int_equal(stats.connects, 1);
  assert_int_equal(sherd_shard_join(shard, 100), SHERD_ETIMEDOUT);
  watch_expect(&watch, "CONNECTING");
  uv_sem_post(&server.may_go_on); /* for the next connection */
  sherd_shard_hold(shard, false);
  assert_true(watch_wait(&watch, "DISCONNECTED SHERD_ELOST 0 reconnecting"));
  sherd_shard_free(shard);
  uv_sem_post(&server.may_go_on);
  tls_server_stop(&server);
  uv_sem_destroy(&server.may_go_on);
  uv_sem_destroy(&server.has_accepted);
  watch_deinit(&watch);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_good_certificate),
      cmocka_unit_test(a_certificate_of_another_authority),
      cmocka_unit_test(a_certificate_that_the_system_does_not_know),
      cmocka_unit_test(an_expired_certificate),
      cmocka_unit_test(a_certificate_of_tomorrow),
      cmocka_unit_test(a_certificate_for_another_host),
      cmocka_unit_test(a_server_without_tls),
      cmocka_unit_test(a_hold_during_the_handshake),
  };
  return cmocka_run_group_tests(tests, make_files, remove_files);
}
