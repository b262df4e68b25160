/* SPDX-License-Identifier: ISC */
#include "server/planter/person.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/planter/people.h"

#define DISABLED 2                  /* of userAccountControl ([MS-ADTS] 2.2.16) */
#define LOCKED "000001010000Z"      /* for good (draft-behera-ldap-password-policy, 5.3.3) */
#define DAY 86400

const char *const person_attributes[] = {
    "objectClass", "uid",         "sAMAccountName", "mail",   "displayName",     "cn",        "givenName",
    "sn",          "title",       "department",     "ou",     "departmentNumber", "manager",  "preferredLanguage",
    "member",      "uniqueMember", "memberUid",     "gidNumber", "telephoneNumber", "shadowExpire", "userAccountControl",
    "nsAccountLock", "pwdAccountLockedTime", "objectSid", NULL};

/* A line of UTF-8 without what would end a name within "Name <mail>"; else NULL. */
static json_t *plain_text(const struct berval *value)
{
    for (ber_len_t i = 0; i < value->bv_len; i++)
        if ((unsigned char)value->bv_val[i] < 0x20 || strchr("\x7f<>", value->bv_val[i]) != NULL)
            return NULL;
    return value->bv_len > 0 && value->bv_len <= PEOPLE_TEXT ? json_stringn(value->bv_val, value->bv_len) : NULL;
}

/* The first good value of the first attribute that has one; or NULL. */
static json_t *first_text(const struct directory *directory, LDAPMessage *entry, const char *const *attributes)
{
    json_t *text = NULL;

    for (size_t i = 0; attributes[i] != NULL && text == NULL; i++) {
        struct berval **values = ldap_get_values_len(directory->ld, entry, attributes[i]);

        for (int j = 0; values != NULL && values[j] != NULL && text == NULL; j++)
            text = plain_text(values[j]);
        ldap_value_free_len(values);
    }
    return text;
}

/* By each kind of directory's own attribute. */
static bool is_disabled(const struct directory *directory, LDAPMessage *entry)
{
    char *control = directory_text(directory, entry, "userAccountControl");
    char *locked = directory_text(directory, entry, "nsAccountLock");
    char *since = directory_text(directory, entry, "pwdAccountLockedTime");
    char *expires = directory_text(directory, entry, "shadowExpire");
    long long day = expires != NULL ? strtoll(expires, NULL, 10) : 0;
    bool disabled = (control != NULL && (strtoull(control, NULL, 10) & DISABLED) != 0) ||
                    (locked != NULL && strcasecmp(locked, "true") == 0) ||
                    (since != NULL && strcmp(since, LOCKED) == 0) || (day > 0 && day < (long long)(time(NULL) / DAY));

    free(control);
    free(locked);
    free(since);
    free(expires);
    return disabled;
}

void person_put(const struct directory *directory, LDAPMessage *entry, json_t *row)
{
    static const struct {
        const char *name, *attributes[4];
    } texts[] = {{"mail", {"mail"}},
                 {"name", {"displayName", "cn"}},
                 {"given", {"givenName"}},
                 {"family", {"sn"}},
                 {"title", {"title"}},
                 {"department", {"department", "departmentNumber", "ou"}},
                 {"language", {"preferredLanguage"}},
                 {"phone", {"telephoneNumber"}}};
    const char *const login[] = {directory->active ? "sAMAccountName" : "uid", NULL}, *mail;

    json_object_set_new(row, "login", first_text(directory, entry, login)); /* nothing where it is NULL */
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        json_object_set_new(row, texts[i].name, first_text(directory, entry, texts[i].attributes));
    mail = json_string_value(json_object_get(row, "mail"));
    if (mail != NULL && (strchr(mail, '@') == NULL || strpbrk(mail, " ,;\"") != NULL))
        json_object_del(row, "mail");
    if (is_disabled(directory, entry))
        json_object_set_new(row, "disabled", json_true());
}
