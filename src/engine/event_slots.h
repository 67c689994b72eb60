/* Made by scripts/gen-event-slots: where each dispatch's name is looked up. */
#ifndef SHERD_ENGINE_EVENT_SLOTS_H
#define SHERD_ENGINE_EVENT_SLOTS_H

#include <stdint.h>

#define EVENT_SLOT_BITS   8
#define EVENT_SLOT_FACTOR 0x61b7311du

/* The dispatch's place in SHERD_DISPATCH_MAP, from 1; 0 for none. */
/* clang-format off */
static const uint8_t event_slots[1 << EVENT_SLOT_BITS] = {
   0,  0, 32,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, 53,
  27,  0,  0,  0, 23,  0,  3,  0, 58, 41,  0,  0,  0,  0, 36,  0,
   0, 46,  0,  0,  0,  0, 74,  0,  0,  0,  0,  0, 62,  0,  0, 55,
   0,  0,  0,  1,  6,  0,  0,  0,  0, 11,  0,  2,  0,  0,  0,  0,
   0, 68,  0, 22,  0,  0, 14,  0, 77,  0,  0,  0, 51, 19, 13,  0,
   0,  0,  0,  0, 35, 78,  0,  0,  0,  0, 71, 39,  4, 54,  0, 66,
  52, 28,  0,  0, 44, 79, 47,  0,  0,  0, 25, 75,  0,  0, 60,  0,
   0, 61, 37,  0, 18,  0,  0,  0,  0,  0,  0,  0,  9, 70,  0,  0,
   0,  0, 72, 56,  0, 20,  0,  0,  0,  0, 24,  0,  0,  0,  0, 49,
  29,  0, 76,  0, 16,  0,  0,  0,  0,  0,  0,  0,  0,  7,  0, 33,
   0, 42, 64,  0,  0,  0,  0,  0, 12,  0, 69,  0,  0,  0, 63, 40,
   0,  0,  0, 30,  0,  0,  0, 31, 45,  0,  0,  0, 43,  8,  0,  0,
   0,  0, 34,  0,  0,  0,  0,  0,  0,  0,  0,  0, 15,  0,  0,  0,
  10,  0,  0,  0,  0, 26,  0,  0,  0, 21,  0, 38,  0,  0,  0,  0,
   5,  0,  0, 50,  0,  0,  0, 17,  0,  0, 59,  0, 57, 67,  0, 48,
   0,  0,  0, 73,  0,  0, 65,  0,  0,  0,  0,  0,  0,  0,  0,  0,
};
/* clang-format on */

#endif
