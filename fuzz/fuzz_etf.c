/* The ETF view. Properties: the strict check, a walk and a copy agree on what is good; the JSON of
 * a good document says the same. */
#include "../tests/unit/view_agreement.h"
#include "payload/etf.h"
#include "values.h"

#define LIMIT_BYTES 65536

static void check_plain(const uint8_t *data, size_t size) {
  bool valid;
  FUZZ_CHECK(view_agrees(SHERD_FORMAT_ETF, data, size, &valid));
  if (!valid)
    return;
  struct sherd_value etf = fuzz_open(SHERD_FORMAT_ETF, data, size);
  size_t len;
  char *json = fuzz_to_json(etf, &len);
  fuzz_agree(fuzz_open(SHERD_FORMAT_JSON, json, len), etf);
  free(json);
}

/* A view is opened on what is in it, within the limit; and it is good when that is. */
static void check_compressed(struct sherd_bytes document) {
  struct sherd_buf plain;
  size_t used = 0;
  sherd__buf_init(&plain, sherd_allocator_default());
  if (sherd__etf_expand(document, LIMIT_BYTES, &plain, &used) == SHERD_OK) {
    FUZZ_CHECK(plain.len <= LIMIT_BYTES && used <= document.len);
    FUZZ_CHECK((sherd_value_validate(SHERD_FORMAT_ETF, document.data, used, NULL) == SHERD_OK) ==
               (sherd_value_validate(SHERD_FORMAT_ETF, plain.data, plain.len, NULL) == SHERD_OK));
    check_plain(plain.data, plain.len);
  } else {
    FUZZ_CHECK(plain.len == 0);
  }
  sherd__buf_deinit(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes document = {data, size};
  if (sherd__etf_is_compressed(document))
    check_compressed(document);
  else
    check_plain(data, size);
  return 0;
}
