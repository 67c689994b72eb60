#include "fleet/store_mark.h"

/* What a cell is worth to who asks for a session's mark. */
struct reading {
  enum {
    NOTHING,
    OF_ANOTHER, /* session: until this one has a mark it may be the one that is kept */
    OF_THIS
  } worth;
  uint64_t seq;
};

static uint64_t check_of(uint64_t key, uint64_t tag, uint64_t seq) {
  return sherd__check_end(sherd__check_add(sherd__check_add(key, tag), seq));
}

static struct reading take(const struct sherd__mark_cell *cell, uint64_t key, uint64_t tag) {
  struct reading reading = {NOTHING, sherd__word_get(&cell->seq)};
  uint64_t its_tag = sherd__word_get(&cell->tag);
  if (sherd__word_get(&cell->check) == check_of(key, its_tag, reading.seq))
    reading.worth = its_tag == tag ? OF_THIS : OF_ANOTHER;
  return reading;
}

static bool is_better(struct reading a, struct reading b) {
  return a.worth != b.worth ? a.worth > b.worth : a.seq > b.seq;
}

bool sherd__mark_read(const struct sherd__mark *mark, uint64_t key, uint64_t tag, uint64_t *seq) {
  struct reading first = take(&mark->cells[0], key, tag), second = take(&mark->cells[1], key, tag);
  struct reading best = is_better(first, second) ? first : second;
  *seq = best.worth == OF_THIS ? best.seq : 0;
  return best.worth == OF_THIS;
}

void sherd__mark_write(struct sherd__mark *mark, uint64_t key, uint64_t tag, uint64_t seq) {
  struct reading first = take(&mark->cells[0], key, tag), second = take(&mark->cells[1], key, tag);
  bool first_is_best = is_better(first, second);
  struct reading best = first_is_best ? first : second;
  if (best.worth == OF_THIS && best.seq >= seq)
    return;
  struct sherd__mark_cell *cell = &mark->cells[first_is_best];
  sherd__word_put(&cell->check, 0); /* a cell that is half written counts for nothing */
  sherd__word_put(&cell->tag, tag);
  sherd__word_put(&cell->seq, seq);
  sherd__word_put(&cell->check, check_of(key, tag, seq));
}
