/* What a scenario does, done to a server. */
#ifndef SHERD_SIM_SCENARIO_HOST_H
#define SHERD_SIM_SCENARIO_HOST_H

#include "sim/scenario_run.h"
#include "sim/server.h"

struct sherd__scenario_doer {
  struct sherd__sim_server *server;
  const char *certificate_dir;  /* of sherd__certificates_make(); NULL: none */
  bool (*terminate)(void *ctx); /* asks the command to end; false when there is none */
  void *terminate_ctx;
};

/* For struct sherd__scenario_host; `ctx` is a struct sherd__scenario_doer. */
bool sherd__scenario_doer_act(void *ctx, const struct sherd__step *step, uint64_t now_ms,
                              char why[SHERD__DOING_SIZE]);
uint64_t sherd__scenario_doer_events(void *ctx);

/* Puts a file's settings over the ones that there are. */
void sherd__scenario_configure(const struct sherd__scenario *scenario,
                               struct sherd__sim_config *config);

#endif
