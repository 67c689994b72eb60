/* The text of a log record, pair by pair. Pure. */
#ifndef SHERD_CLI_LOG_PAIRS_H
#define SHERD_CLI_LOG_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#define SHERD__LOG_KEY_SIZE   64
#define SHERD__LOG_VALUE_SIZE 2048

struct sherd__log_pair {
  char key[SHERD__LOG_KEY_SIZE]; /* "": a word that is no pair */
  char value[SHERD__LOG_VALUE_SIZE];
  bool is_quoted; /* a text, though it may look like a number */
  bool is_cut;    /* the value was longer */
};

/* Takes the next pair off the front: key=value, key="a value with \"quotes\"", or a word that is
 * neither. The value is UTF-8, with U+FFFD for what was not. False when there is none. */
bool sherd__log_pair_next(const char **text, struct sherd__log_pair *out);

#endif
