#include "engine/link.h"

#include <stdio.h>
#include <string.h>

#include "base/logging.h"
#include "engine/error.h"
#include "engine/inbound.h"
#include "engine/opcode.h"
#include "engine/session.h"
#include "engine/state.h"

/* How a connection ended, for the one place that decides what comes next. */
struct ending {
  enum sherd_status why;
  uint16_t close_code;
  enum sherd__verdict verdict;
  uint64_t pause_ms; /* at the least, before the next attempt */
};

bool sherd__link_has_transport(const struct sherd_engine *engine) {
  return engine->state >= SHERD_ENGINE_CONNECTING && engine->state <= SHERD_ENGINE_CLOSING;
}

static bool is_open(const struct sherd_engine *engine) {
  return engine->frames != NULL;
}

static void forget_connection(struct sherd_engine *engine) {
  sherd__inbound_reset(engine);
  sherd__upgrade_deinit(&engine->upgrade);
  sherd__upgrade_init(&engine->upgrade, engine->allocator);
  sherd__frames_free(engine->frames);
  sherd__inflater_free(engine->inflater);
  engine->frames = NULL;
  engine->inflater = NULL;
  engine->handshake_due = false;
  engine->is_replaying = false;
  sherd__heartbeat_reset(&engine->heartbeat);
  /* An op 3 that no later ACK vouches for may not have arrived. */
  engine->presence_pending |= engine->presence_unconfirmed;
  engine->presence_unconfirmed = false;
}

static void note_error(struct sherd_engine *engine, const struct sherd_error_info *info,
                       const char *detail) {
  struct sherd_error_info noted = *info;
  sherd__error_describe(&noted, detail, &engine->settings.token);
  engine->last_error = noted;
}

/* The last outputs follow from sherd__link_finish(). */
static void end(struct sherd_engine *engine, enum sherd_engine_state state,
                enum sherd_status status) {
  engine->ending = true;
  engine->ended = status;
  sherd__enter(engine, state, UINT64_MAX);
}

/* Trying again cannot help: the certificate is wrong before any connection was right, so that the
 * configuration is what is wrong; or the attempts that were allowed are used up. */
static bool is_hopeless(const struct sherd_engine *engine, enum sherd_status why) {
  uint32_t max_attempts = engine->settings.max_attempts;
  if (max_attempts && engine->failed_attempts >= max_attempts)
    return true;
  if (engine->was_active || engine->uses_resume_url)
    return false;
  return why == SHERD_ETLSCA || why == SHERD_ETLSEXPIRED || why == SHERD_ETLSHOST ||
         why == SHERD_ETLSCAFILE;
}

/* The transport band: nothing that a server has decided. */
static bool is_transport(enum sherd_status why) {
  return why <= SHERD_EDNS;
}

/* A RESUME that is asked for again and again and never answered would go on for ever: after a while
 * the session is given up for a new one. A network that fails is no answer and does not count. */
static void count_resume(struct sherd_engine *engine, const struct ending *ending) {
  if (engine->state != SHERD_ENGINE_AWAIT_RESUMED || engine->handshake_due ||
      engine->is_replaying || is_transport(ending->why))
    return;
  engine->session.unanswered_resumes++;
  if (engine->uses_resume_url)
    engine->session.resume_url_failures++;
}

/* Whether the session can go on, for all that the server has said. */
static enum sherd__verdict settle_session(struct sherd_engine *engine,
                                          const struct ending *ending) {
  count_resume(engine, ending);
  enum sherd__verdict verdict = ending->verdict;
  if (verdict == SHERD__VERDICT_RESUME_ONCE) {
    verdict = engine->session.suspect ? SHERD__VERDICT_NEW_SESSION : SHERD__VERDICT_RESUME;
    engine->session.suspect = true;
  }
  if (verdict == SHERD__VERDICT_RESUME &&
      engine->session.unanswered_resumes >= SHERD__UNANSWERED_RESUMES_MAX)
    verdict = SHERD__VERDICT_NEW_SESSION;
  return verdict;
}

/* Counts what the connection reached; true when it did well. */
static bool settle_counts(struct sherd_engine *engine) {
  if (engine->state == SHERD_ENGINE_ACTIVE)
    return engine->now_ms - engine->active_since_ms >= SHERD__BACKOFF_HEALTHY_MS;
  engine->failed_attempts++;
  if (engine->uses_resume_url && engine->state <= SHERD_ENGINE_AWAIT_HELLO)
    engine->session.resume_url_failures++;
  return false;
}

static void plan_retry(struct sherd_engine *engine, bool healthy, uint64_t pause_ms) {
  uint64_t backoff_ms = sherd__backoff_next(&engine->backoff, healthy, &engine->random);
  if (backoff_ms > pause_ms)
    pause_ms = backoff_ms;
  if (pause_ms == 0)
    sherd__link_connect(engine);
  else
    sherd__enter(engine, SHERD_ENGINE_AWAIT_RETRY, engine->now_ms + pause_ms);
}

static void log_settled(const struct sherd_engine *engine, const struct ending *ending, bool stop,
                        bool keeps_session) {
  sherd__log(&engine->log, stop ? SHERD_LOG_ERROR : SHERD_LOG_WARN, engine->settings.shard_id,
             "connection.ended", "why=%s close_code=%u state=%s next=%s",
             sherd_status_name(ending->why), (unsigned)ending->close_code,
             sherd_engine_state_name(engine->state),
             stop ? "stop" : (keeps_session ? "resume" : "identify"));
}

/* The one place where a connection's end is turned into what comes next. Who gives up by himself
 * keeps the session: it can still be resumed, by another start or another process. */
static void settle(struct sherd_engine *engine, const struct ending *ending) {
  if (engine->state == SHERD_ENGINE_AWAIT_PERMIT)
    sherd__emit(engine, SHERD_OUTPUT_PERMIT_CANCEL);
  bool healthy = settle_counts(engine);
  enum sherd__verdict verdict = settle_session(engine, ending);
  bool keeps_session = verdict == SHERD__VERDICT_RESUME && sherd__session_can_resume(engine);
  bool stop = verdict == SHERD__VERDICT_STOP || is_hopeless(engine, ending->why);
  log_settled(engine, ending, stop, keeps_session);
  forget_connection(engine);
  sherd__emit_event(engine, &(struct sherd_event){.type = SHERD_EVENT_DISCONNECTED,
                                                  .status = ending->why,
                                                  .close_code = ending->close_code,
                                                  .resuming = keeps_session && !stop,
                                                  .reconnecting = !stop});
  if (!keeps_session)
    sherd__session_lose(engine, ending->why, ending->close_code);
  else if (stop)
    sherd__session_tell(engine);
  if (stop)
    end(engine, SHERD_ENGINE_FATAL, ending->why);
  else
    plan_retry(engine, healthy, ending->pause_ms);
}

/* Queues a close frame, if frames can be sent at all. Without memory for it the transport is closed
 * without a word, which the peer must live with anyway. */
static void say_close(struct sherd_engine *engine, uint16_t close_code, const char *reason) {
  size_t from = engine->out.len;
  if (is_open(engine) &&
      sherd__frames_write_close(engine->frames, close_code, reason, &engine->out) == SHERD_OK)
    sherd__emit_write(engine, from);
}

void sherd__link_connect(struct sherd_engine *engine) {
  sherd__session_choose_url(engine, &engine->url, &engine->uses_resume_url);
  bool resuming = sherd__session_can_resume(engine);
  sherd__log(&engine->log, SHERD_LOG_INFO, engine->settings.shard_id, "connection.begin",
             "host=%s port=%u tls=%d resume=%d", engine->url.host, (unsigned)engine->url.port,
             engine->url.tls, resuming);
  sherd__enter(engine, SHERD_ENGINE_CONNECTING, UINT64_MAX);
  sherd__emit_event(engine,
                    &(struct sherd_event){.type = SHERD_EVENT_CONNECTING,
                                          .resuming = resuming,
                                          .last_seq = resuming ? engine->session.saved.seq : 0});
  sherd__emit(engine, SHERD_OUTPUT_CONNECT);
}

static enum sherd_status begin_upgrade(struct sherd_engine *engine) {
  const struct sherd__settings *settings = &engine->settings;
  enum sherd_status status = sherd__inflater_new_by(engine->allocator, settings->compression,
                                                    settings->inflater, &engine->inflater);
  if (status)
    return status;
  size_t from = engine->out.len;
  status =
      sherd__upgrade_request(&engine->upgrade, engine->url.host, engine->url.port, engine->url.tls,
                             engine->url.target, &engine->random, &engine->out);
  if (!status)
    sherd__emit_write(engine, from);
  return status;
}

void sherd__link_opened(struct sherd_engine *engine) {
  engine->stats.connects++;
  sherd__enter(engine, SHERD_ENGINE_AWAIT_UPGRADE,
               engine->now_ms + engine->settings.upgrade_timeout_ms);
  enum sherd_status status = begin_upgrade(engine);
  if (status)
    sherd__link_fail(engine, status, 0);
}

static void fail(struct sherd_engine *engine, const struct ending *ending) {
  uint16_t close_code = sherd__frames_close_code(ending->why);
  say_close(engine, close_code ? close_code : SHERD__CLOSE_KEEP_SESSION, NULL);
  sherd__emit(engine, SHERD_OUTPUT_DISCONNECT);
  settle(engine, ending);
}

/* What to try when a ws:// URL meets a port that speaks TLS: such a server answers an HTTP request
 * with an alert, or, as OpenSSL does, with nothing at all. */
static const char *tls_advice(const struct sherd_engine *engine) {
  if (engine->url.tls || is_open(engine))
    return NULL;
  if (engine->upgrade.is_tls)
    return "the server speaks TLS: use wss://";
  bool is_unanswered =
      engine->state == SHERD_ENGINE_AWAIT_UPGRADE && !engine->upgrade.response_bytes;
  return is_unanswered ? "before any answer: if the port speaks TLS, use wss://" : NULL;
}

void sherd__link_fail(struct sherd_engine *engine, enum sherd_status why, uint64_t offset) {
  /* An upgrade that succeeded has nothing to do with what went wrong after it. */
  uint16_t http_status = is_open(engine) ? 0 : engine->upgrade.http_status;
  const char *advice = why == SHERD_EUPGRADEHEADER ? tls_advice(engine) : NULL;
  char detail[64] = "";
  if (http_status)
    snprintf(detail, sizeof detail, "HTTP %u", http_status);
  else if (advice)
    snprintf(detail, sizeof detail, "%s", advice);
  note_error(
      engine,
      &(struct sherd_error_info){.status = why, .offset = offset, .http_status = http_status},
      detail);
  fail(engine, &(struct ending){.why = why, .verdict = SHERD__VERDICT_RESUME});
}

void sherd__link_invalid_session(struct sherd_engine *engine, bool resumable) {
  note_error(engine, &(struct sherd_error_info){.status = SHERD_EINVALIDSESSION},
             resumable ? "it may still be resumed" : NULL);
  fail(engine,
       &(struct ending){.why = SHERD_EINVALIDSESSION,
                        .verdict = resumable ? SHERD__VERDICT_RESUME : SHERD__VERDICT_NEW_SESSION,
                        .pause_ms = sherd__invalid_session_pause(&engine->random)});
}

/* RFC 6455 section 5.5.1: the answer is typically the code that came. But a client's 1000 or 1001
 * ends the session, which is to be resumed. */
static uint16_t answer_to(uint16_t close_code) {
  bool ends_session = close_code == 1000 || close_code == 1001;
  return close_code == 0 || ends_session ? SHERD__CLOSE_KEEP_SESSION : close_code;
}

void sherd__link_server_closed(struct sherd_engine *engine, uint16_t close_code,
                               struct sherd_bytes reason) {
  const struct sherd__close_code *row = sherd__close_code_find(close_code);
  char detail[SHERD_ERROR_TEXT_MAX + 1];
  snprintf(detail, sizeof detail, "close code %u%s%.*s", (unsigned)close_code,
           reason.len ? ": " : "", (int)reason.len, reason.len ? (const char *)reason.data : "");
  note_error(engine, &(struct sherd_error_info){.status = row->status, .close_code = close_code},
             detail);
  say_close(engine, answer_to(close_code), NULL);
  sherd__emit(engine, SHERD_OUTPUT_DISCONNECT);
  settle(engine,
         &(struct ending){.why = row->status, .close_code = close_code, .verdict = row->verdict});
}

void sherd__link_lost(struct sherd_engine *engine, enum sherd_status why,
                      const struct sherd_error_info *details) {
  struct sherd_error_info info = {.status = why};
  const char *advice = why == SHERD_ELOST ? tls_advice(engine) : NULL;
  char detail[2 * SHERD_ERROR_TEXT_MAX];
  if (details) {
    info.http_status = details->http_status;
    info.os_error = details->os_error;
  }
  snprintf(detail, sizeof detail, "%s%s%s", details ? details->text : "",
           details && *details->text && advice ? "; " : "", advice ? advice : "");
  note_error(engine, &info, detail);
  settle(engine, &(struct ending){.why = why, .verdict = SHERD__VERDICT_RESUME});
}

void sherd__link_close(struct sherd_engine *engine, bool resumable) {
  engine->close_resumable = resumable;
  if (is_open(engine)) {
    if (engine->state == SHERD_ENGINE_AWAIT_PERMIT)
      sherd__emit(engine, SHERD_OUTPUT_PERMIT_CANCEL);
    say_close(engine, resumable ? SHERD__CLOSE_KEEP_SESSION : SHERD__CLOSE_END_SESSION, NULL);
    /* Nothing is said after a close frame. */
    engine->handshake_due = false;
    sherd__heartbeat_reset(&engine->heartbeat);
    sherd__enter(engine, SHERD_ENGINE_CLOSING, engine->now_ms + engine->settings.close_timeout_ms);
    return;
  }
  sherd__link_closed(engine, sherd__link_has_transport(engine));
}

void sherd__link_closed(struct sherd_engine *engine, bool transport_open) {
  bool had_transport = sherd__link_has_transport(engine);
  if (transport_open)
    sherd__emit(engine, SHERD_OUTPUT_DISCONNECT);
  forget_connection(engine);
  if (had_transport)
    sherd__emit_event(engine, &(struct sherd_event){.type = SHERD_EVENT_DISCONNECTED,
                                                    .status = SHERD_ECLOSED,
                                                    .resuming = engine->close_resumable});
  if (!engine->close_resumable)
    sherd__session_forget(engine);
  else
    sherd__session_tell(engine);
  end(engine, SHERD_ENGINE_IDLE, SHERD_OK);
}

bool sherd__link_finish(struct sherd_engine *engine) {
  if (!engine->ending)
    return false;
  struct sherd__queued_command *command = engine->queue.first;
  if (command) {
    sherd__emit_event(
        engine, &(struct sherd_event){.type = SHERD_EVENT_COMMAND_DROPPED,
                                      .op = command->op,
                                      .status = engine->ended ? engine->ended : SHERD_ECLOSED});
    sherd__command_queue_remove(&engine->queue, command, engine->allocator);
    return true;
  }
  engine->ending = false;
  sherd__emit_event(engine,
                    &(struct sherd_event){.type = SHERD_EVENT_CLOSED, .status = engine->ended});
  sherd__emit(engine, SHERD_OUTPUT_ENDED);
  return true;
}
