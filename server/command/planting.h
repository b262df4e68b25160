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

struct gardener {
    struct invocation *invocation;
    struct link *link;
    struct planter planter;
};

void gardener_init(struct gardener *gardener, struct invocation *invocation, struct link *link);
/* Does one job, tells the keeper, and shows the keeper's rows. The exit status, with a text for people in `error`. */
int gardener_do(struct gardener *gardener, const struct planting *job, struct error *error);
void gardener_end(struct gardener *gardener);

#endif
