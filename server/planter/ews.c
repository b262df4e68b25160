/* SPDX-License-Identifier: ISC
 *
 * ews:USER@DOMAIN/FOLDER by Exchange Web Services, for Exchange on premises: CreateItem with the whole mail, flags that
 * make it a received and read one (MAPI's PidTagMessageFlags without mfUnsent), and its times; by a login that may
 * impersonate the mailbox's owner, or the owner's own. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/planter/secret.h"
#include "server/planter/web_mail.h"
#include "server/planter/xml.h"

#define ENVELOPE 8192
#define LOOKED_INTO 20

/* Names that every mailbox has. */
static const char *const uses[][3] = {{"\\Sent", "sentitems", "Sent"}, {"INBOX", "inbox", "INBOX"},
                                      {"\\Trash", "deleteditems", "Deleted Items"}};

/* ---- calls ---- */

static bool is_own(const struct web_stay *stay)
{
    char *user = credentials_user(&stay->task->visit->credentials, stay->user);
    bool own = user != NULL && (strcasecmp(user, stay->user) == 0 || strcasecmp(user, stay->place.user) == 0);

    free(user);
    return own;
}

/* Sends the body in its envelope; the answer is web->answer. */
static int soap(struct web_stay *stay, const char *body, bool once, const char *what, struct error *error)
{
    struct web_call call = {.method = "POST", .path = "", .type = "text/xml; charset=utf-8", .once = once};
    struct buffer text;
    char code[128], words[256];
    int rc;

    buffer_init(&text, strlen(body) + ENVELOPE);
    buffer_add_text(&text, "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
                    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\""
                    " xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\""
                    " xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><s:Header>"
                    "<t:RequestServerVersion Version=\"Exchange2013_SP1\"/>");
    if (!is_own(stay)) {
        buffer_add_text(&text, "<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>");
        xml_add(&text, stay->user);
        buffer_add_text(&text, "</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>");
    }
    buffer_add_format(&text, "</s:Header><s:Body>");
    buffer_add_text(&text, body);
    buffer_add_text(&text, "</s:Body></s:Envelope>");
    call.body = buffer_slice(&text);
    rc = text.failed ? error_set(error, "the mail is too long") : web_do(stay->web, &call, error);
    buffer_free(&text);
    if (rc != 0)
        return error_prefix(error, "%s", what);
    xml_text(buffer_slice(&stay->web->answer), "ResponseCode", code, sizeof code);
    xml_text(buffer_slice(&stay->web->answer), "MessageText", words, sizeof words);
    if (stay->web->status == 200 && (strcmp(code, "NoError") == 0 || strcmp(code, "ErrorItemNotFound") == 0))
        return 0;
    if (code[0] == '\0')
        return web_fail(stay->web, what, error);
    stay->web->unsure = false;
    return error_set(error, "%s: %s says %s: %s", what, stay->web->host, code, words);
}

/* ---- folders ---- */

/* All of them; the answer is web->answer. */
static int all_folders(struct web_stay *stay, struct error *error)
{
    return soap(stay, "<m:FindFolder Traversal=\"Deep\"><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape>"
                "<m:ParentFolderIds><t:DistinguishedFolderId Id=\"msgfolderroot\"/></m:ParentFolderIds></m:FindFolder>", false,
                "the folders cannot be listed", error);
}

static bool take_folder(struct slice *rest, struct web_folder *folder)
{
    struct xml_element element, id;

    if (!xml_find(*rest, "Folder", &element))
        return false;
    *rest = element.rest;
    folder->id[0] = '\0';
    if (xml_find(element.content, "FolderId", &id))
        xml_attribute(&id, "Id", folder->id, sizeof folder->id);
    xml_text(element.content, "DisplayName", folder->shown, sizeof folder->shown);
    return true;
}

/* By name, or by id. 1, 0, -1 */
static int pick(struct web_stay *stay, const char *name, const char *id, struct web_folder *folder, struct error *error)
{
    struct slice rest;

    if (all_folders(stay, error) != 0)
        return -1;
    rest = buffer_slice(&stay->web->answer);
    while (take_folder(&rest, folder))
        if (folder->id[0] != '\0' && strcmp(name != NULL ? folder->shown : folder->id, name != NULL ? name : id) == 0)
            return 1;
    folder->id[0] = '\0';
    return 0;
}

/* A folder that every mailbox has, by the id that it has in this one. */
static int distinguished(struct web_stay *stay, const char *name, const char *shown, struct web_folder *folder,
                         struct error *error)
{
    struct xml_element id;
    char body[512];

    snprintf(body, sizeof body, "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>"
             "<t:DistinguishedFolderId Id=\"%s\"/></m:FolderIds></m:GetFolder>", name);
    if (soap(stay, body, false, "the folder cannot be found", error) != 0)
        return -1;
    if (!xml_find(buffer_slice(&stay->web->answer), "FolderId", &id))
        return 0;
    xml_attribute(&id, "Id", folder->id, sizeof folder->id);
    snprintf(folder->shown, sizeof folder->shown, "%s", shown);
    return 1;
}

static int ews_folder(struct web_stay *stay, const char *named, struct web_folder *folder, struct error *error)
{
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        if (strcasecmp(named, uses[i][0]) == 0)
            return distinguished(stay, uses[i][1], uses[i][2], folder, error);
    return pick(stay, named[0] == '\\' ? named + 1 : named, NULL, folder, error);
}

/* How many mails of the sender lie there; -1. */
static long count_from(struct web_stay *stay, const char *from, const struct web_folder *folder, struct error *error)
{
    struct xml_element root;
    struct buffer body;
    char total[16] = "0";
    int rc;

    buffer_init(&body, 8192);
    buffer_add_text(&body, "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
                    "<m:IndexedPageItemView MaxEntriesReturned=\"1\" Offset=\"0\" BasePoint=\"Beginning\"/>"
                    "<m:ParentFolderIds><t:FolderId Id=\"");
    xml_add(&body, folder->id);
    buffer_add_text(&body, "\"/></m:ParentFolderIds><m:QueryString>from:");
    xml_add(&body, from);
    buffer_add_text(&body, "</m:QueryString></m:FindItem>");
    rc = soap(stay, buffer_text(&body), false, "the folder cannot be searched", error);
    buffer_free(&body);
    if (rc == 0 && xml_find(buffer_slice(&stay->web->answer), "RootFolder", &root))
        xml_attribute(&root, "TotalItemsInView", total, sizeof total);
    return rc == 0 ? strtol(total, NULL, 10) : -1;
}

static int ews_fitting(struct web_stay *stay, const char *from, struct web_folder *folder, struct error *error)
{
    struct web_folder candidates[LOOKED_INTO];
    size_t count = 0;
    long most = 0, found;
    struct slice rest;

    if (all_folders(stay, error) != 0)
        return -1;
    rest = buffer_slice(&stay->web->answer);
    while (count < LOOKED_INTO && take_folder(&rest, &candidates[count]))
        count++;
    for (size_t i = 0; i < count; i++) {
        found = count_from(stay, from, &candidates[i], error);
        if (found < 0)
            return -1;
        if (found > most) {
            most = found;
            *folder = candidates[i];
        }
    }
    return most > 0;
}

/* ---- mails ---- */

static void add_property(struct buffer *out, const char *tag, const char *type, const char *value)
{
    buffer_add_format(out, "<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"%s\" PropertyType=\"%s\"/><t:Value>%s"
                      "</t:Value></t:ExtendedProperty>", tag, type, value);
}

static int ews_put(struct web_stay *stay, const struct letter *letter, bool answered, const struct web_folder *folder,
                   char id[WEB_MAIL_ID], struct error *error)
{
    char *mime = letter_base64(letter, sodium_base64_VARIANT_ORIGINAL, error);
    struct xml_element item;
    struct buffer body;
    char arrived[32];
    int rc;

    if (mime == NULL)
        return -1;
    web_arrived(letter, arrived);
    buffer_init(&body, 4 * TASK_BYTES);
    buffer_add_text(&body, "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId><t:FolderId Id=\"");
    xml_add(&body, folder->id);
    buffer_add_text(&body, "\"/></m:SavedItemFolderId><m:Items><t:Message><t:MimeContent CharacterSet=\"UTF-8\">");
    buffer_add_text(&body, mime);
    secret_free(mime);
    buffer_add_text(&body, "</t:MimeContent>");
    add_property(&body, "0x0E07", "Integer", "1");
    add_property(&body, "0x0E06", "SystemTime", arrived);
    add_property(&body, "0x0039", "SystemTime", arrived);
    if (answered) { /* PidTagLastVerbExecuted: replied to the sender; PidTagIconIndex: shown so */
        add_property(&body, "0x1081", "Integer", "102");
        add_property(&body, "0x1080", "Integer", "261");
    }
    buffer_add_text(&body, "<t:IsRead>true</t:IsRead></t:Message></m:Items></m:CreateItem>");
    rc = body.failed ? error_set(error, "the mail is too long")
                     : soap(stay, buffer_text(&body), true, "the mail cannot be put", error);
    buffer_free(&body);
    id[0] = '\0';
    if (rc == 0 && xml_find(buffer_slice(&stay->web->answer), "ItemId", &item))
        xml_attribute(&item, "Id", id, WEB_MAIL_ID);
    if (rc == 0 && id[0] == '\0') {
        stay->web->unsure = true;
        rc = error_set(error, "%s took the mail without an answer", stay->web->host);
    }
    return rc;
}

/* The mail's id, by its Message-ID, in whichever folder; "" */
static int search(struct web_stay *stay, const char *message_id, char id[WEB_MAIL_ID], struct error *error)
{
    struct web_folder folder;
    struct xml_element item;
    struct buffer body;
    struct slice rest;
    int rc = all_folders(stay, error);

    id[0] = '\0';
    if (rc != 0)
        return -1;
    buffer_init(&body, 1024 * 1024);
    buffer_add_text(&body, "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
                    "<m:Restriction><t:IsEqualTo><t:FieldURI FieldURI=\"message:InternetMessageId\"/><t:FieldURIOrConstant>"
                    "<t:Constant Value=\"");
    xml_add(&body, message_id);
    buffer_add_text(&body, "\"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction><m:ParentFolderIds>");
    for (rest = buffer_slice(&stay->web->answer); take_folder(&rest, &folder);) {
        buffer_add_text(&body, "<t:FolderId Id=\"");
        xml_add(&body, folder.id);
        buffer_add_text(&body, "\"/>");
    }
    buffer_add_text(&body, "</m:ParentFolderIds></m:FindItem>");
    rc = soap(stay, buffer_text(&body), false, "the mailbox cannot be searched", error);
    buffer_free(&body);
    if (rc == 0 && xml_find(buffer_slice(&stay->web->answer), "ItemId", &item))
        xml_attribute(&item, "Id", id, WEB_MAIL_ID);
    return rc;
}

static int read_mail(struct web_stay *stay, struct web_found *found, char parent[WEB_MAIL_ID], struct error *error)
{
    struct xml_element element;
    struct buffer body;
    char seen[8];
    int rc;

    buffer_init(&body, 8192);
    buffer_add_text(&body, "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true"
                    "</t:IncludeMimeContent><t:AdditionalProperties><t:FieldURI FieldURI=\"item:ParentFolderId\"/>"
                    "<t:FieldURI FieldURI=\"message:IsRead\"/></t:AdditionalProperties></m:ItemShape><m:ItemIds><t:ItemId Id=\"");
    xml_add(&body, found->id);
    buffer_add_text(&body, "\"/></m:ItemIds></m:GetItem>");
    rc = soap(stay, buffer_text(&body), false, "the mail cannot be read", error);
    buffer_free(&body);
    if (rc != 0 || !xml_find(buffer_slice(&stay->web->answer), "MimeContent", &element))
        return rc;
    buffer_add_slice(&found->content, element.content);
    xml_text(buffer_slice(&stay->web->answer), "IsRead", seen, sizeof seen);
    found->seen = strcmp(seen, "true") == 0;
    if (xml_find(buffer_slice(&stay->web->answer), "ParentFolderId", &element))
        xml_attribute(&element, "Id", parent, WEB_MAIL_ID);
    return 1;
}

static int ews_find(struct web_stay *stay, const char *message_id, struct web_found *found, struct error *error)
{
    char parent[WEB_MAIL_ID] = "";
    struct web_folder use;
    int rc = search(stay, message_id, found->id, error);

    if (rc != 0 || found->id[0] == '\0')
        return rc;
    rc = read_mail(stay, found, parent, error);
    if (rc == 1 && pick(stay, NULL, parent, &found->folder, error) < 0)
        rc = -1;
    for (size_t i = 0; i < sizeof uses / sizeof uses[0] && rc == 1; i++)
        if (distinguished(stay, uses[i][1], uses[i][2], &use, error) == 1 && strcmp(use.id, parent) == 0)
            found->folder = use;
    return rc;
}

static int ews_remove(struct web_stay *stay, const char *id, struct error *error)
{
    struct buffer body;
    int rc;

    buffer_init(&body, 8192);
    buffer_add_text(&body, "<m:DeleteItem DeleteType=\"HardDelete\"><m:ItemIds><t:ItemId Id=\"");
    xml_add(&body, id);
    buffer_add_text(&body, "\"/></m:ItemIds></m:DeleteItem>");
    rc = soap(stay, buffer_text(&body), false, "the mail cannot be taken out", error);
    buffer_free(&body);
    return rc == 0 ? 1 : -1;
}

static const struct web_mail ews_mail = {
    .api = {.basic = true, .path = "/EWS/Exchange.asmx"},
    .per_user = true,
    .folder = ews_folder,
    .fitting = ews_fitting,
    .put = ews_put,
    .find = ews_find,
    .remove = ews_remove,
};

WEB_MAIL_PLACE(ews, "ews");
