/* What of TLS cannot be had for less: the work on a stream's bytes alone, without sockets, frames
 * or events.
 *
 *   bench_floors_tls STREAM FLOOR FOLDER
 *
 * Prints {"events":N,"cpu_s":S,"peak_kb":K} as the sender does. Floors: gcm (AES-256-GCM by
 * OpenSSL, a record of 16 kB at a time), openssl (its TLS over memory, in the same records), and
 * gcm-small and openssl-small with a record for each message, as a gateway makes them that writes
 * each at once. FOLDER takes the certificates. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <time.h>

#include "base/buf.h"
#include "measure.h"
#include "net/tls_stream.h"
#include "sender_tls.h"
#include "stream_file.h"

#define RECORD_BYTES 16384
#define PLAIN_BYTES  65536 /* read at once, as Sherd does */
#define IV_BYTES     12
#define TAG_BYTES    16
#define HEAD_BYTES   5

/* The next record's plaintext off the front: a frame, or as much as a record takes. Of length 0 at
 * the end. */
static struct sherd_bytes next_record(struct sherd_bytes *bytes, bool is_small) {
  struct sherd_bytes record = *bytes;
  if (is_small) {
    stream_file_next(bytes);
  } else {
    size_t len = bytes->len < RECORD_BYTES ? bytes->len : RECORD_BYTES;
    bytes->data += len;
    bytes->len -= len;
  }
  record.len -= bytes->len;
  return record;
}

/* --- The cipher alone --- */

/* One key and one IV do for all here: it is the time that counts. */
static const uint8_t key[32] = {1}, iv[IV_BYTES] = {2}, head[HEAD_BYTES] = {3};

/* Each record as its length, its tag and its ciphertext. */
static void seal_gcm(struct sherd_bytes frames, bool is_small, struct sherd_buf *out) {
  EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
  measure_must(gcm && EVP_EncryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, key, iv), "AES-GCM");
  for (struct sherd_bytes in; (in = next_record(&frames, is_small)).len;) {
    size_t at = out->len + sizeof in.len + TAG_BYTES;
    int len;
    measure_must(sherd__buf_reserve(out, sizeof in.len + TAG_BYTES + in.len) == SHERD_OK,
                 "out of memory");
    measure_must(
        EVP_EncryptInit_ex(gcm, NULL, NULL, NULL, iv) &&
            EVP_EncryptUpdate(gcm, NULL, &len, head, HEAD_BYTES) &&
            EVP_EncryptUpdate(gcm, out->data + at, &len, in.data, (int)in.len) &&
            EVP_EncryptFinal_ex(gcm, out->data + at, &len) &&
            EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, out->data + at - TAG_BYTES),
        "AES-GCM");
    memcpy(out->data + out->len, &in.len, sizeof in.len);
    out->len = at + in.len;
  }
  EVP_CIPHER_CTX_free(gcm);
}

static uint64_t open_gcm(struct sherd_bytes sealed) {
  static uint8_t plain[1 << 20];
  uint64_t total = 0;
  EVP_CIPHER_CTX *gcm = EVP_CIPHER_CTX_new();
  measure_must(gcm && EVP_DecryptInit_ex(gcm, EVP_aes_256_gcm(), NULL, key, iv), "AES-GCM");
  for (size_t size, at = 0; at < sealed.len; at += size) {
    uint8_t tag[TAG_BYTES];
    int len;
    memcpy(&size, sealed.data + at, sizeof size);
    memcpy(tag, sealed.data + at + sizeof size, TAG_BYTES);
    at += sizeof size + TAG_BYTES;
    measure_must(size <= sizeof plain && EVP_DecryptInit_ex(gcm, NULL, NULL, NULL, iv) &&
                     EVP_DecryptUpdate(gcm, NULL, &len, head, HEAD_BYTES) &&
                     EVP_DecryptUpdate(gcm, plain, &len, sealed.data + at, (int)size) &&
                     EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) &&
                     EVP_DecryptFinal_ex(gcm, plain, &len) > 0,
                 "AES-GCM");
    total += size;
  }
  EVP_CIPHER_CTX_free(gcm);
  return total;
}

static double run_gcm(struct sherd_bytes frames, bool is_small) {
  struct sherd_buf sealed;
  sherd__buf_init(&sealed, sherd_allocator_default());
  seal_gcm(frames, is_small, &sealed);
  double begin = measure_s(CLOCK_PROCESS_CPUTIME_ID);
  uint64_t plain_bytes = open_gcm(sherd__buf_bytes(&sealed));
  double seconds = measure_s(CLOCK_PROCESS_CPUTIME_ID) - begin;
  measure_must(plain_bytes == frames.len, "bytes are missing");
  sherd__buf_deinit(&sealed);
  return seconds;
}

/* --- OpenSSL's TLS --- */

/* Carries what each has for the other until the client's hands are shaken, and the server has had
 * the last of it. */
static void shake_hands(SSL *client, struct sherd__tls_stream *server, struct sherd_buf *sealed) {
  uint8_t bytes[RECORD_BYTES], plain[16];
  while (!sherd__tls_stream_is_open(server)) {
    (void)SSL_do_handshake(client);
    int got = BIO_read(SSL_get_wbio(client), bytes, sizeof bytes);
    measure_must(got > 0, "no handshake");
    struct sherd_bytes in = {bytes, (size_t)got};
    size_t len;
    measure_must(sherd__tls_stream_feed(server, &in, plain, sizeof plain, &len, sealed) == SHERD_OK,
                 "no handshake");
    if (sherd__tls_stream_is_open(server))
      return; /* what it has said by now, tickets, is read with the rest */
    BIO_write(SSL_get_rbio(client), sealed->data, (int)sealed->len);
    sealed->len = 0;
  }
}

static uint64_t read_all(SSL *client) {
  static uint8_t plain[PLAIN_BYTES];
  uint64_t total = 0;
  for (size_t len; SSL_read_ex(client, plain, sizeof plain, &len) > 0;)
    total += len;
  return total;
}

static double run_openssl(struct sherd_bytes frames, bool is_small, const char *folder) {
  struct sherd__tls_stream *server = NULL;
  struct sherd_buf sealed;
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  SSL *client = context ? SSL_new(context) : NULL;
  sherd__buf_init(&sealed, sherd_allocator_default());
  struct sherd__tls *tls = sender_tls_new(folder);
  measure_must(client && sherd__tls_stream_new(tls, NULL, &server) == SHERD_OK, "no TLS");
  SSL_set_bio(client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(client);
  shake_hands(client, server, &sealed);
  uint64_t frames_bytes = frames.len;
  for (struct sherd_bytes in; (in = next_record(&frames, is_small)).len;)
    measure_must(sherd__tls_stream_write(server, in, &sealed) == SHERD_OK, "no TLS");
  BIO *memory = BIO_new_mem_buf(sealed.data, (int)sealed.len);
  SSL_set0_rbio(client, memory);
  double begin = measure_s(CLOCK_PROCESS_CPUTIME_ID);
  uint64_t plain_bytes = read_all(client);
  double seconds = measure_s(CLOCK_PROCESS_CPUTIME_ID) - begin;
  measure_must(plain_bytes == frames_bytes, "bytes are missing");
  SSL_free(client);
  SSL_CTX_free(context);
  sherd__tls_stream_free(server);
  sherd__tls_release(tls);
  sherd__buf_deinit(&sealed);
  return seconds;
}

/* --- One of them --- */

static double run(const char *floor, struct sherd_bytes frames, const char *folder) {
  if (strcmp(floor, "gcm") == 0)
    return run_gcm(frames, false);
  if (strcmp(floor, "gcm-small") == 0)
    return run_gcm(frames, true);
  if (strcmp(floor, "openssl") == 0)
    return run_openssl(frames, false, folder);
  if (strcmp(floor, "openssl-small") == 0)
    return run_openssl(frames, true, folder);
  measure_must(false, "there is no such floor");
  return 0;
}

int main(int argc, char **argv) {
  struct rusage usage;
  measure_must(argc == 4, "usage: bench_floors_tls STREAM FLOOR FOLDER");
  measure_stay_on(1);
  struct stream_file stream = stream_file_open(argv[1]);
  struct sherd_bytes frames = {stream.hello.data, stream.hello.len + stream.rest.len};
  double seconds = run(argv[2], frames, argv[3]);
  measure_must(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
  printf("{\"events\":%" PRIu64 ",\"cpu_s\":%.6f,\"peak_kb\":%ld}\n", stream.events, seconds,
         usage.ru_maxrss);
  return EXIT_SUCCESS;
}
