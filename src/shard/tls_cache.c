#include "shard/tls_cache.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

struct sherd__tls_entry {
  struct sherd__tls_entry *next;
  struct sherd__tls *tls;
  char *ca_file; /* NULL: the system's */
  uint32_t users;
};

static bool is_same(const char *a, const char *b) {
  return a && b ? strcmp(a, b) == 0 : a == b;
}

static void entry_free(struct sherd__tls_cache *cache, struct sherd__tls_entry *entry) {
  if (entry->tls)
    sherd__tls_release(entry->tls);
  sherd__free(cache->allocator, entry->ca_file);
  sherd__free(cache->allocator, entry);
}

static enum sherd_status entry_new(struct sherd__tls_cache *cache, const char *ca_file,
                                   struct sherd__tls_entry **out) {
  struct sherd__tls_entry *entry = sherd__calloc(cache->allocator, sizeof *entry);
  if (!entry)
    return SHERD_ENOMEM;
  enum sherd_status status = SHERD_OK;
  if (ca_file && !(entry->ca_file = sherd__strdup(cache->allocator, ca_file)))
    status = SHERD_ENOMEM;
  if (status == SHERD_OK)
    status = sherd__tls_new(cache->allocator, ca_file, &entry->tls);
  if (status != SHERD_OK) {
    entry_free(cache, entry);
    return status;
  }
  *out = entry;
  return SHERD_OK;
}

enum sherd_status sherd__tls_cache_get(struct sherd__tls_cache *cache, const char *ca_file,
                                       struct sherd__tls **out) {
  struct sherd__tls_entry *entry = cache->first;
  while (entry && !is_same(entry->ca_file, ca_file))
    entry = entry->next;
  if (!entry) {
    enum sherd_status status = entry_new(cache, ca_file, &entry);
    if (status != SHERD_OK)
      return status;
    entry->next = cache->first;
    cache->first = entry;
  }
  entry->users++;
  *out = entry->tls;
  return SHERD_OK;
}

void sherd__tls_cache_put(struct sherd__tls_cache *cache, struct sherd__tls *tls) {
  if (!tls)
    return;
  struct sherd__tls_entry **at = &cache->first;
  while ((*at)->tls != tls)
    at = &(*at)->next;
  struct sherd__tls_entry *entry = *at;
  if (--entry->users)
    return;
  *at = entry->next;
  entry_free(cache, entry);
}
