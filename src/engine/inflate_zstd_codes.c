#include "engine/inflate_zstd_codes.h"

enum kind { /* one more than on the wire */
  KIND_NONE,
  KIND_DEFAULT,
  KIND_ONE, /* symbol, and no bits for it */
  KIND_COUNTS,
  KIND_AGAIN /* that of the block before */
};

static const struct {
  const struct sherd__zstd_state *values;
  uint8_t symbols, log_max, default_log;
} parts[SHERD__ZSTD_PARTS] = {{sherd__zstd_literal_lengths, 36, 9, 6},
                              {sherd__zstd_offsets, 32, 8, 5},
                              {sherd__zstd_match_lengths, 53, 9, 6}};

static enum sherd_status read_code(struct sherd_bytes *in, enum sherd__zstd_part part,
                                   enum kind kind, struct sherd__zstd_code *code) {
  if (kind == KIND_AGAIN)
    return code->kind ? SHERD_OK : SHERD_EZSTD;
  code->kind = (uint8_t)kind;
  if (kind == KIND_COUNTS)
    return sherd__zstd_counts_read(in, parts[part].symbols, parts[part].log_max, &code->counts);
  if (kind == KIND_DEFAULT)
    return SHERD_OK;
  if (!in->len || in->data[0] >= parts[part].symbols)
    return SHERD_EZSTD;
  code->symbol = in->data[0];
  in->data++;
  in->len--;
  return SHERD_OK;
}

static struct sherd__zstd_table make_table(enum sherd__zstd_part part,
                                           const struct sherd__zstd_code *code,
                                           struct sherd__zstd_state *states) {
  const struct sherd__zstd_state *values = parts[part].values;
  switch ((enum kind)code->kind) {
  case KIND_ONE:
    states[0] = values[code->symbol];
    return (struct sherd__zstd_table){states, 0};
  case KIND_COUNTS:
    sherd__zstd_states_make(&code->counts, values, states);
    return (struct sherd__zstd_table){states, code->counts.log};
  default:
    return (struct sherd__zstd_table){sherd__zstd_default_states[part], parts[part].default_log};
  }
}

enum sherd_status sherd__zstd_codes_read(struct sherd_bytes *in,
                                         struct sherd__zstd_code codes[SHERD__ZSTD_PARTS],
                                         struct sherd__zstd_codes_work *work) {
  if (!in->len)
    return SHERD_EZSTD;
  unsigned kinds = in->data[0];
  in->data++;
  in->len--;
  if (kinds & 3) /* reserved */
    return SHERD_EZSTD;
  for (unsigned part = 0; part < SHERD__ZSTD_PARTS; part++) {
    enum kind kind = (enum kind)((kinds >> (6 - 2 * part) & 3) + 1);
    enum sherd_status status = read_code(in, (enum sherd__zstd_part)part, kind, &codes[part]);
    if (status)
      return status;
    work->tables[part] = make_table((enum sherd__zstd_part)part, &codes[part], work->states[part]);
  }
  return SHERD_OK;
}
