#include "say.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool is_live; /* a line without its end is on the terminal */

static void erase_live(void) {
  if (is_live)
    fputs("\r\033[K", stdout);
  is_live = false;
}

void say_line(const char *format, ...) {
  va_list args;
  va_start(args, format);
  pthread_mutex_lock(&lock);
  erase_live();
  vprintf(format, args);
  putchar('\n');
  fflush(stdout);
  pthread_mutex_unlock(&lock);
  va_end(args);
}

void say_live_begin(void) {
  pthread_mutex_lock(&lock);
  erase_live();
}

void say_live_end(void) {
  fflush(stdout);
  is_live = true;
  pthread_mutex_unlock(&lock);
}

void say_live_over(void) {
  pthread_mutex_lock(&lock);
  erase_live();
  pthread_mutex_unlock(&lock);
}
