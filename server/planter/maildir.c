/* SPDX-License-Identifier: ISC
 *
 * maildir:DIR: a message in a Maildir (cr.yp.to/proto/maildir.html) or a folder of a Maildir++. It is delivered
 * through tmp/ under a name like its neighbours', as seen, with the message's own date. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/planter/disk.h"
#include "server/planter/letters.h"
#include "server/planter/mailbox.h"
#include "server/planter/place.h"

#define TRIES 16

static int tell_where(const struct mailbox *mailbox, const char *id, const char *path, const char *digest,
                      struct place_result *result)
{
    json_decref(result->where);
    result->where = json_pack("{s:s,s:s,s:s}", "mailbox", mailbox->root, "folder", mailbox->folder, "message_id", id);
    if (result->where == NULL)
        return -1;
    if (path != NULL)
        json_object_set_new(result->where, "path", json_string(path));
    if (digest != NULL)
        json_object_set_new(result->where, "digest", json_string(digest));
    return 0;
}

/* Writes into tmp/ and links into cur/; the name is drawn again where it is taken. */
static int deliver(const struct mailbox *mailbox, struct slice message, int64_t time, char name[MAILBOX_NAME],
                   struct error *error)
{
    struct mailbox_style style;
    char final[MAILBOX_NAME + 8];
    int rc = -1, code = 0;

    mailbox_style(mailbox, &style);
    for (int i = 0; i < TRIES && rc != 0; i++) {
        mailbox_name(&style, message, time, name);
        snprintf(final, sizeof(final), "%s:2,S", name);
        if (disk_create(mailbox->tmp, name, message, style.mode, style.group, time, error) != 0)
            return -1;
        rc = linkat(mailbox->tmp, name, mailbox->cur, final, 0);
        code = errno;
        if (rc != 0 && (code == EPERM || code == EOPNOTSUPP || code == ENOSYS))
            rc = renameat(mailbox->tmp, name, mailbox->cur, final);
        unlinkat(mailbox->tmp, name, 0);
        if (rc != 0 && code != EEXIST)
            return error_errno(error, "cannot deliver into %s/cur", mailbox->path);
    }
    memcpy(name + strlen(name), ":2,S", 5);
    return rc == 0 ? 0 : error_set(error, "cannot find a free name in %s/cur", mailbox->path);
}

/* The mailbox's folder of sent mails; 0, or -1 where it keeps none. */
static int open_sent(const struct mailbox *mailbox, struct mailbox *sent)
{
    struct error ignored;

    for (size_t i = 0; letters_sent[i] != NULL; i++)
        if (mailbox_open(mailbox->root, letters_sent[i], sent, &ignored) == 0)
            return 0;
    return -1;
}

/* Delivers into this folder, and notes in the letter where. */
static int put(const struct mailbox *mailbox, struct letter *letter, struct error *error)
{
    char name[MAILBOX_NAME + 8] = "cur/";

    if (deliver(mailbox, letter->message, letter->time_us, name + 4, error) != 0)
        return -1;
    disk_sync(mailbox->cur);
    letter->path = paths_join(mailbox->path, name);
    letter->folder = mailbox->folder;
    return letter->path != NULL ? 0 : error_set(error, "out of memory");
}

/* All, or none. */
static int put_all(const struct mailbox *mailbox, const struct mailbox *sent, struct letters *letters,
                   struct error *error)
{
    int rc = 0;

    for (size_t i = 0; i < letters->count && rc == 0; i++) {
        struct letter *letter = letters_turn(letters, i);
        const struct mailbox *folder = letter->own ? sent : mailbox;

        if (folder != NULL)
            rc = put(folder, letter, error);
    }
    for (size_t i = 0; i < letters->count && rc != 0; i++)
        if (letters->list[i].path != NULL)
            unlink(letters->list[i].path);
    return rc;
}

static int plant_all(const struct task *task, const struct mailbox *mailbox, struct letters *letters,
                     struct place_result *result, struct error *error)
{
    struct mailbox sent;
    bool keeps_sent = open_sent(mailbox, &sent) == 0;
    char *digest = NULL;
    int rc = -1;

    if (task_flag(task, "dry_run")) {
        place_note(result, "Would deliver \"%.200s\" into %s of %s, as seen.",
                   task_meta(task, "subject") != NULL ? task_meta(task, "subject") : letters->chief->id,
                   mailbox->folder, mailbox->root);
        result->state = "planned";
        rc = tell_where(mailbox, letters->chief->id, NULL, NULL, result);
    } else if (put_all(mailbox, keeps_sent ? &sent : NULL, letters, error) == 0) {
        digest = disk_digest(letters->chief->message);
        rc = tell_where(mailbox, letters->chief->id, letters->chief->path, digest, result);
        if (rc == 0)
            rc = letters_tell(letters, result->where);
        result->state = "there";
        rc = rc == 0 && digest != NULL ? 0 : error_set(error, "out of memory");
    }
    free(digest);
    mailbox_close(&sent);
    return rc;
}

static int maildir_plant(const struct task *task, struct place_result *result, struct error *error)
{
    struct letters letters;
    struct mailbox mailbox;
    int rc = letters_read(task, &letters, error);

    if (rc == 0)
        rc = mailbox_open(task->target, task_option(task, "path"), &mailbox, error);
    if (rc == 0) {
        rc = plant_all(task, &mailbox, &letters, result, error);
        mailbox_close(&mailbox);
    }
    letters_free(&letters);
    return rc;
}

/* ---- later ---- */

/* 1 found, 0 not, -1. The caller closes `at` where 1. */
static int find(const struct task *task, const char *id, struct mailbox *home, struct mailbox *at,
                struct mailbox_hit *hit, struct error *error)
{
    const char *path = task_where(task, "path");
    const char *name = path != NULL ? strrchr(path, '/') : NULL;
    const char *folder = task_where(task, "folder");
    int rc;

    if (mailbox_open(task->target, folder != NULL ? folder : task_option(task, "path"), home, error) != 0)
        return -1;
    rc = mailbox_find(home, id, name != NULL ? name + 1 : NULL, hit);
    if (rc == 1 && mailbox_open(home->path, NULL, at, error) != 0)
        rc = -1;
    if (rc == 0)
        rc = mailbox_find_elsewhere(home, id, at, hit);
    return rc;
}

static void judge(const struct task *task, const struct mailbox *home, const struct mailbox *at,
                  const struct mailbox_hit *hit, struct place_result *result)
{
    const char *digest = letters_known_digest(task);

    result->state = "there";
    place_show(task, buffer_slice(&hit->message), result);
    if (strcmp(home->path, at->path) != 0) {
        result->state = "moved";
        place_note(result, "It was moved to the folder %s.", at->folder);
    }
    if (digest != NULL && !disk_same(digest, buffer_slice(&hit->message))) {
        result->state = "changed";
        place_note(result, "The message is not as it was planted.");
    }
}

/* The other mails of the thread, wherever in the mailbox they are now. */
static void uproot_thread(const struct task *task, const struct mailbox *home, struct place_result *result)
{
    const json_t *thread = json_object_get(json_object_get(task->options, "where"), "thread");
    struct mailbox_hit hit;
    struct mailbox at;
    json_t *item;
    size_t index;

    buffer_init(&hit.message, DISK_FILE + 65536);
    json_array_foreach(thread, index, item)
    {
        const char *id = json_string_value(json_object_get(item, "message_id"));
        bool here = id != NULL && mailbox_find(home, id, NULL, &hit) == 1;

        if (id == NULL)
            continue;
        mailbox_blank(&at);
        if (!here && mailbox_find_elsewhere(home, id, &at, &hit) != 1)
            place_note(result, "The mail %s of its thread was gone already.", id);
        else if (mailbox_remove(here ? home : &at, &hit) != 0)
            place_note(result, "The mail %s of its thread could not be removed.", id);
        mailbox_close(&at);
    }
    buffer_free(&hit.message);
}

static int look(const struct task *task, bool remove, struct place_result *result, struct error *error)
{
    const char *id = letters_known_id(task, error);
    struct mailbox home, at;
    struct mailbox_hit hit;
    char *path = NULL;
    int rc;

    mailbox_blank(&home);
    mailbox_blank(&at);
    buffer_init(&hit.message, DISK_FILE + 65536);
    rc = id != NULL ? find(task, id, &home, &at, &hit, error) : -1;
    if (rc == 0) {
        result->state = "gone";
        rc = tell_where(&home, id, NULL, letters_known_digest(task), result);
        if (remove)
            place_note(result, "It was gone already.");
    } else if (rc == 1) {
        judge(task, &home, &at, &hit, result);
        path = paths_join(at.path, hit.name);
        rc = tell_where(&at, id, path, letters_known_digest(task), result);
        if (remove && mailbox_remove(&at, &hit) != 0)
            rc = error_errno(error, "cannot remove %s", path != NULL ? path : hit.name);
        else if (remove)
            result->state = "gone";
    }
    if (rc == 0)
        json_object_set(result->where, "thread", json_object_get(json_object_get(task->options, "where"), "thread"));
    if (rc == 0 && remove)
        uproot_thread(task, &home, result);
    free(path);
    buffer_free(&hit.message);
    mailbox_close(&home);
    mailbox_close(&at);
    return rc;
}

static int maildir_inspect(const struct task *task, struct place_result *result, struct error *error)
{
    return look(task, false, result, error);
}

static int maildir_uproot(const struct task *task, struct place_result *result, struct error *error)
{
    return look(task, true, result, error);
}

static char *maildir_owner(const struct task *task)
{
    return strdup(task->target);
}

/* The whole mailbox: a message may have been moved to another of its folders. */
static int maildir_paths(const struct task *task, struct place_paths *paths, struct error *error)
{
    struct mailbox mailbox;
    int rc = -1;

    if (mailbox_open(task->target, NULL, &mailbox, error) == 0)
        rc = place_paths_add(paths, mailbox.root, error);
    mailbox_close(&mailbox);
    return rc;
}

const struct place place_maildir = {
    .scheme = "maildir",
    .owner = maildir_owner,
    .paths = maildir_paths,
    .plant = maildir_plant,
    .inspect = maildir_inspect,
    .uproot = maildir_uproot,
};
