/* What is the matter with a store's file, on its way to the one line for a person. */
#ifndef SHERD_FLEET_STORE_TROUBLE_H
#define SHERD_FLEET_STORE_TROUBLE_H

#include <sherd/error.h>

struct sherd__store_trouble {
  int os_error;       /* errno's number, or 0 */
  char text[128];     /* to be read after the file's name and a colon */
  const char *ending; /* of the file's name, when it is one beside it; or NULL. Static */
};

/* Notes a text, and gives `status` back. */
enum sherd_status sherd__store_trouble_say(struct sherd__store_trouble *trouble,
                                           enum sherd_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Notes what the operating system says. Gives SHERD_ESTOREFULL where it wants room, SHERD_ENOMEM
 * where it wants memory, SHERD_ESTOREWRITE otherwise. */
enum sherd_status sherd__store_trouble_os(struct sherd__store_trouble *trouble, int os_error);

/* Fills in *info, unless it is NULL. */
void sherd__store_trouble_tell(const struct sherd__store_trouble *trouble, enum sherd_status status,
                               const char *path, struct sherd_error_info *info);

#endif
