/* SPDX-License-Identifier: ISC */
#include "server/planter/planter.h"
#include <string.h>

static int check(const struct task *task, struct error *error)
{
    if (task->place->owner != NULL && task->target[0] != '/')
        return error_set(error, "%s:%s is no absolute path", task->place->scheme, task->target);
    if (strcmp(task->action, "people") == 0 && task->place->people == NULL)
        return error_set(error, "%s: holds no people", task->place->scheme);
    if (strcmp(task->action, "plant") == 0 && task->file_count == 0)
        return error_set(error, "the lure has no files");
    return 0;
}

int planter_run(const struct task *task, struct place_result *result, struct error *error)
{
    const struct place *place = task->place;
    int rc = check(task, error);

    if (rc != 0)
        return rc;
    if (strcmp(task->action, "plant") == 0)
        rc = place->plant(task, result, error);
    else if (strcmp(task->action, "inspect") == 0)
        rc = place->inspect(task, result, error);
    else if (strcmp(task->action, "people") == 0)
        rc = place->people(task, result, error);
    else
        rc = place->uproot(task, result, error);
    return rc == 0 ? 0 : -1;
}
