/* SPDX-License-Identifier: ISC */
#include "server/courier/format.h"
#include <string.h>

static const struct alert_format *const formats[] = {
#define FORMAT(symbol, name, summary) &format_##symbol,
#include "server/wire/tables/formats.def"
#undef FORMAT
};

const struct alert_format *format_find(const char *name)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    }
    return NULL;
}
