/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "server/minter/directory_parts.h"

#define DAY 86400

bool ldif_is_plain(const char *value)
{
    for (const char *c = value; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            return false;
    return strchr(" :<", value[0]) == NULL;
}

void ldif_add(struct directory_maker *m, const char *attribute, const char *value)
{
    char text[4 * DIRECTORY_TEXT];

    if (ldif_is_plain(value)) {
        buffer_add_format(&m->ldif, "%s: %s\n", attribute, value);
    } else if (sodium_base64_encoded_len(strlen(value), sodium_base64_VARIANT_ORIGINAL) <= sizeof text) {
        sodium_bin2base64(text, sizeof text, (const unsigned char *)value, strlen(value),
                          sodium_base64_VARIANT_ORIGINAL);
        buffer_add_format(&m->ldif, "%s:: %s\n", attribute, text);
    }
}

void ldif_number(struct directory_maker *m, const char *attribute, unsigned number)
{
    buffer_add_format(&m->ldif, "%s: %u\n", attribute, number);
}

static void time_text(int64_t time, char text[16])
{
    time_t seconds = (time_t)time;
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(text, 16, "%Y%m%d%H%M%S", &tm);
}

/* Version 1 (RFC 9562), as slapd makes them: the time, a number that counts up, and the same node for all. */
static void add_uuid(struct directory_maker *m, int64_t time, unsigned micros)
{
    uint64_t ticks = ((uint64_t)time + 12219292800u) * 10000000u + micros * 10u + draw_below(m->draw, 10);
    unsigned sequence = m->sequence++ & 0x3fff;
    const unsigned char *n = m->node;

    buffer_add_format(&m->ldif, "entryUUID: %08x-%04x-1%03x-%04x-%02x%02x%02x%02x%02x%02x\n", (unsigned)ticks,
                      (unsigned)(ticks >> 32) & 0xffff, (unsigned)(ticks >> 48) & 0xfff, sequence | 0x8000, n[0], n[1],
                      n[2], n[3], n[4], n[5]);
}

void ldif_end(struct directory_maker *m, const char *class)
{
    unsigned micros = draw_below(m->draw, 900000);
    int64_t changed = draw_below(m->draw, 3) > 0 ? m->time : when_between(&m->zone, m->time + DAY, m->now, m->draw);
    char made[16], last[16], admin[DIRECTORY_SUFFIX + 16];

    time_text(m->time, made);
    time_text(changed, last);
    snprintf(admin, sizeof admin, "cn=admin,%s", m->suffix);
    ldif_add(m, "structuralObjectClass", class);
    add_uuid(m, m->time, micros);
    ldif_add(m, "creatorsName", admin);
    buffer_add_format(&m->ldif, "createTimestamp: %sZ\n", made);
    buffer_add_format(&m->ldif, "entryCSN: %s.%06uZ#000000#000#000000\n", last,
                      changed == m->time ? micros + 700 + draw_below(m->draw, 3000) : draw_below(m->draw, 1000000));
    ldif_add(m, "modifiersName", admin);
    buffer_add_format(&m->ldif, "modifyTimestamp: %sZ\n\n", last);
}

void ldif_begin(struct directory_maker *m, const char *rdn, const char *under)
{
    char name[DIRECTORY_TEXT + DIRECTORY_SUFFIX + DIRECTORY_TEXT];

    snprintf(name, sizeof name, "%s%s%s%s", rdn, under[0] != '\0' ? ",ou=" : "", under, rdn[0] != '\0' ? "," : "");
    strncat(name, m->suffix, sizeof name - strlen(name) - 1);
    ldif_add(m, "dn", name);
}

void ldif_classes(struct directory_maker *m, const char *const *classes)
{
    if (m->shape.class_first)
        ldif_add(m, "objectClass", "top");
    for (size_t i = 0; classes[i] != NULL; i++)
        ldif_add(m, "objectClass", classes[i]);
    if (!m->shape.class_first)
        ldif_add(m, "objectClass", "top");
}

void ldif_later(struct directory_maker *m, unsigned most_days)
{
    int64_t until = m->time + (int64_t)(1 + draw_below(m->draw, most_days)) * DAY;

    if (until < m->now - DAY)
        m->time = when_between(&m->zone, m->time + 40, until, m->draw);
    else
        m->time += 40 + draw_below(m->draw, 200);
}
