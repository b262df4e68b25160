/* SPDX-License-Identifier: ISC
 *
 * Internet addresses as 16 bytes, IPv4 mapped into ::ffff:0:0/96 and shown as IPv4; networks as CIDR. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include "server/base/error.h"

#define ADDRESS_BYTES 16
#define ADDRESS_TEXT 46

struct address {
    unsigned char bytes[ADDRESS_BYTES];
};

struct network {
    struct address address;
    uint8_t bits; /* of 128 */
};

bool address_is_v4(const struct address *address);
bool address_is_loopback(const struct address *address);
/* What a source is known by: the whole IPv4 address, or the /64 of IPv6. */
struct address address_prefix(const struct address *address);
const char *address_text(const struct address *address, char text[ADDRESS_TEXT]);
/* 0 or -1. Accepts IPv4 and IPv6 text, without brackets or zone. */
int address_parse(const char *text, struct address *address);
/* From accept() and getpeername(); port may be NULL. 0 or -1 for another family. */
int address_of(const struct sockaddr *sockaddr, struct address *address, uint16_t *port);
/* Fills a sockaddr for bind() or connect(): AF_INET for v4, else AF_INET6. Returns its length. */
socklen_t address_sockaddr(const struct address *address, uint16_t port, struct sockaddr_storage *out);
int network_parse(const char *text, struct network *network, struct error *error);
bool network_holds(const struct network *network, const struct address *address);

#endif
