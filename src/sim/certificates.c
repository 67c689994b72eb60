#include "sim/certificates.h"

#include <stdio.h>
#include <unistd.h>

#include "sim/authority.h"

#define HOUR_S    3600L
#define PATH_SIZE 512

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

static bool make_one(const struct sherd__authority *authority, const struct issue *issue,
                     const char *dir) {
  char cert[PATH_SIZE], key[PATH_SIZE];
  (void)snprintf(cert, sizeof cert, "%s/%s.pem", dir, issue->name);
  (void)snprintf(key, sizeof key, "%s/%s.key", dir, issue->name);
  return sherd__authority_issue(authority, issue->alt_names, issue->from_s, issue->to_s, cert, key);
}

bool sherd__certificates_make(const char *dir) {
  char ca[PATH_SIZE];
  struct sherd__authority *own = sherd__authority_new("sherd sim's authority");
  struct sherd__authority *foreign = sherd__authority_new("an authority that nobody trusts");
  (void)snprintf(ca, sizeof ca, "%s/ca.pem", dir);
  bool is_made = own && foreign && sherd__authority_write(own, ca);
  for (size_t i = 0; i < sizeof issues / sizeof *issues && is_made; i++)
    is_made = make_one(issues[i].is_foreign ? foreign : own, &issues[i], dir);
  sherd__authority_free(own);
  sherd__authority_free(foreign);
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
