/* SPDX-License-Identifier: ISC
 *
 * One job in one mailbox: what its acts share (imap.c, imap_later.c). */
#ifndef PLANTER_IMAP_STAY_H
#define PLANTER_IMAP_STAY_H

#include "server/planter/imap_folder.h"
#include "server/planter/place.h"
#include "server/wire/remote.h"

struct imap_stay {
    const struct task *task;
    struct place_result *result;
    struct imap *imap;
    struct imap_folders folders;
    struct remote place;
};

/* Logs in and lists the folders. imap_stay_end() either way. */
int imap_stay_begin(struct imap_stay *stay, const struct task *task, struct place_result *result, struct error *error);
void imap_stay_end(struct imap_stay *stay);
/* Takes for the result where the mail `id` is; folder NULL: where it was; mail and digest may be NULL. */
int imap_tell_where(const struct imap_stay *stay, const struct imap_folder *folder, const char *id,
                    const struct imap_mail *mail, const char *digest, struct error *error);

int imap_inspect(const struct task *task, struct place_result *result, struct error *error);
int imap_uproot(const struct task *task, struct place_result *result, struct error *error);

#endif
