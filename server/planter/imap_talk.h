/* SPDX-License-Identifier: ISC
 *
 * A connection to an IMAP server (RFC 9051, RFC 3501): commands and their answers. A command is put together from
 * imap_begin() to imap_run(); strings go out quoted, or as literals where they must. */
#ifndef PLANTER_IMAP_TALK_H
#define PLANTER_IMAP_TALK_H

#include <stdbool.h>
#include <stdint.h>
#include "server/planter/door.h"
#include "server/planter/imap_parse.h"
#include "server/planter/visit.h"

/* What one command may be answered with, and how long that may take. */
#define IMAP_ANSWERS (256 * 1024 * 1024)
#define IMAP_ANSWERS_MS 900000

enum imap_can {
    IMAP_STARTTLS = 1 << 0,
    IMAP_NO_LOGIN = 1 << 1, /* LOGINDISABLED */
    IMAP_PLAIN = 1 << 2,
    IMAP_XOAUTH2 = 1 << 3,
    IMAP_OAUTHBEARER = 1 << 4,
    IMAP_EXTERNAL = 1 << 5,
    IMAP_SASL_IR = 1 << 6,
    IMAP_LITERAL_PLUS = 1 << 7,
    IMAP_UIDPLUS = 1 << 8,
    IMAP_SPECIAL_USE = 1 << 9,
    IMAP_QUOTA = 1 << 10,
    IMAP_LIST_STATUS = 1 << 11,
};

enum imap_said { IMAP_OK, IMAP_NO, IMAP_BAD };

struct imap {
    struct door door; /* its input is the response that is being read */
    struct imap_scan scan;
    size_t taken; /* length of the last response, still in the input */
    unsigned tag;
    unsigned can;          /* of imap_can; what the server said last */
    bool broken;           /* the connection is of no use any more */
    struct buffer command; /* not yet sent */
    enum imap_said said;   /* the last tagged answer */
    struct buffer text;    /* its code and words */
    struct buffer scratch;
    char *host, *user; /* whose mailbox it is */
    char *folder;      /* that is selected, by the server's name; NULL: none */
    bool writing;      /* selected, not examined */
    uint32_t validity; /* UIDVALIDITY of it */
    uint32_t count;    /* mails in it */
    bool keywords;     /* it takes new keywords */
};

/* One untagged answer, without "* ". -1 ends the conversation. */
typedef int imap_take_answer(struct imap *imap, struct imap_cursor *cursor, void *context);

void imap_begin(struct imap *imap, const char *format, ...) __attribute__((format(printf, 2, 3)));
void imap_add(struct imap *imap, const char *format, ...) __attribute__((format(printf, 2, 3)));
int imap_add_string(struct imap *imap, struct slice text, struct error *error);
/* A message: always a literal. */
int imap_add_literal(struct imap *imap, struct slice data, struct error *error);
/* Sends the command and passes on untagged answers (`take` may be NULL). -1 when the connection broke, or is out of
 * order; else what the server said, with its words in imap->text. */
int imap_run(struct imap *imap, imap_take_answer *take, void *context, struct error *error);
/* As imap_run(), where anything but OK is an error: "WHAT: the server says …". */
int imap_must(struct imap *imap, imap_take_answer *take, void *context, const char *what, struct error *error);
/* Sends what was begun, and waits for the server's "+ …". 1: it came; 0: the tagged answer came instead, imap->said with
 * its words in imap->text; -1. imap_run() takes the end. */
int imap_continue(struct imap *imap, struct error *error);

/* Connects to the task's place and logs in as its account says; or the session that is open. NULL with what to do. */
struct task;
struct imap *imap_enter(const struct task *task, struct error *error);

/* imap_login.c */
int imap_log_in(struct imap *imap, struct visit *visit, struct error *error);

#endif
