/* Now and then the stores are made to survive the machine's fall, and told that we are alive. */
#include "base/logging.h"
#include "fleet/fleet.h"

#define SYNC_MS 5000

/* The stores that a later process may find: of the present set, and of the one that starts. */
static enum sherd_status sync_stores(struct sherd_fleet *fleet) {
  struct sherd_store *stores[2] = {0};
  uv_mutex_lock(&fleet->mutex);
  if (fleet->present)
    stores[0] = fleet->present->store;
  if (fleet->next)
    stores[1] = fleet->next->store;
  uv_mutex_unlock(&fleet->mutex);
  enum sherd_status worst = SHERD_OK;
  for (int i = 0; i < 2; i++) {
    enum sherd_status status =
        stores[i] ? sherd_store_sync(stores[i], sherd__fleet_unix_ms()) : SHERD_OK;
    if (status != SHERD_OK)
      worst = status;
  }
  return worst;
}

static void work(uv_work_t *request) {
  struct sherd_fleet *fleet = request->data;
  fleet->sync_status = sync_stores(fleet);
}

static void tell(struct sherd_fleet *fleet, enum sherd_status status) {
  if (status != SHERD_OK && !fleet->has_told_sync)
    sherd__log(&fleet->log, SHERD_LOG_WARN, SHERD__FLEET_LOG_ID, "fleet.sync", "status=%s",
               sherd_status_name(status));
  fleet->has_told_sync = status != SHERD_OK;
}

static void on_done(uv_work_t *request, int cancelled) {
  struct sherd_fleet *fleet = request->data;
  (void)cancelled;
  fleet->is_syncing = false;
  tell(fleet, fleet->sync_status);
  fleet->sync_ms = sherd__fleet_now_ms(fleet) + SYNC_MS;
  sherd__fleet_wake(fleet);
}

uint64_t sherd__fleet_follow_sync(struct sherd_fleet *fleet) {
  uint64_t now_ms = sherd__fleet_now_ms(fleet);
  if (!fleet->present || fleet->is_syncing)
    return SHERD__FLEET_NEVER_MS;
  if (!fleet->sync_ms) /* the plan has just done so */
    fleet->sync_ms = now_ms + SYNC_MS;
  if (fleet->sync_ms > now_ms)
    return fleet->sync_ms;
  fleet->sync_work.data = fleet;
  fleet->is_syncing =
      uv_queue_work(sherd__loop_uv(fleet->control), &fleet->sync_work, work, on_done) == 0;
  return fleet->is_syncing ? SHERD__FLEET_NEVER_MS : now_ms + SYNC_MS;
}

void sherd__fleet_sync_now(struct sherd_fleet *fleet) {
  (void)sync_stores(fleet);
}
