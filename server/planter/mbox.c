/* SPDX-License-Identifier: ISC
 *
 * mbox:FILE: mails in an mbox file, a spool (/var/mail/NAME) or a folder of one file (~/mail/NAME), as read and old.
 * Each goes where its date belongs; where that is not safe (mbox_file.h), or a server numbers the mails, behind the
 * last, as a late delivery does. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/planter/disk.h"
#include "server/planter/letters.h"
#include "server/planter/mbox_file.h"
#include "server/planter/place.h"

#define WAIT_MS 5000
#define ENTRY_BYTES (20 * 1024 * 1024)
#define SIBLINGS 256

/* ---- where ---- */

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static char *folder_of(const char *path)
{
    return strndup(path, base_of(path) > path + 1 ? (size_t)(base_of(path) - path - 1) : 1);
}

static bool is_spool(const char *path)
{
    return strncmp(path, "/var/mail/", 10) == 0 || strncmp(path, "/var/spool/mail/", 16) == 0;
}

static const char *folder_name(const char *path)
{
    return is_spool(path) ? "INBOX" : base_of(path);
}

static int tell_where(const struct task *task, const char *path, const char *id, const char *digest,
                      struct place_result *result, struct error *error)
{
    const char *order = task_where(task, "order");
    const json_t *thread = json_object_get(json_object_get(task->options, "where"), "thread");

    json_decref(result->where);
    result->where =
        json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s*, s:O*}", "mailbox", task->target, "folder", folder_name(path),
                  "message_id", id, "path", path, "order", order, "digest", digest, "thread", thread);
    return result->where != NULL ? 0 : error_set(error, "out of memory");
}

/* The file beside it that holds what its owner sent; NULL where there is none. */
static char *sent_beside(const char *path)
{
    char *folder = folder_of(path), *sent = NULL;

    for (size_t i = 0; letters_sent[i] != NULL && sent == NULL && folder != NULL && !is_spool(path); i++) {
        sent = paths_join(folder, letters_sent[i]);
        if (sent != NULL && (access(sent, F_OK) != 0 || strcmp(sent, path) == 0)) {
            free(sent);
            sent = NULL;
        }
    }
    free(folder);
    return sent;
}

/* ---- planting ---- */

/* What has to stand between the file's last line and a new entry. */
static const char *gap(struct slice text)
{
    if (text.length == 0 || (text.length > 1 && memcmp(text.data + text.length - 2, "\n\n", 2) == 0))
        return "";
    return text.data[text.length - 1] == '\n' ? "\n" : "\n\n";
}

/* 0 with `order` told, or -1. */
static int splice(struct mbox *mbox, const struct letter *letter, const char **order, struct error *error)
{
    struct mbox_style style = mbox_style(mbox->text);
    int64_t time = letter->time_us / 1000000 + letter->offset * 60;
    size_t at = style.numbered ? mbox->text.length : mbox_position(mbox->text, time);
    struct buffer entry;
    int rc = 1;

    buffer_init(&entry, ENTRY_BYTES);
    *order = "inserted";
    if (at < mbox->text.length) {
        rc = mbox_add_entry(&entry, letter->message, time, &style) == 0
                 ? mbox_splice(mbox, at, 0, buffer_slice(&entry), error)
                 : error_set(error, "the lure's mail is too long");
        buffer_clear(&entry);
    }
    if (rc == 1) {
        *order = "appended";
        buffer_add_text(&entry, gap(mbox->text));
        rc = mbox_add_entry(&entry, letter->message, time, &style) == 0
                 ? mbox_splice(mbox, mbox->text.length, 0, buffer_slice(&entry), error)
                 : error_set(error, "the lure's mail is too long");
    }
    buffer_free(&entry);
    return rc;
}

static int put(const char *path, struct letter *letter, const char **order, struct error *error)
{
    struct mbox mbox;
    struct mbox_entry entry;
    int rc;

    if (mbox_open(path, true, WAIT_MS, &mbox, error) != 0)
        return -1;
    if (mbox_find(mbox.text, letter->id, &entry))
        rc = error_set(error, "%s holds a mail %s already", mbox.path, letter->id);
    else
        rc = splice(&mbox, letter, order, error);
    if (rc == 0) {
        letter->path = strdup(mbox.path);
        letter->folder = letter->path != NULL ? folder_name(letter->path) : NULL;
    }
    mbox_close(&mbox);
    return rc;
}

/* 1 taken out, 0 not there, -1. */
static int take_out(const char *path, const char *id, struct error *error)
{
    struct mbox mbox;
    struct mbox_entry entry;
    int rc = 0;

    if (mbox_open(path, true, WAIT_MS, &mbox, error) != 0)
        return -1;
    if (mbox_find(mbox.text, id, &entry))
        rc = mbox_splice(&mbox, entry.start, entry.end - entry.start, SLICE_NONE, error) == 0 ? 1 : -1;
    mbox_close(&mbox);
    return rc;
}

static char *digest_of(struct slice message, bool quoted)
{
    struct buffer canonical;
    char *digest = NULL;

    buffer_init(&canonical, ENTRY_BYTES);
    if (mbox_canonical(&canonical, message, quoted) == 0)
        digest = disk_digest(buffer_slice(&canonical));
    buffer_free(&canonical);
    return digest;
}

/* All, or none. */
static int put_all(const struct task *task, struct letters *letters, const char **order, struct error *error)
{
    char *sent = sent_beside(task->target);
    const char *ignored;
    struct error undoing;
    int rc = 0;

    for (size_t i = 0; i < letters->count && rc == 0; i++) {
        struct letter *letter = letters_turn(letters, i);

        if (!letter->own || sent != NULL)
            rc = put(letter->own ? sent : task->target, letter, letter->chief ? order : &ignored, error);
    }
    for (size_t i = 0; i < letters->count && rc != 0; i++)
        if (letters->list[i].path != NULL)
            take_out(letters->list[i].path, letters->list[i].id, &undoing);
    free(sent);
    return rc;
}

static int dry_run(const struct task *task, const struct letters *letters, struct place_result *result,
                   struct error *error)
{
    struct mbox mbox;

    if (mbox_open(task->target, true, WAIT_MS, &mbox, error) != 0)
        return -1;
    place_note(result, "Would put \"%.200s\" into %s, as read.", task_meta(task, "subject"), mbox.path);
    result->state = "planned";
    mbox_close(&mbox);
    return tell_where(task, task->target, letters->chief->id, NULL, result, error);
}

static int plant_all(const struct task *task, struct letters *letters, struct place_result *result, struct error *error)
{
    const char *order = "";
    char *digest;
    int rc = put_all(task, letters, &order, error);

    if (rc != 0)
        return -1;
    digest = digest_of(letters->chief->message, false);
    rc = tell_where(task, letters->chief->path, letters->chief->id, digest, result, error);
    if (rc == 0) {
        json_object_set_new(result->where, "order", json_string(order));
        letters_tell(letters, result->where);
        result->state = "there";
        if (strcmp(order, "appended") == 0)
            place_note(result, "It stands behind the newest mail; programs that sort by date show it in its place.");
    }
    free(digest);
    return rc;
}

static int mbox_plant(const struct task *task, struct place_result *result, struct error *error)
{
    struct letters letters;
    int rc = letters_read(task, &letters, error);

    if (rc == 0)
        rc = task_flag(task, "dry_run") ? dry_run(task, &letters, result, error)
                                        : plant_all(task, &letters, result, error);
    letters_free(&letters);
    return rc;
}

/* ---- later ---- */

/* 1 there, with its canonical digest compared; 0 not in this file; -1. */
static int look_in(const struct task *task, const char *path, const char *id, struct place_result *result,
                   struct error *error)
{
    const char *digest = letters_known_digest(task);
    struct buffer canonical;
    struct mbox_entry entry;
    struct mbox mbox;
    int rc;

    if (mbox_open(path, false, WAIT_MS / 5, &mbox, error) != 0)
        return -1;
    rc = mbox_find(mbox.text, id, &entry);
    if (rc == 1) {
        buffer_init(&canonical, ENTRY_BYTES);
        result->state = "there";
        place_show(task, entry.message, result);
        if (digest != NULL &&
            (mbox_canonical(&canonical, entry.message, true) != 0 || !disk_same(digest, buffer_slice(&canonical)))) {
            result->state = "changed";
            place_note(result, "The message is not as it was planted.");
        }
        buffer_free(&canonical);
    }
    mbox_close(&mbox);
    return rc;
}

/* The file beside it that holds the mail now, to be freed; NULL. A spool's neighbours are other people's. */
static char *look_beside(const struct task *task, const char *id, struct place_result *result)
{
    char *folder = folder_of(task->target), *found = NULL, *path;
    DIR *list = folder != NULL && !is_spool(task->target) ? opendir(folder) : NULL;
    struct dirent *entry;
    struct error ignored;

    for (int i = 0; i < SIBLINGS && list != NULL && found == NULL && (entry = readdir(list)) != NULL; i++) {
        path = entry->d_name[0] != '.' ? paths_join(folder, entry->d_name) : NULL;
        if (path != NULL && strcmp(path, task->target) != 0 && look_in(task, path, id, result, &ignored) == 1)
            found = path;
        else
            free(path);
    }
    if (list != NULL)
        closedir(list);
    free(folder);
    return found;
}

/* Where it is now: *path to be freed; NULL with the state gone. */
static int look(const struct task *task, const char *id, char **path, struct place_result *result, struct error *error)
{
    int rc = access(task->target, F_OK) != 0 && errno == ENOENT ? 0 : look_in(task, task->target, id, result, error);

    *path = rc == 1 ? strdup(task->target) : NULL;
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    *path = look_beside(task, id, result);
    if (*path == NULL)
        result->state = "gone";
    else if (strcmp(result->state, "there") == 0)
        result->state = "moved";
    if (*path != NULL)
        place_note(result, "It was moved to %s.", *path);
    return 0;
}

static int mbox_inspect(const struct task *task, struct place_result *result, struct error *error)
{
    const char *id = letters_known_id(task, error);
    char *path = NULL;
    int rc = id != NULL ? look(task, id, &path, result, error) : -1;

    if (rc == 0)
        rc = tell_where(task, path != NULL ? path : task->target, id, letters_known_digest(task), result, error);
    free(path);
    return rc;
}

/* The other mails of the thread; one that is not where it was put stays where it is, and is told. */
static void uproot_thread(const struct task *task, struct place_result *result)
{
    const json_t *thread = json_object_get(json_object_get(task->options, "where"), "thread");
    struct error error = {""};
    json_t *item;
    size_t index;

    json_array_foreach(thread, index, item)
    {
        const char *id = json_string_value(json_object_get(item, "message_id"));
        const char *path = json_string_value(json_object_get(item, "path"));

        path = path != NULL ? path : task->target;
        if (id != NULL && take_out(path, id, &error) != 1)
            place_note(result, "The mail %s of its thread is no longer in %s. %s", id, path, error.text);
    }
}

static int mbox_uproot(const struct task *task, struct place_result *result, struct error *error)
{
    const char *id = letters_known_id(task, error);
    char *path = NULL;
    int rc = id != NULL ? look(task, id, &path, result, error) : -1;

    if (rc == 0 && path == NULL)
        place_note(result, "It was gone already.");
    if (rc == 0 && path != NULL && take_out(path, id, error) < 0)
        rc = -1;
    if (rc == 0) {
        uproot_thread(task, result);
        result->state = "gone";
        rc = tell_where(task, path != NULL ? path : task->target, id, letters_known_digest(task), result, error);
    }
    free(path);
    return rc;
}

static char *mbox_owner(const struct task *task)
{
    return strdup(task->target);
}

/* The folder: the lock, a new file, and the other files of the same mailbox lie in it. */
static int mbox_paths(const struct task *task, struct place_paths *paths, struct error *error)
{
    char *real = realpath(task->target, NULL), *folder = real != NULL ? folder_of(real) : NULL;
    int rc = folder != NULL ? place_paths_add(paths, folder, error) : 0; /* told when it is opened for work */

    free(folder);
    free(real);
    return rc;
}

const struct place place_mbox = {
    .scheme = "mbox",
    .owner = mbox_owner,
    .paths = mbox_paths,
    .plant = mbox_plant,
    .inspect = mbox_inspect,
    .uproot = mbox_uproot,
};
