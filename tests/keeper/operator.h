/* SPDX-License-Identifier: ISC
 *
 * A keeper with a ledger in a folder of its own, a minter that is played by this test, and an operator's end of a
 * control channel; all in one event loop. */
#ifndef TESTS_KEEPER_OPERATOR_H
#define TESTS_KEEPER_OPERATOR_H

#include <jansson.h>
#include "server/base/channel.h"
#include "server/keeper/control.h"
#include "server/keeper/jobs.h"
#include "server/keeper/keeper.h"

struct operator_row {
    char *kind, *name;
    struct buffer data;
    json_t *json; /* NULL where it is none */
};

/* What the played minter does. */
struct fake_minter {
    const char *refuse;     /* fails each job with this text */
    const char *die_at;     /* closes its channel at such a job */
    const char *silent_at;  /* never answers such a job */
    unsigned jobs, pem;     /* counted; pem makes certificates differ */
    char last[32];          /* the last job's "what" */
    json_t *parameters;     /* of the last job */
    char secret[64];        /* of the last minted token */
};

struct operator {
    struct event_base *base;
    struct keeper keeper;
    char state[64];
    struct fake_minter minter;
    struct channel *minter_end;
    struct channel *end; /* of the operator; NULL once the keeper has closed it */
    bool greeted;
    uint32_t window;     /* credit given with the command and again when it is used up; 0: none is given */
    uint32_t credit;     /* left */
    bool exceeded;       /* the keeper sent more than credited */
    struct operator_row *rows;
    size_t row_count;
    bool done;
    int code;
    char text[2048];
};

/* With `create` the ledger is made as "init" makes it; else there is none yet. */
void operator_open(struct operator *o, bool create);
void operator_close(struct operator *o);
/* A new minter after the last one died. */
void operator_minter(struct operator *o);
/* A new connection in place of the one that is there. */
void operator_connect(struct operator *o);

/* Sends a command: name, then pairs of argument and value, then NULL. */
void operator_send(struct operator *o, const char *name, ...) __attribute__((sentinel));
/* operator_send(), then runs the loop until the REPLY_DONE has come; the exit code, -1 when the keeper hung up. */
int operator_ask(struct operator *o, const char *name, ...) __attribute__((sentinel));
int operator_wait(struct operator *o);
/* Runs the loop until nothing is left to do, or `rows` rows are there. */
void operator_turn(struct operator *o, size_t rows);
void operator_clear(struct operator *o);
void operator_credit(struct operator *o, uint32_t rows);
/* A member of row n as text; "" where there is none. */
const char *operator_text(const struct operator *o, size_t row, const char *member);
/* One number from the ledger. */
int64_t operator_number(struct operator *o, const char *sql);
/* Runs statements on the ledger. */
void operator_sql(struct operator *o, const char *sql);
/* One minted token's id, to be freed. */
char *operator_mint(struct operator *o, const char *kind);
/* A sighting with all that belongs to it, of the token. */
void operator_sighting(struct operator *o, const char *token);

#endif
