/* SPDX-License-Identifier: ISC
 *
 * jmap:USER@HOST/FOLDER by JMAP (RFC 8620, RFC 8621, RFC 9425): the mail is uploaded, and imported with the date at which it is
 * said to have arrived. The session is asked for at HOST's /.well-known/jmap, or is the account's `url` itself. */
#include <stdio.h>
#include <string.h>
#include "server/planter/secret.h"
#include "server/planter/web_mail.h"

#define MAIL "urn:ietf:params:jmap:mail"
#define QUOTA "urn:ietf:params:jmap:quota"
#define NO_SESSION "no JMAP session"
#define FULL 95 /* percent */
#define TURNS 4 /* that the way to the session takes at most */

/* ---- calls ---- */

/* One method; its answer's arguments are a new reference. `arguments` is released. */
static int call(struct web_stay *stay, const char *method, json_t *arguments, bool once, const char *what,
                json_t **answer, struct error *error)
{
    json_t *body, *said = NULL, *first;

    *answer = NULL;
    json_object_set_new(arguments, "accountId", json_string(stay->account));
    body = json_pack("{s:[s,s,s*], s:[[s,o,s]]}", "using", "urn:ietf:params:jmap:core", MAIL, stay->quotas ? QUOTA : NULL,
                     "methodCalls", method, arguments, "0");
    if (web_json(stay->web, "POST", stay->api, body, once, what, &said, error) != 0)
        return -1;
    first = json_array_get(json_object_get(said, "methodResponses"), 0);
    if (json_string_value(json_array_get(first, 0)) != NULL && strcmp(json_string_value(json_array_get(first, 0)), method) == 0)
        *answer = json_incref(json_array_get(first, 1));
    else
        error_set(error, "%s: %s says %.200s", what, stay->web->host, web_text(json_array_get(first, 1), "type"));
    json_decref(said);
    return json_is_object(*answer) ? 0 : -1;
}

/* What is read is often told for each login alone (RFC 8621, 4.1.1). */
static void warn_if_shared(const struct web_stay *stay, const json_t *account)
{
    if (json_is_false(json_object_get(account, "isPersonal")) && strcmp(stay->task->action, "plant") == 0)
        place_note(stay->result, "The mailbox of %s is shared with this login. Where the server keeps for each login what is "
                   "read, as Cyrus does, its owner sees the mail as unread: let the account log in as the owner, or plant by "
                   "imaps://, as somebody who may log in for others.", stay->place.user);
}

static bool is_account(const struct web_stay *stay, const json_t *account)
{
    return strcasecmp(web_text(account, "name"), stay->user) == 0 ||
           strcasecmp(web_text(account, "name"), stay->place.user) == 0;
}

/* The account of the mailbox that is meant, and where the calls go. */
static int take_session(struct web_stay *stay, const json_t *session, struct error *error)
{
    const char *primary = web_text(json_object_get(session, "primaryAccounts"), MAIL), *id;
    const json_t *accounts = json_object_get(session, "accounts");
    json_t *account;

    stay->account[0] = '\0';
    stay->quotas = json_is_object(json_object_get(json_object_get(session, "capabilities"), QUOTA));
    json_object_foreach((json_t *)(uintptr_t)accounts, id, account)
        if (is_account(stay, account)) {
            snprintf(stay->account, sizeof stay->account, "%s", id);
            warn_if_shared(stay, account);
        }
    if (stay->account[0] == '\0' && strcasecmp(web_text(session, "username"), stay->place.user) == 0)
        snprintf(stay->account, sizeof stay->account, "%s", primary);
    if (strstr(web_text(session, "uploadUrl"), "{accountId}") == NULL)
        return error_set(error, "%s gives no JMAP session; the account's url: must be its address", stay->web->host);
    if (web_refer(stay->web, web_text(session, "apiUrl"), stay->api, NO_SESSION, error) != 0 ||
        web_refer(stay->web, web_text(session, "uploadUrl"), stay->upload, NO_SESSION, error) != 0)
        return -1;
    return stay->account[0] != '\0' ? 0
                                    : error_set(error, "the login at %s may not enter the mailbox of %s; it must be shared "
                                                "with it", stay->web->host, stay->place.user);
}

/* Where the session is, be it elsewhere (RFC 8620, 2.2). Each place that it leads to must be in reach. */
static int find_session(struct web_stay *stay, json_t **session, struct error *error)
{
    bool own = credentials_setting(&stay->task->visit->credentials, "url")[0] != '\0';
    struct web_call call = {.method = "GET", .path = own ? "" : "/.well-known/jmap"};
    struct web *web = stay->web;
    char url[WEB_URL];
    int rc = web_do(web, &call, error);

    for (int turns = 0; rc == 0 && web->status / 100 == 3 && web->location[0] != '\0' && turns < TURNS; turns++) {
        call.path = url;
        rc = web_refer(web, web->location, url, NO_SESSION, error);
        if (rc == 0)
            rc = web_do(web, &call, error);
    }
    if (rc != 0)
        return -1;
    if (web->status / 100 != 2)
        return web_fail(web, NO_SESSION, error);
    *session = json_loadb((const char *)web->answer.data, web->answer.length, JSON_REJECT_DUPLICATES, NULL);
    return 0;
}

static int jmap_enter(struct web_stay *stay, struct error *error)
{
    json_t *session = NULL;
    int rc = find_session(stay, &session, error);

    if (rc == 0)
        rc = take_session(stay, session, error);
    json_decref(session);
    return rc;
}

/* ---- folders ---- */

static int mailboxes(struct web_stay *stay, json_t **answer, struct error *error)
{
    return call(stay, "Mailbox/get", json_pack("{s:n, s:[s,s,s]}", "ids", "properties", "id", "name", "role"), false,
                "the folders cannot be listed", answer, error);
}

static void set_folder(struct web_folder *folder, const json_t *mailbox)
{
    bool inbox = strcmp(web_text(mailbox, "role"), "inbox") == 0;

    snprintf(folder->id, sizeof folder->id, "%s", web_text(mailbox, "id"));
    snprintf(folder->shown, sizeof folder->shown, "%s", inbox ? "INBOX" : web_text(mailbox, "name"));
}

/* The mailbox with that id, or with that name or role. */
static int pick(struct web_stay *stay, const char *id, const char *named, struct web_folder *folder, struct error *error)
{
    const char *role = named != NULL && named[0] == '\\' ? named + 1 : named != NULL ? named : "";
    json_t *answer, *mailbox;
    size_t index;
    int rc = mailboxes(stay, &answer, error);

    if (rc != 0)
        return -1;
    json_array_foreach(json_object_get(answer, "list"), index, mailbox)
    {
        bool is = id != NULL ? strcmp(web_text(mailbox, "id"), id) == 0
                             : strcmp(web_text(mailbox, "name"), named) == 0 ||
                                   ((named[0] == '\\' || strcasecmp(named, "INBOX") == 0) &&
                                    strcasecmp(web_text(mailbox, "role"), role) == 0);

        if (is && rc == 0) {
            set_folder(folder, mailbox);
            rc = 1;
        }
    }
    json_decref(answer);
    return rc;
}

static int jmap_folder(struct web_stay *stay, const char *named, struct web_folder *folder, struct error *error)
{
    return pick(stay, NULL, named, folder, error);
}

/* The first mail with that text in that header, which is looked for in no index; its id, "" for none. */
static int query(struct web_stay *stay, const char *header, const char *text, char id[WEB_MAIL_ID], struct error *error)
{
    json_t *answer;
    const char *found;
    int rc = call(stay, "Email/query", json_pack("{s:{s:[s,s]}, s:i}", "filter", "header", header, text, "limit", 1), false,
                  "the mailbox cannot be searched", &answer, error);

    found = json_string_value(json_array_get(json_object_get(answer, "ids"), 0));
    snprintf(id, WEB_MAIL_ID, "%s", found != NULL ? found : "");
    json_decref(answer);
    return rc;
}

static int read_mail(struct web_stay *stay, const char *id, json_t **answer, struct error *error)
{
    json_t *arguments = json_pack("{s:[s], s:[s,s,s,s,s], s:b, s:b}", "ids", id, "properties", "id", "mailboxIds", "keywords",
                                  "headers", "bodyValues", "fetchTextBodyValues", 1, "fetchHTMLBodyValues", 1);

    return call(stay, "Email/get", arguments, false, "the mail cannot be read", answer, error);
}

/* The folder that the mail lies in. 1, 0, -1 */
static int folder_of(struct web_stay *stay, const json_t *mail, struct web_folder *folder, struct error *error)
{
    void *first = json_object_iter(json_object_get(mail, "mailboxIds"));

    return first != NULL ? pick(stay, json_object_iter_key(first), NULL, folder, error) : 0;
}

static int jmap_fitting(struct web_stay *stay, const char *from, struct web_folder *folder, struct error *error)
{
    char id[WEB_MAIL_ID];
    json_t *answer = NULL;
    int rc = query(stay, "From", from, id, error);

    if (rc == 0 && id[0] != '\0') {
        rc = read_mail(stay, id, &answer, error);
        if (rc == 0)
            rc = folder_of(stay, json_array_get(json_object_get(answer, "list"), 0), folder, error);
    }
    json_decref(answer);
    return rc;
}

/* ---- quota ---- */

static bool is_of_mail(const json_t *quota)
{
    json_t *item;
    size_t index;

    json_array_foreach(json_object_get(quota, "types"), index, item)
    {
        const char *type = json_is_string(item) ? json_string_value(item) : "";

        if (strcmp(type, "Mail") == 0 || strcmp(type, "Email") == 0)
            return true;
    }
    return false;
}

/* How full it would be with so much more, in percent; 0 where the quota is of something else. */
static double fullness(const json_t *quota, size_t mails, size_t bytes)
{
    bool counts = strcmp(web_text(quota, "resourceType"), "count") == 0;
    double used = json_number_value(json_object_get(quota, "used"));
    double limit = json_number_value(json_object_get(quota, "hardLimit"));

    if ((!counts && strcmp(web_text(quota, "resourceType"), "octets") != 0) || !is_of_mail(quota) ||
        !json_is_number(json_object_get(quota, "hardLimit")))
        return 0;
    return limit > 0 ? (used + (double)(counts ? mails : bytes)) * 100 / limit : 100;
}

/* A server that tells none for this account (RFC 9425, 3) has room. */
static int jmap_room(struct web_stay *stay, size_t mails, size_t bytes, struct error *error)
{
    json_t *answer = NULL, *quota;
    double most = 0;
    size_t index;

    if (!stay->quotas)
        return 0;
    if (call(stay, "Quota/get", json_pack("{s:n}", "ids"), false, "the quota cannot be read", &answer, error) != 0) {
        json_decref(answer);
        return stay->web->status / 100 == 2 ? 0 : -1;
    }
    json_array_foreach(json_object_get(answer, "list"), index, quota)
        if (fullness(quota, mails, bytes) > most)
            most = fullness(quota, mails, bytes);
    json_decref(answer);
    return most <= FULL ? 0
                        : error_set(error, "the mailbox of %s would be full by %.0f %%, so that a lure could make it refuse "
                                    "other mails; give it more room, or choose another", stay->place.user, most);
}

/* ---- mails ---- */

/* What a server takes for a match need not be one: it may look for a part of the text, or at no header at all. */
static bool is_called(const json_t *mail, const char *message_id)
{
    const char *value;
    json_t *header;
    size_t index;

    json_array_foreach(json_object_get(mail, "headers"), index, header)
    {
        value = web_text(header, "value") + strspn(web_text(header, "value"), " \t\r\n");
        if (strcasecmp(web_text(header, "name"), "Message-ID") == 0)
            return strncmp(value, message_id, strlen(message_id)) == 0 &&
                   value[strlen(message_id) + strspn(value + strlen(message_id), " \t\r\n")] == '\0';
    }
    return false;
}

static int jmap_find(struct web_stay *stay, const char *message_id, struct web_found *found, struct error *error)
{
    json_t *answer = NULL, *mail;
    char *content = NULL;
    int rc = query(stay, "Message-ID", message_id, found->id, error);

    if (rc != 0 || found->id[0] == '\0')
        return rc;
    rc = read_mail(stay, found->id, &answer, error);
    mail = json_array_get(json_object_get(answer, "list"), 0);
    if (rc == 0 && !is_called(mail, message_id))
        found->id[0] = '\0';
    else if (rc == 0 && (rc = folder_of(stay, mail, &found->folder, error)) >= 0) {
        found->seen = json_is_true(json_object_get(json_object_get(mail, "keywords"), "$seen"));
        json_object_del(mail, "mailboxIds");
        json_object_del(mail, "keywords");
        content = json_dumps(mail, JSON_COMPACT | JSON_SORT_KEYS);
        rc = content != NULL && buffer_add_text(&found->content, content) == 0 ? 1 : error_set(error, "out of memory");
    }
    secret_free(content);
    json_decref(answer);
    return rc;
}

static int upload(struct web_stay *stay, struct slice message, char blob[WEB_MAIL_ID], struct error *error)
{
    const char *hole = strstr(stay->upload, "{accountId}");
    struct web_call call = {.method = "POST", .type = "message/rfc822", .body = message};
    struct buffer url;
    json_t *answer = NULL;
    int rc;

    buffer_init(&url, 8192);
    buffer_add(&url, stay->upload, (size_t)(hole - stay->upload));
    web_escape(&url, stay->account);
    buffer_add_text(&url, hole + strlen("{accountId}"));
    call.path = buffer_text(&url);
    rc = web_must(stay->web, &call, "the mail cannot be uploaded", error);
    if (rc == 0)
        answer = json_loadb((const char *)stay->web->answer.data, stay->web->answer.length, JSON_REJECT_DUPLICATES, NULL);
    snprintf(blob, WEB_MAIL_ID, "%s", web_text(answer, "blobId"));
    if (rc == 0 && blob[0] == '\0')
        rc = error_set(error, "the mail cannot be uploaded: %s answers without a blob", stay->web->host);
    json_decref(answer);
    buffer_free(&url);
    return rc;
}

/* created.k.id, or why not. */
static int imported(const struct web_stay *stay, const json_t *answer, char id[WEB_MAIL_ID], struct error *error)
{
    const json_t *not = json_object_get(json_object_get(answer, "notCreated"), "k");

    snprintf(id, WEB_MAIL_ID, "%s", web_text(json_object_get(json_object_get(answer, "created"), "k"), "id"));
    if (strcmp(web_text(not, "type"), "alreadyExists") == 0)
        snprintf(id, WEB_MAIL_ID, "%s", web_text(not, "existingId"));
    return id[0] != '\0' ? 0
                         : error_set(error, "the mail cannot be put: %s says %.100s %.200s", stay->web->host,
                                     web_text(not, "type"), web_text(not, "description"));
}

static int jmap_put(struct web_stay *stay, const struct letter *letter, bool answered, const struct web_folder *folder,
                    char id[WEB_MAIL_ID], struct error *error)
{
    char blob[WEB_MAIL_ID], arrived[32];
    json_t *mail, *answer = NULL;
    struct buffer lines;
    int rc;

    buffer_init(&lines, 2 * TASK_BYTES);
    rc = letter_crlf(&lines, letter->message) != 0 ? error_set(error, "the lure's mail is too long")
                                                   : upload(stay, buffer_slice(&lines), blob, error);
    buffer_free(&lines);
    if (rc != 0)
        return -1;
    web_arrived(letter, arrived);
    mail = json_pack("{s:s, s:{s:b}, s:{s:b}, s:s}", "blobId", blob, "mailboxIds", folder->id, 1, "keywords", "$seen", 1,
                     "receivedAt", arrived);
    if (answered)
        json_object_set_new(json_object_get(mail, "keywords"), "$answered", json_true());
    rc = call(stay, "Email/import", json_pack("{s:{s:o}}", "emails", "k", mail), true, "the mail cannot be put", &answer,
              error);
    if (rc == 0)
        rc = imported(stay, answer, id, error);
    json_decref(answer);
    return rc;
}

static int jmap_remove(struct web_stay *stay, const char *id, struct error *error)
{
    json_t *answer = NULL;
    const json_t *not;
    int rc = call(stay, "Email/set", json_pack("{s:[s]}", "destroy", id), false, "the mail cannot be taken out", &answer,
                  error);

    not = json_object_get(json_object_get(answer, "notDestroyed"), id);
    if (rc == 0)
        rc = not == NULL || strcmp(web_text(not, "type"), "notFound") == 0
                 ? 1
                 : error_set(error, "the mail cannot be taken out: %s says %.100s", stay->web->host, web_text(not, "type"));
    json_decref(answer);
    return rc;
}

static const struct web_mail jmap_mail = {
    .api = {.basic = true},
    .per_user = true,
    .server = true,
    .enter = jmap_enter,
    .folder = jmap_folder,
    .fitting = jmap_fitting,
    .room = jmap_room,
    .put = jmap_put,
    .find = jmap_find,
    .remove = jmap_remove,
};

WEB_MAIL_PLACE(jmap, "jmap");
