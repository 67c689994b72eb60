#include "sim/scenario_host.h"

#include <stdio.h>
#include <string.h>

#include "sim/faults.h"

struct doing {
  const struct sherd__scenario_doer *doer;
  const struct sherd__step *step;
  struct sherd__sim *sim;
  struct sherd__sim_faults *faults;
  struct sherd__sim_server_faults *server_faults;
  uint64_t now_ms;
  char *why;
};

static bool fail(const struct doing *doing, const char *why) {
  (void)snprintf(doing->why, SHERD__DOING_SIZE, "%s", why);
  return false;
}

static bool done(const struct doing *doing, uint32_t count, const char *what) {
  uint32_t shard = doing->step->shard;
  if (count)
    return true;
  if (shard == SHERD__SCENARIO_UNSET)
    (void)snprintf(doing->why, SHERD__DOING_SIZE, "there was no %s to do it to", what);
  else
    (void)snprintf(doing->why, SHERD__DOING_SIZE, "there was no %s of shard %u to do it to", what,
                   (unsigned)shard);
  return false;
}

static bool done_to(const struct doing *doing, uint32_t connections) {
  return done(doing, connections, "open connection");
}

static bool done_through(const struct doing *doing, uint32_t sessions) {
  return done(doing, sessions, "session");
}

static struct sherd_bytes text_of(const struct sherd__step *step) {
  return (struct sherd_bytes){(const uint8_t *)step->text, strlen(step->text)};
}

static bool do_op(const struct doing *doing) {
  const struct sherd__step *step = doing->step;
  if (step->number == 9)
    return done_to(doing,
                   sherd__fault_invalid_session(doing->sim, strcmp(step->text, "true") == 0));
  return done_to(doing, sherd__fault_op(doing->sim, (uint32_t)step->number, step->text));
}

static bool do_certificate(const struct doing *doing) {
  const struct sherd__scenario_doer *doer = doing->doer;
  const struct sherd__step *step = doing->step;
  char cert[512], key[512];
  bool is_good = strcmp(step->name, "good") == 0;
  doing->server_faults->odd_certificates = is_good ? 0 : step->count;
  if (!doer->certificate_dir)
    return fail(doing, "there are no certificates to choose from; the file wants 'set tls on'");
  if (is_good)
    return true;
  (void)snprintf(cert, sizeof cert, "%s/%s.pem", doer->certificate_dir, step->name);
  (void)snprintf(key, sizeof key, "%s/%s.key", doer->certificate_dir, step->name);
  return sherd__sim_server_set_odd_certificate(doer->server, cert, key) == SHERD_OK ||
         fail(doing, "the certificate could not be used");
}

static bool do_rest(const struct doing *doing) {
  struct sherd__sim_server_faults *faults = doing->server_faults;
  faults->rest_status = (uint16_t)doing->step->number;
  faults->rest_errors = doing->step->count;
  faults->rest_retry_after_ms = doing->step->extra;
  return true;
}

/* Things that are set, and seen later. */
static bool do_lasting(const struct doing *doing) {
  struct sherd__sim_faults *faults = doing->faults;
  const struct sherd__step *step = doing->step;
  uint32_t number = (uint32_t)step->number;
  switch (step->act) {
  case SHERD__ACT_ACKS:
    faults->no_acks = !number;
    break;
  case SHERD__ACT_IGNORE_IDENTIFY:
    faults->ignore_identify = number;
    break;
  case SHERD__ACT_HELLO:
    faults->hello_delay_ms = step->number;
    break;
  case SHERD__ACT_SEQUENCE_SKIP:
    faults->skip_seqs = number;
    break;
  case SHERD__ACT_SEQUENCE_REPEAT:
    faults->repeats_seq = true;
    break;
  case SHERD__ACT_SEQUENCE_MISSING:
    faults->misses_seq = true;
    break;
  case SHERD__ACT_SPLIT:
    faults->piece_bytes = number;
    break;
  case SHERD__ACT_TRICKLE:
    doing->server_faults->trickle_ms = doing->now_ms + step->number;
    break;
  case SHERD__ACT_HOLD:
    doing->server_faults->hold_ms = doing->now_ms + step->number;
    break;
  case SHERD__ACT_REST:
    return do_rest(doing);
  case SHERD__ACT_CERTIFICATE:
    return do_certificate(doing);
  default:
    return false;
  }
  return true;
}

static bool do_act(const struct doing *doing) {
  struct sherd__sim *sim = doing->sim;
  const struct sherd__step *step = doing->step;
  uint32_t number = (uint32_t)step->number;
  switch (step->act) {
  case SHERD__ACT_DROP:
    return done_to(doing, sherd__fault_drop(sim));
  case SHERD__ACT_HALF_FRAME:
    return done_to(doing, sherd__fault_half_frame(sim));
  case SHERD__ACT_CLOSE:
    return done_to(doing, sherd__fault_close(sim, (uint16_t)number, step->text));
  case SHERD__ACT_OP:
    return do_op(doing);
  case SHERD__ACT_SEND:
    return done_to(doing, sherd__fault_message(sim, text_of(step)));
  case SHERD__ACT_GARBAGE:
    return done_to(doing, sherd__fault_garbage(sim, number));
  case SHERD__ACT_GARBAGE_MESSAGE:
    return done_to(doing, sherd__fault_garbage_message(sim, number));
  case SHERD__ACT_DISPATCH:
    return done_through(doing, sherd__fault_dispatch(sim, step->name, text_of(step)));
  case SHERD__ACT_BURST:
    return done_through(doing, sherd__fault_burst(sim, number));
  case SHERD__ACT_LARGE_GUILD:
    return done_through(doing, sherd__fault_large_guild(sim, (size_t)step->number));
  case SHERD__ACT_TERMINATE:
    return doing->doer->terminate(doing->doer->terminate_ctx) ||
           fail(doing, "there is no command that runs");
  default:
    return do_lasting(doing);
  }
}

bool sherd__scenario_doer_act(void *ctx, const struct sherd__step *step, uint64_t now_ms,
                              char why[SHERD__DOING_SIZE]) {
  const struct sherd__scenario_doer *doer = ctx;
  struct sherd__sim *sim = sherd__sim_server_sim(doer->server);
  struct doing doing = {
      .doer = doer,
      .step = step,
      .sim = sim,
      .faults = sherd__sim_faults(sim),
      .server_faults = sherd__sim_server_faults(doer->server),
      .now_ms = now_ms,
      .why = why,
  };
  doing.faults->has_shard = step->shard != SHERD__SCENARIO_UNSET;
  doing.faults->shard = step->shard;
  bool is_done = do_act(&doing);
  doing.faults->has_shard = false;
  sherd__sim_server_settle(doer->server);
  return is_done;
}

uint64_t sherd__scenario_doer_events(void *ctx) {
  const struct sherd__scenario_doer *doer = ctx;
  return sherd__sim_server_stats(doer->server)->dispatches;
}

static void put(uint32_t setting, uint32_t *out) {
  if (setting != SHERD__SCENARIO_UNSET)
    *out = setting;
}

void sherd__scenario_configure(const struct sherd__scenario *scenario,
                               struct sherd__sim_config *config) {
  const struct sherd__scenario_settings *settings = &scenario->settings;
  put(settings->guilds, &config->guilds);
  put(settings->rate, &config->rate);
  put(settings->events, &config->max_events);
  put(settings->shards, &config->shards);
  put(settings->heartbeat_interval_ms, &config->heartbeat_interval_ms);
  put(settings->max_concurrency, &config->max_concurrency);
  put(settings->starts_a_day, &config->starts_a_day);
  put(settings->session_ttl_ms, &config->session_ttl_ms);
  put(settings->replay_events, &config->replay_events);
}
