/* SPDX-License-Identifier: ISC */
#include "server/planter/task.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "server/base/clock.h"
#include "server/planter/place.h"
#include "server/wire/message.h"
#include "server/wire/remote.h"

#define PATH_MOST 1024

void task_init(struct task *task)
{
    memset(task, 0, sizeof(*task));
    task->lease = -1;
}

void task_free(struct task *task)
{
    for (size_t i = 0; i < task->file_count; i++) {
        free(task->files[i].name);
        buffer_free(&task->files[i].data);
    }
    if (task->lease >= 0)
        close(task->lease);
    free(task->target);
    json_decref(task->options);
    json_decref(task->meta);
    task_init(task);
}

bool task_is_errand(const struct task *task)
{
    return strcmp(task->action, "drill") == 0 || strcmp(task->action, "probe") == 0;
}

/* An object; an empty text is an empty one. */
static json_t *parse_object(struct slice text)
{
    json_t *object = text.length == 0 ? json_object() : json_loadb((const char *)text.data, text.length, 0, NULL);

    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

static int take_place(struct task *task, struct slice place, struct error *error)
{
    const unsigned char *colon = place.length > 0 ? memchr(place.data, ':', place.length) : NULL;
    struct slice scheme = {place.data, colon != NULL ? (size_t)(colon - place.data) : place.length};

    task->place = place_find(scheme);
    if (task->place == NULL || colon == NULL)
        return error_set(error, "there is no such place; see: sundew places");
    task->target = slice_copy((struct slice){colon + 1, place.length - scheme.length - 1});
    if (task->target == NULL)
        return error_set(error, "out of memory");
    if (strlen(task->target) != place.length - scheme.length - 1)
        return error_set(error, "the place's name is damaged");
    return 0;
}

static int take_plant(struct task *task, struct reader *reader, struct error *error)
{
    static const char *const actions[] = {"plant", "inspect", "uproot", "people", "drill", "probe"};
    struct plant plant;

    if (plant_get(reader, &plant) != 0 || task->action[0] != '\0')
        return error_set(error, "the planter was sent a damaged job");
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (slice_is(plant.action, actions[i]))
            memcpy(task->action, actions[i], strlen(actions[i]) + 1);
    }
    task->options = parse_object(plant.options);
    task->meta = parse_object(plant.meta);
    if (task->action[0] == '\0' || task->options == NULL || task->meta == NULL)
        return error_set(error, "the planter was sent a damaged job");
    return task_is_errand(task) ? 0 : take_place(task, plant.place, error);
}

/* The file that the piece goes on with, or a new one. */
static struct task_file *file_for(struct task *task, struct slice name)
{
    struct task_file *file = task->file_count > 0 ? &task->files[task->file_count - 1] : NULL;

    if (file != NULL && !file->whole)
        return slice_is(name, file->name) ? file : NULL;
    if (task->file_count == TASK_FILES)
        return NULL;
    file = &task->files[task->file_count];
    file->name = slice_copy(name);
    file->whole = false;
    buffer_init(&file->data, TASK_BYTES);
    if (file->name == NULL || strlen(file->name) != name.length || task_file(task, file->name) != NULL) {
        free(file->name);
        return NULL;
    }
    task->file_count++;
    return file;
}

static int take_file(struct task *task, struct reader *reader, struct error *error)
{
    struct file piece;
    struct task_file *file;

    if (file_get(reader, &piece) != 0 || task->action[0] == '\0')
        return error_set(error, "the planter was sent a damaged file");
    file = file_for(task, piece.name);
    if (file == NULL || piece.data.length > TASK_BYTES - task->bytes || buffer_add_slice(&file->data, piece.data) != 0)
        return error_set(error, "the lure has more or larger files than %d, %d MiB in all, or one twice", TASK_FILES,
                         TASK_BYTES >> 20);
    task->bytes += piece.data.length;
    file->whole = !piece.more;
    return 0;
}

int task_take(struct task *task, struct slice message, struct error *error)
{
    struct reader reader = reader_of(message);
    uint16_t type = message_type(&reader);

    if (type == MESSAGE_PLANT)
        return take_plant(task, &reader, error);
    if (type == MESSAGE_FILE)
        return take_file(task, &reader, error);
    if (type != MESSAGE_PLANT_GO || reader_end(&reader) != 0 || task->action[0] == '\0')
        return error_set(error, "the planter was sent a message that it does not know");
    if (task->file_count > 0 && !task->files[task->file_count - 1].whole)
        return error_set(error, "the lure's last file is not whole");
    return 1;
}

int task_announce(const struct task *task, const json_t *where, struct error *error)
{
    return task->announce != NULL ? task->announce(where, error) : 0;
}

const struct task_file *task_file(const struct task *task, const char *name)
{
    for (size_t i = 0; i < task->file_count; i++) {
        if (strcmp(task->files[i].name, name) == 0)
            return &task->files[i];
    }
    return NULL;
}

const char *task_option(const struct task *task, const char *name)
{
    return json_string_value(json_object_get(task->options, name));
}

const char *task_meta(const struct task *task, const char *name)
{
    return json_string_value(json_object_get(task->meta, name));
}

const char *task_where(const struct task *task, const char *name)
{
    return json_string_value(json_object_get(json_object_get(task->options, "where"), name));
}

int task_host(const struct task *task, struct remote *remote, struct error *error)
{
    char *place = NULL;
    int rc;

    *remote = (struct remote){NULL};
    if (asprintf(&place, "%s:%s", task->place->scheme, task->target) < 0)
        return error_set(error, "out of memory");
    rc = remote_parse(place, remote, error);
    free(place);
    return rc;
}

int task_remote(const struct task *task, struct remote *remote, struct error *error)
{
    if (task_host(task, remote, error) != 0)
        return -1;
    if (remote->user != NULL)
        return 0;
    return error_set(error, "%s:%.200s names nobody; write whose place it is: %s:%sUSER@%s", task->place->scheme,
                     task->target, task->place->scheme, strncmp(task->target, "//", 2) == 0 ? "//" : "", remote->host);
}

bool task_flag(const struct task *task, const char *option)
{
    return json_is_true(json_object_get(task->options, option));
}

int task_time(const struct task *task, int64_t *time_us, struct error *error)
{
    const char *at = task_option(task, "at");
    int64_t now = clock_wall();

    if (at == NULL)
        at = task_meta(task, "date");
    *time_us = now;
    if (at == NULL)
        return 0;
    if (clock_parse(at, time_us) != 0)
        return error_set(error, "\"%.40s\" is no date; write 2026-06-02 or 2026-06-02T10:00:00Z", at);
    if (*time_us > now)
        return error_set(error, "%.40s lies in the future, where nothing can have come from", at);
    return 0;
}

int task_offset(const char *date)
{
    size_t length = strlen(date);
    const char *zone = length > 6 ? date + length - 6 : "";
    int hours, minutes;

    if ((zone[0] != '+' && zone[0] != '-') || sscanf(zone + 1, "%2d:%2d", &hours, &minutes) != 2 || hours > 14 ||
        hours < 0 || minutes < 0 || minutes > 59)
        return 0;
    return (zone[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

/* Names that some system reads as .git: case aside, with trailing dots and spaces, NTFS's short name and streams,
 * and code points that HFS+ ignores (all are begun by the bytes e2 80, e2 81 and ef bb). */
static bool is_git(const char *part, size_t length)
{
    char plain[8];
    size_t n = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)part[i];

        if ((c == 0xe2 || c == 0xef) && i + 2 < length) {
            i += 2;
            continue;
        }
        if (c == ':')
            break;
        if (n == sizeof(plain) - 1)
            return false;
        plain[n++] = (char)c;
    }
    while (n > 0 && (plain[n - 1] == '.' || plain[n - 1] == ' '))
        n--;
    plain[n] = '\0';
    return strcasecmp(plain, ".git") == 0 || strcasecmp(plain, "git~1") == 0;
}

static bool part_safe(const char *part, size_t length)
{
    if (length == 0 || length > 255 || (part[0] == '.' && (length == 1 || (length == 2 && part[1] == '.'))))
        return false;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)part[i] < 0x20 || part[i] == 0x7f || part[i] == '\\')
            return false;
    }
    return !is_git(part, length);
}

bool task_path_safe(const char *path)
{
    size_t length;

    if (strlen(path) > PATH_MOST)
        return false;
    for (;; path += length + 1) {
        length = strcspn(path, "/");
        if (!part_safe(path, length))
            return false;
        if (path[length] == '\0')
            return true;
    }
}

bool task_name_safe(const char *name)
{
    return strchr(name, '/') == NULL && task_path_safe(name);
}
