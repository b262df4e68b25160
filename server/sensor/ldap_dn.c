/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_value.h"

#include <string.h>
#include "server/sensor/credential.h"

#define LONGEST 8192 /* slapd's SLAP_LDAPDN_MAXLEN */
#define TYPES 16     /* attributes in one RDN */

struct cursor {
    const unsigned char *at, *end;
};

/* One RDN: types in the order of their names, and where their values lie among the bytes. */
struct rdn {
    struct part {
        const struct ldap_attribute *type;
        size_t start, length;
    } parts[TYPES];
    size_t count;
    struct buffer bytes;
    unsigned depth; /* of the name in values that are names */
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
    size_t kept = value->length;

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
    size_t start = value->length;

    skip_space(c);
    if (c->at < c->end && *c->at == '#')
        return -1;
    if ((c->at < c->end && *c->at == '"' ? take_quoted(c, value) : take_plain(c, value)) < 0)
        return -1;
    return value->length > start && (c->at == c->end || strchr(",;+", *c->at) != NULL) ? 0 : -1;
}

static struct slice value_of(const struct rdn *rdn, const struct part *part)
{
    return (struct slice){(const unsigned char *)rdn->bytes.data + part->start, part->length};
}

/* No attribute may stand in it twice. */
static int insert(struct rdn *rdn, struct part part)
{
    size_t at = rdn->count++;

    for (; at > 0 && strcmp(part.type->names, rdn->parts[at - 1].type->names) <= 0; at--) {
        if (part.type == rdn->parts[at - 1].type)
            return -1;
        rdn->parts[at] = rdn->parts[at - 1];
    }
    rdn->parts[at] = part;
    return 0;
}

/* One RDN up to ',' or ';', which stays. */
static int take_rdn(struct cursor *c, struct rdn *rdn)
{
    buffer_clear(&rdn->bytes);
    rdn->count = 0;
    do {
        struct part part = {.start = rdn->bytes.length};

        if (rdn->count > 0)
            c->at++;
        skip_space(c);
        if (rdn->count == TYPES || take_type(c, &part.type) < 0 || take_value(c, &rdn->bytes) < 0)
            return -1;
        part.length = rdn->bytes.length - part.start;
        if (!ldap_valid_at(part.type, value_of(rdn, &part), rdn->depth) || insert(rdn, part) < 0)
            return -1;
    } while (c->at < c->end && *c->at == '+');
    return 0;
}

static int each_rdn(struct slice text, unsigned depth, void (*add)(const struct rdn *rdn, struct buffer *out),
                    struct buffer *out)
{
    struct cursor c = {text.data, text.data + text.length};
    struct rdn rdn = {.depth = depth};
    int result;

    if (text.length == 0)
        return 0;
    if (text.length > LONGEST)
        return -1;
    buffer_init(&rdn.bytes, LONGEST);
    while ((result = take_rdn(&c, &rdn)) == 0) {
        add(&rdn, out);
        if (c.at == c.end)
            break;
        c.at++;
    }
    buffer_free(&rdn.bytes);
    return out->failed ? -1 : result;
}

/* ---- as names are compared ---- */

/* The bytes 1 and 2 separate; values have them not. */
static void add_normal(const struct rdn *rdn, struct buffer *normal)
{
    for (size_t i = 0; i < rdn->count; i++) {
        size_t start;

        buffer_add_char(normal, i == 0 ? 1 : 2);
        buffer_add_slice(normal, ldap_attribute_name(rdn->parts[i].type));
        buffer_add_char(normal, '=');
        start = normal->length;
        (void)ldap_normalize(LDAP_RULE_FOLD, value_of(rdn, &rdn->parts[i]), LDAP_WHOLE, normal);
        for (size_t k = start; k < normal->length; k++)
            if (normal->data[k] < 3)
                normal->data[k] = 3;
    }
}

int ldap_dn(struct slice text, struct buffer *normal)
{
    return ldap_dn_at(text, normal, 0);
}

int ldap_dn_at(struct slice text, struct buffer *normal, unsigned depth)
{
    return each_rdn(text, depth, add_normal, normal);
}

/* ---- as names are shown ---- */

static int show_at(struct slice text, struct buffer *out, unsigned depth);

static void add_escaped(struct slice value, struct buffer *out)
{
    for (size_t i = 0; i < value.length; i++) {
        unsigned char c = value.data[i];
        bool edge = (c == ' ' && (i == 0 || i + 1 == value.length)) || (c == '#' && i == 0);

        if (edge || c == '\0' || strchr(",+\"\\<>;=", c) != NULL)
            buffer_add_format(out, "\\%02X", c);
        else
            buffer_add_char(out, (char)c);
    }
}

static void add_value(const struct rdn *rdn, const struct part *part, struct buffer *out)
{
    struct slice value = value_of(rdn, part);
    const struct ldap_class *class = part->type->syntax == LDAP_SYNTAX_OID ? ldap_class(value) : NULL;
    struct buffer name;

    buffer_init(&name, 3 * LONGEST);
    if (class != NULL)
        buffer_add(&name, class->names, strcspn(class->names, " "));
    else if (part->type->syntax != LDAP_SYNTAX_DN || show_at(value, &name, rdn->depth + 1) < 0)
        buffer_add_slice(&name, value);
    add_escaped(buffer_slice(&name), out);
    buffer_free(&name);
}

static void add_shown(const struct rdn *rdn, struct buffer *out)
{
    for (size_t i = 0; i < rdn->count; i++) {
        if (i > 0 || out->length > 0)
            buffer_add_char(out, i > 0 ? '+' : ',');
        buffer_add_slice(out, ldap_attribute_name(rdn->parts[i].type));
        buffer_add_char(out, '=');
        add_value(rdn, &rdn->parts[i], out);
    }
}

static int show_at(struct slice text, struct buffer *out, unsigned depth)
{
    return each_rdn(text, depth, add_shown, out);
}

int ldap_dn_show(struct slice text, struct buffer *out)
{
    return show_at(text, out, 0);
}

size_t ldap_dn_depth(struct slice normal)
{
    size_t depth = 0;

    for (size_t i = 0; i < normal.length; i++)
        depth += normal.data[i] == 1;
    return depth;
}
