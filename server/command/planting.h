/* SPDX-License-Identifier: ISC
 *
 * Jobs that the keeper gave (plant, inspect, uproot): a planter of the caller's own does the work, and the keeper is
 * told what became of it. On other hosts one planter does many jobs, and keeps its connection from one to the next. */
#ifndef COMMAND_PLANTING_H
#define COMMAND_PLANTING_H

#include <jansson.h>
#include "server/command/command.h"
#include "server/command/connect.h"
#include "server/command/planter.h"
#include "server/wire/places.h"

struct planting_file {
    char *name;
    struct buffer data;
};

struct planting {
    json_t *json; /* {"placement", "action", "place", "options", "meta"} */
    struct planting_file *files;
    size_t file_count;
};

struct plantings {
    struct planting *items;
    size_t count;
};

/* A reply's "job" and "file" rows, in their order. 0 or -1. */
int plantings_job(struct plantings *plantings, struct slice data);
int plantings_file(struct plantings *plantings, struct slice name, struct slice data);
void plantings_free(struct plantings *plantings);

/* The place as the ledger has it: "git:PATH[#branch]" and its like with the path made absolute by the caller's folder
 * and links resolved as far as it is there; places on other hosts as they are. To be freed; NULL without memory. */
char *place_resolve(const char *place);
/* A place that may have been given as an option, NULL where it was not: resolved, to be freed. 0, or the status to exit
 * with. */
int place_given(const char *given, char **place, struct error *error);

struct gardener {
    struct invocation *invocation;
    struct link *link;
    struct planter planter;
    const struct place_row *row; /* what the planter's cage was made for; NULL: nothing yet */
    int lease;      /* a lock that each job's planter holds too (planter.h); -1: none */
    char state[16]; /* of the last job's lure, as its planter told */
    /* Takes out what the lure that is being planted takes over from: called once that lies there, and before the keeper is
     * told of it, so that whoever is killed in between finds the intent, and finishes. NULL: there is nothing. */
    int (*withdraw)(struct gardener *gardener, const json_t *former);
    const json_t *former;
    bool stays, out; /* that could not be taken out; it was, before the new one was planted */
};

void gardener_init(struct gardener *gardener, struct invocation *invocation, struct link *link);
/* Does one job, tells the keeper, and shows the keeper's rows. The exit status, with a text for people in `error`. */
int gardener_do(struct gardener *gardener, const struct planting *job, struct error *error);
/* The same of a "plant" job whose options say what it `replaces`. `*replaced` is false where that cannot be written over:
 * then nothing was done and nothing told, with the reason in `error`, and 0 comes back. */
int gardener_replace(struct gardener *gardener, const struct planting *job, bool *replaced, struct error *error);
/* Would a "plant" job be done if nothing lay at that path? Nothing is, and nothing told. 0, or 3 with the reason. */
int gardener_rehearse(struct gardener *gardener, const struct planting *job, const char *instead, struct error *error);
/* Tells that a "plant" job will not be done. The status of that, which is no 0, with the keeper's text. */
int gardener_refuse(struct gardener *gardener, const struct planting *job, const char *why, struct error *error);
/* As gardener_do(), with the "inspect" job of a placement that is still planned because planting it was broken off:
 * where its lure lies it is told as planted, and where it does not, what is there of it is taken out, and it is told as
 * not planted (which is code 3: its token is free again). gardener->state says which: there, moved, changed; gone; and
 * anything else where that could not be seen, and nothing changed. */
int gardener_resume(struct gardener *gardener, const struct planting *job, struct error *error);
/* Has an "inspect" job's planter give the mail that it finds, as it lies there, and where that is (to be decref'd; as
 * the planter tells). The keeper is told nothing. 0; 1: it is not there, with a text; 3. */
int gardener_show(struct gardener *gardener, const struct planting *job, struct buffer *mail, json_t **where,
                  struct error *error);
/* Takes out what an "inspect" job has just found changed; it is told as gone, not as uprooted. The job is of no use then. */
int gardener_clear(struct gardener *gardener, const struct planting *job, struct error *error);
/* Has the keeper give the one job of a command. plantings_free() is due either way. */
int gardener_ask(struct gardener *gardener, const struct command *command, struct plantings *jobs, struct error *error);
/* Asks for it, and has it done by `act`. */
int gardener_command(struct gardener *gardener, const struct command *command,
                     int (*act)(struct gardener *, const struct planting *, struct error *), struct error *error);
void gardener_end(struct gardener *gardener);

#endif
