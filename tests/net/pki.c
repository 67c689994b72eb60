#include "pki.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim/authority.h"

#define NAMES "DNS:localhost,IP:127.0.0.1,IP:::1"

static struct pki files;

static bool issue(const struct sherd__authority *authority, const char *name, const char *names,
                  long from_s, long to_s, struct pki_cert *out) {
  snprintf(out->cert, sizeof out->cert, "%s/%s.pem", files.directory, name);
  snprintf(out->key, sizeof out->key, "%s/%s.key", files.directory, name);
  return sherd__authority_issue(authority, names, from_s, to_s, out->cert, out->key);
}

int pki_setup(void **state) {
  (void)state;
  const char *base = getenv("TMPDIR");
  snprintf(files.directory, sizeof files.directory, "%s/sherd-net-XXXXXX", base ? base : "/tmp");
  if (!mkdtemp(files.directory))
    return -1;
  snprintf(files.ca, sizeof files.ca, "%s/ca.pem", files.directory);
  struct sherd__authority *ours = sherd__authority_new("Sherd's tests");
  struct sherd__authority *theirs = sherd__authority_new("Somebody else");
  bool ok = ours && theirs && sherd__authority_write(ours, files.ca) &&
            issue(ours, "good", NAMES, -60, 3600, &files.good) &&
            issue(ours, "expired", NAMES, -7200, -3600, &files.expired) &&
            issue(ours, "future", NAMES, 3600, 7200, &files.future) &&
            issue(ours, "elsewhere", "DNS:elsewhere.invalid", -60, 3600, &files.elsewhere) &&
            issue(theirs, "foreign", NAMES, -60, 3600, &files.foreign);
  sherd__authority_free(ours);
  sherd__authority_free(theirs);
  return ok ? 0 : -1;
}

int pki_teardown(void **state) {
  (void)state;
  const struct pki_cert *certs[] = {&files.good, &files.expired, &files.future, &files.elsewhere,
                                    &files.foreign};
  for (size_t i = 0; i < sizeof certs / sizeof *certs; i++) {
    unlink(certs[i]->cert);
    unlink(certs[i]->key);
  }
  unlink(files.ca);
  return rmdir(files.directory);
}

const struct pki *pki(void) {
  return &files;
}
