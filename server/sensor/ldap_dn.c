/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_value.h"

#include <string.h>
#include "server/sensor/credential.h"

#define LONGEST 8192 /* slapd's SLAP_LDAPDN_MAXLEN */
#define TYPES 16     /* attributes in one RDN */

struct cursor {
    const unsigned char *at, *end;
};

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct cursor *c)
{
    while (c->at < c->end && is_space(*c->at))
        c->at++;
}

static int take_type(struct cursor *c, const struct ldap_attribute **attribute)
{
    struct slice type = {c->at, 0};
    bool options;

    while (c->at < c->end && *c->at != '=' && !is_space(*c->at))
        c->at++;
    type.length = (size_t)(c->at - type.data);
    skip_space(c);
    if (c->at == c->end || *c->at != '=' || !ldap_well_formed(type))
        return -1;
    c->at++;
    *attribute = ldap_attribute(ldap_base_type(type, &options));
    return *attribute == NULL ? -1 : 0;
}

static int hex(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind a backslash: one of the special characters, or two hexadecimal digits. */
static int take_escape(struct cursor *c, struct buffer *value)
{
    if (c->at == c->end)
        return -1;
    if (*c->at != '\0' && strchr(",+\"\\<>;#= ", *c->at) != NULL)
        return buffer_add_char(value, (char)*c->at++);
    if (c->end - c->at < 2 || hex(c->at[0]) < 0 || hex(c->at[1]) < 0)
        return -1;
    buffer_add_char(value, (char)(hex(c->at[0]) << 4 | hex(c->at[1])));
    c->at += 2;
    return value->failed ? -1 : 0;
}

static int take_quoted(struct cursor *c, struct buffer *value)
{
    for (c->at++; c->at < c->end && *c->at != '"';) {
        if (*c->at == '\\') {
            c->at++;
            if (take_escape(c, value) < 0)
                return -1;
        } else if (*c->at == '\0' || buffer_add_char(value, (char)*c->at++) < 0) {
            return -1;
        }
    }
    if (c->at == c->end)
        return -1;
    c->at++;
    skip_space(c);
    return 0;
}

/* Up to a separator; white space at the end does not count unless it was escaped. */
static int take_plain(struct cursor *c, struct buffer *value)
{
    size_t kept = 0;

    while (c->at < c->end && *c->at != ',' && *c->at != ';' && *c->at != '+') {
        bool space = is_space(*c->at);

        if (*c->at == '\\') {
            c->at++;
            if (take_escape(c, value) < 0)
                return -1;
        } else if (*c->at == '\0' || *c->at == '"' || *c->at == '<' || *c->at == '>' ||
                   buffer_add_char(value, (char)*c->at++) < 0) {
            return -1;
        }
        if (!space)
            kept = value->length;
    }
    value->length = kept;
    return 0;
}

static int take_value(struct cursor *c, struct buffer *value)
{
    skip_space(c);
    if (c->at < c->end && *c->at == '#')
        return -1;
    if ((c->at < c->end && *c->at == '"' ? take_quoted(c, value) : take_plain(c, value)) < 0)
        return -1;
    return value->length > 0 && (c->at == c->end || strchr(",;+", *c->at) != NULL) ? 0 : -1;
}

/* The bytes 1 and 2 separate; values have them not. */
static void add_normal(struct buffer *normal, char separator, const struct ldap_attribute *attribute,
                       struct slice value)
{
    size_t start;

    buffer_add_char(normal, separator);
    buffer_add_slice(normal, ldap_attribute_name(attribute));
    buffer_add_char(normal, '=');
    start = normal->length;
    (void)ldap_normalize(LDAP_RULE_FOLD, value, LDAP_WHOLE, normal);
    for (size_t i = start; i < normal->length; i++)
        if (normal->data[i] < 3)
            normal->data[i] = 3;
}

/* One RDN up to ',' or ';', which stays. No attribute may stand in it twice. */
static int take_rdn(struct cursor *c, struct buffer *value, struct buffer *normal, unsigned depth)
{
    const struct ldap_attribute *types[TYPES];
    size_t count = 0;

    do {
        if (count > 0)
            c->at++;
        skip_space(c);
        buffer_clear(value);
        if (count == TYPES || take_type(c, &types[count]) < 0 || take_value(c, value) < 0 ||
            !ldap_valid_at(types[count], buffer_slice(value), depth))
            return -1;
        for (size_t i = 0; i < count; i++)
            if (types[i] == types[count])
                return -1;
        add_normal(normal, count == 0 ? 1 : 2, types[count], buffer_slice(value));
        count++;
    } while (c->at < c->end && *c->at == '+');
    return 0;
}

int ldap_dn(struct slice text, struct buffer *normal)
{
    return ldap_dn_at(text, normal, 0);
}

int ldap_dn_at(struct slice text, struct buffer *normal, unsigned depth)
{
    struct cursor c;
    struct buffer value;
    int result = 0;

    if (text.length == 0)
        return 0;
    if (text.length > LONGEST)
        return -1;
    c = (struct cursor){text.data, text.data + text.length};
    buffer_init(&value, LONGEST);
    result = take_rdn(&c, &value, normal, depth);
    while (result == 0 && c.at < c.end) {
        c.at++;
        result = take_rdn(&c, &value, normal, depth);
    }
    buffer_free(&value);
    return normal->failed ? -1 : result;
}

size_t ldap_dn_depth(struct slice normal)
{
    size_t depth = 0;

    for (size_t i = 0; i < normal.length; i++)
        depth += normal.data[i] == 1;
    return depth;
}
