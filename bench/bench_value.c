/* What the lazy view costs a byte, and that it costs the same for small documents and large ones.
 *
 * Prints nanoseconds per byte at three sizes, for three shapes in both formats, and exits with 1
 * when a large document costs far more a byte than a small one: then something is quadratic.
 *
 *   list   small objects in a list, as the members of a chunk
 *   deep   towers of a hundred objects, one in the other
 *   wide   one object with very many keys */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sherd/value.h>

#define TOWER       100
#define RUN_NS      (UINT64_C(60) * 1000 * 1000)
#define BATCH_BYTES 100000
#define FLAT_FACTOR 6.0 /* caches and the fixed part of a call account for less */

/* --- Documents --- */

struct document {
  enum sherd_data_format format;
  uint8_t *data;
  size_t len;
  size_t cap;
  bool comma;        /* JSON: the next item of this list or object is not its first */
  char last_key[32]; /* of a wide object */
};

static void put(struct document *doc, const void *bytes, size_t len) {
  if (doc->len + len > doc->cap) {
    doc->cap = (doc->len + len) * 2;
    doc->data = realloc(doc->data, doc->cap);
    if (!doc->data)
      abort();
  }
  memcpy(doc->data + doc->len, bytes, len);
  doc->len += len;
}

static void put_u32(uint8_t *at, uint32_t n) {
  for (int i = 0; i < 4; i++)
    at[i] = (uint8_t)(n >> (24 - 8 * i));
}

/* ETF: a tag and a 32-bit number after it. */
static void put_tag(struct document *doc, uint8_t tag, uint32_t n) {
  uint8_t bytes[5] = {tag};
  put_u32(bytes + 1, n);
  put(doc, bytes, sizeof bytes);
}

static void begin_item(struct document *doc) {
  if (doc->format == SHERD_FORMAT_JSON && doc->comma)
    put(doc, ",", 1);
  doc->comma = true;
}

static void string(struct document *doc, const char *text) {
  size_t len = strlen(text);
  if (doc->format == SHERD_FORMAT_ETF)
    put_tag(doc, 'm', (uint32_t)len);
  else
    put(doc, "\"", 1);
  put(doc, text, len);
  if (doc->format == SHERD_FORMAT_JSON)
    put(doc, "\"", 1);
}

static void number(struct document *doc, uint32_t n) {
  char text[16];
  if (doc->format == SHERD_FORMAT_ETF)
    put_tag(doc, 'b', n);
  else
    put(doc, text, (size_t)snprintf(text, sizeof text, "%" PRIu32, n));
}

static void key(struct document *doc, const char *text) {
  begin_item(doc);
  string(doc, text);
  if (doc->format == SHERD_FORMAT_JSON)
    put(doc, ":", 1);
}

static void open_object(struct document *doc, uint32_t pairs) {
  if (doc->format == SHERD_FORMAT_ETF)
    put_tag(doc, 't', pairs);
  else
    put(doc, "{", 1);
  doc->comma = false;
}

static void close_object(struct document *doc) {
  if (doc->format == SHERD_FORMAT_JSON)
    put(doc, "}", 1);
  doc->comma = true;
}

static void open_list(struct document *doc, uint32_t items) {
  if (doc->format == SHERD_FORMAT_ETF)
    put_tag(doc, 'l', items);
  else
    put(doc, "[", 1);
  doc->comma = false;
}

static void close_list(struct document *doc) {
  put(doc, doc->format == SHERD_FORMAT_ETF ? "j" : "]", 1);
  doc->comma = true;
}

static void member(struct document *doc, uint32_t i) {
  char name[32];
  snprintf(name, sizeof name, "member %" PRIu32, i);
  begin_item(doc);
  open_object(doc, 3);
  key(doc, "id");
  number(doc, i);
  key(doc, "name");
  string(doc, name);
  key(doc, "roles");
  open_list(doc, 2);
  begin_item(doc);
  number(doc, i / 2);
  begin_item(doc);
  number(doc, i / 3);
  close_list(doc);
  close_object(doc);
}

static void tower(struct document *doc) {
  begin_item(doc);
  for (int i = 0; i < TOWER; i++) {
    open_object(doc, 1);
    key(doc, "inner");
  }
  number(doc, 7);
  for (int i = 0; i < TOWER; i++)
    close_object(doc);
}

static void list_of_members(struct document *doc, size_t bytes) {
  uint32_t count = (uint32_t)(bytes / 55) + 1;
  open_list(doc, count);
  for (uint32_t i = 0; i < count; i++)
    member(doc, i);
  close_list(doc);
}

static void list_of_towers(struct document *doc, size_t bytes) {
  uint32_t count = (uint32_t)(bytes / 1000) + 1;
  open_list(doc, count);
  for (uint32_t i = 0; i < count; i++)
    tower(doc);
  close_list(doc);
}

static void wide_object(struct document *doc, size_t bytes) {
  uint32_t count = (uint32_t)(bytes / 20) + 1;
  open_object(doc, count);
  for (uint32_t i = 0; i < count; i++) {
    snprintf(doc->last_key, sizeof doc->last_key, "key %08" PRIu32, i);
    key(doc, doc->last_key);
    number(doc, i);
  }
  close_object(doc);
}

/* --- What is measured; each gives a number that keeps the work from being left out --- */

static struct sherd_value open_document(const struct document *doc) {
  struct sherd_value value;
  if (sherd_value_open(doc->format, doc->data, doc->len, &value) != SHERD_OK)
    abort();
  return value;
}

static size_t validate(const struct document *doc) {
  if (sherd_value_validate(doc->format, doc->data, doc->len, NULL) != SHERD_OK)
    abort();
  return 1;
}

static size_t iterate(const struct document *doc) {
  struct sherd_value_iter iter = sherd_value_iterate(open_document(doc));
  struct sherd_value value;
  size_t count = 0;
  while (sherd_value_next(&iter, NULL, &value))
    count++;
  if (sherd_value_iter_status(&iter) != SHERD_OK)
    abort();
  return count;
}

static size_t visit(struct sherd_value value) {
  struct sherd_bytes text;
  uint64_t n;
  switch (sherd_value_type(value)) {
  case SHERD_VALUE_STRING:
    return sherd_value_as_str(value, &text) == SHERD_OK ? text.len : 0;
  case SHERD_VALUE_NUMBER:
    return sherd_value_as_u64(value, &n) == SHERD_OK ? n & 1 : 0;
  case SHERD_VALUE_LIST:
  case SHERD_VALUE_OBJECT:
    break;
  default:
    return 0;
  }
  size_t sum = 0;
  struct sherd_value inner;
  struct sherd_value_iter iter = sherd_value_iterate(value);
  while (sherd_value_next(&iter, NULL, &inner))
    sum += visit(inner);
  return sum;
}

static size_t walk(const struct document *doc) {
  return visit(open_document(doc));
}

static size_t last(const struct document *doc) {
  struct sherd_value value = open_document(doc);
  size_t count = 1;
  if (sherd_value_type(value) == SHERD_VALUE_OBJECT)
    value = sherd_value_get(value, doc->last_key);
  else if (sherd_value_count(value, &count) == SHERD_OK)
    value = sherd_value_at(value, count - 1);
  if (!sherd_value_exists(value) || sherd_value_type(value) == SHERD_VALUE_NULL)
    abort();
  return count;
}

static char *json;
static size_t json_cap;

static size_t to_json(const struct document *doc) {
  size_t len = 0;
  if (sherd_value_to_json(open_document(doc), json, json_cap, &len) != SHERD_OK)
    abort();
  return len;
}

/* --- Measuring --- */

static const struct {
  const char *name;
  size_t (*run)(const struct document *doc);
} measures[] = {
    {"validate", validate}, {"iterate", iterate}, {"walk", walk},
    {"last", last},         {"to_json", to_json},
};
#define MEASURES (sizeof measures / sizeof *measures)

static const struct {
  const char *name;
  void (*make)(struct document *doc, size_t bytes);
} shapes[] = {{"list", list_of_members}, {"deep", list_of_towers}, {"wide", wide_object}};

static const size_t sizes[] = {1000, 100 * 1000, 10 * 1000 * 1000};
#define SIZES (sizeof sizes / sizeof *sizes)

/* The time of this program alone: others may be running too. */
static uint64_t cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static volatile size_t sink;

/* The best of many batches: what disturbs makes a batch slower, never faster. */
static double ns_per_byte(size_t (*run)(const struct document *doc), const struct document *doc) {
  size_t rounds = BATCH_BYTES / doc->len + 1;
  uint64_t best = UINT64_MAX;
  for (uint64_t begin = cpu_ns(), now = begin; now - begin < RUN_NS;) {
    uint64_t before = now;
    for (size_t i = 0; i < rounds; i++)
      sink = sink + run(doc);
    now = cpu_ns();
    if (now - before < best)
      best = now - before;
  }
  return (double)best / (double)(rounds * doc->len);
}

static bool is_flat(size_t shape, enum sherd_data_format format) {
  const char *format_name = format == SHERD_FORMAT_JSON ? "json" : "etf";
  double cost[SIZES][MEASURES];
  bool flat = true;
  for (size_t size = 0; size < SIZES; size++) {
    struct document doc = {.format = format};
    if (format == SHERD_FORMAT_ETF)
      put(&doc, "\x83", 1);
    shapes[shape].make(&doc, sizes[size]);
    json_cap = doc.len * 2;
    json = malloc(json_cap);
    if (!json)
      abort();
    printf("%-4s  %-4s %8zu B ", format_name, shapes[shape].name, doc.len);
    for (size_t m = 0; m < MEASURES; m++) {
      cost[size][m] = ns_per_byte(measures[m].run, &doc);
      printf(" %8.2f", cost[size][m]);
      if (size > 0 && cost[size][m] > FLAT_FACTOR * cost[0][m])
        flat = false;
    }
    printf("\n");
    fflush(stdout);
    free(json);
    free(doc.data);
  }
  return flat;
}

int main(void) {
  bool flat = true;
  printf("nanoseconds per byte     ");
  for (size_t m = 0; m < MEASURES; m++)
    printf(" %8s", measures[m].name);
  printf("\n");
  for (size_t shape = 0; shape < sizeof shapes / sizeof *shapes; shape++)
    for (int format = SHERD_FORMAT_JSON; format <= SHERD_FORMAT_ETF; format++)
      flat = is_flat(shape, (enum sherd_data_format)format) && flat;
  if (!flat)
    printf("a large document costs more a byte than a small one\n");
  return flat ? EXIT_SUCCESS : EXIT_FAILURE;
}
