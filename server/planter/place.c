/* SPDX-License-Identifier: ISC */
#include "server/planter/place.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct place *const places[] = {
#define PLACE(symbol, scheme, summary, takes, reach) &place_##symbol,
#include "server/wire/tables/places.def"
#undef PLACE
};

const struct place *place_find(struct slice scheme)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (slice_is(scheme, places[i]->scheme))
            return places[i];
    }
    return NULL;
}

int place_paths_add(struct place_paths *paths, const char *path, struct error *error)
{
    char *copy = path != NULL ? strdup(path) : NULL;

    if (path == NULL)
        return 0;
    if (copy == NULL || paths->count == PLACE_PATHS) {
        free(copy);
        return error_set(error, "out of memory");
    }
    paths->path[paths->count++] = copy;
    return 0;
}

int place_paths_add_foreign(struct place_paths *paths, const char *path, struct error *error)
{
    if (place_paths_add(paths, path, error) != 0)
        return -1;
    paths->foreign[paths->count - 1] = true;
    return 0;
}

void place_paths_free(struct place_paths *paths)
{
    while (paths->count > 0)
        free(paths->path[--paths->count]);
}

void place_result_init(struct place_result *result)
{
    result->where = NULL;
    result->state = "unknown";
    result->unsure = false;
    buffer_init(&result->text, PLACE_TEXT);
    buffer_init(&result->print, TASK_BYTES);
}

void place_result_free(struct place_result *result)
{
    json_decref(result->where);
    result->where = NULL;
    buffer_free(&result->text);
    buffer_free(&result->print);
}

void place_show(const struct task *task, struct slice message, struct place_result *result)
{
    if (task_flag(task, "show"))
        buffer_add_slice(&result->print, message);
}

void place_note(struct place_result *result, const char *format, ...)
{
    char line[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (result->text.length > 0)
        buffer_add_char(&result->text, '\n');
    buffer_add_text(&result->text, line);
}
