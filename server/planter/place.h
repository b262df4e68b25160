/* SPDX-License-Identifier: ISC
 *
 * A place in which lures are planted. One file for each, its struct at the end, one line in
 * server/wire/tables/places.def. All three acts tell where the lure is (DESIGN: placements.where) and its state. */
#ifndef PLANTER_PLACE_H
#define PLANTER_PLACE_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>
#include "server/base/buffer.h"
#include "server/base/error.h"
#include "server/planter/task.h"

#define PLACE_TEXT (60 * 1024)
#define PLACE_PATHS 8

struct place_result {
    json_t *where;       /* an object */
    const char *state;   /* there | moved | changed | gone | unknown | planned (dry run) */
    struct buffer text;  /* for people: what was noticed */
    struct buffer print; /* to be printed as it is, or empty */
    bool unsure;         /* where an act fails: it may have been done all the same */
};

/* Folders that the place needs to read and, unless they are somebody else's, to write to. */
struct place_paths {
    char *path[PLACE_PATHS];
    bool foreign[PLACE_PATHS];
    size_t count;
};

struct place {
    const char *scheme;
    bool copies; /* what lies there, into task->visit->scratch, by libgit2 */
    bool remote; /* on another host (places.def: reach): no file, task->visit, and many jobs for one planter */
    /* A path whose owner the planter becomes when it runs as root; to be freed. NULL: stays as it is. */
    char *(*owner)(const struct task *task);
    /* For the cage; called after the user was dropped. May be NULL: no files. */
    int (*paths)(const struct task *task, struct place_paths *paths, struct error *error);
    /* What cannot be found again by the meta's "message_id" alone is told by task_announce() before it is put there:
     * where nothing was announced, nothing is. */
    int (*plant)(const struct task *task, struct place_result *result, struct error *error);
    int (*inspect)(const struct task *task, struct place_result *result, struct error *error);
    /* Takes it out again: state "gone", or another with a text that says what is left. */
    int (*uproot)(const struct task *task, struct place_result *result, struct error *error);
    /* Who is there (people.h); NULL where no people are. */
    int (*people)(const struct task *task, struct place_result *result, struct error *error);
};

#define PLACE(symbol, scheme, summary, takes, reach) extern const struct place place_##symbol;
#include "server/wire/tables/places.def"
#undef PLACE

/* NULL when there is none of that scheme. */
const struct place *place_find(struct slice scheme);
/* Takes NULL: nothing. */
int place_paths_add(struct place_paths *paths, const char *path, struct error *error);
int place_paths_add_foreign(struct place_paths *paths, const char *path, struct error *error);
void place_paths_free(struct place_paths *paths);

void place_result_init(struct place_result *result);
void place_result_free(struct place_result *result);
/* Prints the mail that was found, where the option "show" asks for it. */
void place_show(const struct task *task, struct slice message, struct place_result *result);
/* One more sentence, on a line of its own. */
void place_note(struct place_result *result, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
