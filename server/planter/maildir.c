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
#include "server/planter/mailbox.h"
#include "server/planter/place.h"

#define TRIES 16

/* What the lure's message is called. */
static int message_id(const struct task *task, char id[MAILBOX_ID], struct error *error)
{
    char own[MAILBOX_ID];
    const char *meta = task_meta(task, "message_id");

    if (task->file_count != 1)
        return error_set(error, "this lure is no mail; choose one with --lure (see: sundew lures)");
    if (mailbox_message_id(buffer_slice(&task->files[0].data), own) != 0)
        return error_set(error, "the lure's message has no Message-ID");
    if (meta != NULL && strcmp(meta, own) != 0)
        return error_set(error, "the lure's message does not bear the Message-ID that it should");
    memcpy(id, own, MAILBOX_ID);
    return 0;
}

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

static int put(const struct task *task, const struct mailbox *mailbox, const char *id, struct place_result *result,
               struct error *error)
{
    struct slice message = buffer_slice(&task->files[0].data);
    char name[MAILBOX_NAME + 8] = "cur/";
    char *path = NULL, *digest = NULL;
    int64_t time;
    int rc = -1;

    if (task_time(task, &time, error) != 0)
        return -1;
    if (task_flag(task, "dry_run")) {
        place_note(result, "Would deliver \"%.200s\" into %s of %s, as seen.",
                   task_meta(task, "subject") != NULL ? task_meta(task, "subject") : id, mailbox->folder,
                   mailbox->root);
        result->state = "planned";
        return tell_where(mailbox, id, NULL, NULL, result);
    }
    if (deliver(mailbox, message, time, name + 4, error) != 0)
        return -1;
    disk_sync(mailbox->cur);
    path = paths_join(mailbox->path, name);
    digest = disk_digest(message);
    if (path != NULL && digest != NULL)
        rc = tell_where(mailbox, id, path, digest, result);
    result->state = "there";
    free(path);
    free(digest);
    return rc == 0 ? 0 : error_set(error, "out of memory");
}

static int maildir_plant(const struct task *task, struct place_result *result, struct error *error)
{
    struct mailbox mailbox;
    char id[MAILBOX_ID];
    int rc = -1;

    if (message_id(task, id, error) != 0 || mailbox_open(task->target, task_option(task, "path"), &mailbox, error) != 0)
        return -1;
    rc = put(task, &mailbox, id, result, error);
    mailbox_close(&mailbox);
    return rc;
}

/* ---- later ---- */

static const char *known_id(const struct task *task)
{
    return task_where(task, "message_id") != NULL ? task_where(task, "message_id") : task_meta(task, "message_id");
}

/* 1 found, 0 not, -1. The caller closes `at` where 1. */
static int find(const struct task *task, struct mailbox *home, struct mailbox *at, struct mailbox_hit *hit,
                struct error *error)
{
    const char *path = task_where(task, "path");
    const char *name = path != NULL ? strrchr(path, '/') : NULL;
    const char *folder = task_where(task, "folder");
    int rc;

    if (known_id(task) == NULL)
        return error_set(error, "the Message-ID of this placement is not known");
    if (mailbox_open(task->target, folder != NULL ? folder : task_option(task, "path"), home, error) != 0)
        return -1;
    rc = mailbox_find(home, known_id(task), name != NULL ? name + 1 : NULL, hit);
    if (rc == 1 && mailbox_open(home->path, NULL, at, error) != 0)
        rc = -1;
    if (rc == 0)
        rc = mailbox_find_elsewhere(home, known_id(task), at, hit);
    return rc;
}

static void judge(const struct task *task, const struct mailbox *home, const struct mailbox *at,
                  const struct mailbox_hit *hit, struct place_result *result)
{
    const char *digest = task_where(task, "digest") != NULL ? task_where(task, "digest") : task_option(task, "digest");

    result->state = "there";
    if (strcmp(home->path, at->path) != 0) {
        result->state = "moved";
        place_note(result, "It was moved to the folder %s.", at->folder);
    }
    if (digest != NULL && !disk_same(digest, buffer_slice(&hit->message))) {
        result->state = "changed";
        place_note(result, "The message is not as it was planted.");
    }
}

static int look(const struct task *task, bool remove, struct place_result *result, struct error *error)
{
    struct mailbox home, at;
    struct mailbox_hit hit;
    char *path = NULL;
    int rc;

    mailbox_blank(&home);
    mailbox_blank(&at);
    buffer_init(&hit.message, DISK_FILE + 65536);
    rc = find(task, &home, &at, &hit, error);
    if (rc == 0) {
        result->state = "gone";
        rc = tell_where(&home, known_id(task), NULL, task_where(task, "digest"), result);
        if (remove)
            place_note(result, "It was gone already.");
    } else if (rc == 1) {
        judge(task, &home, &at, &hit, result);
        path = paths_join(at.path, hit.name);
        rc = tell_where(&at, known_id(task), path, task_where(task, "digest"), result);
        if (remove && mailbox_remove(&at, &hit) != 0)
            rc = error_errno(error, "cannot remove %s", path != NULL ? path : hit.name);
        else if (remove)
            result->state = "gone";
    }
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
