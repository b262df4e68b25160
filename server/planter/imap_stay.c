/* SPDX-License-Identifier: ISC */
#include "server/planter/imap_stay.h"

#include <string.h>

/* Has a folder to be found for it? */
static bool is_to_fit(const struct imap_stay *stay)
{
    return strcmp(stay->task->action, "plant") == 0 && task_option(stay->task, "path") == NULL &&
           stay->place.path[0] == '\0';
}

int imap_stay_begin(struct imap_stay *stay, const struct task *task, struct place_result *result, struct error *error)
{
    memset(stay, 0, sizeof *stay);
    stay->task = task;
    stay->result = result;
    if (task_remote(task, &stay->place, error) != 0)
        return -1;
    stay->imap = imap_enter(task, error);
    return stay->imap != NULL ? imap_folders_read(stay->imap, is_to_fit(stay), &stay->folders, error) : -1;
}

void imap_stay_end(struct imap_stay *stay)
{
    imap_folders_free(&stay->folders);
    remote_free(&stay->place);
}

int imap_tell_where(const struct imap_stay *stay, const struct imap_folder *folder, const char *id,
                    const struct imap_mail *mail, const char *digest, struct error *error)
{
    json_t *where = json_pack("{s:s, s:s*, s:s}", "mailbox", stay->place.user, "folder",
                              folder != NULL ? folder->shown : task_where(stay->task, "folder"), "message_id", id);

    if (where != NULL && mail != NULL && mail->uid != 0) {
        json_object_set_new(where, "uid", json_integer(mail->uid));
        json_object_set_new(where, "uidvalidity", json_integer(stay->imap->validity));
        json_object_set_new(where, "flags", json_string(mail->flags));
        json_object_set_new(where, "arrived", json_string(mail->date));
    }
    if (where != NULL && digest != NULL)
        json_object_set_new(where, "digest", json_string(digest));
    json_decref(stay->result->where);
    stay->result->where = where;
    return where != NULL ? 0 : error_set(error, "out of memory");
}
