/* The envelope scan, in both formats. Properties: it finds what the view finds; of a document cut
 * short it wants more; what it notes of `d` changes no walk; where a good document ends is found in
 * pieces too. */
#include <sherd/value.h>

#include "../tests/unit/walk_agreement.h"
#include "fuzz.h"
#include "payload/boundary.h"
#include "payload/envelope.h"

static void check_members(enum sherd_data_format format, struct sherd_bytes in,
                          const struct sherd__envelope *envelope) {
  struct sherd_value document;
  FUZZ_CHECK(sherd_value_open(format, in.data, envelope->size, &document) == SHERD_OK);
  uint64_t op, seq;
  FUZZ_CHECK(sherd_value_as_u64(sherd_value_get(document, "op"), &op) == SHERD_OK);
  FUZZ_CHECK(op == envelope->op);
  struct sherd_value s = sherd_value_get(document, "s");
  FUZZ_CHECK(envelope->has_seq == (sherd_value_type(s) != SHERD_VALUE_NULL));
  if (envelope->has_seq)
    FUZZ_CHECK(sherd_value_as_u64(s, &seq) == SHERD_OK && seq == envelope->seq);
  struct sherd_value t = sherd_value_get(document, "t"), d = sherd_value_get(document, "d");
  FUZZ_CHECK(sherd_value_exists(t) == sherd_value_exists(envelope->name));
  FUZZ_CHECK(sherd_value_type(t) == sherd_value_type(envelope->name));
  FUZZ_CHECK(sherd_value_exists(d) == sherd_value_exists(envelope->data));
  FUZZ_CHECK(sherd_value_type(d) == sherd_value_type(envelope->data));
  struct sherd_bytes in_place, found;
  if (sherd_value_raw(d, &in_place) == SHERD_OK)
    FUZZ_CHECK(sherd_value_raw(envelope->data, &found) == SHERD_OK && found.data == in_place.data &&
               found.len == in_place.len);
}

/* The first `len` bytes, in memory of their own. */
static enum sherd_status scan_copy(enum sherd_data_format format, struct sherd_bytes in, size_t len,
                                   struct sherd__envelope *out) {
  uint8_t *copy = malloc(len ? len : 1);
  FUZZ_CHECK(copy != NULL);
  if (len)
    memcpy(copy, in.data, len);
  size_t fault = 0;
  enum sherd_status status =
      sherd__envelope_scan(format, (struct sherd_bytes){copy, len}, NULL, out, &fault);
  FUZZ_CHECK(status == SHERD_OK || fault <= len);
  free(copy);
  return status;
}

static void check_boundary(enum sherd_data_format format, struct sherd_bytes document, size_t end,
                           uint8_t how) {
  struct sherd__boundary boundary;
  struct fuzz_cuts cuts = fuzz_cuts_from(how);
  sherd__boundary_init(&boundary, format);
  size_t total = 0, used;
  bool found = false;
  while (document.len && !found) {
    struct sherd_bytes piece = fuzz_piece(&cuts, &document);
    found = sherd__boundary_feed(&boundary, piece, &used);
    FUZZ_CHECK(used <= piece.len && (found || used == piece.len));
    total += used;
    fuzz_piece_free(piece);
  }
  FUZZ_CHECK(found && total == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct sherd__extents extents;
  struct sherd_bytes input = {data, size};
  if (!extents.allocator)
    sherd__extents_init(&extents, sherd_allocator_default());
  uint8_t how = fuzz_byte(&input);
  enum sherd_data_format format = fuzz_byte(&input) % 2 ? SHERD_FORMAT_ETF : SHERD_FORMAT_JSON;
  size_t cut = (size_t)fuzz_number(&input, 2);
  struct sherd__envelope envelope, other;
  size_t fault = 0;
  enum sherd_status status = sherd__envelope_scan(format, input, &extents, &envelope, &fault);
  FUZZ_CHECK(status == scan_copy(format, input, input.len, &other));
  if (status) {
    FUZZ_CHECK(fault <= input.len);
    return 0;
  }
  FUZZ_CHECK(envelope.size <= input.len);
  check_members(format, input, &envelope);
  FUZZ_CHECK(walk_agrees(envelope.data));

  size_t end = envelope.size;
  while (format == SHERD_FORMAT_JSON && strchr(" \t\r\n", input.data[end - 1]))
    end--;
  FUZZ_CHECK(scan_copy(format, input, cut % end, &other) == SHERD_ETRUNCATED);
  if (sherd_value_validate(format, input.data, envelope.size, NULL) == SHERD_OK)
    check_boundary(format, input, end, how);
  return 0;
}
