/* SPDX-License-Identifier: ISC
 *
 * What lies at a forge beside the repository: variables, issues, comments, wiki pages, snippets, packages. Its parts:
 * what a lure becomes there (forge_work.c), planting it (forge_object_plant.c), finding it again and taking it away
 * (forge_object.c). What forges call them: struct forge_object. */
#ifndef PLANTER_FORGE_OBJECT_H
#define PLANTER_FORGE_OBJECT_H

#include "server/base/clock.h"
#include "server/planter/forge.h"

#define FORGE_PIECES 32
#define FORGE_TEXT_BYTES (1024 * 1024)

/* One object. Variables may be several, the secret's is the chief; all else is one. */
struct forge_piece {
    char key[128], id[FORGE_NAME];
    struct buffer text;
    bool made;
};

struct forge_work {
    struct forge_piece pieces[FORGE_PIECES];
    size_t count, chief;
    char title[FORGE_TITLE], file[256], when[CLOCK_TEXT];
};

/* What the task's lure becomes as that object, into an empty `work`, which is freed in any case. Sets {w} where a date
 * was asked for. */
int forge_work_read(struct forge_stay *stay, const struct forge_object *object, struct forge_work *work,
                    struct error *error);
void forge_work_free(struct forge_work *work);

/* The object that {i} or {k} names: 1 as it was planted (that text, or its digest where `wanted` is NULL), 2 otherwise,
 * 0 gone, -1. Sets {v}. */
int forge_object_compare(struct forge_stay *stay, const struct forge_object *object, const char *wanted,
                         const char *digest, struct error *error);

/* The one whose id is not known, among the newest, by title and content as above. 1 with its id, 0, -1. */
int forge_object_find(struct forge_stay *stay, const struct forge_object *object, const char *title, const char *wanted,
                      const char *digest, char id[FORGE_NAME], struct error *error);

/* Forges end texts as they like: without the white space at the end. */
struct slice forge_trimmed(struct slice text);

#endif
