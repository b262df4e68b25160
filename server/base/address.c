/* SPDX-License-Identifier: ISC */
#include "server/base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool address_is_v4(const struct address *address)
{
    return memcmp(address->bytes, v4_prefix, sizeof v4_prefix) == 0;
}

bool address_is_loopback(const struct address *address)
{
    static const unsigned char v6_loopback[16] = {[15] = 1};

    return address_is_v4(address) ? address->bytes[12] == 127
                                  : memcmp(address->bytes, v6_loopback, ADDRESS_BYTES) == 0;
}

struct address address_prefix(const struct address *address)
{
    struct address prefix = *address;

    if (!address_is_v4(address))
        memset(prefix.bytes + ADDRESS_BYTES / 2, 0, ADDRESS_BYTES / 2);
    return prefix;
}

const char *address_text(const struct address *address, char text[ADDRESS_TEXT])
{
    if (address_is_v4(address))
        inet_ntop(AF_INET, address->bytes + 12, text, ADDRESS_TEXT);
    else
        inet_ntop(AF_INET6, address->bytes, text, ADDRESS_TEXT);
    return text;
}

int address_parse(const char *text, struct address *address)
{
    memcpy(address->bytes, v4_prefix, sizeof v4_prefix);
    if (inet_pton(AF_INET, text, address->bytes + 12) == 1)
        return 0;
    return inet_pton(AF_INET6, text, address->bytes) == 1 ? 0 : -1;
}

int address_of(const struct sockaddr *sockaddr, struct address *address, uint16_t *port)
{
    struct sockaddr_storage copy;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&copy;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&copy;

    memset(address, 0, sizeof *address);
    if (sockaddr->sa_family == AF_INET) {
        memcpy(&copy, sockaddr, sizeof *v4);
        memcpy(address->bytes, v4_prefix, sizeof v4_prefix);
        memcpy(address->bytes + 12, &v4->sin_addr, 4);
        if (port != NULL)
            *port = ntohs(v4->sin_port);
        return 0;
    }
    if (sockaddr->sa_family != AF_INET6)
        return -1;
    memcpy(&copy, sockaddr, sizeof *v6);
    memcpy(address->bytes, &v6->sin6_addr, 16);
    if (port != NULL)
        *port = ntohs(v6->sin6_port);
    return 0;
}

socklen_t address_sockaddr(const struct address *address, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

    memset(out, 0, sizeof *out);
    if (address_is_v4(address)) {
        memcpy(&v4.sin_addr, address->bytes + 12, 4);
        memcpy(out, &v4, sizeof v4);
        return sizeof v4;
    }
    memcpy(&v6.sin6_addr, address->bytes, 16);
    memcpy(out, &v6, sizeof v6);
    return sizeof v6;
}

int network_parse(const char *text, struct network *network, struct error *error)
{
    char copy[ADDRESS_TEXT + 8], *slash, *end = NULL;
    unsigned long bits, most;

    if (strlen(text) >= sizeof copy)
        return error_set(error, "\"%s\" is no network; write 192.0.2.0/24 or 2001:db8::/32", text);
    memcpy(copy, text, strlen(text) + 1);
    slash = strchr(copy, '/');
    if (slash != NULL)
        *slash++ = '\0';
    if (address_parse(copy, &network->address) < 0)
        return error_set(error, "\"%s\" is no network; write 192.0.2.0/24 or 2001:db8::/32", text);
    most = strchr(copy, ':') == NULL ? 32 : 128;
    bits = slash == NULL ? most : strtoul(slash, &end, 10);
    if (slash != NULL && (*slash < '0' || *slash > '9' || *end != '\0' || bits > most))
        return error_set(error, "\"%s\": the prefix length is a number from 0 to %lu", text, most);
    network->bits = (uint8_t)(bits + 128 - most);
    return 0;
}

bool network_holds(const struct network *network, const struct address *address)
{
    size_t whole = network->bits / 8, rest = network->bits % 8;

    if (memcmp(network->address.bytes, address->bytes, whole) != 0)
        return false;
    return rest == 0 || ((network->address.bytes[whole] ^ address->bytes[whole]) >> (8 - rest)) == 0;
}
