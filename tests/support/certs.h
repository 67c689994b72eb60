/* Certificates made on the spot, for tests and for the demo: an authority of one's own, and what
 * it signs. Keys are EC P-256; nothing here is meant for the open internet. */
#ifndef SHERD_TESTS_SUPPORT_CERTS_H
#define SHERD_TESTS_SUPPORT_CERTS_H

#include <stdbool.h>

struct cert_authority;

/* Makes an authority that is good from an hour ago for a day. NULL on failure. */
struct cert_authority *cert_authority_new(const char *common_name);
void cert_authority_free(struct cert_authority *authority);

/* Writes its certificate as PEM, for ca_file. */
bool cert_authority_write(const struct cert_authority *authority, const char *path);

/* Signs a server's certificate and writes it and its key as PEM (the key readable by the owner
 * alone). `names` is OpenSSL's subjectAltName, as in "DNS:localhost,IP:127.0.0.1,IP:::1". It is
 * good from `from_s` to `to_s`, in seconds from now, which may be negative. */
bool cert_authority_issue(const struct cert_authority *authority, const char *names, long from_s,
                          long to_s, const char *cert_path, const char *key_path);

#endif
