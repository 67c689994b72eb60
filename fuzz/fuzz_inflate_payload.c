/* Payload zlib: bytes as they come from a stranger, and whole streams that zlib made. */
#include "deflate.h"
#include "inflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes input = {data, size};
  uint8_t how = fuzz_byte(&input);
  size_t limit = (size_t)fuzz_number(&input, 2);
  struct sherd_buf out;
  if (fuzz_inflate_cut(SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM, input, how, limit, SHERD_EZLIB,
                       &out)) {
    uint8_t *plain = malloc(limit + 1);
    uLongf len = limit + 1;
    FUZZ_CHECK(plain && uncompress(plain, &len, input.data, input.len) == Z_OK);
    FUZZ_CHECK(fuzz_equal(sherd__buf_bytes(&out), (struct sherd_bytes){plain, len}));
    free(plain);
  }
  sherd__buf_deinit(&out);

  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  struct sherd_bytes choices = fuzz_take(&input, 32);
  fuzz_deflate(input, &choices, Z_FINISH, &wire);
  fuzz_inflate_good(SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM, sherd__buf_bytes(&wire), input, how,
                    SHERD_EZLIB);
  sherd__buf_deinit(&wire);
  return 0;
}
