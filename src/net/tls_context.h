/* What tls.c and tls_stream.c share. */
#ifndef SHERD_NET_TLS_CONTEXT_H
#define SHERD_NET_TLS_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "net/tls.h"

struct sherd__tls {
  const struct sherd_allocator *allocator;
  atomic_uint references;
  SSL_CTX *context;
  BIO_METHOD *bio; /* reads from and writes to a stream */
  bool is_server;
};

/* One reference more. */
void sherd__tls_retain(struct sherd__tls *tls);

/* The BIO that streams use; tls_stream.c has it. NULL when out of memory. */
BIO_METHOD *sherd__tls_stream_bio_new(void);

#endif
