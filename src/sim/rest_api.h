/* What the HTTP API answers, without I/O: Discord's own paths, and the simulator's under /sim. */
#ifndef SHERD_SIM_REST_API_H
#define SHERD_SIM_REST_API_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/bytes.h>

#include "sim/gateway.h"
#include "sim/print.h"

/* A request's body may have this many bytes. Discord takes as much JSON as that, and files. */
#define SHERD__REST_BODY_BYTES_MAX ((size_t)1 << 20)

struct sherd__rest_request {
  const char *method;
  const char *path;          /* without the query, percent-decoded */
  const char *authorization; /* headers; NULL: not there */
  const char *host;
  const char *origin;
  const char *content_type;
  struct sherd_bytes body;
  bool is_too_big; /* the body, which is then not here */
  /* The value of a parameter in the query, or NULL. */
  const char *(*query)(void *ctx, const char *name);
  void *query_ctx;
};

/* Answers that the next requests to Discord's part get, whatever they ask for. */
struct sherd__rest_errors {
  uint32_t count;
  uint16_t status;
  uint32_t retry_after_ms;
};

struct sherd__rest_answer {
  unsigned status;
  const char *content_type;
  struct sherd__print *body; /* the caller's */
  bool is_limited;           /* by one of Discord's buckets: it has the headers that say so */
  uint64_t bucket;           /* which one */
  bool wants_errors;         /* `errors` was asked for */
  struct sherd__rest_errors errors;
};

/* Whether a path is one of the simulator's own: those never fail on purpose. */
bool sherd__rest_is_control(const char *path);

/* Answers a request. `answer->body` is emptied first. */
void sherd__rest_answer(struct sherd__sim *sim, const struct sherd__rest_request *request,
                        uint64_t now_ms, struct sherd__rest_answer *answer);

/* Notes in the journal that a request was answered. */
void sherd__rest_note(struct sherd__sim *sim, const struct sherd__rest_request *request,
                      unsigned status);

/* Writes one of Discord's errors, as {"message": …, "code": …}. */
void sherd__rest_error(struct sherd__rest_answer *answer, unsigned status, const char *message,
                       unsigned code);

/* Writes Discord's answer to too many requests. Source: Discord's documentation, Rate Limits. */
void sherd__rest_too_many(struct sherd__rest_answer *answer, uint32_t retry_after_ms);

#endif
