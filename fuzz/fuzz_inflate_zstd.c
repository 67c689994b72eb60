/* zstd-stream: bytes as they come from a stranger, and streams that libzstd made; ours against
 * libzstd's own decoder. */
#include <zstd.h>

#include "../tests/support/zstd_twins.h"
#include "inflate.h"

static void compress_piece(ZSTD_CCtx *context, struct sherd_bytes piece, ZSTD_EndDirective end,
                           struct sherd_buf *wire) {
  ZSTD_inBuffer in = {piece.data, piece.len, 0};
  size_t left;
  do {
    uint8_t chunk[1024];
    ZSTD_outBuffer out = {chunk, sizeof chunk, 0};
    left = ZSTD_compressStream2(context, &out, &in, end);
    FUZZ_CHECK(!ZSTD_isError(left));
    fuzz_append(wire, chunk, out.pos);
  } while (in.pos < in.size || (left && end != ZSTD_e_continue));
}

static void compress(struct sherd_bytes plain, struct sherd_bytes *choices,
                     struct sherd_buf *wire) {
  static ZSTD_CCtx *context; /* one for all: to get its memory takes longer than the rest */
  if (!context)
    context = ZSTD_createCCtx();
  FUZZ_CHECK(context != NULL);
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, fuzz_byte(choices) % 6);
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 10 + fuzz_byte(choices) % 8);
  do {
    struct sherd_bytes piece = fuzz_take(&plain, 1 + (size_t)fuzz_byte(choices) * 8);
    bool flushes = plain.len == 0 || fuzz_byte(choices) % 2;
    compress_piece(context, piece, flushes ? ZSTD_e_flush : ZSTD_e_continue, wire);
  } while (plain.len);
}

static void compare(struct sherd_bytes stream, bool is_damaged, uint8_t how) {
  struct zstd_twins twins;
  struct fuzz_cuts cuts = fuzz_cuts_from(how);
  enum sherd_status status = SHERD_OK;
  zstd_twins_init(&twins, is_damaged);
  while (stream.len && !status) {
    struct sherd_bytes piece = fuzz_piece(&cuts, &stream);
    status = zstd_twins_feed(&twins, piece, (size_t)1 << 24);
    fuzz_piece_free(piece);
  }
  zstd_twins_deinit(&twins);
}

/* What a stranger may have done to a good stream on the way. */
static void damage(struct sherd_buf *wire, struct sherd_bytes *choices) {
  size_t at = (size_t)fuzz_number(choices, 2);
  if (wire->len)
    wire->data[at % wire->len] ^= fuzz_byte(choices);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes input = {data, size};
  uint8_t how = fuzz_byte(&input);
  size_t limit = (size_t)fuzz_number(&input, 2);
  struct sherd_buf out;
  fuzz_inflate_cut(SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM, input, how, limit, SHERD_EZSTD, &out);
  sherd__buf_deinit(&out);
  compare(input, true, how);

  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  struct sherd_bytes choices = fuzz_take(&input, 32);
  compress(input, &choices, &wire);
  fuzz_inflate_good(SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM, sherd__buf_bytes(&wire), input, how,
                    SHERD_EZSTD);
  compare(sherd__buf_bytes(&wire), false, how);
  damage(&wire, &choices);
  compare(sherd__buf_bytes(&wire), true, how);
  sherd__buf_deinit(&wire);
  return 0;
}
