/* The last failure, with all that is known of it. */
#ifndef SHERD_ERROR_H
#define SHERD_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include <sherd/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHERD_ERROR_TEXT_MAX 255 /* bytes, without the NUL */

/* Plain and copyable. Zeroed, nothing has failed. What does not apply is 0. */
struct sherd_error_info {
  enum sherd_status status;
  uint16_t close_code;      /* the server's WebSocket close code */
  uint16_t http_status;     /* of a refused upgrade, proxy or REST request */
  int os_error;             /* errno's number, positive */
  uint64_t offset;          /* of the byte at fault in a damaged message or document */
  uint64_t missing_intents; /* for SHERD_EMISSINGINTENT: SHERD_INTENT_... */
  uint64_t retry_after_ms;  /* for SHERD_ERATELIMITED: how long to wait */
  /* One line for a person: what happened, to what, and what to do. NUL-terminated UTF-8 without
   * control characters. Never holds the token. */
  char text[SHERD_ERROR_TEXT_MAX + 1];
};

#ifdef __cplusplus
}
#endif
#endif
