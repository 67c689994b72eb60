/* POST /sim/reset: everything as it was when the simulator began. */
#include "base/mem.h"
#include "sim/rest_call.h"

static void free_lanes(const struct sherd__sim *sim, struct sherd__sim_lane *lanes) {
  for (uint32_t i = 0; lanes && i < sim->config.shards; i++)
    sherd__lane_deinit(&lanes[i].stream);
  sherd__free(sim->allocator, lanes);
}

/* Makes another world with its lanes, beside what there is. */
static enum sherd_status make(const struct sherd__sim *sim, uint64_t seed,
                              struct sherd__world *world, struct sherd__sim_lane **out) {
  struct sherd__sim_lane *lanes = sherd__calloc(sim->allocator, sim->config.shards * sizeof *lanes);
  enum sherd_status status =
      lanes ? sherd__world_init(world, sim->allocator, seed, sim->config.shards, sim->config.guilds)
            : SHERD_ENOMEM;
  if (status) {
    sherd__free(sim->allocator, lanes);
    return status;
  }
  for (uint32_t i = 0; !status && i < sim->config.shards; i++)
    status = sherd__lane_init(&lanes[i].stream, world, i);
  *out = lanes;
  if (status) {
    free_lanes(sim, lanes);
    sherd__world_deinit(world);
  }
  return status;
}

/* Connections close with 4000; bots come back, cannot resume, and begin anew. */
static void end_all(struct sherd__sim *sim) {
  while (sim->sessions)
    sherd__session_end(sim->sessions);
  for (struct sherd__sim_client *client = sim->clients; client; client = client->next)
    if (client->state == SHERD__SIM_OPEN)
      sherd__client_close_with(client, SHERD__CLOSE_UNKNOWN_ERROR,
                               sherd__sim_close_text(SHERD__CLOSE_UNKNOWN_ERROR));
}

static void take(struct sherd__sim *sim, uint64_t seed, const struct sherd__world *world,
                 struct sherd__sim_lane *lanes) {
  free_lanes(sim, sim->lanes);
  sherd__world_deinit(&sim->world);
  sim->world = *world;
  sim->lanes = lanes;
  for (uint32_t i = 0; i < sim->config.shards; i++)
    sim->lanes[i].stream.world = &sim->world;
  sim->config.seed = seed;
  sherd__dice_init(&sim->dice, sherd__grain_derive(seed, 13));
  sherd__dice_init(&sim->control_dice, sherd__grain_derive(seed, 14));
  sim->lanes_ms = UINT64_MAX;
}

void sherd__control_post_reset(struct sherd__rest_call *call) {
  struct sherd__sim *sim = call->sim;
  struct sherd__world world = {.allocator = sim->allocator};
  struct sherd__sim_lane *lanes;
  struct sherd__start_limits starts;
  struct sherd_value seed_value = sherd_value_get(call->body, "seed");
  uint64_t seed = sim->config.seed;
  if (sherd_value_exists(seed_value) && sherd_value_as_u64(seed_value, &seed)) {
    sherd__control_error(call, 400, "give a whole number from 0 as \"seed\", or none");
    return;
  }
  if (sherd__start_limits_init(&starts, sim->allocator, sim->config.max_concurrency,
                               sim->config.starts_a_day)) {
    sherd__control_error(call, 500, "out of memory, nothing was changed; free some");
    return;
  }
  if (make(sim, seed, &world, &lanes)) {
    sherd__start_limits_deinit(&starts);
    sherd__control_error(call, 500, "out of memory, nothing was changed; free some");
    return;
  }
  end_all(sim);
  take(sim, seed, &world, lanes);
  sherd__start_limits_deinit(&sim->starts);
  sim->starts = starts;
  sherd__rest_items_deinit(&sim->commands);
  sherd__rest_items_deinit(&sim->messages);
  sherd__rest_items_deinit(&sim->replies);
  sim->stats = (struct sherd__sim_stats){0};
  sim->faults = (struct sherd__sim_faults){0};
  sherd__journal_clear(&sim->journal);
  sherd__journal_add(&sim->journal, &(struct sherd__journal_entry){.kind = SHERD__JOURNAL_RESET,
                                                                   .time_ms = sim->now_ms});
  call->answer->wants_errors = true; /* none of them any more */
  call->answer->errors = (struct sherd__rest_errors){0};
  sherd__rest_ok(call);
  sherd__print(call->print, "{'seed':%ju}\n", (uintmax_t)seed);
}
