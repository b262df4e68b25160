/* SPDX-License-Identifier: ISC */
#include "server/planter/web_mail.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/base/clock.h"
#include "server/planter/disk.h"

const char *web_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

void web_arrived(const struct letter *letter, char text[32])
{
    time_t seconds = (time_t)(letter_arrived(letter, &(int){0}));
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* ---- calls ---- */

void web_mail_path(const struct web_stay *stay, struct buffer *path, const char *rest, const char *id)
{
    buffer_init(path, 8192);
    buffer_add_text(path, stay->kind->users);
    web_escape(path, stay->user);
    buffer_add_text(path, rest);
    if (id != NULL)
        web_escape(path, id);
}

int web_mail_get(struct web_stay *stay, struct buffer *path, const char *what, json_t **answer, struct error *error)
{
    int rc = web_json(stay->web, "GET", buffer_text(path), NULL, false, what, answer, error);

    buffer_free(path);
    if (rc == 0 && *answer == NULL)
        rc = error_set(error, "%s: an empty answer", what);
    return rc;
}

int web_mail_post(struct web_stay *stay, struct buffer *path, json_t *body, char id[WEB_MAIL_ID], json_t **answer,
                  struct error *error)
{
    int rc = web_json(stay->web, "POST", buffer_text(path), body, true, "the mail cannot be put", answer, error);

    buffer_free(path);
    snprintf(id, WEB_MAIL_ID, "%s", web_text(*answer, "id"));
    if (rc == 0 && id[0] == '\0') {
        stay->web->unsure = true;
        rc = error_set(error, "the mail cannot be put: %s answers without its id", stay->web->host);
    }
    return rc;
}

int web_mail_removed(struct web_stay *stay, int rc, struct error *error)
{
    if (rc != 0)
        return -1;
    return stay->web->status / 100 == 2 || stay->web->status == 404
               ? 1
               : web_fail(stay->web, "the mail cannot be taken out", error);
}

/* ---- one job ---- */

static int stay_begin(struct web_stay *stay, const struct web_mail *kind, const struct task *task,
                      struct place_result *result, struct error *error)
{
    char key[1200];

    *stay = (struct web_stay){.kind = kind, .task = task, .result = result};
    if (task_remote(task, &stay->place, error) != 0)
        return -1;
    snprintf(stay->user, sizeof stay->user,
             kind->server || strchr(stay->place.user, '@') != NULL ? "%s" : "%s@%s", stay->place.user, stay->place.host);
    snprintf(key, sizeof key, "%s %s:%u %s", task->place->scheme, stay->place.host, stay->place.port,
             kind->per_user ? stay->user : "");
    stay->web = visit_session(task->visit, key);
    if (stay->web == NULL) {
        stay->web = web_new(task->visit, &kind->api, stay->place.host, stay->place.port, stay->user, error);
        if (stay->web == NULL || visit_keep(task->visit, key, stay->web, web_free, error) != 0)
            return -1;
    }
    return kind->enter != NULL ? kind->enter(stay, error) : 0;
}

static void stay_end(struct web_stay *stay)
{
    remote_free(&stay->place);
}

static int tell_where(struct web_stay *stay, const char *folder, const char *message_id, const char *id,
                      const char *digest, struct error *error)
{
    json_decref(stay->result->where);
    stay->result->where = json_pack("{s:s, s:s*, s:s, s:s*, s:s*}", "mailbox", stay->user, "folder", folder, "message_id",
                                    message_id, "id", id, "digest", digest);
    return stay->result->where != NULL ? 0 : error_set(error, "out of memory");
}

/* ---- planting ---- */

static int choose(struct web_stay *stay, struct web_folder *folder, struct error *error)
{
    const char *named = task_option(stay->task, "path"), *from = task_meta(stay->task, "from");
    int rc = 0;

    if (named == NULL)
        named = stay->place.path;
    if (named[0] != '\0') {
        rc = stay->kind->folder(stay, named, folder, error);
        return rc == 1 ? 0 : rc < 0 ? -1
                                    : error_set(error, "the mailbox of %s has no folder %.200s; make it there, or leave the "
                                                "folder out to have one chosen", stay->user, named);
    }
    if (from != NULL && (rc = stay->kind->fitting(stay, from, folder, error)) == 1)
        place_note(stay->result, "It goes to %s, where mails of %s lie.", folder->shown, from);
    if (rc == 0)
        rc = stay->kind->folder(stay, "\\Archive", folder, error);
    if (rc == 0)
        rc = stay->kind->folder(stay, "INBOX", folder, error);
    return rc == 1 ? 0 : rc < 0 ? -1 : error_set(error, "the mailbox of %s has no folder at all", stay->user);
}

static int find(struct web_stay *stay, const char *message_id, struct web_found *found, struct error *error)
{
    buffer_clear(&found->content);
    found->id[0] = '\0';
    return stay->kind->find(stay, message_id, found, error);
}

/* Where the API broke off it may have put the mail all the same: then it is looked for. */
static int put(struct web_stay *stay, const struct letters *letters, struct letter *letter,
               const struct web_folder *folder, char id[WEB_MAIL_ID], struct error *error)
{
    struct web_found found = {.seen = false};
    struct error why;
    int rc;

    stay->web->unsure = false;
    rc = stay->kind->put(stay, letter, letters_answered(letters, letter), folder, id, error);
    if (rc != 0 && stay->web->unsure) {
        buffer_init(&found.content, WEB_ANSWER);
        rc = find(stay, letter->id, &found, &why);
        stay->result->unsure = rc != 1; /* what an API took it may show later */
        snprintf(id, WEB_MAIL_ID, "%s", found.id);
        buffer_free(&found.content);
        rc = rc == 1 ? 0 : -1;
    }
    letter->folder = folder->shown;
    if (rc == 0)
        letter->path = strdup(id);
    return rc == 0 && letter->path == NULL ? error_set(error, "out of memory") : rc;
}

static void undo(struct web_stay *stay, struct letters *letters)
{
    struct error ignored;
    bool clean = !stay->result->unsure;

    for (size_t i = 0; i < letters->count; i++)
        if (letters->list[i].path != NULL)
            clean = stay->kind->remove(stay, letters->list[i].path, &ignored) == 1 && clean;
    stay->result->unsure = !clean;
}

/* All, or none. */
static int put_all(struct web_stay *stay, struct letters *letters, const struct web_folder *folder,
                   const struct web_folder *sent, struct error *error)
{
    char id[WEB_MAIL_ID];
    int rc = 0;

    for (size_t i = 0; i < letters->count && rc == 0; i++) {
        struct letter *letter = stay->kind->in_order ? &letters->list[i] : letters_turn(letters, i);
        const struct web_folder *where = letter->own ? sent : folder;

        if (where->id[0] != '\0')
            rc = put(stay, letters, letter, where, id, error);
    }
    if (rc != 0)
        undo(stay, letters);
    return rc;
}

/* What the API now has is what is compared later. */
static int read_back(struct web_stay *stay, const struct letter *chief, struct error *error)
{
    struct web_found found = {.seen = false};
    char *digest = NULL;
    int rc;

    buffer_init(&found.content, WEB_ANSWER);
    rc = find(stay, chief->id, &found, error);
    if (rc == 1) {
        digest = disk_digest(buffer_slice(&found.content));
        rc = tell_where(stay, chief->folder, chief->id, found.id, digest, error);
    } else if (rc == 0) {
        rc = error_set(error, "%s took the mail, and does not show it", stay->web->host);
    }
    free(digest);
    buffer_free(&found.content);
    return rc;
}

static int has_room(struct web_stay *stay, const struct letters *letters, struct error *error)
{
    size_t bytes = 0;

    for (size_t i = 0; i < letters->count; i++)
        bytes += letters->list[i].message.length;
    return stay->kind->room != NULL ? stay->kind->room(stay, letters->count, bytes, error) : 0;
}

static int plant_all(struct web_stay *stay, struct letters *letters, struct error *error)
{
    struct web_folder folder = {.id = ""}, sent = {.id = ""};

    if (choose(stay, &folder, error) != 0 || stay->kind->folder(stay, "\\Sent", &sent, error) < 0 ||
        has_room(stay, letters, error) != 0)
        return -1;
    if (task_flag(stay->task, "dry_run")) {
        place_note(stay->result, "Would put \"%.200s\" into %s of %s, as read.", task_meta(stay->task, "subject"),
                   folder.shown, stay->user);
        stay->result->state = "planned";
        return tell_where(stay, folder.shown, letters->chief->id, NULL, NULL, error);
    }
    if (put_all(stay, letters, &folder, &sent, error) != 0)
        return -1;
    stay->result->unsure = true; /* it lies there now, whatever comes */
    if (read_back(stay, letters->chief, error) != 0)
        return -1;
    stay->result->state = "there";
    return letters_tell(letters, stay->result->where);
}

int web_mail_plant(const struct web_mail *kind, const struct task *task, struct place_result *result,
                   struct error *error)
{
    struct letters letters;
    struct web_stay stay;
    int rc = letters_read(task, &letters, error);

    if (rc == 0) {
        rc = stay_begin(&stay, kind, task, result, error);
        if (rc == 0)
            rc = plant_all(&stay, &letters, error);
        stay_end(&stay);
    }
    letters_free(&letters);
    return rc;
}

/* ---- later ---- */

static void judge(const struct web_stay *stay, const struct web_found *found)
{
    const char *digest = letters_known_digest(stay->task), *home = task_where(stay->task, "folder");
    struct place_result *result = stay->result;

    result->state = "there";
    place_show(stay->task, buffer_slice(&found->content), result);
    if (home != NULL && strcmp(home, found->folder.shown) != 0) {
        result->state = "moved";
        place_note(result, "It was moved to the folder %s.", found->folder.shown);
    }
    if (digest != NULL && !disk_same(digest, buffer_slice(&found->content))) {
        result->state = "changed";
        place_note(result, "The message is not as it was planted.");
    }
    if (!found->seen)
        place_note(result, "Somebody has had it in hand: it is marked as unread.");
}

static int take_out(struct web_stay *stay, const char *message_id, const char *id, struct error *error)
{
    int rc = stay->kind->remove(stay, id, error);

    if (rc == 0)
        place_note(stay->result, "The account may not delete for good, so %s lies in the trash, from which it goes by "
                   "itself.", message_id);
    return rc;
}

/* The other mails of the thread, wherever in the mailbox they are now. */
static int uproot_thread(struct web_stay *stay, struct error *error)
{
    const json_t *thread = json_object_get(json_object_get(stay->task->options, "where"), "thread");
    struct web_found found = {.seen = false};
    json_t *item;
    size_t index;
    int rc = 0;

    buffer_init(&found.content, WEB_ANSWER);
    json_array_foreach(thread, index, item)
    {
        const char *message_id = json_string_value(json_object_get(item, "message_id"));

        if (message_id == NULL || rc < 0)
            continue;
        rc = find(stay, message_id, &found, error);
        if (rc == 0)
            place_note(stay->result, "The mail %s of its thread was gone already.", message_id);
        else if (rc == 1)
            rc = take_out(stay, message_id, found.id, error);
    }
    buffer_free(&found.content);
    return rc < 0 ? -1 : 0;
}

static int look_at(struct web_stay *stay, const char *message_id, bool remove, struct error *error)
{
    struct web_found found = {.seen = false};
    int rc;

    buffer_init(&found.content, WEB_ANSWER);
    rc = find(stay, message_id, &found, error);
    if (rc == 1) {
        judge(stay, &found);
        rc = tell_where(stay, found.folder.shown, message_id, found.id, letters_known_digest(stay->task), error);
        if (rc == 0 && remove && (rc = take_out(stay, message_id, found.id, error)) >= 0)
            stay->result->state = "gone";
    } else if (rc == 0) {
        stay->result->state = "gone";
        rc = tell_where(stay, task_where(stay->task, "folder"), message_id, NULL, letters_known_digest(stay->task), error);
        if (remove)
            place_note(stay->result, "It was gone already.");
    }
    buffer_free(&found.content);
    if (rc < 0)
        return -1;
    json_object_set(stay->result->where, "thread",
                    json_object_get(json_object_get(stay->task->options, "where"), "thread"));
    return remove ? uproot_thread(stay, error) : 0;
}

int web_mail_look(const struct web_mail *kind, const struct task *task, bool remove, struct place_result *result,
                  struct error *error)
{
    const char *message_id = letters_known_id(task, error);
    struct web_stay stay;
    int rc;

    if (message_id == NULL)
        return -1;
    rc = stay_begin(&stay, kind, task, result, error);
    if (rc == 0)
        rc = look_at(&stay, message_id, remove, error);
    stay_end(&stay);
    return rc;
}
