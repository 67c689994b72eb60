/* What a sender needs to speak TLS. */
#ifndef BENCH_PEERS_SENDER_TLS_H
#define BENCH_PEERS_SENDER_TLS_H

#include "net/tls.h"

/* Makes an authority and a certificate for 127.0.0.1 in `folder`, which is made too, and a context
 * for the server's side; SSL_CERT_FILE tells the client of the authority. Exits when it cannot. */
struct sherd__tls *sender_tls_new(const char *folder);

#endif
