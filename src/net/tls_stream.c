#include "net/tls_stream.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "net/tls_context.h"

/* The longest host name of the DNS, and its final dot. */
#define HOST_MAX 254

struct sherd__tls_stream {
  struct sherd__tls *tls;
  SSL *ssl;
  bool open;
  bool ended;
  bool said_goodbye;
  enum sherd_status failed;
  /* Only within a call: where OpenSSL reads from and writes to. */
  struct sherd_bytes in;
  struct sherd_buf *out;
  char reason[SHERD__TLS_REASON_MAX + 1];
};

/* --- The BIO --- */

static int bio_read(BIO *bio, char *data, int len) {
  struct sherd__tls_stream *stream = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (!stream->in.len) {
    BIO_set_retry_read(bio);
    return -1;
  }
  size_t step = stream->in.len < (size_t)len ? stream->in.len : (size_t)len;
  memcpy(data, stream->in.data, step);
  stream->in.data += step;
  stream->in.len -= step;
  return (int)step;
}

static int bio_write(BIO *bio, const char *data, int len) {
  struct sherd__tls_stream *stream = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (sherd__buf_append(stream->out, data, (size_t)len)) {
    stream->failed = SHERD_ENOMEM;
    return -1;
  }
  return len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *ptr) {
  (void)bio;
  (void)number;
  (void)ptr;
  return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *sherd__tls_stream_bio_new(void) {
  BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "sherd");
  if (method && BIO_meth_set_read(method, bio_read) && BIO_meth_set_write(method, bio_write) &&
      BIO_meth_set_ctrl(method, bio_ctrl))
    return method;
  BIO_meth_free(method);
  return NULL;
}

/* --- Life --- */

static enum sherd_status expect_host(SSL *ssl, const char *host) {
  char name[HOST_MAX + 1];
  size_t len = strlen(host);
  if (!len || len > HOST_MAX)
    return SHERD_EINVAL;
  memcpy(name, host, len + 1);
  /* Neither a certificate nor SNI writes the final dot of a full name (RFC 6066 section 3). */
  if (len > 1 && name[len - 1] == '.')
    name[len - 1] = '\0';
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name))
    return SHERD_OK; /* an address, which SNI does not take */
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (!SSL_set1_host(ssl, name) || !SSL_set_tlsext_host_name(ssl, name))
    return SHERD_EINVAL;
  return SHERD_OK;
}

static enum sherd_status make_session(struct sherd__tls_stream *stream, const char *host) {
  stream->ssl = SSL_new(stream->tls->context);
  BIO *bio = BIO_new(stream->tls->bio);
  if (!stream->ssl || !bio) {
    BIO_free(bio);
    return SHERD_ENOMEM;
  }
  BIO_set_data(bio, stream);
  BIO_set_init(bio, 1);
  SSL_set_bio(stream->ssl, bio, bio);
  if (stream->tls->is_server) {
    SSL_set_accept_state(stream->ssl);
    return SHERD_OK;
  }
  SSL_set_connect_state(stream->ssl);
  return host ? expect_host(stream->ssl, host) : SHERD_EINVAL;
}

enum sherd_status sherd__tls_stream_new(struct sherd__tls *tls, const char *host,
                                        struct sherd__tls_stream **out) {
  *out = NULL;
  struct sherd__tls_stream *stream = sherd__calloc(tls->allocator, sizeof *stream);
  if (!stream)
    return SHERD_ENOMEM;
  stream->tls = tls;
  sherd__tls_retain(tls);
  enum sherd_status status = make_session(stream, host);
  ERR_clear_error();
  if (status)
    sherd__tls_stream_free(stream);
  else
    *out = stream;
  return status;
}

void sherd__tls_stream_free(struct sherd__tls_stream *stream) {
  if (!stream)
    return;
  struct sherd__tls *tls = stream->tls;
  SSL_free(stream->ssl);
  sherd__free(tls->allocator, stream);
  sherd__tls_release(tls);
}

/* --- Failure --- */

static enum sherd_status status_of_verify(long verify) {
  switch (verify) {
  case X509_V_ERR_CERT_HAS_EXPIRED:
  case X509_V_ERR_CERT_NOT_YET_VALID:
    return SHERD_ETLSEXPIRED;
  case X509_V_ERR_HOSTNAME_MISMATCH:
  case X509_V_ERR_IP_ADDRESS_MISMATCH:
    return SHERD_ETLSHOST;
  default:
    return SHERD_ETLSCA;
  }
}

/* Notes why OpenSSL gave up. Its first error is the cause, later ones are consequences. */
static void fail(struct sherd__tls_stream *stream) {
  long verify = SSL_get_verify_result(stream->ssl);
  const char *reason = NULL;
  if (stream->failed) {
    reason = "out of memory";
  } else if (!stream->open && verify != X509_V_OK) {
    stream->failed = status_of_verify(verify);
    reason = X509_verify_cert_error_string(verify);
  } else {
    stream->failed = stream->open ? SHERD_ELOST : SHERD_ETLS;
    reason = ERR_reason_error_string(ERR_peek_error());
  }
  snprintf(stream->reason, sizeof stream->reason, "%s", reason ? reason : "unknown TLS error");
}

/* What a call into OpenSSL came to. True: go on. */
static bool judge(struct sherd__tls_stream *stream, int result) {
  if (result > 0)
    return true;
  int error = SSL_get_error(stream->ssl, result);
  if (error == SSL_ERROR_ZERO_RETURN)
    stream->ended = true;
  else if (error != SSL_ERROR_WANT_READ)
    fail(stream);
  ERR_clear_error();
  return false;
}

/* --- Bytes --- */

static void shake_hands(struct sherd__tls_stream *stream) {
  if (judge(stream, SSL_do_handshake(stream->ssl)))
    stream->open = true;
}

static size_t decrypt(struct sherd__tls_stream *stream, uint8_t *plain, size_t cap) {
  size_t total = 0;
  while (total < cap) {
    size_t step = 0;
    if (!judge(stream, SSL_read_ex(stream->ssl, plain + total, cap - total, &step)))
      break;
    total += step;
  }
  return total;
}

enum sherd_status sherd__tls_stream_feed(struct sherd__tls_stream *stream, struct sherd_bytes *in,
                                         void *plain, size_t cap, size_t *plain_len,
                                         struct sherd_buf *out) {
  *plain_len = 0;
  ERR_clear_error();
  stream->in = *in;
  stream->out = out;
  if (!stream->open && !stream->failed)
    shake_hands(stream);
  if (stream->open && !stream->failed && !stream->ended)
    *plain_len = decrypt(stream, plain, cap);
  if (stream->ended || stream->failed)
    stream->in = (struct sherd_bytes){NULL, 0};
  *in = stream->in;
  stream->in = (struct sherd_bytes){NULL, 0};
  stream->out = NULL;
  /* What was decrypted before the trouble still counts; the trouble comes with the next call. */
  return *plain_len ? SHERD_OK : stream->failed;
}

enum sherd_status sherd__tls_stream_write(struct sherd__tls_stream *stream,
                                          struct sherd_bytes plain, struct sherd_buf *out) {
  if (stream->failed)
    return stream->failed;
  if (!stream->open || stream->said_goodbye)
    return SHERD_ESTATE;
  if (!plain.len)
    return SHERD_OK;
  size_t written;
  ERR_clear_error();
  stream->out = out;
  if (!judge(stream, SSL_write_ex(stream->ssl, plain.data, plain.len, &written)) && !stream->failed)
    stream->failed = SHERD_ELOST; /* it wants to read first: we never renegotiate */
  stream->out = NULL;
  return stream->failed;
}

void sherd__tls_stream_close(struct sherd__tls_stream *stream, struct sherd_buf *out) {
  if (!stream->open || stream->failed || stream->said_goodbye)
    return;
  stream->said_goodbye = true;
  stream->out = out;
  SSL_shutdown(stream->ssl); /* 0 is its success here: the peer has not answered yet */
  stream->out = NULL;
  ERR_clear_error();
}

bool sherd__tls_stream_is_open(const struct sherd__tls_stream *stream) {
  return stream->open;
}

bool sherd__tls_stream_is_ended(const struct sherd__tls_stream *stream) {
  return stream->ended;
}

const char *sherd__tls_stream_reason(const struct sherd__tls_stream *stream) {
  return stream->reason;
}
