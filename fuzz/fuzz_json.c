/* The JSON view. Properties: the strict check, a walk and a copy agree on what is good; a good
 * document says the same when it is written as ETF, and when that is written as JSON again. */
#include "../tests/unit/etf_of_json.h"
#include "../tests/unit/view_agreement.h"
#include "values.h"

/* Whether ETF can hold all of its numbers. */
static bool fits_etf(struct sherd_value value) {
  double number;
  if (sherd_value_type(value) == SHERD_VALUE_NUMBER)
    return sherd_value_as_f64(value, &number) == SHERD_OK;
  struct sherd_value_iter iter = sherd_value_iterate(value);
  struct sherd_value item;
  while (sherd_value_next(&iter, NULL, &item))
    if (!fits_etf(item))
      return false;
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  bool valid;
  FUZZ_CHECK(view_agrees(SHERD_FORMAT_JSON, data, size, &valid));
  if (!valid)
    return 0;
  struct sherd_value json = fuzz_open(SHERD_FORMAT_JSON, data, size);
  if (!fits_etf(json))
    return 0;
  struct sherd_buf buf;
  sherd__buf_init(&buf, sherd_allocator_default());
  fuzz_append(&buf, "\x83", 1);
  etf_of_json(json, KEYS_BINARY, &buf);
  FUZZ_CHECK(view_agrees(SHERD_FORMAT_ETF, buf.data, buf.len, &valid) && valid);
  struct sherd_value etf = fuzz_open(SHERD_FORMAT_ETF, buf.data, buf.len);
  fuzz_agree(json, etf);
  size_t len;
  char *again = fuzz_to_json(etf, &len);
  fuzz_agree(fuzz_open(SHERD_FORMAT_JSON, again, len), etf);
  free(again);
  sherd__buf_deinit(&buf);
  return 0;
}
