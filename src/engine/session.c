#include "engine/session.h"

#include <string.h>

#include <sherd/session.h>

#include "base/logging.h"
#include "engine/state.h"

bool sherd_session_is_set(const struct sherd_session *session) {
  return session->id[0] != '\0';
}

bool sherd__session_can_resume(const struct sherd_engine *engine) {
  return sherd_session_is_set(&engine->session.saved) && engine->session.has_seq;
}

static bool is_usable_resume_url(const struct sherd_engine *engine, const char *resume_url) {
  const struct sherd__settings *settings = &engine->settings;
  struct sherd__url main_url, url;
  if (sherd__url_parse(settings->gateway_url, settings->format, settings->compression, &main_url) ||
      sherd__url_parse(resume_url, settings->format, settings->compression, &url))
    return false;
  /* The token goes along with RESUME: never let a server talk us out of TLS. */
  return url.tls || !main_url.tls;
}

void sherd__session_adopt(struct sherd_engine *engine, const struct sherd_session *session) {
  struct sherd__session_state *state = &engine->session;
  state->saved = *session;
  if (!is_usable_resume_url(engine, session->resume_url))
    state->saved.resume_url[0] = '\0';
  state->has_seq = true;
  state->has_user_id = session->user_id != 0;
  state->user_id = session->user_id;
}

static void read_resume_url(struct sherd_engine *engine, struct sherd_value ready) {
  char *url = engine->session.saved.resume_url;
  if (sherd_value_as_str_copy(sherd_value_get(ready, "resume_gateway_url"), url,
                              SHERD_SESSION_URL_MAX + 1, NULL) == SHERD_OK &&
      is_usable_resume_url(engine, url))
    return;
  url[0] = '\0';
  sherd__log(&engine->log, SHERD_LOG_WARN, engine->settings.shard_id, "session.resume_url",
             "usable=false");
}

enum sherd_status sherd__session_begin(struct sherd_engine *engine, struct sherd_value ready,
                                       bool has_seq, uint64_t seq) {
  struct sherd__session_state *state = &engine->session;
  struct sherd_session fresh = {.shard_id = engine->settings.shard_id,
                                .shard_count = engine->settings.shard_count};
  size_t len = 0;
  if (sherd_value_as_str_copy(sherd_value_get(ready, "session_id"), fresh.id, sizeof fresh.id,
                              &len) ||
      len == 0 || strlen(fresh.id) != len ||
      sherd_value_as_snowflake(sherd_value_path(ready, "user.id"), &fresh.user_id))
    return SHERD_EENVELOPE;
  sherd__session_lose(engine, SHERD_EINVALIDSESSION, 0);
  *state = (struct sherd__session_state){
      .saved = fresh, .has_seq = has_seq, .has_user_id = true, .user_id = fresh.user_id};
  state->saved.seq = seq;
  read_resume_url(engine, ready);
  return SHERD_OK;
}

bool sherd__session_take_seq(struct sherd_engine *engine, uint64_t seq) {
  struct sherd__session_state *state = &engine->session;
  uint64_t last = state->saved.seq;
  bool is_first = !state->has_seq;
  if (is_first) {
    state->has_seq = true;
  } else if (seq <= last) {
    /* Discord's documentation: an event may come several times; equal `s` means the same one. */
    engine->stats.repeats++;
    return false;
  } else if (seq - last > 1) {
    engine->stats.gaps++;
    engine->stats.missed += seq - last - 1;
    sherd__log(&engine->log, SHERD_LOG_WARN, engine->settings.shard_id, "session.gap",
               "last=%llu seq=%llu", (unsigned long long)last, (unsigned long long)seq);
    sherd__emit_event(engine, &(struct sherd_event){.type = SHERD_EVENT_SEQUENCE_GAP,
                                                    .has_seq = true,
                                                    .seq = seq,
                                                    .expected_seq = last + 1});
  }
  state->saved.seq = seq;
  if (is_first)
    sherd__session_tell(engine);
  return true;
}

void sherd__session_tell(struct sherd_engine *engine) {
  if (sherd__session_can_resume(engine))
    sherd__emit(engine, SHERD_OUTPUT_SESSION);
}

void sherd__session_forget(struct sherd_engine *engine) {
  struct sherd__session_state *state = &engine->session;
  if (!sherd_session_is_set(&state->saved))
    return;
  sherd__outputs_keep_session_id(engine);
  /* The user stays who they are: the id is a fact about the token. */
  *state =
      (struct sherd__session_state){.has_user_id = state->has_user_id, .user_id = state->user_id};
  sherd__emit(engine, SHERD_OUTPUT_SESSION);
}

void sherd__session_lose(struct sherd_engine *engine, enum sherd_status why, uint16_t close_code) {
  const struct sherd_session *saved = &engine->session.saved;
  if (!sherd_session_is_set(saved))
    return;
  engine->stats.sessions_lost++;
  sherd__log(&engine->log, SHERD_LOG_WARN, engine->settings.shard_id, "session.lost",
             "why=%s close_code=%u last_seq=%llu", sherd_status_name(why), (unsigned)close_code,
             (unsigned long long)saved->seq);
  sherd__emit_event(engine, &(struct sherd_event){.type = SHERD_EVENT_SESSION_LOST,
                                                  .status = why,
                                                  .close_code = close_code,
                                                  .last_seq = saved->seq});
  sherd__session_forget(engine);
}

/* Discord's documentation has a client identify anew where the resume URL cannot be reached;
 * twilight resumes on the main one. A resume costs nothing and can only be refused, and then comes
 * the new session: so it is tried before the session is called lost. */
void sherd__session_choose_url(const struct sherd_engine *engine, struct sherd__url *out,
                               bool *is_resume_url) {
  const struct sherd__settings *settings = &engine->settings;
  const struct sherd__session_state *state = &engine->session;
  *is_resume_url = sherd__session_can_resume(engine) && state->saved.resume_url[0] &&
                   state->resume_url_failures < SHERD__RESUME_URL_TRIES &&
                   sherd__url_parse(state->saved.resume_url, settings->format,
                                    settings->compression, out) == SHERD_OK;
  /* The main URL was parsed when the engine was made: it is good. */
  if (!*is_resume_url)
    sherd__url_parse(settings->gateway_url, settings->format, settings->compression, out);
}
