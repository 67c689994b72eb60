/* zlib-stream: bytes as they come from a stranger, and streams that zlib made. */
#include "deflate.h"
#include "inflate.h"

/* What zlib itself makes of the stream with all the room it wants, when that is not too much. */
static void compare_with_zlib(struct sherd_bytes stream, struct sherd_bytes out, size_t limit) {
  z_stream zlib = {0};
  uint8_t *plain = malloc(limit + 1);
  FUZZ_CHECK(plain && inflateInit(&zlib) == Z_OK);
  zlib.next_in = stream.data;
  zlib.avail_in = (uInt)stream.len;
  zlib.next_out = plain;
  zlib.avail_out = (uInt)limit + 1;
  inflate(&zlib, Z_SYNC_FLUSH);
  FUZZ_CHECK(fuzz_equal(out, (struct sherd_bytes){plain, limit + 1 - zlib.avail_out}));
  inflateEnd(&zlib);
  free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes input = {data, size};
  uint8_t how = fuzz_byte(&input);
  size_t limit = (size_t)fuzz_number(&input, 2);
  struct sherd_buf out;
  if (fuzz_inflate_cut(SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM, input, how, limit, SHERD_EZLIB,
                       &out))
    compare_with_zlib(input, sherd__buf_bytes(&out), limit);
  sherd__buf_deinit(&out);

  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  struct sherd_bytes choices = fuzz_take(&input, 32);
  fuzz_deflate(input, &choices, Z_SYNC_FLUSH, &wire);
  fuzz_inflate_good(SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM, sherd__buf_bytes(&wire), input, how,
                    SHERD_EZLIB);
  sherd__buf_deinit(&wire);
  return 0;
}
