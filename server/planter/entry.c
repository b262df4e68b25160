/* SPDX-License-Identifier: ISC */
#include "server/planter/entry.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/planter/disk.h"

#define TEXT_BYTES (64 * 1024)
#define DIGEST_BYTES 8 /* of each attribute */
#define SALT_BYTES 16

/* ---- values ---- */

static void value_free(struct entry_value *value)
{
    if (value->data != NULL)
        sodium_memzero(value->data, value->length);
    free(value->name);
    free(value->data);
}

void entry_free(struct entry *entry)
{
    for (size_t i = 0; i < entry->count; i++)
        value_free(&entry->values[i]);
    free(entry->dn);
    free(entry->id);
    *entry = (struct entry){NULL};
}

const char *entry_text(const struct entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->count; i++)
        if (strcasecmp(entry->values[i].name, name) == 0)
            return entry->values[i].data;
    return NULL;
}

int entry_add(struct entry *entry, const char *name, struct slice value, struct error *error)
{
    struct entry_value *made = &entry->values[entry->count];

    if (entry->count == ENTRY_VALUES)
        return error_set(error, "an entry has more than %d values", ENTRY_VALUES);
    *made = (struct entry_value){.name = strdup(name), .data = malloc(value.length + 1), .length = value.length};
    if (made->name == NULL || made->data == NULL) {
        value_free(made);
        return error_set(error, "out of memory");
    }
    memcpy(made->data, value.data, value.length);
    made->data[value.length] = '\0';
    entry->count++;
    return 0;
}

void entry_drop(struct entry *entry, const char *name)
{
    struct entry_value gone[ENTRY_VALUES];
    size_t left = 0, count = 0;

    for (size_t i = 0; i < entry->count; i++) {
        if (strcasecmp(entry->values[i].name, name) == 0)
            gone[count++] = entry->values[i];
        else
            entry->values[left++] = entry->values[i];
    }
    entry->count = left;
    while (count > 0)
        value_free(&gone[--count]);
}

int entry_set(struct entry *entry, const char *name, struct slice value, struct error *error)
{
    entry_drop(entry, name);
    return entry_add(entry, name, value, error);
}

/* ---- reading ---- */

struct reading {
    const char *base, *domain;
    struct entries *entries;
    struct entry *entry; /* NULL: the next line begins one */
    size_t line, secret_line;
};

static int add_replaced(const struct reading *reading, const char *text, struct buffer *out)
{
    const struct entries *entries = reading->entries;
    const struct {
        const char *mark, *text;
    } marks[] = {{"${base}", reading->base},
                 {"${domain}", reading->domain},
                 {"${dn}", entries->count > 0 ? entries->list[0].dn : NULL}};

    while (*text != '\0') {
        size_t i = 0;

        while (i < 3 && strncmp(text, marks[i].mark, strlen(marks[i].mark)) != 0)
            i++;
        if (i < 3 && marks[i].text == NULL)
            return -1;
        if (i < 3)
            buffer_add_text(out, marks[i].text);
        else
            buffer_add_char(out, *text);
        text += i < 3 ? strlen(marks[i].mark) : 1;
    }
    return out->failed ? -1 : 0;
}

static int begin_entry(struct reading *reading, const char *rdn, struct error *error)
{
    struct entries *entries = reading->entries;

    if (entries->count == ENTRIES)
        return error_set(error, "the lure has more than %d entries", ENTRIES);
    reading->entry = &entries->list[entries->count++];
    *reading->entry = (struct entry){NULL};
    if (asprintf(&reading->entry->dn, "%s,%s", rdn, reading->base) >= 0)
        return 0;
    reading->entry->dn = NULL;
    return error_set(error, "out of memory");
}

static int take_line(struct reading *reading, char *line, struct error *error)
{
    char *colon = strchr(line, ':');
    struct buffer value;
    int rc = -1;

    if (line[0] == '\0') {
        reading->entry = NULL;
        return 0;
    }
    buffer_init(&value, TEXT_BYTES);
    if (colon == NULL || colon[1] != ' ' || colon[2] == '\0' ||
        (reading->entry == NULL) != (strncasecmp(line, "dn: ", 4) == 0)) {
        error_set(error, "line %zu of the lure's entry is no \"name: value\", or an entry does not begin with \"dn: \"",
                  reading->line);
    } else if (add_replaced(reading, colon + 2, &value) != 0) {
        error_set(error, "line %zu of the lure's entry is too long, or names ${dn} within the first one", reading->line);
    } else if (reading->entry == NULL) {
        rc = begin_entry(reading, buffer_text(&value), error);
    } else {
        *colon = '\0';
        rc = entry_add(reading->entry, line, buffer_slice(&value), error);
        if (rc == 0)
            reading->entry->values[reading->entry->count - 1].secret = reading->line == reading->secret_line;
    }
    buffer_free(&value);
    return rc;
}

int entries_read(struct slice text, size_t line, const char *base, const char *domain, struct entries *entries,
                 struct error *error)
{
    struct reading reading = {.base = base, .domain = domain, .entries = entries, .line = 1, .secret_line = line};
    char *copy = slice_copy(text), *at = copy;
    bool secret = false;
    int rc = 0;

    *entries = (struct entries){.count = 0};
    if (copy == NULL)
        return error_set(error, "out of memory");
    for (char *end; rc == 0 && *at != '\0'; at = end, reading.line++) {
        end = at + strcspn(at, "\n");
        if (*end != '\0')
            *end++ = '\0';
        rc = take_line(&reading, at, error);
    }
    for (size_t i = 0; entries->count > 0 && i < entries->list[0].count; i++)
        secret = secret || entries->list[0].values[i].secret;
    sodium_memzero(copy, text.length);
    free(copy);
    return rc == 0 && !secret ? error_set(error, "the lure's first entry does not hold the secret") : rc;
}

void entries_free(struct entries *entries)
{
    while (entries->count > 0)
        entry_free(&entries->list[--entries->count]);
}

/* ---- digests ---- */

bool entry_is_volatile(const char *name)
{
    static const char *const names[] = {"lastLogon",       "lastLogonTimestamp", "logonCount",  "badPwdCount",
                                        "badPasswordTime", "uSNChanged",         "whenChanged", "dSCorePropagationData",
                                        "lastLogoff",      "entryUUID",          "objectGUID",  "authTimestamp",
                                        "pwdLastSuccess",  "pwdFailureTime",     "lockoutTime", "uSNCreated",
                                        "distinguishedName", "name",             NULL};
    size_t i = 0;

    while (names[i] != NULL && strcasecmp(names[i], name) != 0)
        i++;
    return names[i] != NULL;
}

static int by_text(const void *a, const void *b)
{
    const struct entry_value *one = *(const struct entry_value *const *)a, *other = *(const struct entry_value *const *)b;
    int order = strcmp(one->data, other->data);

    return order != 0 ? order : (int)(one->length > other->length) - (int)(one->length < other->length);
}

/* Of all values of that name, whatever their order. */
static void digest_of(const struct entry *entry, const char *name, const char *salt, char text[2 * DIGEST_BYTES + 1])
{
    const struct entry_value *values[ENTRY_VALUES];
    unsigned char digest[crypto_generichash_BYTES_MIN];
    crypto_generichash_state state;
    size_t count = 0;

    for (size_t i = 0; i < entry->count; i++)
        if (strcasecmp(entry->values[i].name, name) == 0)
            values[count++] = &entry->values[i];
    qsort(values, count, sizeof values[0], by_text);
    crypto_generichash_init(&state, (const unsigned char *)salt, 2 * SALT_BYTES, sizeof digest);
    for (size_t i = 0; i < count; i++)
        crypto_generichash_update(&state, (const unsigned char *)values[i]->data, values[i]->length + 1);
    crypto_generichash_final(&state, digest, sizeof digest);
    sodium_bin2hex(text, 2 * DIGEST_BYTES + 1, digest, DIGEST_BYTES);
}

static bool is_first_of_name(const struct entry *entry, size_t index)
{
    size_t i = 0;

    while (strcasecmp(entry->values[i].name, entry->values[index].name) != 0)
        i++;
    return i == index;
}

static const struct entry_value *secret_of(const struct entry *entry)
{
    for (size_t i = 0; i < entry->count; i++)
        if (entry->values[i].secret)
            return &entry->values[i];
    return NULL;
}

/* SALT;NAME=DIGEST;NAME=DIGEST;NAME:$blake2b$… (the secret's: disk.h) */
char *entry_digest(const struct entry *entry)
{
    unsigned char random[SALT_BYTES];
    char salt[2 * SALT_BYTES + 1], digest[2 * DIGEST_BYTES + 1], *hidden = NULL, *text = NULL;
    const struct entry_value *secret = secret_of(entry);
    struct buffer out;

    randombytes_buf(random, sizeof random);
    sodium_bin2hex(salt, sizeof salt, random, sizeof random);
    buffer_init(&out, TEXT_BYTES);
    buffer_add_text(&out, salt);
    for (size_t i = 0; i < entry->count; i++)
        if (is_first_of_name(entry, i) && (secret == NULL || strcasecmp(secret->name, entry->values[i].name) != 0)) {
            digest_of(entry, entry->values[i].name, salt, digest);
            buffer_add_format(&out, ";%s=%s", entry->values[i].name, digest);
        }
    if (secret != NULL)
        hidden = disk_digest((struct slice){(const unsigned char *)secret->data, secret->length});
    if (hidden != NULL)
        buffer_add_format(&out, ";%s:%s", secret->name, hidden);
    if (!out.failed && (secret == NULL || hidden != NULL))
        text = strdup(buffer_text(&out));
    free(hidden);
    buffer_free(&out);
    return text;
}

/* Where the part for the secret begins: its name; NULL where there is none. */
static const char *secret_part(const char *digest)
{
    const char *dollar = strchr(digest, '$'), *at = dollar;

    if (dollar == NULL || dollar == digest || dollar[-1] != ':')
        return NULL;
    while (at > digest && at[-1] != ';')
        at--;
    return at;
}

bool entry_is(struct entry *entry, const char *digest)
{
    const char *hidden = secret_part(digest), *colon = hidden != NULL ? strchr(hidden, ':') : NULL;

    for (size_t i = 0; colon != NULL && i < entry->count; i++) {
        struct entry_value *value = &entry->values[i];

        value->secret = strlen(value->name) == (size_t)(colon - hidden) &&
                        strncasecmp(value->name, hidden, strlen(value->name)) == 0 &&
                        disk_same(colon + 1, (struct slice){(const unsigned char *)value->data, value->length});
        if (value->secret)
            return true;
    }
    return false;
}

static void add_name(struct buffer *names, const char *name, size_t length)
{
    buffer_add_text(names, names->length > 0 ? ", " : "");
    buffer_add(names, name, length);
}

/* Attributes that it did not have. */
static void add_new(const struct entry *entry, const char *digest, struct buffer *names)
{
    char mark[160];

    for (size_t i = 0; i < entry->count; i++) {
        const char *name = entry->values[i].name;
        bool known = false;

        for (int turn = 0; turn < 2 && !known; turn++) {
            snprintf(mark, sizeof mark, ";%.140s%c", name, turn == 0 ? '=' : ':');
            known = strcasestr(digest, mark) != NULL;
        }
        if (!known && is_first_of_name(entry, i))
            add_name(names, name, strlen(name));
    }
}

void entry_changes(struct entry *entry, const char *digest, struct buffer *names)
{
    const char *hidden = secret_part(digest), *at = strchr(digest, ';');
    char salt[2 * SALT_BYTES + 1] = "", now[2 * DIGEST_BYTES + 1], name[128];

    if (at == NULL || at - digest != 2 * SALT_BYTES)
        return;
    memcpy(salt, digest, 2 * SALT_BYTES);
    while (at != NULL && at + 1 != hidden) {
        const char *equals = strchr(++at, '=');
        size_t length = equals != NULL ? (size_t)(equals - at) : 0;

        if (length == 0 || length >= sizeof name)
            return;
        memcpy(name, at, length);
        name[length] = '\0';
        digest_of(entry, name, salt, now);
        if (strncmp(equals + 1, now, strlen(now)) != 0 && !entry_is_volatile(name)) /* older digests may hold some */
            add_name(names, name, length);
        at = strchr(equals, ';');
    }
    if (hidden != NULL && !entry_is(entry, digest))
        add_name(names, hidden, strcspn(hidden, ":"));
    add_new(entry, digest, names);
}
