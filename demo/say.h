/* Lines of output, above a live one on a terminal. Thread-safe. */
#ifndef SHERD_DEMO_SAY_H
#define SHERD_DEMO_SAY_H

/* One line, above the live one. */
void say_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Begins a live line in place of the one before; what is printed until say_live_end() is on it. */
void say_live_begin(void);
void say_live_end(void);

/* The live line is over. */
void say_live_over(void);

#endif
