/* SPDX-License-Identifier: ISC */
#include "server/planter/changes.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/base/calendar.h"
#include "server/base/clock.h"

#define DAY 86400
#define DRAWS 100
#define OPENS 8 /* o'clock */
#define CLOSES 18

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

const struct task_file *changes_final(const struct changes *changes, const char *path)
{
    const struct task_file *file = NULL;

    for (size_t i = 0; i < changes->count; i++) {
        for (size_t f = 0; f < changes->list[i].file_count; f++) {
            if (strcmp(changes->list[i].files[f].path, path) == 0)
                file = changes->list[i].files[f].file;
        }
    }
    return file;
}

static int read_file(const struct task *task, const json_t *item, const struct changes *before, struct change *change,
                     struct error *error)
{
    struct change_file *file = &change->files[change->file_count];
    const char *name = text_of(item, "file");
    bool remove = json_is_true(json_object_get(item, "remove"));

    file->path = text_of(item, "path");
    file->module = json_is_true(json_object_get(item, "submodule"));
    file->file = name != NULL && !remove ? task_file(task, name) : NULL;
    if (file->path == NULL || !task_path_safe(file->path))
        return error_set(error, "the lure names a path that leads out of the repository or is unfit for one");
    if (!remove && file->file == NULL)
        return error_set(error, "the lure's file for %s did not come", file->path);
    if (remove && changes_final(before, file->path) == NULL)
        return error_set(error, "the lure removes %s, which it did not add", file->path);
    if (file->module && remove)
        return error_set(error, "the lure removes a submodule; it can only name another URL for it");
    change->file_count++;
    return 0;
}

/* Git ends such texts at these bytes. */
static bool is_plain(const char *text)
{
    return text != NULL && text[0] != '\0' && strpbrk(text, "<>\n") == NULL;
}

static int read_change(const struct task *task, const json_t *item, struct changes *changes, struct error *error)
{
    struct change *change = &changes->list[changes->count];
    const json_t *author = json_object_get(item, "author");
    const json_t *files = json_object_get(item, "files");
    const char *date = text_of(item, "date");
    int64_t time = 0;

    change->message = text_of(item, "message");
    change->name = text_of(author, "name");
    change->mail = text_of(author, "mail");
    if (change->message == NULL || change->message[0] == '\0' || !is_plain(change->name) || !is_plain(change->mail) ||
        date == NULL || clock_parse(date, &time) != 0)
        return error_set(error, "the lure's change has no message, author or date");
    change->time_s = time / 1000000;
    change->offset = change->drawn = task_offset(date);
    change->area = text_of(item, "area") != NULL ? text_of(item, "area") : "";
    if (json_array_size(files) == 0 || json_array_size(files) > CHANGE_FILES)
        return error_set(error, "the lure's change has no files, or more than %d", CHANGE_FILES);
    for (size_t i = 0; i < json_array_size(files); i++) {
        if (read_file(task, json_array_get(files, i), changes, change, error) != 0)
            return -1;
    }
    changes->count++;
    return 0;
}

static void set_secret(struct changes *changes, const struct change_file *file)
{
    changes->secret_path = file->path;
    changes->secret_file = file->file;
}

/* secret_file names a file that came; its path is where a change puts it. */
static void find_secret(const struct task *task, struct changes *changes)
{
    const char *secret = task_meta(task, "secret_file");

    for (size_t i = 0; i < changes->count && secret != NULL; i++) {
        for (size_t f = 0; f < changes->list[i].file_count; f++) {
            const struct change_file *file = &changes->list[i].files[f];

            if (changes->secret_path == NULL && file->file != NULL &&
                (strcmp(file->file->name, secret) == 0 || strcmp(file->path, secret) == 0))
                set_secret(changes, file);
        }
    }
    if (changes->secret_path == NULL)
        set_secret(changes, &changes->list[0].files[0]);
}

int changes_read(const struct task *task, struct changes *changes, struct error *error)
{
    const json_t *list = json_object_get(task->meta, "changes");

    memset(changes, 0, sizeof(*changes));
    if (json_array_size(list) == 0 || json_array_size(list) > CHANGES)
        return error_set(error, "this lure is no change of a repository; choose one with --lure (see: sundew lures)");
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (read_change(task, json_array_get(list, i), changes, error) != 0)
            return -1;
    }
    find_secret(task, changes);
    return 0;
}

/* ---- dates ---- */

static bool is_workday(int64_t time_s, int offset, struct tm *day)
{
    time_t local = (time_t)(time_s + offset * 60);

    return gmtime_r(&local, day) != NULL && !calendar_is_weekend(day) && !calendar_is_holiday(day);
}

static bool is_usual(int64_t time_s, int offset, const bool week[CHANGES_WEEK])
{
    struct tm day;

    if (week != NULL)
        return week[changes_hour(time_s, offset)];
    return is_workday(time_s, offset, &day) && day.tm_hour >= OPENS && day.tm_hour < CLOSES;
}

/* By whole days to one on which its author works. */
static int64_t step(const struct change *change, int64_t time_s, int64_t by)
{
    struct tm day;

    for (int i = 0; i < 2 * 7; i++) {
        time_s += by;
        if (is_workday(time_s, change->offset, &day))
            break;
    }
    return time_s;
}

/* Who lives elsewhere works at other times: the same hour of the day there, in order, and no later than last_s. */
static void take_home(struct changes *changes, int64_t last_s)
{
    bool late = changes->list[changes->count - 1].time_s > last_s, moved = false;

    for (size_t i = 0; i < changes->count; i++) {
        struct change *change = &changes->list[i];

        moved = moved || change->drawn != change->offset;
        change->time_s += (change->drawn - change->offset) * 60;
        change->drawn = change->offset;
        while (moved && i > 0 && change->time_s < change[-1].time_s)
            change->time_s = step(change, change->time_s, DAY);
    }
    for (size_t i = changes->count; moved && !late && i-- > 0;) {
        while (changes->list[i].time_s > last_s)
            changes->list[i].time_s = step(&changes->list[i], changes->list[i].time_s, -DAY);
        last_s = changes->list[i].time_s;
    }
}

static bool fits(const struct changes *changes, int64_t tip_s, int64_t now_s)
{
    int64_t before = tip_s;

    for (size_t i = 0; i < changes->count; i++) {
        if (changes->list[i].time_s < before || (i == 0 && tip_s > 0 && changes->list[i].time_s == tip_s))
            return false;
        before = changes->list[i].time_s;
    }
    return before <= now_s;
}

/* Dates from tip_s on that are drawn anew, with the distances that the lure's had, as far as there is room. */
static void draw_dates(const struct changes *changes, int64_t tip_s, int64_t now_s, int64_t times[CHANGES])
{
    int64_t room = now_s - tip_s;
    int64_t first = changes->list[0].time_s, last = changes->list[changes->count - 1].time_s;
    int64_t span = last > first ? last - first : 0;
    int64_t most = room / 4 < 3 * DAY ? room / 4 : 3 * DAY;
    int64_t start = tip_s + (most > 1 ? 1 + randombytes_uniform((uint32_t)most) : most);
    int64_t fit = span < (now_s - start) * 3 / 4 ? span : (now_s - start) * 3 / 4;

    for (size_t i = 0; i < changes->count; i++) {
        int64_t after = span > 0 ? changes->list[i].time_s - first : 0;

        if (after < 0 || after > span)
            after = 0;
        times[i] = start + (span > 0 ? (int64_t)((double)after / (double)span * (double)fit) : 0);
    }
}

/* How many of them fall into the marked hours. */
static size_t count_usual(const struct changes *changes, const int64_t times[CHANGES], const bool week[CHANGES_WEEK])
{
    size_t usual = 0;

    for (size_t i = 0; i < changes->count; i++)
        usual += is_usual(times[i], changes->list[i].offset, week);
    return usual;
}

static void move(struct changes *changes, int64_t tip_s, int64_t now_s, const bool week[CHANGES_WEEK])
{
    int64_t best[CHANGES], times[CHANGES];
    size_t most = 0;

    for (int i = 0; i < DRAWS && (i == 0 || most < changes->count); i++) {
        draw_dates(changes, tip_s, now_s, times);
        if (i == 0 || count_usual(changes, times, week) > most) {
            memcpy(best, times, sizeof(best));
            most = count_usual(changes, times, week);
        }
    }
    for (size_t i = 0; i < changes->count; i++)
        changes->list[i].time_s = best[i];
}

int changes_date(struct changes *changes, int64_t tip_s, int64_t now_s, bool fixed, const bool week[CHANGES_WEEK],
                 struct error *error)
{
    char text[CLOCK_TEXT];

    if (tip_s > now_s)
        return error_set(error, "the branch's newest commit is dated %.10s, in the future; nothing can follow it yet",
                         clock_text(tip_s * 1000000, text));
    if (!fixed)
        take_home(changes, now_s);
    if (fits(changes, tip_s, now_s))
        return 0;
    if (fixed)
        return error_set(error,
                         "the date does not fit: the change must come after the branch's newest commit, %.19sZ, "
                         "and not in the future; choose another --at or leave it out",
                         clock_text(tip_s * 1000000, text));
    if (tip_s == 0)
        tip_s = now_s - 30 * DAY;
    move(changes, tip_s, now_s, week);
    return 0;
}
