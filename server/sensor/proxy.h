/* SPDX-License-Identifier: ISC
 *
 * The PROXY protocol, versions 1 and 2 (haproxy.org/download/2.8/doc/proxy-protocol.txt): a trusted proxy tells the
 * client's address before the first byte of the client's. */
#ifndef SENSOR_PROXY_H
#define SENSOR_PROXY_H

#include <stdbool.h>
#include "server/base/address.h"
#include "server/base/buffer.h"

#define PROXY_HEADER (16 + 4096) /* the longest header that is taken; what it adds (TLVs) is passed over */

struct proxy_source {
    bool known; /* false: the proxy spoke for itself (health checks), or of something that is no TCP */
    struct address address, local; /* of the client, and where it connected to */
    uint16_t port, local_port;
};

/* `header` begins with the connection's first byte. 1: it is complete, `source` filled; 0: *wanted more bytes must be
 * read, and not one more; -1: it is none. */
int proxy_parse(struct slice header, size_t *wanted, struct proxy_source *source);

/* One address as X-Forwarded-For has it: "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80", with white
 * space around it. The port is 0 where none is said. 0, or -1: it is none. */
int proxy_hop(struct slice hop, struct address *address, uint16_t *port);

#endif
