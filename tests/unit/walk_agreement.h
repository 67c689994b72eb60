/* The property that holds for every value: a walk that steps over lists and objects by what was
 * noted of them sees what a walk sees that knows nothing of them. */
#ifndef TEST_WALK_AGREEMENT_H
#define TEST_WALK_AGREEMENT_H

#include <string.h>

#include <sherd/value.h>

static bool walks_are_same(struct sherd_value a, struct sherd_value b);

/* The same kind of value or damage at the same place, and as long. */
static bool values_are_same(struct sherd_value a, struct sherd_value b) {
  struct sherd_bytes a_raw = {NULL, 0}, b_raw = {NULL, 0};
  size_t a_fault = 0, b_fault = 0;
  return sherd_value_type(a) == sherd_value_type(b) &&
         sherd_value_status(a, &a_fault) == sherd_value_status(b, &b_fault) && a_fault == b_fault &&
         sherd_value_raw(a, &a_raw) == sherd_value_raw(b, &b_raw) && a_raw.data == b_raw.data &&
         a_raw.len == b_raw.len;
}

static bool walks_are_same(struct sherd_value a, struct sherd_value b) {
  if (!values_are_same(a, b))
    return false;
  struct sherd_value_iter a_iter = sherd_value_iterate(a), b_iter = sherd_value_iterate(b);
  struct sherd_value a_key, a_item, b_key, b_item;
  for (;;) {
    bool more = sherd_value_next(&a_iter, &a_key, &a_item);
    if (more != sherd_value_next(&b_iter, &b_key, &b_item) || !values_are_same(a_key, b_key))
      return false;
    if (!more)
      break;
    if (!walks_are_same(a_item, b_item))
      return false;
  }
  return values_are_same(a_item, b_item) &&
         sherd_value_iter_status(&a_iter) == sherd_value_iter_status(&b_iter);
}

static bool walk_agrees(struct sherd_value value) {
  struct sherd_value plain = value;
  plain.extent_ = NULL;
  return walks_are_same(value, plain);
}

#endif
