/* SPDX-License-Identifier: ISC
 *
 * What lies at a forge beside the repository: variables, issues, comments, wiki pages, snippets, packages. */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/planter/disk.h"
#include "server/planter/forge.h"
#include "server/planter/secret.h"

#define PIECES 32
#define TEXT_BYTES (1024 * 1024)
#define LISTED 20 /* whose digests are made to find one */

/* One object. Variables may be several, the secret's is the chief; all else is one. */
struct piece {
    char key[128], id[FORGE_NAME];
    struct buffer text;
    bool made;
};

struct work {
    struct piece pieces[PIECES];
    size_t count, chief;
    char title[256], file[256], when[CLOCK_TEXT];
};

static void work_free(struct work *work)
{
    for (size_t i = 0; i < work->count; i++)
        buffer_free(&work->pieces[i].text);
}

static struct piece *add_piece(struct work *work, const char *key, size_t length)
{
    struct piece *piece = &work->pieces[work->count++];

    snprintf(piece->key, sizeof piece->key, "%.*s", (int)length, key);
    buffer_init(&piece->text, TEXT_BYTES);
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

static int read_prose(const struct task *task, bool page, struct work *work, struct error *error)
{
    struct changes changes;

    if (changes_read(task, &changes, error) != 0)
        return -1;
    snprintf(work->file, sizeof work->file, "%s", base_name(changes.secret_path));
    snprintf(work->title, sizeof work->title, "%.*s", (int)strcspn(changes.list[0].message, "\n"), changes.list[0].message);
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
static int read_lines(const char *text, json_int_t secret_line, struct work *work)
{
    json_int_t line = 1;

    for (size_t length; *text != '\0'; text += length + (text[length] == '\n'), line++) {
        size_t name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

        length = strcspn(text, "\n");
        if (length == 0 || text[0] == '#')
            continue;
        if (name == 0 || name > 100 || text[name] != '=' || isdigit((unsigned char)text[0]) || work->count == PIECES)
            return -1;
        if (line == secret_line)
            work->chief = work->count;
        if (unquote(text + name + 1, length - name - 1, &add_piece(work, text, name)->text) != 0)
            return -1;
    }
    return work->count > 0 ? 0 : -1;
}

/* Each line of settings is a variable; any other file is one that holds it whole. */
static void read_variables(const struct task *task, struct work *work)
{
    const struct buffer *file = &task->files[0].data;
    char *text = slice_copy(buffer_slice(file)), key[100];

    if (text == NULL || read_lines(text, json_integer_value(json_object_get(task->meta, "line")), work) != 0) {
        work_free(work);
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

static int read_file(const struct task *task, bool variables, const char *name, struct work *work, struct error *error)
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

static int read_work(struct forge_stay *stay, const struct forge_object *object, struct work *work, struct error *error)
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

/* ---- one of them ---- */

/* Sets what its calls name. secret_free() `encoded`. */
static void choose(struct forge_stay *stay, const struct work *work, struct piece *piece, char **encoded)
{
    *encoded = secret_base64(buffer_slice(&piece->text), sodium_base64_VARIANT_ORIGINAL);
    stay->value['t'] = work->title;
    stay->value['f'] = work->file;
    stay->value['k'] = piece->key;
    stay->value['i'] = piece->id;
    stay->value['d'] = buffer_text(&piece->text);
    stay->value['e'] = *encoded;
    stay->value['y'] = work->count == 1 ? "file" : "env_var";
}

static void unchoose(struct forge_stay *stay, char *encoded)
{
    secret_free(encoded);
    stay->value['d'] = stay->value['e'] = NULL;
}

/* The content in an answer; false: there is none. */
static bool content_of(const struct forge_object *object, const json_t *answer, const char *member, struct buffer *out)
{
    const json_t *text = forge_member(answer, member);
    size_t length = json_string_length(text), size = 0;
    unsigned char *plain;

    buffer_clear(out);
    if (!json_is_string(text))
        return false;
    if (!object->encoded)
        return buffer_add(out, json_string_value(text), length) == 0;
    plain = malloc(length + 1);
    if (plain != NULL && sodium_base642bin(plain, length, json_string_value(text), length, "\r\n", &size, NULL,
                                           sodium_base64_VARIANT_ORIGINAL) == 0)
        buffer_add(out, plain, size);
    free(plain);
    return plain != NULL;
}

/* Forges end texts as they like. */
static struct slice trimmed(struct slice text)
{
    while (text.length > 0 && isspace(text.data[text.length - 1]))
        text.length--;
    return text;
}

static bool is_content(struct slice found, const char *wanted, const char *digest)
{
    if (wanted != NULL)
        return slice_equal(trimmed(found), trimmed(slice_of(wanted)));
    return digest != NULL && disk_same(digest, trimmed(found));
}

/* 1 as it was planted (`wanted`, or its digest), 2 otherwise, 0 gone, -1. */
static int look(struct forge_stay *stay, const struct forge_object *object, const char *wanted, const char *digest,
                struct error *error)
{
    json_t *answer = NULL;
    struct buffer text;
    int rc;

    if (object->content == NULL) {
        rc = forge_raw(stay, &object->look, NULL, "it cannot be read", error);
        return rc != 1 ? rc : is_content(buffer_slice(&stay->web->answer), wanted, digest) ? 1 : 2;
    }
    buffer_init(&text, TEXT_BYTES * 2);
    rc = forge_do(stay, &object->look, false, "it cannot be read", &answer, error);
    if (rc == 1 && (!content_of(object, answer, object->content, &text) ||
                    !is_content(buffer_slice(&text), wanted, digest)))
        rc = 2;
    if (forge_text(answer, object->version, stay->version, sizeof stay->version))
        stay->value['v'] = stay->version;
    json_decref(answer);
    buffer_free(&text);
    return rc;
}

/* The one whose id is not known, among the newest. 1 with {i}, 0, -1. */
static int find(struct forge_stay *stay, const struct forge_object *object, const char *title, const char *wanted,
                const char *digest, char id[FORGE_NAME], struct error *error)
{
    json_t *answer = NULL;
    const json_t *item;
    struct buffer text;
    char name[256];
    size_t index;
    int rc, found = 0;

    if (object->id == NULL)
        return look(stay, object, wanted, digest, error) == 1;
    buffer_init(&text, TEXT_BYTES * 2);
    rc = forge_do(stay, &object->list, false, "it cannot be looked for", &answer, error);
    json_array_foreach(forge_items(stay, answer), index, item)
    {
        bool same = object->title == NULL ||
                    (title != NULL && forge_text(item, object->title, name, sizeof name) && strcmp(name, title) == 0);

        if (found == 0 && (wanted != NULL || index < LISTED) && same &&
            (object->listed == NULL || (content_of(object, item, object->listed, &text) &&
                                        is_content(buffer_slice(&text), wanted, digest))))
            found = forge_text(item, object->listed_id != NULL ? object->listed_id : object->id, id, FORGE_NAME);
    }
    json_decref(answer);
    buffer_free(&text);
    return rc < 0 ? -1 : found;
}

/* What it is put on. */
static int find_host(struct forge_stay *stay, const struct forge_object *object, struct error *error)
{
    json_t *answer = NULL;
    int rc;

    if (object->host.path == NULL)
        return 0;
    rc = forge_do(stay, &object->host, false, "the requests cannot be read", &answer, error);
    if (rc >= 0 && !forge_text(json_array_get(forge_items(stay, answer), 0), object->host_id, stay->request,
                               sizeof stay->request))
        rc = error_set(error, "%s has no merged %s on which something could be said", stay->shown,
                       stay->kind->request.shown);
    stay->value['r'] = stay->request;
    json_decref(answer);
    return rc < 0 ? -1 : 0;
}

/* ---- planting ---- */

static int tell_where(struct forge_stay *stay, const struct forge_object *object, struct work *work,
                      struct error *error)
{
    const struct piece *chief = &work->pieces[work->chief];
    char *digest = disk_digest(trimmed(buffer_slice(&chief->text)));
    json_t *beside = json_array();

    for (size_t i = 0; i < work->count; i++)
        if (i != work->chief)
            json_array_append_new(beside, json_string(work->pieces[i].key));
    json_decref(stay->result->where);
    stay->result->where =
        json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s, s:s}", "repository", stay->shown, "object", object->name, "title",
                  work->title, "name", chief->key[0] != '\0' ? chief->key : NULL, "id",
                  chief->id[0] != '\0' ? chief->id : NULL, "request", object->host.path != NULL ? stay->request : NULL,
                  "file", work->file, "digest", digest != NULL ? digest : "");
    if (json_array_size(beside) > 0)
        json_object_set(stay->result->where, "beside", beside);
    json_decref(beside);
    free(digest);
    return stay->result->where != NULL ? 0 : error_set(error, "out of memory");
}

static void tell_url(struct forge_stay *stay, const json_t *answer)
{
    char url[512];

    if (forge_text(answer, "web_url", url, sizeof url) || forge_text(answer, "html_url", url, sizeof url) ||
        forge_text(answer, "links.self.0.href", url, sizeof url))
        json_object_set_new(stay->result->where, "url", json_string(url));
}

static int make(struct forge_stay *stay, const struct forge_object *object, struct work *work, struct piece *piece,
                struct error *error)
{
    char *encoded, date[CLOCK_TEXT];
    json_t *answer = NULL;
    struct error why;
    int rc;

    choose(stay, work, piece, &encoded);
    rc = forge_do(stay, &object->make, true, "it cannot be put there", &answer, error);
    if (rc == 0)
        rc = error_set(error, "%s knows no %s there: it is turned off in the project, or kept from the account %s",
                       stay->web->host, object->shown, stay->task->visit->credentials.name);
    if (rc < 0 && stay->web->unsure) {
        rc = find(stay, object, work->title, buffer_text(&piece->text), NULL, piece->id, &why);
        stay->result->unsure = stay->result->unsure || rc < 0;
    } else if (rc == 1 && object->id != NULL && !forge_text(answer, object->id, piece->id, sizeof piece->id)) {
        stay->result->unsure = true;
        rc = error_set(error, "%s answers without the id of what it made", stay->web->host);
    }
    piece->made = rc == 1;
    if (rc == 1 && piece == &work->pieces[work->chief])
        tell_url(stay, answer);
    if (rc == 1 && stay->value['w'] != NULL &&
        (!forge_text(answer, "created_at", date, sizeof date) || strncmp(date, stay->value['w'], 10) != 0))
        place_note(stay->result, "The account may not choose dates, so it is dated now.");
    json_decref(answer);
    unchoose(stay, encoded);
    return rc == 1 ? 0 : -1;
}

static void undo(struct forge_stay *stay, const struct forge_object *object, struct work *work)
{
    struct error ignored;
    bool clean = !stay->result->unsure;
    char *encoded;

    for (size_t i = 0; i < work->count; i++) {
        if (!work->pieces[i].made)
            continue;
        choose(stay, work, &work->pieces[i], &encoded);
        unchoose(stay, encoded);
        clean = object->remove.path != NULL && forge_do(stay, &object->remove, false, "", NULL, &ignored) >= 0 && clean;
    }
    stay->result->unsure = !clean;
}

/* Variables that are there already stay as they are. */
static int check_free(struct forge_stay *stay, const struct forge_object *object, struct work *work, struct error *error)
{
    int rc = 0;

    for (size_t i = 0; i < work->count && rc == 0 && object->id == NULL; i++) {
        stay->value['k'] = work->pieces[i].key;
        rc = look(stay, object, "", NULL, error);
        if (rc > 0)
            rc = error_set(error, "there is a %s %s already, and it stays as it is; uproot or rename it first, or choose "
                           "another artifact by --lure", object->shown, work->pieces[i].key);
    }
    return rc;
}

static void tell(struct forge_stay *stay, const struct forge_object *object, const struct work *work, bool done)
{
    bool keyed = object->id == NULL;

    for (size_t i = 0; i < work->count; i++)
        place_note(stay->result, "%s: the %s %s%s", done ? "Put there" : "Would be put there", object->shown,
                   keyed ? work->pieces[i].key : work->title, keyed && i == work->chief ? ", which holds the secret" : "");
    if (object->host.path != NULL)
        place_note(stay->result, "It stands below %s %s.", stay->kind->request.shown, stay->request);
}

static int plant_all(struct forge_stay *stay, const struct forge_object *object, struct work *work, struct error *error)
{
    int rc = 0;

    if (task_announce(stay->task, stay->result->where, error) != 0)
        return -1;
    for (size_t i = 0; i < work->count && rc == 0; i++)
        rc = make(stay, object, work, &work->pieces[i], error);
    if (rc != 0)
        undo(stay, object, work);
    else if (object->id != NULL)
        json_object_set_new(stay->result->where, "id", json_string(work->pieces[0].id));
    return rc;
}

int forge_object_plant(struct forge_stay *stay, const struct forge_object *object, struct error *error)
{
    struct work work = {.count = 0};
    bool dry = task_flag(stay->task, "dry_run");
    int rc = read_work(stay, object, &work, error);

    if (rc == 0)
        rc = find_host(stay, object, error);
    if (rc == 0)
        rc = check_free(stay, object, &work, error);
    if (rc == 0)
        rc = tell_where(stay, object, &work, error);
    if (rc == 0 && !dry)
        rc = plant_all(stay, object, &work, error);
    if (rc == 0)
        tell(stay, object, &work, !dry);
    work_free(&work);
    return rc;
}

/* ---- later ---- */

/* 1 with it chosen, 0, -1. Of one whose planting was broken off the id is looked for. */
static int recall(struct forge_stay *stay, const struct forge_object *object, const char *digest, struct error *error)
{
    const char *id = task_where(stay->task, "id");

    stay->value['k'] = task_where(stay->task, "name") != NULL ? task_where(stay->task, "name") : "";
    stay->value['f'] = task_where(stay->task, "file");
    stay->value['r'] = task_where(stay->task, "request");
    stay->value['t'] = task_where(stay->task, "title");
    stay->value['i'] = stay->id;
    snprintf(stay->id, sizeof stay->id, "%s", id != NULL ? id : "");
    if (id != NULL || object->id == NULL)
        return 1;
    return find(stay, object, task_where(stay->task, "title"), NULL, digest, stay->id, error);
}

/* 0 or -1, with notes. */
static int take_away(struct forge_stay *stay, const struct forge_object *object, struct error *error)
{
    int rc = 0;

    if (object->remove.path != NULL)
        rc = forge_do(stay, &object->remove, false, "it cannot be taken out", NULL, error);
    if (object->hide.path != NULL && (object->remove.path == NULL || (rc < 0 && stay->web->status == 403))) {
        rc = forge_do(stay, &object->hide, false, "it cannot be hidden", NULL, error);
        if (rc >= 0)
            place_note(stay->result, "The account cannot delete it: its text was taken away, and it was closed. The forge "
                       "keeps what it said: the token must go on alerting.");
    }
    return rc < 0 ? -1 : 0;
}

static int take_beside(struct forge_stay *stay, const struct forge_object *object, struct error *error)
{
    const json_t *beside = json_object_get(stay->result->where, "beside");
    json_t *item;
    size_t index;
    int rc = 0;

    json_array_foreach(beside, index, item)
    {
        stay->value['k'] = json_string_value(item);
        if (rc == 0 && stay->value['k'] != NULL)
            rc = take_away(stay, object, error);
    }
    return rc;
}

int forge_object_look(struct forge_stay *stay, const struct forge_object *object, bool remove, struct error *error)
{
    const char *digest = task_where(stay->task, "digest") != NULL ? task_where(stay->task, "digest")
                                                                  : task_option(stay->task, "digest");
    int rc = recall(stay, object, digest, error), found = rc;

    if (rc == 1)
        found = look(stay, object, NULL, digest, error);
    if (found < 0)
        return -1;
    stay->result->state = found == 1 ? "there" : found == 2 ? "changed" : "gone";
    if (rc == 1 && object->id != NULL)
        json_object_set_new(stay->result->where, "id", json_string(stay->id));
    if (found == 2)
        place_note(stay->result, "It is not as it was planted.");
    if (!remove)
        return 0;
    if (found == 0)
        place_note(stay->result, "It was gone already.");
    if ((found != 0 && take_away(stay, object, error) != 0) || take_beside(stay, object, error) != 0)
        return -1;
    stay->result->state = "gone";
    return 0;
}
