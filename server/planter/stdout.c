/* SPDX-License-Identifier: ISC
 *
 * stdout: the artifact as text, to be placed by hand. Where it went is then only known to whoever put it there. */
#include "server/planter/place.h"

static const char *name_of(const struct task *task)
{
    return task_meta(task, "name") != NULL ? task_meta(task, "name") : task->files[0].name;
}

static int tell_where(const struct task *task, struct place_result *result)
{
    json_t *line = json_object_get(task->meta, "line");

    result->where = json_pack("{s:b}", "printed", 1);
    if (json_is_integer(line))
        json_object_set(result->where, "line", line);
    if (task->file_count > 0)
        json_object_set_new(result->where, "name", json_string(name_of(task)));
    return result->where == NULL ? -1 : 0;
}

static int stdout_plant(const struct task *task, struct place_result *result, struct error *error)
{
    json_t *line = json_object_get(task->meta, "line");

    if (task->file_count == 0)
        return error_set(error, "this lure has no text to print; choose one with --lure (see: sundew lures)");
    if (task_flag(task, "dry_run")) {
        result->state = "planned";
        place_note(result, "Would print %s.", name_of(task));
        return tell_where(task, result);
    }
    for (size_t i = 0; i < task->file_count; i++) {
        if (buffer_add_slice(&result->print, buffer_slice(&task->files[i].data)) != 0)
            return error_set(error, "out of memory");
    }
    place_note(result, "%s: the name by which tools and thieves look for such a secret; keep it.", name_of(task));
    if (json_is_integer(line))
        place_note(result, "Line %d holds the secret; the rest is what stands around it in real life.",
                   (int)json_integer_value(line));
    place_note(result, "Put it into one place only: an alert tells where the theft was only as long as that is true.");
    place_note(result,
               "Where it goes is not known to Sundew: say so with a memo, or retire the token when it is removed.");
    return tell_where(task, result);
}

static int stdout_inspect(const struct task *task, struct place_result *result, struct error *error)
{
    (void)error;
    place_note(result, "It was placed by hand, so only whoever did can tell.");
    return tell_where(task, result);
}

static int stdout_uproot(const struct task *task, struct place_result *result, struct error *error)
{
    (void)task, (void)result;
    return error_set(error, "it was placed by hand; remove it by hand, then retire the token");
}

const struct place place_stdout = {
    .scheme = "stdout",
    .plant = stdout_plant,
    .inspect = stdout_inspect,
    .uproot = stdout_uproot,
};
