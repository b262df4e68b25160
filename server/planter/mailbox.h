/* SPDX-License-Identifier: ISC
 *
 * Maildir and Maildir++ folders: opening, naming messages as the mailbox's own delivery agent does, finding one. */
#ifndef PLANTER_MAILBOX_H
#define PLANTER_MAILBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define MAILBOX_ID 512
#define MAILBOX_NAME 512

struct mailbox {
    char *root;   /* of the Maildir++ */
    char *path;   /* of the folder itself; the root for INBOX */
    char *folder; /* "INBOX", or its name without the leading dot */
    int cur, new, tmp;
};

/* How the neighbours are named: 1780308000.M217P4242.mx.example,S=812,W=830:2,S */
struct mailbox_style {
    char host[256];
    bool size, virtual_size; /* ,S= and ,W= (Dovecot, Courier) */
    bool inode;              /* V…I…M… (Postfix) instead of M…P… */
    mode_t mode;
    gid_t group;
};

struct mailbox_hit {
    char name[MAILBOX_NAME]; /* cur/… or new/… */
    struct buffer message;   /* initialised by the caller */
};

void mailbox_blank(struct mailbox *mailbox);
/* `dir` is a Maildir or a folder of a Maildir++; `folder` (may be NULL) another folder of the same mailbox. */
int mailbox_open(const char *dir, const char *folder, struct mailbox *mailbox, struct error *error);
void mailbox_close(struct mailbox *mailbox);

void mailbox_style(const struct mailbox *mailbox, struct mailbox_style *style);
/* A fresh unique name, without flags. time_us is the delivery's. */
void mailbox_name(const struct mailbox_style *style, struct slice message, int64_t time_us, char name[MAILBOX_NAME]);

/* The Message-ID of a message's head, with its angle brackets. 0 or -1. */
int mailbox_message_id(struct slice message, char id[MAILBOX_ID]);
/* 1 found, 0 not there. `name` (may be NULL) is what it was called, which is tried first. */
int mailbox_find(const struct mailbox *mailbox, const char *id, const char *name, struct mailbox_hit *hit);
/* The same in the other folders of the mailbox; *at is the one. */
int mailbox_find_elsewhere(const struct mailbox *mailbox, const char *id, struct mailbox *at, struct mailbox_hit *hit);
int mailbox_remove(const struct mailbox *mailbox, const struct mailbox_hit *hit);

#endif
