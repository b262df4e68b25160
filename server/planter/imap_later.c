/* SPDX-License-Identifier: ISC
 *
 * Mails that were put into a mailbox, looked for again and taken out. */
#include <string.h>
#include "server/planter/disk.h"
#include "server/planter/imap_stay.h"
#include "server/planter/letters.h"
#include "server/planter/place.h"

static struct imap_known known_by(const struct task *task)
{
    const json_t *where = json_object_get(task->options, "where");

    return (struct imap_known){(uint32_t)json_integer_value(json_object_get(where, "uidvalidity")),
                               (uint32_t)json_integer_value(json_object_get(where, "uid"))};
}

/* In one folder. Who may not look into the one where it was put does not know that it is gone. 1 found, 0 not, -1. */
static int look_in(struct imap_stay *stay, const struct imap_folder *folder, bool home, const char *id,
                   struct imap_known known, struct imap_mail *mail, struct error *error)
{
    int rc = imap_select(stay->imap, folder->name, false, error);

    if (rc == 1 && home)
        return error_set(error, "%s does not open %s, where it was put: %.300s", stay->place.host, folder->shown,
                         buffer_text(&stay->imap->text));
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    return stay->imap->count > 0 ? imap_find(stay->imap, id, known, mail, error) : 0;
}

/* In the folder where it was put, then in all others. 1 found, 0 not, -1. */
static int find(struct imap_stay *stay, const char *id, const char *home, struct imap_known known,
                const struct imap_folder **at, struct imap_mail *mail, struct error *error)
{
    const struct imap_folder *first = home != NULL && home[0] != '\0' ? imap_folders_find(&stay->folders, home) : NULL;
    int rc = first != NULL ? look_in(stay, first, true, id, known, mail, error) : 0;

    *at = first;
    for (size_t i = 0; i < stay->folders.count && rc == 0; i++) {
        const struct imap_folder *folder = &stay->folders.list[i];

        if (folder == first || folder->use == IMAP_ALL || folder->use == IMAP_FLAGGED)
            continue;
        *at = folder;
        rc = look_in(stay, folder, false, id, (struct imap_known){0, 0}, mail, error);
    }
    return rc;
}

static bool has_flag(const char *flags, const char *flag)
{
    return strcasestr(flags, flag) != NULL;
}

static void judge(const struct imap_stay *stay, const struct imap_folder *at, const struct imap_mail *mail)
{
    const char *digest = letters_known_digest(stay->task), *home = task_where(stay->task, "folder");
    const char *flags = task_where(stay->task, "flags");
    struct place_result *result = stay->result;

    result->state = "there";
    place_show(stay->task, buffer_slice(&mail->message), result);
    if (home != NULL && strcmp(home, at->shown) != 0) {
        result->state = "moved";
        place_note(result, "It was moved to the folder %s.", at->shown);
    }
    if (digest != NULL && !disk_same(digest, buffer_slice(&mail->message))) {
        result->state = "changed";
        place_note(result, "The message is not as it was planted.");
    }
    if (has_flag(mail->flags, "\\Deleted"))
        place_note(result, "It is marked as deleted.");
    else if (flags != NULL && strcasecmp(flags, mail->flags) != 0)
        place_note(result, "Somebody has had it in hand: its flags were \"%s\" and are \"%s\".", flags, mail->flags);
}

static void tell_marked(struct imap_stay *stay, const char *id)
{
    place_note(stay->result, "%s cannot take out one mail alone (UIDPLUS), so %s is marked as deleted, and goes when its "
               "owner's program cleans up next.", stay->place.host, id);
}

/* Opened for writing only now: a folder that was only looked into keeps its \Recent. 1, 0 where it stays marked, -1 */
static int take_out(struct imap_stay *stay, const struct imap_folder *at, const struct imap_mail *mail, const char *id,
                    struct error *error)
{
    uint32_t validity = stay->imap->validity;
    int rc = imap_select(stay->imap, at->name, true, error);

    if (rc == 1)
        return error_set(error, "%s does not open %s for writing: %.300s", stay->place.host, at->shown,
                         buffer_text(&stay->imap->text));
    if (rc == 0 && stay->imap->validity != validity)
        return error_set(error, "%s gave all mails in %s other numbers meanwhile; run this again", stay->place.host,
                         at->shown);
    if (rc == 0)
        rc = imap_remove(stay->imap, mail->uid, error);
    if (rc == 0)
        tell_marked(stay, id);
    return rc;
}

/* The other mails of the thread, wherever in the mailbox they are now. */
static int uproot_thread(struct imap_stay *stay, struct error *error)
{
    const json_t *thread = json_object_get(json_object_get(stay->task->options, "where"), "thread");
    const struct imap_folder *at;
    struct imap_mail mail = {.uid = 0};
    json_t *item;
    size_t index;
    int rc = 0;

    buffer_init(&mail.message, IMAP_RESPONSE);
    json_array_foreach(thread, index, item)
    {
        const char *id = json_string_value(json_object_get(item, "message_id"));

        if (id == NULL || rc < 0)
            continue;
        rc = find(stay, id, json_string_value(json_object_get(item, "folder")), (struct imap_known){0, 0},
                  &at, &mail, error);
        if (rc == 0)
            place_note(stay->result, "The mail %s of its thread was gone already.", id);
        else if (rc == 1)
            rc = take_out(stay, at, &mail, id, error);
    }
    buffer_free(&mail.message);
    return rc < 0 ? -1 : 0;
}

static int found(struct imap_stay *stay, const char *id, const struct imap_folder *at, const struct imap_mail *mail,
                 bool remove, struct error *error)
{
    int rc;

    judge(stay, at, mail);
    rc = imap_tell_where(stay, at, id, mail, letters_known_digest(stay->task), error);
    if (rc != 0 || !remove)
        return rc;
    rc = take_out(stay, at, mail, id, error);
    if (rc == 1)
        stay->result->state = "gone";
    return rc < 0 ? -1 : 0;
}

static int look_at(struct imap_stay *stay, const char *id, bool remove, struct error *error)
{
    const char *home = task_where(stay->task, "folder");
    const struct imap_folder *at = NULL;
    struct imap_mail mail = {.uid = 0};
    int rc;

    buffer_init(&mail.message, IMAP_RESPONSE);
    rc = find(stay, id, home != NULL ? home : stay->place.path, known_by(stay->task), &at, &mail, error);
    if (rc == 1) {
        rc = found(stay, id, at, &mail, remove, error);
    } else if (rc == 0) {
        stay->result->state = "gone";
        rc = imap_tell_where(stay, NULL, id, NULL, letters_known_digest(stay->task), error);
        if (remove)
            place_note(stay->result, "It was gone already.");
    }
    buffer_free(&mail.message);
    if (rc == 0)
        json_object_set(stay->result->where, "thread",
                        json_object_get(json_object_get(stay->task->options, "where"), "thread"));
    return rc == 0 && remove ? uproot_thread(stay, error) : rc;
}

static int look(const struct task *task, bool remove, struct place_result *result, struct error *error)
{
    const char *id = letters_known_id(task, error);
    struct imap_stay stay;
    int rc = -1;

    if (id == NULL)
        return -1;
    if (imap_stay_begin(&stay, task, result, error) == 0)
        rc = look_at(&stay, id, remove, error);
    imap_stay_end(&stay);
    return rc;
}

int imap_inspect(const struct task *task, struct place_result *result, struct error *error)
{
    return look(task, false, result, error);
}

int imap_uproot(const struct task *task, struct place_result *result, struct error *error)
{
    return look(task, true, result, error);
}
