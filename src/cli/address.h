/* Where to listen, as people write it. */
#ifndef SHERD_CLI_ADDRESS_H
#define SHERD_CLI_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads "127.0.0.1:4000", "[::1]:4000" or "localhost:4000" to the host without its brackets and
 * the port. False when it is none, or the host does not fit. */
bool sherd__address_read(const char *text, char *host, size_t host_size, uint16_t *port);

#endif
