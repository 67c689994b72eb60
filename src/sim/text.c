#include "sim/text.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "sim/dice.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Discord's limit on a message of a bot or an ordinary user, in characters. */
#define MESSAGE_CHARACTERS_MAX 2000

static const char *const plain_words[] = {
    "clay",  "kiln",  "glaze", "otter", "wren",  "fox",  "slip",  "shard", "sherd", "bowl",
    "wheel", "cone",  "raku",  "ash",   "brick", "moss", "stone", "lamp",  "river", "tea",
    "jar",   "spoon", "ember", "salt",  "tile",  "crow", "fern",  "dune",  "oak",   "mug"};

static const char *const foreign_words[] = {
    "hello",         "again",    "naïve",      "façade",      "Töpferei",   "Straße",
    "ąęłżź",         "černý",    "ıİ",         "глина",       "печь",       "горшок",
    "κεραμικά",      "πηλός",    "քար",        "קדרות",       "שלום",       "فخار",
    "مرحبا",         "मिट्टी",    "नमस्ते",       "ดินเผา",       "สวัสดี",       "陶芸",
    "こんにちは",    "カタカナ", "土器の破片", "도자기",      "안녕하세요", "陶瓷",
    "你好",          "𠮷野家",   "𪚥",         "𰻝𰻝麺", "𐍈𐌹𐌻",        "𝔉𝔯𝔞𝔨𝔱𝔲𝔯",
    "e\u0301\u0323", "ℵ₀"};

/* What renderers, terminals and encoders stumble over. */
static const char *const marks[] = {"👍",
                                    "🏺",
                                    "🔥🔥",
                                    "👩‍👩‍👧‍👦",
                                    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
                                    "🇺🇳",
                                    "👍🏽",
                                    "√2≈1.414",
                                    "<b>",
                                    "a&b",
                                    "\"quoted\"",
                                    "back\\slash",
                                    "tab\there",
                                    "new\nline",
                                    "\u2028",
                                    "\u00A0",
                                    "\u200B",
                                    "\uFEFF",
                                    "\x7f",
                                    "\x1b[0m",
                                    "**bold**",
                                    "`code`",
                                    "||spoiler||",
                                    "https://example.test/?q=1&r=%20",
                                    ":)",
                                    "...",
                                    "\r\n",
                                    "'",
                                    "/",
                                    "\b\f"};

static const char *const emoji[] = {"🏺",
                                    "🔥",
                                    "👍",
                                    "❤️",
                                    "🦦",
                                    "☕",
                                    "😂",
                                    "🫖",
                                    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
                                    "👩‍👧",
                                    "1️⃣",
                                    "🇺🇳",
                                    "👍🏿",
                                    "⭐",
                                    "🪨",
                                    "🎉"};

const char *sherd__text_emoji(uint64_t grain) {
  return emoji[sherd__grain_derive(grain, 1) % COUNT(emoji)];
}

/* Appends to a name; gives its end. */
static char *add(char *at, const char *text) {
  size_t len = strlen(text);
  memcpy(at, text, len + 1);
  return at + len;
}

static const char *plain_word(uint64_t dice) {
  return plain_words[dice % COUNT(plain_words)];
}

const char *sherd__text_username(uint64_t grain, char out[SHERD__NAME_SIZE]) {
  uint64_t dice = sherd__grain_derive(grain, 2);
  char digits[5] = {0};
  for (int i = 0; i < 4; i++)
    digits[i] = (char)('0' + (dice >> (24 + 8 * i)) % 10);
  add(add(add(add(out, plain_word(dice)), "_"), plain_word(dice / 64)), digits);
  return out;
}

const char *sherd__text_slug(uint64_t grain, char out[SHERD__NAME_SIZE]) {
  uint64_t dice = sherd__grain_derive(grain, 3);
  add(add(add(out, plain_word(dice)), "-"), plain_word(dice / 64));
  return out;
}

const char *sherd__text_hash(uint64_t grain, char out[SHERD__NAME_SIZE]) {
  uint64_t halves[2] = {sherd__grain_derive(grain, 4), sherd__grain_derive(grain, 5)};
  for (int i = 0; i < 32; i++)
    out[i] = "0123456789abcdef"[halves[i / 16] >> (i % 16 * 4) & 15];
  out[32] = '\0';
  return out;
}

const char *sherd__text_title(uint64_t grain, char out[SHERD__NAME_SIZE]) {
  uint64_t dice = sherd__grain_derive(grain, 6);
  const char *first =
      dice & 1 ? plain_word(dice / 2) : foreign_words[dice / 2 % COUNT(foreign_words)];
  const char *last = dice >> 60 ? "" : emoji[dice / 65536 % COUNT(emoji)];
  add(add(add(add(out, first), " "), plain_word(dice / 256)), last);
  return out;
}

struct sentence {
  char *at;
  char *end;
  uint32_t characters; /* still allowed */
};

static uint32_t count_characters(const char *text) {
  uint32_t count = 0;
  for (; *text; text++)
    count += ((uint8_t)*text & 0xC0) != 0x80;
  return count;
}

/* Appends a word and a space, if both fit. */
static bool add_word(struct sentence *sentence, const char *word) {
  size_t len = strlen(word);
  uint32_t characters = count_characters(word) + 1;
  if (len + 2 > (size_t)(sentence->end - sentence->at) || characters > sentence->characters)
    return false;
  memcpy(sentence->at, word, len);
  sentence->at[len] = ' ';
  sentence->at += len + 1;
  sentence->characters -= characters;
  return true;
}

/* A code point out of any plane, but for surrogates, NUL and noncharacters. */
static const char *any_character(struct sherd__dice *dice, char out[5]) {
  uint32_t code = sherd__dice_under(dice, 17) << 16 | sherd__dice_under(dice, 0xFFFE);
  if ((code >= 0xD800 && code < 0xE000) || (code >= 0xFDD0 && code < 0xFDF0) || code == 0)
    code = 0xFFFD;
  out[sherd__utf8_encode(code, (uint8_t *)out)] = '\0';
  return out;
}

static const char *next_word(struct sherd__dice *dice, uint64_t mention, char scratch[32]) {
  uint32_t kind = sherd__dice_under(dice, 24);
  if (kind == 0)
    return any_character(dice, scratch);
  if (kind == 1 && mention) {
    (void)snprintf(scratch, 32, "<@%ju>", (uintmax_t)mention);
    return scratch;
  }
  if (kind < 5)
    return marks[sherd__dice_under(dice, COUNT(marks))];
  if (kind < 11)
    return foreign_words[sherd__dice_under(dice, COUNT(foreign_words))];
  return plain_words[sherd__dice_under(dice, COUNT(plain_words))];
}

static size_t write_words(char *buf, size_t size, struct sherd__dice *dice, uint32_t characters,
                          uint64_t mention) {
  struct sentence sentence = {buf, buf + size, characters};
  char scratch[32];
  while (add_word(&sentence, next_word(dice, mention, scratch)))
    ;
  if (sentence.at == buf) /* not one fitted */
    add_word(&(struct sentence){buf, buf + size, 2}, ".");
  return sentence.at == buf ? 1 : (size_t)(sentence.at - buf) - 1; /* without the last space */
}

void sherd__text_sentence(struct sherd__print *print, uint64_t grain) {
  char buf[512];
  struct sherd__dice dice;
  sherd__dice_init(&dice, sherd__grain_derive(grain, 7));
  uint32_t characters = sherd__dice_between(&dice, 10, 100);
  sherd__print_text(print, buf, write_words(buf, sizeof buf, &dice, characters, 0));
}

/* Most messages are short; one in 40 uses all the room there is. */
static uint32_t message_length(struct sherd__dice *dice) {
  uint32_t kind = sherd__dice_under(dice, 40);
  if (kind == 0)
    return MESSAGE_CHARACTERS_MAX;
  if (kind < 4)
    return sherd__dice_between(dice, 200, MESSAGE_CHARACTERS_MAX);
  return sherd__dice_between(dice, 2, 120);
}

void sherd__text_message(struct sherd__print *print, uint64_t grain, uint64_t mention) {
  char buf[4 * MESSAGE_CHARACTERS_MAX + 2];
  struct sherd__dice dice;
  sherd__dice_init(&dice, sherd__grain_derive(grain, 8));
  uint32_t characters = message_length(&dice);
  print->is_ascii = sherd__dice_chance(&dice, 12);
  sherd__print_text(print, buf, write_words(buf, sizeof buf, &dice, characters, mention));
  print->is_ascii = false;
}
