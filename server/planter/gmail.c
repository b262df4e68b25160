/* SPDX-License-Identifier: ISC
 *
 * gmail:USER@DOMAIN/LABEL by the Gmail API (developers.google.com/gmail/api): messages.insert with the date of the
 * mail's head, in a thread, with labels; a service account that the domain lets act for its users. Without UNREAD a
 * mail is read; without INBOX it is archived. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/planter/secret.h"
#include "server/planter/web_mail.h"

/* ---- labels ---- */

static void set_folder(struct web_folder *folder, const char *id, const char *shown)
{
    snprintf(folder->id, sizeof folder->id, "%s", id);
    snprintf(folder->shown, sizeof folder->shown, "%s", shown);
}

static int all_labels(struct web_stay *stay, json_t **labels, struct error *error)
{
    struct buffer path;

    web_mail_path(stay, &path, "/labels", NULL);
    return web_mail_get(stay, &path, "the labels cannot be read", labels, error);
}

static int gmail_folder(struct web_stay *stay, const char *named, struct web_folder *folder, struct error *error)
{
    static const char *const uses[][3] = {{"\\Sent", "SENT", "Sent"}, {"\\Archive", "ARCHIVE", "Archive"},
                                          {"INBOX", "INBOX", "INBOX"}};
    json_t *labels = NULL, *label;
    size_t index;
    int rc = 0;

    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        if (strcasecmp(named, uses[i][0]) == 0) {
            set_folder(folder, uses[i][1], uses[i][2]);
            return 1;
        }
    if (all_labels(stay, &labels, error) != 0)
        return -1;
    json_array_foreach(json_object_get(labels, "labels"), index, label)
    {
        if (rc == 0 && strcmp(web_text(label, "name"), named) == 0) {
            set_folder(folder, web_text(label, "id"), named);
            rc = 1;
        }
    }
    json_decref(labels);
    return rc;
}

/* Of a mail's labels the one that says where it lies: a user's own, else the inbox, the sent ones, the trash. */
static int place_of(struct web_stay *stay, const json_t *ids, struct web_folder *folder, struct error *error)
{
    static const char *const system[][2] = {{"TRASH", "Trash"}, {"SPAM", "Spam"}, {"SENT", "Sent"}, {"INBOX", "INBOX"}};
    const char *own = NULL;
    json_t *labels = NULL, *item;
    size_t index;

    set_folder(folder, "ARCHIVE", "Archive");
    for (size_t i = sizeof system / sizeof system[0]; i-- > 0;)
        json_array_foreach(ids, index, item)
            if (strcmp(json_string_value(item) != NULL ? json_string_value(item) : "", system[i][0]) == 0)
                set_folder(folder, system[i][0], system[i][1]);
    json_array_foreach(ids, index, item)
        if (json_string_value(item) != NULL && strncmp(json_string_value(item), "Label_", 6) == 0)
            own = json_string_value(item);
    if (own == NULL || strcmp(folder->id, "TRASH") == 0 || strcmp(folder->id, "SPAM") == 0)
        return 0;
    if (all_labels(stay, &labels, error) != 0)
        return -1;
    json_array_foreach(json_object_get(labels, "labels"), index, item)
        if (strcmp(web_text(item, "id"), own) == 0)
            set_folder(folder, own, web_text(item, "name"));
    json_decref(labels);
    return 0;
}

/* ---- finding ---- */

/* Ids of mails that match; *list is to be released. */
static int query(struct web_stay *stay, const char *key, const char *value, const char *more, json_t **list,
                 struct error *error)
{
    char words[WEB_MAIL_ID + 32];
    struct buffer path;

    snprintf(words, sizeof words, "%s:%s", key, value);
    web_mail_path(stay, &path, "/messages?q=", words);
    buffer_add_text(&path, more);
    return web_mail_get(stay, &path, "the mailbox cannot be searched", list, error);
}

static int read_message(struct web_stay *stay, const char *id, const char *format, json_t **message,
                        struct error *error)
{
    struct buffer path;

    web_mail_path(stay, &path, "/messages/", id);
    buffer_add_format(&path, "?format=%s", format);
    return web_mail_get(stay, &path, "the mail cannot be read", message, error);
}

static int gmail_fitting(struct web_stay *stay, const char *from, struct web_folder *folder, struct error *error)
{
    json_t *list = NULL, *message = NULL;
    const char *id;
    int rc = query(stay, "from", from, "&maxResults=1", &list, error);

    if (rc != 0)
        return -1;
    id = web_text(json_array_get(json_object_get(list, "messages"), 0), "id");
    if (id[0] != '\0') {
        rc = read_message(stay, id, "minimal", &message, error);
        if (rc == 0)
            rc = place_of(stay, json_object_get(message, "labelIds"), folder, error) == 0 ? 1 : -1;
    }
    json_decref(message);
    json_decref(list);
    return rc;
}

static bool has_label(const json_t *message, const char *wanted)
{
    json_t *item;
    size_t index;

    json_array_foreach(json_object_get(message, "labelIds"), index, item)
        if (json_string_value(item) != NULL && strcmp(json_string_value(item), wanted) == 0)
            return true;
    return false;
}

static int take_message(struct web_stay *stay, const char *id, struct web_found *found, struct error *error)
{
    json_t *message = NULL;
    int rc = read_message(stay, id, "raw", &message, error);

    if (rc == 0) {
        snprintf(found->id, sizeof found->id, "%s", id);
        found->seen = !has_label(message, "UNREAD");
        buffer_add_text(&found->content, web_text(message, "raw"));
        rc = place_of(stay, json_object_get(message, "labelIds"), &found->folder, error);
    }
    json_decref(message);
    return rc == 0 ? 1 : -1;
}

static int gmail_find(struct web_stay *stay, const char *message_id, struct web_found *found, struct error *error)
{
    char bare[WEB_MAIL_ID];
    json_t *list = NULL;
    const char *id;
    int rc;

    snprintf(bare, sizeof bare, "%.*s", (int)(strlen(message_id) - 2), message_id + 1);
    rc = query(stay, "rfc822msgid", bare, "&includeSpamTrash=true", &list, error);
    if (rc != 0)
        return -1;
    id = web_text(json_array_get(json_object_get(list, "messages"), 0), "id");
    rc = id[0] != '\0' ? take_message(stay, id, found, error) : 0;
    json_decref(list);
    return rc;
}

/* ---- putting and taking ---- */

static int gmail_put(struct web_stay *stay, const struct letter *letter, bool answered, const struct web_folder *folder,
                     char id[WEB_MAIL_ID], struct error *error)
{
    char *raw = letter_base64(letter, sodium_base64_VARIANT_URLSAFE, error);
    json_t *body, *answer = NULL;
    struct buffer path;
    int rc;

    (void)answered; /* the thread shows it */
    if (raw == NULL)
        return -1;
    body = json_pack("{s:s, s:o, s:s*}", "raw", raw, "labelIds",
                     strcmp(folder->id, "ARCHIVE") == 0 ? json_array() : json_pack("[s]", folder->id), "threadId",
                     stay->thread[0] != '\0' ? stay->thread : NULL);
    secret_free(raw);
    web_mail_path(stay, &path, "/messages?internalDateSource=dateHeader", NULL);
    rc = web_mail_post(stay, &path, body, id, &answer, error);
    snprintf(stay->thread, sizeof stay->thread, "%s", web_text(answer, "threadId"));
    json_decref(answer);
    return rc;
}

/* To delete for good needs the widest scope; the trash does with less. */
static int gmail_remove(struct web_stay *stay, const char *id, struct error *error)
{
    struct web_call call = {.method = "DELETE"};
    struct buffer path;
    int rc;

    web_mail_path(stay, &path, "/messages/", id);
    call.path = buffer_text(&path);
    rc = web_do(stay->web, &call, error);
    if (rc == 0 && stay->web->status == 403) {
        buffer_add_text(&path, "/trash");
        call = (struct web_call){.method = "POST", .path = buffer_text(&path), .type = "application/json"};
        rc = web_must(stay->web, &call, "the mail cannot be taken out", error);
    } else {
        rc = web_mail_removed(stay, rc, error);
    }
    buffer_free(&path);
    return rc;
}

static const struct web_mail gmail_mail = {
    .api = {.url = "https://gmail.googleapis.com", .token_url = "https://oauth2.googleapis.com/token",
            .scope = "https://mail.google.com/"},
    .users = "/gmail/v1/users/",
    .per_user = true,
    .in_order = true,
    .folder = gmail_folder,
    .fitting = gmail_fitting,
    .put = gmail_put,
    .find = gmail_find,
    .remove = gmail_remove,
};

WEB_MAIL_PLACE(gmail, "gmail");
