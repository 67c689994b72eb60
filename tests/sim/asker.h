/* Asks the simulator's HTTP API in memory, past all sockets. */
#ifndef SHERD_TESTS_SIM_ASKER_H
#define SHERD_TESTS_SIM_ASKER_H

#include <sherd/value.h>

#include "sim/peer.h"
#include "sim/rest_api.h"

struct asker {
  struct net *net;
  const char *authorization; /* headers; NULL: none */
  const char *host, *origin, *content_type;
  struct sherd__print body; /* of the newest answer */
  struct sherd__rest_answer answer;
};

/* With the right token, at 127.0.0.1. */
void asker_init(struct asker *asker, struct net *net);
void asker_deinit(struct asker *asker);

/* Asks for `target`, which may have a query, and gives the answer's body; fails when the status is
 * another. `body` may be NULL. What connections then have to be sent is sent.
 * Lifetime: until the next question. */
const char *ask(struct asker *asker, unsigned status, const char *method, const char *target,
                const char *body);

/* The same, with the answer's JSON. */
struct sherd_value ask_json(struct asker *asker, unsigned status, const char *method,
                            const char *target, const char *body);

/* Fails unless the value at `path` is this text, or this integer. */
void expect_text(struct sherd_value value, const char *path, const char *text);
void expect_number(struct sherd_value value, const char *path, uint64_t number);
void expect_count(struct sherd_value value, const char *path, size_t count);

/* A text or an id at `path`; copied to one of a few places that are used in turn. */
const char *text_at(struct sherd_value value, const char *path);

#endif
