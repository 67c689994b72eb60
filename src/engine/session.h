/* The session: what it is, which sequence numbers have come, and how it ends.
 * Source: Discord's documentation, Gateway, resuming; Gateway Events, payload structure. */
#ifndef SHERD_ENGINE_SESSION_H
#define SHERD_ENGINE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/engine.h>

#include "engine/url.h"

/* Attempts in a row at the resume URL that come to nothing, before the main URL is tried. */
#define SHERD__RESUME_URL_TRIES 3

/* RESUMEs in a row that the server ends without a replay, before the session is given up: as many
 * at the main URL as at the resume URL. */
#define SHERD__UNANSWERED_RESUMES_MAX 6

/* Whether there is a session that a RESUME can name. */
bool sherd__session_can_resume(const struct sherd_engine *engine);

/* Begins with what another process has kept. */
void sherd__session_adopt(struct sherd_engine *engine, const struct sherd_session *session);

/* READY came: a session begins. One that was there is lost.
 * Errors: SHERD_EENVELOPE when READY lacks the session's id or the user. */
enum sherd_status sherd__session_begin(struct sherd_engine *engine, struct sherd_value ready,
                                       bool has_seq, uint64_t seq);

/* Takes the sequence number of a dispatch: false when the event has come already and is to be
 * dropped. Reports holes. */
bool sherd__session_take_seq(struct sherd_engine *engine, uint64_t seq);

/* Has the host keep the session as it is now, if it is one that can be resumed. */
void sherd__session_tell(struct sherd_engine *engine);

/* The session will not be continued: says so, and forgets it. Nothing when there is none. */
void sherd__session_lose(struct sherd_engine *engine, enum sherd_status why, uint16_t close_code);

/* Forgets the session without a word: the user closed it. */
void sherd__session_forget(struct sherd_engine *engine);

/* Where to connect now: the resume URL, or the main one. *is_resume_url says which. */
void sherd__session_choose_url(const struct sherd_engine *engine, struct sherd__url *out,
                               bool *is_resume_url);

#endif
