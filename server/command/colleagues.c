/* SPDX-License-Identifier: ISC */
#include "server/command/colleagues.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/base/buffer.h"
#include "server/base/paths.h"

#define FILE_BYTES (1024 * 1024)
#define FIELDS 5
#define TEXT 200 /* of one field */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

const char *colleagues_language(const json_t *person)
{
    const char *text = text_of(person, "language");

    for (; *text != '\0'; text += strcspn(text, ","), text += strspn(text, ", "))
        if ((strncasecmp(text, "en", 2) == 0 || strncasecmp(text, "fr", 2) == 0) && !isalnum((unsigned char)text[2]))
            return tolower((unsigned char)*text) == 'e' ? "en" : "fr";
    return NULL;
}

/* ---- the file ---- */

static bool is_address(const char *text)
{
    const char *at = strchr(text, '@');

    return at != NULL && at > text && at[1] != '\0' && strpbrk(text, " ,;\"<>") == NULL;
}

/* One person; `line` is cut at its tabs. NULL where it is none. */
static json_t *read_line(char *line)
{
    const char *fields[FIELDS] = {"", "", "", "", ""};
    char *at = line;
    json_t *person;

    for (size_t i = 0; i < FIELDS && at != NULL; i++)
        fields[i] = strsep(&at, "\t");
    for (size_t i = 0; i < FIELDS; i++)
        if (strlen(fields[i]) > TEXT || strpbrk(fields[i], "<>") != NULL)
            return NULL;
    if (strchr(fields[0], ' ') == NULL || !is_address(fields[1]) || (fields[4][0] != '\0' && !is_address(fields[4])))
        return NULL;
    person = json_pack("{s:s, s:s}", "name", fields[0], "mail", fields[1]);
    if (fields[2][0] != '\0')
        json_object_set_new(person, "title", json_string(fields[2]));
    if (fields[3][0] != '\0')
        json_object_set_new(person, "department", json_string(fields[3]));
    if (fields[4][0] != '\0')
        json_object_set_new(person, "manager", json_pack("{s:s}", "mail", fields[4]));
    return person;
}

static int read_lines(const char *file, char *text, json_t *people, struct error *error)
{
    unsigned number = 0;

    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        json_t *person;

        number++;
        line[strcspn(line, "\r")] = '\0';
        if (line[strspn(line, " \t")] == '\0' || line[0] == '#')
            continue;
        person = read_line(line);
        if (person == NULL)
            return error_set(error, "%s:%u: this is nobody; write \"Ann Roe\", a tab and ann.roe@corp.example, and behind "
                                    "further tabs the title, the department, and the manager's address", file, number);
        json_array_append_new(people, person);
    }
    return json_array_size(people) > 0 ? 0 : error_set(error, "%s names nobody; write a person a line", file);
}

json_t *colleagues_read(const char *file, struct error *error)
{
    json_t *people = json_array();
    struct buffer text;
    int rc;

    buffer_init(&text, FILE_BYTES + 1);
    rc = paths_read(file, &text, error);
    if (rc == 0 && text.length > 0 && memchr(text.data, '\0', text.length) != NULL)
        rc = error_set(error, "%s is no text; write a person a line", file);
    if (rc == 0)
        rc = buffer_add_char(&text, '\0') == 0 ? read_lines(file, (char *)text.data, people, error)
                                               : error_set(error, "out of memory");
    buffer_free(&text);
    if (rc != 0) {
        json_decref(people);
        people = NULL;
    }
    return people;
}

const json_t *colleagues_find(const json_t *people, const char *address)
{
    const char *open = strchr(address, '<');
    size_t index, length;
    json_t *person;

    address = open != NULL ? open + 1 : address;
    length = strcspn(address, ">");
    json_array_foreach(people, index, person)
    {
        const char *mail = text_of(person, "mail");

        if (strlen(mail) == length && strncasecmp(mail, address, length) == 0)
            return person;
    }
    return NULL;
}

/* ---- the choice ---- */

struct choice {
    const json_t *person;
    uint64_t rank;
};

static const char *domain_of(const json_t *person)
{
    const char *at = strrchr(text_of(person, "mail"), '@');

    return at != NULL ? at + 1 : "";
}

static bool is_within(const char *domain, const char *other)
{
    size_t length = strlen(domain), tail = strlen(other);

    return length >= tail && strcasecmp(domain + length - tail, other) == 0 &&
           (length == tail || domain[length - tail - 1] == '.');
}

static bool same_person(const json_t *a, const json_t *b)
{
    return strcasecmp(text_of(a, "mail"), text_of(b, "mail")) == 0 || strcasecmp(text_of(a, "name"), text_of(b, "name")) == 0;
}

/* Somebody whom a mail can be from: guests of other houses, accounts without a person's name, and who left are not. */
static bool can_stand(const json_t *person, const json_t *owner)
{
    const char *domain = domain_of(person), *house = domain_of(owner);

    if (domain[0] == '\0' || strchr(text_of(person, "name"), ' ') == NULL || json_object_get(person, "disabled") != NULL ||
        json_object_get(person, "excluded") != NULL)
        return false;
    return owner == NULL ||
           (!same_person(person, owner) && (house[0] == '\0' || is_within(domain, house) || is_within(house, domain)));
}

static uint64_t rank_of(const json_t *person, const json_t *owner, const unsigned char *key)
{
    const char *mail = text_of(person, "mail"), *department = text_of(owner, "department");
    const char *language = colleagues_language(person), *wanted = colleagues_language(owner);
    unsigned char bytes[crypto_shorthash_BYTES];
    uint64_t rank;

    crypto_shorthash(bytes, (const unsigned char *)mail, strlen(mail), key);
    memcpy(&rank, bytes, sizeof(rank));
    rank >>= 2;
    if (department[0] != '\0' && strcasecmp(department, text_of(person, "department")) != 0)
        rank |= UINT64_C(1) << 63;
    if (language != NULL && wanted != NULL && language != wanted)
        rank |= UINT64_C(1) << 62;
    return rank;
}

/* Keeps those of the least rank, in order; a person of two groups stands there once. */
static void put(struct choice chosen[COLLEAGUES_MOST + 1], size_t *count, const json_t *person, uint64_t rank)
{
    size_t at = *count;

    for (size_t i = 0; i < *count; i++)
        if (same_person(chosen[i].person, person))
            return;
    for (; at > 0 && chosen[at - 1].rank > rank; at--)
        chosen[at] = chosen[at - 1];
    chosen[at] = (struct choice){person, rank};
    *count += *count < COLLEAGUES_MOST;
}

static void add(json_t *list, const json_t *person, const char *is)
{
    static const char *const kept[] = {"name", "mail", "given", "family", "title", "department", "phone"};
    json_t *row = json_object();

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (json_is_string(json_object_get(person, kept[i])))
            json_object_set(row, kept[i], json_object_get(person, kept[i]));
    if (is != NULL)
        json_object_set_new(row, "is", json_string(is));
    json_array_append_new(list, row);
}

/* The manager's own entry says more than those who have them. NULL: none that can stand there. */
static const json_t *manager_of(const json_t *people, const json_t *owner)
{
    const json_t *manager = json_object_get(owner, "manager");
    const char *mail = text_of(manager, "mail");
    const json_t *entry = mail[0] != '\0' ? colleagues_find(people, mail) : NULL;

    manager = entry != NULL ? entry : manager;
    return manager != NULL && can_stand(manager, owner) ? manager : NULL;
}

/* Those that come last are left out where it is too long. */
static char *spell(json_t *list)
{
    char *text = json_dumps(list, JSON_COMPACT);

    while (text != NULL && strlen(text) > COLLEAGUES_BYTES && json_array_size(list) > 0) {
        free(text);
        json_array_remove(list, json_array_size(list) - 1);
        text = json_dumps(list, JSON_COMPACT);
    }
    return text;
}

char *colleagues_choose(const json_t *people, const json_t *owner, const unsigned char key[COLLEAGUES_KEY])
{
    const json_t *manager = manager_of(people, owner);
    struct choice chosen[COLLEAGUES_MOST + 1];
    json_t *list = json_array(), *person;
    size_t index, count = 0;
    char *text;

    if (owner != NULL)
        add(list, owner, "owner");
    if (manager != NULL)
        add(list, manager, "manager");
    json_array_foreach(people, index, person)
    {
        if (can_stand(person, owner) && (manager == NULL || !same_person(person, manager)))
            put(chosen, &count, person, rank_of(person, owner, key));
    }
    for (size_t i = 0; i < count; i++)
        add(list, chosen[i].person, NULL);
    text = spell(list);
    json_decref(list);
    return text;
}
