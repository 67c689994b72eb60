/* Certificates made on the spot, for scenarios: good ones, and those that a client must refuse. */
#ifndef SHERD_SIM_CERTIFICATES_H
#define SHERD_SIM_CERTIFICATES_H

#include <stdbool.h>

/* Writes to the directory, as PEM: "ca.pem", the authority that a client is to trust, and NAME.pem
 * with NAME.key for each of
 *   good        what it should be, for localhost, 127.0.0.1 and ::1
 *   expired     the same, until an hour ago
 *   wrong-host  for gateway.invalid
 *   foreign     the same as good, of an authority that nobody trusts
 * Keys are EC P-256, readable by the owner alone. False when something could not be made. */
bool sherd__certificates_make(const char *dir);

/* Removes those files. */
void sherd__certificates_remove(const char *dir);

#endif
