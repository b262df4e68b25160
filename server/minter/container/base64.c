/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include "server/minter/container/containers.h"

/* The bytes whose base64 the template wrote, white space aside. */
int container_base64(const struct contents *contents, struct buffer *out, struct error *error)
{
    struct slice text = contents->text;
    unsigned char *room = buffer_reserve(out, text.length);
    size_t length;

    if (room == NULL || sodium_base642bin(room, text.length, (const char *)text.data, text.length, " \r\n\t", &length,
                                          NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return error_set(error, "an artifact's template made no base64");
    buffer_grow(out, length);
    return 0;
}
