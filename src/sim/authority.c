#include "sim/authority.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/mem.h"

#define HOUR_S 3600L

struct sherd__authority {
  EVP_PKEY *key;
  X509 *cert;
};

static bool extend(X509 *cert, X509 *issuer, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
  bool ok = extension && X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
  return ok;
}

static bool set_serial(X509 *cert) {
  unsigned char bytes[8];
  if (RAND_bytes(bytes, sizeof bytes) != 1)
    return false;
  bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40); /* positive, and never 0 */
  BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
  bool ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
  BN_free(number);
  return ok;
}

/* A certificate with everything but extensions and signature; `issuer` NULL: itself. */
static X509 *begin(const char *common_name, EVP_PKEY *key, X509 *issuer, long from_s, long to_s) {
  X509 *cert = X509_new();
  if (!cert)
    return NULL;
  X509_NAME *name = X509_get_subject_name(cert);
  if (X509_set_version(cert, 2) && set_serial(cert) &&
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1,
                                 -1, 0) &&
      X509_set_issuer_name(cert, X509_get_subject_name(issuer ? issuer : cert)) &&
      X509_gmtime_adj(X509_getm_notBefore(cert), from_s) &&
      X509_gmtime_adj(X509_getm_notAfter(cert), to_s) && X509_set_pubkey(cert, key))
    return cert;
  X509_free(cert);
  return NULL;
}

static bool write_cert(X509 *cert, const char *path) {
  FILE *file = fopen(path, "we");
  if (!file)
    return false;
  bool ok = PEM_write_X509(file, cert);
  return fclose(file) == 0 && ok;
}

static bool write_key(EVP_PKEY *key, const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
  if (!file) {
    if (fd >= 0)
      close(fd);
    return false;
  }
  bool ok = PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
  return fclose(file) == 0 && ok;
}

struct sherd__authority *sherd__authority_new(const char *common_name) {
  struct sherd__authority *authority = sherd__calloc(sherd_allocator_default(), sizeof *authority);
  if (!authority)
    return NULL;
  authority->key = EVP_EC_gen("P-256");
  if (authority->key)
    authority->cert = begin(common_name, authority->key, NULL, -72 * HOUR_S, 24 * HOUR_S);
  X509 *cert = authority->cert;
  if (cert && extend(cert, cert, NID_basic_constraints, "critical,CA:TRUE") &&
      extend(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
      extend(cert, cert, NID_subject_key_identifier, "hash") &&
      X509_sign(cert, authority->key, EVP_sha256()))
    return authority;
  sherd__authority_free(authority);
  return NULL;
}

void sherd__authority_free(struct sherd__authority *authority) {
  if (!authority)
    return;
  EVP_PKEY_free(authority->key);
  X509_free(authority->cert);
  sherd__free(sherd_allocator_default(), authority);
}

bool sherd__authority_write(const struct sherd__authority *authority, const char *path) {
  return write_cert(authority->cert, path);
}

bool sherd__authority_issue(const struct sherd__authority *authority, const char *names,
                            long from_s, long to_s, const char *cert_path, const char *key_path) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *cert = key ? begin("sherd sim", key, authority->cert, from_s, to_s) : NULL;
  bool ok = cert && extend(cert, authority->cert, NID_basic_constraints, "critical,CA:FALSE") &&
            extend(cert, authority->cert, NID_ext_key_usage, "serverAuth") &&
            extend(cert, authority->cert, NID_authority_key_identifier, "keyid") &&
            extend(cert, authority->cert, NID_subject_alt_name, names) &&
            X509_sign(cert, authority->key, EVP_sha256()) && write_cert(cert, cert_path) &&
            write_key(key, key_path);
  X509_free(cert);
  EVP_PKEY_free(key);
  return ok;
}
