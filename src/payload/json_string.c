#include <string.h>

#include "base/bytes16.h"
#include "base/utf8.h"
#include "payload/json_pass.h"

/* The short escapes, and what each stands for. */
static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";

/* Moves to the first byte that ends a plain run of text: a quote, a backslash, a control character.
 * Bytes over 0x7F belong to the run and are noted. */
static const uint8_t *plain_run(const uint8_t *at, const uint8_t *end, bool *has_utf8) {
  for (; end - at >= 16; at += 16) {
    struct sherd__bytes16 bytes = sherd__bytes16_load(at);
    struct sherd__bytes16 special =
        sherd__bytes16_or(sherd__bytes16_equal(bytes, '"'), sherd__bytes16_equal(bytes, '\\'));
    uint32_t stops = sherd__bytes16_mask(sherd__bytes16_or(special, sherd__bytes16_control(bytes)));
    uint32_t run = (stops & (~stops + 1)) - 1; /* what is before the first of them, or all */
    *has_utf8 |= (sherd__bytes16_mask(bytes) & run) != 0;
    if (stops)
      return at + __builtin_ctz(stops);
  }
  for (; at < end && *at != '"' && *at != '\\' && *at >= 0x20; at++)
    *has_utf8 |= *at >= 0x80;
  return at;
}

struct sherd__json_passed sherd__json_pass_utf8(const uint8_t *at, const uint8_t *end) {
  bool has_utf8 = false;
  const uint8_t *stop = plain_run(at + 1, end, &has_utf8);
  if (stop == end || *stop != '"' || stop - at > SHERD__JSON_LEN_MAX)
    return (struct sherd__json_passed){NULL, 0};
  uint32_t kind = has_utf8 ? SHERD__JSON_PLAIN : SHERD__JSON_ASCII;
  return (struct sherd__json_passed){stop + 1,
                                     (uint32_t)(stop - at - 1) << SHERD__JSON_KIND_BITS | kind};
}

/* Whether 1 to 3 bytes could still become a UTF-8 sequence if more came. The lowest and the
 * highest continuation byte suit every lead between them. */
static bool is_utf8_prefix(const uint8_t *at, size_t len) {
  static const uint8_t fillers[] = {0x80, 0xBF};
  for (size_t whole = len + 1; whole <= 4; whole++) {
    for (size_t i = 0; i < sizeof fillers; i++) {
      uint8_t tried[4];
      memset(tried, fillers[i], sizeof tried);
      memcpy(tried, at, len);
      if (sherd__utf8_is_valid(tried, whole, NULL))
        return true;
    }
  }
  return false;
}

static enum sherd_status check_utf8(const uint8_t **at, const uint8_t *stop, const uint8_t *end) {
  size_t offset;
  if (sherd__utf8_is_valid(*at, (size_t)(stop - *at), &offset))
    return SHERD_OK;
  const uint8_t *fault = *at + offset;
  if (stop == end && end - fault < 4 && is_utf8_prefix(fault, (size_t)(end - fault))) {
    *at = end;
    return SHERD_ETRUNCATED;
  }
  *at = fault;
  return SHERD_EUTF8;
}

static enum sherd_status read_hex4(const uint8_t **at, const uint8_t *end, uint32_t *out) {
  uint32_t code = 0;
  for (int i = 0; i < 4; i++, (*at)++) {
    if (*at == end)
      return SHERD_ETRUNCATED;
    uint8_t byte = **at;
    if (byte >= '0' && byte <= '9')
      code = code << 4 | (uint32_t)(byte - '0');
    else if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
      code = code << 4 | (uint32_t)((byte | 0x20) - 'a' + 10);
    else
      return SHERD_EJSON;
  }
  *out = code;
  return SHERD_OK;
}

/* Reads the second half of a surrogate pair. `lone` is the first half's backslash, which is at
 * fault when there is no second. */
static enum sherd_status read_low_surrogate(const uint8_t **at, const uint8_t *end,
                                            const uint8_t *lone, uint32_t *out) {
  uint32_t low = 0;
  for (const char *due = "\\u"; *due; due++, (*at)++) {
    if (*at == end)
      return SHERD_ETRUNCATED;
    if (**at != (uint8_t)*due)
      goto alone;
  }
  enum sherd_status status = read_hex4(at, end, &low);
  if (status)
    return status;
  if (low >= 0xDC00 && low <= 0xDFFF) {
    *out = low;
    return SHERD_OK;
  }
alone:
  *at = lone;
  return SHERD_EUTF8;
}

/* Reads one escape from its backslash on. */
static enum sherd_status read_escape(const uint8_t **at, const uint8_t *end, uint32_t *code) {
  const uint8_t *start = (*at)++;
  if (*at == end)
    return SHERD_ETRUNCATED;
  if (**at != 'u') {
    const char *letter = **at ? strchr(letters, **at) : NULL;
    if (!letter)
      return SHERD_EJSON;
    *code = (uint8_t)meanings[letter - letters];
    (*at)++;
    return SHERD_OK;
  }
  (*at)++;
  enum sherd_status status = read_hex4(at, end, code);
  if (status || *code < 0xD800 || *code > 0xDFFF)
    return status;
  if (*code >= 0xDC00) {
    *at = start;
    return SHERD_EUTF8;
  }
  uint32_t low = 0;
  status = read_low_surrogate(at, end, start, &low);
  *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
  return status;
}

enum sherd_status sherd__json_read_string(const uint8_t **at, const uint8_t *end,
                                          struct sherd__json_string *out) {
  const uint8_t *start = *at + 1, *p = start, *stop;
  size_t saved = 0; /* bytes that escapes take more than what they stand for */
  bool has_utf8 = false, is_escaped = false;
  enum sherd_status status;
  for (;;) {
    stop = p = plain_run(p, end, &has_utf8);
    status = p == end ? SHERD_ETRUNCATED : *p < 0x20 ? SHERD_EJSON : SHERD_OK;
    if (status || *p == '"')
      break;
    uint32_t code;
    uint8_t unused[4];
    is_escaped = true;
    status = read_escape(&p, end, &code);
    if (status)
      break;
    saved += (size_t)(p - stop) - sherd__utf8_encode(code, unused);
  }
  /* Escapes are ASCII, so that the text is UTF-8 when the raw bytes are. A fault that lies before
   * the one that was found counts. */
  enum sherd_status utf8 = has_utf8 ? check_utf8(&start, stop, end) : SHERD_OK;
  if (utf8 || status) {
    *at = utf8 ? start : p;
    return utf8 ? utf8 : status;
  }
  *out = (struct sherd__json_string){
      .raw = {*at + 1, (size_t)(p - *at) - 1},
      .text_len = (size_t)(p - *at) - 1 - saved,
      .is_escaped = is_escaped,
  };
  *at = p + 1;
  return SHERD_OK;
}

void sherd__json_unescape(const struct sherd__json_string *string, char *out) {
  const uint8_t *p = string->raw.data, *end = p + string->raw.len;
  while (p < end) {
    const uint8_t *escape = memchr(p, '\\', (size_t)(end - p));
    size_t run = (size_t)((escape ? escape : end) - p);
    memcpy(out, p, run);
    out += run;
    p += run;
    uint32_t code = 0;
    if (escape && read_escape(&p, end, &code) == SHERD_OK)
      out += sherd__utf8_encode(code, (uint8_t *)out);
  }
}

void sherd__json_respell(const struct sherd__json_string *string, struct sherd__text *out) {
  const uint8_t *p = string->raw.data, *end = p + string->raw.len;
  sherd__text_put(out, "\"", 1);
  while (p < end) {
    const uint8_t *escape = memchr(p, '\\', (size_t)(end - p));
    size_t run = (size_t)((escape ? escape : end) - p);
    sherd__text_put(out, p, run);
    p += run;
    uint32_t code = 0;
    if (!escape || read_escape(&p, end, &code))
      continue;
    uint8_t letter[4];
    char spelled[6];
    size_t len = sherd__utf8_encode(code, letter);
    if (len == 1 && sherd__json_plain_len(letter, 1) == 0)
      sherd__text_put(out, spelled, sherd__json_escape(letter[0], spelled));
    else
      sherd__text_put(out, letter, len);
  }
  sherd__text_put(out, "\"", 1);
}

bool sherd__json_string_equals(const uint8_t *at, const uint8_t *end, const char *text,
                               size_t len) {
  const uint8_t *p = at + 1;
  while (p < end && *p != '"') {
    uint8_t unit[4];
    size_t unit_len = 1;
    uint32_t code = 0;
    unit[0] = *p;
    if (*p != '\\')
      p++;
    else if (read_escape(&p, end, &code) == SHERD_OK)
      unit_len = sherd__utf8_encode(code, unit);
    else
      return false;
    if (unit_len > len || memcmp(unit, text, unit_len) != 0)
      return false;
    text += unit_len;
    len -= unit_len;
  }
  return p < end && len == 0;
}

size_t sherd__json_plain_len(const uint8_t *text, size_t len) {
  bool unused = false;
  return (size_t)(plain_run(text, text + len, &unused) - text);
}

size_t sherd__json_escape(uint8_t byte, char out[6]) {
  const char *meaning = byte ? strchr(meanings, byte) : NULL;
  out[0] = '\\';
  if (meaning) {
    out[1] = letters[meaning - meanings];
    return 2;
  }
  out[1] = 'u';
  out[2] = out[3] = '0';
  out[4] = (char)('0' + (byte >> 4));
  out[5] = "0123456789abcdef"[byte & 15];
  return 6;
}

bool sherd__json_next_part(struct sherd_bytes *rest, char escape[6], struct sherd_bytes *part) {
  if (!rest->len)
    return false;
  size_t taken = sherd__json_plain_len(rest->data, rest->len);
  *part = (struct sherd_bytes){rest->data, taken};
  if (!taken) {
    *part = (struct sherd_bytes){(const uint8_t *)escape, sherd__json_escape(*rest->data, escape)};
    taken = 1;
  }
  rest->data += taken;
  rest->len -= taken;
  return true;
}
