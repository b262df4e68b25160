/* SPDX-License-Identifier: ISC
 *
 * An alert format: from the canonical record (server/courier/alert.h) to the bytes of one request. The same record
 * gives the same bytes, so that a receiver may compare what came twice. One file for each, named in formats.def. */
#ifndef COURIER_FORMAT_H
#define COURIER_FORMAT_H

#include <jansson.h>
#include "server/base/buffer.h"
#include "server/base/error.h"

struct format_context {
    const char *version; /* of this program */
};

struct alert_format {
    const char *name, *summary;
    const char *content_type;
    /* Appends to out. -1 with a text when the record is no alert or the result does not fit. */
    int (*write)(const json_t *record, const struct format_context *context, struct buffer *out, struct error *error);
};

#define FORMAT(symbol, name, summary) extern const struct alert_format format_##symbol;
#include "server/wire/tables/formats.def"
#undef FORMAT

/* NULL when there is none of that name. */
const struct alert_format *format_find(const char *name);

#endif
