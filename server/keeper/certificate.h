/* SPDX-License-Identifier: ISC
 *
 * When a certificate ends (RFC 5280, 4.1.2.5), without a library: the keeper links none that knows X.509. */
#ifndef KEEPER_CERTIFICATE_H
#define KEEPER_CERTIFICATE_H

#include <stdint.h>
#include "server/base/buffer.h"

/* notAfter of the first certificate of a PEM chain, in microseconds since 1970; 0 where it cannot be read. */
int64_t certificate_expires(struct slice pem);

#endif
