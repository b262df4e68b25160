/* SPDX-License-Identifier: ISC
 *
 * When a certificate begins, ends (RFC 5280, 4.1.2.5) and is to be renewed, without a library: the keeper links none
 * that knows X.509. Times in microseconds since 1970. */
#ifndef KEEPER_CERTIFICATE_H
#define KEEPER_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>
#include "server/base/buffer.h"

/* notBefore and notAfter of the first certificate of a PEM chain. 0, or -1 where it cannot be read. */
int certificate_validity(struct slice pem, int64_t *from, int64_t *until);
/* notAfter alone; 0 where it cannot be read. */
int64_t certificate_expires(struct slice pem);
/* When one that was made then is renewed: after two thirds of the time that it had left. */
int64_t certificate_renews(int64_t until, int64_t made);
/* Is it time to renew? So it is, too, where the clock was ahead when it was made, and it is not valid yet. `until` is
 * its end, 0: there is none. */
bool certificate_due(struct slice pem, int64_t until, int64_t made, int64_t now);

#endif
