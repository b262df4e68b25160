/* SPDX-License-Identifier: ISC
 *
 * OCSF 1.8.0 (schema.ocsf.io), class Detection Finding (2004), profiles security_control, datetime and incident. */
#ifndef COURIER_OCSF_H
#define COURIER_OCSF_H

#include <jansson.h>
#include "server/base/buffer.h"
#include "server/courier/format.h"

/* One JSON object. Our own ids and facts stand in unmapped.sundew. -1 when `out` is full. */
int ocsf_write(const json_t *record, const struct format_context *context, struct buffer *out);
/* info 1 … critical 5 */
int ocsf_severity(const char *severity);

#endif
