/* SPDX-License-Identifier: ISC */
#include "server/courier/target.h"
#include <string.h>

static const char *const special[] = {
    "0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",   "192.0.2.0/24",  "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4",   "240.0.0.0/4",    "::/96",          "64:ff9b:1::/48", "100::/64",
    "2001::/23",      "2001:db8::/32", "3fff::/20",      "5f00::/16",      "fc00::/7",       "fe80::/10",
    "fec0::/10",      "ff00::/8",
};

/* The IPv4 address that a translated (RFC 6052) or 6to4 (RFC 3056) address leads to; false where there is none. */
static bool embedded_v4(const struct address *address, struct address *out)
{
    static const unsigned char translated[12] = {0x00, 0x64, 0xff, 0x9b};
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const unsigned char *v4 = NULL;

    if (memcmp(address->bytes, translated, sizeof(translated)) == 0)
        v4 = address->bytes + 12;
    else if (address->bytes[0] == 0x20 && address->bytes[1] == 0x02)
        v4 = address->bytes + 2;
    if (v4 == NULL)
        return false;
    memcpy(out->bytes, mapped, sizeof(mapped));
    memcpy(out->bytes + 12, v4, 4);
    return true;
}

bool target_is_global(const struct address *address)
{
    struct address inner;
    struct network network;
    struct error error;

    if (embedded_v4(address, &inner))
        return target_is_global(&inner);
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if (network_parse(special[i], &network, &error) != 0 || network_holds(&network, address))
            return false;
    }
    return true;
}

bool target_allowed(const struct address *address, const struct network *allow, size_t allow_count)
{
    if (allow_count == 0)
        return target_is_global(address);
    for (size_t i = 0; i < allow_count; i++) {
        if (network_holds(&allow[i], address))
            return true;
    }
    return false;
}
