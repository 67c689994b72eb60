/* The ETF view. Properties: the strict check, a walk and a copy agree on what is good; the JSON of
 * a good document says the same. */
#include "../tests/unit/view_agreement.h"
#include "payload/etf.h"
#include "values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  bool valid;
  struct sherd_bytes document = {data, size};
  if (sherd__etf_is_compressed(document)) { /* a view is opened on what is in it */
    struct sherd_buf plain;
    sherd__buf_init(&plain, sherd_allocator_default());
    if (sherd__etf_expand(document, 1 << 20, &plain) == SHERD_OK)
      LLVMFuzzerTestOneInput(plain.data, plain.len);
    FUZZ_CHECK(plain.len <= (1 << 20) + 1);
    sherd__buf_deinit(&plain);
    return 0;
  }
  FUZZ_CHECK(view_agrees(SHERD_FORMAT_ETF, data, size, &valid));
  if (!valid)
    return 0;
  struct sherd_value etf = fuzz_open(SHERD_FORMAT_ETF, data, size);
  size_t len;
  char *json = fuzz_to_json(etf, &len);
  fuzz_agree(fuzz_open(SHERD_FORMAT_JSON, json, len), etf);
  free(json);
  return 0;
}
