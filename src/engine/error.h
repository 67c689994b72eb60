/* The last failure, as a line for a person that never shows the token. */
#ifndef SHERD_ENGINE_ERROR_H
#define SHERD_ENGINE_ERROR_H

#include <sherd/error.h>

#include "engine/settings.h"

/* Fills in info->text from info->status and, unless it is NULL or "", `detail`: text that a peer or
 * a host gave. Control characters and bytes that are not UTF-8 become "?", and the token, should it
 * be in there, "[token]". */
void sherd__error_describe(struct sherd_error_info *info, const char *detail,
                           const struct sherd__secret *token);

#endif
