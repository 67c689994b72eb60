#include "sim/certificates.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define HOUR_S    3600L
#define PATH_SIZE 512

struct authority {
  EVP_PKEY *key;
  X509 *cert;
};

static const struct issue {
  const char *name;
  const char *alt_names;
  long from_s, to_s; /* after now */
  bool is_foreign;
} issues[] = {
    {"good", "DNS:localhost,IP:127.0.0.1,IP:::1", -HOUR_S, 24 * HOUR_S, false},
    {"expired", "DNS:localhost,IP:127.0.0.1,IP:::1", -48 * HOUR_S, -HOUR_S, false},
    {"wrong-host", "DNS:gateway.invalid", -HOUR_S, 24 * HOUR_S, false},
    {"foreign", "DNS:localhost,IP:127.0.0.1,IP:::1", -HOUR_S, 24 * HOUR_S, true},
};

static bool extend(X509 *cert, X509 *issuer, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
  bool is_added = extension && X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
  return is_added;
}

static bool set_serial(X509 *cert) {
  uint64_t number = 0;
  return RAND_bytes((unsigned char *)&number, sizeof number) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), number >> 1 | 1);
}

/* All but extensions and signature; `issuer` NULL: itself. */
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

static void free_authority(struct authority *authority) {
  EVP_PKEY_free(authority->key);
  X509_free(authority->cert);
}

/* To be freed in any case. */
static bool make_authority(const char *common_name, struct authority *out) {
  out->key = EVP_EC_gen("P-256");
  out->cert = out->key ? begin(common_name, out->key, NULL, -72 * HOUR_S, 24 * HOUR_S) : NULL;
  return out->cert && extend(out->cert, out->cert, NID_basic_constraints, "critical,CA:TRUE") &&
         extend(out->cert, out->cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
         extend(out->cert, out->cert, NID_subject_key_identifier, "hash") &&
         X509_sign(out->cert, out->key, EVP_sha256());
}

static FILE *open_private(const char *dir, const char *name, const char *suffix) {
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "%s/%s%s", dir, name, suffix);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
  if (fd >= 0 && !file)
    (void)close(fd);
  return file;
}

static bool write_cert(X509 *cert, const char *dir, const char *name) {
  FILE *file = open_private(dir, name, ".pem");
  bool is_written = file && PEM_write_X509(file, cert);
  return file && fclose(file) == 0 && is_written;
}

static bool write_key(EVP_PKEY *key, const char *dir, const char *name) {
  FILE *file = open_private(dir, name, ".key");
  bool is_written = file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
  return file && fclose(file) == 0 && is_written;
}

static bool make_one(const struct authority *authority, const struct issue *issue,
                     const char *dir) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *cert = key ? begin("sherd sim", key, authority->cert, issue->from_s, issue->to_s) : NULL;
  bool is_made = cert &&
                 extend(cert, authority->cert, NID_basic_constraints, "critical,CA:FALSE") &&
                 extend(cert, authority->cert, NID_ext_key_usage, "serverAuth") &&
                 extend(cert, authority->cert, NID_authority_key_identifier, "keyid") &&
                 extend(cert, authority->cert, NID_subject_alt_name, issue->alt_names) &&
                 X509_sign(cert, authority->key, EVP_sha256()) &&
                 write_cert(cert, dir, issue->name) && write_key(key, dir, issue->name);
  X509_free(cert);
  EVP_PKEY_free(key);
  return is_made;
}

bool sherd__certificates_make(const char *dir) {
  struct authority own = {0}, foreign = {0};
  bool is_made = make_authority("sherd sim's authority", &own) &&
                 make_authority("an authority that nobody trusts", &foreign) &&
                 write_cert(own.cert, dir, "ca");
  for (size_t i = 0; i < sizeof issues / sizeof *issues && is_made; i++)
    is_made = make_one(issues[i].is_foreign ? &foreign : &own, &issues[i], dir);
  free_authority(&own);
  free_authority(&foreign);
  return is_made;
}

void sherd__certificates_remove(const char *dir) {
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "%s/ca.pem", dir);
  (void)unlink(path);
  for (size_t i = 0; i < sizeof issues / sizeof *issues; i++) {
    (void)snprintf(path, sizeof path, "%s/%s.pem", dir, issues[i].name);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/%s.key", dir, issues[i].name);
    (void)unlink(path);
  }
}
