/* SPDX-License-Identifier: ISC
 *
 * What a planter shows of a directory (server/planter/ldap_stay.h), as rules need it. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "server/minter/lint_entry.h"

#define FILETIME_EPOCH INT64_C(11644473600)
#define NAME_MOST 128 /* of an attribute */

/* ---- values ---- */

static const char *text_of(const json_t *value)
{
    const char *text = json_string_value(value);

    return text != NULL ? text : "";
}

const char *entry_dn(const json_t *entry)
{
    return text_of(json_object_get(entry, "dn"));
}

const char *entry_value(const json_t *entry, const char *name)
{
    return json_string_value(json_array_get(json_object_get(json_object_get(entry, "values"), name), 0));
}

static bool is_one_of(const char *text, const char *const *list)
{
    while (*list != NULL && strcasecmp(*list, text) != 0)
        list++;
    return *list != NULL;
}

bool entry_is_own(const char *name)
{
    static const char *const names[] = {
        "info",            "comment",      "member",      "memberof",        "uniquemember",   "memberuid",
        "name",         "distinguishedname", "objectguid", "entryuuid",     "usncreated",
        "usnchanged",      "whencreated",  "whenchanged", "createtimestamp", "modifytimestamp", "modifiersname",
        "lastlogon",       "lastlogontimestamp", "lastlogoff", "logoncount", "badpwdcount",    "badpasswordtime",
        "authtimestamp",   "pwdlastsuccess", "pwdfailuretime", "lockouttime", "dscorepropagationdata", "objectsid",
        "pwdchangedtime",  NULL};

    return is_one_of(name, names);
}

/* ---- times ---- */

/* 20230313200304Z, 20230313200304.0Z (RFC 4517, 3.3.13). */
static int64_t generalized(const char *text)
{
    struct tm tm = {0};

    if (text == NULL || strlen(text) < 14 || strspn(text, "0123456789") < 14 ||
        sscanf(text, "%4d%2d%2d%2d%2d%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
        return 0;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return timegm(&tm);
}

int64_t entry_made(const json_t *entry)
{
    const char *text = entry_value(entry, "createtimestamp");

    return generalized(text != NULL ? text : entry_value(entry, "whencreated"));
}

int64_t entry_filetime(const json_t *entry, const char *name)
{
    const char *text = entry_value(entry, name);
    int64_t seconds = text != NULL ? strtoll(text, NULL, 10) / 10000000 - FILETIME_EPOCH : 0;

    return seconds > 0 ? seconds : 0;
}

int64_t entry_used(const json_t *entry)
{
    static const char *const names[] = {"lastlogon", "lastlogontimestamp", "authtimestamp", "pwdlastsuccess"};
    int64_t last = 0, at;

    for (size_t i = 0; i < 4; i++) {
        at = i < 2 ? entry_filetime(entry, names[i]) : generalized(entry_value(entry, names[i]));
        last = at > last ? at : last;
    }
    return last;
}

/* ---- shapes ---- */

struct mark {
    const char *text, *mark;
};

/* What an account is called by; those that equal another are not told apart. */
static size_t marks_of(const json_t *entry, bool parts, struct mark marks[5])
{
    const char *given = entry_value(entry, "givenname"), *surname = entry_value(entry, "sn"), *cn = entry_value(entry, "cn");
    bool person = given != NULL && surname != NULL && strcasecmp(given, surname) != 0;
    size_t count = 0;

    if (person && strlen(given) > 1 && strlen(surname) > 1) {
        marks[count++] = (struct mark){given, "{given}"};
        marks[count++] = (struct mark){surname, "{surname}"};
    }
    for (size_t i = 0; i < 3 && (!parts || count == 0); i++) {
        static const char *const names[] = {"uid", "samaccountname", "cn"};
        const char *text = i < 2 ? entry_value(entry, names[i]) : cn;

        if (text != NULL && strlen(text) > 1)
            marks[count++] = (struct mark){text, "{name}"};
    }
    return count;
}

/* The longest that stands there. */
static const struct mark *mark_at(const struct mark *marks, size_t count, const char *text)
{
    const struct mark *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (strncasecmp(text, marks[i].text, strlen(marks[i].text)) == 0 &&
            (best == NULL || strlen(marks[i].text) > strlen(best->text)))
            best = &marks[i];
    return best;
}

static void shape_text(const json_t *entry, const char *name, const char *text, char out[ENTRY_SHAPE])
{
    static const char *const full[] = {"cn", "displayname", "gecos", NULL};
    struct mark marks[5];
    size_t count = marks_of(entry, is_one_of(name, full), marks), n = 0;

    while (*text != '\0' && n + 12 < ENTRY_SHAPE) {
        const struct mark *mark = mark_at(marks, count, text);

        if (mark != NULL)
            n += (size_t)snprintf(out + n, ENTRY_SHAPE - n, "%s", mark->mark);
        else
            out[n++] = *text;
        text += mark != NULL ? strlen(mark->text) : 1;
    }
    out[n] = '\0';
}

/* [MS-ADTS] 2.2.16; whether it is disabled says nothing. */
static void shape_flags(const char *text, char out[ENTRY_SHAPE])
{
    static const struct {
        unsigned flag;
        const char *text;
    } flags[] = {{0x200, "account"},          {0x1000, "computer"},        {0x20, "needs no password"},
                 {0x40, "keeps its password"}, {0x80, "reversible password"}, {0x10000, "password never expires"},
                 {0x40000, "smart card"},     {0x80000, "delegates"},      {0x100000, "not delegated"},
                 {0x400000, "no preauthentication"}};
    unsigned long value = strtoul(text, NULL, 10);

    out[0] = '\0';
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (value & flags[i].flag)
            snprintf(out + strlen(out), ENTRY_SHAPE - strlen(out), "%s%s", out[0] != '\0' ? ", " : "", flags[i].text);
}

static int by_text(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

static void shape_classes(const json_t *entry, char out[ENTRY_SHAPE])
{
    const json_t *list = json_object_get(json_object_get(entry, "values"), "objectclass");
    const char *names[16];
    size_t count = 0, n = 0;

    for (size_t i = 0; i < json_array_size(list) && count < 16; i++)
        names[count++] = text_of(json_array_get(list, i));
    qsort(names, count, sizeof *names, by_text);
    out[0] = '\0';
    for (size_t i = 0; i < count && n + 1 < ENTRY_SHAPE; i++) {
        int length = snprintf(out + n, ENTRY_SHAPE - n, "%s%s", i > 0 ? " " : "", names[i]);

        n = length > 0 && n + (size_t)length < ENTRY_SHAPE ? n + (size_t)length : ENTRY_SHAPE - 1;
    }
}

void entry_shape(const json_t *entry, const char *name, char out[ENTRY_SHAPE])
{
    static const char *const times[] = {"pwdlastset", "accountexpires", NULL};
    const char *text = entry_value(entry, name);

    text = text != NULL ? text : "";
    if (strcmp(name, "objectclass") == 0)
        shape_classes(entry, out);
    else if (strcmp(name, "useraccountcontrol") == 0)
        shape_flags(text, out);
    else if (is_one_of(name, times))
        snprintf(out, ENTRY_SHAPE, "%s", strcmp(text, "0") == 0 || strcmp(text, "9223372036854775807") == 0 ? "0" : "a time");
    else
        shape_text(entry, name, text, out);
}

/* ---- sorts ---- */

enum { OTHER, ACCOUNT, GROUP, MACHINE };

static int sort_of(const json_t *entry)
{
    static const char *const groups[] = {"group", "groupofnames", "groupofuniquenames", "posixgroup", NULL};
    static const char *const accounts[] = {"account", "person", "inetorgperson", "posixaccount", "organizationalperson",
                                           "simplesecurityobject", "applicationprocess", "user", NULL};
    const json_t *list = json_object_get(json_object_get(entry, "values"), "objectclass");
    int sort = OTHER;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *class = text_of(json_array_get(list, i));

        if (strcasecmp(class, "computer") == 0)
            return MACHINE;
        sort = is_one_of(class, groups) ? GROUP : is_one_of(class, accounts) && sort == OTHER ? ACCOUNT : sort;
    }
    return sort;
}

bool entry_look_at(struct lint *lint, const struct lint_mail *mail, struct entry_look *look)
{
    int sort = sort_of(mail->entry);
    const json_t *beside;
    size_t index;

    *look = (struct entry_look){.lint = lint, .mail = mail, .entry = mail->entry};
    json_array_foreach(json_object_get(mail->entry, "beside"), index, beside)
    {
        if (sort_of(beside) != sort)
            look->others++;
        else if (look->count < ENTRY_PEERS)
            look->peers[look->count++] = beside;
    }
    return sort == ACCOUNT;
}

/* ---- taking them ---- */

/* Names in lower case and without options. */
static json_t *plain_entry(const json_t *entry)
{
    json_t *values = json_object(), *list;
    char name[NAME_MOST];
    const char *key;

    json_object_foreach(json_object_get(entry, "values"), key, list)
    {
        size_t length = strcspn(key, ";");

        snprintf(name, sizeof name, "%.*s", (int)(length < NAME_MOST ? length : NAME_MOST - 1), key);
        for (char *at = name; *at != '\0'; at++)
            *at = (char)tolower((unsigned char)*at);
        if (json_is_array(list) && json_array_size(list) > 0)
            json_object_set(values, name, list);
    }
    return json_pack("{s:s, s:o}", "dn", entry_dn(entry), "values", values);
}

static json_t *plain_entries(const json_t *list)
{
    json_t *plain = json_array();
    const json_t *entry;
    size_t index;

    json_array_foreach(list, index, entry)
    {
        if (index < ENTRY_PEERS)
            json_array_append_new(plain, plain_entry(entry));
    }
    return plain;
}

static char *text_for(const json_t *entry)
{
    const char *text = entry_value(entry, "description");
    char *line = NULL;

    return asprintf(&line, "%s\n", text != NULL ? text : "") < 0 ? NULL : line;
}

static int add_entry(struct lint *lint, const struct lint_source *source, json_t *entry, json_t *beside,
                     struct error *error)
{
    struct lint_mail mail;

    if (lint_blank(source, entry_dn(entry), text_for(entry), &mail) != 0) {
        json_decref(entry);
        return error_set(error, "out of memory");
    }
    mail.entry = entry;
    json_object_set(entry, "beside", beside);
    return lint_keep(lint, &mail, error);
}

int lint_add_entries(struct lint *lint, const struct lint_source *source, struct slice shown, struct error *error)
{
    json_t *value = json_loadb((const char *)shown.data, shown.length, 0, NULL), *beside, *row;
    size_t index;
    int rc = json_is_object(value) ? 0 : error_set(error, "%s is no entry of a directory", source->placement);

    beside = plain_entries(json_object_get(value, "beside"));
    json_array_foreach(json_object_get(value, "entries"), index, row)
    {
        if (rc == 0)
            rc = add_entry(lint, source, plain_entry(row), beside, error);
    }
    json_decref(beside);
    json_decref(value);
    return rc;
}
