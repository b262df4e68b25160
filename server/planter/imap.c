/* SPDX-License-Identifier: ISC
 *
 * imaps://USER@HOST/FOLDER and imap:// with STARTTLS: mails put into folders of a mailbox by APPEND, as read, with the
 * date at which they are said to have arrived. Without a FOLDER they go where such threads lie: to the folder that
 * holds most mails of the one who writes. Mails that the owner wrote go to the folder of sent ones. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/planter/disk.h"
#include "server/planter/imap_folder.h"
#include "server/planter/letters.h"
#include "server/planter/place.h"
#include "server/wire/remote.h"

#define LOOKED_INTO 48 /* folders, when one is chosen */

/* One job in one mailbox. */
struct stay {
    const struct task *task;
    struct place_result *result;
    struct imap *imap;
    struct imap_folders folders;
    struct remote place;
};

/* Has a folder to be found for it? */
static bool is_to_fit(const struct stay *stay)
{
    return strcmp(stay->task->action, "plant") == 0 && task_option(stay->task, "path") == NULL &&
           stay->place.path[0] == '\0';
}

static int stay_begin(struct stay *stay, const struct task *task, struct place_result *result, struct error *error)
{
    memset(stay, 0, sizeof *stay);
    stay->task = task;
    stay->result = result;
    if (task_remote(task, &stay->place, error) != 0)
        return -1;
    stay->imap = imap_enter(task, error);
    return stay->imap != NULL ? imap_folders_read(stay->imap, is_to_fit(stay), &stay->folders, error) : -1;
}

static void stay_end(struct stay *stay)
{
    imap_folders_free(&stay->folders);
    remote_free(&stay->place);
}

static int tell_where(const struct stay *stay, const struct imap_folder *folder, const char *id,
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

/* ---- where to ---- */

static bool is_for_reading(const struct imap_folder *folder)
{
    return folder->use == IMAP_ORDINARY || folder->use == IMAP_ARCHIVE;
}

/* The folder with most mails from there; NULL with *most 0. */
static int most_from(struct stay *stay, const char *from, const struct imap_folder **best, int64_t *most,
                     struct error *error)
{
    size_t looked = 0;

    *best = NULL;
    *most = 0;
    for (size_t i = 0; i < stay->folders.count && looked < LOOKED_INTO; i++) {
        const struct imap_folder *folder = &stay->folders.list[i];
        int64_t count = 0;
        int rc;

        if (!is_for_reading(folder) || folder->count == 0)
            continue;
        looked++;
        rc = imap_select(stay->imap, folder->name, false, error);
        if (rc == 0 && stay->imap->count > 0)
            count = imap_count_from(stay->imap, from, error);
        if (rc < 0 || count < 0)
            return -1;
        if (count > *most) {
            *best = folder;
            *most = count;
        }
    }
    return 0;
}

/* Where mails of the writer lie, or of the writer's house; else the archive, else the inbox. */
static const struct imap_folder *fitting(struct stay *stay, struct error *error)
{
    const char *from = task_meta(stay->task, "from"), *house = from != NULL ? strchr(from, '@') : NULL;
    const struct imap_folder *best = NULL;
    int64_t most = 0;

    if ((from != NULL && most_from(stay, from, &best, &most, error) != 0) ||
        (best == NULL && house != NULL && most_from(stay, house, &best, &most, error) != 0))
        return NULL;
    if (best != NULL)
        place_note(stay->result, "It goes to %s, which holds %" PRId64 " mails of that sender or house.", best->shown,
                   most);
    if (best == NULL)
        best = imap_folders_find(&stay->folders, "\\Archive");
    if (best == NULL)
        best = imap_folders_find(&stay->folders, "INBOX");
    if (best == NULL)
        error_set(error, "the mailbox of %s on %s has no folder at all", stay->place.user, stay->place.host);
    return best;
}

static const struct imap_folder *choose(struct stay *stay, struct error *error)
{
    const char *named = task_option(stay->task, "path");
    const struct imap_folder *folder;

    if (named == NULL)
        named = stay->place.path;
    if (named[0] == '\0')
        return fitting(stay, error);
    folder = imap_folders_find(&stay->folders, named);
    if (folder == NULL)
        error_set(error, "the mailbox of %s on %s has no folder %.200s; make it there, or leave the folder out to have one "
                         "chosen", stay->place.user, stay->place.host, named);
    return folder;
}

/* ---- planting ---- */

/* A mail on its way into a folder. */
struct put {
    const struct imap_folder *folder; /* NULL: it was left out */
    char flags[IMAP_FLAGS];
    struct imap_known known; /* its uid is 0: not put */
};

static void internal_date(const struct letter *letter, char text[IMAP_DATE])
{
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int offset = 0;
    int64_t seconds = letter_arrived(letter, &offset);
    time_t local = (time_t)(seconds + (int64_t)offset * 60);
    struct tm tm;

    gmtime_r(&local, &tm);
    snprintf(text, IMAP_DATE, "%02d-%s-%04d %02d:%02d:%02d %c%02d%02d", tm.tm_mday, months[tm.tm_mon],
             (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min, tm.tm_sec, offset < 0 ? '-' : '+', abs(offset) / 60 % 100,
             abs(offset) % 60);
}

/* Where each goes, and with which flags: those that the folder's mails bear, too. */
static int arrange(struct stay *stay, const struct letters *letters, const struct imap_folder *folder, struct put *puts,
                   struct error *error)
{
    const struct imap_folder *sent = imap_folders_find(&stay->folders, "\\Sent");
    char keywords[IMAP_FLAGS] = "";
    int rc = imap_select(stay->imap, folder->name, true, error);

    if (rc == 1)
        return error_set(error, "the server does not open %s: %.300s", folder->shown, buffer_text(&stay->imap->text));
    if (rc != 0 || imap_keywords(stay->imap, keywords, error) != 0)
        return -1;
    for (size_t i = 0; i < letters->count; i++) {
        const struct letter *letter = &letters->list[i];

        puts[i] = (struct put){.folder = letter->own ? sent : folder};
        snprintf(puts[i].flags, sizeof puts[i].flags, "\\Seen%s%.400s", letters_answered(letters, letter) ? " \\Answered" : "",
                 letter->own ? "" : keywords);
    }
    return 0;
}

/* [APPENDUID 38505 3955]; zero where the server does not say. */
static struct imap_known appended(struct imap *imap)
{
    struct imap_cursor cursor = imap_cursor(buffer_slice(&imap->text));
    struct imap_known known = {0, 0};

    return imap_take(&cursor, '[') && imap_word(&cursor, "APPENDUID") && imap_number(&cursor, &known.validity) &&
                   imap_number(&cursor, &known.uid)
               ? known
               : (struct imap_known){0, 0};
}

/* Told by its Message-ID where the server does not say which it is. */
static int find_uid(struct stay *stay, const struct letter *letter, struct put *put, struct error *error)
{
    struct imap_mail mail = {.uid = 0};
    int rc = imap_select(stay->imap, put->folder->name, true, error);

    buffer_init(&mail.message, IMAP_RESPONSE);
    if (rc == 0)
        rc = imap_find(stay->imap, letter->id, (struct imap_known){0, 0}, &mail, error);
    put->known = rc == 1 ? (struct imap_known){stay->imap->validity, mail.uid} : (struct imap_known){0, 0};
    buffer_free(&mail.message);
    return rc == 1 ? 0 : rc < 0 ? -1 : error_set(error, "the server took the mail, and does not show it");
}

static int append(struct stay *stay, struct letter *letter, struct put *put, struct error *error)
{
    struct imap *imap = stay->imap;
    struct buffer message;
    char date[IMAP_DATE];
    int said = -1;

    buffer_init(&message, 2 * TASK_BYTES);
    internal_date(letter, date);
    imap_begin(imap, "APPEND ");
    if (letter_crlf(&message, letter->message) != 0)
        error_set(error, "the lure's mail is too long");
    else if (imap_add_string(imap, slice_of(put->folder->name), error) == 0) {
        imap_add(imap, " (%s) \"%s\" ", put->flags, date);
        if (imap_add_literal(imap, buffer_slice(&message), error) == 0) {
            stay->result->unsure = true;
            said = imap_run(imap, NULL, NULL, error);
        }
    }
    buffer_free(&message);
    if (said > IMAP_OK) {
        stay->result->unsure = false;
        return error_set(error, "%s does not take the mail into %s: %.300s", stay->place.host, put->folder->shown,
                         buffer_text(&imap->text));
    }
    if (said < 0)
        return -1;
    put->known = appended(imap);
    letter->folder = put->folder->shown;
    if (put->known.uid == 0 && find_uid(stay, letter, put, error) != 0)
        return -1;
    return asprintf(&letter->path, "%s;UID=%" PRIu32, put->folder->shown, put->known.uid) > 0
               ? 0
               : (letter->path = NULL, error_set(error, "out of memory"));
}

/* Takes out what was put, and is still what it was called. */
static void undo(struct stay *stay, const struct letters *letters, const struct put *puts)
{
    struct imap_mail mail = {.uid = 0};
    struct error ignored;
    bool clean = !stay->result->unsure;

    buffer_init(&mail.message, IMAP_RESPONSE);
    for (size_t i = 0; i < letters->count; i++)
        if (puts[i].known.uid != 0)
            clean = imap_select(stay->imap, puts[i].folder->name, true, &ignored) == 0 &&
                    imap_find(stay->imap, letters->list[i].id, puts[i].known, &mail, &ignored) == 1 &&
                    imap_remove(stay->imap, mail.uid, &ignored) == 1 && clean;
    buffer_free(&mail.message);
    stay->result->unsure = !clean;
}

/* All, or none. */
static int put_all(struct stay *stay, struct letters *letters, struct put *puts, struct error *error)
{
    int rc = 0;

    for (size_t i = 0; i < letters->count && rc == 0; i++) {
        struct letter *letter = letters_turn(letters, i);
        struct put *put = &puts[letter - letters->list];

        stay->result->unsure = false;
        if (put->folder != NULL)
            rc = append(stay, letter, put, error);
    }
    if (rc != 0)
        undo(stay, letters, puts);
    return rc;
}

/* Opened once, as by their owner's program, the sent ones are recent no more. */
static void settle_sent(struct stay *stay, const struct letters *letters, const struct put *puts)
{
    struct error ignored;
    size_t i = 0;

    while (i < letters->count && !(letters->list[i].own && puts[i].known.uid != 0))
        i++;
    if (i < letters->count)
        imap_select(stay->imap, puts[i].folder->name, true, &ignored);
}

/* What the server now has is what is compared later. */
static int read_back(struct stay *stay, const struct letter *chief, const struct put *put, struct error *error)
{
    struct imap_mail mail = {.uid = 0};
    char *digest = NULL;
    int rc = imap_select(stay->imap, put->folder->name, true, error);

    buffer_init(&mail.message, IMAP_RESPONSE);
    if (rc == 0)
        rc = imap_find(stay->imap, chief->id, put->known, &mail, error);
    if (rc == 1) {
        digest = disk_digest(buffer_slice(&mail.message));
        rc = tell_where(stay, put->folder, chief->id, &mail, digest, error);
    } else {
        rc = rc < 0 ? -1 : error_set(error, "%s took the mail, and does not show it", stay->place.host);
    }
    free(digest);
    buffer_free(&mail.message);
    return rc;
}

static int plant_all(struct stay *stay, struct letters *letters, struct error *error)
{
    const struct imap_folder *folder = choose(stay, error);
    struct put puts[LETTERS] = {{NULL}};
    size_t bytes = 0;

    for (size_t i = 0; i < letters->count; i++)
        bytes += letters->list[i].message.length;
    if (folder == NULL || imap_room(stay->imap, folder->name, bytes, error) != 0)
        return -1;
    if (task_flag(stay->task, "dry_run")) {
        place_note(stay->result, "Would put \"%.200s\" into %s of %s, as read.", task_meta(stay->task, "subject"),
                   folder->shown, stay->place.user);
        stay->result->state = "planned";
        return tell_where(stay, folder, letters->chief->id, NULL, NULL, error);
    }
    if (arrange(stay, letters, folder, puts, error) != 0 || put_all(stay, letters, puts, error) != 0)
        return -1;
    settle_sent(stay, letters, puts);
    stay->result->unsure = true; /* it lies there now, whatever comes */
    if (read_back(stay, letters->chief, &puts[letters->chief - letters->list], error) != 0)
        return -1;
    stay->result->state = "there";
    return letters_tell(letters, stay->result->where);
}

static int imap_plant(const struct task *task, struct place_result *result, struct error *error)
{
    struct letters letters;
    struct stay stay;
    int rc = letters_read(task, &letters, error);

    if (rc == 0) {
        rc = stay_begin(&stay, task, result, error);
        if (rc == 0)
            rc = plant_all(&stay, &letters, error);
        stay_end(&stay);
    }
    letters_free(&letters);
    return rc;
}

/* ---- later ---- */

static struct imap_known known_by(const struct task *task)
{
    const json_t *where = json_object_get(task->options, "where");

    return (struct imap_known){(uint32_t)json_integer_value(json_object_get(where, "uidvalidity")),
                               (uint32_t)json_integer_value(json_object_get(where, "uid"))};
}

/* In one folder. Who may not look into the one where it was put does not know that it is gone. 1 found, 0 not, -1. */
static int look_in(struct stay *stay, const struct imap_folder *folder, bool home, const char *id,
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
static int find(struct stay *stay, const char *id, const char *home, struct imap_known known,
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

static void judge(const struct stay *stay, const struct imap_folder *at, const struct imap_mail *mail)
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

static void tell_marked(struct stay *stay, const char *id)
{
    place_note(stay->result, "%s cannot take out one mail alone (UIDPLUS), so %s is marked as deleted, and goes when its "
               "owner's program cleans up next.", stay->place.host, id);
}

/* Opened for writing only now: a folder that was only looked into keeps its \Recent. 1, 0 where it stays marked, -1 */
static int take_out(struct stay *stay, const struct imap_folder *at, const struct imap_mail *mail, const char *id,
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
static int uproot_thread(struct stay *stay, struct error *error)
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

static int found(struct stay *stay, const char *id, const struct imap_folder *at, const struct imap_mail *mail,
                 bool remove, struct error *error)
{
    int rc;

    judge(stay, at, mail);
    rc = tell_where(stay, at, id, mail, letters_known_digest(stay->task), error);
    if (rc != 0 || !remove)
        return rc;
    rc = take_out(stay, at, mail, id, error);
    if (rc == 1)
        stay->result->state = "gone";
    return rc < 0 ? -1 : 0;
}

static int look_at(struct stay *stay, const char *id, bool remove, struct error *error)
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
        rc = tell_where(stay, NULL, id, NULL, letters_known_digest(stay->task), error);
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
    struct stay stay;
    int rc = -1;

    if (id == NULL)
        return -1;
    if (stay_begin(&stay, task, result, error) == 0)
        rc = look_at(&stay, id, remove, error);
    stay_end(&stay);
    return rc;
}

static int imap_inspect(const struct task *task, struct place_result *result, struct error *error)
{
    return look(task, false, result, error);
}

static int imap_uproot(const struct task *task, struct place_result *result, struct error *error)
{
    return look(task, true, result, error);
}

const struct place place_imaps = {
    .scheme = "imaps",
    .remote = true,
    .plant = imap_plant,
    .inspect = imap_inspect,
    .uproot = imap_uproot,
};

const struct place place_imap = {
    .scheme = "imap",
    .remote = true,
    .plant = imap_plant,
    .inspect = imap_inspect,
    .uproot = imap_uproot,
};
