#include "base/nearest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SPELLING_MAX  32
#define BEGINNING_MIN 3

static size_t least(size_t a, size_t b, size_t c) {
  size_t ab = a < b ? a : b;
  return ab < c ? ab : c;
}

/* Edits from one to the other. Source: Damerau; the optimal string alignment of two strings. */
static size_t distance(const char *a, const char *b) {
  size_t rows[SPELLING_MAX + 1][SPELLING_MAX + 1];
  size_t a_len = strlen(a), b_len = strlen(b);
  if (a_len > SPELLING_MAX || b_len > SPELLING_MAX)
    return SIZE_MAX;
  for (size_t i = 0; i <= a_len; i++)
    rows[i][0] = i;
  for (size_t j = 0; j <= b_len; j++)
    rows[0][j] = j;
  for (size_t i = 1; i <= a_len; i++)
    for (size_t j = 1; j <= b_len; j++) {
      rows[i][j] = least(rows[i - 1][j] + 1, rows[i][j - 1] + 1,
                         rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
      bool is_swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swapped && rows[i - 2][j - 2] + 1 < rows[i][j])
        rows[i][j] = rows[i - 2][j - 2] + 1;
    }
  return rows[a_len][b_len];
}

static const char *name_at(const void *names, size_t index, size_t stride) {
  const char *name;
  memcpy(&name, (const char *)names + index * stride, sizeof name);
  return name;
}

/* Whoever writes "zlib" means "zlib-stream", however many letters are missing. */
static const char *find_beginning(const char *word, const void *names, size_t count,
                                  size_t stride) {
  size_t len = strlen(word);
  for (size_t i = 0; i < count && len >= BEGINNING_MIN; i++) {
    const char *name = name_at(names, i, stride);
    if (name && strncmp(name, word, len) == 0)
      return name;
  }
  return NULL;
}

const char *sherd__nearest(const char *word, const void *names, size_t count, size_t stride) {
  const char *nearest = NULL;
  size_t best = strlen(word) / 3 + 2;
  for (size_t i = 0; i < count; i++) {
    const char *name = name_at(names, i, stride);
    size_t edits = name ? distance(word, name) : SIZE_MAX;
    if (edits < best) {
      nearest = name;
      best = edits;
    }
  }
  return nearest ? nearest : find_beginning(word, names, count, stride);
}
