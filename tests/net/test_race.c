/* Happy eyeballs: the order of addresses, and who wins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/race.h"
#include "peer.h"

#define LIMIT_MS 10000

/* --- Order --- */

/* Makes a list of addresses from letters, '4' and '6' and 'u' for a family that is neither; each is
 * numbered by its port. */
static size_t order(const char *families, size_t cap, uint16_t *ports) {
  struct addrinfo list[32];
  struct sockaddr_storage addresses[32], out[32];
  size_t count = strlen(families);
  memset(list, 0, sizeof list);
  memset(addresses, 0, sizeof addresses);
  for (size_t i = 0; i < count; i++) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)&addresses[i];
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&addresses[i];
    bool is_v6 = families[i] == '6';
    addresses[i].ss_family = is_v6 ? AF_INET6 : families[i] == '4' ? AF_INET : AF_UNIX;
    *(is_v6 ? &v6->sin6_port : &v4->sin_port) = htons((uint16_t)i);
    list[i].ai_family = addresses[i].ss_family;
    list[i].ai_addr = (struct sockaddr *)&addresses[i];
    list[i].ai_addrlen = is_v6 ? sizeof *v6 : sizeof *v4;
    list[i].ai_next = i + 1 < count ? &list[i + 1] : NULL;
  }
  size_t got = sherd__race_order(count ? list : NULL, out, cap);
  for (size_t i = 0; i < got; i++)
    ports[i] = ntohs(out[i].ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&out[i])->sin6_port
                                                  : ((struct sockaddr_in *)&out[i])->sin_port);
  return got;
}

static void families_take_turns(void **state) {
  (void)state;
  static const struct {
    const char *families, *order;
    size_t cap;
  } rows[] = {
      {"", "", 16},       {"4", "0", 16},     {"6644", "0213", 16}, {"4466", "0213", 16},
      {"644", "012", 16}, {"666", "012", 16}, {"4446", "0312", 16}, {"u6u4u", "13", 16},
      {"uu", "", 16},     {"6644", "021", 3},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint16_t ports[32];
    size_t count = order(rows[i].families, rows[i].cap, ports);
    assert_int_equal(count, strlen(rows[i].order));
    for (size_t k = 0; k < count; k++)
      assert_int_equal(ports[k], rows[i].order[k] - '0');
  }
}

/* --- Races --- */

struct ground {
  uv_loop_t uv;
  struct sherd__loop *loop;
  struct sherd__race *race;
  uint32_t finished, gone;
  int uv_error;
  uv_tcp_t *tcp;
  uint16_t port; /* of the winner */
};

static void on_finished(void *user, int uv_error, uv_tcp_t *tcp) {
  struct ground *ground = user;
  ground->finished++;
  ground->uv_error = uv_error;
  ground->tcp = tcp;
  if (!tcp)
    return;
  struct sockaddr_storage peer;
  int len = sizeof peer;
  assert_int_equal(uv_tcp_getpeername(tcp, (struct sockaddr *)&peer, &len), 0);
  ground->port = ntohs(peer.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&peer)->sin6_port
                                                  : ((struct sockaddr_in *)&peer)->sin_port);
}

static void on_gone(void *user) {
  struct ground *ground = user;
  ground->gone++;
}

static bool is_gone(void *user) {
  const struct ground *ground = user;
  return ground->gone;
}

static int setup(void **state) {
  struct ground *ground = calloc(1, sizeof *ground);
  assert_non_null(ground);
  assert_int_equal(uv_loop_init(&ground->uv), 0);
  assert_int_equal(sherd__loop_new(NULL, &ground->uv, &ground->loop), SHERD_OK);
  *state = ground;
  return 0;
}

static bool is_idle(void *user) {
  return !uv_loop_alive(user);
}

static int teardown(void **state) {
  struct ground *ground = *state;
  sherd__loop_free(ground->loop);
  assert_true(run_until(&ground->uv, is_idle, &ground->uv, LIMIT_MS));
  assert_int_equal(uv_loop_close(&ground->uv), 0);
  free(ground);
  return 0;
}

static void start(struct ground *ground, const struct sockaddr_storage *addresses, size_t count) {
  static const struct sherd__race_events events = {on_finished, on_gone};
  assert_int_equal(
      sherd__race_start(ground->loop, addresses, count, &events, ground, &ground->race), SHERD_OK);
  assert_int_equal(ground->finished + ground->gone, 0);
}

static void free_tcp(uv_handle_t *handle) {
  sherd__free(sherd_allocator_default(), handle);
}

/* Runs it to its end. */
static void run(struct ground *ground, const struct sockaddr_storage *addresses, size_t count) {
  start(ground, addresses, count);
  assert_true(run_until(&ground->uv, is_gone, ground, LIMIT_MS));
  assert_int_equal(ground->finished, 1);
  assert_int_equal(ground->gone, 1);
  if (ground->tcp)
    uv_close((uv_handle_t *)ground->tcp, free_tcp);
}

static struct sockaddr_storage v4(const char *address, uint16_t port) {
  struct sockaddr_storage out;
  memset(&out, 0, sizeof out);
  assert_int_equal(uv_ip4_addr(address, port, (struct sockaddr_in *)&out), 0);
  return out;
}

static struct sockaddr_storage v6(const char *address, uint16_t port) {
  struct sockaddr_storage out;
  memset(&out, 0, sizeof out);
  assert_int_equal(uv_ip6_addr(address, port, (struct sockaddr_in6 *)&out), 0);
  return out;
}

static void one_that_refuses_gives_way_at_once(void **state) {
  struct ground *ground = *state;
  struct peer refusing, peer;
  assert_true(peer_listen(&refusing, &ground->uv, "127.0.0.1", &(struct peer_script){0}));
  assert_true(peer_listen(&peer, &ground->uv, "127.0.0.1", &(struct peer_script){0}));
  const struct sockaddr_storage addresses[] = {
      v6("::1", refusing.port), v4("127.0.0.1", refusing.port), v4("127.0.0.1", peer.port)};
  peer_close(&refusing);
  uint64_t began = sherd__loop_now_ms(ground->loop);
  run(ground, addresses, 3);
  assert_int_equal(ground->uv_error, 0);
  assert_int_equal(ground->port, peer.port);
  assert_in_range(sherd__loop_now_ms(ground->loop) - began, 0, SHERD__RACE_DELAY_MS - 1);
  peer_close(&peer);
}

/* Either family may be the only one that answers, whichever is tried first. */
static void either_family_may_win(void **state) {
  struct ground *ground = *state;
  struct peer peer;
  if (peer_listen(&peer, &ground->uv, "::1", &(struct peer_script){0})) {
    const struct sockaddr_storage addresses[] = {v4("127.0.0.1", peer.port), v6("::1", peer.port)};
    run(ground, addresses, 2);
    assert_int_equal(ground->uv_error, 0);
    assert_int_equal(ground->port, peer.port);
    ground->finished = ground->gone = 0;
  }
  peer_close(&peer);
  assert_true(peer_listen(&peer, &ground->uv, "127.0.0.1", &(struct peer_script){0}));
  const struct sockaddr_storage addresses[] = {v6("::1", peer.port), v4("127.0.0.1", peer.port)};
  run(ground, addresses, 2);
  assert_int_equal(ground->uv_error, 0);
  assert_int_equal(ground->port, peer.port);
  peer_close(&peer);
}

static void one_that_is_silent_is_overtaken_after_the_delay(void **state) {
  struct ground *ground = *state;
  struct black_hole hole;
  struct peer peer;
  assert_true(black_hole_open(&hole));
  assert_true(peer_listen(&peer, &ground->uv, "127.0.0.1", &(struct peer_script){0}));
  const struct sockaddr_storage addresses[] = {v4("127.0.0.1", hole.port),
                                               v4("127.0.0.1", peer.port)};
  uint64_t began = sherd__loop_now_ms(ground->loop);
  run(ground, addresses, 2);
  assert_int_equal(ground->uv_error, 0);
  assert_int_equal(ground->port, peer.port);
  assert_in_range(sherd__loop_now_ms(ground->loop) - began, SHERD__RACE_DELAY_MS - 1, 5000);
  peer_close(&peer);
  black_hole_close(&hole);
}

static void when_all_fail_the_error_that_tells_most_is_given(void **state) {
  struct ground *ground = *state;
  struct peer refusing;
  assert_true(peer_listen(&refusing, &ground->uv, "127.0.0.1", &(struct peer_script){0}));
  /* A broadcast address is one that TCP has no way to. */
  const struct sockaddr_storage addresses[] = {
      v4("255.255.255.255", 1), v4("127.0.0.1", refusing.port), v4("255.255.255.255", 2)};
  peer_close(&refusing);
  run(ground, addresses, 3);
  assert_null(ground->tcp);
  assert_int_equal(ground->uv_error, UV_ECONNREFUSED);
}

static void a_stopped_race_says_nothing_but_that_it_has_gone(void **state) {
  struct ground *ground = *state;
  struct black_hole hole;
  assert_true(black_hole_open(&hole));
  const struct sockaddr_storage addresses[] = {v4("127.0.0.1", hole.port)};
  for (int turns = 0; turns < 3; turns++) {
    ground->gone = 0;
    start(ground, addresses, 1);
    for (int i = 0; i < turns; i++)
      uv_run(&ground->uv, UV_RUN_NOWAIT);
    sherd__race_stop(ground->race);
    assert_true(run_until(&ground->uv, is_gone, ground, LIMIT_MS));
    assert_int_equal(ground->finished, 0);
  }
  black_hole_close(&hole);
}

#define ON_GROUND(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(families_take_turns),
      ON_GROUND(one_that_refuses_gives_way_at_once),
      ON_GROUND(either_family_may_win),
      ON_GROUND(one_that_is_silent_is_overtaken_after_the_delay),
      ON_GROUND(when_all_fail_the_error_that_tells_most_is_given),
      ON_GROUND(a_stopped_race_says_nothing_but_that_it_has_gone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
