/* SPDX-License-Identifier: ISC
 *
 * Inside command_check*.c: one run of `sundew check`, as far as the keeper knows. */
#ifndef KEEPER_EXAMINING_H
#define KEEPER_EXAMINING_H

#include "server/keeper/command.h"

enum {
    KINDS = 0
#define KIND(...) +1
#include "server/wire/tables/kinds.def"
#undef KIND
};

struct examining {
    struct request *request;
    size_t phase, table;
    int64_t after; /* number of the last row of the page before */
    int64_t counts[4];
    int64_t doorless[KINDS];   /* armed tokens of each kind that have no door of their own */
    struct buffer row, decoys; /* decoys: JSON array of the configuration's names */
};

/* A finding. state: ok, warning or wrong. */
void check_tell(struct examining *examining, const char *state, const char *check, const char *subject,
                    const char *remedy, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* A page each; 1: there is another, 0: that was the last, -1. */
int examine_tokens(struct examining *examining, struct error *error);
/* Tokens without a door of their own, by kind. */
int examine_doors(struct examining *examining, struct error *error);
/* Files that lie about keep the trust they were made with, whatever the decoy shows now. */
int examine_trust(struct examining *examining, struct error *error);
int examine_placements(struct examining *examining, struct error *error);

#endif
