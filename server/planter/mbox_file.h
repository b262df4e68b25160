/* SPDX-License-Identifier: ISC
 *
 * An mbox file (RFC 4155): all mails one behind the other, each begun by a line "From SENDER DATE" and ended by an
 * empty one. Lines of a mail that begin with "From ", or with ">" before it, stand behind one ">" more (mboxrd). It is
 * locked as Debian's mail programs do (Debian Policy, section 11.6): by fcntl() and by FILE.lock. */
#ifndef PLANTER_MBOX_FILE_H
#define PLANTER_MBOX_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

struct mbox {
    char *path; /* without symbolic links */
    const char *name;
    int folder, fd;
    struct stat status; /* as it was when locked */
    struct slice text;  /* the whole file, mapped; valid until it is changed or closed */
    bool dotted;        /* FILE.lock is ours */
};

struct mbox_entry {
    size_t start, end;    /* its "From " line; behind its last empty line */
    struct slice message; /* without both */
    int64_t time;         /* of the "From " line: seconds as if its local time were UTC; 0 unknown */
};

/* What the newest mails carry in their heads from the programs that read them. */
struct mbox_style {
    bool keywords;      /* X-Status, even when empty */
    bool length, lines; /* Content-Length, Lines */
    bool numbered;      /* an IMAP or POP server numbers them: X-UID, X-IMAPbase */
};

void mbox_blank(struct mbox *mbox);
/* Opens, locks and reads the file, for writing or reading alone. Waits at most `wait_ms` for other programs' locks;
 * then fails. For reading, a lock that is not to be had is done without. */
int mbox_open(const char *path, bool write, int wait_ms, struct mbox *mbox, struct error *error);
void mbox_close(struct mbox *mbox);

/* The entry at `*at`, which is moved behind it. False at the end. */
bool mbox_next(struct slice text, size_t *at, struct mbox_entry *entry);
/* False when no mail bears this Message-ID. */
bool mbox_find(struct slice text, const char *id, struct mbox_entry *entry);
/* Where a mail of that time belongs: before the first later one. */
size_t mbox_position(struct slice text, int64_t time);
struct mbox_style mbox_style(struct slice text);

/* Adds the mail as an entry: its "From " line, its head with what readers have written there (read, not new), its
 * quoted body. `time` as in struct mbox_entry. */
int mbox_add_entry(struct buffer *out, struct slice message, int64_t time, const struct mbox_style *style);
/* The mail without what readers write into its head, and (where it is out of an mbox) without quoting. */
int mbox_canonical(struct buffer *out, struct slice message, bool quoted);

/* Puts `added` in the place of `removed` bytes at `at`. At the end of the file it is written behind it. Within it, a
 * new file takes the old one's place, with its owner, mode and times, where that is safe: the folder can be written to,
 * nobody else has the file open, and it has one name. Else bytes are only ever taken out, by moving up what follows, as
 * mail programs do; and nothing is added: 1. On failure (-1) the file is as it was. */
int mbox_splice(struct mbox *mbox, size_t at, size_t removed, struct slice added, struct error *error);

#endif
