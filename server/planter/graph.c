/* SPDX-License-Identifier: ISC
 *
 * graph:USER@DOMAIN/FOLDER by Microsoft Graph (learn.microsoft.com/graph/api): a message created with the MAPI
 * properties that make it a received and read one of the past, which take effect only then: PidTagMessageFlags without
 * mfUnsent (0x0E07), delivery and submit times (0x0E06, 0x0039), the thread (0x1042, 0x1039), and the transport's head
 * (0x007D). Whole mails (MIME) would become drafts. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/wire/mime_read.h"
#include "server/planter/secret.h"
#include "server/planter/web_mail.h"

#define ATTACHMENT (3 * 1024 * 1024) /* in one call */
#define HEAD 32768

/* ---- folders ---- */

static void set_folder(struct web_folder *folder, const json_t *item, const char *shown)
{
    snprintf(folder->id, sizeof folder->id, "%s", web_text(item, "id"));
    snprintf(folder->shown, sizeof folder->shown, "%s", shown != NULL ? shown : web_text(item, "displayName"));
}

/* A folder by its id, or by a name that every mailbox knows; shown as that. 1, 0, -1 */
static int by_id(struct web_stay *stay, const char *id, const char *shown, struct web_folder *folder, struct error *error)
{
    struct web_call call = {.method = "GET"};
    struct buffer path;
    json_t *answer;
    int rc;

    web_mail_path(stay, &path, "/mailFolders/", id);
    call.path = buffer_text(&path);
    rc = web_do(stay->web, &call, error);
    buffer_free(&path);
    if (rc != 0 || stay->web->status == 404)
        return rc != 0 ? -1 : 0;
    if (stay->web->status != 200)
        return web_fail(stay->web, "the folder cannot be found", error);
    answer = json_loadb((const char *)stay->web->answer.data, stay->web->answer.length, JSON_REJECT_DUPLICATES, NULL);
    set_folder(folder, answer, shown);
    json_decref(answer);
    return folder->id[0] != '\0';
}

static int graph_folder(struct web_stay *stay, const char *named, struct web_folder *folder, struct error *error)
{
    static const char *const known[][3] = {{"\\Sent", "sentitems", "Sent"}, {"\\Archive", "archive", "Archive"},
                                           {"INBOX", "inbox", "INBOX"}};
    json_t *answer = NULL, *item;
    struct buffer path;
    size_t index;
    int rc = 0;

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcasecmp(named, known[i][0]) == 0)
            return by_id(stay, known[i][1], known[i][2], folder, error);
    web_mail_path(stay, &path, "/mailFolders?$top=200&$select=id,displayName", NULL);
    if (web_mail_get(stay, &path, "the folders cannot be listed", &answer, error) != 0)
        return -1;
    json_array_foreach(json_object_get(answer, "value"), index, item)
    {
        if (rc == 0 && strcmp(web_text(item, "displayName"), named) == 0) {
            set_folder(folder, item, named);
            rc = 1;
        }
    }
    json_decref(answer);
    return rc;
}

/* The name that graph_folder() would give it. */
static int shown_as(struct web_stay *stay, const char *id, struct web_folder *folder, struct error *error)
{
    static const char *const uses[] = {"\\Sent", "\\Archive", "INBOX"};
    struct web_folder use;

    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        if (graph_folder(stay, uses[i], &use, error) == 1 && strcmp(use.id, id) == 0) {
            *folder = use;
            return 1;
        }
    return by_id(stay, id, NULL, folder, error);
}

/* The first message that matches; NULL in *message where there is none. */
static int query(struct web_stay *stay, const char *field, const char *value, const char *select, json_t **message,
                 struct error *error)
{
    json_t *answer = NULL;
    struct buffer path, quoted;

    *message = NULL;
    buffer_init(&quoted, 4096);
    for (const char *c = value; *c != '\0'; c++) {
        buffer_add_text(&quoted, *c == '\'' ? "'" : "");
        buffer_add_char(&quoted, *c);
    }
    web_mail_path(stay, &path, "/messages?$top=1&$filter=", field);
    web_escape(&path, " eq '");
    web_escape(&path, buffer_text(&quoted));
    web_escape(&path, "'");
    buffer_add_format(&path, "&$select=%s", select);
    buffer_free(&quoted);
    if (web_mail_get(stay, &path, "the mailbox cannot be searched", &answer, error) != 0)
        return -1;
    *message = json_incref(json_array_get(json_object_get(answer, "value"), 0));
    json_decref(answer);
    return 0;
}

static int graph_fitting(struct web_stay *stay, const char *from, struct web_folder *folder, struct error *error)
{
    json_t *message;
    int rc = query(stay, "from/emailAddress/address", from, "parentFolderId", &message, error);

    if (rc == 0 && message != NULL)
        rc = shown_as(stay, web_text(message, "parentFolderId"), folder, error);
    json_decref(message);
    return rc;
}

static int graph_find(struct web_stay *stay, const char *message_id, struct web_found *found, struct error *error)
{
    char *content;
    json_t *message;
    int rc = query(stay, "internetMessageId", message_id, "id,parentFolderId,isRead,subject,body", &message, error);

    if (rc != 0 || message == NULL)
        return rc;
    snprintf(found->id, sizeof found->id, "%s", web_text(message, "id"));
    found->seen = json_is_true(json_object_get(message, "isRead"));
    content = json_dumps(json_object_get(message, "body"), JSON_COMPACT | JSON_SORT_KEYS);
    buffer_add_text(&found->content, web_text(message, "subject"));
    buffer_add_text(&found->content, content != NULL ? content : "");
    rc = shown_as(stay, web_text(message, "parentFolderId"), &found->folder, error) < 0 ? -1 : 1;
    secret_free(content);
    json_decref(message);
    return rc;
}

/* ---- a mail as Graph takes it ---- */

static json_t *people_of(struct slice head, const char *name)
{
    json_t *people = mime_people(head, name), *list = json_array(), *person;
    size_t index;

    json_array_foreach(people, index, person)
        json_array_append_new(list, json_pack("{s:O}", "emailAddress", person));
    json_decref(people);
    return list;
}

static void add_property(json_t *properties, const char *id, const char *value)
{
    json_array_append_new(properties, json_pack("{s:s, s:s}", "id", id, "value", value));
}

static void add_field(json_t *properties, const char *id, struct slice head, const char *name)
{
    struct buffer value;

    buffer_init(&value, HEAD);
    if (mime_field(head, name, &value) == 0 && value.length > 0)
        add_property(properties, id, buffer_text(&value));
    buffer_free(&value);
}

static json_t *properties_of(const struct letter *letter, struct slice head, bool answered)
{
    json_t *properties = json_array();
    char arrived[32];

    web_arrived(letter, arrived);
    add_property(properties, "Integer 0x0E07", "1");
    add_property(properties, "SystemTime 0x0E06", arrived);
    add_property(properties, "SystemTime 0x0039", arrived);
    add_field(properties, "String 0x1042", head, "In-Reply-To");
    add_field(properties, "String 0x1039", head, "References");
    if (answered) {
        add_property(properties, "Integer 0x1081", "102");
        add_property(properties, "Integer 0x1080", "261");
    }
    json_array_append_new(properties, json_pack("{s:s, s:o}", "id", "String 0x007D", "value",
                                                json_stringn((const char *)head.data, head.length)));
    return properties;
}

/* The body, HTML where there is one, and what is attached. */
struct parts {
    json_t *body, *attachments;
};

static int take_part(const struct mime_part *part, void *context)
{
    struct parts *parts = context;
    bool html = strcmp(part->type, "text/html") == 0, text = strcmp(part->type, "text/plain") == 0;
    char *bytes;
    json_t *content;

    if ((html || text) && !part->attached && (parts->body == NULL || html)) {
        content = json_stringn((const char *)part->data.data, part->data.length);
        json_decref(parts->body);
        parts->body = json_pack("{s:s, s:o}", "contentType", html ? "html" : "text", "content", content);
        return parts->body != NULL ? 0 : -1;
    }
    if ((html || text) && !part->attached)
        return 0;
    if (part->data.length > ATTACHMENT ||
        (bytes = secret_base64(buffer_slice(&part->data), sodium_base64_VARIANT_ORIGINAL)) == NULL)
        return -1;
    content = json_pack("{s:s, s:s, s:s, s:s, s:b}", "@odata.type", "#microsoft.graph.fileAttachment", "name",
                        part->name[0] != '\0' ? part->name : "attachment", "contentType", part->type, "contentBytes", bytes,
                        "isInline", part->id[0] != '\0' && !part->attached);
    if (part->id[0] != '\0')
        json_object_set_new(content, "contentId", json_string(part->id));
    secret_free(bytes);
    return json_array_append_new(parts->attachments, content);
}

static json_t *message_of(const struct letter *letter, bool answered, struct error *error)
{
    struct slice body, head = mime_head(letter->message, &body);
    struct parts parts = {NULL, json_array()};
    struct buffer subject;
    json_t *from = people_of(head, "From"), *message = NULL;

    buffer_init(&subject, HEAD);
    if (mime_field(head, "Subject", &subject) == 0 && mime_parts(letter->message, take_part, &parts) == 0 &&
        parts.body != NULL)
        message = json_pack("{s:s, s:O, s:O, s:O, s:o, s:o, s:b, s:s, s:o}", "subject", buffer_text(&subject), "body",
                            parts.body, "from", json_array_get(from, 0), "sender", json_array_get(from, 0), "toRecipients",
                            people_of(head, "To"), "ccRecipients", people_of(head, "Cc"), "isRead", 1, "internetMessageId",
                            letter->id, "singleValueExtendedProperties", properties_of(letter, head, answered));
    if (message != NULL && json_array_size(parts.attachments) > 0)
        json_object_set(message, "attachments", parts.attachments);
    if (message == NULL)
        error_set(error, "the lure's mail cannot be read, or its attachment is larger than %d MiB", ATTACHMENT >> 20);
    buffer_free(&subject);
    json_decref(parts.body);
    json_decref(parts.attachments);
    json_decref(from);
    return message;
}

static int graph_put(struct web_stay *stay, const struct letter *letter, bool answered, const struct web_folder *folder,
                     char id[WEB_MAIL_ID], struct error *error)
{
    json_t *message = message_of(letter, answered, error), *answer = NULL;
    struct buffer path;
    int rc;

    if (message == NULL)
        return -1;
    web_mail_path(stay, &path, "/mailFolders/", folder->id);
    buffer_add_text(&path, "/messages");
    rc = web_mail_post(stay, &path, message, id, &answer, error);
    json_decref(answer);
    return rc;
}

/* For good: not into the deleted items. */
static int graph_remove(struct web_stay *stay, const char *id, struct error *error)
{
    struct web_call call = {.method = "POST", .type = "application/json"};
    struct buffer path;
    int rc;

    web_mail_path(stay, &path, "/messages/", id);
    buffer_add_text(&path, "/permanentDelete");
    call.path = buffer_text(&path);
    rc = web_mail_removed(stay, web_do(stay->web, &call, error), error);
    buffer_free(&path);
    return rc;
}

static const struct web_mail graph_mail = {
    .api = {.url = "https://graph.microsoft.com/v1.0",
            .token_url = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
            .scope = "https://graph.microsoft.com/.default"},
    .users = "/users/",
    .folder = graph_folder,
    .fitting = graph_fitting,
    .put = graph_put,
    .find = graph_find,
    .remove = graph_remove,
};

WEB_MAIL_PLACE(graph, "graph");
