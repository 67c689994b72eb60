/* What a snapshot looks like: metrics, JSON, table, line, health. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "watch/fields.h"
#include "watch/human.h"
#include "watch/render.h"
#include "watch/sample.h"

static char *text_of(struct sherd_buf *buf) {
  assert_int_equal(sherd__buf_append_byte(buf, 0), SHERD_OK);
  return (char *)buf->data;
}

static void start(struct sherd_buf *buf) {
  sherd__buf_init(buf, sherd_allocator_default());
}

/* --- Metrics --- */

struct family {
  char name[96];
  bool has_help, is_counter;
};

struct exposition {
  struct family families[160];
  size_t family_count;
  char series[1024][160];
  size_t series_count;
};

static struct family *find_family(struct exposition *it, const char *name, size_t len) {
  for (size_t i = 0; i < it->family_count; i++)
    if (strlen(it->families[i].name) == len && memcmp(it->families[i].name, name, len) == 0)
      return &it->families[i];
  return NULL;
}

static void take_comment(struct exposition *it, const char *line) {
  char name[96], rest[256];
  if (sscanf(line, "# HELP %95s %255[^\n]", name, rest) == 2) {
    assert_null(find_family(it, name, strlen(name))); /* each family once */
    struct family *family = &it->families[it->family_count++];
    strcpy(family->name, name);
    family->has_help = true;
    assert_int_equal(rest[strlen(rest) - 1], '.');
    return;
  }
  assert_int_equal(sscanf(line, "# TYPE %95s %255s", name, rest), 2);
  struct family *family = find_family(it, name, strlen(name));
  assert_true(family && family == &it->families[it->family_count - 1]);
  family->is_counter = strcmp(rest, "counter") == 0;
  assert_true(family->is_counter || strcmp(rest, "gauge") == 0);
  size_t len = strlen(name);
  bool is_total = len > 6 && strcmp(name + len - 6, "_total") == 0;
  assert_int_equal(is_total, family->is_counter);
}

static void take_sample(struct exposition *it, const char *line) {
  const char *space = strrchr(line, ' ');
  char *end;
  assert_non_null(space);
  (void)strtod(space + 1, &end);
  assert_true(end != space + 1 && *end == '\0');
  size_t name_len = strcspn(line, "{ ");
  struct family *family = find_family(it, line, name_len);
  assert_true(family && family == &it->families[it->family_count - 1]); /* samples stay together */
  size_t len = (size_t)(space - line);
  assert_true(len < sizeof *it->series);
  for (size_t i = 0; i < it->series_count; i++)
    assert_false(strlen(it->series[i]) == len && memcmp(it->series[i], line, len) == 0);
  memcpy(it->series[it->series_count], line, len);
  it->series[it->series_count++][len] = '\0';
}

static void take_exposition(struct exposition *it, char *text) {
  memset(it, 0, sizeof *it);
  assert_int_equal(text[strlen(text) - 1], '\n');
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
    (*line == '#' ? take_comment : take_sample)(it, line);
}

static struct exposition exposition;

static void test_metrics_follow_the_format(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 20; seed++) {
    struct sample sample;
    struct sherd_buf out;
    sample_fill(&sample, seed);
    strcpy(sample.consumers[1].name, "another");
    start(&out);
    assert_int_equal(sherd__render_metrics(&sample.snapshot, 3, &out), SHERD_OK);
    take_exposition(&exposition, text_of(&out));
    assert_true(exposition.family_count > 60);
    assert_true(exposition.series_count > exposition.family_count);
    sherd__buf_deinit(&out);
  }
}

static void test_metrics_have_the_values(void **state) {
  (void)state;
  struct sample sample;
  struct sherd_buf out;
  sample_running(&sample);
  sample.snapshot.fleet.sum.bytes_in = UINT64_MAX; /* exact, where a double is not */
  start(&out);
  assert_int_equal(sherd__render_metrics(&sample.snapshot, 3, &out), SHERD_OK);
  const char *text = text_of(&out);
  assert_non_null(strstr(text, "\nsherd_fleet_phase{phase=\"running\"} 1\n"));
  assert_non_null(strstr(text, "\nsherd_fleet_phase{phase=\"starting\"} 0\n"));
  assert_non_null(strstr(text, "\nsherd_fleet_shards_connected 1023\n"));
  assert_non_null(strstr(text, "\nsherd_fleet_held_seconds_total 4.2\n"));
  assert_non_null(strstr(text, "\nsherd_gateway_received_bytes_total 18446744073709551615\n"));
  assert_non_null(strstr(text, "\nprocess_start_time_seconds 1764067680.000\n"));
  assert_non_null(strstr(text,
                         "\nsherd_consumer_dropped_total{consumer=\"worker\",connection=\"0\","
                         "policy=\"drop_oldest\"} 17\n"));
  assert_non_null(strstr(text, "\nsherd_shard_heartbeat_latency_seconds{shard=\"0\"} 0.041\n"));
  assert_null(strstr(text, "sherd_shard_heartbeat_latency_seconds{shard=\"1\"}")); /* not known */
  assert_non_null(strstr(text, "\nsherd_shard_dispatches_total{shard=\"2\"} 101\n"));
  sherd__buf_deinit(&out);
}

static void test_metrics_of_many_shards_have_no_series_each(void **state) {
  (void)state;
  struct sample sample;
  struct sherd_buf out;
  sample_running(&sample);
  start(&out);
  assert_int_equal(sherd__render_metrics(&sample.snapshot, 2, &out), SHERD_OK);
  assert_null(strstr(text_of(&out), "shard=\""));
  sherd__buf_deinit(&out);
}

/* --- JSON --- */

static void assert_same(const struct sherd__fields *fields, const void *a, const void *b) {
  for (size_t i = 0; i < fields->count; i++) {
    const struct sherd__field *field = &fields->fields[i];
    const char *left = (const char *)a + field->offset, *right = (const char *)b + field->offset;
    static const size_t sizes[] = {
        [SHERD__FIELD_BOOL] = sizeof(bool),
        [SHERD__FIELD_U16] = sizeof(uint16_t),
        [SHERD__FIELD_U32] = sizeof(uint32_t),
        [SHERD__FIELD_U64] = sizeof(uint64_t),
        [SHERD__FIELD_MS] = sizeof(uint64_t),
        [SHERD__FIELD_SIZE] = sizeof(size_t),
        [SHERD__FIELD_PHASE] = sizeof(enum sherd_fleet_phase),
        [SHERD__FIELD_POLICY] = sizeof(enum sherd__consumer_policy),
        [SHERD__FIELD_STATUS] = sizeof(enum sherd_status),
    };
    if (field->kind == SHERD__FIELD_TEXT)
      assert_string_equal(left, right);
    else if (field->kind == SHERD__FIELD_F64 && isnan(*(const double *)left))
      assert_true(isnan(*(const double *)right));
    else if (field->kind == SHERD__FIELD_F64)
      assert_true(*(const double *)left == *(const double *)right);
    else
      assert_memory_equal(left, right, sizes[field->kind]);
  }
}

static void test_json_reads_back_as_it_was(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 200; seed++) {
    struct sample sample;
    struct sherd__snapshot back;
    struct sherd_buf out;
    sample_fill(&sample, seed);
    start(&out);
    assert_int_equal(sherd__render_status_json(&sample.snapshot, &out), SHERD_OK);
    assert_ptr_equal(memchr(out.data, '\n', out.len), out.data + out.len - 1); /* one line */
    assert_int_equal(
        sherd__read_status_json(sherd__buf_bytes(&out), sherd_allocator_default(), &back),
        SHERD_OK);
    assert_same(&sherd__fields_process, &sample.snapshot, &back);
    assert_same(&sherd__fields_fleet, &sample.snapshot.fleet, &back.fleet);
    assert_same(&sherd__fields_gateway, &sample.snapshot.fleet.sum, &back.fleet.sum);
    assert_same(&sherd__fields_hub, &sample.snapshot.hub, &back.hub);
    assert_int_equal(back.consumer_count, SAMPLE_CONSUMERS);
    assert_int_equal(back.shard_count, SAMPLE_SHARDS);
    for (size_t i = 0; i < SAMPLE_CONSUMERS; i++)
      assert_same(&sherd__fields_consumer, &sample.consumers[i], &back.consumers[i]);
    for (size_t i = 0; i < SAMPLE_SHARDS; i++) {
      assert_same(&sherd__fields_shard, &sample.shards[i], &back.shards[i]);
      assert_same(&sherd__fields_gateway, &sample.shards[i].stats, &back.shards[i].stats);
    }
    sherd__snapshot_free_rows(&back, sherd_allocator_default());
    sherd__buf_deinit(&out);
  }
}

static void test_json_of_others_is_refused(void **state) {
  (void)state;
  static const char *const others[] = {
      "", "x", "[]", "{", "{}x", "{\"shards\":1,\"consumers\":[]}", "{\"shards\":[]}"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    struct sherd__snapshot back;
    struct sherd_bytes json = {(const uint8_t *)others[i], strlen(others[i])};
    assert_int_equal(sherd__read_status_json(json, sherd_allocator_default(), &back), SHERD_EJSON);
    assert_null(back.shards);
  }
}

/* --- The table --- */

static void test_table_fits_and_says_what_matters(void **state) {
  (void)state;
  struct sample sample;
  struct sherd_buf out;
  sample_running(&sample);
  start(&out);
  assert_int_equal(sherd__render_status_table(&sample.snapshot, 80, false, &out), SHERD_OK);
  char *text = text_of(&out);
  assert_non_null(
      strstr(text, "running: 1023 of 1024 shards connected, up 3 h 12 min, pid 4711\n"));
  assert_non_null(strstr(text, "988 of 1,000 left") ? text
                                                    : strstr(text, "988 of 1000 left today"));
  assert_non_null(strstr(text, "\n1      connecting"));
  assert_non_null(strstr(text, "SHERD_ELOST"));
  assert_non_null(strstr(text, "worker           no    drop_oldest"));
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
    assert_true(strlen(line) <= 80);
  sherd__buf_deinit(&out);
}

static void test_table_of_many_shards_shows_those_that_want_attention(void **state) {
  (void)state;
  enum {
    MANY = 10000
  };
  struct sample sample;
  struct sherd_buf out;
  sample_running(&sample);
  struct sherd__shard_row *rows = calloc(MANY, sizeof *rows);
  assert_non_null(rows);
  for (uint32_t i = 0; i < MANY; i++)
    rows[i] = (struct sherd__shard_row){.id = i, .is_alive = true, .is_connected = i != 7777};
  sample.snapshot.shards = rows;
  sample.snapshot.shard_count = MANY;
  start(&out);
  assert_int_equal(sherd__render_status_table(&sample.snapshot, 80, false, &out), SHERD_OK);
  const char *text = text_of(&out);
  assert_non_null(strstr(text, "\n7777   connecting"));
  assert_null(strstr(text, "\n7776"));
  assert_non_null(strstr(text, "(9,999 shards more"));
  sherd__buf_deinit(&out);
  start(&out);
  assert_int_equal(sherd__render_status_table(&sample.snapshot, 80, true, &out), SHERD_OK);
  assert_non_null(strstr(text_of(&out), "\n9999   connected"));
  sherd__buf_deinit(&out);
  free(rows);
}

/* --- The line --- */

static void assert_line(const struct sample *sample, const struct sherd__snapshot *before,
                        size_t width, const char *expected) {
  struct sherd_buf out;
  start(&out);
  assert_int_equal(sherd__render_progress(&sample->snapshot, before, width, &out), SHERD_OK);
  assert_string_equal(text_of(&out), expected);
  sherd__buf_deinit(&out);
}

static void test_progress_says_how_long(void **state) {
  (void)state;
  struct sample sample;
  sample_running(&sample);
  struct sherd_fleet_status *fleet = &sample.snapshot.fleet;
  fleet->phase = SHERD_FLEET_PLANNING;
  assert_line(&sample, NULL, 80, "asking Discord about shards");
  fleet->phase = SHERD_FLEET_STARTING;
  fleet->started = 512;
  fleet->eta_ms = 100000;
  assert_line(&sample, NULL, 30, "[=====>    ] 512/1024 shards, ");
  assert_line(&sample, NULL, 60, "[==========>         ] 512/1024 shards, 1 min 40 s left");
  fleet->waits_until_unix_ms = 1764079320000;
  assert_line(&sample, NULL, 90,
              "[===============>              ] 512/1024 shards, waiting until 14:02:00 UTC for "
              "new sessi");
}

static void test_progress_shows_how_it_goes(void **state) {
  (void)state;
  struct sample sample;
  sample_running(&sample);
  struct sherd__snapshot before = sample.snapshot;
  before.unix_ms -= 2000;
  before.hub.offered -= 2468;
  assert_line(&sample, &before, 90,
              "1023/1024 shards, 1,234 events/s, 41 ms, 4.0 KiB behind, 312.0 MiB");
  sample.snapshot.fleet.is_held = true;
  assert_line(&sample, NULL, 90,
              "1023/1024 shards, 41 ms, 4.0 KiB behind (reading is held), 312.0 MiB");
  sample.snapshot.fleet.phase = SHERD_FLEET_RESHARDING;
  sample.snapshot.fleet.reshard_count = 2048;
  sample.snapshot.fleet.reshard_started = 2048;
  assert_line(&sample, NULL, 90, "[==============================] 2048/2048 shards beside 1024");
}

/* --- Health --- */

static void test_health_and_readiness(void **state) {
  (void)state;
  struct sample sample;
  const char *why;
  sample_running(&sample);
  struct sherd_fleet_status *fleet = &sample.snapshot.fleet;
  assert_true(sherd__is_healthy(&sample.snapshot, &why));
  assert_true(sherd__is_ready(&sample.snapshot, &why));
  fleet->connected = 922;
  assert_true(sherd__is_ready(&sample.snapshot, &why));
  fleet->connected = 921;
  assert_false(sherd__is_ready(&sample.snapshot, &why));
  assert_non_null(strstr(why, "over a tenth"));
  fleet->started = 1023;
  assert_false(sherd__is_ready(&sample.snapshot, &why));
  assert_true(sherd__is_healthy(&sample.snapshot, &why));
  fleet->phase = SHERD_FLEET_FAILED;
  assert_false(sherd__is_healthy(&sample.snapshot, &why));
  assert_false(sherd__is_ready(&sample.snapshot, &why));
  assert_non_null(strstr(why, "failed"));
}

static void test_numbers_for_people(void **state) {
  (void)state;
  assert_string_equal(SHERD__MS(0), "0 ms");
  assert_string_equal(SHERD__MS(999), "999 ms");
  assert_string_equal(SHERD__MS(41000), "41 s");
  assert_string_equal(SHERD__MS(60000), "1 min");
  assert_string_equal(SHERD__MS(1050400000), "12 d 3 h");
  assert_string_equal(SHERD__BYTES(0), "0 B");
  assert_string_equal(SHERD__BYTES(1023), "1023 B");
  assert_string_equal(SHERD__BYTES(1048575), "1.0 MiB");
  assert_string_equal(SHERD__BYTES(UINT64_MAX), "16.0 EiB");
  assert_string_equal(SHERD__COUNT(0), "0");
  assert_string_equal(SHERD__COUNT(1000), "1,000");
  assert_string_equal(SHERD__COUNT(UINT64_MAX), "18,446,744,073,709,551,615");
  assert_string_equal(SHERD__CLOCK(1764079200000), "14:00:00 UTC");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_metrics_follow_the_format),
      cmocka_unit_test(test_metrics_have_the_values),
      cmocka_unit_test(test_metrics_of_many_shards_have_no_series_each),
      cmocka_unit_test(test_json_reads_back_as_it_was),
      cmocka_unit_test(test_json_of_others_is_refused),
      cmocka_unit_test(test_table_fits_and_says_what_matters),
      cmocka_unit_test(test_table_of_many_shards_shows_those_that_want_attention),
      cmocka_unit_test(test_progress_says_how_long),
      cmocka_unit_test(test_progress_shows_how_it_goes),
      cmocka_unit_test(test_health_and_readiness),
      cmocka_unit_test(test_numbers_for_people),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
