/* SPDX-License-Identifier: ISC */
#include "server/planter/imap_folder.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/letters.h"

#define NEIGHBOURS 32
#define KEYWORDS 16
#define FULL 95 /* percent */

/* ---- folders ---- */

static const struct {
    const char *flag;
    enum imap_use use;
} uses[] = {{"\\All", IMAP_ALL},         {"\\Archive", IMAP_ARCHIVE}, {"\\Drafts", IMAP_DRAFTS},
            {"\\Flagged", IMAP_FLAGGED}, {"\\Junk", IMAP_JUNK},       {"\\Sent", IMAP_SENT},
            {"\\Trash", IMAP_TRASH}};

static const struct {
    const char *name;
    enum imap_use use;
} usual[] = {{"Archive", IMAP_ARCHIVE}, {"Archives", IMAP_ARCHIVE}, {"Drafts", IMAP_DRAFTS},
             {"Brouillons", IMAP_DRAFTS}, {"Junk", IMAP_JUNK}, {"Spam", IMAP_JUNK}, {"Junk E-mail", IMAP_JUNK},
             {"Junk Email", IMAP_JUNK}, {"Indésirables", IMAP_JUNK}, {"Courrier indésirable", IMAP_JUNK},
             {"Trash", IMAP_TRASH}, {"Deleted Items", IMAP_TRASH}, {"Deleted Messages", IMAP_TRASH},
             {"Corbeille", IMAP_TRASH}, {"Éléments supprimés", IMAP_TRASH}};

/* What stands behind "INBOX." or "INBOX/". */
static const char *short_name(const char *shown)
{
    return strncasecmp(shown, "INBOX", 5) == 0 && (shown[5] == '.' || shown[5] == '/') ? shown + 6 : shown;
}

static enum imap_use usual_use(const char *shown)
{
    const char *name = short_name(shown);

    for (size_t i = 0; letters_sent[i] != NULL; i++)
        if (strcmp(name, letters_sent[i]) == 0)
            return IMAP_SENT;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (strcmp(name, usual[i].name) == 0)
            return usual[i].use;
    return IMAP_ORDINARY;
}

static bool take_attributes(struct imap_cursor *inside, enum imap_use *use)
{
    struct slice flag;
    bool holds = true;

    *use = IMAP_ORDINARY;
    while ((flag = imap_atom(inside)).length > 0) {
        holds = holds && !slice_is_nocase(flag, "\\Noselect") && !slice_is_nocase(flag, "\\NonExistent");
        for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
            if (slice_is_nocase(flag, uses[i].flag))
                *use = uses[i].use;
    }
    return holds;
}

/* LIST (\HasNoChildren \Sent) "." Sent */
static int take_folder(struct imap *imap, struct imap_cursor *cursor, void *context)
{
    struct imap_folders *folders = context;
    struct imap_folder *folder = &folders->list[folders->count];
    struct imap_cursor inside;
    struct buffer *name = &imap->scratch;
    struct buffer shown;
    enum imap_use use;

    if (!imap_word(cursor, "LIST") || folders->count == IMAP_FOLDERS)
        return 0;
    buffer_clear(name);
    if (imap_list(cursor, &inside) != 0 || imap_skip(cursor) != 0 || imap_string(cursor, name) != 0 ||
        name->length == 0)
        return -1;
    if (!take_attributes(&inside, &use))
        return 0;
    buffer_init(&shown, 4096);
    if (imap_folder_name(buffer_slice(name), &shown) != 0 || memchr(name->data, '\0', name->length) != NULL) {
        buffer_free(&shown);
        return 0; /* none that anybody could name */
    }
    folder->name = strdup(buffer_text(name));
    folder->shown = strdup(buffer_text(&shown));
    folder->use = use;
    folder->count = -1;
    folders->count++;
    buffer_free(&shown);
    return folder->name != NULL && folder->shown != NULL ? 0 : -1;
}

/* STATUS Sent (MESSAGES 3); of one that we do not know, or with something else in it: nothing. */
static void take_count(struct imap *imap, struct imap_cursor *cursor, struct imap_folders *folders)
{
    struct imap_cursor inside;
    struct buffer *name = &imap->scratch;
    uint32_t count;

    buffer_clear(name);
    if (imap_string(cursor, name) != 0 || imap_list(cursor, &inside) != 0 || !imap_word(&inside, "MESSAGES") ||
        !imap_number(&inside, &count))
        return;
    for (size_t i = 0; i < folders->count; i++)
        if (slice_is(buffer_slice(name), folders->list[i].name))
            folders->list[i].count = count;
}

static int take_listed(struct imap *imap, struct imap_cursor *cursor, void *context)
{
    if (!imap_word(cursor, "STATUS"))
        return take_folder(imap, cursor, context);
    take_count(imap, cursor, context);
    return 0;
}

/* A use that no folder has by its attribute goes to the first that is usually called so. */
static void give_uses(struct imap_folders *folders)
{
    unsigned given = 0;

    for (size_t i = 0; i < folders->count; i++)
        given |= 1u << folders->list[i].use;
    for (size_t i = 0; i < folders->count; i++) {
        enum imap_use use = folders->list[i].use == IMAP_ORDINARY ? usual_use(folders->list[i].shown) : IMAP_ORDINARY;

        if (use != IMAP_ORDINARY && (given & 1u << use) == 0) {
            folders->list[i].use = use;
            given |= 1u << use;
        }
    }
}

int imap_folders_read(struct imap *imap, bool counting, struct imap_folders *folders, struct error *error)
{
    static const char *const options[2][2] = {{"", " RETURN (STATUS (MESSAGES))"},
                                              {" RETURN (SPECIAL-USE)", " RETURN (SPECIAL-USE STATUS (MESSAGES))"}};
    bool special = (imap->can & IMAP_SPECIAL_USE) != 0, counts = counting && (imap->can & IMAP_LIST_STATUS) != 0;
    int rc;

    memset(folders, 0, sizeof *folders);
    imap_begin(imap, "LIST \"\" \"*\"%s", options[special][counts]);
    rc = imap_must(imap, take_listed, folders, "the folders cannot be listed", error);
    if (rc == 0)
        give_uses(folders);
    return rc;
}

void imap_folders_free(struct imap_folders *folders)
{
    for (size_t i = 0; i < folders->count; i++) {
        free(folders->list[i].name);
        free(folders->list[i].shown);
    }
    folders->count = 0;
}

const struct imap_folder *imap_folders_find(const struct imap_folders *folders, const char *wanted)
{
    enum imap_use use = IMAP_ORDINARY;

    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        if (strcasecmp(wanted, uses[i].flag) == 0)
            use = uses[i].use;
    for (size_t i = 0; i < folders->count; i++) {
        const struct imap_folder *folder = &folders->list[i];

        if (use != IMAP_ORDINARY ? folder->use == use
                                 : strcmp(folder->shown, wanted) == 0 || strcmp(short_name(folder->shown), wanted) == 0 ||
                                       (strcasecmp(wanted, "INBOX") == 0 && strcasecmp(folder->shown, "INBOX") == 0))
            return folder;
    }
    return NULL;
}

int imap_select(struct imap *imap, const char *folder, bool writing, struct error *error)
{
    int said;

    if (imap->folder != NULL && strcmp(imap->folder, folder) == 0 && (imap->writing || !writing))
        return 0;
    free(imap->folder);
    imap->folder = NULL;
    imap->count = imap->validity = 0;
    imap_begin(imap, writing ? "SELECT " : "EXAMINE ");
    if (imap_add_string(imap, slice_of(folder), error) != 0)
        return -1;
    said = imap_run(imap, NULL, NULL, error);
    if (said != IMAP_OK)
        return said < 0 ? -1 : 1;
    imap->folder = strdup(folder);
    imap->writing = writing;
    return imap->folder != NULL ? 0 : error_set(error, "out of memory");
}

/* ---- mails ---- */

struct fetching {
    struct imap_mail *mail;
    bool found;
};

static void join_flags(struct imap_cursor *inside, char flags[IMAP_FLAGS])
{
    struct slice flag;
    size_t length = 0;

    flags[0] = '\0';
    while ((flag = imap_atom(inside)).length > 0)
        if (!slice_is_nocase(flag, "\\Recent") && length + flag.length + 2 < IMAP_FLAGS)
            length += (size_t)snprintf(flags + length, IMAP_FLAGS - length, "%s%.*s", length > 0 ? " " : "",
                                       (int)flag.length, (const char *)flag.data);
}

static int take_item(struct imap *imap, struct imap_cursor *items, struct imap_mail *mail)
{
    struct imap_cursor inside;

    buffer_clear(&imap->scratch);
    if (imap_word(items, "UID"))
        return imap_number(items, &mail->uid) ? 0 : -1;
    if (imap_word(items, "FLAGS")) {
        if (imap_list(items, &inside) != 0)
            return -1;
        join_flags(&inside, mail->flags);
        return 0;
    }
    if (imap_word(items, "INTERNALDATE")) {
        if (imap_string(items, &imap->scratch) != 0)
            return -1;
        snprintf(mail->date, sizeof mail->date, "%s", buffer_text(&imap->scratch));
        return 0;
    }
    if (imap_word(items, "BODY[]")) {
        buffer_clear(&mail->message);
        return imap_string(items, &mail->message);
    }
    return imap_atom(items).length > 0 ? imap_skip(items) : -1;
}

/* 7 FETCH (UID 17 FLAGS (\Seen) …): of another mail it is what a server says of itself. */
static int take_fetch(struct imap *imap, struct imap_cursor *cursor, void *context)
{
    struct fetching *fetching = context;
    struct imap_mail mail = {.uid = 0};
    struct imap_cursor items;
    uint32_t number;
    int rc = 0;

    if (!imap_number(cursor, &number) || !imap_word(cursor, "FETCH"))
        return 0;
    buffer_init(&mail.message, IMAP_RESPONSE);
    rc = imap_list(cursor, &items);
    while (rc == 0 && items.at < items.end)
        rc = take_item(imap, &items, &mail);
    if (rc == 0 && mail.uid == fetching->mail->uid && mail.message.length > 0) {
        buffer_free(&fetching->mail->message);
        *fetching->mail = mail;
        fetching->found = true;
    } else {
        buffer_free(&mail.message);
    }
    return rc;
}

int imap_fetch(struct imap *imap, uint32_t uid, struct imap_mail *mail, struct error *error)
{
    struct fetching fetching = {mail, false};
    int rc;

    mail->uid = uid;
    imap_begin(imap, "UID FETCH %" PRIu32 " (UID FLAGS INTERNALDATE BODY.PEEK[])", uid);
    rc = imap_must(imap, take_fetch, &fetching, "the mail cannot be read", error);
    return rc != 0 ? -1 : fetching.found;
}

struct hits {
    uint32_t first[8];
    size_t count;
};

static int take_search(struct imap *imap, struct imap_cursor *cursor, void *context)
{
    struct hits *hits = context;
    uint32_t uid;

    (void)imap;
    if (!imap_word(cursor, "SEARCH"))
        return 0;
    while (imap_number(cursor, &uid)) {
        if (hits->count < sizeof hits->first / sizeof hits->first[0])
            hits->first[hits->count] = uid;
        hits->count++;
    }
    return 0;
}

static int search(struct imap *imap, const char *key, const char *text, struct hits *hits, struct error *error)
{
    hits->count = 0;
    imap_begin(imap, "UID SEARCH %s ", key);
    return imap_add_string(imap, slice_of(text), error) != 0
               ? -1
               : imap_must(imap, take_search, hits, "the folder cannot be searched", error);
}

static int is_it(struct imap *imap, const char *id, uint32_t uid, struct imap_mail *mail, struct error *error)
{
    char found[MAILBOX_ID];
    int rc = imap_fetch(imap, uid, mail, error);

    if (rc != 1)
        return rc;
    return mailbox_message_id(buffer_slice(&mail->message), found) == 0 && strcmp(found, id) == 0;
}

int imap_find(struct imap *imap, const char *id, struct imap_known known, struct imap_mail *mail, struct error *error)
{
    bool holds = known.uid != 0 && known.validity != 0 && known.validity == imap->validity;
    struct hits hits;
    int rc = holds ? is_it(imap, id, known.uid, mail, error) : 0;

    if (rc != 0)
        return rc;
    if (search(imap, "HEADER Message-ID", id, &hits, error) != 0)
        return -1;
    for (size_t i = 0; i < hits.count && i < sizeof hits.first / sizeof hits.first[0] && rc == 0; i++)
        rc = is_it(imap, id, hits.first[i], mail, error);
    return rc;
}

int64_t imap_count_from(struct imap *imap, const char *from, struct error *error)
{
    struct hits hits;

    return search(imap, "FROM", from, &hits, error) == 0 ? (int64_t)hits.count : -1;
}

/* ---- neighbours ---- */

struct neighbours {
    size_t mails;
    struct {
        char name[64];
        size_t count;
    } keywords[KEYWORDS];
};

static void count_keyword(struct neighbours *neighbours, struct slice flag)
{
    for (size_t i = 0; i < KEYWORDS; i++) {
        if (neighbours->keywords[i].count == 0)
            snprintf(neighbours->keywords[i].name, sizeof neighbours->keywords[i].name, "%.*s", (int)flag.length,
                     (const char *)flag.data);
        if (slice_is(flag, neighbours->keywords[i].name)) {
            neighbours->keywords[i].count++;
            return;
        }
    }
}

static int take_flags(struct imap *imap, struct imap_cursor *cursor, void *context)
{
    struct neighbours *neighbours = context;
    struct imap_cursor items, inside;
    struct slice flag;
    uint32_t number;

    (void)imap;
    if (!imap_number(cursor, &number) || !imap_word(cursor, "FETCH") || imap_list(cursor, &items) != 0 ||
        !imap_word(&items, "FLAGS") || imap_list(&items, &inside) != 0)
        return 0;
    neighbours->mails++;
    while ((flag = imap_atom(&inside)).length > 0)
        if (flag.data[0] != '\\' && flag.length < sizeof neighbours->keywords[0].name)
            count_keyword(neighbours, flag);
    return 0;
}

int imap_keywords(struct imap *imap, char keywords[IMAP_FLAGS], struct error *error)
{
    struct neighbours neighbours = {0};
    size_t length = 0;

    keywords[0] = '\0';
    if (!imap->keywords || imap->count < 4)
        return 0;
    imap_begin(imap, "FETCH %" PRIu32 ":%" PRIu32 " (FLAGS)", imap->count > NEIGHBOURS ? imap->count - NEIGHBOURS + 1 : 1,
               imap->count);
    if (imap_must(imap, take_flags, &neighbours, "the folder's flags cannot be read", error) != 0)
        return -1;
    for (size_t i = 0; i < KEYWORDS; i++)
        if (neighbours.keywords[i].count * 10 >= neighbours.mails * 9 && neighbours.keywords[i].count > 0)
            length += (size_t)snprintf(keywords + length, IMAP_FLAGS - length, " %s", neighbours.keywords[i].name);
    return 0;
}

/* ---- taking out ---- */

int imap_remove(struct imap *imap, uint32_t uid, struct error *error)
{
    imap_begin(imap, "UID STORE %" PRIu32 " +FLAGS.SILENT (\\Deleted)", uid);
    if (imap_must(imap, NULL, NULL, "the mail cannot be taken out", error) != 0)
        return -1;
    if ((imap->can & IMAP_UIDPLUS) == 0)
        return 0;
    imap_begin(imap, "UID EXPUNGE %" PRIu32, uid);
    return imap_must(imap, NULL, NULL, "the mail cannot be taken out", error) == 0 ? 1 : -1;
}

/* ---- quota ---- */

struct quota {
    uint32_t used[2], limit[2]; /* KiB of storage; mails */
};

/* Below 0 where it is more than full. */
static int64_t left_of(uint32_t used, uint32_t limit)
{
    return (int64_t)limit - used;
}

/* QUOTA "User quota" (STORAGE 10 512 MESSAGE 3 100) (RFC 9208); without a quota Courier says QUOTA "ROOT". */
static int take_quota(struct imap *imap, struct imap_cursor *cursor, void *context)
{
    struct quota *quota = context;
    struct imap_cursor inside;
    uint32_t used, limit;

    if (!imap_word(cursor, "QUOTA"))
        return 0;
    buffer_clear(&imap->scratch);
    if (imap_string(cursor, &imap->scratch) != 0)
        return -1;
    if (cursor->at == cursor->end)
        return 0;
    if (imap_list(cursor, &inside) != 0)
        return -1;
    while (inside.at < inside.end) {
        bool storage = imap_word(&inside, "STORAGE"), mails = !storage && imap_word(&inside, "MESSAGE");

        if (!storage && !mails && imap_atom(&inside).length == 0)
            return -1;
        if (!imap_number(&inside, &used) || !imap_number(&inside, &limit))
            return 0;
        if ((storage || mails) &&
            (quota->limit[mails] == 0 || left_of(used, limit) < left_of(quota->used[mails], quota->limit[mails]))) {
            quota->used[mails] = used;
            quota->limit[mails] = limit;
        }
    }
    return 0;
}

int imap_room(struct imap *imap, const char *folder, size_t bytes, struct error *error)
{
    struct quota quota = {{0}, {0}};
    uint64_t more[2] = {bytes / 1024 + 1, LETTERS};
    int said;

    if ((imap->can & IMAP_QUOTA) == 0)
        return 0;
    imap_begin(imap, "GETQUOTAROOT ");
    if (imap_add_string(imap, slice_of(folder), error) != 0)
        return -1;
    said = imap_run(imap, take_quota, &quota, error);
    for (size_t i = 0; i < 2 && said == IMAP_OK; i++)
        if (quota.limit[i] > 0 && (quota.used[i] + more[i]) * 100 > (uint64_t)quota.limit[i] * FULL)
            return error_set(error, "the mailbox of %s is full by %u %%, so that a lure could make it refuse other mails; "
                             "give it more room, or choose another", imap->user,
                             (unsigned)((uint64_t)quota.used[i] * 100 / quota.limit[i]));
    return said < 0 ? -1 : 0;
}
