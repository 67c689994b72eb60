#include "sink/cursor.h"

void sherd__cursor_begin(struct sherd__cursor *cursor, const struct sherd_allocator *allocator,
                         const struct sherd__place *at) {
  *cursor = (struct sherd__cursor){.given = *at, .taken = *at};
  cursor->filter.allocator = cursor->marks.allocator = allocator;
}

void sherd__cursor_deinit(struct sherd__cursor *cursor) {
  sherd__filter_deinit(&cursor->filter);
  sherd__marks_deinit(&cursor->marks);
}

/* Whether the consumer has taken it before, maybe in another process. */
static bool was_taken(const struct sherd__cursor *cursor, const struct sherd__record *record) {
  if (!record->has_seq || !record->tag)
    return false;
  const struct sherd__mark *mark = sherd__marks_at(&cursor->marks, record->set, record->shard_id);
  return mark && mark->tag == record->tag && record->seq <= mark->seq;
}

/* Lines that it is not shown are counted, unless nobody is shown them. */
static bool is_shown(struct sherd__cursor *cursor, const struct sherd__record *record) {
  if (record->is_shadow || record->line_len == 0)
    return false;
  bool shown = !was_taken(cursor, record) && sherd__filter_wants(&cursor->filter, record);
  cursor->skipped += !shown;
  return shown;
}

const struct sherd__record *sherd__cursor_give(struct sherd__cursor *cursor,
                                               const struct sherd__place *end) {
  const struct sherd__record *record;
  while ((record = sherd__place_next(&cursor->given, end)))
    if (is_shown(cursor, record)) {
      cursor->shown_n = record->n;
      cursor->sent++;
      return record;
    }
  return NULL;
}

enum sherd_status sherd__cursor_ack(struct sherd__cursor *cursor, uint64_t n) {
  if (n > cursor->shown_n || n < cursor->said_n)
    return SHERD_ERANGE;
  cursor->said_n = n;
  if (n > cursor->acked_n)
    cursor->acked_n = n;
  return SHERD_OK;
}

const struct sherd__record *sherd__cursor_take(struct sherd__cursor *cursor,
                                               const struct sherd__place *end) {
  bool has_all = cursor->acked_n == cursor->shown_n;
  uint64_t until_n = has_all ? cursor->given.n : cursor->acked_n;
  return cursor->taken.n < until_n ? sherd__place_next(&cursor->taken, end) : NULL;
}

void sherd__cursor_rewind(struct sherd__cursor *cursor) {
  cursor->given = cursor->taken;
  cursor->shown_n = cursor->acked_n;
  cursor->said_n = 0;
}

void sherd__cursor_drop(struct sherd__cursor *cursor, const struct sherd__place *end,
                        uint64_t keep_bytes) {
  struct sherd__place floor = cursor->taken;
  while (end->bytes - floor.bytes > keep_bytes && sherd__place_next(&floor, end))
    ;
  while (cursor->given.n < floor.n) {
    const struct sherd__record *record = sherd__place_next(&cursor->given, end);
    if (!is_shown(cursor, record))
      continue;
    cursor->dropped++;
    cursor->missed_events++;
    cursor->missed_bytes += record->line_len;
  }
  /* The last that counts as taken may be one that was never shown. */
  if (cursor->acked_n < floor.n)
    cursor->acked_n = floor.n;
  if (cursor->shown_n < floor.n)
    cursor->shown_n = floor.n;
}
