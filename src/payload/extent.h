/* How long the lists and objects of a document are, so that a walk steps over one at once.
 *
 * The scan of an envelope goes through all of `d` anyway, and notes an extent for each list and
 * object in the order in which they open. A walk meets them in the same order: the first one inside
 * has the next extent, and the next one after it is `count` further. Nothing in them is tied to a
 * place in memory, so that they hold for a copy of the bytes too; and they end with those bytes. */
#ifndef SHERD_PAYLOAD_EXTENT_H
#define SHERD_PAYLOAD_EXTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>

struct sherd__extent {
  uint32_t bytes; /* from its first byte to after its last; while it is open: where it begins */
  uint32_t count; /* of it and all that are in it; while it is open: the one around it */
};

/* Where extents are kept, those of one document at a time. */
struct sherd__extents {
  const struct sherd_allocator *allocator;
  struct sherd__extent *all;
  size_t cap;
};

void sherd__extents_init(struct sherd__extents *extents, const struct sherd_allocator *allocator);

/* Frees the memory; they can be used again. */
void sherd__extents_deinit(struct sherd__extents *extents);

/* The noting of one document's. */
struct sherd__extent_notes {
  struct sherd__extent *all; /* NULL: they are not noted, or no more */
  uint32_t room, count;
  uint32_t open; /* the innermost that is open */
};

/* Begins with a document of `len` bytes, whose extents take no more memory than 4 KiB or it does.
 * `extents` may be NULL: nothing is noted then, as when there is no memory. What was noted before
 * is lost. */
struct sherd__extent_notes sherd__extents_begin(struct sherd__extents *extents, size_t len);

/* Whether `more` can be noted. When not, nothing is from now on. */
static inline bool sherd__extents_have_room(struct sherd__extent_notes *notes, uint32_t more) {
  if (notes->all && notes->room - notes->count < more)
    notes->all = NULL;
  return notes->all != NULL;
}

/* Notes that a list or an object opens at this offset, or that the innermost ends before it.
 * Without a branch: which of the two it is, nobody can foretell. */
static inline void sherd__extents_note(struct sherd__extent_notes *notes, bool opens,
                                       uint32_t offset) {
  uint32_t if_opens = UINT32_C(0) - opens;
  uint32_t at = notes->open ^ ((notes->open ^ notes->count) & if_opens);
  struct sherd__extent *extent = &notes->all[at];
  uint32_t begin = extent->bytes & ~if_opens, around = extent->count & ~if_opens;
  extent->bytes = offset - begin;
  extent->count = ((notes->count - at) & ~if_opens) | (notes->open & if_opens);
  notes->open = around | (notes->count & if_opens);
  notes->count += opens;
}

#endif
