#include "sender_tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <sys/stat.h>

#include "measure.h"
#include "net/tls_stream.h"
#include "sim/certificates.h"

struct sherd__tls *sender_tls_new(const char *folder) {
  char certificate[1024], key[1024], authority[1024];
  struct sherd__tls *tls;
  snprintf(certificate, sizeof certificate, "%s/good.pem", folder);
  snprintf(key, sizeof key, "%s/good.key", folder);
  snprintf(authority, sizeof authority, "%s/ca.pem", folder);
  measure_must(mkdir(folder, 0700) == 0 || errno == EEXIST, folder);
  measure_must(sherd__certificates_make(folder), "no certificates could be made");
  measure_must(sherd__tls_server_new(NULL, certificate, key, &tls) == SHERD_OK, "no TLS");
  setenv("SSL_CERT_FILE", authority, 1);
  return tls;
}
