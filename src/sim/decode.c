#include "sim/decode.h"

#include "payload/etf.h"

static bool is_atom(struct sherd_value key) {
  struct sherd_bytes raw;
  if (sherd_value_raw(key, &raw) || raw.len == 0)
    return false;
  switch (*raw.data) {
  case SHERD__ETF_ATOM:
  case SHERD__ETF_ATOM_UTF8:
  case SHERD__ETF_SMALL_ATOM:
  case SHERD__ETF_SMALL_ATOM_UTF8:
    return true;
  default:
    return false;
  }
}

/* Looks into a value that was validated, and so does not nest too deep. */
static bool has_atom_keys(struct sherd_value value) {
  struct sherd_value_iter iter = sherd_value_iterate(value);
  struct sherd_value key, item;
  while (sherd_value_next(&iter, &key, &item))
    if ((sherd_value_exists(key) && is_atom(key)) || has_atom_keys(item))
      return true;
  return false;
}

enum sherd_status sherd__decode_message(enum sherd_data_format format, struct sherd_bytes message,
                                        struct sherd_value *out) {
  /* Opened first: a view refuses what is compressed, before anything is inflated. */
  enum sherd_status status = sherd_value_open(format, message.data, message.len, out);
  if (!status)
    status = sherd_value_validate(format, message.data, message.len, NULL);
  if (!status && format == SHERD_FORMAT_ETF && has_atom_keys(*out))
    status = SHERD_EETF;
  return status;
}
