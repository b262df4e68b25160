/* SPDX-License-Identifier: ISC
 *
 * What the places on disk share: files that look like their neighbours, and a digest that tells later whether one was
 * changed. */
#ifndef PLANTER_DISK_H
#define PLANTER_DISK_H

#include <stdint.h>
#include <sys/stat.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define DISK_FILE (16 * 1024 * 1024)

/* Makes a new file in the folder, never through a link and never over another; writes, gives it mode, group (where
 * allowed) and time, and syncs. Removes it again on failure. */
int disk_create(int folder, const char *name, struct slice content, mode_t mode, gid_t group, int64_t time_us,
                struct error *error);
/* The whole regular file, not through a link. 0; 1 when it is not there; -1. `status` may be NULL. */
int disk_read(int folder, const char *name, struct buffer *content, struct stat *status, struct error *error);
/* As disk_read(), the first 64 KiB alone. */
int disk_head(int folder, const char *name, struct buffer *content, struct error *error);
/* Mode and group of the folder's newest regular files; 0600 and the folder's group where there is none. */
void disk_siblings(int folder, mode_t *mode, gid_t *group);
/* BLAKE2b of the content, as text. Who holds it can try guesses at the secret: it goes to the keeper alone, who seals
 * it. NULL without memory. To be freed. */
char *disk_digest(struct slice content);
/* 1 the same, 0 another. Takes the digests of earlier versions (Argon2id, salted), too. */
int disk_same(const char *digest, struct slice content);
/* Makes the folder's entries durable. */
void disk_sync(int folder);

#endif
