#include "shard/runtime.h"

#include <string.h>

#include "base/mem.h"
#include "shard/tls_cache.h"

#define THREADS_MAX 1024

struct sherd_runtime {
  const struct sherd_allocator *allocator;
  struct sherd_log log;
  bool on_callers_loop;
  bool in_callback; /* the loop thread's own; only with the caller's loop */

  uv_mutex_t mutex; /* for all that follows */
  uv_cond_t all_left;
  uint32_t shards;  /* not yet freed by their owners */
  uint32_t leaving; /* freed, and not yet gone from their loop */
  bool released;    /* the last to leave frees the runtime */
  struct sherd__identify_queue *identify;
  struct sherd__tls_cache tls;

  uint32_t loop_count;
  struct sherd__loop *loops[];
};

/* Frees what there is, in the reverse order of its making. */
static void destroy(struct sherd_runtime *runtime) {
  for (uint32_t i = 0; i < runtime->loop_count; i++)
    sherd__loop_free(runtime->loops[i]);
  sherd__identify_queue_free(runtime->identify);
  uv_cond_destroy(&runtime->all_left);
  uv_mutex_destroy(&runtime->mutex);
  sherd__free(runtime->allocator, runtime);
}

static enum sherd_status make_locks(struct sherd_runtime *runtime) {
  if (uv_mutex_init(&runtime->mutex) != 0)
    return SHERD_ESYSTEM;
  if (uv_cond_init(&runtime->all_left) == 0)
    return SHERD_OK;
  uv_mutex_destroy(&runtime->mutex);
  return SHERD_ESYSTEM;
}

static enum sherd_status make_parts(struct sherd_runtime *runtime,
                                    const struct sherd_runtime_config *config, uint32_t loops) {
  enum sherd_status status =
      sherd__identify_queue_new(runtime->allocator, config->max_concurrency, &runtime->identify);
  while (status == SHERD_OK && runtime->loop_count < loops) {
    status =
        sherd__loop_new(runtime->allocator, config->loop, &runtime->loops[runtime->loop_count]);
    if (status == SHERD_OK)
      runtime->loop_count++;
  }
  return status;
}

enum sherd_status sherd_runtime_new(const struct sherd_runtime_config *config,
                                    struct sherd_runtime **out) {
  if (!out)
    return SHERD_EINVAL;
  *out = NULL;
  struct sherd_runtime_config defaults = {0};
  if (!config)
    config = &defaults;
  if ((config->loop && config->threads) || config->threads > THREADS_MAX)
    return SHERD_EINVAL;
  uint32_t loops = config->threads ? config->threads : 1;
  const struct sherd_allocator *allocator = sherd__allocator_or_default(config->allocator);
  struct sherd_runtime *runtime =
      sherd__calloc(allocator, sizeof *runtime + loops * sizeof *runtime->loops);
  if (!runtime)
    return SHERD_ENOMEM;
  runtime->allocator = allocator;
  runtime->log = config->log;
  runtime->on_callers_loop = config->loop;
  runtime->tls.allocator = allocator;
  enum sherd_status status = make_locks(runtime);
  if (status != SHERD_OK) {
    sherd__free(allocator, runtime);
    return status;
  }
  status = make_parts(runtime, config, loops);
  if (status != SHERD_OK) {
    destroy(runtime);
    return status;
  }
  *out = runtime;
  return SHERD_OK;
}

static bool is_own_thread(const struct sherd_runtime *runtime) {
  for (uint32_t i = 0; i < runtime->loop_count; i++)
    if (sherd__loop_is_own_thread(runtime->loops[i]))
      return true;
  return false;
}

static void do_nothing(uv_prepare_t *handle) {
  (void)handle;
}

/* Runs the caller's loop until the last shard has gone from it. A loop without a live handle does
 * not even look whether it has been woken: so there is one meanwhile. */
static void run_until_left(struct sherd_runtime *runtime) {
  uv_loop_t *uv = sherd__loop_uv(runtime->loops[0]);
  uv_prepare_t alive;
  uv_prepare_init(uv, &alive);
  uv_prepare_start(&alive, do_nothing);
  while (runtime->leaving) {
    uv_mutex_unlock(&runtime->mutex);
    uv_run(uv, UV_RUN_ONCE);
    uv_mutex_lock(&runtime->mutex);
  }
  uv_close((uv_handle_t *)&alive, NULL);
  uv_mutex_unlock(&runtime->mutex);
  uv_run(uv, UV_RUN_NOWAIT);
  uv_mutex_lock(&runtime->mutex);
}

/* A loop thread needs but a moment to let the last shard go. The caller's loop has to be run for
 * it, and libuv cannot say whether somebody is doing so: so it is run here, unless a callback of
 * ours shows that it runs already, and then the last to leave frees the runtime. */
static bool wait_for_the_last(struct sherd_runtime *runtime) {
  if (!runtime->on_callers_loop)
    while (runtime->leaving)
      uv_cond_wait(&runtime->all_left, &runtime->mutex);
  else if (is_own_thread(runtime) && runtime->in_callback)
    runtime->released = runtime->leaving;
  else if (runtime->leaving)
    run_until_left(runtime);
  return !runtime->leaving;
}

enum sherd_status sherd_runtime_free(struct sherd_runtime *runtime) {
  if (!runtime)
    return SHERD_OK;
  if (!runtime->on_callers_loop && is_own_thread(runtime))
    return SHERD_EDEADLK;
  uv_mutex_lock(&runtime->mutex);
  bool is_used = runtime->shards;
  bool is_free = !is_used && wait_for_the_last(runtime);
  uv_mutex_unlock(&runtime->mutex);
  if (is_free)
    destroy(runtime);
  return is_used ? SHERD_ESTATE : SHERD_OK;
}

void sherd__runtime_free_from_inside(struct sherd_runtime *runtime) {
  destroy(runtime);
}

void sherd__runtime_set_in_callback(struct sherd_runtime *runtime, bool in_callback) {
  if (runtime->on_callers_loop)
    runtime->in_callback = in_callback;
}

bool sherd__runtime_is_in_callback(const struct sherd_runtime *runtime) {
  return !runtime->on_callers_loop || runtime->in_callback;
}

const struct sherd_allocator *sherd__runtime_allocator(const struct sherd_runtime *runtime) {
  return runtime->allocator;
}

const struct sherd_log *sherd__runtime_log(const struct sherd_runtime *runtime) {
  return &runtime->log;
}

bool sherd__runtime_is_on_callers_loop(const struct sherd_runtime *runtime) {
  return runtime->on_callers_loop;
}

struct sherd__loop *sherd__runtime_enter(struct sherd_runtime *runtime, uint32_t shard_id) {
  uv_mutex_lock(&runtime->mutex);
  runtime->shards++;
  uv_mutex_unlock(&runtime->mutex);
  return runtime->loops[shard_id % runtime->loop_count];
}

void sherd__runtime_leave(struct sherd_runtime *runtime) {
  uv_mutex_lock(&runtime->mutex);
  runtime->shards--;
  runtime->leaving++;
  uv_mutex_unlock(&runtime->mutex);
}

void sherd__runtime_left(struct sherd_runtime *runtime) {
  uv_mutex_lock(&runtime->mutex);
  bool is_last = --runtime->leaving == 0;
  bool is_released = is_last && runtime->released;
  if (is_last)
    uv_cond_broadcast(&runtime->all_left);
  uv_mutex_unlock(&runtime->mutex);
  if (is_released)
    destroy(runtime);
}

enum sherd_status sherd__runtime_tls_get(struct sherd_runtime *runtime, const char *ca_file,
                                         struct sherd__tls **out) {
  uv_mutex_lock(&runtime->mutex);
  enum sherd_status status = sherd__tls_cache_get(&runtime->tls, ca_file, out);
  uv_mutex_unlock(&runtime->mutex);
  return status;
}

void sherd__runtime_tls_put(struct sherd_runtime *runtime, struct sherd__tls *tls) {
  uv_mutex_lock(&runtime->mutex);
  sherd__tls_cache_put(&runtime->tls, tls);
  uv_mutex_unlock(&runtime->mutex);
}

void sherd__runtime_identify_ask(struct sherd_runtime *runtime,
                                 struct sherd__identify_ticket *ticket, uint32_t shard_id,
                                 uint64_t now_ms) {
  uv_mutex_lock(&runtime->mutex);
  sherd__identify_queue_ask(runtime->identify, ticket, shard_id, now_ms);
  uv_mutex_unlock(&runtime->mutex);
}

bool sherd__runtime_identify_poll(struct sherd_runtime *runtime,
                                  struct sherd__identify_ticket *ticket, uint64_t now_ms,
                                  uint64_t *again_ms) {
  uv_mutex_lock(&runtime->mutex);
  bool granted = sherd__identify_queue_poll(runtime->identify, ticket, now_ms, again_ms);
  uv_mutex_unlock(&runtime->mutex);
  return granted;
}

void sherd__runtime_identify_cancel(struct sherd_runtime *runtime,
                                    struct sherd__identify_ticket *ticket) {
  uv_mutex_lock(&runtime->mutex);
  sherd__identify_queue_cancel(runtime->identify, ticket);
  uv_mutex_unlock(&runtime->mutex);
}

enum sherd_status sherd__runtime_identify_set_limits(struct sherd_runtime *runtime,
                                                     const struct sherd_identify_limits *limits,
                                                     uint64_t now_ms) {
  uv_mutex_lock(&runtime->mutex);
  enum sherd_status status = sherd__identify_queue_set_limits(runtime->identify, limits, now_ms);
  uv_mutex_unlock(&runtime->mutex);
  return status;
}

void sherd__runtime_identify_limits(struct sherd_runtime *runtime, uint64_t now_ms,
                                    struct sherd_identify_limits *out) {
  uv_mutex_lock(&runtime->mutex);
  sherd__identify_queue_limits(runtime->identify, now_ms, out);
  uv_mutex_unlock(&runtime->mutex);
}

enum sherd_status sherd_runtime_set_identify_limits(struct sherd_runtime *runtime,
                                                    const struct sherd_identify_limits *limits) {
  if (!runtime || !limits)
    return SHERD_EINVAL;
  return sherd__runtime_identify_set_limits(runtime, limits, sherd__loop_now_ms(runtime->loops[0]));
}

void sherd_runtime_identify_limits(struct sherd_runtime *runtime,
                                   struct sherd_identify_limits *out) {
  if (runtime && out)
    sherd__runtime_identify_limits(runtime, sherd__loop_now_ms(runtime->loops[0]), out);
}
