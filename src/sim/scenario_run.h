/* One run of a scenario, without I/O: it is told what is seen and what time it is, and has things
 * done through its host.
 *
 * There is a mark, which every step that waits or does something sets: what was seen before it does
 * not count, and what is expected is to happen within a time from it. What was seen fulfils one
 * step only. So drop expect resume within 5s expect no identify for 5s are three statements about
 * the five seconds after the drop. The first step that is broken ends the run. */
#ifndef SHERD_SIM_SCENARIO_RUN_H
#define SHERD_SIM_SCENARIO_RUN_H

#include "sim/scenario.h"

enum sherd__outcome {
  SHERD__OUTCOME_NOT_REACHED = 0,
  SHERD__OUTCOME_OK,
  SHERD__OUTCOME_FAILED
};

struct sherd__result {
  enum sherd__outcome outcome;
  uint64_t at_ms;   /* after the start */
  uint64_t took_ms; /* after the step before */
  char note[512];   /* FAILED: why, and what was seen instead */
};

#define SHERD__DOING_SIZE 256

/* What a run needs of the world around it. */
struct sherd__scenario_host {
  void *ctx;
  /* Does the act of a step; false with `why` when it cannot be done. */
  bool (*act)(void *ctx, const struct sherd__step *step, uint64_t now_ms,
              char why[SHERD__DOING_SIZE]);
  /* How many dispatches there were. */
  uint64_t (*events)(void *ctx);
};

struct sherd__scenario_run;

/* Borrows scenario and host for its life. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__scenario_run_new(const struct sherd__scenario *scenario,
                                          const struct sherd__scenario_host *host,
                                          struct sherd__scenario_run **out);
void sherd__scenario_run_free(struct sherd__scenario_run *run);

/* Begins: time 0 is now. Until then nothing is done; what is seen counts. */
void sherd__scenario_run_start(struct sherd__scenario_run *run, uint64_t now_ms);
bool sherd__scenario_run_has_started(const struct sherd__scenario_run *run);

/* Something was seen. It is weighed by the next sherd__scenario_run_advance(). */
void sherd__scenario_run_see(struct sherd__scenario_run *run, const struct sherd__sight *sight,
                             uint64_t now_ms);

/* Does all steps that can be done now. To be called after anything was seen, after events, and at
 * the deadline. */
void sherd__scenario_run_advance(struct sherd__scenario_run *run, uint64_t now_ms);

/* When something is due; UINT64_MAX when nothing is. */
uint64_t sherd__scenario_run_deadline(const struct sherd__scenario_run *run);

bool sherd__scenario_run_is_over(const struct sherd__scenario_run *run);
bool sherd__scenario_run_has_passed(const struct sherd__scenario_run *run);

/* Ends it before its time: the step that is waited for is broken, for that reason. */
void sherd__scenario_run_stop(struct sherd__scenario_run *run, const char *why, uint64_t now_ms);

/* One for each step. Lifetime: that of the run. */
const struct sherd__result *sherd__scenario_run_results(const struct sherd__scenario_run *run);
const struct sherd__scenario *sherd__scenario_run_scenario(const struct sherd__scenario_run *run);

#endif
