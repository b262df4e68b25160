/* SPDX-License-Identifier: ISC */
#include "server/wire/kinds.h"

#include <string.h>

static const struct kind_row rows[] = {
#define KIND(symbol, name, summary, forms, opens, bound, proofs) {name, summary, forms, opens, proofs, bound},
#include "server/wire/tables/kinds.def"
#undef KIND
};

static const struct transport {
    const char *name;
    uint16_t plain, tls;
    bool here;
} transports[] = {
#define SERVICE(symbol, name, summary, plain, tls) {name, plain, tls, true},
#define TRANSPORT(name, plain, tls) {name, plain, tls, false},
#include "server/wire/tables/services.def"
#include "server/wire/tables/transports.def"
#undef SERVICE
#undef TRANSPORT
};

const struct kind_row *kind_row_at(size_t index)
{
    return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}

const struct kind_row *kind_row(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static const struct transport *transport_find(const char *name)
{
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++)
        if (strcmp(transports[i].name, name) == 0)
            return &transports[i];
    return NULL;
}

uint16_t transport_port(const char *name, bool tls)
{
    const struct transport *transport = transport_find(name);

    return transport == NULL ? 0 : tls && transport->tls != 0 ? transport->tls : transport->plain;
}

static void copy_word(char out[32], const char *from, size_t length)
{
    length = length < 31 ? length : 31;
    memcpy(out, from, length);
    out[length] = '\0';
}

bool kind_row_door(const struct kind_row *row, size_t index, struct kind_door *door)
{
    const char *at = strcmp(row->opens, "vendor") == 0 ? "*" : row->opens;
    size_t length, service;

    for (size_t i = 0; i < index; i++) {
        at += strcspn(at, " ");
        at += strspn(at, " ");
        if (*at == '\0')
            return false;
    }
    length = strcspn(at, " ");
    service = strcspn(at, ": ");
    copy_word(door->service, at, at[0] == '*' ? 0 : service);
    copy_word(door->site, service < length ? at + service + 1 : "", service < length ? length - service - 1 : 0);
    return true;
}

const char *kind_row_seen(const struct kind_row *row)
{
    struct kind_door door;

    if (strcmp(row->opens, "vendor") == 0)
        return "vendor";
    for (size_t i = 0; kind_row_door(row, i, &door); i++) {
        const struct transport *transport = transport_find(door.service);

        if (door.service[0] == '\0' || (transport != NULL && transport->here))
            return "here";
    }
    return "later";
}

bool kind_door_leads_to(const struct kind_door *door, const char *service, const char *site)
{
    return (door->service[0] == '\0' || strcmp(door->service, service) == 0) &&
           (door->site[0] == '\0' || strcmp(door->site, site) == 0);
}

bool kind_row_opens(const struct kind_row *row, const char *service, const char *site)
{
    struct kind_door door;

    for (size_t i = 0; kind_row_door(row, i, &door); i++)
        if (kind_door_leads_to(&door, service, site))
            return true;
    return false;
}
