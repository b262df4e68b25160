/* SPDX-License-Identifier: ISC
 *
 * One job: PLANT, the lure's FILEs, PLANT_GO. */
#ifndef PLANTER_TASK_H
#define PLANTER_TASK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

#define TASK_FILES 64
#define TASK_BYTES (16 * 1024 * 1024) /* of all files together */

struct place;
struct visit;

struct task_file {
    char *name;
    struct buffer data;
    bool whole; /* its last piece has come */
};

struct task {
    char action[8];            /* plant | inspect | uproot | people | drill | probe; "" before PLANT */
    const struct place *place; /* by the scheme; NULL for an errand */
    char *target;              /* what stands behind "SCHEME:" */
    struct visit *visit;       /* of a place on another host; not the task's own */
    int lease;                 /* a lock of sundew's that is held until the task is freed; -1: none */
    /* Has sundew write down where the lure is about to be put; 0 once that is durable. NULL where nobody listens. */
    int (*announce)(const json_t *where, struct error *error);
    json_t *options, *meta;    /* objects */
    struct task_file files[TASK_FILES];
    size_t file_count;
    size_t bytes;
};

void task_init(struct task *task);
/* Wipes the files. */
void task_free(struct task *task);
/* One message. 1: that was PLANT_GO and the job is whole; 0: more must come; -1 with a text. */
int task_take(struct task *task, struct slice message, struct error *error);

/* A task without a place: it goes to a listener. */
bool task_is_errand(const struct task *task);

/* For a place where the lure could not be found again by its meta alone: to be called right before it is put there.
 * `where` is an object as place_result has it. -1: nothing may be put. */
int task_announce(const struct task *task, const json_t *where, struct error *error);

/* NULL when there is none of that name. */
const struct task_file *task_file(const struct task *task, const char *name);
/* A text of the options or the meta; NULL when missing. */
const char *task_option(const struct task *task, const char *name);
const char *task_meta(const struct task *task, const char *name);
/* A text of options.where; NULL when missing. */
const char *task_where(const struct task *task, const char *name);
/* The place taken apart; -1 where it is on no other host. remote_free() either way. */
struct remote;
int task_host(const struct task *task, struct remote *remote, struct error *error);
/* The same, and -1 where it names no user. */
int task_remote(const struct task *task, struct remote *remote, struct error *error);
bool task_flag(const struct task *task, const char *option);
/* When the lure is said to have come: options.at, else the meta's date, else now; never later than now. */
int task_time(const struct task *task, int64_t *time_us, struct error *error);
/* Minutes east of Greenwich behind an RFC 3339 date; 0 where there are none. */
int task_offset(const char *date);

/* A relative path that stays below its folder and is fit for a repository: no empty, "." or ".." part, no ".git"
 * in any disguise, no control characters, no backslash, at most 1024 bytes. */
bool task_path_safe(const char *path);
/* A name without '/', otherwise as above. */
bool task_name_safe(const char *name);

#endif
