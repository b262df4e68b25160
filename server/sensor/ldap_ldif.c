/* SPDX-License-Identifier: ISC */
#include "server/sensor/ldap_ldif.h"

#include <sodium.h>

#define LONGEST (256 * 1024)

void ldif_begin(struct ldif *ldif, struct slice text)
{
    ldif->rest = text;
    ldif->line = 0;
    buffer_init(&ldif->text, LONGEST);
    buffer_init(&ldif->bytes, LONGEST);
}

void ldif_end(struct ldif *ldif)
{
    buffer_free(&ldif->text);
    buffer_free(&ldif->bytes);
}

/* One physical line without its end. */
static struct slice take_line(struct ldif *ldif)
{
    const unsigned char *end = memchr(ldif->rest.data, '\n', ldif->rest.length);
    struct slice line = ldif->rest;

    if (end != NULL)
        line.length = (size_t)(end - line.data);
    ldif->rest.data += line.length + (end != NULL);
    ldif->rest.length -= line.length + (end != NULL);
    ldif->line++;
    if (line.length > 0 && line.data[line.length - 1] == '\r')
        line.length--;
    return line;
}

static void unfold(struct ldif *ldif)
{
    buffer_clear(&ldif->text);
    buffer_add_slice(&ldif->text, take_line(ldif));
    while (ldif->rest.length > 0 && ldif->rest.data[0] == ' ') {
        struct slice more = take_line(ldif);

        buffer_add(&ldif->text, more.data + 1, more.length - 1);
    }
}

static int decode(struct ldif *ldif, struct slice *value)
{
    unsigned char *room;
    size_t length;

    buffer_clear(&ldif->bytes);
    room = buffer_reserve(&ldif->bytes, value->length);
    if (room == NULL || sodium_base642bin(room, value->length, (const char *)value->data, value->length, " ", &length,
                                          NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return -1;
    buffer_grow(&ldif->bytes, length);
    *value = buffer_slice(&ldif->bytes);
    return 0;
}

static int split(struct ldif *ldif, struct slice *attribute, struct slice *value, struct error *error)
{
    struct slice line = buffer_slice(&ldif->text);
    const unsigned char *colon = memchr(line.data, ':', line.length);
    bool encoded;

    if (colon == NULL || ldif->text.failed)
        return error_set(error, "line %zu of the directory: not \"attribute: value\"", ldif->line);
    *attribute = (struct slice){line.data, (size_t)(colon - line.data)};
    *value = (struct slice){colon + 1, line.length - attribute->length - 1};
    encoded = value->length > 0 && value->data[0] == ':';
    for (bool first = encoded; value->length > 0 && (first || value->data[0] == ' '); first = false) {
        value->data++;
        value->length--;
    }
    if (encoded && decode(ldif, value) < 0)
        return error_set(error, "line %zu of the directory: damaged base64", ldif->line);
    return 1;
}

int ldif_next(struct ldif *ldif, struct slice *attribute, struct slice *value, struct error *error)
{
    while (ldif->rest.length > 0) {
        unfold(ldif);
        if (ldif->text.length == 0)
            return 0;
        if (ldif->text.data[0] != '#')
            return split(ldif, attribute, value, error);
    }
    return 0;
}
