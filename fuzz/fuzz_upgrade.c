/* The HTTP upgrade's response. Properties: how it is cut changes nothing; only 101 with the right
 * accept is good; what is taken is within the limit, and what follows the header is left. */
#include "engine/upgrade.h"
#include "fuzz.h"

struct answer {
  enum sherd_status status;
  bool done;
  uint16_t http_status;
  size_t used;
};

/* RFC 6455's example, so that a response may hold the accept that it shows. */
static void sample_nonce(void *ctx, void *out, size_t len) {
  (void)ctx;
  FUZZ_CHECK(len == 16);
  memcpy(out, "the sample nonce", 16);
}

static struct answer ask(struct sherd_bytes stream, uint8_t how) {
  static const struct sherd__random random = {sample_nonce, NULL};
  struct sherd__upgrade upgrade;
  struct sherd_buf request;
  sherd__buf_init(&request, sherd_allocator_default());
  sherd__upgrade_init(&upgrade, sherd_allocator_default());
  FUZZ_CHECK(sherd__upgrade_request(&upgrade, "::1", 1, true, "/", &random, &request) == SHERD_OK);
  struct answer answer = {0};
  struct fuzz_cuts cuts = fuzz_cuts_from(how);
  while (stream.len && !answer.status && !answer.done) {
    struct sherd_bytes piece = fuzz_piece(&cuts, &stream);
    size_t used;
    answer.status = sherd__upgrade_feed(&upgrade, piece, &used, &answer.done);
    FUZZ_CHECK(used <= piece.len);
    FUZZ_CHECK(answer.status || answer.done || used == piece.len);
    answer.used += used;
    fuzz_piece_free(piece);
  }
  answer.http_status = upgrade.http_status;
  FUZZ_CHECK(upgrade.line.cap <= 2 * SHERD__UPGRADE_BYTES_MAX);
  sherd__upgrade_deinit(&upgrade);
  sherd__buf_deinit(&request);
  return answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes input = {data, size};
  uint8_t how = fuzz_byte(&input);
  struct answer whole = ask(input, 0), cut = ask(input, how);
  FUZZ_CHECK(whole.status == cut.status && whole.done == cut.done);
  FUZZ_CHECK(whole.http_status == cut.http_status);
  FUZZ_CHECK(whole.used <= SHERD__UPGRADE_BYTES_MAX);
  if (whole.status == SHERD_EUPGRADE)
    FUZZ_CHECK(whole.http_status >= 100 && whole.http_status != 101);
  if (!whole.done)
    return 0;
  FUZZ_CHECK(whole.status == SHERD_OK && whole.http_status == 101 && whole.used == cut.used);
  FUZZ_CHECK(memmem(input.data, whole.used, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28) != NULL);
  FUZZ_CHECK(memcmp(input.data + whole.used - 4, "\r\n\r\n", 4) == 0);
  FUZZ_CHECK(memmem(input.data, whole.used - 1, "\r\n\r\n", 4) == NULL);
  return 0;
}
