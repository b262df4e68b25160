/* SPDX-License-Identifier: ISC */
#include "server/minter/pack.h"

#include <sodium.h>

/* The bytes whose base64 the template wrote, white space aside. */
static int pack_base64(struct slice text, struct buffer *out, struct error *error)
{
    unsigned char *room = buffer_reserve(out, text.length);
    size_t length;

    if (room == NULL || sodium_base642bin(room, text.length, (const char *)text.data, text.length, " \r\n\t", &length,
                                          NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return error_set(error, "an artifact's template made no base64");
    buffer_grow(out, length);
    return 0;
}

static const struct packer packers[] = {{"base64", pack_base64}};

const struct packer *packer_find(const char *name)
{
    for (size_t i = 0; i < sizeof packers / sizeof packers[0]; i++)
        if (slice_is(slice_of(name), packers[i].name))
            return &packers[i];
    return NULL;
}
