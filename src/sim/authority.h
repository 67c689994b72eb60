/* An authority made on the spot, and the certificates that it signs: for scenarios, for the demo
 * and for tests. Keys are EC P-256; nothing here is meant for the open internet. */
#ifndef SHERD_SIM_AUTHORITY_H
#define SHERD_SIM_AUTHORITY_H

#include <stdbool.h>

struct sherd__authority;

/* Makes an authority that is good for a day, and was for the three days before, so that it can have
 * signed what has expired since. NULL on failure. */
struct sherd__authority *sherd__authority_new(const char *common_name);
void sherd__authority_free(struct sherd__authority *authority);

/* Writes its certificate as PEM, for ca_file. */
bool sherd__authority_write(const struct sherd__authority *authority, const char *path);

/* Signs a server's certificate and writes it and its key as PEM, the key readable by the owner
 * alone. `names` is OpenSSL's subjectAltName, as in "DNS:localhost,IP:127.0.0.1,IP:::1". It is
 * good from `from_s` to `to_s`, in seconds from now, which may be negative. */
bool sherd__authority_issue(const struct sherd__authority *authority, const char *names,
                            long from_s, long to_s, const char *cert_path, const char *key_path);

#endif
