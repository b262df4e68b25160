/* SPDX-License-Identifier: ISC
 *
 * What gives lures away: each mail alone, in its thread, and beside the others; each commit of a repository, beside
 * those before it; each entry of a directory, beside those of its folder. They come one by one and may be anybody's,
 * so that all of them is bounded here; judged they are together. */
#ifndef MINTER_LINT_H
#define MINTER_LINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define LINT_MAILS 16384
#define LINT_HOPS 16
#define LINT_FILES 8 /* of one mail, that are looked into */
#define LINT_HOST 256
#define LINT_TEXT (64 * 1024)         /* of one mail's text that is looked at */
#define LINT_ALL (128 * 1024 * 1024)  /* of all mails */

/* What one server wrote: Received: from `from` (`name` [`address`]) by `by` …; time. "" where it says nothing. */
struct lint_hop {
    char from[LINT_HOST], name[LINT_HOST], address[64], by[LINT_HOST];
    int64_t time; /* seconds */
    bool dated;
};

/* A file that a mail brings (opened.h). */
struct lint_file {
    char *name, *text, *author; /* as they stand; "" */
    int64_t saved;              /* seconds; 0 where it does not say */
    bool document;
    json_t *links;
};

struct lint_mail {
    char *placement; /* what findings are told of */
    char *mailbox;   /* in which it lies: lures are beside each other there */
    json_t *meta;    /* of a lure (job.h); NULL where that is not known */
    char *id, *answers, *references, *subject, *sender, *delivered; /* as they stand, decoded; "" */
    char *text;      /* decoded, without markup */
    json_t *commit;  /* of a repository (server/planter/git_show.h), and no mail; NULL */
    json_t *entry;   /* of a directory (lint_entry.h), with "beside", and no mail; NULL */
    json_t *from, *people; /* [{"name", "address"}]; people: to and cc */
    json_t *links;         /* hosts that its text or pages lead to */
    struct lint_file files[LINT_FILES];
    size_t file_count;
    struct lint_hop hops[LINT_HOPS]; /* the last one first */
    size_t hop_count;
    int64_t date, arrived; /* seconds; arrived: in the mailbox, 0 where not known */
    int offset;            /* of the date, in minutes east */
    bool dated;
    char weekday[4];       /* as written: "Mon"; "" */
};

enum lint_rule {
    LINT_FIELD, LINT_REST, LINT_WEEKDAY, LINT_FUTURE, LINT_ZONE, LINT_BACK, LINT_JOIN, LINT_TAKEN, LINT_ARRIVAL,
    LINT_ID, LINT_TWICE, LINT_NOTHING, LINT_EARLY, LINT_BARE, LINT_CHAIN, LINT_SUBJECT, LINT_STRANGER, LINT_NAME,
    LINT_ENVELOPE, LINT_RECIPIENT, LINT_WORD, LINT_MARKER, LINT_LINK, LINT_REPEATED, LINT_STRUCTURE, LINT_SAVED,
    LINT_PARENT, LINT_STYLE, LINT_LACKS, LINT_ODD, LINT_UNLIKE, LINT_NUMBER, LINT_AGE, LINT_UNUSED, LINT_DESCRIBED,
    LINT_ALONE, LINT_RULES
};

struct lint_finding {
    const char *rule; /* its name */
    const struct lint_mail *mail;
    const char *what, *why, *remedy; /* without full stops */
};

/* What the mails are held against. world: {"domain", "people":[{"name","mail"}], "desk":{"mail"}, "zone":{…} (job.h:
 * the persona), "hosts":[names of decoys]}; it must stay. */
struct lint {
    const json_t *world;
    int64_t now;
    struct lint_mail *mails;
    size_t count, capacity, bytes;
    json_t *ids; /* Message-ID: index */
    void (*take)(const struct lint_finding *finding, void *context);
    void *context;
    size_t found;
};

struct lint_source {
    const char *placement, *mailbox;
    const json_t *meta; /* NULL */
    int64_t arrived;
};

void lint_init(struct lint *lint, const json_t *world, int64_t now);
void lint_free(struct lint *lint);
/* One mail. -1 when there are too many, or memory ran out. */
int lint_add(struct lint *lint, const struct lint_source *source, struct slice message, struct error *error);
/* The commits of a change, as server/planter/git_show.h prints it. */
int lint_add_change(struct lint *lint, const struct lint_source *source, struct slice change, struct error *error);
/* Entries of a directory, as server/planter/ldap_stay.h prints them. */
int lint_add_entries(struct lint *lint, const struct lint_source *source, struct slice shown, struct error *error);
/* Each mail of an mbox, as "PLACEMENT:NUMBER" from 1. */
int lint_add_mbox(struct lint *lint, const struct lint_source *source, struct slice text, struct error *error);
/* Each mail of an mbox in turn. */
int lint_entries(struct slice text, int (*take)(struct slice message, void *context, struct error *error), void *context,
                 struct error *error);
/* Tells all that gives them away; lint->found is how much. */
int lint_judge(struct lint *lint, void (*take)(const struct lint_finding *finding, void *context), void *context,
               struct error *error);

/* ---- parts ---- */

const char *lint_rule_name(enum lint_rule rule);
void lint_tell(struct lint *lint, const struct lint_mail *mail, enum lint_rule rule, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Reads all that struct lint_mail has of a message. Lasting: free with lint_mail_free(), also after -1 (no memory). */
int lint_read(struct slice message, struct lint_mail *mail);
void lint_mail_free(struct lint_mail *mail);
/* One that is no mail, with its id and text, which it takes and whose links it has. -1, without any: no memory. */
int lint_blank(const struct lint_source *source, const char *id, char *text, struct lint_mail *mail);
bool lint_is_mail(const struct lint_mail *mail);
/* "Tue, 3 Nov 2026 10:12:33 +0100" (RFC 5322), in seconds and minutes east; `weekday` may be NULL. False: it is none. */
bool lint_date(const char *text, int64_t *seconds, int *offset, char weekday[4]);
/* What a Received field (unfolded) says. */
void lint_hop_read(const char *field, struct lint_hop *hop);
const char *lint_address(const json_t *people, size_t index);
/* What stands behind the last '@', without '>'; "" */
const char *lint_domain(const char *address, char domain[LINT_HOST]);
/* The same host, or one of the other's domain. */
bool lint_within(const char *host, const char *domain);

/* Adds the hosts of all addresses in the text. */
void lint_links(const char *text, json_t *links);
/* Does the directory, or the lure itself, know that address? Its name there, or "": without one; NULL: no. */
const char *lint_known(const struct lint *lint, const struct lint_mail *mail, const char *address);

void lint_head(struct lint *lint, const struct lint_mail *mail);
void lint_text(struct lint *lint, const struct lint_mail *mail);
/* Of the files that it brings. */
void lint_files(struct lint *lint, const struct lint_mail *mail);
void lint_commit(struct lint *lint, const struct lint_mail *mail);
void lint_entry(struct lint *lint, const struct lint_mail *mail);
/* Takes what was read, also after -1: too many, or too much. */
int lint_keep(struct lint *lint, struct lint_mail *mail, struct error *error);
/* Words that tell scanners to look away; secrets that they drop (`everywhere`: not only on indented lines); and links.
 * `it` begins the finding: "it". */
void lint_markers(struct lint *lint, const struct lint_mail *mail, const char *it, const char *text);
void lint_secrets(struct lint *lint, const struct lint_mail *mail, const char *it, const char *text, bool everywhere);
void lint_lead(struct lint *lint, const struct lint_mail *mail, const char *it, const json_t *links);
void lint_thread(struct lint *lint, const struct lint_mail *mail);
/* Of all mails: texts that come again. */
int lint_beside(struct lint *lint, struct error *error);

#endif
