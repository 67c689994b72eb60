#include "fleet/store_trouble.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/error.h"

#define PATH_SHOWN_MAX                                                                             \
  60 /* bytes of the path's end: the line is short, and its rest matters too                       \
      */

enum sherd_status sherd__store_trouble_say(struct sherd__store_trouble *trouble,
                                           enum sherd_status status, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(trouble->text, sizeof trouble->text, format, args);
  va_end(args);
  return status;
}

enum sherd_status sherd__store_trouble_os(struct sherd__store_trouble *trouble, int os_error) {
  char room[96];
  trouble->os_error = os_error;
  sherd__store_trouble_say(trouble, SHERD_OK, "%s", strerror_r(os_error, room, sizeof room));
  switch (os_error) {
  case ENOSPC:
  case EDQUOT:
  case EFBIG:
    return SHERD_ESTOREFULL;
  case ENOMEM:
    return SHERD_ENOMEM;
  default:
    return SHERD_ESTOREWRITE;
  }
}

void sherd__store_trouble_tell(const struct sherd__store_trouble *trouble, enum sherd_status status,
                               const char *path, struct sherd_error_info *info) {
  if (!info)
    return;
  *info = (struct sherd_error_info){.status = status, .os_error = trouble->os_error};
  if (!status)
    return;
  if (status == SHERD_ENOTFOUND) { /* elsewhere it is about keys, and so is its text */
    snprintf(info->text, sizeof info->text,
             "there is no session store yet; give a number of shards to have one made");
    return;
  }
  char detail[sizeof trouble->text + PATH_SHOWN_MAX + 16];
  size_t len = strlen(path), cut = len > PATH_SHOWN_MAX ? len - PATH_SHOWN_MAX : 0;
  snprintf(detail, sizeof detail, "%s%s%s%s%s", cut ? "..." : "", path + cut,
           trouble->ending ? trouble->ending : "", trouble->text[0] ? ": " : "", trouble->text);
  static const struct sherd__secret no_token = {0}; /* it is in no path */
  sherd__error_describe(info, detail, &no_token);
}
