/* SPDX-License-Identifier: ISC */
#include <string.h>
#include "tokens/alphabet.h"

int alphabet_draw(struct buffer *out, const char *alphabet, size_t count, const struct draw *draw)
{
    size_t size = strlen(alphabet);

    for (size_t i = 0; i < count; i++)
        if (buffer_add_char(out, alphabet[draw_below(draw, (uint32_t)size)]) != 0)
            return -1;
    return 0;
}

int alphabet_base32(struct buffer *out, struct slice bytes)
{
    unsigned bits = 0, pending = 0;

    for (size_t i = 0; i < bytes.length; i++) {
        bits = bits << 8 | bytes.data[i];
        for (pending += 8; pending >= 5; pending -= 5)
            buffer_add_char(out, ALPHABET_BASE32[bits >> (pending - 5) & 31]);
    }
    if (pending > 0)
        buffer_add_char(out, ALPHABET_BASE32[bits << (5 - pending) & 31]);
    return out->failed ? -1 : 0;
}

bool alphabet_holds(const char *alphabet, struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == 0 || strchr(alphabet, text.data[i]) == NULL)
            return false;
    return true;
}
