/* SPDX-License-Identifier: ISC
 *
 * An account as anybody sees it, and those beside it: for those who look at it. What lets in is not read out. */
#include "server/planter/ldap_stay.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHOWN_VALUE 256 /* bytes of a value */

static bool is_one_of(const char *name, const char *const *list)
{
    size_t length = strcspn(name, ";");

    while (*list != NULL && (strlen(*list) != length || strncasecmp(*list, name, length) != 0))
        list++;
    return *list != NULL;
}

static json_t *value_json(const char *name, const struct berval *value)
{
    static const char *const closed[] = {"userPassword",    "unicodePwd",  "sambaNTPassword", "sambaLMPassword",
                                         "krbPrincipalKey", "ipaNTHash",   "jpegPhoto",       "photo",
                                         "userCertificate", "userPKCS12",  "userSMIMECertificate", "sshPublicKey",
                                         "audio",           "thumbnailPhoto", NULL};
    const unsigned char *end = (const unsigned char *)value->bv_val + value->bv_len;
    char number[16];
    json_t *text;

    if (is_one_of(name, closed))
        return json_string("");
    if (strcasecmp(name, "objectSid") == 0 && value->bv_len >= 12 && value->bv_len < 80) {
        snprintf(number, sizeof number, "%" PRIu32, end[-4] | (uint32_t)end[-3] << 8 | (uint32_t)end[-2] << 16 |
                                                        (uint32_t)end[-1] << 24); /* [MS-DTYP] 2.4.2.2 */
        return json_string(number);
    }
    text = json_stringn(value->bv_val, value->bv_len < SHOWN_VALUE ? value->bv_len : SHOWN_VALUE);
    return text != NULL ? text : json_string("");
}

static json_t *entry_json(const struct directory *directory, LDAPMessage *message)
{
    BerElement *cursor = NULL;
    char *dn = ldap_get_dn(directory->ld, message), *name = ldap_first_attribute(directory->ld, message, &cursor);
    json_t *values = json_object(), *row;

    for (size_t count = 0; name != NULL; name = ldap_next_attribute(directory->ld, message, cursor)) {
        struct berval **found = ldap_get_values_len(directory->ld, message, name);
        json_t *list = json_array();

        for (int i = 0; found != NULL && found[i] != NULL && count < ENTRY_VALUES; i++, count++)
            json_array_append_new(list, value_json(name, found[i]));
        if (json_array_size(list) > 0)
            json_object_set(values, name, list);
        json_decref(list);
        ldap_value_free_len(found);
        ldap_memfree(name);
    }
    ber_free(cursor, 0);
    row = json_pack("{s:s, s:o}", "dn", dn != NULL ? dn : "", "values", values);
    ldap_memfree(dn);
    return row;
}

static int show_all(struct ldap_stay *stay, const char *base, int scope, json_t *rows, struct error *error)
{
    static const char *const wanted[] = {"*", "createTimestamp", "creatorsName", "authTimestamp", "pwdLastSuccess", NULL};
    LDAPMessage *found = NULL;
    int rc = directory_search(stay->directory, base, scope, "(objectClass=*)", wanted, LDAP_CROWD, &found, error);

    for (LDAPMessage *at = rc == 0 ? ldap_first_entry(stay->directory->ld, found) : NULL; at != NULL;
         at = ldap_next_entry(stay->directory->ld, at))
        json_array_append_new(rows, entry_json(stay->directory, at));
    ldap_msgfree(found);
    return rc < 0 ? -1 : 0;
}

/* What stands behind the first name of a DN; "" */
static const char *folder_of(const char *dn)
{
    while (*dn != '\0' && *dn != ',')
        dn += *dn == '\\' && dn[1] != '\0' ? 2 : 1;
    return *dn == ',' ? dn + 1 : dn;
}

static const char *dn_of(const json_t *row)
{
    const char *dn = json_string_value(json_object_get(row, "dn"));

    return dn != NULL ? dn : "";
}

/* Those that are shown already are not beside themselves. */
static void drop_own(json_t *beside, const json_t *entries)
{
    for (size_t i = json_array_size(beside); i-- > 0;)
        for (size_t k = 0; k < json_array_size(entries); k++)
            if (strcasecmp(dn_of(json_array_get(beside, i)), dn_of(json_array_get(entries, k))) == 0) {
                json_array_remove(beside, i);
                break;
            }
}

int ldap_show(struct ldap_stay *stay, const char *dn, const json_t *groups, struct error *error)
{
    json_t *entries = json_array(), *beside = json_array(), *all, *group;
    char *text = NULL;
    size_t index;
    int rc = show_all(stay, dn, LDAP_SCOPE_BASE, entries, error);

    json_array_foreach(groups, index, group)
    {
        if (rc == 0 && index < ENTRIES)
            rc = show_all(stay, dn_of(group), LDAP_SCOPE_BASE, entries, error);
    }
    if (rc == 0)
        rc = show_all(stay, folder_of(dn), LDAP_SCOPE_ONELEVEL, beside, error);
    drop_own(beside, entries);
    all = json_pack("{s:o, s:o}", "entries", entries, "beside", beside);
    if (rc == 0)
        text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    if (rc == 0 && (text == NULL || buffer_add_text(&stay->result->print, text) != 0))
        rc = error_set(error, "there is too much beside %.200s", dn);
    free(text);
    return rc;
}
