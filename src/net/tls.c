#include "net/tls.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/mem.h"
#include "net/tls_context.h"
#include "net/tls_stream.h"

static enum sherd_status context_new(const struct sherd_allocator *allocator, bool is_server,
                                     struct sherd__tls **out) {
  allocator = sherd__allocator_or_default(allocator);
  struct sherd__tls *tls = sherd__calloc(allocator, sizeof *tls);
  if (!tls)
    return SHERD_ENOMEM;
  tls->allocator = allocator;
  atomic_init(&tls->references, 1);
  tls->is_server = is_server;
  tls->bio = sherd__tls_stream_bio_new();
  tls->context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
  if (!tls->bio || !tls->context || !SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION)) {
    sherd__tls_release(tls);
    return SHERD_ENOMEM;
  }
  SSL_CTX_set_mode(tls->context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(tls->context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  /* Nothing here resumes TLS sessions out of a cache; tickets need none. */
  SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
  *out = tls;
  return SHERD_OK;
}

/* Ends a function that made a context: gives it out, or releases it. */
static enum sherd_status hand_over(struct sherd__tls *tls, enum sherd_status status,
                                   struct sherd__tls **out) {
  ERR_clear_error();
  if (status)
    sherd__tls_release(tls);
  else
    *out = tls;
  return status;
}

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

const char *sherd__tls_env_ca_file(void) {
  return variable(X509_get_default_cert_file_env());
}

const char *sherd__tls_env_ca_dir(void) {
  return variable(X509_get_default_cert_dir_env());
}

/* OpenSSL passes over a file of the environment's that it cannot read; then nothing would say why
 * every certificate is refused. */
static bool load_authorities(SSL_CTX *context, const char *ca_file) {
  const char *named = ca_file ? ca_file : sherd__tls_env_ca_file();
  return (!named || SSL_CTX_load_verify_file(context, named)) &&
         (ca_file || SSL_CTX_set_default_verify_paths(context));
}

enum sherd_status sherd__tls_new(const struct sherd_allocator *allocator, const char *ca_file,
                                 struct sherd__tls **out) {
  static const unsigned char http_1_1[] = "\x08http/1.1";
  *out = NULL;
  struct sherd__tls *tls;
  enum sherd_status status = context_new(allocator, false, &tls);
  if (status)
    return hand_over(NULL, status, out);
  SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
  if (SSL_CTX_set_alpn_protos(tls->context, http_1_1, sizeof http_1_1 - 1) != 0)
    status = SHERD_ENOMEM;
  else if (!load_authorities(tls->context, ca_file))
    status = SHERD_ETLSCAFILE;
  return hand_over(tls, status, out);
}

enum sherd_status sherd__tls_server_new(const struct sherd_allocator *allocator,
                                        const char *cert_file, const char *key_file,
                                        struct sherd__tls **out) {
  *out = NULL;
  struct sherd__tls *tls;
  enum sherd_status status = context_new(allocator, true, &tls);
  if (status)
    return hand_over(NULL, status, out);
  if (!cert_file || !key_file || SSL_CTX_use_certificate_chain_file(tls->context, cert_file) != 1 ||
      SSL_CTX_use_PrivateKey_file(tls->context, key_file, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(tls->context) != 1)
    status = SHERD_EINVAL;
  return hand_over(tls, status, out);
}

void sherd__tls_retain(struct sherd__tls *tls) {
  atomic_fetch_add_explicit(&tls->references, 1, memory_order_relaxed);
}

void sherd__tls_release(struct sherd__tls *tls) {
  if (!tls || atomic_fetch_sub_explicit(&tls->references, 1, memory_order_acq_rel) != 1)
    return;
  SSL_CTX_free(tls->context);
  BIO_meth_free(tls->bio);
  sherd__free(tls->allocator, tls);
}
