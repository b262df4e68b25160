/* SPDX-License-Identifier: ISC
 *
 * ldaps://HOST/DN, and ldap:// with StartTLS: an account of its own in a folder of a directory, with the secret where
 * people leave such. It looks like those beside it (entry.h), is as old as the server lets it be, cannot be logged in to
 * unless --enable, and has no rights. Later it is known by the id that the server gave it: no other entry is touched. */
#include "server/planter/ldap_stay.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "server/base/clock.h"
#include "server/planter/people.h"

/* ---- adding ---- */

/* One attribute and its values, as libldap wants them; the pointers live as long as the entry. */
struct addition {
    LDAPMod mods[ENTRY_VALUES], *list[ENTRY_VALUES + 1];
    struct berval values[ENTRY_VALUES], *pointers[2 * ENTRY_VALUES + 1];
};

static void make_addition(const struct entry *entry, struct addition *addition)
{
    size_t count = 0, at = 0;

    for (size_t i = 0; i < entry->count; i++) {
        const char *name = entry->values[i].name;
        size_t first = 0;

        addition->values[i] = (struct berval){entry->values[i].length, entry->values[i].data};
        while (strcasecmp(entry->values[first].name, name) != 0)
            first++;
        if (first < i)
            continue;
        addition->mods[count] = (LDAPMod){.mod_op = LDAP_MOD_ADD | LDAP_MOD_BVALUES, .mod_type = directory_lend(name)};
        addition->mods[count].mod_bvalues = &addition->pointers[at];
        for (size_t j = i; j < entry->count; j++)
            if (strcasecmp(entry->values[j].name, name) == 0)
                addition->pointers[at++] = &addition->values[j];
        addition->pointers[at++] = NULL;
        addition->list[count] = &addition->mods[count];
        count++;
    }
    addition->list[count] = NULL;
}

/* libldap's code. */
static int add_with(struct ldap_stay *stay, const struct entry *entry, bool relax)
{
    LDAPControl control = {.ldctl_oid = directory_lend(LDAP_CONTROL_RELAX), .ldctl_iscritical = 1};
    LDAPControl *controls[] = {&control, NULL};
    struct addition *addition = malloc(sizeof *addition);
    int code = LDAP_NO_MEMORY;

    if (addition != NULL) {
        make_addition(entry, addition);
        directory_wait(stay->directory, VISIT_TIMEOUT_MS);
        code = ldap_add_ext_s(stay->directory->ld, entry->dn, addition->list, relax ? controls : NULL, NULL);
    }
    free(addition);
    return code;
}

/* When it is said to have been made: as the lure says, but not before its folder was. */
static int made_at(const struct ldap_stay *stay, char text[32], struct error *error)
{
    int64_t time_us, now = clock_wall() / 1000000, at;
    struct tm tm;
    time_t seconds;

    if (task_time(stay->task, &time_us, error) != 0)
        return -1;
    at = time_us / 1000000;
    if (at <= stay->founded)
        at = stay->founded + randombytes_uniform((uint32_t)(now - stay->founded > 1 ? now - stay->founded : 1));
    seconds = (time_t)at;
    gmtime_r(&seconds, &tm);
    strftime(text, 32, "%Y%m%d%H%M%SZ", &tm);
    return 0;
}

/* OpenLDAP lets who may manage an entry say when it was made (draft-zeilenga-ldap-relax). 0 with libldap's code. */
static int add_aged(struct ldap_stay *stay, struct entry *entry, int *code, struct error *error)
{
    static const char *const names[] = {"createTimestamp", "modifyTimestamp", "creatorsName", "modifiersName"};
    char text[32];
    int rc = made_at(stay, text, error);

    for (size_t i = 0; i < 4 && rc == 0; i++)
        if (i < 2 || stay->creator != NULL)
            rc = entry_add(entry, names[i], slice_of(i < 2 ? text : stay->creator), error);
    if (rc == 0)
        *code = add_with(stay, entry, true);
    for (size_t i = 0; i < 4; i++)
        entry_drop(entry, names[i]);
    return rc;
}

static bool may_be_done(int code)
{
    return code == LDAP_SERVER_DOWN || code == LDAP_TIMEOUT || code == LDAP_CONNECT_ERROR ||
           code == LDAP_DECODING_ERROR;
}

static int add_entry(struct ldap_stay *stay, struct entry *entry, bool *aged, struct error *error)
{
    char what[320];
    int code = LDAP_OTHER;

    *aged = !stay->directory->active;
    if (*aged && add_aged(stay, entry, &code, error) != 0)
        return -1;
    if (code != LDAP_SUCCESS && !may_be_done(code) && code != LDAP_ALREADY_EXISTS) {
        *aged = false;
        code = add_with(stay, entry, false);
    }
    stay->result->unsure = stay->result->unsure || may_be_done(code);
    snprintf(what, sizeof what, "cannot add %.280s", entry->dn);
    return code == LDAP_SUCCESS ? 0 : directory_fail(stay->directory, code, what, error);
}

/* The server stores it as its policy says (RFC 3062). */
static int set_password(struct ldap_stay *stay, const char *dn, const char *password, struct error *error)
{
    struct berval user = {strlen(dn), directory_lend(dn)}, answer = {0, NULL};
    struct berval secret = {strlen(password), directory_lend(password)};
    int code;

    directory_wait(stay->directory, VISIT_TIMEOUT_MS);
    code = ldap_passwd_s(stay->directory->ld, &user, NULL, &secret, &answer, NULL, NULL);
    ber_memfree(answer.bv_val);
    return code == LDAP_SUCCESS ? 0 : directory_fail(stay->directory, code, "cannot set the account's password", error);
}

/* ---- planting ---- */

/* Takes out what was added. */
static void undo(struct ldap_stay *stay, size_t count)
{
    while (count-- > 0) {
        directory_wait(stay->directory, VISIT_TIMEOUT_MS);
        if (ldap_delete_ext_s(stay->directory->ld, stay->own.list[count].dn, NULL, NULL) != LDAP_SUCCESS)
            stay->result->unsure = true;
    }
}

static void note_age(struct ldap_stay *stay, bool aged)
{
    if (stay->directory->active)
        place_note(stay->result, "Active Directory lets nobody say when an entry was made: whenCreated is today's.");
    else if (!aged)
        place_note(stay->result, "The server does not let the account say when an entry was made: createTimestamp is "
                                 "today's. OpenLDAP lets who has the right \"manage\" on the folder.");
}

static void note_risk(struct ldap_stay *stay)
{
    if (task_flag(stay->task, "enable"))
        place_note(stay->result, "Risk: it is enabled. Who reads its description can log in with it wherever this "
                   "directory is asked, with what every account may do%s.",
                   stay->directory->active ? "; but at no hour, and at one workstation that there is not" : "");
    else if (stay->directory->active && entry_text(&stay->own.list[0], "servicePrincipalName") != NULL)
        place_note(stay->result, "It is disabled, so most tools that look for accounts of services leave it out; --enable "
                                 "has them find it.");
}

static int add_all(struct ldap_stay *stay, struct error *error)
{
    bool aged = false, first_aged = false;
    size_t done = 0;
    int rc = 0;

    for (; done < stay->own.count && rc == 0; done += rc == 0) {
        rc = add_entry(stay, &stay->own.list[done], &aged, error);
        first_aged = done == 0 ? aged : first_aged;
    }
    if (rc == 0 && stay->password != NULL)
        rc = set_password(stay, stay->own.list[0].dn, stay->password, error);
    if (rc != 0)
        undo(stay, done);
    else
        note_age(stay, first_aged);
    return rc;
}

/* What the server now has is what is compared later. */
static int read_back(struct ldap_stay *stay, struct error *error)
{
    const char *secret = NULL;

    for (size_t i = 0; i < stay->own.list[0].count; i++)
        if (stay->own.list[0].values[i].secret)
            secret = stay->own.list[0].values[i].data;
    for (size_t i = 0; i < stay->own.count; i++) {
        struct entry *own = &stay->own.list[i], shown;
        LDAPMessage *message = NULL;
        int rc = ldap_read_entry(stay, own->dn, LDAP_SCOPE_BASE, "(objectClass=*)", &message, &shown, error);

        ldap_msgfree(message);
        for (size_t j = 0; i == 0 && secret != NULL && j < shown.count; j++)
            shown.values[j].secret = strcmp(shown.values[j].data, secret) == 0;
        if (rc == 1) {
            struct entry old = *own;

            *own = shown;
            shown = old;
        }
        entry_free(&shown);
        if (rc != 1)
            return rc < 0 ? -1 : error_set(error, "%s took the entry, and does not show it: let the account read it, too",
                                           stay->place.host);
    }
    return ldap_tell(stay, ldap_where(stay, &stay->own.list[0]), &stay->own.list[0], error);
}

static int plant_all(struct ldap_stay *stay, struct error *error)
{
    struct entry *account = &stay->own.list[0];
    int rc;

    if (ldap_shape(stay, error) != 0)
        return -1;
    if (task_flag(stay->task, "dry_run")) {
        place_note(stay->result, "Would add %.300s with %zu values, %s.", account->dn, account->count,
                   task_flag(stay->task, "enable") ? "enabled" : "disabled");
        stay->result->state = "planned";
        return ldap_tell(stay, ldap_where(stay, account), NULL, error);
    }
    rc = ldap_tell(stay, ldap_where(stay, account), account, error);
    if (rc == 0)
        rc = task_announce(stay->task, stay->result->where, error);
    if (rc == 0)
        rc = add_all(stay, error);
    if (rc != 0)
        return -1;
    stay->result->unsure = true; /* it is there now, whatever comes */
    note_risk(stay);
    stay->result->state = "there";
    return read_back(stay, error);
}

static int ldap_plant(const struct task *task, struct place_result *result, struct error *error)
{
    struct ldap_stay stay;
    int rc = ldap_stay_begin(&stay, task, result, error);

    if (rc == 0)
        rc = plant_all(&stay, error);
    ldap_stay_end(&stay);
    return rc;
}

/* ---- later ---- */

static int ldap_inspect(const struct task *task, struct place_result *result, struct error *error)
{
    return ldap_look(task, false, result, error);
}

static int ldap_uproot(const struct task *task, struct place_result *result, struct error *error)
{
    return ldap_look(task, true, result, error);
}

const struct place place_ldaps = {
    .scheme = "ldaps",
    .remote = true,
    .plant = ldap_plant,
    .inspect = ldap_inspect,
    .uproot = ldap_uproot,
    .people = people_read,
};

const struct place place_ldap = {
    .scheme = "ldap",
    .remote = true,
    .plant = ldap_plant,
    .inspect = ldap_inspect,
    .uproot = ldap_uproot,
    .people = people_read,
};
