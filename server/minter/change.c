/* SPDX-License-Identifier: ISC
 *
 * Lures that are changes of a repository. */
#include <stdio.h>
#include <string.h>
#include "server/minter/container.h"
#include "server/minter/lure.h"
#include "server/minter/persona.h"

#define DAY 86400
#define PATH_BYTES 1024
#define TIMES 64 /* that are drawn until they fit */

/* A path within the repository: relative, no part of it "..", ".git" or empty. */
static bool path_good(const char *path)
{
    const char *part = path;
    size_t length;

    while (*part != 0) {
        length = strcspn(part, "/");
        if (length == 0 || (length <= 2 && strncmp(part, "..", length) == 0) ||
            (length == 4 && strncasecmp(part, ".git", 4) == 0))
            return false;
        part += length + (part[length] == '/' && part[length + 1] != 0);
        if (*part == '/')
            return false;
    }
    return path[0] != 0;
}

static int file_path(const struct lure_work *work, const struct lure_file *file, struct buffer *path,
                     struct error *error)
{
    buffer_clear(path);
    if (file->secret && work->path[0] != 0)
        buffer_add_text(path, work->path);
    else if (lure_render(file->path, work->base, work->token, work->variables, RENDER_PLAIN, path, error) != 0)
        return -1;
    if (path->failed || !path_good(buffer_text(path)))
        return error_usage(error, "'%.200s' is no path within a repository", buffer_text(path));
    return 0;
}

/* Saved by the change's author some minutes before. */
static int pack_body(const struct lure_work *work, const struct lure_file *file, const char *path, struct slice text,
                     int64_t time, struct buffer *body, struct error *error)
{
    const struct containers *chain = &file->containers;
    const struct draw *draw = work->minter->draw;
    struct contents contents = contents_by(json_object_get(work->parameters, "persona"),
                                           json_object_get(work->token, "from"), work->token,
                                           time - 60 - (int64_t)draw_below(draw, 3600), draw);
    char name[CONTAINER_NAME] = "", made[CONTAINER_NAME];

    if (chain->count > 0)
        container_within(chain->items[chain->count - 1], path, name, sizeof name);
    contents.text = text;
    contents.name = name;
    return containers_pack(chain, &contents, made, sizeof made, body, error);
}

static int make_body(const struct lure_work *work, const struct lure_file *file, const char *path, int64_t time,
                     struct buffer *body, struct error *error)
{
    struct buffer text;
    int rc;

    if (file->artifact) {
        buffer_add_slice(body, buffer_slice(&work->carried.data));
        return body->failed ? error_set(error, "out of memory") : 0;
    }
    buffer_init(&text, LURE_FILE_BYTES);
    rc = lure_render(file->body, work->base, work->token, work->variables, file->escape, &text, error);
    if (rc == 0 && file->containers.count > 0 && file->secret && lure_line(buffer_slice(&text), work->secret) == 0)
        rc = error_set(error, "lure '%s' packs no secret", work->lure->name);
    if (rc == 0)
        rc = pack_body(work, file, path, buffer_slice(&text), time, body, error);
    buffer_free(&text);
    return rc;
}

/* One entry of a change's "files"; its body becomes a file of the lure. */
static json_t *make_file(const struct lure_work *work, const struct lure_file *file, int64_t time,
                         struct lure_made *made, struct error *error)
{
    struct buffer path, *body;
    json_t *entry = NULL;
    char number[24];

    buffer_init(&path, PATH_BYTES);
    if (file_path(work, file, &path, error) != 0)
        goto out;
    if (file->body == NULL && !file->artifact) {
        entry = json_pack("{ss sb}", "path", buffer_text(&path), "remove", true);
        goto out;
    }
    snprintf(number, sizeof number, "%zu", made->file_count);
    body = lure_file(made, error);
    if (body != NULL && make_body(work, file, buffer_text(&path), time, body, error) == 0)
        entry = json_pack("{ss ss so*}", "path", buffer_text(&path), "file", number, "submodule",
                          file->submodule ? json_true() : NULL);
out:
    buffer_free(&path);
    return entry;
}

/* Notes in the meta where the secret stands, if it does in this file; the first line stands for one that is packed. */
static int note_secret(const struct lure_work *work, const struct lure_file *source, struct lure_made *made,
                       const json_t *entry)
{
    const char *file = json_string_value(json_object_get(entry, "file"));
    size_t line = file == NULL ? 0 : lure_line(buffer_slice(&made->files[made->file_count - 1]), work->secret);

    if (file != NULL && source->secret && source->containers.count > 0)
        line = 1;
    if (file != NULL && source->artifact)
        line = work->carried.line;

    if (line == 0 || json_object_get(made->meta, "line") != NULL)
        return line != 0;
    json_object_set_new(made->meta, "secret_file", json_string(file));
    json_object_set_new(made->meta, "line", json_integer((json_int_t)line));
    return 1;
}

/* Returns how many of its files hold the secret, or -1. */
static int make_files(const struct lure_work *work, const struct lure_change *change, json_t *files,
                      int64_t time, struct lure_made *made, struct error *error)
{
    int holding = 0;

    for (size_t i = 0; i < change->file_count; i++) {
        json_t *entry = make_file(work, &change->files[i], time, made, error);

        if (entry == NULL)
            return -1;
        holding += note_secret(work, &change->files[i], made, entry);
        json_array_append_new(files, entry);
    }
    return holding;
}

static int make_change(const struct lure_work *work, const struct lure_change *change, int64_t time, const char *author,
                       struct lure_made *made, struct error *error)
{
    struct zone zone = persona_zone(json_object_get(work->parameters, "persona"));
    const json_t *person = json_object_get(work->token, author);
    json_t *files = json_array(), *entry = NULL;
    struct buffer message, area;
    char date[WHEN_TEXT];
    int holding = -1;

    buffer_init(&message, LURE_FILE_BYTES);
    buffer_init(&area, 64);
    if (files == NULL ||
        lure_render(change->message, work->base, work->token, work->variables, RENDER_PLAIN, &message, error) != 0)
        goto out;
    if (change->area != NULL &&
        lure_render(change->area, work->base, work->token, work->variables, RENDER_PLAIN, &area, error) != 0)
        goto out;
    holding = make_files(work, change, files, time, made, error);
    if (holding < 0)
        goto out;
    entry = json_pack("{ss ss s{sO? sO?} ss sO}", "message", buffer_text(&message), "area", buffer_text(&area),
                      "author", "name", json_object_get(person, "name"), "mail", json_object_get(person, "mail"),
                      "date", when_text(&zone, time, date), "files", files);
    if (entry == NULL || json_array_append_new(json_object_get(made->meta, "changes"), entry) != 0)
        holding = error_set(error, "a commit message is not UTF-8, or memory ran out");
out:
    json_decref(files);
    buffer_free(&message);
    buffer_free(&area);
    return holding;
}

/* The time of the first change and, a while later but before now, of the one that buries it. */
static void draw_times(const struct lure_work *work, const struct zone *zone, int64_t times[2])
{
    const struct draw *draw = work->minter->draw;
    int64_t now = work->minter->now(), least, most;

    times[0] = work->at != 0 ? work->at : when_between(zone, now - 6 * DAY, now - DAY, draw);
    least = times[0] + 1200;
    most = times[0] + 30 * 3600;
    most = most < now - 60 ? most : now - 60;
    times[1] = when_between(zone, least, most < least ? least : most, draw);
}

/* Again where nobody works in the while that followed: behind a Friday's evening. */
static void choose_times(const struct lure_work *work, int64_t times[2])
{
    struct zone zone = persona_zone(json_object_get(work->parameters, "persona"));
    char text[WHEN_TEXT];

    for (int i = 0; i < TIMES; i++) {
        draw_times(work, &zone, times);
        if (when_rest(&zone, times[1], text) == NULL)
            break;
    }
}

int lure_repository(struct lure_work *work, struct lure_made *made, struct error *error)
{
    size_t count = work->buried ? work->lure->change_count : 1;
    int64_t times[2];
    int holding;

    choose_times(work, times);
    made->meta = json_pack("{ss ss ss s[]}", "lure", work->lure->name, "type", "repository", "language",
                           work->lure->language, "changes");
    if (made->meta == NULL)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < count; i++) {
        /* Now and then a colleague tidies up. */
        const char *author = i > 0 && draw_below(work->minter->draw, 3) == 0 ? "third" : "from";

        holding = make_change(work, &work->lure->changes[i], times[i > 0], author, made, error);
        if (holding < 0)
            return -1;
        if (i == 0 && holding == 0)
            return error_set(error, "lure '%s' leaves the secret out", work->lure->name);
        if (i > 0 && holding > 0)
            return error_set(error, "lure '%s' does not bury the secret: it is still there", work->lure->name);
    }
    return lure_rotation(work, made, error);
}
