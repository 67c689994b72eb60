/* What it costs to read all of an event: every key and every value, in both formats.
 *
 * The events are the documents of the directory given, in an order without a pattern, so that no
 * branch can be learned by heart. Their envelopes are scanned as the engine does it, with extents;
 * only then is the walk measured. Prints for each format what a scan and a walk take. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../tests/unit/etf_of_json.h"
#include "payload/envelope.h"

#define FILES_MAX  256
#define EVENTS     4096
#define BATCH      64 /* events that are scanned, then walked: few enough to stay in the cache */
#define ROUNDS     30
#define TEXT_BYTES 8192

static void must(bool condition, const char *what) {
  if (condition)
    return;
  fprintf(stderr, "bench_walk: %s\n", what);
  exit(EXIT_FAILURE);
}

/* --- The events --- */

static struct sherd_buf samples[2][FILES_MAX]; /* by format */
static size_t sample_count;

static struct sherd_buf read_file(const char *path) {
  char bytes[4096];
  struct sherd_buf out;
  FILE *file = fopen(path, "rb");
  must(file, path);
  sherd__buf_init(&out, sherd_allocator_default());
  for (size_t got; (got = fread(bytes, 1, sizeof bytes, file)) > 0;)
    must(sherd__buf_append(&out, bytes, got) == SHERD_OK, "out of memory");
  fclose(file);
  return out;
}

/* Takes a document in both formats, without the white space that people put into it. */
static void take_sample(const char *path) {
  struct sherd_buf file = read_file(path);
  struct sherd_buf *json = &samples[SHERD_FORMAT_JSON][sample_count];
  struct sherd_buf *etf = &samples[SHERD_FORMAT_ETF][sample_count];
  struct sherd_value value;
  sherd__buf_init(json, sherd_allocator_default());
  sherd__buf_init(etf, sherd_allocator_default());
  must(sherd_value_open(SHERD_FORMAT_JSON, file.data, file.len, &value) == SHERD_OK, path);
  must(sherd__buf_reserve(json, file.len + 1) == SHERD_OK, "out of memory");
  must(sherd_value_to_json(value, (char *)json->data, json->cap, &json->len) == SHERD_OK, path);
  must(sherd__buf_append_byte(etf, 131) == SHERD_OK, "out of memory");
  etf_of_json(value, KEYS_BINARY, etf);
  sherd__buf_deinit(&file);
  sample_count++;
}

static void read_samples(const char *folder) {
  char path[1024];
  DIR *dir = opendir(folder);
  must(dir, folder);
  for (struct dirent *entry; (entry = readdir(dir)) && sample_count < FILES_MAX;) {
    if (!strstr(entry->d_name, ".json"))
      continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    take_sample(path);
  }
  closedir(dir);
  must(sample_count > 0, "no documents there");
}

static uint64_t dice = 88172645463325252; /* xorshift; the same order each time */

static size_t roll(size_t under) {
  dice ^= dice << 13;
  dice ^= dice >> 7;
  dice ^= dice << 17;
  return (size_t)(dice % under);
}

/* --- A walk, as somebody writes it who wants everything --- */

static uint64_t values, sum; /* so that no reading is for nothing */

/* A text with escapes has to be copied to be read. */
static void read_text(struct sherd_value value) {
  char copy[TEXT_BYTES];
  struct sherd_bytes text = {NULL, 0};
  if (sherd_value_as_str(value, &text) == SHERD_OK ||
      sherd_value_as_str_copy(value, copy, sizeof copy, &text.len) == SHERD_OK)
    sum += text.len;
}

static void read_value(struct sherd_value value) {
  struct sherd_value_iter iter;
  struct sherd_value key, item;
  double number = 0;
  bool is_true = false;
  values++;
  switch (sherd_value_type(value)) {
  case SHERD_VALUE_STRING:
    read_text(value);
    break;
  case SHERD_VALUE_NUMBER:
    if (sherd_value_as_f64(value, &number) == SHERD_OK)
      sum += number > 0;
    break;
  case SHERD_VALUE_BOOL:
    if (sherd_value_as_bool(value, &is_true) == SHERD_OK)
      sum += is_true;
    break;
  case SHERD_VALUE_LIST:
  case SHERD_VALUE_OBJECT:
    iter = sherd_value_iterate(value);
    while (sherd_value_next(&iter, &key, &item)) {
      read_text(key);
      read_value(item);
    }
    must(sherd_value_iter_status(&iter) == SHERD_OK, "a value is damaged");
    break;
  case SHERD_VALUE_NULL:
    break;
  }
}

/* --- Measuring --- */

/* The time of this program alone: others may be running too. */
static uint64_t cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

struct cost {
  uint64_t scan_ns, walk_ns;
};

/* How much of a sample is its data. */
static size_t data_bytes(enum sherd_data_format format, size_t sample) {
  struct sherd__envelope envelope;
  struct sherd_bytes raw;
  must(sherd__envelope_scan(format, sherd__buf_bytes(&samples[format][sample]), NULL, &envelope,
                            NULL) == SHERD_OK &&
           sherd_value_raw(envelope.data, &raw) == SHERD_OK,
       "a document is damaged");
  return raw.len;
}

/* What BATCH events cost; each has extents of its own, as if each had just been scanned. */
static struct cost run_batch(enum sherd_data_format format, const size_t *order) {
  static struct sherd__extents extents[BATCH];
  struct sherd__envelope envelopes[BATCH];
  uint64_t begin = cpu_ns();
  for (size_t i = 0; i < BATCH; i++) {
    if (!extents[i].allocator)
      sherd__extents_init(&extents[i], sherd_allocator_default());
    must(sherd__envelope_scan(format, sherd__buf_bytes(&samples[format][order[i]]), &extents[i],
                              &envelopes[i], NULL) == SHERD_OK,
         "a document is damaged");
  }
  uint64_t scanned = cpu_ns();
  for (size_t i = 0; i < BATCH; i++)
    read_value(envelopes[i].data);
  return (struct cost){scanned - begin, cpu_ns() - scanned};
}

static void run(const char *name, enum sherd_data_format format) {
  static size_t order[EVENTS];
  struct cost best = {UINT64_MAX, UINT64_MAX};
  uint64_t bytes = 0, walked = 0;
  dice = 88172645463325252;
  for (size_t i = 0; i < EVENTS; i++) {
    order[i] = roll(sample_count);
    bytes += samples[format][order[i]].len;
    walked += data_bytes(format, order[i]);
  }
  for (size_t round = 0; round < ROUNDS; round++) {
    struct cost all = {0};
    values = sum = 0;
    for (size_t i = 0; i < EVENTS; i += BATCH) {
      struct cost cost = run_batch(format, order + i);
      all.scan_ns += cost.scan_ns;
      all.walk_ns += cost.walk_ns;
    }
    best.scan_ns = all.scan_ns < best.scan_ns ? all.scan_ns : best.scan_ns;
    best.walk_ns = all.walk_ns < best.walk_ns ? all.walk_ns : best.walk_ns;
  }
  double scan_ns = (double)best.scan_ns, walk_ns = (double)best.walk_ns;
  printf("%-5s %8.0f %9.0f %9.2f %9.0f %9.2f %9.1f %9.1f\n", name, (double)bytes / EVENTS,
         scan_ns / EVENTS, (double)bytes / scan_ns, walk_ns / EVENTS, (double)walked / walk_ns,
         (double)walked / (double)values, walk_ns / (double)values);
}

int main(int argc, char **argv) {
  must(argc == 2, "usage: bench_walk DIRECTORY-OF-DOCUMENTS");
  read_samples(argv[1]);
  printf("       B/event  scan, ns      GB/s  walk, ns      GB/s   B/value  ns/value\n");
  run("json", SHERD_FORMAT_JSON);
  run("etf", SHERD_FORMAT_ETF);
  for (size_t i = 0; i < sample_count; i++) {
    sherd__buf_deinit(&samples[SHERD_FORMAT_JSON][i]);
    sherd__buf_deinit(&samples[SHERD_FORMAT_ETF][i]);
  }
  return EXIT_SUCCESS;
}
