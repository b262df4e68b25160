/* SPDX-License-Identifier: ISC */
#include "server/planter/ldap_stay.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

int ldap_stay_begin(struct ldap_stay *stay, const struct task *task, struct place_result *result, struct error *error)
{
    *stay = (struct ldap_stay){.task = task, .result = result};
    if (task_host(task, &stay->place, error) != 0)
        return -1;
    if (strchr(stay->place.path, '=') == NULL)
        return error_set(error, "%s:%.200s names no folder; write %s://%s/ou=services,dc=corp,dc=example",
                         task->place->scheme, task->target, task->place->scheme, stay->place.host);
    stay->directory = directory_enter(task, &stay->place, error);
    return stay->directory != NULL ? 0 : -1;
}

void ldap_stay_end(struct ldap_stay *stay)
{
    for (size_t i = 0; i < stay->crowd_count; i++)
        entry_free(&stay->crowd[i]);
    free(stay->crowd);
    if (stay->password != NULL)
        sodium_memzero(stay->password, strlen(stay->password));
    free(stay->password);
    free(stay->creator);
    entries_free(&stay->own);
    remote_free(&stay->place);
}

/* ---- reading ---- */

static char *id_of(const struct directory *directory, LDAPMessage *message)
{
    struct berval **values = directory->active ? ldap_get_values_len(directory->ld, message, "objectGUID") : NULL;
    char *id = NULL;

    if (values != NULL && values[0] != NULL && values[0]->bv_len == 16) {
        id = malloc(33);
        if (id != NULL)
            sodium_bin2hex(id, 33, (const unsigned char *)values[0]->bv_val, 16);
    }
    ldap_value_free_len(values);
    return id != NULL ? id : directory_text(directory, message, "entryUUID");
}

/* As many of its values as an entry can hold. */
int ldap_entry_of(const struct directory *directory, LDAPMessage *message, struct entry *entry, struct error *error)
{
    BerElement *cursor = NULL;
    char *dn = ldap_get_dn(directory->ld, message), *name;

    *entry = (struct entry){.dn = dn != NULL ? strdup(dn) : NULL, .id = id_of(directory, message)};
    ldap_memfree(dn);
    name = ldap_first_attribute(directory->ld, message, &cursor);
    while (name != NULL) {
        struct berval **values = entry_is_volatile(name) ? NULL : ldap_get_values_len(directory->ld, message, name);

        for (int i = 0; values != NULL && values[i] != NULL && entry->count < ENTRY_VALUES; i++)
            entry_add(entry, name, (struct slice){(const unsigned char *)values[i]->bv_val, values[i]->bv_len}, error);
        ldap_value_free_len(values);
        ldap_memfree(name);
        name = ldap_next_attribute(directory->ld, message, cursor);
    }
    ber_free(cursor, 0);
    return entry->dn != NULL ? 0 : error_set(error, "out of memory");
}

static const char *const whole[] = {"*",          "entryUUID",    "objectGUID",         "lastLogonTimestamp", "lastLogon",
                                    "badPwdCount", "lockoutTime", "authTimestamp",       "pwdLastSuccess",
                                    "pwdFailureTime", NULL};

/* 1 found, with the message to be freed; 0 not; -1. */
int ldap_read_entry(struct ldap_stay *stay, const char *base, int scope, const char *filter, LDAPMessage **message,
                      struct entry *entry, struct error *error)
{
    struct directory *directory = stay->directory;
    LDAPMessage *first;
    int rc = directory_search(directory, base, scope, filter, whole, 2, message, error);

    *entry = (struct entry){NULL};
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    first = ldap_first_entry(directory->ld, *message);
    if (first == NULL)
        return 0;
    return ldap_entry_of(directory, first, entry, error) == 0 ? 1 : -1;
}

/* 20230313200304Z (RFC 4517, 3.3.13); 0 where it is none. */
int64_t ldap_time(const char *text)
{
    struct tm tm = {0};

    if (text == NULL || sscanf(text, "%4d%2d%2d%2d%2d%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
                               &tm.tm_sec) != 6)
        return 0;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return timegm(&tm);
}

/* ---- telling ---- */

json_t *ldap_where(const struct ldap_stay *stay, const struct entry *account)
{
    json_t *where = json_pack("{s:s, s:s, s:s*}", "directory", stay->place.host, "dn", account->dn, "entry", account->id);
    json_t *beside = json_array();

    for (size_t i = 1; i < stay->own.count; i++)
        json_array_append_new(beside, json_pack("{s:s, s:s*}", "dn", stay->own.list[i].dn, "entry", stay->own.list[i].id));
    if (json_array_size(beside) > 0)
        json_object_set(where, "beside", beside);
    json_decref(beside);
    return where;
}

int ldap_tell(struct ldap_stay *stay, json_t *where, const struct entry *digested, struct error *error)
{
    char *digest = digested != NULL ? entry_digest(digested) : NULL;

    if (where != NULL && digest != NULL)
        json_object_set_new(where, "digest", json_string(digest));
    json_decref(stay->result->where);
    stay->result->where = where;
    if (where == NULL || (digested != NULL && digest == NULL))
        error_set(error, "out of memory");
    free(digest);
    return where != NULL && (digested == NULL || digest != NULL) ? 0 : -1;
}
