#include "fleet/store_slots.h"

#define NONE (-1)

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

static bool is_whole(const struct sherd__slots *slots, int which) {
  return sherd__word_get(&slots->slot[which][CHECK]) == check_of(slots, which);
}

/* Which slot counts; NONE when neither does. */
static int find(const struct sherd__slots *slots) {
  bool first = is_whole(slots, 0), second = is_whole(slots, 1);
  if (!first || !second)
    return first ? 0 : second ? 1 : NONE;
  /* Whatever numbers a file may have: the one that follows the other, round the end too. */
  uint64_t ahead =
      sherd__word_get(&slots->slot[1][GENERATION]) - sherd__word_get(&slots->slot[0][GENERATION]);
  return ahead > 0 && ahead <= INT64_MAX;
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
  int which = find(slots);
  if (which == NONE)
    return is_blank(slots) ? SHERD_ENOTFOUND : SHERD_ESTOREDAMAGED;
  for (size_t i = 0; i < slots->words; i++)
    body[i] = sherd__word_get(&slots->slot[which][BODY + i]);
  return SHERD_OK;
}

void sherd__slots_write(const struct sherd__slots *slots, const uint64_t *body) {
  int old = find(slots), new = old == 0;
  uint64_t generation = old == NONE ? 0 : sherd__word_get(&slots->slot[old][GENERATION]);
  _Atomic uint64_t *slot = slots->slot[new];
  sherd__word_put(&slot[CHECK], WRITING);
  sherd__word_put(&slot[GENERATION], generation + 1);
  for (size_t i = 0; i < slots->words; i++)
    sherd__word_put(&slot[BODY + i], body[i]);
  sherd__word_put(&slot[CHECK], check_of(slots, new));
  if (!slots->keeps_older && sherd__word_get(&slots->slot[!new][CHECK]) != UNUSED)
    sherd__word_put(&slots->slot[!new][CHECK], SPENT);
}
