/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_value.h"

#include <string.h>

#define TIME_DIGITS 14 /* YYYYMMDDHHMMSS */

static bool is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* ---- text ---- */

/* The lower case of a two-byte UTF-8 character at `at`; U+00C0 to U+017F. */
static void add_folded(struct buffer *out, const unsigned char *at)
{
    unsigned code = (at[0] & 0x1fU) << 6 | (at[1] & 0x3fU);

    if (code >= 0xc0 && code <= 0xde && code != 0xd7)
        code += 32;
    else if (code == 0x178)
        code = 0xff;
    else if ((code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17e))
        code += code % 2;
    else if (code >= 0x100 && code <= 0x177 && code != 0x130 && code != 0x138)
        code |= 1;
    buffer_add_char(out, (char)(0xc0 | code >> 6));
    buffer_add_char(out, (char)(0x80 | (code & 0x3f)));
}

static size_t add_character(struct buffer *out, struct slice value, size_t at, bool fold)
{
    unsigned char c = value.data[at];

    if (fold && c >= 0xc3 && c <= 0xc5 && at + 1 < value.length && (value.data[at + 1] & 0xc0) == 0x80) {
        add_folded(out, value.data + at);
        return 2;
    }
    buffer_add_char(out, (char)(fold && c >= 'A' && c <= 'Z' ? c + 32 : c));
    return 1;
}

/* Single spaces, none at the ends; but a piece's end where the value goes on keeps one. */
static void add_text(struct slice value, bool fold, bool keep_front, bool keep_back, struct buffer *out)
{
    size_t start = out->length;
    bool space = !keep_front;

    for (size_t i = 0; i < value.length;) {
        if (is_space(value.data[i])) {
            if (!space)
                buffer_add_char(out, (char)value.data[i]);
            space = true;
            i++;
        } else {
            space = false;
            i += add_character(out, value, i, fold);
        }
    }
    if (out->length > start && space && !keep_back)
        out->length--;
}

static void add_directory_text(struct slice value, bool fold, enum ldap_piece piece, struct buffer *out)
{
    size_t start = out->length;

    add_text(value, fold, piece == LDAP_ANY || piece == LDAP_FINAL, piece == LDAP_ANY || piece == LDAP_INITIAL, out);
    if (out->length == start && value.length > 0)
        buffer_add_char(out, ' ');
}

static void add_without(struct slice value, const char *dropped, struct buffer *out)
{
    size_t start = out->length;

    for (size_t i = 0; i < value.length; i++)
        if (value.data[i] == '\0' || strchr(dropped, value.data[i]) == NULL)
            buffer_add_char(out, (char)value.data[i]);
    if (out->length == start)
        buffer_add_char(out, ' ');
}

/* ---- others ---- */

static void add_oid(struct slice value, struct buffer *out)
{
    const struct ldap_class *class = ldap_class(value);
    const struct ldap_attribute *attribute = class == NULL ? ldap_attribute(value) : NULL;

    if (class != NULL)
        buffer_add_text(out, class->oid);
    else if (attribute != NULL)
        buffer_add_text(out, attribute->oid);
    else
        buffer_add_slice(out, value);
}

/* Minutes and seconds filled in, no zeros at a fraction's end, no Z. */
static void add_time(struct slice value, struct buffer *out)
{
    size_t digits = 0, end = value.length;

    while (digits < value.length && digits < TIME_DIGITS && value.data[digits] >= '0' && value.data[digits] <= '9')
        digits++;
    buffer_add(out, value.data, digits);
    for (size_t i = digits; i < TIME_DIGITS; i++)
        buffer_add_char(out, '0');
    while (end > digits && (value.data[end - 1] == 'Z' || value.data[end - 1] == '0'))
        end--;
    if (end > digits + 1) {
        buffer_add_char(out, '.');
        buffer_add(out, value.data + digits + 1, end - digits - 1);
    }
}

static void add_lower(struct slice value, unsigned char dropped, struct buffer *out)
{
    for (size_t i = 0; i < value.length; i++) {
        unsigned char c = value.data[i];

        if (c != dropped)
            buffer_add_char(out, (char)(c >= 'A' && c <= 'Z' ? c + 32 : c));
    }
}

int ldap_normalize(enum ldap_rule rule, struct slice value, enum ldap_piece piece, struct buffer *out)
{
    switch (rule) {
    case LDAP_RULE_FOLD:
    case LDAP_RULE_EXACT:
    case LDAP_RULE_LIST:
        add_directory_text(value, rule != LDAP_RULE_EXACT, piece, out);
        break;
    case LDAP_RULE_FOLD_IA5:
    case LDAP_RULE_EXACT_IA5:
        add_text(value, rule == LDAP_RULE_FOLD_IA5, false, false, out);
        break;
    case LDAP_RULE_PHONE:
        add_without(value, " -\t\n\v\f\r", out);
        break;
    case LDAP_RULE_NUMERIC:
        add_without(value, " ", out);
        break;
    case LDAP_RULE_DN:
    case LDAP_RULE_UNIQUE:
        return ldap_dn(value, out);
    case LDAP_RULE_OID:
        add_oid(value, out);
        break;
    case LDAP_RULE_TIME:
        add_time(value, out);
        break;
    case LDAP_RULE_UUID:
        add_lower(value, '-', out);
        break;
    default:
        buffer_add_slice(out, value);
        break;
    }
    return out->failed ? -1 : 0;
}

/* ---- order ---- */

static int order_bytes(struct slice a, struct slice b)
{
    size_t least = a.length < b.length ? a.length : b.length;
    int order = least == 0 ? 0 : memcmp(a.data, b.data, least);

    if (order == 0 && a.length != b.length)
        order = a.length < b.length ? -1 : 1;
    return order;
}

static int order_integers(struct slice a, struct slice b)
{
    bool negative = a.length > 0 && a.data[0] == '-';
    int order;

    if (negative != (b.length > 0 && b.data[0] == '-'))
        return negative ? -1 : 1;
    order = a.length == b.length ? order_bytes(a, b) : a.length < b.length ? -1 : 1;
    return negative ? -order : order;
}

int ldap_order(enum ldap_rule rule, struct slice a, struct slice b)
{
    return rule == LDAP_RULE_INTEGER ? order_integers(a, b) : order_bytes(a, b);
}

/* ---- substrings ---- */

static bool starts_with(struct slice text, struct slice start)
{
    return text.length >= start.length && (start.length == 0 || memcmp(text.data, start.data, start.length) == 0);
}

static void skip(struct slice *text, size_t length)
{
    text->data += length;
    text->length -= length;
}

bool ldap_contains(struct slice value, const struct ldap_pieces *pieces)
{
    struct slice final = pieces->final;

    if (!starts_with(value, pieces->initial))
        return false;
    skip(&value, pieces->initial.length);
    if (value.length < final.length ||
        !starts_with((struct slice){value.data + value.length - final.length, final.length}, final))
        return false;
    value.length -= final.length;
    for (size_t i = 0; i < pieces->any_count; i++) {
        struct slice any = pieces->any[i];
        const unsigned char *at;

        if (any.length == 0)
            continue;
        at = value.length == 0 ? NULL : memmem(value.data, value.length, any.data, any.length);
        if (at == NULL)
            return false;
        skip(&value, (size_t)(at - value.data) + any.length);
    }
    return true;
}
