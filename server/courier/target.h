/* SPDX-License-Identifier: ISC
 *
 * Which addresses an alert may go to. Judged on the address that is about to be connected to, after name resolution,
 * so that neither a name nor an odd spelling gets around it. */
#ifndef COURIER_TARGET_H
#define COURIER_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include "server/base/address.h"

/* Reachable in the open internet: in no private, loopback, link-local, documentation, multicast or reserved network
 * (IANA special-purpose registries). An IPv4 address inside 64:ff9b::/96 or 2002::/16 is judged itself. */
bool target_is_global(const struct address *address);
/* With an allow list: what it holds. Without: global addresses. */
bool target_allowed(const struct address *address, const struct network *allow, size_t allow_count);

#endif
