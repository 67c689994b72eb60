#include "net/lookup.h"

#include <stdio.h>

#include "base/mem.h"

struct sherd__lookup {
  uv_getaddrinfo_t request;
  const struct sherd_allocator *allocator;
  struct sherd__loop *loop; /* NULL: abandoned, and the loop may be gone */
  sherd__lookup_fn found;
  void *user;
};

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses) {
  struct sherd__lookup *lookup = request->data;
  if (lookup->loop) {
    sherd__loop_enter(lookup->loop);
    lookup->found(lookup->user, status, status ? NULL : addresses);
  }
  uv_freeaddrinfo(addresses);
  sherd__free(lookup->allocator, lookup);
}

enum sherd_status sherd__lookup_start(struct sherd__loop *loop, const char *host, uint16_t port,
                                      sherd__lookup_fn found, void *user, int *uv_error,
                                      struct sherd__lookup **out) {
  static const struct addrinfo hints = {
      .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
  const struct sherd_allocator *allocator = sherd__loop_allocator(loop);
  char service[8];
  *out = NULL;
  *uv_error = 0;
  struct sherd__lookup *lookup = sherd__calloc(allocator, sizeof *lookup);
  if (!lookup)
    return SHERD_ENOMEM;
  *lookup =
      (struct sherd__lookup){.allocator = allocator, .loop = loop, .found = found, .user = user};
  lookup->request.data = lookup;
  snprintf(service, sizeof service, "%u", port);
  *uv_error =
      uv_getaddrinfo(sherd__loop_uv(loop), &lookup->request, on_found, host, service, &hints);
  if (*uv_error) {
    sherd__free(allocator, lookup);
    return *uv_error == UV_ENOMEM ? SHERD_ENOMEM : SHERD_EDNS;
  }
  *out = lookup;
  return SHERD_OK;
}

void sherd__lookup_abandon(struct sherd__lookup *lookup) {
  if (!lookup)
    return;
  lookup->loop = NULL;
  uv_cancel((uv_req_t *)&lookup->request);
}
