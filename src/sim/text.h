/* Names and messages out of a grain: many scripts, all planes of Unicode, short and long. */
#ifndef SHERD_SIM_TEXT_H
#define SHERD_SIM_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "sim/print.h"

/* Room for any name below: 32 characters of 4 bytes, and the NUL. */
#define SHERD__NAME_SIZE 132

/* Each fills `out` with NUL-terminated UTF-8 made from `grain`, and gives `out`. */
const char *sherd__text_username(uint64_t grain, char out[SHERD__NAME_SIZE]); /* "clay_otter42" */
const char *sherd__text_title(uint64_t grain, char out[SHERD__NAME_SIZE]); /* "Clay Otter 🏺" */
const char *sherd__text_slug(uint64_t grain, char out[SHERD__NAME_SIZE]);  /* "kiln-schedule" */
/* 32 hexadecimal digits: a picture's or a voice session's name. */
const char *sherd__text_hash(uint64_t grain, char out[SHERD__NAME_SIZE]);

/* The same in memory that lives as long as the block around it. */
#define SHERD__USERNAME(grain) sherd__text_username((grain), (char[SHERD__NAME_SIZE]){0})
#define SHERD__TITLE(grain)    sherd__text_title((grain), (char[SHERD__NAME_SIZE]){0})
#define SHERD__SLUG(grain)     sherd__text_slug((grain), (char[SHERD__NAME_SIZE]){0})
#define SHERD__HASH(grain)     sherd__text_hash((grain), (char[SHERD__NAME_SIZE]){0})

/* One sentence, for topics and descriptions: up to 100 characters. */
void sherd__text_sentence(struct sherd__print *print, uint64_t grain);

/* A message's content as a JSON string: mostly a few words, now and then 2000 characters; words of
 * many scripts, emoji, mentions of `mention` (unless 0), code points of every plane, what JSON must
 * escape; of some grains everything beyond ASCII is written as \u escapes. */
void sherd__text_message(struct sherd__print *print, uint64_t grain, uint64_t mention);

/* An emoji that a reaction may have, out of several planes. Lifetime: static. */
const char *sherd__text_emoji(uint64_t grain);

#endif
