/* SPDX-License-Identifier: ISC
 *
 * The PROXY protocol, versions 1 and 2 (haproxy.org/download/2.8/doc/proxy-protocol.txt): a trusted proxy tells the
 * client's address before the first byte of the client's. */
#ifndef SENSOR_PROXY_H
#define SENSOR_PROXY_H

#include <stdbool.h>
#include "server/base/address.h"
#include "server/base/buffer.h"

#define PROXY_HEADER (16 + 2048) /* the longest header that is taken */

struct proxy_source {
    bool known; /* false: the proxy spoke for itself (health checks) */
    struct address address;
    uint16_t port;
};

/* 1: the header is complete, `source` filled; 0: *wanted more bytes must be read, and not one more; -1: it is none. */
int proxy_parse(struct slice header, size_t *wanted, struct proxy_source *source);

#endif
