/* Asking a running `sherd run` over its unix socket: one request, one RESULT line. */
#ifndef SHERD_CLI_CONTROL_H
#define SHERD_CLI_CONTROL_H

#include "base/buf.h"

#define SHERD__CONTROL_PATH_SIZE 108 /* what a unix socket's address has room for */

/* Where the control socket is: `given`, or else SHERD_CONTROL, or else where `sherd run` makes one
 * by itself. Gives EX_OK; or complains in the name of `verb`, and gives EX_USAGE. */
int sherd__cli_control_path(const char *verb, const char *given,
                            char out[SHERD__CONTROL_PATH_SIZE]);

/* Sends `request` (one line of JSON with its line feed) to the socket at `path` and appends to
 * `value` what the RESULT line has as its value, if it has one. Waits ten seconds at the most.
 * Gives EX_OK; or complains in the name of `verb`, and gives EX_UNAVAILABLE when nobody answers
 * there, EX_TEMPFAIL when what was asked for was refused, EX_PROTOCOL for an answer that is none.
 */
int sherd__cli_ask(const char *verb, const char *path, const char *request,
                   struct sherd_buf *value);

#endif
