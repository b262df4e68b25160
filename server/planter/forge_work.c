/* SPDX-License-Identifier: ISC
 *
 * What a lure becomes at a forge beside the repository: one text, or variables. */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/forge_object.h"

void forge_work_free(struct forge_work *work)
{
    for (size_t i = 0; i < work->count; i++)
        buffer_free(&work->pieces[i].text);
}

static struct forge_piece *add_piece(struct forge_work *work, const char *key, size_t length)
{
    struct forge_piece *piece = &work->pieces[work->count++];

    snprintf(piece->key, sizeof piece->key, "%.*s", (int)length, key);
    buffer_init(&piece->text, FORGE_TEXT_BYTES);
    return piece;
}

/* ---- texts ---- */

static const char *base_name(const char *path)
{
    return strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
}

/* "push-tags.sh" → "push-tags"; ".env" → "env" */
static void plain_name(const char *name, char *out, size_t size)
{
    const char *dot;

    name += name[0] == '.';
    dot = strrchr(name, '.');
    snprintf(out, size, "%.*s", (int)(dot != NULL && dot != name ? dot - name : (long)strlen(name)), name);
}

/* Why, and the file, as somebody pastes it; notes stand for themselves. */
static void write_text(const struct changes *changes, struct buffer *out)
{
    const char *message = changes->list[0].message, *body = message + strcspn(message, "\n");
    const struct buffer *file = &changes->secret_file->data;
    size_t length = strlen(changes->secret_path);

    body += strspn(body, "\n");
    if (length > 3 && strcmp(changes->secret_path + length - 3, ".md") == 0) {
        buffer_add_slice(out, buffer_slice(file));
        return;
    }
    if (body[0] != '\0')
        buffer_add_format(out, "%s\n", body);
    buffer_add_format(out, "`%s`:\n\n```\n", changes->secret_path);
    buffer_add_slice(out, buffer_slice(file));
    if (file->length > 0 && file->data[file->length - 1] != '\n')
        buffer_add_char(out, '\n');
    buffer_add_text(out, "```\n");
}

static int read_prose(const struct task *task, bool page, struct forge_work *work, struct error *error)
{
    struct changes changes;

    if (changes_read(task, &changes, error) != 0)
        return -1;
    snprintf(work->file, sizeof work->file, "%s", base_name(changes.secret_path));
    forge_title(changes.list[0].message, work->title);
    if (page)
        plain_name(work->file, work->title, sizeof work->title);
    work->title[0] = (char)toupper((unsigned char)work->title[0]);
    write_text(&changes, &add_piece(work, "", 0)->text);
    return 0;
}

/* ---- variables ---- */

/* A word as sh reads it: '…', "…", \c. -1: more than that. */
static int unquote(const char *text, size_t length, struct buffer *out)
{
    char quote = '\0';

    for (size_t i = 0; i < length; i++) {
        if (quote == '\0' ? text[i] == '\'' || text[i] == '"' : text[i] == quote) {
            quote = quote == '\0' ? text[i] : '\0';
            continue;
        }
        if (quote == '\0' && strchr(" $`;&|<>()", text[i]) != NULL)
            return -1;
        i += text[i] == '\\' && quote != '\'' && i + 1 < length;
        buffer_add_char(out, text[i]);
    }
    return quote == '\0' ? 0 : -1;
}

/* KEY=VALUE on each line, but for comments; else -1. */
static int read_lines(const char *text, json_int_t secret_line, struct forge_work *work)
{
    json_int_t line = 1;

    for (size_t length; *text != '\0'; text += length + (text[length] == '\n'), line++) {
        size_t name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

        length = strcspn(text, "\n");
        if (length == 0 || text[0] == '#')
            continue;
        if (name == 0 || name > 100 || text[name] != '=' || isdigit((unsigned char)text[0]) ||
            work->count == FORGE_PIECES)
            return -1;
        if (line == secret_line)
            work->chief = work->count;
        if (unquote(text + name + 1, length - name - 1, &add_piece(work, text, name)->text) != 0)
            return -1;
    }
    return work->count > 0 ? 0 : -1;
}

/* Each line of settings is a variable; any other file is one that holds it whole. */
static void read_variables(const struct task *task, struct forge_work *work)
{
    const struct buffer *file = &task->files[0].data;
    char *text = slice_copy(buffer_slice(file)), key[100];

    if (text == NULL || read_lines(text, json_integer_value(json_object_get(task->meta, "line")), work) != 0) {
        forge_work_free(work);
        work->count = work->chief = 0;
        plain_name(work->file, key, sizeof key);
        for (char *c = key; *c != '\0'; c++)
            *c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
        buffer_add_slice(&add_piece(work, key, strlen(key))->text, buffer_slice(file));
    }
    if (text != NULL)
        sodium_memzero(text, strlen(text));
    free(text);
}

static int read_file(const struct task *task, bool variables, const char *name, struct forge_work *work,
                     struct error *error)
{
    const char *file = task_meta(task, "name");
    const struct buffer *data = &task->files[0].data;

    if (task->file_count != 1 || file == NULL)
        return error_set(error, "this lure is no single file; choose one with --lure (see: sundew lures)");
    if (memchr(data->data, '\0', data->length) != NULL)
        return error_set(error, "%s is no text, which is all that goes there; choose another artifact by --lure", file);
    snprintf(work->file, sizeof work->file, "%s", base_name(file));
    snprintf(work->title, sizeof work->title, "%s", work->file);
    if (variables)
        read_variables(task, work);
    else
        buffer_add_slice(&add_piece(work, name, strlen(name))->text, buffer_slice(data));
    return 0;
}

/* Forges take texts, as JSON and as UTF-8. */
static int check_texts(const struct forge_work *work, struct error *error)
{
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0; i++) {
        const struct buffer *text = &work->pieces[i].text;
        const char *data = text->length > 0 ? (const char *)text->data : "";
        json_t *shown = json_stringn(data, text->length);

        if (shown == NULL || text->failed || memchr(data, '\0', text->length) != NULL)
            rc = error_set(error, "%s is no text in UTF-8, which is all that goes there; choose another artifact by --lure",
                           work->file);
        json_decref(shown);
    }
    return rc;
}

static int read_lure(struct forge_stay *stay, const struct forge_object *object, struct forge_work *work, struct error *error)
{
    const char *at = task_option(stay->task, "at"), *type = task_meta(stay->task, "type");
    int64_t time = 0;

    if (at != NULL && clock_parse(at, &time) != 0)
        return error_set(error, "\"%.40s\" is no date; write 2026-06-02 or 2026-06-02T10:00:00Z", at);
    if (at != NULL)
        stay->value['w'] = clock_text(time, work->when);
    if (type != NULL && strcmp(type, "text") == 0)
        return read_file(stay->task, strcmp(object->name, "variable") == 0, stay->name, work, error);
    return read_prose(stay->task, strcmp(object->name, "wiki") == 0, work, error);
}

int forge_work_read(struct forge_stay *stay, const struct forge_object *object, struct forge_work *work,
                    struct error *error)
{
    return read_lure(stay, object, work, error) != 0 ? -1 : check_texts(work, error);
}
