/* SPDX-License-Identifier: ISC */
#include "server/planter/people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/base/clock.h"
#include "server/planter/people_ask.h"
#include "server/planter/person.h"
#include "server/wire/remote.h"

#define PAGE 500
#define PATIENCE_US (INT64_C(300) * 1000000)
#define DEPARTMENTS 64 /* of one group, whose people are asked for */
#define MATES 40       /* of a department */

static int add_entry(struct asking *asking, LDAPMessage *entry, int depth, struct error *error);

/* ---- limits ---- */

int asking_look(struct asking *asking, struct error *error)
{
    if (++asking->looked > PEOPLE_MOST)
        return error_set(error, "%s has more than %d people and groups there; name smaller ones", asking->directory->host,
                         PEOPLE_MOST);
    if (clock_monotonic() > asking->deadline)
        return error_set(error, "%s takes longer than five minutes to say who is there; name smaller groups",
                         asking->directory->host);
    return 0;
}

/* Is the DN new to this question? What cannot be a key is not. */
static bool is_new(struct asking *asking, const char *dn)
{
    char *key = strdup(dn);
    bool new = false;

    for (char *c = key; c != NULL && *c != '\0'; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    if (key != NULL && json_object_get(asking->seen, key) == NULL)
        new = json_object_set_new(asking->seen, key, json_true()) == 0;
    free(key);
    return new;
}

/* ---- asking ---- */

int asking_filter(char filter[FILTER_MOST], const char *before, const char *value, const char *behind)
{
    struct berval plain = {strlen(value), directory_lend(value)}, escaped = {0, NULL};
    int length = -1;

    if (ldap_bv2escaped_filter_value(&plain, &escaped) == 0)
        length = snprintf(filter, FILTER_MOST, "%s%s%s", before, escaped.bv_val != NULL ? escaped.bv_val : value, behind);
    if (escaped.bv_val != plain.bv_val)
        ldap_memfree(escaped.bv_val);
    return length >= 0 && length < FILTER_MOST ? 0 : -1;
}

int asking_add(struct asking *asking, LDAPMessage *found, int depth, struct error *error)
{
    LDAP *ld = asking->directory->ld;
    int rc = 0;

    for (LDAPMessage *entry = ldap_first_entry(ld, found); entry != NULL && rc == 0; entry = ldap_next_entry(ld, entry))
        rc = add_entry(asking, entry, depth, error);
    return rc;
}

/* The cookie of the page that comes next; empty behind the last one, and where the server knows no pages. */
static int next_page(const struct asking *asking, LDAPMessage *found, struct berval *cookie)
{
    LDAPControl **controls = NULL, *page;
    int code = LDAP_SUCCESS, ignored;

    ber_memfree(cookie->bv_val);
    *cookie = (struct berval){0, NULL};
    if (ldap_parse_result(asking->directory->ld, found, &code, NULL, NULL, NULL, &controls, 0) != LDAP_SUCCESS)
        return LDAP_DECODING_ERROR;
    page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
    if (page != NULL && page->ldctl_value.bv_val == NULL) /* at which libldap would abort */
        code = LDAP_DECODING_ERROR;
    else if (page != NULL && ldap_parse_pageresponse_control(asking->directory->ld, page, &ignored, cookie) != LDAP_SUCCESS)
        code = LDAP_DECODING_ERROR;
    ldap_controls_free(controls);
    return code;
}

int asking_find(struct asking *asking, const char *base, const char *filter, const char *const *attributes, int depth,
                struct error *error)
{
    struct timeval patience = {VISIT_TIMEOUT_MS / 1000, 0};
    struct directory *directory = asking->directory;
    struct berval cookie = {0, NULL};
    int rc = 0;

    do {
        LDAPControl *page = NULL, *controls[] = {NULL, NULL};
        LDAPMessage *found = NULL;
        int code = ldap_create_page_control(directory->ld, PAGE, &cookie, 0, &page);

        controls[0] = page;
        directory_wait(directory, VISIT_TIMEOUT_MS);
        if (code == LDAP_SUCCESS)
            code = ldap_search_ext_s(directory->ld, base, LDAP_SCOPE_SUBTREE, filter,
                                     directory_lend(attributes != NULL ? attributes : person_attributes), 0, controls, NULL,
                                     &patience, 0, &found);
        ldap_control_free(page);
        if (code == LDAP_SUCCESS)
            code = next_page(asking, found, &cookie);
        if (code == LDAP_SIZELIMIT_EXCEEDED)
            rc = error_set(error, "%s does not show all who are there to this account; raise its size limit, or name "
                                  "smaller groups", directory->host);
        else if (code != LDAP_SUCCESS)
            rc = directory_fail(directory, code, "cannot look for people", error);
        else if (asking_look(asking, error) != 0 || asking_add(asking, found, depth, error) != 0)
            rc = -1;
        ldap_msgfree(found);
    } while (rc == 0 && cookie.bv_len > 0);
    ber_memfree(cookie.bv_val);
    return rc;
}

/* The entry of that name. 1 with *found NULL where there is none that the server shows: groups name who has left, and who
 * is in other directories. */
static int look_up(struct asking *asking, const char *dn, LDAPMessage **found, struct error *error)
{
    struct directory *directory = asking->directory;
    LDAPDN parsed = NULL;
    int rc = 1;

    *found = NULL;
    if (ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS && parsed != NULL)
        rc = asking_look(asking, error);
    ldap_dnfree(parsed);
    if (rc == 0)
        rc = directory_search(directory, dn, LDAP_SCOPE_BASE, "(objectClass=*)", person_attributes, 1, found, error);
    else if (rc < 0)
        return -1;
    if (rc == 0 && ldap_first_entry(directory->ld, *found) == NULL) {
        ldap_msgfree(*found);
        *found = NULL;
        rc = 1;
    }
    return rc < 0 && !directory->broken ? 1 : rc;
}

static int add_named(struct asking *asking, const char *dn, int depth, struct error *error)
{
    LDAPMessage *found;
    int rc = look_up(asking, dn, &found, error);

    if (rc == 0)
        rc = asking_add(asking, found, depth, error);
    ldap_msgfree(found);
    return rc < 0 ? -1 : 0;
}

/* ---- a person ---- */

/* Of the person's manager, whose entry is asked for once: *manager is borrowed, NULL where there is none. */
static int find_manager(struct asking *asking, LDAPMessage *entry, json_t **manager, struct error *error)
{
    struct directory *directory = asking->directory;
    char *dn = directory_text(directory, entry, "manager");
    LDAPMessage *found = NULL;
    int rc = 0;

    *manager = dn != NULL ? json_object_get(asking->managers, dn) : NULL;
    if (dn != NULL && *manager == NULL) {
        rc = look_up(asking, dn, &found, error);
        *manager = json_object();
        if (rc == 0)
            person_put(directory, ldap_first_entry(directory->ld, found), *manager);
        if (json_object_set_new(asking->managers, dn, *manager) != 0) /* a DN that is no UTF-8 */
            *manager = NULL;
    }
    ldap_msgfree(found);
    free(dn);
    return rc < 0 ? -1 : 0;
}

static int tell(struct asking *asking, json_t *row, struct error *error)
{
    char *line = json_dumps(row, JSON_COMPACT);
    int rc = line != NULL && buffer_add_text(asking->out, line) == 0 && buffer_add_char(asking->out, '\n') == 0 ? 0 : -1;

    free(line);
    json_decref(row);
    return rc == 0 ? 0 : error_set(error, "who is there does not fit into %d MiB; name smaller groups", PEOPLE_BYTES >> 20);
}

/* Who has neither a login nor a mail is nobody to plant for. */
static int add_person(struct asking *asking, LDAPMessage *entry, struct error *error)
{
    json_t *row = json_pack("{s:i}", "question", asking->question), *manager;
    const char *department;

    person_put(asking->directory, entry, row);
    department = json_string_value(json_object_get(row, "department"));
    if (json_object_get(row, "login") == NULL && json_object_get(row, "mail") == NULL) {
        json_decref(row);
        return 0;
    }
    if (find_manager(asking, entry, &manager, error) != 0) {
        json_decref(row);
        return -1;
    }
    if (json_object_size(manager) > 0)
        json_object_set(row, "manager", manager);
    if (asking->mates)
        json_object_set_new(row, "colleague", json_true());
    else if (department != NULL && json_object_size(asking->departments) < DEPARTMENTS)
        json_object_set_new(asking->departments, department, json_true());
    return tell(asking, row, error);
}

/* ---- groups ---- */

/* Members by their DNs. */
static int add_members(struct asking *asking, LDAPMessage *group, const char *attribute, int depth, struct error *error)
{
    struct berval **values = ldap_get_values_len(asking->directory->ld, group, attribute);
    int rc = 0;

    for (int i = 0; values != NULL && values[i] != NULL && rc == 0; i++) {
        char *dn = strndup(values[i]->bv_val, values[i]->bv_len);

        rc = dn != NULL ? add_named(asking, dn, depth, error) : error_set(error, "out of memory");
        free(dn);
    }
    ldap_value_free_len(values);
    return rc;
}

/* Members of a posixGroup: by their logins, and those whose first group it is. */
static int add_accounts(struct asking *asking, LDAPMessage *group, const char *attribute, const char *before,
                        struct error *error)
{
    struct berval **values = ldap_get_values_len(asking->directory->ld, group, attribute);
    char filter[FILTER_MOST];
    int rc = 0;

    for (int i = 0; values != NULL && values[i] != NULL && rc == 0; i++) {
        char *value = strndup(values[i]->bv_val, values[i]->bv_len);

        if (value != NULL && value[0] != '\0' && asking_filter(filter, before, value, "))") == 0)
            rc = asking_find(asking, asking->directory->suffix, filter, NULL, NESTED, error);
        free(value);
    }
    ldap_value_free_len(values);
    return rc;
}

static bool has(const struct asking *asking, LDAPMessage *entry, const char *attribute)
{
    struct berval **values = ldap_get_values_len(asking->directory->ld, entry, attribute);
    bool has = values != NULL && values[0] != NULL;

    ldap_value_free_len(values);
    return has;
}

bool asking_is_class(const struct asking *asking, LDAPMessage *entry, const char *name)
{
    struct berval **values = ldap_get_values_len(asking->directory->ld, entry, "objectClass");
    bool is = false;

    for (int i = 0; values != NULL && values[i] != NULL && !is; i++)
        is = values[i]->bv_len == strlen(name) && strncasecmp(values[i]->bv_val, name, values[i]->bv_len) == 0;
    ldap_value_free_len(values);
    return is;
}

/* A group of this directory, or a person. */
static int add_entry(struct asking *asking, LDAPMessage *entry, int depth, struct error *error)
{
    char *dn = ldap_get_dn(asking->directory->ld, entry);
    bool posix = asking_is_class(asking, entry, "posixGroup"), new = dn != NULL && is_new(asking, dn);
    int rc = 0;

    ldap_memfree(dn);
    if (!new)
        return 0;
    if (asking->directory->active && asking_is_class(asking, entry, "group"))
        return asking_note_group(asking, entry, error);
    if (!posix && !has(asking, entry, "member") && !has(asking, entry, "uniqueMember"))
        return asking_look(asking, error) != 0 ? -1 : add_person(asking, entry, error);
    if (depth >= NESTED)
        return 0;
    if (add_members(asking, entry, "member", depth + 1, error) != 0 ||
        add_members(asking, entry, "uniqueMember", depth + 1, error) != 0)
        return -1;
    if (posix)
        rc = add_accounts(asking, entry, "memberUid", "(&(objectClass=posixAccount)(uid=", error);
    if (posix && rc == 0)
        rc = add_accounts(asking, entry, "gidNumber", "(&(objectClass=posixAccount)(gidNumber=", error);
    return rc;
}

/* ---- questions ---- */

int asking_fault(struct asking *asking, const char *fault, struct error *error)
{
    return tell(asking, json_pack("{s:i, s:s}", "question", asking->question, "fault", fault), error);
}

static int ask_group(struct asking *asking, const char *dn, struct error *error)
{
    LDAPMessage *found;
    int rc = look_up(asking, dn, &found, error);

    if (rc == 1)
        rc = asking_fault(asking, "is not there, or the account may not see it", error);
    else if (rc == 0 && asking->directory->active)
        rc = asking_active_group(asking, dn, found, error);
    else if (rc == 0)
        rc = asking_add(asking, found, 0, error);
    ldap_msgfree(found);
    return rc;
}

/* Of people who have a mail address and are of that department; -1 where its name is too long. */
static int department_filter(const struct asking *asking, const char *name, char filter[FILTER_MOST])
{
    static const char *const attributes[] = {"(department=", ")(departmentNumber=", ")(ou="};
    char one[FILTER_MOST];
    size_t length;

    if (asking->directory->active)
        return asking_filter(filter, "(&" ACTIVE_PERSON "(department=", name, "))");
    length = (size_t)snprintf(filter, FILTER_MOST, "(&(mail=*)(|");
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        if (asking_filter(one, attributes[i], name, "") != 0 || length + strlen(one) + 4 > FILTER_MOST)
            return -1;
        length += (size_t)snprintf(filter + length, FILTER_MOST - length, "%s", one);
    }
    snprintf(filter + length, FILTER_MOST - length, ")))");
    return 0;
}

static int ask_department(struct asking *asking, const char *name, struct error *error)
{
    char filter[FILTER_MOST];

    return department_filter(asking, name, filter) != 0 ? asking_fault(asking, "is too long", error)
                                                        : asking_find(asking, asking->base, filter, NULL, NESTED, error);
}

/* Adds "(mail=…)" or "(uid=…)"; -1 where there is no room. What is too long for a filter is nobody's. */
static int add_owner(const struct asking *asking, const char *name, char filter[FILTER_MOST], size_t *length)
{
    const char *attribute = strchr(name, '@') != NULL ? "(mail=" : asking->directory->active ? "(sAMAccountName=" : "(uid=";
    char one[FILTER_MOST];

    if (name[0] == '\0' || asking_filter(one, attribute, name, ")") != 0 || strlen(one) > FILTER_MOST / 2)
        return 0;
    if (*length + strlen(one) + 2 > FILTER_MOST)
        return -1;
    *length += (size_t)snprintf(filter + *length, FILTER_MOST - *length, "%s", one);
    return 0;
}

/* As many with one search as its filter can name. */
static int ask_owners(struct asking *asking, const json_t *names, struct error *error)
{
    char filter[FILTER_MOST] = "(|";
    size_t length = 2, index = 0;
    int rc = 0;

    while (index < json_array_size(names) && rc == 0) {
        const char *name = json_string_value(json_array_get(names, index));
        bool full = name != NULL && add_owner(asking, name, filter, &length) != 0;

        index += !full;
        if (length > 2 && (full || index == json_array_size(names))) {
            snprintf(filter + length, FILTER_MOST - length, ")");
            rc = asking_find(asking, asking->directory->suffix, filter, NULL, NESTED, error);
            length = 2;
        }
    }
    return rc;
}

/* Some of those with whom a group's people work, who are not in it. What the server does not show of them is no fault. */
static int add_mates(struct asking *asking, struct error *error)
{
    struct directory *directory = asking->directory;
    char filter[FILTER_MOST];
    const char *name;
    json_t *ignored;
    int rc = 0;

    asking->mates = true;
    json_object_foreach(asking->departments, name, ignored)
    {
        LDAPMessage *found = NULL;
        struct error why;

        if (rc != 0 || asking->looked > PEOPLE_MOST / 2 || department_filter(asking, name, filter) != 0)
            continue;
        rc = directory_search(directory, asking->base, LDAP_SCOPE_SUBTREE, filter, person_attributes, MATES, &found, &why);
        if (rc == 0)
            rc = asking_add(asking, found, NESTED, error);
        else
            rc = directory->broken ? error_set(error, "%s", why.text) : 0;
        ldap_msgfree(found);
    }
    asking->mates = false;
    return rc;
}

static int ask(struct asking *asking, const json_t *question, struct error *error)
{
    const char *group = json_string_value(json_object_get(question, "group"));
    const char *department = json_string_value(json_object_get(question, "department"));
    const json_t *owners = json_object_get(question, "owners");
    int rc = -1;

    asking->seen = json_object();
    buffer_init(&asking->groups, PEOPLE_MOST * sizeof(uint32_t));
    asking->departments = json_object();
    if (group != NULL)
        rc = ask_group(asking, group, error);
    else if (department != NULL)
        rc = ask_department(asking, department, error);
    else if (json_is_array(owners))
        rc = ask_owners(asking, owners, error);
    else
        error_set(error, "the planter was sent a damaged job");
    if (rc == 0)
        rc = add_mates(asking, error);
    json_decref(asking->seen);
    buffer_free(&asking->groups);
    json_decref(asking->departments);
    return rc;
}

int people_read(const struct task *task, struct place_result *result, struct error *error)
{
    const json_t *questions = json_object_get(task->options, "questions");
    struct asking asking = {.out = &result->print, .deadline = clock_monotonic() + PATIENCE_US};
    struct remote place;
    int rc = task_host(task, &place, error);

    if (rc == 0) {
        asking.directory = directory_enter(task, &place, error);
        rc = asking.directory != NULL ? 0 : -1;
    }
    asking.managers = json_object();
    result->print.maximum = PEOPLE_BYTES;
    if (rc == 0)
        asking.base = place.path[0] != '\0' ? place.path : asking.directory->suffix;
    for (size_t i = 0; i < json_array_size(questions) && rc == 0; i++) {
        asking.question = (int)i;
        rc = ask(&asking, json_array_get(questions, i), error);
    }
    result->state = "told";
    json_decref(asking.managers);
    remote_free(&place);
    return rc;
}
