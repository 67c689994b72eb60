#include "fleet/store_slots.h"

/* The words of a slot. */
enum {
  CHECK,
  GENERATION,
  BODY
};

/* What stands in the place of a checksum while the slot does not count. */
enum {
  UNUSED,  /* it was never written */
  WRITING, /* a body is on its way into it */
  SPENT    /* a newer one is in the other slot */
};

static uint64_t check_of(const struct sherd__slots *slots, int which) {
  uint64_t check = slots->key;
  for (size_t i = GENERATION; i < BODY + slots->words; i++)
    check = sherd__check_add(check, sherd__word_get(&slots->slot[which][i]));
  return sherd__check_end(check);
}

/* 0 for a slot that does not count. */
static uint64_t generation_of(const struct sherd__slots *slots, int which) {
  if (sherd__word_get(&slots->slot[which][CHECK]) != check_of(slots, which))
    return 0;
  return sherd__word_get(&slots->slot[which][GENERATION]);
}

static bool is_unused(const struct sherd__slots *slots, int which) {
  for (size_t i = 0; i < BODY + slots->words; i++)
    if (sherd__word_get(&slots->slot[which][i]))
      return false;
  return true;
}

/* Whether nothing was ever written: the first slot is the first that is, so that what was cut short
 * there beside an unused slot was the first writing of all. */
static bool is_blank(const struct sherd__slots *slots) {
  return is_unused(slots, 1) &&
         (is_unused(slots, 0) || sherd__word_get(&slots->slot[0][CHECK]) == WRITING);
}

enum sherd_status sherd__slots_read(const struct sherd__slots *slots, uint64_t *body) {
  uint64_t first = generation_of(slots, 0), second = generation_of(slots, 1);
  if (!first && !second)
    return is_blank(slots) ? SHERD_ENOTFOUND : SHERD_ESTOREDAMAGED;
  const _Atomic uint64_t *slot = slots->slot[second > first];
  for (size_t i = 0; i < slots->words; i++)
    body[i] = sherd__word_get(&slot[BODY + i]);
  return SHERD_OK;
}

void sherd__slots_write(const struct sherd__slots *slots, const uint64_t *body) {
  uint64_t first = generation_of(slots, 0), second = generation_of(slots, 1);
  int which = first > second;
  _Atomic uint64_t *slot = slots->slot[which];
  sherd__word_put(&slot[CHECK], WRITING);
  sherd__word_put(&slot[GENERATION], (first > second ? first : second) + 1);
  for (size_t i = 0; i < slots->words; i++)
    sherd__word_put(&slot[BODY + i], body[i]);
  sherd__word_put(&slot[CHECK], check_of(slots, which));
  if (!slots->keeps_older && sherd__word_get(&slots->slot[!which][CHECK]) != UNUSED)
    sherd__word_put(&slots->slot[!which][CHECK], SPENT);
}
