#include "sim/rest_merge.h"

#include <stddef.h>

static struct sherd_bytes raw_of(struct sherd_value value) {
  struct sherd_bytes raw = {(const uint8_t *)"null", 4};
  (void)sherd_value_raw(value, &raw);
  return raw;
}

void sherd__merge_raw(struct sherd__print *print, struct sherd_value value) {
  struct sherd_bytes raw = raw_of(value);
  sherd__print(print, "%.*s", (int)raw.len, (const char *)raw.data);
}

static void write_key(struct sherd__print *print, struct sherd_value key) {
  sherd__print_comma(print);
  sherd__merge_raw(print, key);
  sherd__print(print, ":");
}

/* The value of a key that is itself a view, and may have escapes; sound, since Discord's own keys
 * and those of bots are short. One that is longer is no key of `object`. */
static struct sherd_value get(struct sherd_value object, struct sherd_value key) {
  char text[256];
  size_t len;
  if (sherd_value_as_str_copy(key, text, sizeof text, &len))
    return (struct sherd_value){0};
  return sherd_value_get_n(object, text, len);
}

void sherd__merge_patch(struct sherd__print *print, struct sherd_value base,
                        struct sherd_value patch) {
  struct sherd_value key, value;
  if (sherd_value_type(patch) != SHERD_VALUE_OBJECT) {
    sherd__merge_raw(print, patch);
    return;
  }
  sherd__print(print, "{");
  for (struct sherd_value_iter iter = sherd_value_iterate(base);
       sherd_value_type(base) == SHERD_VALUE_OBJECT && sherd_value_next(&iter, &key, &value);) {
    if (sherd_value_exists(get(patch, key)))
      continue;
    write_key(print, key);
    sherd__merge_raw(print, value);
  }
  for (struct sherd_value_iter iter = sherd_value_iterate(patch);
       sherd_value_next(&iter, &key, &value);) {
    if (sherd_value_type(value) == SHERD_VALUE_NULL)
      continue;
    write_key(print, key);
    struct sherd_value old =
        sherd_value_type(base) == SHERD_VALUE_OBJECT ? get(base, key) : (struct sherd_value){0};
    sherd__merge_patch(print, old, value);
  }
  sherd__print(print, "}");
}

static bool is_among(struct sherd_value key, const char *const *keys) {
  while (*keys && !sherd_value_equals(key, *keys))
    keys++;
  return *keys;
}

void sherd__merge_pairs(struct sherd__print *print, struct sherd_value object,
                        const char *const *keys, bool chosen) {
  struct sherd_value key, value;
  for (struct sherd_value_iter iter = sherd_value_iterate(object);
       sherd_value_next(&iter, &key, &value);)
    if (is_among(key, keys) == chosen) {
      write_key(print, key);
      sherd__merge_raw(print, value);
    }
}
