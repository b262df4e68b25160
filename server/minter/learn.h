/* SPDX-License-Identifier: ISC
 *
 * How a house's own mails look, learned from a sample: what its servers write before and behind a mail's own fields, the
 * Message-IDs of its programs, and which programs those are, as a profile (profile.h). Only what is the same in many mails
 * of several people is kept as it is; all else becomes a slot, so that nothing of anybody's mail is in it. */
#ifndef MINTER_LEARN_H
#define MINTER_LEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define LEARN_MAILS 4000 /* more are not looked at */
#define LEARN_FIELDS 24
#define LEARN_LEAST 5    /* mails within the house, */
#define LEARN_SENDERS 3 /* and people who wrote them */

struct learn_field {
    char *name, *value; /* as it stands, lines ended by LF */
};

struct learn_mail {
    char *from, *to, *id, *agent; /* addresses; the id with <> */
    const char *program;          /* NULL: none that is known */
    bool house;                   /* from the house, and by its servers */
    int64_t date;
    struct learn_field before[LEARN_FIELDS], behind[LEARN_FIELDS]; /* its own fields; what is not the writer's */
    size_t before_count, behind_count;
};

struct learn {
    const char *domain; /* must stay */
    struct learn_mail *mails;
    size_t count, house;
};

void learn_init(struct learn *learn, const char *domain);
void learn_free(struct learn *learn);
int learn_add(struct learn *learn, struct slice message, struct error *error);
/* Adds the profile's YAML. -1 where the sample is too small to learn from. */
int learn_write(struct learn *learn, struct buffer *out, struct error *error);

/* ---- parts ---- */

/* The same field of several mails, as one value with slots (profile.h). `border`: of the hop at which another house's mail
 * came in. -1: no value fits most of them. `slots` counts those that are not of the mail's own people. */
int learn_value(const struct learn_mail *const *mails, const char *const *values, size_t count, bool hop, bool border,
                struct buffer *out, size_t *slots);
/* A mask of words that differ. */
void learn_mask(const char *const *words, size_t count, struct buffer *out);

#endif
