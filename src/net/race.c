#include "net/race.h"

#include <string.h>

#include "base/mem.h"

/* One address that is being connected to. */
struct attempt {
  uv_tcp_t *tcp; /* NULL once it has won */
  uv_connect_t request;
  struct sherd__race *race;
  bool is_closing;
};

struct sherd__race {
  struct sherd__loop *loop;
  const struct sherd_allocator *allocator;
  struct sherd__race_events events;
  void *user;
  uv_timer_t timer;
  size_t count, next;
  size_t running; /* attempts that may still win */
  size_t handles; /* that libuv still has */
  int error;
  bool is_over;
  struct attempt attempts[SHERD__RACE_ADDRESSES_MAX];
  struct sockaddr_storage addresses[]; /* count */
};

/* --- Order --- */

static const struct addrinfo *find_family(const struct addrinfo *list, int family, bool same) {
  for (; list; list = list->ai_next)
    if ((list->ai_family == AF_INET || list->ai_family == AF_INET6) &&
        (list->ai_family == family) == same && list->ai_addrlen <= sizeof(struct sockaddr_storage))
      return list;
  return NULL;
}

size_t sherd__race_order(const struct addrinfo *list, struct sockaddr_storage *out, size_t cap) {
  const struct addrinfo *one = find_family(list, AF_UNSPEC, false);
  if (!one)
    return 0;
  int family = one->ai_family;
  const struct addrinfo *other = find_family(list, family, false);
  size_t count = 0;
  for (bool turn = true; count < cap && (one || other); turn = !turn) {
    const struct addrinfo **at = (turn && one) || !other ? &one : &other;
    memset(&out[count], 0, sizeof out[count]);
    memcpy(&out[count++], (*at)->ai_addr, (*at)->ai_addrlen);
    *at = find_family((*at)->ai_next, family, at == &one);
  }
  return count;
}

/* --- End --- */

static void let_go(struct sherd__race *race) {
  if (--race->handles)
    return;
  struct sherd__race_events events = race->events;
  void *user = race->user;
  sherd__free(race->allocator, race);
  events.gone(user);
}

static void on_tcp_closed(uv_handle_t *handle) {
  struct attempt *attempt = handle->data;
  sherd__loop_enter(attempt->race->loop);
  sherd__free(attempt->race->allocator, attempt->tcp);
  let_go(attempt->race);
}

static void on_timer_closed(uv_handle_t *handle) {
  struct sherd__race *race = handle->data;
  sherd__loop_enter(race->loop);
  let_go(race);
}

static void close_attempt(struct attempt *attempt) {
  if (!attempt->tcp || attempt->is_closing)
    return;
  attempt->is_closing = true;
  attempt->race->running--;
  uv_close((uv_handle_t *)attempt->tcp, on_tcp_closed);
}

void sherd__race_stop(struct sherd__race *race) {
  race->is_over = true;
  for (size_t i = 0; i < race->next; i++)
    close_attempt(&race->attempts[i]);
  uv_close((uv_handle_t *)&race->timer, on_timer_closed);
}

static void finish(struct sherd__race *race, int uv_error, uv_tcp_t *tcp) {
  struct sherd__race_events events = race->events;
  void *user = race->user;
  sherd__race_stop(race);
  events.finished(user, uv_error, tcp);
}

/* --- Attempts --- */

/* That an address has no route says less than that it refused. */
static bool says_little(int uv_error) {
  return !uv_error || uv_error == UV_ENETUNREACH || uv_error == UV_EHOSTUNREACH ||
         uv_error == UV_EADDRNOTAVAIL || uv_error == UV_EAFNOSUPPORT;
}

static void note_error(struct sherd__race *race, int uv_error) {
  if (says_little(race->error))
    race->error = uv_error;
}

static void start_next(struct sherd__race *race);

static void on_connect(uv_connect_t *request, int status) {
  struct attempt *attempt = request->data;
  struct sherd__race *race = attempt->race;
  sherd__loop_enter(race->loop);
  if (race->is_over || attempt->is_closing)
    return;
  if (status == 0) {
    uv_tcp_t *winner = attempt->tcp;
    attempt->tcp = NULL;
    race->running--;
    race->handles--; /* the timer is left, so that this is not the last one */
    finish(race, 0, winner);
    return;
  }
  note_error(race, status);
  close_attempt(attempt);
  start_next(race);
}

/* Fails without a trace, or leaves the rest to on_connect(). */
static int start_attempt(struct sherd__race *race, struct attempt *attempt,
                         const struct sockaddr_storage *address) {
  attempt->race = race;
  attempt->request.data = attempt;
  attempt->tcp = sherd__calloc(race->allocator, sizeof *attempt->tcp);
  if (!attempt->tcp)
    return UV_ENOMEM;
  int error = uv_tcp_init(sherd__loop_uv(race->loop), attempt->tcp);
  if (error) {
    sherd__free(race->allocator, attempt->tcp);
    attempt->tcp = NULL;
    return error;
  }
  attempt->tcp->data = attempt;
  race->handles++;
  race->running++;
  error =
      uv_tcp_connect(&attempt->request, attempt->tcp, (const struct sockaddr *)address, on_connect);
  if (error)
    close_attempt(attempt);
  return error;
}

/* Starts the next attempt that can be started, and gives the ones before a head start. */
static void start_next(struct sherd__race *race) {
  while (race->next < race->count) {
    size_t at = race->next++;
    int error = start_attempt(race, &race->attempts[at], &race->addresses[at]);
    if (!error) {
      uv_timer_again(&race->timer);
      return;
    }
    note_error(race, error);
  }
  uv_timer_stop(&race->timer);
  if (!race->running)
    finish(race, race->error, NULL);
}

static void on_timer(uv_timer_t *timer) {
  struct sherd__race *race = timer->data;
  sherd__loop_enter(race->loop);
  start_next(race);
}

enum sherd_status sherd__race_start(struct sherd__loop *loop,
                                    const struct sockaddr_storage *addresses, size_t count,
                                    const struct sherd__race_events *events, void *user,
                                    struct sherd__race **out) {
  const struct sherd_allocator *allocator = sherd__loop_allocator(loop);
  *out = NULL;
  struct sherd__race *race =
      sherd__calloc(allocator, sizeof *race + count * sizeof *race->addresses);
  if (!race)
    return SHERD_ENOMEM;
  race->loop = loop;
  race->allocator = allocator;
  race->events = *events;
  race->user = user;
  race->count = count;
  race->handles = 1;
  memcpy(race->addresses, addresses, count * sizeof *addresses);
  uv_timer_init(sherd__loop_uv(loop), &race->timer);
  race->timer.data = race;
  /* The first attempt is made by the timer too: so nothing is called back from in here. */
  uv_timer_start(&race->timer, on_timer, 0, SHERD__RACE_DELAY_MS);
  *out = race;
  return SHERD_OK;
}
