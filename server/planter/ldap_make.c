/* SPDX-License-Identifier: ISC
 *
 * The account that is made: the lure's, as this directory spells it, beside those that are there. */
#include "server/planter/ldap_stay.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOGON_HOURS 21 /* bytes: one bit for each hour of a week */
#define DISABLED 0x2UL /* of userAccountControl ([MS-ADTS] 2.2.16) */
#define NORMAL 0x200UL
#define NEVER_EXPIRES 0x10000UL
#define NUMBER_TRIES 32 /* for a number that nobody has, */
#define NEXT_TRIES 16   /* so many of them one after another */

/* ---- the folder ---- */

static int read_folder(struct ldap_stay *stay, struct error *error)
{
    static const char *const wanted[] = {"createTimestamp", NULL};
    LDAPMessage *found = NULL, *first;
    int rc = directory_search(stay->directory, stay->place.path, LDAP_SCOPE_BASE, "(objectClass=*)", wanted, 1, &found,
                              error);

    first = rc == 0 ? ldap_first_entry(stay->directory->ld, found) : NULL;
    if (first != NULL) {
        char *text = directory_text(stay->directory, first, "createTimestamp");

        stay->founded = ldap_time(text);
        free(text);
    }
    ldap_msgfree(found);
    if (rc == 0 && first != NULL)
        return 0;
    return rc < 0 ? -1 : error_set(error, "%s shows the account no %.300s; make it there, or let the account read it",
                                   stay->place.host, stay->place.path);
}

/* An account gets the next number, so it is younger than who has the highest one. */
static void note_newest(struct ldap_stay *stay)
{
    long long most = -1;
    int64_t made = 0;

    for (size_t i = 0; i < stay->crowd_count; i++) {
        const char *number = entry_text(&stay->crowd[i], "uidNumber");

        if (number == NULL || atoll(number) <= most)
            continue;
        most = atoll(number);
        made = ldap_time(entry_text(&stay->crowd[i], "createTimestamp"));
    }
    stay->founded = made > stay->founded ? made : stay->founded;
}

static int read_crowd(struct ldap_stay *stay, struct error *error)
{
    static const char *const wanted[] = {"*", "creatorsName", "createTimestamp", NULL};
    struct directory *directory = stay->directory;
    LDAPMessage *found = NULL;
    const char *creator;
    int rc = directory_search(directory, stay->place.path, LDAP_SCOPE_ONELEVEL, "(objectClass=*)", wanted, LDAP_CROWD, &found,
                              error);

    stay->crowd = rc == 0 ? calloc(LDAP_CROWD + 1, sizeof *stay->crowd) : NULL;
    for (LDAPMessage *at = stay->crowd != NULL ? ldap_first_entry(directory->ld, found) : NULL;
         at != NULL && stay->crowd_count < LDAP_CROWD && rc == 0; at = ldap_next_entry(directory->ld, at))
        rc = ldap_entry_of(directory, at, &stay->crowd[stay->crowd_count++], error);
    ldap_msgfree(found);
    creator = entry_usual(stay->crowd, stay->crowd_count, "creatorsName");
    stay->creator = creator != NULL ? strdup(creator) : NULL;
    note_newest(stay);
    for (size_t i = 0; i < stay->crowd_count; i++) {
        entry_drop(&stay->crowd[i], "creatorsName");
        entry_drop(&stay->crowd[i], "createTimestamp");
    }
    return rc;
}

/* ---- what is put there ---- */

/* The lure, spelt as this directory does. */
static int read_lure(struct ldap_stay *stay, struct error *error)
{
    const json_t *entries = json_object_get(stay->task->meta, "entries");
    const json_t *entry = json_object_get(entries, stay->directory->active ? "active-directory" : "standard");
    const char *name = json_string_value(json_object_get(entry, "file"));
    const struct task_file *file = name != NULL ? task_file(stay->task, name) : NULL;

    if (file == NULL)
        return error_set(error, "this lure is no account; choose one with --lure (see: sundew lures)");
    return entries_read(buffer_slice(&file->data), (size_t)json_integer_value(json_object_get(entry, "line")),
                        stay->place.path, stay->directory->domain, &stay->own, error);
}

static int refuse_rights(const struct entry *entry, struct error *error)
{
    static const char *const rights[] = {"memberOf", "adminCount", "sIDHistory", "msDS-AllowedToDelegateTo",
                                         "sudoUser", "sshPublicKey", "primaryGroupID", "userAccountControl", NULL};

    for (size_t i = 0; rights[i] != NULL; i++)
        if (entry_text(entry, rights[i]) != NULL)
            return error_set(error, "the lure's entry has %s, which gives rights: take it out of its template", rights[i]);
    return 0;
}

/* A quoted text in UTF-16LE ([MS-ADTS] 3.1.1.3.1.5.1); passwords are ASCII. */
static int set_windows_password(struct entry *account, const char *plain, struct error *error)
{
    struct buffer quoted;
    int rc;

    buffer_init(&quoted, 4096);
    buffer_add(&quoted, "\"\0", 2);
    for (; *plain != '\0'; plain++)
        buffer_add(&quoted, (const char[]){*plain, '\0'}, 2);
    buffer_add(&quoted, "\"\0", 2);
    rc = entry_set(account, "unicodePwd", buffer_slice(&quoted), error);
    buffer_free(&quoted);
    return rc;
}

/* Accounts without a password stand out by their pwdLastSet: it has one that nobody knows, good by any policy. */
static int lock_windows(struct entry *account, struct error *error)
{
    unsigned char random[30];
    char text[64] = "aZ7-";
    int rc;

    randombytes_buf(random, sizeof random);
    sodium_bin2base64(text + 4, sizeof text - 4, random, sizeof random, sodium_base64_VARIANT_ORIGINAL);
    rc = set_windows_password(account, text, error);
    sodium_memzero(text, sizeof text);
    return rc;
}

/* With the password that is planted, at no hour, at one machine that is not there. */
static int open_windows(struct entry *account, struct error *error)
{
    static const unsigned char never[LOGON_HOURS] = {0};
    const char *plain = entry_text(account, "unicodePwd");
    char machine[16];

    if (plain == NULL)
        return error_set(error, "the lure's entry has no unicodePwd, so it cannot be enabled");
    snprintf(machine, sizeof machine, "WS%05" PRIu32, 10000 + randombytes_uniform(90000));
    if (set_windows_password(account, plain, error) != 0 ||
        (entry_text(account, "userWorkstations") == NULL &&
         entry_add(account, "userWorkstations", slice_of(machine), error) != 0))
        return -1;
    return entry_set(account, "logonHours", (struct slice){never, sizeof never}, error);
}

/* Never, where half of the accounts beside it are so, or there are none. */
static unsigned long expiry(const struct ldap_stay *stay)
{
    size_t all = 0, never = 0;

    for (size_t i = 0; i < stay->crowd_count; i++) {
        const char *flags = entry_text(&stay->crowd[i], "userAccountControl");
        unsigned long value = flags != NULL ? strtoul(flags, NULL, 10) : 0;

        all += (value & NORMAL) != 0;
        never += (value & NORMAL) != 0 && (value & NEVER_EXPIRES) != 0;
    }
    return 2 * never >= all ? NEVER_EXPIRES : 0;
}

/* Its password expires as those beside it do; it is disabled unless it is to be enabled. */
static int restrict_windows(const struct ldap_stay *stay, struct entry *account, bool enable, struct error *error)
{
    const char *login = entry_text(account, "sAMAccountName");
    char name[21], flags[24];

    snprintf(name, sizeof name, "%.20s", login != NULL ? login : "");
    if (name[0] != '\0' && entry_set(account, "sAMAccountName", slice_of(name), error) != 0)
        return -1;
    snprintf(flags, sizeof flags, "%lu", NORMAL | (enable ? 0 : DISABLED) | expiry(stay));
    if (entry_set(account, "userAccountControl", slice_of(flags), error) != 0)
        return -1;
    return enable ? open_windows(account, error) : lock_windows(account, error);
}

/* Has anybody in the whole directory that number? 1, 0, -1. */
static int is_taken(struct ldap_stay *stay, const struct entry_value *number, struct error *error)
{
    static const char *const none[] = {LDAP_NO_ATTRS, NULL};
    LDAPMessage *found = NULL;
    char filter[256];
    int taken;

    snprintf(filter, sizeof filter, "(%.100s=%.100s)", number->name, number->data);
    if (directory_search(stay->directory, stay->directory->suffix, LDAP_SCOPE_SUBTREE, filter, none, 1, &found, error) < 0)
        return -1;
    taken = found != NULL && ldap_count_entries(stay->directory->ld, found) > 0;
    ldap_msgfree(found);
    return taken;
}

/* The next one; past a long row of taken ones in longer and longer steps. Another's number would give its rights. */
static int find_number(struct ldap_stay *stay, struct entry_value *number, struct error *error)
{
    int taken = is_taken(stay, number, error);

    for (int tries = 0; taken == 1 && tries < NUMBER_TRIES; tries++) {
        long long step = tries < NEXT_TRIES ? 1 : 1LL << (tries - NEXT_TRIES);
        char *next = NULL;

        if (asprintf(&next, "%lld", atoll(number->data) + step) < 0)
            return error_set(error, "out of memory");
        free(number->data);
        number->data = next;
        number->length = strlen(next);
        taken = is_taken(stay, number, error);
    }
    if (taken == 1)
        return error_set(error, "%s shows no free %.100s for the account; give it a folder with numbers of its own",
                         stay->place.host, number->name);
    return taken;
}

static int find_numbers(struct ldap_stay *stay, struct error *error)
{
    struct entry *account = &stay->own.list[0];
    int rc = 0;

    for (size_t i = 0; i < account->count && rc == 0; i++)
        if (account->values[i].unique)
            rc = find_number(stay, &account->values[i], error);
    return rc;
}

/* What describes an account of Active Directory to people, and gives no right. */
static int describe_windows(struct ldap_stay *stay, struct error *error)
{
    static const char *const names[] = {"displayName", "userPrincipalName", "company", "division", "department",
                                        "employeeType", "title", "physicalDeliveryOfficeName", "l", "st", "co", "c",
                                        "countryCode", NULL};

    return read_crowd(stay, error) != 0 ||
                   entry_describe_like(&stay->own.list[0], stay->crowd, stay->crowd_count, names, error) != 0
               ? -1
               : 0;
}

int ldap_shape(struct ldap_stay *stay, struct error *error)
{
    struct entry *account;
    bool enable = task_flag(stay->task, "enable");

    if (read_folder(stay, error) != 0 || read_lure(stay, error) != 0)
        return -1;
    account = &stay->own.list[0];
    for (size_t i = 0; i < stay->own.count; i++)
        if (refuse_rights(&stay->own.list[i], error) != 0)
            return -1;
    if (stay->directory->active)
        return describe_windows(stay, error) != 0 ? -1 : restrict_windows(stay, account, enable, error);
    if (enable && entry_text(account, "userPassword") == NULL)
        return error_set(error, "the lure's entry has no userPassword, so it cannot be enabled");
    stay->password = enable ? strdup(entry_text(account, "userPassword")) : NULL;
    entry_drop(account, "userPassword");
    return read_crowd(stay, error) != 0 || entry_be_like(account, stay->crowd, stay->crowd_count, error) != 0
               ? -1
               : find_numbers(stay, error);
}
