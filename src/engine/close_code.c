#include "engine/close_code.h"

#include <stddef.h>

/* Source: Discord's documentation, Opcodes and Status Codes, gateway close event codes.
 *
 * Libraries differ from it, and from each other: hikari ends for good on 4001, 4003 and 4005, and
 * hikari and twilight resume after 4007 and 4009, where the documentation asks for a new session.
 * We follow the documentation: a resume with a sequence number that was just refused can only be
 * refused again. 4003 and 4005 leave open whether the session survived, and a resume costs nothing
 * from the day's session starts, so that one is tried. */
static const struct sherd__close_code rows[] = {
    {4000, SHERD__VERDICT_RESUME, SHERD_ESERVERERROR},
    {4001, SHERD__VERDICT_RESUME, SHERD_EUNKNOWNOPCODE},
    {4002, SHERD__VERDICT_RESUME, SHERD_EDECODE},
    {4003, SHERD__VERDICT_RESUME_ONCE, SHERD_ENOTAUTHENTICATED},
    {4004, SHERD__VERDICT_STOP, SHERD_EAUTH},
    {4005, SHERD__VERDICT_RESUME_ONCE, SHERD_EALREADYAUTHENTICATED},
    {4007, SHERD__VERDICT_NEW_SESSION, SHERD_EBADSEQ},
    {4008, SHERD__VERDICT_RESUME, SHERD_ESENDLIMIT},
    {4009, SHERD__VERDICT_NEW_SESSION, SHERD_ESESSIONTIMEOUT},
    {4010, SHERD__VERDICT_STOP, SHERD_EBADSHARD},
    {4011, SHERD__VERDICT_STOP, SHERD_ESHARDINGREQUIRED},
    {4012, SHERD__VERDICT_STOP, SHERD_EBADVERSION},
    {4013, SHERD__VERDICT_STOP, SHERD_EBADINTENTS},
    {4014, SHERD__VERDICT_STOP, SHERD_EDISALLOWEDINTENTS},
};

const struct sherd__close_code *sherd__close_code_find(uint16_t code) {
  /* 4006 is not in the documentation's table and 1000 from the server is not described: both are
   * resumed, as is everything else; op 9 sorts out a session that is gone. */
  static const struct sherd__close_code other = {0, SHERD__VERDICT_RESUME, SHERD_ESERVERCLOSED};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].code == code)
      return &rows[i];
  return &other;
}
