/* One side of a TLS connection without a socket: ciphertext in, plaintext out, and the reverse.
 *
 * Whoever has the socket feeds what came in and sends what is appended to `out`, also when a call
 * fails, for `out` then holds the alert that tells the peer why. OpenSSL reads straight from the
 * bytes fed and writes straight to `out`: an idle stream holds no buffer.
 *
 * A client's stream is begun by a first feed of no bytes, which gives the ClientHello. */
#ifndef SHERD_NET_TLS_STREAM_H
#define SHERD_NET_TLS_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include <sherd/bytes.h>
#include <sherd/status.h>

#include "base/buf.h"
#include "net/tls.h"

/* The longest that sherd__tls_stream_reason() gives, without the NUL. */
#define SHERD__TLS_REASON_MAX 119

struct sherd__tls_stream;

/* A server's context, to make streams from with `host` NULL; for the simulator and for tests.
 * `cert_file` is a PEM chain, the server's certificate first; `key_file` its PEM key.
 * Errors: SHERD_EINVAL when one of them cannot be read or they do not belong together;
 * SHERD_ENOMEM. */
enum sherd_status sherd__tls_server_new(const struct sherd_allocator *allocator,
                                        const char *cert_file, const char *key_file,
                                        struct sherd__tls **out);

/* Makes a stream and keeps `tls` for its life. `host`, for a client's context, is the name or
 * address (without brackets) that the peer's certificate must be for; a name is sent as SNI too.
 * Errors: SHERD_ENOMEM; SHERD_EINVAL for a host that no certificate can be for. */
enum sherd_status sherd__tls_stream_new(struct sherd__tls *tls, const char *host,
                                        struct sherd__tls_stream **out);

/* Frees a stream in any state, without a word to the peer. NULL is allowed. */
void sherd__tls_stream_free(struct sherd__tls_stream *stream);

/* Takes ciphertext off the front of `in`, goes on with the handshake, and decrypts `cap` bytes at
 * most to `plain`. Call it again while *plain_len is over 0; when it is 0, `in` is used up and
 * there is no more to give. What is to be sent is appended to `out`.
 * Errors, after which the stream is of no use: SHERD_ETLSCA, SHERD_ETLSEXPIRED, SHERD_ETLSHOST for
 * the peer's certificate, SHERD_ETLS for a handshake that failed otherwise, SHERD_ELOST for trouble
 * after it; SHERD_ENOMEM. sherd__tls_stream_reason() says more. */
enum sherd_status sherd__tls_stream_feed(struct sherd__tls_stream *stream, struct sherd_bytes *in,
                                         void *plain, size_t cap, size_t *plain_len,
                                         struct sherd_buf *out);

/* Encrypts all of `plain` and appends it to `out`.
 * Errors: SHERD_ESTATE before the handshake is done; SHERD_ELOST, SHERD_ENOMEM, after which the
 * stream is of no use. */
enum sherd_status sherd__tls_stream_write(struct sherd__tls_stream *stream,
                                          struct sherd_bytes plain, struct sherd_buf *out);

/* Appends the goodbye (close_notify) to `out`, once, if the handshake is done. */
void sherd__tls_stream_close(struct sherd__tls_stream *stream, struct sherd_buf *out);

/* Whether the handshake is done, so that plaintext may be written. */
bool sherd__tls_stream_is_open(const struct sherd__tls_stream *stream);

/* Whether the peer has said goodbye: no plaintext follows, and what comes in is dropped. */
bool sherd__tls_stream_is_ended(const struct sherd__tls_stream *stream);

/* Why the stream failed, in OpenSSL's words, as in "certificate has expired"; "" if it did not.
 * Lifetime: that of the stream. */
const char *sherd__tls_stream_reason(const struct sherd__tls_stream *stream);

#endif
