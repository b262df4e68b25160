/* SPDX-License-Identifier: ISC */
#include "server/sensor/http/fields.h"

#include "server/sensor/http/extract.h"
#include "server/sensor/http/text.h"

#define WHERE 64
#define WHERE_NAME 40
#define LONE_IDENTITY 8 /* a user name this long may be a token: https://TOKEN@host */

static bool has_any(struct slice name, const char *const *words)
{
    for (; *words != NULL; words++)
        if (text_find_nocase(name, *words) != TEXT_NONE)
            return true;
    return false;
}

enum candidate_part field_part(struct slice name)
{
    static const char *const ids[] = {"key_id",    "key-id",   "keyid",  "client_id",
                                      "client-id", "clientid", "app_id", NULL};
    static const char *const secrets[] = {"pass", "pwd", "secret", "token", "key", "auth", "cred", "bearer", NULL};
    static const char *const identities[] = {"user", "login", "mail", "account", "name", "uid", "principal", NULL};

    name = text_before(name, WHERE);
    if (name.length == 0)
        return CANDIDATE_EITHER;
    if (has_any(name, ids))
        return CANDIDATE_IDENTITY;
    if (has_any(name, secrets) && text_find_nocase(name, "author") == TEXT_NONE)
        return CANDIDATE_SECRET;
    return has_any(name, identities) ? CANDIDATE_IDENTITY : CANDIDATE_EITHER;
}

static bool is_own(const struct extract *extract, struct slice value)
{
    return extract->site != NULL && site_own(extract->site, value);
}

/* May one more value be looked at? */
static bool is_affordable(struct extract *extract, uint8_t rank)
{
    size_t *left = rank <= EXTRACT_LOGIN ? &extract->named : &extract->unnamed;

    if (*left == 0) {
        extract->to->overflowed = true;
        return false;
    }
    --*left;
    return true;
}

void field_value(struct extract *extract, enum candidate_part part, uint8_t rank, const char *where, struct slice value)
{
    if (value.length >= FIELD_LEAST && is_affordable(extract, rank) && !is_own(extract, value))
        credentials_add_decoded(extract->to, part, 0, rank, where, value);
}

void field_login(struct extract *extract, uint8_t rank, const char *where, struct slice identity, struct slice secret)
{
    if (identity.length > 0 && secret.length > 0 && is_affordable(extract, 0))
        credentials_add_login(extract->to, rank, where, identity, secret);
    else if (identity.length == 0)
        field_value(extract, CANDIDATE_SECRET, rank, where, secret);
    if (secret.length == 0 || identity.length >= 2 * LONE_IDENTITY)
        field_value(extract, CANDIDATE_EITHER, (uint8_t)(rank + 1), where, identity);
}

static struct slice since(const struct buffer *scratch, size_t start)
{
    return (struct slice){scratch->data + start, scratch->length - start};
}

static bool fits(const struct buffer *scratch, size_t length)
{
    return scratch->data != NULL && scratch->capacity > scratch->length + length + 1;
}

struct slice field_percent(struct extract *extract, struct slice raw, bool plus_is_space)
{
    size_t start = extract->scratch.length;

    if (text_find_char(raw, '%') == TEXT_NONE && (!plus_is_space || text_find_char(raw, '+') == TEXT_NONE))
        return raw;
    if (fits(&extract->scratch, raw.length) && decode_percent(raw, plus_is_space, &extract->scratch) == 0)
        return since(&extract->scratch, start);
    extract->scratch.length = start;
    return raw;
}

struct slice field_json(struct extract *extract, struct slice raw)
{
    size_t start = extract->scratch.length;

    if (text_find_char(raw, '\\') == TEXT_NONE)
        return raw;
    if (fits(&extract->scratch, raw.length) && decode_json_string(raw, &extract->scratch) == 0)
        return since(&extract->scratch, start);
    extract->scratch.length = start;
    return raw;
}

void field_add(struct extract *extract, uint8_t rank, const char *where, struct slice name, struct slice value)
{
    if (extract->count == FIELDS)
        field_take(extract, rank, where);
    extract->fields[extract->count++] = (struct field){name, value};
}

static const char *where_text(char text[WHERE], const char *where, struct slice name)
{
    size_t i, length = name.length < WHERE_NAME ? name.length : WHERE_NAME;
    char *end = text;

    while (*where != '\0' && end < text + WHERE - WHERE_NAME - 2)
        *end++ = *where++;
    if (length > 0)
        *end++ = ' ';
    for (i = 0; i < length; i++)
        *end++ = name.data[i] > 0x20 && name.data[i] < 0x7f ? (char)name.data[i] : '?';
    *end = '\0';
    return text;
}

/* The value of the field, which then has been taken. */
static struct slice value_of(struct extract *extract, const char *name)
{
    struct slice value;
    size_t i;

    for (i = 0; name != NULL && i < extract->count; i++) {
        if (!slice_is(extract->fields[i].name, name))
            continue;
        value = extract->fields[i].value;
        extract->fields[i].value = SLICE_NONE;
        return value;
    }
    return SLICE_NONE;
}

/* The form of a login page: its fields' names are known. */
static void take_route(struct extract *extract, const char *where)
{
    struct slice identity, secret;
    char text[WHERE];

    if (extract->route == NULL)
        return;
    identity = value_of(extract, site_identity_field(extract->route));
    secret = value_of(extract, site_secret_field(extract->route));
    if (identity.length > 0 || secret.length > 0)
        field_login(extract, 0, where_text(text, where, slice_of("login")), identity, secret);
}

/* The nearest identity before a secret, else the first behind it. */
static size_t identity_near(const enum candidate_part parts[FIELDS], size_t count, size_t at)
{
    size_t i;

    for (i = at; i-- > 0;)
        if (parts[i] == CANDIDATE_IDENTITY)
            return i;
    for (i = at + 1; i < count; i++)
        if (parts[i] == CANDIDATE_IDENTITY)
            return i;
    return TEXT_NONE;
}

static void take_one(struct extract *extract, const enum candidate_part parts[FIELDS], size_t at, uint8_t rank,
                     const char *where)
{
    const struct field *field = &extract->fields[at];
    size_t identity = parts[at] == CANDIDATE_SECRET ? identity_near(parts, extract->count, at) : TEXT_NONE;
    char text[WHERE];

    if (field->value.length == 0 || is_own(extract, field->value))
        return;
    (void)where_text(text, where, field->name);
    if (identity != TEXT_NONE && extract->fields[identity].value.length > 0 && is_affordable(extract, 0))
        credentials_add_login(extract->to, rank, text, extract->fields[identity].value, field->value);
    if (parts[at] == CANDIDATE_SECRET)
        field_value(extract, CANDIDATE_SECRET, rank, text, field->value);
    else
        field_value(extract, parts[at], (uint8_t)(rank + (parts[at] == CANDIDATE_IDENTITY ? 1 : 2)), text,
                    field->value);
}

void field_take(struct extract *extract, uint8_t rank, const char *where)
{
    enum candidate_part parts[FIELDS];
    size_t i;

    take_route(extract, where);
    for (i = 0; i < extract->count; i++)
        parts[i] = field_part(extract->fields[i].name);
    for (i = 0; i < extract->count; i++)
        take_one(extract, parts, i, rank, where);
    extract->count = 0;
}
