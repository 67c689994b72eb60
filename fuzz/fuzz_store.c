/* The bytes that a session store's file may have. Properties: taking them up never reads beside
 * them; what is taken up says the same when it is asked again, and when it is taken up again; no
 * mark and no session says more than was ever written; what is written into it is kept.
 *
 * The first byte says what is done to a good store before it is taken up: bit 0, the bytes that
 * follow are the file; else they are changes to it, of four bytes each. Bit 1, the checksums are
 * made right afterwards, so that what lies behind them is reached; then all may be said. */
#include <nettle/hmac.h>

#include "fleet/store_image.h"
#include "fuzz.h"

#define SHARDS    2u
#define TOKEN     "token"
#define TAKEN     40u
#define BYTES_MAX (1 << 20)

/* Nothing that is called here needs one. */
static const struct sherd_store_ops ops = {SHERD__STORE_IMAGE_OPS};

static struct sherd_session sample_session(uint32_t shard_id) {
  struct sherd_session session = {.seq = 1, .shard_id = shard_id, .shard_count = SHARDS};
  snprintf(session.id, sizeof session.id, "session-of-%u", shard_id);
  return session;
}

/* The good store: a session in each shard, of which "a" has taken up to TAKEN. */
static void fill_sample(void *base) {
  struct sherd__store_image image;
  uint32_t who;
  memset(base, 0, sherd__store_bytes(SHARDS));
  sherd__store_image_make(&image, &ops, base, SHARDS, 0, TOKEN);
  FUZZ_CHECK(sherd__store_image_consumer(&image.store, "a", &who) == SHERD_OK);
  for (uint32_t i = 0; i < SHARDS; i++) {
    struct sherd_session session = sample_session(i);
    FUZZ_CHECK(sherd__store_image_begin(&image.store, &session) == SHERD_OK);
    for (uint64_t seq = 2; seq <= TAKEN; seq++)
      FUZZ_CHECK(sherd__store_image_mark(&image.store, who, i, sherd_session_tag(session.id),
                                         seq) == SHERD_OK);
  }
  sherd__store_image_deinit(&image);
}

/* Makes a slot's checksum right: its two words stand before its body. */
static void mend_slots(const struct sherd__slots *slots) {
  for (int i = 0; i < 2; i++) {
    uint64_t check = slots->key;
    for (size_t j = 1; j < SHERD__SLOT_WORDS(slots->words); j++)
      check = sherd__check_add(check, slots->slot[i][j]);
    slots->slot[i][0] = sherd__check_end(check);
  }
}

static void mend(uint8_t *base, uint64_t bytes) {
  if (bytes < sherd__store_bytes(SHARDS))
    return;
  struct sherd__slots head = sherd__store_head_slots(base);
  struct sherd__store_head *body = (void *)(head.slot[0] + SHERD__SLOT_WORDS(0));
  struct hmac_sha256_ctx hmac;
  hmac_sha256_set_key(&hmac, sizeof body->salt, body->salt);
  hmac_sha256_update(&hmac, sizeof TOKEN - 1, (const uint8_t *)TOKEN);
  hmac_sha256_digest(&hmac, sizeof body->bot, body->bot);
  mend_slots(&head);
  uint64_t key;
  memcpy(&key, body->salt, sizeof key);
  for (uint32_t i = 0; i < SHARDS; i++) {
    struct sherd__slots slots = sherd__store_session_slots(base, key, i);
    mend_slots(&slots);
  }
}

static void change(uint8_t *base, uint64_t bytes, struct sherd_bytes input) {
  while (input.len >= 4) {
    size_t at = (size_t)fuzz_number(&input, 2) % bytes;
    uint8_t how = fuzz_byte(&input), value = fuzz_byte(&input);
    /* A few bytes at once, or one. */
    for (size_t i = at; i < bytes && i <= at + how; i++)
      base[i] = how & 1 ? (uint8_t)(base[i] ^ value) : value;
  }
}

/* All that a store says, in a form that can be compared. */
struct said {
  uint64_t touched_ms;
  enum sherd_status loaded[4], marked[4][SHERD_STORE_CONSUMERS_MAX];
  struct sherd_session sessions[4];
  uint64_t marks[4][SHERD_STORE_CONSUMERS_MAX];
  char names[SHERD_STORE_CONSUMERS_MAX][SHERD_CONSUMER_NAME_MAX + 1];
};

static struct said *ask(struct sherd__store_image *image) {
  struct said *said = calloc(1, sizeof *said);
  FUZZ_CHECK(said != NULL);
  said->touched_ms = sherd__store_image_touched_ms(&image->store);
  for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    const char *name = sherd__store_image_consumer_name(&image->store, i);
    snprintf(said->names[i], sizeof said->names[i], "%s", name ? name : "");
  }
  for (uint32_t shard = 0; shard < 4; shard++) {
    said->loaded[shard] = sherd__store_image_load(&image->store, shard, &said->sessions[shard]);
    for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++)
      said->marked[shard][i] =
          sherd__store_image_mark_of(&image->store, i, shard, &said->marks[shard][i]);
  }
  return said;
}

/* Whatever is said is in the ranges of the interface. */
static void check_said(const struct sherd__store_image *image, const struct said *said) {
  uint32_t shards = sherd__store_image_shard_count(&image->store);
  FUZZ_CHECK(shards > 0 && shards <= SHERD__STORE_SHARDS_MAX);
  for (uint32_t shard = 0; shard < 4; shard++) {
    const struct sherd_session *session = &said->sessions[shard];
    FUZZ_CHECK((said->loaded[shard] == SHERD_EINVAL) == (shard >= shards));
    if (said->loaded[shard])
      continue;
    FUZZ_CHECK(sherd_session_is_set(session));
    FUZZ_CHECK(session->shard_id == shard && session->shard_count == shards);
    FUZZ_CHECK(memchr(session->id, 0, sizeof session->id) != NULL);
    FUZZ_CHECK(memchr(session->resume_url, 0, sizeof session->resume_url) != NULL);
    for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++)
      FUZZ_CHECK(said->marked[shard][i] || said->marks[shard][i] >= session->seq);
  }
}

/* And no more than the sample's truth. */
static void check_truth(const struct said *said) {
  for (uint32_t shard = 0; shard < SHARDS; shard++) {
    struct sherd_session truth = sample_session(shard);
    if (said->loaded[shard]) {
      /* A session that is zeroed whole cannot be told from none. */
      FUZZ_CHECK(said->loaded[shard] == SHERD_ESTOREDAMAGED ||
                 said->loaded[shard] == SHERD_ENOTFOUND);
      continue;
    }
    FUZZ_CHECK(said->sessions[shard].seq <= TAKEN);
    truth.seq = said->sessions[shard].seq;
    FUZZ_CHECK(memcmp(&truth, &said->sessions[shard], sizeof truth) == 0);
    for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++)
      FUZZ_CHECK(said->marked[shard][i] || said->marks[shard][i] <= TAKEN);
  }
}

/* Whatever was there, what is written now is kept. */
static void check_writing(struct sherd__store_image *image) {
  struct sherd_session got, session = {.seq = 7, .id = "new", .resume_url = "wss://new"};
  uint32_t who;
  session.shard_count = sherd__store_image_shard_count(&image->store);
  FUZZ_CHECK(sherd__store_image_begin(&image->store, &session) == SHERD_OK);
  enum sherd_status status = sherd__store_image_consumer(&image->store, "new", &who);
  FUZZ_CHECK(status == SHERD_OK || status == SHERD_EQUEUEFULL);
  if (status == SHERD_OK) {
    uint64_t seq, tag = sherd_session_tag("new");
    FUZZ_CHECK(sherd__store_image_mark(&image->store, who, 0, tag, 9) == SHERD_OK);
    FUZZ_CHECK(sherd__store_image_mark_of(&image->store, who, 0, &seq) == SHERD_OK && seq == 9);
  }
  FUZZ_CHECK(sherd__store_image_load(&image->store, 0, &got) == SHERD_OK);
  FUZZ_CHECK(strcmp(got.id, "new") == 0 && got.seq >= 7);
  FUZZ_CHECK(sherd__store_image_forget(&image->store, 0) == SHERD_OK);
  FUZZ_CHECK(sherd__store_image_load(&image->store, 0, &got) == SHERD_ENOTFOUND);
}

static bool take_up(struct sherd__store_image *image, void *base, uint64_t bytes) {
  struct sherd__store_trouble trouble = {0};
  enum sherd_status status = sherd__store_image_open(image, &ops, base, bytes, 0, TOKEN, &trouble);
  FUZZ_CHECK(status == SHERD_OK || status == SHERD_ESTOREDAMAGED || status == SHERD_ESTOREVERSION ||
             status == SHERD_ESTOREOTHER);
  struct sherd_error_info info;
  sherd__store_trouble_tell(&trouble, status, "file", &info);
  FUZZ_CHECK((status == SHERD_OK) == (info.text[0] == '\0'));
  return status == SHERD_OK;
}

static void check(uint8_t *base, uint64_t bytes, bool may_say_all) {
  struct sherd__store_image image, again;
  if (!take_up(&image, base, bytes))
    return;
  struct said *first = ask(&image), *second = ask(&image);
  FUZZ_CHECK(take_up(&again, base, bytes));
  struct said *third = ask(&again);
  FUZZ_CHECK(memcmp(first, second, sizeof *first) == 0);
  FUZZ_CHECK(memcmp(first, third, sizeof *first) == 0);
  check_said(&image, first);
  if (!may_say_all)
    check_truth(first);
  sherd__store_image_deinit(&again);
  check_writing(&image);
  sherd__store_image_deinit(&image);
  free(first);
  free(second);
  free(third);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes input = {data, size};
  uint8_t how = fuzz_byte(&input);
  uint64_t bytes = sherd__store_bytes(SHARDS);
  if (how & 1)
    bytes = input.len < BYTES_MAX ? input.len : BYTES_MAX;
  uint8_t *base = malloc(bytes ? bytes : 1); /* of its exact size, for the sanitizers */
  FUZZ_CHECK(base != NULL);
  if (how & 1) {
    if (bytes)
      memcpy(base, input.data, bytes);
  } else {
    fill_sample(base);
    change(base, bytes, input);
  }
  if (how & 2)
    mend(base, bytes);
  check(base, bytes, how & 3);
  free(base);
  return 0;
}
