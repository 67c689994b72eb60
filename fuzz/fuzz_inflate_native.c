/* Our own inflater against zlib's: bytes as they come from a stranger, streams that zlib made, and
 * streams that no compressor would make, each cut as told. */
#include "../tests/support/inflate_twins.h"
#include "../tests/support/random_deflate.h"
#include "deflate.h"

static void compare(struct sherd_bytes stream, bool per_message, uint8_t how, size_t limit) {
  struct inflate_twins twins;
  struct fuzz_cuts cuts = fuzz_cuts_from(how);
  enum sherd_status status = SHERD_OK;
  bool is_first = true;
  inflate_twins_init(&twins, per_message);
  do {
    struct sherd_bytes piece = {NULL, 0};
    if (stream.len)
      piece = fuzz_piece(&cuts, &stream);
    status = inflate_twins_feed(&twins, piece, is_first, stream.len == 0, limit);
    fuzz_piece_free(piece);
    is_first = false;
  } while (stream.len && !status);
  inflate_twins_deinit(&twins);
}

/* What a stranger may have done to a good stream on the way. */
static void damage(struct sherd_buf *wire, struct sherd_bytes *choices) {
  size_t at = (size_t)fuzz_number(choices, 2);
  if (wire->len)
    wire->data[at % wire->len] ^= fuzz_byte(choices);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes input = {data, size};
  uint8_t kind = fuzz_byte(&input), how = fuzz_byte(&input);
  bool per_message = kind & 1;
  size_t limit = kind & 2 ? (size_t)fuzz_number(&input, 2) : (size_t)1 << 24;
  struct sherd_bytes choices = fuzz_take(&input, kind & 4 ? 32 : 3);
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  if (kind >> 4 == 0) {
    fuzz_append(&wire, "\x78\x9c", 2);
    if (input.len)
      fuzz_append(&wire, input.data, input.len);
  } else if (kind >> 4 < 4) {
    fuzz_deflate(input, &choices, per_message ? Z_FINISH : Z_SYNC_FLUSH, &wire);
  } else {
    struct random_dice dice = {.input = &input};
    random_deflate(&dice, &wire);
  }
  if (kind & 8)
    damage(&wire, &choices);
  compare(sherd__buf_bytes(&wire), per_message, how, limit);
  sherd__buf_deinit(&wire);
  return 0;
}
