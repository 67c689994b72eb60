#include "fleet/fleet.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define NS_PER_MS UINT64_C(1000000)

/* --- Time, and waiting --- */

uint64_t sherd__fleet_now_ms(const struct sherd_fleet *fleet) {
  return sherd__loop_now_ms(fleet->control);
}

uint64_t sherd__fleet_unix_ms(void) {
  uv_timeval64_t now;
  if (uv_gettimeofday(&now) != 0)
    return 0;
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_usec / 1000;
}

uint64_t sherd__fleet_deadline_ns(int64_t timeout_ms) {
  uint64_t now_ns = uv_hrtime();
  if (timeout_ms < 0 || (uint64_t)timeout_ms > (UINT64_MAX - now_ns) / NS_PER_MS)
    return UINT64_MAX;
  return now_ns + (uint64_t)timeout_ms * NS_PER_MS;
}

bool sherd__fleet_wait(struct sherd_fleet *fleet, uint64_t deadline_ns) {
  if (deadline_ns == UINT64_MAX) {
    uv_cond_wait(&fleet->changed, &fleet->mutex);
    return true;
  }
  uint64_t now_ns = uv_hrtime();
  return now_ns < deadline_ns &&
         uv_cond_timedwait(&fleet->changed, &fleet->mutex, deadline_ns - now_ns) != UV_ETIMEDOUT;
}

bool sherd__fleet_is_own_thread(struct sherd_fleet *fleet) {
  bool is_own = sherd__loop_is_own_thread(fleet->control);
  uv_mutex_lock(&fleet->mutex);
  for (uint32_t i = 0; i < fleet->loop_count && !is_own; i++)
    is_own = sherd__loop_is_own_thread(fleet->loops[i].loop);
  uv_mutex_unlock(&fleet->mutex);
  return is_own;
}

enum sherd_status sherd__fleet_error(struct sherd_error_info *error, enum sherd_status status,
                                     const char *format, ...) {
  if (!error)
    return status;
  *error = (struct sherd_error_info){.status = status};
  va_list args;
  va_start(args, format);
  (void)vsnprintf(error->text, sizeof error->text, format, args);
  va_end(args);
  return status;
}

/* --- Making and freeing --- */

static enum sherd_status make_locks(struct sherd_fleet *fleet) {
  if (uv_mutex_init(&fleet->mutex) != 0)
    return SHERD_ESYSTEM;
  if (uv_cond_init(&fleet->changed) == 0)
    return SHERD_OK;
  uv_mutex_destroy(&fleet->mutex);
  return SHERD_ESYSTEM;
}

/* As a shard of this fleet would be made. */
static enum sherd_status make_probe(struct sherd_fleet *fleet) {
  const struct sherd_fleet_config *given = &fleet->config.given;
  struct sherd_gateway_config gateway = given->shard.gateway;
  gateway.shard_id = given->first_shard;
  gateway.shard_count = given->shard_count;
  struct sherd_engine_host host = {.allocator = fleet->allocator};
  return sherd_engine_new(&gateway, &host, &fleet->probe);
}

static enum sherd_status make_parts(struct sherd_fleet *fleet,
                                    const struct sherd_fleet_config *config) {
  enum sherd_status status = sherd__fleet_config_init(&fleet->config, config);
  if (status == SHERD_OK)
    status = sherd__reshard_init(&fleet->reshard);
  if (status == SHERD_OK)
    status = make_probe(fleet);
  if (status == SHERD_OK)
    status = sherd__loop_new(fleet->allocator, NULL, &fleet->control);
  return status;
}

static void free_sets(struct sherd_fleet *fleet) {
  for (uint32_t i = 0; i < fleet->set_count; i++)
    sherd__fleet_set_free(fleet->sets[i]);
  sherd__free(fleet->allocator, fleet->sets);
}

static void destroy(struct sherd_fleet *fleet) {
  sherd_runtime_free(fleet->runtime);
  sherd__free(fleet->allocator, fleet->loops);
  sherd__reshard_deinit(&fleet->reshard);
  free_sets(fleet);
  sherd_engine_free(fleet->probe);
  sherd__fleet_config_deinit(&fleet->config);
  uv_cond_destroy(&fleet->changed);
  uv_mutex_destroy(&fleet->mutex);
  sherd__free(fleet->allocator, fleet);
}

enum sherd_status sherd_fleet_new(const struct sherd_fleet_config *config,
                                  struct sherd_fleet **out) {
  if (!out)
    return SHERD_EINVAL;
  *out = NULL;
  if (!config)
    return SHERD_EINVAL;
  const struct sherd_allocator *allocator = sherd__allocator_or_default(config->allocator);
  struct sherd_fleet *fleet = sherd__calloc(allocator, sizeof *fleet);
  if (!fleet)
    return SHERD_ENOMEM;
  fleet->allocator = allocator;
  fleet->log = config->log;
  fleet->wake.run = sherd__fleet_on_wake;
  fleet->stop.run = sherd__fleet_on_stop;
  fleet->limits.ask_ms = SHERD__FLEET_NEVER_MS;
  atomic_init(&fleet->held_since_ms, SHERD__FLEET_NEVER_MS);
  enum sherd_status status = make_locks(fleet);
  if (status != SHERD_OK) {
    sherd__free(allocator, fleet);
    return status;
  }
  status = make_parts(fleet, config);
  if (status != SHERD_OK) {
    destroy(fleet);
    return status;
  }
  *out = fleet;
  return SHERD_OK;
}

void sherd_fleet_free(struct sherd_fleet *fleet) {
  if (!fleet)
    return;
  (void)sherd_fleet_close(fleet, true, 0);
  sherd__loop_post(fleet->control, &fleet->stop);
  sherd__loop_free(fleet->control);
  destroy(fleet);
}

/* --- Start and join --- */

enum sherd_status sherd_fleet_start(struct sherd_fleet *fleet) {
  uv_mutex_lock(&fleet->mutex);
  bool is_idle = fleet->phase == SHERD_FLEET_IDLE;
  if (is_idle)
    fleet->phase = SHERD_FLEET_PLANNING;
  uv_mutex_unlock(&fleet->mutex);
  if (!is_idle)
    return SHERD_EALREADY;
  sherd__fleet_wake(fleet);
  return SHERD_OK;
}

static bool is_over(const struct sherd_fleet *fleet) {
  return fleet->phase == SHERD_FLEET_CLOSED || fleet->phase == SHERD_FLEET_FAILED;
}

enum sherd_status sherd_fleet_join(struct sherd_fleet *fleet, int64_t timeout_ms) {
  if (sherd__fleet_is_own_thread(fleet))
    return SHERD_EDEADLK;
  uint64_t deadline_ns = sherd__fleet_deadline_ns(timeout_ms);
  enum sherd_status status = SHERD_ETIMEDOUT;
  uv_mutex_lock(&fleet->mutex);
  if (fleet->phase == SHERD_FLEET_IDLE) {
    status = SHERD_ENOTALIVE;
  } else {
    while (!is_over(fleet) && sherd__fleet_wait(fleet, deadline_ns))
      ;
    if (is_over(fleet))
      status = fleet->phase == SHERD_FLEET_FAILED ? fleet->error.status : SHERD_OK;
  }
  uv_mutex_unlock(&fleet->mutex);
  return status;
}

/* --- Readings --- */

const char *sherd_fleet_phase_name(enum sherd_fleet_phase phase) {
  switch (phase) {
  case SHERD_FLEET_IDLE:
    return "idle";
  case SHERD_FLEET_PLANNING:
    return "planning";
  case SHERD_FLEET_STARTING:
    return "starting";
  case SHERD_FLEET_RUNNING:
    return "running";
  case SHERD_FLEET_RESHARDING:
    return "resharding";
  case SHERD_FLEET_CLOSING:
    return "closing";
  case SHERD_FLEET_CLOSED:
    return "closed";
  case SHERD_FLEET_FAILED:
    return "failed";
  }
  return "unknown";
}

void sherd_fleet_last_error(const struct sherd_fleet *fleet, struct sherd_error_info *out) {
  struct sherd_fleet *self = (struct sherd_fleet *)(uintptr_t)fleet; /* for its mutex */
  uv_mutex_lock(&self->mutex);
  *out = self->error;
  uv_mutex_unlock(&self->mutex);
}

struct sherd_store *sherd_fleet_store(struct sherd_fleet *fleet, uint32_t set) {
  uv_mutex_lock(&fleet->mutex);
  struct sherd_store *store = set < fleet->set_count ? fleet->sets[set]->store : NULL;
  uv_mutex_unlock(&fleet->mutex);
  return store;
}

void sherd_fleet_each(struct sherd_fleet *fleet, void (*fn)(struct sherd_shard *shard, void *user),
                      void *user) {
  uv_mutex_lock(&fleet->mutex);
  struct sherd__fleet_set *set = fleet->present;
  for (uint32_t i = 0; set && i < set->count; i++)
    if (set->slots[i].shard)
      fn(set->slots[i].shard, user);
  uv_mutex_unlock(&fleet->mutex);
}
