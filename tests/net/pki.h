/* The certificates that the network's tests use, made once a program in a directory of their own.
 */
#ifndef SHERD_TESTS_NET_PKI_H
#define SHERD_TESTS_NET_PKI_H

struct pki_cert {
  char cert[256], key[256];
};

struct pki {
  char directory[200];
  char ca[256];              /* the authority that the tests trust */
  struct pki_cert good;      /* for localhost, 127.0.0.1 and ::1 */
  struct pki_cert expired;   /* since an hour */
  struct pki_cert future;    /* from in an hour on */
  struct pki_cert elsewhere; /* for another host */
  struct pki_cert foreign;   /* by an authority that nobody trusts */
};

/* For cmocka_run_group_tests(). */
int pki_setup(void **state);
int pki_teardown(void **state);

const struct pki *pki(void);

#endif
