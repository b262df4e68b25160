/* SPDX-License-Identifier: ISC
 *
 * One command of a client while it is carried out: what its function sees of the control socket. */
#ifndef KEEPER_REQUEST_H
#define KEEPER_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/keeper/jobs.h"
#include "server/wire/message.h"

struct keeper;

enum request_code { REQUEST_DONE = 0, REQUEST_WANTING = 1, REQUEST_USAGE = 2, REQUEST_FAILED = 3 };

struct request {
    struct keeper *keeper;
    struct jobs *jobs;
    const struct command *command; /* its slices stay until the end */
    const char *who;               /* user name or "uid N" */
    uid_t uid;
    /* The command's own; `release` frees `state`, cancels jobs, and is called once at the end, also when the client
     * has gone. */
    void *state;
    void (*release)(void *state);
    /* Called again and again while rows can be sent; does a bounded piece of work. NULL while the command waits for
     * something else, which then calls request_kick(). */
    void (*resume)(struct request *request);
    /* For `watch`: called after each derivation. */
    void (*derived)(struct request *request);
};

/* One row of kind "row", "job", "file" or "artifact"; in pieces where it is long. Beyond the client's credit it
 * waits in memory, so look at request_ready() first where there may be many. */
void request_row(struct request *request, const char *kind, struct slice name, struct slice data);
/* As request_row() with kind "row", for what stands in the buffer, which is cleared. */
void request_json(struct request *request, struct buffer *json);
/* Has everything gone out, and may more? */
bool request_ready(const struct request *request);
/* Ends the command, after all of its rows. Nothing of `request` may be used by the caller afterwards but its return. */
void request_done(struct request *request, enum request_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As request_done() with REQUEST_FAILED and the error's text. */
void request_fail(struct request *request, const struct error *error);
/* Has `resume` called from the loop soon. */
void request_kick(struct request *request);

/* A table entry; run() starts the work and must end in request_done(), at once or later. `usage` names what it may be
 * given, as in commands.def; that is checked before run(). */
struct command_entry {
    const char *name;
    const char *usage;
    void (*run)(struct request *request);
    bool early; /* works without a ledger */
};

/* NULL for an unknown one. */
const struct command_entry *command_find(struct slice name);

/* ---- arguments ---- */

#define REQUEST_ARGUMENT 16384 /* bytes of one argument */

/* -1, and the command ended as a usage error, when an argument is not in the usage text, stands twice without "...",
 * is too long or holds a NUL, or when a required operand is missing or empty. */
int request_check(struct request *request, const char *usage);
bool request_has(const struct request *request, const char *name);
/* The argument's bytes; data NULL where it was not given. */
struct slice request_slice(const struct request *request, const char *name);
/* The argument as text, or NULL where it was not given; to be freed. */
char *request_text(const struct request *request, const char *name);
/* The id in an argument. -1: the command was ended with an error that says how such an id looks and what lists
 * them. */
int request_id(struct request *request, const char *name, char letter, struct id *id);
/* An argument that must be one of the words (NULL-ended). -1: ended, naming them. */
int request_word(struct request *request, const char *name, const char *const *words);
/* An RFC 3339 time or a date, in microseconds; *out stays when it was not given. -1: ended. */
int request_time(struct request *request, const char *name, int64_t *out);
/* "no token t-… here; `sundew tokens` lists them". */
void request_unknown(struct request *request, char letter, struct id id);

#endif
