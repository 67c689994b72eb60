/* TLS through OpenSSL: one context for any number of connections. */
#ifndef SHERD_NET_TLS_H
#define SHERD_NET_TLS_H

#include <sherd/alloc.h>
#include <sherd/status.h>

/* A client's context: TLS 1.2 or newer, peer and host name verified always, against the system's
 * store or the caller's file, idle buffers given back. Thread-safe, reference-counted. */
struct sherd__tls;

/* What the environment says of the authorities to trust, for whoever is given no ca_file: as
 * OpenSSL and curl have it, SSL_CERT_FILE stands in for the system's file and SSL_CERT_DIR for its
 * directory. NULL: it says nothing. Lifetime: until the environment changes. */
const char *sherd__tls_env_ca_file(void);
const char *sherd__tls_env_ca_dir(void);

/* `ca_file` NULL: the system's authorities, or the environment's. Errors: SHERD_ETLSCAFILE when the
 * file that either names cannot be read; SHERD_ENOMEM. */
enum sherd_status sherd__tls_new(const struct sherd_allocator *allocator, const char *ca_file,
                                 struct sherd__tls **out);
void sherd__tls_release(struct sherd__tls *tls);

#endif
