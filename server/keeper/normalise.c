/* SPDX-License-Identifier: ISC */
#include "server/keeper/normalise.h"

#include <stdbool.h>
#include <string.h>
#include "server/base/unzeroed.h"

static bool is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct slice trim(struct slice s)
{
    while (s.length > 0 && is_space(s.data[0])) {
        s.data++;
        s.length--;
    }
    while (s.length > 0 && is_space(s.data[s.length - 1]))
        s.length--;
    return s;
}

struct slice normalise_secret(struct slice secret)
{
    return trim(secret);
}

/* Adds bytes of the store's slot as the next spelling, trimmed and lower-cased, unless it is empty or there. */
static void add(struct spellings *spellings, struct slice s)
{
    unsigned char *to;
    size_t i;

    s = trim(s);
    if (s.length > NORMALISE_BYTES)
        s.length = NORMALISE_BYTES;
    if (s.length == 0 || spellings->count == NORMALISE_SPELLINGS)
        return;
    to = spellings->bytes + spellings->count * NORMALISE_BYTES;
    for (i = 0; i < s.length; i++)
        to[i] = s.data[i] >= 'A' && s.data[i] <= 'Z' ? s.data[i] + 32 : s.data[i];
    s.data = to;
    for (i = 0; i < spellings->count; i++) {
        if (slice_equal(spellings->items[i], s))
            return;
    }
    spellings->items[spellings->count++] = s;
}

static int hex(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 32) >= 'a' && (c | 32) <= 'f')
        return (c | 32) - 'a' + 10;
    return -1;
}

/* The value of the first RDN of a DN: attribute type, '=', value up to an unescaped ',', '+' or ';' (RFC 4514; ';'
 * as in RFC 2253). Length 0 where it is no DN. */
static struct slice first_rdn(struct slice dn, unsigned char out[NORMALISE_BYTES])
{
    size_t i = 0, length = 0;
    bool quoted = false;

    while (i < dn.length && dn.data[i] != '=') {
        unsigned char c = dn.data[i] | 32;

        if (!((c >= 'a' && c <= 'z') || (dn.data[i] >= '0' && dn.data[i] <= '9') || dn.data[i] == '-' ||
              dn.data[i] == '.' || dn.data[i] == ' '))
            return SLICE_NONE;
        i++;
    }
    if (i == 0 || i >= dn.length)
        return SLICE_NONE;
    for (i++; i < dn.length && length < NORMALISE_BYTES; i++) {
        if (dn.data[i] == '\\' && i + 2 < dn.length && hex(dn.data[i + 1]) >= 0 && hex(dn.data[i + 2]) >= 0) {
            out[length++] = (unsigned char)(hex(dn.data[i + 1]) << 4 | hex(dn.data[i + 2]));
            i += 2;
        } else if (dn.data[i] == '\\' && i + 1 < dn.length) {
            out[length++] = dn.data[++i];
        } else if (dn.data[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && (dn.data[i] == ',' || dn.data[i] == '+' || dn.data[i] == ';')) {
            break;
        } else {
            out[length++] = dn.data[i];
        }
    }
    return (struct slice){out, length};
}

void normalise_identity(struct slice identity, struct spellings *spellings)
{
    UNZEROED unsigned char value[NORMALISE_BYTES];
    const unsigned char *mark;
    struct slice rdn, s;

    spellings->count = 0;
    s = trim(identity);
    if (s.length > NORMALISE_BYTES)
        s.length = NORMALISE_BYTES;
    if (s.length == 0)
        return;
    add(spellings, s);
    rdn = first_rdn(s, value);
    if (rdn.length > 0) {
        add(spellings, rdn);
        s = trim(rdn);
    }
    mark = s.length > 0 ? memchr(s.data, '\\', s.length) : NULL;
    if (mark != NULL) {
        s.length -= (size_t)(mark + 1 - s.data);
        s.data = mark + 1;
        add(spellings, s);
    }
    mark = s.length > 0 ? memrchr(s.data, '@', s.length) : NULL;
    if (mark != NULL)
        add(spellings, (struct slice){s.data, (size_t)(mark - s.data)});
}
