#include "engine/inflate_zstd_literals.h"

#include <string.h>

#include "base/mem.h"
#include "engine/inflate_zstd_bits.h"

#define WEIGHTS_MAX   255 /* that are told: the last byte's is not */
#define WEIGHT_MAX    SHERD__ZSTD_HUFFMAN_LOG_MAX
#define JUMPS_BYTES   6 /* the lengths of three of the four streams */
#define AT_ONCE       5 /* codes of 11 bits in the 57 that a fill gives */
#define LITERALS_FOUR 6 /* the fewest that are told in four streams, as libzstd has it */

enum kind {
  KIND_RAW,
  KIND_RUN,
  KIND_CODED,
  KIND_CODED_AGAIN /* by the code of the block before */
};

struct head {
  enum kind kind;
  size_t len;       /* of the literals */
  size_t coded_len; /* of what they are decoded from */
  bool has_four;    /* streams */
};

/* --- From weights to a table --- */

static void add_weight(struct sherd__zstd_literals_work *work, unsigned weight, unsigned byte) {
  work->lists[weight][work->counts[weight]++] = (uint8_t)byte;
}

/* A byte of weight w has a code of log + 1 - w bits. Writes its entry to all indexes that begin
 * with it; 4 at a time, for the next one writes over what is too much. */
static uint16_t *fill(uint16_t *to, uint16_t entry, unsigned weight) {
  unsigned len = 1u << (weight - 1);
  uint64_t four = entry * UINT64_C(0x0001000100010001);
  for (unsigned i = 0; i < len; i += 4)
    memcpy(to + i, &four, sizeof four);
  return to + len;
}

static void make_table(struct sherd__zstd_literals_work *work) {
  const unsigned log = work->log;
  uint16_t *to = work->table;
  for (unsigned weight = 1; weight <= log; weight++) {
    unsigned bits = log + 1 - weight;
    for (unsigned i = 0; i < work->counts[weight]; i++)
      to = fill(to, (uint16_t)((unsigned)work->lists[weight][i] << 8 | bits), weight);
  }
}

/* Works out the weight that is not told, of the byte `last`: it makes the code whole. False
 * for weights that are no code. */
static bool complete(struct sherd__zstd_literals_work *work, unsigned last) {
  uint32_t used = 0;
  for (unsigned weight = 1; weight <= WEIGHT_MAX; weight++)
    used += work->counts[weight] << (weight - 1);
  if (!used)
    return false;
  work->log = sherd__zstd_high_bit(used) + 1;
  uint32_t rest = (1u << work->log) - used;
  if (work->log > WEIGHT_MAX || rest & (rest - 1))
    return false;
  add_weight(work, sherd__zstd_high_bit(rest) + 1, last);
  return work->counts[1] >= 2;
}

/* --- From bits to weights --- */

static const struct sherd__zstd_state weight_values[WEIGHT_MAX + 1] = {
    {0, 0, 0, 0}, {1, 0, 0, 0}, {2, 0, 0, 0}, {3, 0, 0, 0}, {4, 0, 0, 0},  {5, 0, 0, 0},
    {6, 0, 0, 0}, {7, 0, 0, 0}, {8, 0, 0, 0}, {9, 0, 0, 0}, {10, 0, 0, 0}, {11, 0, 0, 0}};

/* Adds a state's weight, and goes on to the next state. */
static inline const struct sherd__zstd_state *take_weight(struct sherd__zstd_literals_work *work,
                                                          struct sherd__zstd_bits *bits,
                                                          const struct sherd__zstd_state *state,
                                                          unsigned byte) {
  add_weight(work, state->base, byte);
  return work->states + state->next + sherd__zstd_bits_take(bits, state->bits);
}

/* Two states in turn give the weights. The bits end where a state has none to go on with: then the
 * other one gives the last weight. Gives their number, or 0 when there are too many. */
static unsigned take_weights(struct sherd__zstd_literals_work *work,
                             const struct sherd__zstd_bits *bits,
                             const struct sherd__zstd_state *now,
                             const struct sherd__zstd_state *other) {
  struct sherd__zstd_bits b = *bits; /* here, so that it stays in registers */
  unsigned byte = 0;
  for (; b.left >= 4 * SHERD__ZSTD_WEIGHTS_LOG_MAX && byte <= WEIGHTS_MAX - 5; byte += 4) {
    now = take_weight(work, &b, now, byte);
    other = take_weight(work, &b, other, byte + 1);
    now = take_weight(work, &b, now, byte + 2);
    other = take_weight(work, &b, other, byte + 3);
    sherd__zstd_bits_fill(&b);
  }
  for (; byte <= WEIGHTS_MAX - 2; byte++) {
    const struct sherd__zstd_state *next = take_weight(work, &b, now, byte);
    sherd__zstd_bits_fill(&b);
    if (sherd__zstd_bits_are_over(&b)) {
      add_weight(work, other->base, byte + 1);
      return byte + 2;
    }
    now = other;
    other = next;
  }
  return 0;
}

static enum sherd_status decode_weights(struct sherd_bytes in,
                                        struct sherd__zstd_literals_work *work, unsigned *count) {
  struct sherd__zstd_counts counts;
  struct sherd__zstd_bits bits;
  if (sherd__zstd_counts_read(&in, WEIGHT_MAX + 1, SHERD__ZSTD_WEIGHTS_LOG_MAX, &counts) ||
      !sherd__zstd_bits_init(&bits, in))
    return SHERD_EZSTD;
  sherd__zstd_states_make(&counts, weight_values, work->states);
  const struct sherd__zstd_state *first = work->states + sherd__zstd_bits_take(&bits, counts.log);
  const struct sherd__zstd_state *second = work->states + sherd__zstd_bits_take(&bits, counts.log);
  sherd__zstd_bits_fill(&bits);
  if (sherd__zstd_bits_are_over(&bits))
    return SHERD_EZSTD;
  *count = take_weights(work, &bits, first, second);
  return *count ? SHERD_OK : SHERD_EZSTD;
}

/* The weights as they are, two in a byte, the first one in its upper half. */
static enum sherd_status copy_weights(struct sherd_bytes in, unsigned count,
                                      struct sherd__zstd_literals_work *work) {
  for (unsigned byte = 0; byte < count; byte++) {
    unsigned weight = in.data[byte / 2] >> (byte % 2 ? 0 : 4) & 15;
    if (weight > WEIGHT_MAX)
      return SHERD_EZSTD;
    add_weight(work, weight, byte);
  }
  return SHERD_OK;
}

/* How long the description of a code is, by its first byte. */
static size_t told_len(uint8_t first) {
  return 1 + (first > 127 ? (first - 127u + 1) / 2 : first);
}

static enum sherd_status make_code(struct sherd_bytes told,
                                   struct sherd__zstd_literals_work *work) {
  bool is_plain = told.data[0] > 127;
  unsigned count = told.data[0] - 127u;
  struct sherd_bytes weights = {told.data + 1, told.len - 1};
  memset(work->counts, 0, sizeof work->counts);
  enum sherd_status status =
      is_plain ? copy_weights(weights, count, work) : decode_weights(weights, work, &count);
  if (status)
    return status;
  if (!complete(work, count))
    return SHERD_EZSTD;
  make_table(work);
  return SHERD_OK;
}

/* Takes a description from the front of *in. */
static enum sherd_status read_code(struct sherd_bytes *in, struct sherd__zstd_huffman *huffman,
                                   struct sherd__zstd_literals_work *work) {
  if (!in->len || told_len(in->data[0]) > in->len)
    return SHERD_EZSTD;
  struct sherd_bytes told = {in->data, told_len(in->data[0])};
  memcpy(huffman->told, told.data, told.len);
  huffman->len = (uint8_t)told.len;
  in->data += told.len;
  in->len -= told.len;
  return make_code(told, work);
}

/* --- From codes to literals --- */

static inline uint8_t take_literal(struct sherd__zstd_bits *bits, const uint16_t *table,
                                   unsigned log) {
  uint16_t entry = table[bits->held << (-bits->left & 63) >> (64 - log)];
  bits->left -= entry & 0xff;
  return (uint8_t)(entry >> 8);
}

/* Decodes `len` literals, and sees to it that these were all. */
static enum sherd_status decode_rest(struct sherd__zstd_bits *bits, const uint16_t *table,
                                     unsigned log, uint8_t *to, size_t len) {
  struct sherd__zstd_bits b = *bits; /* here, so that it stays in registers */
  size_t at = 0;
  for (; len - at >= AT_ONCE && !sherd__zstd_bits_are_over(&b); at += AT_ONCE) {
    sherd__zstd_bits_fill(&b);
    for (size_t i = 0; i < AT_ONCE; i++)
      to[at + i] = take_literal(&b, table, log);
  }
  sherd__zstd_bits_fill(&b);
  while (at < len)
    to[at++] = take_literal(&b, table, log);
  sherd__zstd_bits_fill(&b);
  return sherd__zstd_bits_are_out(&b) ? SHERD_OK : SHERD_EZSTD;
}

static enum sherd_status decode_one(struct sherd_bytes in, const uint16_t *table, unsigned log,
                                    uint8_t *to, size_t len) {
  struct sherd__zstd_bits bits;
  if (!sherd__zstd_bits_init(&bits, in))
    return SHERD_EZSTD;
  return decode_rest(&bits, table, log, to, len);
}

/* Each of the four is a chain that waits for itself only: so they go side by side. */
static enum sherd_status decode_four(struct sherd_bytes in, const uint16_t *table, unsigned log,
                                     uint8_t *to, size_t len) {
  struct sherd__zstd_bits bits[4];
  size_t share = (len + 3) / 4; /* three of which are no more than all, from LITERALS_FOUR on */
  if (in.len < JUMPS_BYTES)
    return SHERD_EZSTD;
  struct sherd_bytes rest = {in.data + JUMPS_BYTES, in.len - JUMPS_BYTES};
  for (size_t i = 0; i < 4; i++) {
    size_t part = i < 3 ? (size_t)(in.data[2 * i] | in.data[2 * i + 1] << 8) : rest.len;
    if (part > rest.len || !sherd__zstd_bits_init(&bits[i], (struct sherd_bytes){rest.data, part}))
      return SHERD_EZSTD;
    rest.data += part;
    rest.len -= part;
  }
  size_t last = len - 3 * share, at = 0;
  for (; at + AT_ONCE <= last; at += AT_ONCE) {
    for (size_t i = 0; i < 4; i++)
      sherd__zstd_bits_fill(&bits[i]);
    for (size_t j = 0; j < AT_ONCE; j++)
      for (size_t i = 0; i < 4; i++)
        to[i * share + at + j] = take_literal(&bits[i], table, log);
  }
  enum sherd_status status = SHERD_OK;
  for (size_t i = 0; i < 4 && !status; i++)
    status = decode_rest(&bits[i], table, log, to + i * share + at, (i < 3 ? share : last) - at);
  return status;
}

/* --- The head --- */

static uint64_t load_head(struct sherd_bytes block, size_t len) {
  uint64_t value = 0;
  for (size_t i = 0; i < len; i++)
    value |= (uint64_t)block.data[i] << 8 * i;
  return value;
}

/* Two bits for the kind, two for the size of what comes, one number or two.
 * Source: RFC 8878 section 3.1.1.3.1.1. */
static enum sherd_status read_head(struct sherd_bytes *block, struct head *head) {
  static const uint8_t sizes[2][4] = {{1, 2, 1, 3}, {3, 3, 4, 5}};
  if (!block->len)
    return SHERD_EZSTD;
  unsigned format = block->data[0] >> 2 & 3;
  head->kind = (enum kind)(block->data[0] & 3);
  bool is_coded = head->kind >= KIND_CODED;
  size_t size = sizes[is_coded][format];
  if (block->len < size)
    return SHERD_EZSTD;
  uint64_t numbers = load_head(*block, size) >> (size == 1 ? 3 : 4);
  unsigned bits = 8 * (unsigned)size - 4;
  head->len = (size_t)numbers;
  head->coded_len = 0;
  if (is_coded) {
    bits /= 2;
    head->len = (size_t)(numbers & ((1u << bits) - 1));
    head->coded_len = (size_t)(numbers >> bits);
  }
  head->has_four = is_coded && format != 0;
  block->data += size;
  block->len -= size;
  return SHERD_OK;
}

/* Memory for the literals that are decoded, and for the slack behind them. */
static enum sherd_status make_room(size_t len, struct sherd__zstd_literals_work *work,
                                   uint8_t **out) {
  *out = work->near;
  if (len <= SHERD__ZSTD_LITERALS_NEAR)
    return SHERD_OK;
  enum sherd_status status = sherd__buf_reserve(&work->far, len + SHERD__ZSTD_LITERALS_SLACK);
  *out = work->far.data;
  return status;
}

static enum sherd_status decode(const struct head *head, struct sherd_bytes *block,
                                struct sherd__zstd_huffman *huffman,
                                struct sherd__zstd_literals_work *work, uint8_t *to) {
  if (head->coded_len > block->len || (head->has_four && head->len < LITERALS_FOUR))
    return SHERD_EZSTD;
  struct sherd_bytes coded = {block->data, head->coded_len};
  block->data += head->coded_len;
  block->len -= head->coded_len;
  if (head->kind == KIND_CODED_AGAIN && !huffman->len)
    return SHERD_EZSTD;
  enum sherd_status status =
      head->kind == KIND_CODED ? read_code(&coded, huffman, work)
                               : make_code((struct sherd_bytes){huffman->told, huffman->len}, work);
  if (status)
    return status;
  return head->has_four ? decode_four(coded, work->table, work->log, to, head->len)
                        : decode_one(coded, work->table, work->log, to, head->len);
}

enum sherd_status sherd__zstd_literals_read(struct sherd_bytes *block, const uint8_t *readable,
                                            size_t max, struct sherd__zstd_huffman *huffman,
                                            struct sherd__zstd_literals_work *work,
                                            struct sherd__zstd_literals *out) {
  struct head head;
  enum sherd_status status = read_head(block, &head);
  if (status)
    return status;
  size_t plain_len = head.kind == KIND_RAW ? head.len : head.kind == KIND_RUN ? 1 : 0;
  if (head.len > max || plain_len > block->len)
    return SHERD_EZSTD;
  struct sherd_bytes plain = {block->data, plain_len};
  block->data += plain_len;
  block->len -= plain_len;
  if (head.kind == KIND_RAW) { /* they are used where they lie */
    *out = (struct sherd__zstd_literals){plain.data, head.len, readable};
    return SHERD_OK;
  }
  uint8_t *to;
  status = make_room(head.len, work, &to);
  if (status)
    return status;
  *out = (struct sherd__zstd_literals){to, head.len, to + head.len + SHERD__ZSTD_LITERALS_SLACK};
  if (head.kind == KIND_CODED || head.kind == KIND_CODED_AGAIN)
    return decode(&head, block, huffman, work, to);
  memset(to, plain.data[0], head.len);
  return SHERD_OK;
}
