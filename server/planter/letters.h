/* SPDX-License-Identifier: ISC
 *
 * The mails of a lure: the chief one, which holds the secret, and those of its thread. Mails that the mailbox's owner
 * wrote lie among the sent ones, where the place keeps such a folder; else they are left out, as they are quoted in the
 * answers. */
#ifndef PLANTER_LETTERS_H
#define PLANTER_LETTERS_H

#include "server/base/error.h"
#include "server/planter/mailbox.h"
#include "server/planter/place.h"

#define LETTERS 8

struct letter {
    struct slice message;
    char id[MAILBOX_ID];
    int64_t time_us;
    int offset; /* of its Date, in minutes east */
    bool own;   /* written by the mailbox's owner */
    bool chief;
    char *path;         /* where it was put; NULL: nowhere */
    const char *folder; /* by its name in the mailbox */
};

struct letters {
    struct letter list[LETTERS];
    size_t count;
    struct letter *chief;
};

/* From the meta (server/minter/job.h: "messages") and the files that came; letters_free() it. */
int letters_read(const struct task *task, struct letters *letters, struct error *error);
void letters_free(struct letters *letters);
/* The i-th that is to be put: the chief comes last, so that where it lies the others do. */
struct letter *letters_turn(struct letters *letters, size_t i);
/* Adds where those beside the chief were put: "thread":[{"message_id","folder","path"},…]. */
int letters_tell(const struct letters *letters, json_t *where);
/* When it reached the mailbox, in seconds since 1970: what the last server wrote, if that is past, else its date; and
 * the minutes east of Greenwich that it was written with. */
int64_t letter_arrived(const struct letter *letter, int *offset);
/* The message with its lines ended by CRLF. 0 or -1. */
int letter_crlf(struct buffer *out, struct slice message);
/* The same in base64, of sodium's variants; secret_free() it. NULL with the text. */
char *letter_base64(const struct letter *letter, int variant, struct error *error);
/* Does the mailbox's owner answer this mail in the same thread? */
bool letters_answered(const struct letters *letters, const struct letter *letter);
/* What folders of sent mail are called, by their names on disk; NULL at the end. */
extern const char *const letters_sent[];
/* The Message-ID of an old placement's chief. NULL with the error's text when it is not known. */
const char *letters_known_id(const struct task *task, struct error *error);
const char *letters_known_digest(const struct task *task);

#endif
