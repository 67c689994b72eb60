#include "payload/etf.h"

/* A list or a map that is open. */
struct frame {
  uint64_t left; /* terms still to come, a list's tail among them */
  bool is_map, has_tail;
};

/* Reads the next term in `frame`; a list's tail gives one without terms in it. */
static inline enum sherd_status read_next(struct frame *frame, const uint8_t **at,
                                          const uint8_t *end, unsigned depth,
                                          struct sherd__etf_term *out) {
  frame->left--;
  if (frame->is_map && frame->left % 2)
    return sherd__etf_read_key(at, end, depth, out);
  if (!frame->has_tail || frame->left)
    return sherd__etf_read(at, end, depth, out);
  out->terms = 0;
  return sherd__etf_read_tail(at, end);
}

/* One pass, a head at a time, no recursion. */
enum sherd_status sherd__etf_skip_noting(const uint8_t **at, const uint8_t *end, unsigned depth,
                                         struct sherd__extent_notes *notes) {
  struct frame around[SHERD_VALUE_DEPTH_MAX], frame = {.left = 1};
  const uint8_t *start = *at;
  for (unsigned open = 0;;) {
    struct sherd__etf_term term;
    const uint8_t *head = *at;
    enum sherd_status status = read_next(&frame, at, end, depth + open, &term);
    if (status)
      return status;
    if (term.terms) {
      around[open++] = frame;
      frame = (struct frame){.left = term.terms,
                             .is_map = term.kind == SHERD__ETF_KIND_MAP,
                             .has_tail = term.tag == SHERD__ETF_LIST};
      if (sherd__extents_have_room(notes, 1))
        sherd__extents_note(notes, true, (uint32_t)(head - start));
    }
    for (; frame.left == 0; frame = around[--open]) {
      if (open == 0)
        return SHERD_OK;
      if (notes->all)
        sherd__extents_note(notes, false, (uint32_t)(*at - start));
    }
  }
}

enum sherd_status sherd__etf_skip(const uint8_t **at, const uint8_t *end, unsigned depth) {
  struct sherd__extent_notes none = {0};
  return sherd__etf_skip_noting(at, end, depth, &none);
}
