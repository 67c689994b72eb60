/* Two slots for one thing, so that changing it can be cut short anywhere.
 *
 * A slot is a checksum, a generation and a body. Writing fills the slot that does not count; only
 * with its checksum, the last word, does it count, and until then the other one does. */
#ifndef SHERD_FLEET_STORE_SLOTS_H
#define SHERD_FLEET_STORE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

#include <sherd/status.h>

#include "fleet/store_check.h"

/* How large a slot is. */
#define SHERD__SLOT_WORDS(body_words) (2 + (body_words))

struct sherd__slots {
  _Atomic uint64_t *slot[2];
  size_t words; /* of the body */
  uint64_t key; /* of the checksums */
  /* Whether the thing as it was before is better than none, should the newer slot be damaged. If
   * not, the older one is spent as soon as the newer one counts. */
  bool keeps_older;
};

/* Gives the body that counts.
 * Errors, with `body` as it was: SHERD_ENOTFOUND when none was ever written to the end;
 * SHERD_ESTOREDAMAGED when one was and cannot be read. */
enum sherd_status sherd__slots_read(const struct sherd__slots *slots, uint64_t *body);

/* Puts a body in the place of the one that counts. */
void sherd__slots_write(const struct sherd__slots *slots, const uint64_t *body);

#endif
