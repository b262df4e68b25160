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
#include "server/planter/imap_stay.h"
#include "server/planter/letters.h"
#include "server/planter/place.h"
#include "server/wire/remote.h"

#define LOOKED_INTO 48 /* folders, when one is chosen */

/* ---- where to ---- */

static bool is_for_reading(const struct imap_folder *folder)
{
    return folder->use == IMAP_ORDINARY || folder->use == IMAP_ARCHIVE;
}

/* The folder with most mails from there; NULL with *most 0. */
static int most_from(struct imap_stay *stay, const char *from, const struct imap_folder **best, int64_t *most,
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
static const struct imap_folder *fitting(struct imap_stay *stay, struct error *error)
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

static const struct imap_folder *choose(struct imap_stay *stay, struct error *error)
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
static int arrange(struct imap_stay *stay, const struct letters *letters, const struct imap_folder *folder, struct put *puts,
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
static int find_uid(struct imap_stay *stay, const struct letter *letter, struct put *put, struct error *error)
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

static int append(struct imap_stay *stay, struct letter *letter, struct put *put, struct error *error)
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
static void undo(struct imap_stay *stay, const struct letters *letters, const struct put *puts)
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
static int put_all(struct imap_stay *stay, struct letters *letters, struct put *puts, struct error *error)
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
static void settle_sent(struct imap_stay *stay, const struct letters *letters, const struct put *puts)
{
    struct error ignored;
    size_t i = 0;

    while (i < letters->count && !(letters->list[i].own && puts[i].known.uid != 0))
        i++;
    if (i < letters->count)
        imap_select(stay->imap, puts[i].folder->name, true, &ignored);
}

/* What the server now has is what is compared later. */
static int read_back(struct imap_stay *stay, const struct letter *chief, const struct put *put, struct error *error)
{
    struct imap_mail mail = {.uid = 0};
    char *digest = NULL;
    int rc = imap_select(stay->imap, put->folder->name, true, error);

    buffer_init(&mail.message, IMAP_RESPONSE);
    if (rc == 0)
        rc = imap_find(stay->imap, chief->id, put->known, &mail, error);
    if (rc == 1) {
        digest = disk_digest(buffer_slice(&mail.message));
        rc = imap_tell_where(stay, put->folder, chief->id, &mail, digest, error);
    } else {
        rc = rc < 0 ? -1 : error_set(error, "%s took the mail, and does not show it", stay->place.host);
    }
    free(digest);
    buffer_free(&mail.message);
    return rc;
}

static int plant_all(struct imap_stay *stay, struct letters *letters, struct error *error)
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
        return imap_tell_where(stay, folder, letters->chief->id, NULL, NULL, error);
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
    struct imap_stay stay;
    int rc = letters_read(task, &letters, error);

    if (rc == 0) {
        rc = imap_stay_begin(&stay, task, result, error);
        if (rc == 0)
            rc = plant_all(&stay, &letters, error);
        imap_stay_end(&stay);
    }
    letters_free(&letters);
    return rc;
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
