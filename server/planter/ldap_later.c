/* SPDX-License-Identifier: ISC
 *
 * What became of an account, and taking it out again. An entry is ours if it bears the id that the server gave ours. */
#include "server/planter/ldap_stay.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/base/clock.h"

#define FILETIME_EPOCH INT64_C(11644473600)

/* An entry as it is now. */
struct sight {
    LDAPMessage *message; /* with what changes by itself */
    struct entry entry;
    bool moved;
};

static void sight_free(struct sight *sight)
{
    ldap_msgfree(sight->message);
    entry_free(&sight->entry);
    *sight = (struct sight){NULL};
}

/* (entryUUID=…), or (objectGUID=\xx…). */
static void id_filter(const struct ldap_stay *stay, const char *id, char filter[160])
{
    size_t n = (size_t)snprintf(filter, 160, "(%s=", stay->directory->active && strchr(id, '-') == NULL ? "objectGUID"
                                                                                                     : "entryUUID");

    if (strchr(id, '-') != NULL)
        n += (size_t)snprintf(filter + n, 160 - n, "%.64s", id);
    else
        for (size_t i = 0; i + 1 < strlen(id) && n + 8 < 160; i += 2)
            n += (size_t)snprintf(filter + n, 160 - n, "\\%.2s", id + i);
    snprintf(filter + n, 160 - n, ")");
}

/* By its name, if it bears the id (or, where that is not known, the secret); else by the id, wherever it is. 1, 0, -1. */
static int find(struct ldap_stay *stay, const char *dn, const char *id, const char *digest, struct sight *sight,
                struct error *error)
{
    char filter[160];
    int rc = ldap_read_entry(stay, dn, LDAP_SCOPE_BASE, "(objectClass=*)", &sight->message, &sight->entry, error);

    if (rc < 0)
        return -1;
    if (rc == 1 && (id != NULL ? sight->entry.id != NULL && strcasecmp(sight->entry.id, id) == 0
                               : digest != NULL && entry_is(&sight->entry, digest)))
        return 1;
    if (rc == 1)
        place_note(stay->result, "What stands at %.300s is another entry.", dn);
    sight_free(sight);
    if (id == NULL || strspn(id, "0123456789abcdefABCDEF-") != strlen(id))
        return 0;
    id_filter(stay, id, filter);
    sight->moved = true;
    return ldap_read_entry(stay, stay->directory->suffix, LDAP_SCOPE_SUBTREE, filter, &sight->message, &sight->entry, error);
}

/* ---- who used it ---- */

static void note_time(struct ldap_stay *stay, const char *what, int64_t seconds)
{
    char text[CLOCK_TEXT];

    if (seconds > 0)
        place_note(stay->result, "%s: %.19sZ.", what, clock_text(seconds * 1000000, text));
}

static int64_t shown_time(const struct ldap_stay *stay, LDAPMessage *first, const char *name, bool filetime)
{
    char *text = directory_text(stay->directory, first, name);
    int64_t value = text == NULL ? 0 : filetime ? strtoll(text, NULL, 10) / 10000000 - FILETIME_EPOCH : ldap_time(text);

    free(text);
    return value;
}

static void note_use(struct ldap_stay *stay, LDAPMessage *message)
{
    LDAPMessage *first = ldap_first_entry(stay->directory->ld, message);
    int64_t used = 0, at;
    char *tries;

    if (first == NULL)
        return;
    for (int i = 0; i < 4; i++) {
        static const char *const names[] = {"lastLogon", "lastLogonTimestamp", "authTimestamp", "pwdLastSuccess"};

        at = shown_time(stay, first, names[i], i < 2);
        used = at > used ? at : used;
    }
    note_time(stay, "The directory says that it was last logged in to at", used);
    note_time(stay, "The directory says that a wrong password was tried for it at",
              shown_time(stay, first, "pwdFailureTime", false));
    note_time(stay, "The directory says that wrong passwords have locked it at",
              shown_time(stay, first, "lockoutTime", true));
    tries = directory_text(stay->directory, first, "badPwdCount");
    if (tries != NULL && strcmp(tries, "0") != 0)
        place_note(stay->result, "The directory counts %.20s tries with a wrong password.", tries);
    free(tries);
}

/* ---- judging ---- */

static void judge(struct ldap_stay *stay, struct sight *sight, const char *digest)
{
    struct place_result *result = stay->result;
    struct buffer names;

    buffer_init(&names, 700);
    result->state = sight->moved ? "moved" : "there";
    if (sight->moved)
        place_note(result, "It was moved or renamed, to %.400s.", sight->entry.dn);
    if (digest != NULL)
        entry_changes(&sight->entry, digest, &names);
    if (names.length > 0) {
        result->state = "changed";
        place_note(result, "Others have changed it: %s.", buffer_text(&names));
    }
    buffer_free(&names);
    note_use(stay, sight->message);
}

static json_t *known(const struct ldap_stay *stay, const char *name)
{
    return json_object_get(json_object_get(stay->task->options, "where"), name);
}

/* ---- taking out ---- */

/* 0; 1: it stays, as is told; -1. */
static int take_out(struct ldap_stay *stay, const struct entry *entry, struct error *error)
{
    struct directory *directory = stay->directory;
    struct berval claim = {0, NULL};
    LDAPControl control = {.ldctl_oid = directory_lend(LDAP_CONTROL_ASSERT), .ldctl_iscritical = 1};
    LDAPControl *controls[] = {&control, NULL};
    bool assert = directory->asserts && entry->id != NULL;
    bool by_id = directory->active && entry->id != NULL && strchr(entry->id, '-') == NULL;
    char filter[160], what[320], name[96];
    int code;

    if (assert) {
        id_filter(stay, entry->id, filter);
        assert = ldap_create_assertion_control_value(directory->ld, filter, &claim) == LDAP_SUCCESS;
        control.ldctl_value = claim;
    }
    snprintf(name, sizeof name, "<GUID=%.64s>", by_id ? entry->id : ""); /* [MS-ADTS] 3.1.1.3.1.2.4 */
    directory_wait(directory, VISIT_TIMEOUT_MS);
    code = ldap_delete_ext_s(directory->ld, by_id ? name : entry->dn, assert ? controls : NULL, NULL);
    ber_memfree(claim.bv_val);
    if (code == LDAP_SUCCESS || code == LDAP_NO_SUCH_OBJECT)
        return 0;
    if (code == LDAP_NOT_ALLOWED_ON_NONLEAF || code == LDAP_ASSERTION_FAILED) {
        place_note(stay->result, code == LDAP_NOT_ALLOWED_ON_NONLEAF
                                     ? "Others have put entries below %.300s, so it stays: take those out first."
                                     : "What is now at %.300s is another entry; it was left alone.", entry->dn);
        return 1;
    }
    snprintf(what, sizeof what, "cannot take out %.280s", entry->dn);
    return directory_fail(directory, code, what, error);
}

/* A group to which others have added somebody is theirs now. Active Directory's groups know the account by the name that
 * it has now, OpenLDAP's by the one that it had. */
static bool is_shared(const struct entry *group, const char *once, const char *now)
{
    for (size_t i = 0; i < group->count; i++)
        if (strcasecmp(group->values[i].name, "member") == 0 && strcasecmp(group->values[i].data, once) != 0 &&
            (now == NULL || strcasecmp(group->values[i].data, now) != 0))
            return true;
    return false;
}

/* The groups of the account, which go before it. `now`: what it is called; NULL where it is gone. */
static int look_beside(struct ldap_stay *stay, const char *now, bool remove, struct error *error)
{
    const char *once = task_where(stay->task, "dn");
    json_t *item;
    size_t index;
    int rc = 0;

    json_array_foreach(known(stay, "beside"), index, item)
    {
        const char *dn = json_string_value(json_object_get(item, "dn"));
        const char *id = json_string_value(json_object_get(item, "entry"));
        struct sight sight = {NULL};
        int found = dn != NULL && rc == 0 ? find(stay, dn, id, NULL, &sight, error) : 0;

        if (found < 0)
            rc = -1;
        else if (found == 0 && rc == 0 && dn != NULL)
            place_note(stay->result, "Its group %.300s is gone.", dn);
        else if (found == 1 && is_shared(&sight.entry, once, now))
            place_note(stay->result, "Others have added members to its group %.300s%s.", sight.entry.dn,
                       remove ? ", which stays" : "");
        else if (found == 1 && remove && take_out(stay, &sight.entry, error) < 0)
            rc = -1;
        sight_free(&sight);
    }
    return rc;
}

static json_t *where_now(const struct ldap_stay *stay, const struct entry *entry)
{
    json_t *where = ldap_where(stay, entry);

    json_object_set(where, "beside", known(stay, "beside"));
    return where;
}

static int found_one(struct ldap_stay *stay, struct sight *sight, const char *digest, bool remove, struct error *error)
{
    bool first = task_where(stay->task, "entry") == NULL; /* planting was broken off */
    int rc;

    judge(stay, sight, first ? NULL : digest);
    if (first && digest != NULL)
        entry_is(&sight->entry, digest); /* marks the secret */
    rc = ldap_tell(stay, where_now(stay, &sight->entry), first ? &sight->entry : NULL, error);
    if (rc == 0 && task_flag(stay->task, "show"))
        rc = ldap_show(stay, sight->entry.dn, known(stay, "beside"), error);
    if (rc != 0 || look_beside(stay, sight->entry.dn, remove, error) != 0)
        return -1;
    rc = remove ? take_out(stay, &sight->entry, error) : 1;
    if (rc == 0)
        stay->result->state = "gone";
    return rc < 0 ? -1 : 0;
}

static int look_at(struct ldap_stay *stay, bool remove, struct error *error)
{
    const char *dn = task_where(stay->task, "dn"), *digest = task_where(stay->task, "digest");
    struct sight sight = {NULL};
    int rc;

    digest = digest != NULL ? digest : task_option(stay->task, "digest");
    if (dn == NULL)
        return error_set(error, "where this entry was put is not known");
    rc = find(stay, dn, task_where(stay->task, "entry"), digest, &sight, error);
    if (rc == 1) {
        rc = found_one(stay, &sight, digest, remove, error);
    } else if (rc == 0) {
        stay->result->state = "gone";
        stay->result->where = json_incref(json_object_get(stay->task->options, "where"));
        if (remove)
            place_note(stay->result, "It was gone already.");
        rc = look_beside(stay, NULL, remove, error);
    }
    sight_free(&sight);
    return rc;
}

int ldap_look(const struct task *task, bool remove, struct place_result *result, struct error *error)
{
    struct ldap_stay stay;
    int rc = ldap_stay_begin(&stay, task, result, error);

    if (rc == 0)
        rc = look_at(&stay, remove, error);
    ldap_stay_end(&stay);
    return rc;
}
