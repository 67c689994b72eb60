/* TLS through OpenSSL: one context for any number of connections. */
#ifndef SHERD_NET_TLS_H
#define SHERD_NET_TLS_H

#include <sherd/alloc.h>
#include <sherd/status.h>

/* A client's context: TLS 1.2 or newer, peer and host name verified always, against the system's
 * store or the caller's file, idle buffers given back. Thread-safe, reference-counted. */
struct sherd__tls;

/* Errors: SHERD_ETLSCAFILE when `ca_file` (NULL: the system's) cannot be read; SHERD_ENOMEM. */
enum sherd_status sherd__tls_new(const struct sherd_allocator *allocator, const char *ca_file,
                                 struct sherd__tls **out);
void sherd__tls_release(struct sherd__tls *tls);

#endif
