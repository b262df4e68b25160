/* SPDX-License-Identifier: ISC
 *
 * The folders of a mailbox over IMAP, and single mails in them. */
#ifndef PLANTER_IMAP_FOLDER_H
#define PLANTER_IMAP_FOLDER_H

#include "server/planter/imap_talk.h"
#include "server/planter/mailbox.h"

#define IMAP_FOLDERS 512
#define IMAP_FLAGS 512
#define IMAP_DATE 32

enum imap_use { IMAP_ORDINARY, IMAP_ALL, IMAP_ARCHIVE, IMAP_DRAFTS, IMAP_FLAGGED, IMAP_JUNK, IMAP_SENT, IMAP_TRASH };

struct imap_folder {
    char *name;  /* the server's */
    char *shown; /* UTF-8 */
    enum imap_use use; /* RFC 6154, or by its usual names */
    int64_t count;     /* mails in it; -1: not told */
};

struct imap_folders {
    struct imap_folder list[IMAP_FOLDERS];
    size_t count;
};

/* Those that can hold mails; with `counting` how many each has, where the server tells that along (RFC 5819).
 * imap_folders_free() either way. */
int imap_folders_read(struct imap *imap, bool counting, struct imap_folders *folders, struct error *error);
void imap_folders_free(struct imap_folders *folders);
/* "INBOX", a name, or "\Archive", "\Sent" and so on for a use; NULL when there is none. */
const struct imap_folder *imap_folders_find(const struct imap_folders *folders, const char *wanted);

/* Nothing when it is selected already; `writing`: SELECT, else EXAMINE. 0; 1: the server refuses, imap->text; -1. */
int imap_select(struct imap *imap, const char *folder, bool writing, struct error *error);

struct imap_mail {
    uint32_t uid;
    char flags[IMAP_FLAGS]; /* as the server tells them, without \Recent */
    char date[IMAP_DATE];   /* INTERNALDATE */
    struct buffer message;  /* CRLF; initialised by the caller */
};

/* The mail with that UID in the selected folder. 1; 0: there is none; -1. */
int imap_fetch(struct imap *imap, uint32_t uid, struct imap_mail *mail, struct error *error);
/* What a mail was called, which holds while the folder's UIDVALIDITY is the same; zero: not known. */
struct imap_known {
    uint32_t validity, uid;
};

/* The mail with that Message-ID in the selected folder. What it was called is tried first, where that holds: in a folder
 * that was made anew another's mail has that UID. 1; 0: there is none; -1. */
int imap_find(struct imap *imap, const char *id, struct imap_known known, struct imap_mail *mail, struct error *error);
/* How many mails of the selected folder match "FROM" and the text; -1. */
int64_t imap_count_from(struct imap *imap, const char *from, struct error *error);
/* Keywords that nearly all of the folder's newest mails have, each with a space before it; "". */
int imap_keywords(struct imap *imap, char keywords[IMAP_FLAGS], struct error *error);
/* Takes one mail out of the selected folder, and never another. 1: gone; 0: the server cannot take out one alone, so
 * it is marked as deleted; -1. */
int imap_remove(struct imap *imap, uint32_t uid, struct error *error);
/* Would so many bytes more leave the mailbox's quota room? Where the server tells none: yes. */
int imap_room(struct imap *imap, const char *folder, size_t bytes, struct error *error);

#endif
