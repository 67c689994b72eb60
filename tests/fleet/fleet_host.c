#include "fleet_host.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "scratch_dir.h"

/* --- Books --- */

static uint64_t hash_of(const void *data, size_t len) {
  return sherd__fnv1a((struct sherd_bytes){data, len});
}

static void note(struct fleet_book *book, const char *session, uint64_t seq, const char *name,
                 uint64_t hash) {
  if (book->count == book->room) {
    book->room = book->room ? book->room * 2 : 1024;
    book->entries = realloc(book->entries, book->room * sizeof *book->entries);
    if (!book->entries)
      abort(); /* on a thread where cmocka cannot fail */
  }
  book->entries[book->count] = (struct fleet_entry){
      .session = hash_of(session, strlen(session)),
      .seq = seq,
      .hash = hash,
      .kind = hash_of(name, strlen(name)),
      .place = book->count,
  };
  book->count++;
}

static uint64_t hash_of_value(struct sherd_value data) {
  size_t len = 0;
  (void)sherd_value_to_json(data, NULL, 0, &len);
  char *text = malloc(len + 1);
  if (!text || sherd_value_to_json(data, text, len + 1, NULL))
    abort();
  uint64_t hash = hash_of(text, len);
  free(text);
  return hash;
}

static void on_produced(void *ctx, const struct sherd__sim_produced *it) {
  struct fleet_host *host = ctx;
  struct sherd_value data;
  if (sherd_value_open(SHERD_FORMAT_JSON, it->dispatch->data, it->dispatch->len, &data))
    abort();
  uint64_t hash = hash_of_value(data);
  (void)pthread_mutex_lock(&host->mutex);
  note(&host->produced, it->session_id, it->seq, sherd_event_type_name(it->dispatch->type), hash);
  (void)pthread_mutex_unlock(&host->mutex);
}

/* --- What a fleet tells --- */

static void note_order(struct fleet_host *host, const struct sherd_fleet_event *event) {
  size_t id = event->shard_id;
  if (event->set || id >= sizeof host->connecting)
    return;
  if (event->event->type == SHERD_EVENT_CONNECTING)
    host->connecting[id] = true;
  if (event->event->type == SHERD_EVENT_SESSION_LOST && host->connecting[id])
    host->out_of_order++;
}

static void on_event(struct sherd_fleet *fleet, const struct sherd_fleet_event *event, void *user) {
  struct fleet_host *host = user;
  const struct sherd_event *it = event->event;
  uint64_t hash = it->has_seq ? hash_of_value(it->data) : 0;
  (void)pthread_mutex_lock(&host->mutex);
  note_order(host, event);
  host->seen[it->type]++;
  host->last_seq[it->type] = it->last_seq;
  host->last_status[it->type] = it->status;
  host->shadows += event->is_shadow;
  if (it->has_seq && !event->is_shadow)
    note(&host->shown, it->session, it->seq, it->name, hash);
  (void)pthread_cond_broadcast(&host->changed);
  (void)pthread_mutex_unlock(&host->mutex);
  if (host->hook)
    host->hook(host, fleet, event);
}

static void on_log(void *user, const struct sherd_log_record *record) {
  struct fleet_host *host = user;
  (void)pthread_mutex_lock(&host->log_mutex);
  if (strstr(record->text, SHERD__SIM_TOKEN))
    abort();
  if (host->log_count < sizeof host->log / sizeof *host->log)
    snprintf(host->log[host->log_count++], sizeof *host->log, "%s %s", record->event, record->text);
  (void)pthread_mutex_unlock(&host->log_mutex);
}

/* --- The simulator --- */

static void on_call(uv_async_t *async) {
  struct fleet_host *host = async->data;
  (void)pthread_mutex_lock(&host->mutex);
  void (*job)(struct fleet_host *, void *) = host->job;
  (void)pthread_mutex_unlock(&host->mutex);
  if (job)
    job(host, host->job_arg);
  (void)pthread_mutex_lock(&host->mutex);
  host->job = NULL;
  (void)pthread_cond_broadcast(&host->changed);
  (void)pthread_mutex_unlock(&host->mutex);
}

static void *run_loop(void *loop) {
  (void)uv_run(loop, UV_RUN_DEFAULT);
  return NULL;
}

void fleet_host_start(struct fleet_host *host, const struct sherd__sim_config *sim) {
  struct sherd__sim_server_options options = {.sim = *sim};
  char error[256];
  memset(host, 0, sizeof *host);
  (void)signal(SIGPIPE, SIG_IGN); /* the simulator's loop is ours */
  options.sim.produced = on_produced;
  options.sim.produced_ctx = host;
  assert_int_equal(pthread_mutex_init(&host->mutex, NULL), 0);
  assert_int_equal(pthread_mutex_init(&host->log_mutex, NULL), 0);
  assert_int_equal(pthread_cond_init(&host->changed, NULL), 0);
  assert_int_equal(uv_loop_init(&host->loop), 0);
  assert_int_equal(uv_async_init(&host->loop, &host->call, on_call), 0);
  host->call.data = host;
  if (sherd__sim_server_new(&host->loop, &options, &host->server, error, sizeof error))
    fail_msg("%s", error);
  sherd__sim_server_api_url(host->server, host->api_url, sizeof host->api_url);
  assert_int_equal(pthread_create(&host->thread, NULL, run_loop, &host->loop), 0);
}

void fleet_host_do(struct fleet_host *host, void (*job)(struct fleet_host *, void *), void *arg) {
  (void)pthread_mutex_lock(&host->mutex);
  host->job = job;
  host->job_arg = arg;
  (void)uv_async_send(&host->call);
  while (host->job)
    (void)pthread_cond_wait(&host->changed, &host->mutex);
  (void)pthread_mutex_unlock(&host->mutex);
}

static void do_stop(struct fleet_host *host, void *arg) {
  (void)arg;
  sherd__sim_server_stop(host->server);
  uv_close((uv_handle_t *)&host->call, NULL);
}

void fleet_host_stop(struct fleet_host *host) {
  fleet_host_do(host, do_stop, NULL);
  assert_int_equal(pthread_join(host->thread, NULL), 0);
  sherd__sim_server_free(host->server);
  assert_int_equal(uv_loop_close(&host->loop), 0);
  free(host->produced.entries);
  free(host->shown.entries);
  (void)pthread_cond_destroy(&host->changed);
  (void)pthread_mutex_destroy(&host->log_mutex);
  (void)pthread_mutex_destroy(&host->mutex);
}

static void do_cut(struct fleet_host *host, void *arg) {
  (void)arg;
  (void)sherd__fault_half_frame(sherd__sim_server_sim(host->server));
  sherd__sim_server_settle(host->server);
}

void fleet_host_cut(struct fleet_host *host) {
  fleet_host_do(host, do_cut, NULL);
}

static void do_refuse(struct fleet_host *host, void *arg) {
  struct sherd__sim_server_faults *faults = sherd__sim_server_faults(host->server);
  faults->rest_errors = *(bool *)arg ? UINT32_MAX : 0;
  faults->rest_status = 503;
}

void fleet_host_refuse_rest(struct fleet_host *host, bool refuses) {
  fleet_host_do(host, do_refuse, &refuses);
}

static void do_stats(struct fleet_host *host, void *arg) {
  *(struct sherd__sim_stats *)arg = *sherd__sim_server_stats(host->server);
}

struct sherd__sim_stats fleet_host_stats(struct fleet_host *host) {
  struct sherd__sim_stats stats;
  fleet_host_do(host, do_stats, &stats);
  return stats;
}

/* --- Fleets --- */

struct sherd_fleet_config fleet_host_config(struct fleet_host *host, uint32_t shard_count) {
  return (struct sherd_fleet_config){
      .shard = {.gateway = {.token = SHERD__SIM_TOKEN,
                            .gateway_url = sherd__sim_server_url(host->server),
                            .intents = SHERD_INTENTS_ALL,
                            .close_timeout_ms = 2000},
                .proxy = ""},
      .shard_count = shard_count,
      .threads = 3,
      .rest = {.api_url = host->api_url, .max_tries = 1},
      .reshard_overlap_ms = 500,
      .on_event = on_event,
      .user = host,
      .log = {on_log, host, SHERD_LOG_INFO},
  };
}

struct sherd_fleet *fleet_host_fleet(const struct sherd_fleet_config *config) {
  struct sherd_fleet *fleet;
  assert_int_equal(sherd_fleet_new(config, &fleet), SHERD_OK);
  assert_int_equal(sherd_fleet_start(fleet), SHERD_OK);
  return fleet;
}

enum sherd_status fleet_host_open_file(void *ctx, uint32_t shard_count, bool beside,
                                       struct sherd_store **out, struct sherd_error_info *error) {
  struct sherd_store_file_config config = {.path = scratch_path("sessions"),
                                           .token = SHERD__SIM_TOKEN,
                                           .shard_count = shard_count,
                                           .beside = beside};
  (void)ctx;
  return sherd_store_file_open(&config, out, error);
}

void fleet_host_forget(struct fleet_host *host) {
  (void)pthread_mutex_lock(&host->mutex);
  host->produced.count = host->shown.count = 0;
  host->shadows = 0;
  memset(host->seen, 0, sizeof host->seen);
  memset(host->connecting, 0, sizeof host->connecting);
  (void)pthread_mutex_unlock(&host->mutex);
  (void)pthread_mutex_lock(&host->log_mutex);
  host->log_count = 0;
  (void)pthread_mutex_unlock(&host->log_mutex);
}

/* --- Waiting --- */

static void pause_ms(long ms) {
  struct timespec pause = {.tv_nsec = ms * 1000000};
  (void)nanosleep(&pause, NULL);
}

static struct timespec limit(void) {
  struct timespec limit;
  (void)clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += FLEET_HOST_WAIT_MS / 1000;
  return limit;
}

void fleet_wait_phase(struct sherd_fleet *fleet, enum sherd_fleet_phase phase) {
  struct sherd_fleet_status status;
  for (int waited_ms = 0; waited_ms < FLEET_HOST_WAIT_MS; waited_ms += 2) {
    sherd_fleet_status(fleet, &status);
    if (status.phase == phase)
      return;
    pause_ms(2);
  }
  fail_msg("the fleet is %s: started %u of %u, connected %u, failed %u",
           sherd_fleet_phase_name(status.phase), status.started, status.shards, status.connected,
           status.failed);
}

void fleet_wait_seen(struct fleet_host *host, enum sherd_event_type type, uint64_t count) {
  struct timespec until = limit();
  int error = 0;
  (void)pthread_mutex_lock(&host->mutex);
  while (host->seen[type] < count && !error)
    error = pthread_cond_timedwait(&host->changed, &host->mutex, &until);
  uint64_t seen = host->seen[type];
  (void)pthread_mutex_unlock(&host->mutex);
  if (seen < count)
    fail_msg("%s came %llu times", sherd_event_type_name(type), (unsigned long long)seen);
}

static size_t count_of(struct fleet_host *host, const struct fleet_book *book) {
  (void)pthread_mutex_lock(&host->mutex);
  size_t count = book->count;
  (void)pthread_mutex_unlock(&host->mutex);
  return count;
}

void fleet_wait_all_shown(struct fleet_host *host) {
  size_t before = 0;
  int quiet = 0;
  for (int waited_ms = 0; waited_ms < FLEET_HOST_WAIT_MS && quiet < 10; waited_ms += 10) {
    size_t produced = count_of(host, &host->produced);
    quiet = produced == before && count_of(host, &host->shown) == produced ? quiet + 1 : 0;
    before = produced;
    pause_ms(10);
  }
  if (quiet < 10)
    fail_msg("%zu shown of %zu", count_of(host, &host->shown), before);
}

uint64_t fleet_seen(struct fleet_host *host, enum sherd_event_type type) {
  (void)pthread_mutex_lock(&host->mutex);
  uint64_t seen = host->seen[type];
  (void)pthread_mutex_unlock(&host->mutex);
  return seen;
}

uint64_t fleet_shadows(struct fleet_host *host) {
  (void)pthread_mutex_lock(&host->mutex);
  uint64_t shadows = host->shadows;
  (void)pthread_mutex_unlock(&host->mutex);
  return shadows;
}

unsigned fleet_logged(struct fleet_host *host, const char *event) {
  unsigned found = 0;
  (void)pthread_mutex_lock(&host->log_mutex);
  for (unsigned i = 0; i < host->log_count; i++)
    found += strncmp(host->log[i], event, strlen(event)) == 0;
  (void)pthread_mutex_unlock(&host->log_mutex);
  return found;
}

/* --- The comparison --- */

static int by_session(const void *a, const void *b) {
  const struct fleet_entry *x = a, *y = b;
  if (x->session != y->session)
    return x->session < y->session ? -1 : 1;
  return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Sorted, a session's events stand in the order of their numbers: they came so too. */
static void expect_sorted(struct fleet_book *book) {
  qsort(book->entries, book->count, sizeof *book->entries, by_session);
  for (size_t i = 1; i < book->count; i++) {
    const struct fleet_entry *before = &book->entries[i - 1], *it = &book->entries[i];
    assert_true(before->session != it->session ||
                (before->seq < it->seq && before->place < it->place));
  }
}

static bool is_same(const struct fleet_entry *a, const struct fleet_entry *b) {
  return a->session == b->session && a->seq == b->seq && a->hash == b->hash && a->kind == b->kind;
}

void fleet_expect_ledger(struct fleet_host *host) {
  (void)pthread_mutex_lock(&host->mutex); /* everything is still */
  struct fleet_book *shown = &host->shown, *produced = &host->produced;
  expect_sorted(shown);
  expect_sorted(produced);
  assert_int_equal(shown->count, produced->count);
  for (size_t i = 0; i < shown->count; i++)
    assert_true(is_same(&shown->entries[i], &produced->entries[i]));
  (void)pthread_mutex_unlock(&host->mutex);
}
