/* SPDX-License-Identifier: ISC
 *
 * Tasks and folders for tests of the planter. */
#ifndef TESTS_PLANTER_LURE_H
#define TESTS_PLANTER_LURE_H

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/planter/planter.h"
#include "tests/test.h"

#define LURE_SECRET "Wq8-tarn-Vole"

static inline int lure_remove(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

static inline void lure_remove_tree(const char *path)
{
    nftw(path, lure_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline json_t *lure_json(const char *text)
{
    json_error_t fault;
    json_t *json = json_loads(text, 0, &fault);

    ck_assert_msg(json != NULL, "%s in %s", fault.text, text);
    return json;
}

/* A task as it stands after PLANT_GO. options and meta are JSON texts; files are added by lure_file(). */
static inline void lure_task(struct task *task, const char *action, const char *scheme, const char *target,
                             const char *options, const char *meta)
{
    task_init(task);
    snprintf(task->action, sizeof(task->action), "%s", action);
    task->place = place_find(slice_of(scheme));
    ck_assert_ptr_nonnull(task->place);
    task->target = strdup(target);
    task->options = lure_json(options);
    task->meta = lure_json(meta);
}

static inline void lure_file(struct task *task, const char *name, const char *text)
{
    struct task_file *file = &task->files[task->file_count++];

    file->name = strdup(name);
    file->whole = true;
    buffer_init(&file->data, TASK_BYTES);
    buffer_add_text(&file->data, text);
}

/* Runs it; fails the test unless it ends as expected. The task is freed. */
static inline void lure_run(struct task *task, struct place_result *result, int expected, struct error *error)
{
    int rc;

    error->text[0] = '\0';
    place_result_init(result);
    rc = planter_run(task, result, error);
    ck_assert_msg(rc == expected, "%s: %d, %s", task->action, rc, error->text);
    task_free(task);
}

/* inspect or uproot of what `where` says; the result is the caller's to free. */
static inline void lure_later(const char *action, const char *scheme, const char *target, const char *meta,
                              const json_t *where, struct place_result *result, int expected, struct error *error)
{
    struct task task;

    lure_task(&task, action, scheme, target, "{}", meta);
    json_object_set_new(task.options, "where", json_deep_copy(where));
    lure_run(&task, result, expected, error);
}

static inline void lure_state(const char *scheme, const char *target, const json_t *where, const char *state)
{
    struct place_result result;
    struct error error;

    lure_later("inspect", scheme, target, "{}", where, &result, 0, &error);
    ck_assert_msg(strcmp(result.state, state) == 0, "%s, not %s: %s", result.state, state, buffer_text(&result.text));
    place_result_free(&result);
}

static inline const char *lure_where(const struct place_result *result, const char *name)
{
    const char *text = json_string_value(json_object_get(result->where, name));

    return text != NULL ? text : "";
}

#endif
